"""Where the time of a search went."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdl.engine import stats
from skdl.results.results import Results


@dataclass(frozen=True)
class TimeFacts:
    """Seconds of a search.

    Attributes
    ----------
    fitting, scoring : float
        Summed over all candidates and folds; nan where nobody measured.
    refit : float or None
        The fit of the best candidate on all rows.
    wall : float or None
        From the first fit to the end of the last one, where the search left a record.
    slowest : tuple of (int, float)
        Candidates with their seconds over all folds, the slowest first, five at most.
    median : float
        Seconds of a candidate over all folds, by its middle one.
    programs : int or None
        Programs that this process compiled so far, for this and whatever else ran; None where the search
        did not run here.
    compiling : float or None
        Seconds that took, summed over threads.
    """

    fitting: float
    scoring: float
    refit: float | None
    wall: float | None
    slowest: tuple[tuple[int, float], ...]
    median: float
    programs: int | None = None
    compiling: float | None = None

    @property
    def computing(self) -> float:
        """All of it: fits, scores, and the refit."""
        return self.fitting + self.scoring + (self.refit or 0.0)

    @property
    def total(self) -> float:
        """What a user waited, as far as it is known; otherwise what was computed."""
        return self.computing if self.wall is None else self.wall + (self.refit or 0.0)


def time_facts(results: Results, tasks: Sequence[Any] | None = None) -> TimeFacts:
    """Where the time went; `tasks` are the records of the fits, where there are any."""
    fit = results.fit_time * results.n_splits
    score = results.score_time * results.n_splits
    each = fit + np.nan_to_num(score)
    known = np.flatnonzero(np.isfinite(each))
    slowest = known[np.argsort(-each[known], kind="stable")][:5]
    refit = getattr(results.search, "refit_time_", None)
    wall = programs = compiling = None
    if tasks:
        wall = max(task.ended for task in tasks) - min(task.started for task in tasks)
        done = stats()
        programs, compiling = done.programs, done.seconds_compiling
    return TimeFacts(
        fitting=_sum(fit),
        scoring=_sum(score),
        refit=None if refit is None else float(refit),
        wall=wall,
        slowest=tuple((int(place), float(each[place])) for place in slowest),
        median=float(np.median(each[known])) if len(known) else math.nan,
        programs=programs,
        compiling=compiling,
    )


def _sum(seconds: np.ndarray) -> float:
    return float(np.nansum(seconds)) if np.isfinite(seconds).any() else math.nan
