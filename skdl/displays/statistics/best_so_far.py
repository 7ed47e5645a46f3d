"""What a search had found by when: the best score after each of its trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from skdl.exceptions import HistoriesNotFoundError, InvalidParameterError
from skdl.recording.histories import record_of
from skdl.results.results import Results


@dataclass(frozen=True, eq=False)
class ScoresSoFar:
    """The trials of one search in the order of its results.

    Attributes
    ----------
    trial : ndarray of shape (n_candidates,)
        Their numbers, from 1.
    second : ndarray of shape (n_candidates,)
        When each was over.
    score : ndarray of shape (n_candidates,)
        The mean over the splits; nan where one failed.
    iteration : ndarray of shape (n_candidates,)
        Of a successive halving; otherwise zero.
    best_by_trial, best_by_second : ndarray of shape (n_candidates,)
        The highest score of the same iteration up to each trial, in the order of the trials and of the
        seconds; nan before the first score.
    """

    trial: np.ndarray
    second: np.ndarray
    score: np.ndarray
    iteration: np.ndarray
    best_by_trial: np.ndarray
    best_by_second: np.ndarray

    @property
    def final(self) -> float:
        """The best score of the last iteration that has any."""
        return float(self.lines("trial")[-1][1][-1])

    def lines(self, by: str) -> list[tuple[np.ndarray, np.ndarray, bool]]:
        """The best score so far, for each iteration: where, how high, and whether it is the last one."""
        x, best = getattr(self, by), getattr(self, f"best_by_{by}")
        found = []
        for iteration in np.unique(self.iteration):
            rows = (self.iteration == iteration) & np.isfinite(best)
            rows = np.flatnonzero(rows)[np.argsort(x[rows], kind="stable")]
            if len(rows):
                found.append((x[rows], best[rows]))
        return [(*one, place == len(found) - 1) for place, one in enumerate(found)]


def scores_so_far(name: str, results: Results, seconds: np.ndarray) -> ScoresSoFar:
    """The trials of `results`, which were over at `seconds`.

    Raises
    ------
    InvalidParameterError
        None has a score; `name` says whose.

    Examples
    --------
    >>> results = Results.of_cv_results({"params": [{}] * 3, "split0_test_score": [0.5, 0.9, 0.7]})
    >>> found = scores_so_far("grid", results, np.array([3.0, 2.0, 1.0]))
    >>> found.best_by_trial.tolist(), found.best_by_second.tolist()
    ([0.5, 0.9, 0.9], [0.9, 0.9, 0.7])
    """
    if results.failed.all():
        raise InvalidParameterError(
            f"Got {name!r} without a score, since each of its {results.n_candidates} candidates has a fit "
            "that failed; expected one at least: run it with error_score='raise' to see why."
        )
    score = np.where(results.failed, np.nan, results.test_mean)
    trial = np.arange(1, len(score) + 1)
    iteration = np.zeros(len(score), np.int64)
    if results.iteration is not None:
        iteration = np.asarray(results.iteration, dtype=np.int64)
    return ScoresSoFar(
        trial=trial,
        second=seconds,
        score=score,
        iteration=iteration,
        best_by_trial=_best(trial, score, iteration),
        best_by_second=_best(seconds, score, iteration),
    )


def _best(when: np.ndarray, score: np.ndarray, iteration: np.ndarray) -> np.ndarray:
    best = np.full(len(score), np.nan)
    for one in np.unique(iteration):
        rows = np.flatnonzero(iteration == one)
        rows = rows[np.argsort(when[rows], kind="stable")]
        best[rows] = np.fmax.accumulate(score[rows])
    return best


def clock_of(named: Mapping[str, Results]) -> tuple[str, dict[str, np.ndarray]]:
    """Which seconds can be counted of all searches, and when their trials were over.

    ``"elapsed"`` where the record of every search is kept, and ``"computed"`` otherwise.
    """
    elapsed = {name: _elapsed(found) for name, found in named.items()}
    known = {name: seconds for name, seconds in elapsed.items() if seconds is not None}
    if len(known) == len(named):
        return "elapsed", known
    return "computed", {
        name: np.cumsum((found.fit_time + found.score_time) * found.n_splits)
        for name, found in named.items()
    }


def _elapsed(results: Results) -> np.ndarray | None:
    if results.search is None:
        return None
    try:
        record = record_of(results.search)
    except HistoriesNotFoundError:
        return None
    return np.array(
        [
            max(record.tasks[row, split].ended for split in range(record.n_splits)) - record.started
            for row in range(results.n_candidates)
        ]
    )
