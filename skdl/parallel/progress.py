"""What a parallel call has done so far, in numbers and in words; `progress_display.py` shows it."""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict
from dataclasses import dataclass

from skdl.parallel.sklearn_tasks import Given, Told


@dataclass(frozen=True)
class Snapshot:
    """The numbers of one moment.

    Attributes
    ----------
    noun : str
        What is counted: "fits", or "tasks" where nobody knows what they do.
    done : int
    total : int or None
        None where nobody knows.
    round : int
        The number of the call, for a search that makes several and does not say how many fits that will be.
    n_failed : int
    best : float or None
        The best mean score of a candidate whose splits are all done, none of which failed; of a search that
        gives its candidates more in each round, of the last round that has one.
    metric : str or None
        Its name, where there are several.
    seconds : float
        Since the first call began.
    ended : bool
    """

    noun: str
    done: int
    total: int | None
    round: int
    n_failed: int
    best: float | None
    metric: str | None
    seconds: float
    ended: bool

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take if it takes as long as what is done; None where nobody knows."""
        if self.ended or not self.done or self.total is None:
            return None
        return self.seconds * max(self.total - self.done, 0) / self.done

    def words(self, epochs_per_second: float) -> str:
        """One line for people, what matters most first.

        Examples
        --------
        >>> Snapshot("fits", 12, 90, 1, 2, 0.91, None, 3.0, False).words(350)
        '12 of 90 fits, 0:20 left, best 0.91, 2 failed, 350 epochs/s'
        """
        if self.total is None:
            parts = [f"{self.done:,} {self.noun}"]
            if self.round > 1:
                parts.append(f"round {self.round}")
        else:
            parts = [f"{self.done:,} of {self.total:,} {self.noun}"]
        if self.ended:
            parts.append(f"in {_clock(self.seconds)}")
        elif self.seconds_left is not None:
            parts.append(f"{_clock(self.seconds_left)} left")
        if self.best is not None:
            parts.append(f"best {'' if self.metric is None else self.metric + ' '}{self.best:.4g}")
        if self.n_failed:
            parts.append(f"{self.n_failed:,} failed")
        if epochs_per_second:
            parts.append(f"{_rounded(epochs_per_second)} epochs/s")
        return ", ".join(parts)


class Tally:
    """Counts what the tasks of one ``joblib.Parallel`` object do, over all calls that it makes."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # the collector may end a call at any line
        self._round = self._done = self._n_failed = 0
        self._in_call: int | None = None
        self._in_all: int | None = None
        self._noun = "tasks"
        self._scores: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
        self._best: float | None = None
        self._round_of_best = 0
        self._metric: str | None = None
        self._began = self._seconds = 0.0
        self.thread = threading.get_ident()
        self.ended = False

    def begin_call(self, n_tasks: int | None) -> None:
        """Note a call of `n_tasks` tasks, where joblib knows."""
        with self._lock:
            if not self._round:
                self._began = time.perf_counter()
            self._round += 1
            self._in_call = n_tasks

    def begin_task(self, told: Told | None) -> None:
        """Note a task that will run, and what it says of the whole."""
        if told is None:
            return
        with self._lock:
            self._noun = "fits"
            if told.in_rounds:
                self._in_call = None
            elif told.n_candidates is not None and told.n_splits is not None:
                self._in_call = told.n_candidates * told.n_splits
            if told.n_fits is not None:
                self._in_all = told.n_fits

    @property
    def of_fits(self) -> bool:
        """Whether its tasks are known to be fits."""
        return self._noun == "fits"

    def end_task(self, position: int, told: Told | None, given: Given) -> None:
        """Note that the task at `position` of its call is done."""
        with self._lock:
            self._done += 1
            self._n_failed += given.error is not None
            if told is not None and told.n_splits is not None:
                self._note_score(position // told.n_splits, told.n_splits, told, given)

    def end(self) -> None:
        """Stop the clock."""
        with self._lock:
            self._seconds = time.perf_counter() - self._began
            self.ended = True

    def snapshot(self) -> Snapshot:
        """The numbers of now."""
        with self._lock:
            total = self._in_all
            if total is None and self._round == 1:
                total = self._in_call
            return Snapshot(
                self._noun,
                self._done,
                total,
                self._round,
                self._n_failed,
                self._best,
                self._metric,
                self._seconds if self.ended else time.perf_counter() - self._began,
                self.ended,
            )

    def _note_score(self, candidate: int, n_splits: int, told: Told, given: Given) -> None:
        score = given.test_scores
        if isinstance(score, dict):
            self._metric = told.refit if told.refit in score else next(iter(score), None)
            score = score.get(self._metric or "")
        if score is None:
            return
        key = self._round, candidate
        scores = self._scores[key]
        # What stands for the score of a fit that failed is no score, also where it is a number.
        scores.append(score if given.error is None else math.nan)
        if len(scores) < n_splits:
            return
        del self._scores[key]
        mean = math.fsum(scores) / n_splits
        best = None if told.in_rounds and self._round > self._round_of_best else self._best
        if math.isfinite(mean) and (best is None or mean > best):
            self._best, self._round_of_best = mean, self._round


def _rounded(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{number:,.0f}"


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
