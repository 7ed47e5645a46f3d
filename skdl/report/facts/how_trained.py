"""How the networks of a search trained: when they stopped and why, and what is wrong with the best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from skdl.diagnosis.diagnose import diagnose
from skdl.diagnosis.findings import Diagnosis
from skdl.diagnosis.fitted_networks import networks_in
from skdl.displays.statistics.fitted_curves import (
    curves_of_estimator,
    curves_of_frame,
    curves_of_search,
)
from skdl.displays.training_curves import TrainingCurvesDisplay
from skdl.engine.job import StopReason
from skdl.exceptions import (
    AmbiguousHistoriesError,
    HistoriesNotFoundError,
    InvalidParameterError,
)
from skdl.recording.histories import record_of
from skdl.report.words import count_text
from skdl.results.candidate_labels import labels_by_row
from skdl.results.results import Results
from skdl.results.value_texts import one_line

NOT_RECORDED = (
    'No curves of these fits are kept: they ran without the backend "skdl", in another process, or too long '
    'ago. Fit inside of joblib.parallel_config("skdl"), or pass what skdl.training_histories gave then as '
    "histories."
)
# Curves of more candidates than this hide each other.
MOST_CURVES = 2


@dataclass(frozen=True)
class Stop:
    """Why networks stopped.

    Attributes
    ----------
    reason, advice : str
        In words; the advice may be empty.
    count : int
        How many of them.
    """

    reason: str
    advice: str
    count: int


@dataclass(frozen=True, eq=False)
class TrainingFacts:
    """How networks trained.

    Attributes
    ----------
    whose : str
        Which networks `stops` and `epochs` are of; empty where there is none.
    stops : tuple of Stop
        The most frequent first.
    n_networks : int
    epochs : tuple of (int, float, int) or None
        The fewest, the median and the most.
    curves : TrainingCurvesDisplay or None
        Those of the best candidates on all splits, or else of the best one, fitted on all rows.
    curves_of : str
        Which these are.
    diagnosis : Diagnosis or None
        Of the best candidate.
    not_diagnosed : str
        Why there is none.
    not_recorded : str
        Why the fits of the search left no curves, and what to do.
    """

    whose: str
    stops: tuple[Stop, ...]
    n_networks: int
    epochs: tuple[int, float, int] | None
    curves: TrainingCurvesDisplay | None
    curves_of: str
    diagnosis: Diagnosis | None
    not_diagnosed: str
    not_recorded: str


def tasks_of(results: Results) -> tuple[Mapping[tuple[int, int], Any] | None, str]:
    """The records of the fits by candidate and split, or why there are none."""
    try:
        record = record_of(results.origin)
    except (AmbiguousHistoriesError, InvalidParameterError) as reason:
        return None, one_line(reason, 600)
    except HistoriesNotFoundError:
        return None, NOT_RECORDED
    return record.tasks, ""


def training_facts(
    results: Results,
    tasks: Mapping[tuple[int, int], Any] | None,
    not_recorded: str,
    X: Any = None,
    y: Any = None,
    histories: Any = None,
) -> TrainingFacts | None:
    """How networks trained; None where the estimator has no network of skdl.

    `tasks` are the records of the fits, `not_recorded` why there are none, and `histories` a frame of their
    curves that the user has kept.
    """
    diagnosis, not_diagnosed = _diagnosis(results, X, y)
    ends, whose = _ends(results, tasks)
    curves, curves_of = _curves(results, tasks, histories)
    if diagnosis is None and not ends and curves is None and not _of_another(results):
        return None
    counts = Counter(reason for _, reason in ends)
    epochs = sorted(count for count, _ in ends)
    return TrainingFacts(
        whose=whose if ends else "",
        stops=tuple(
            Stop(reason.value, reason.advice, count) for reason, count in counts.most_common()
        ),
        n_networks=len(ends),
        epochs=(epochs[0], float(np.median(epochs)), epochs[-1]) if epochs else None,
        curves=curves,
        curves_of=curves_of,
        diagnosis=diagnosis,
        not_diagnosed=not_diagnosed,
        not_recorded="" if histories is not None else not_recorded,
    )


def _ends(
    results: Results, tasks: Mapping[tuple[int, int], Any] | None
) -> tuple[list[tuple[int, StopReason]], str]:
    """How many epochs each network trained and why it stopped, and which networks these are."""
    best = _refitted_best(results)
    ends = [(fit.n_epochs, fit.stop_reason) for task in (tasks or {}).values() for fit in task.fits]
    if ends:
        return ends, "all candidates on all splits"
    if results.search is not None:
        fitted = [best]
        whose = "the best candidate, fitted again on all rows"
    else:
        fitted = list(results.source.get("estimator", ()))
        whose = "all splits"
    networks = [found.network for one in fitted for found in networks_in(one)]
    return [(int(one.n_epochs_), one.stop_reason_) for one in networks], whose


def _curves(
    results: Results, tasks: Mapping[tuple[int, int], Any] | None, histories: Any
) -> tuple[TrainingCurvesDisplay | None, str]:
    """The curves of the best candidates, and which these are."""
    best = [int(place) for place in results.order if not results.failed[place]][:MOST_CURVES]
    given = results.origin
    fitted = _refitted_best(results)
    try:
        if best and (tasks is not None or histories is not None):
            fits = (
                curves_of_search(given, best)
                if histories is None
                else curves_of_frame(histories, best)
            )
            labels = labels_by_row(results, best)
            whose = count_text(len(best), "best candidate")
            return TrainingCurvesDisplay(fits, labels=labels), f"the {whose} on all splits"
        if fitted is not None:
            # The class is all that tells this one candidate from none.
            labels = {0: type(fitted).__name__}
            display = TrainingCurvesDisplay(curves_of_estimator(fitted), labels=labels)
            return display, "the best candidate, fitted again on all rows"
    except (InvalidParameterError, NotFittedError):
        pass
    return None, ""


def _diagnosis(results: Results, X: Any, y: Any) -> tuple[Diagnosis | None, str]:
    if results.search is None and "params" in results.source:
        return None, "cv_results_ alone do not tell; pass the search itself"
    given = results.origin
    # What `diagnose` reads of a search is the candidate that this one calls its best.
    diagnosed = getattr(results.search, "best_index_", results.best_index)
    if diagnosed != results.best_index:
        told = "no candidate has a score in all splits"
        if results.best_index is not None:
            told = (
                f"candidate {diagnosed} is the best of the search, and candidate {results.best_index} is by "
                f"{one_line(results.score_name, 60)}"
            )
        return None, f"{told}; skdl.diagnose(search) tells of candidate {diagnosed}."
    try:
        return diagnose(given, X, y), ""
    except (TypeError, ValueError, NotFittedError) as reason:
        return None, one_line(reason, 400)


def _refitted_best(results: Results) -> Any:
    """The fitted best candidate; None where the search fitted another one, or none."""
    if results.refitted is None or results.refitted != results.best_index:
        return None
    return results.search.best_estimator_


def _of_another(results: Results) -> bool:
    """Whether the search fitted a network again, but that of another candidate than the best."""
    if results.refitted is None or results.refitted == results.best_index:
        return False
    return bool(networks_in(results.search.best_estimator_))
