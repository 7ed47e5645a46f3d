"""Candidates without a score, by the reason that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdl.recording.failed_fits import PARTICULAR, last_line
from skdl.results.results import Results
from skdl.results.value_texts import one_line

UNKNOWN = "no reason was kept"
NOT_SCORED = "the fit succeeded, the score is not a finite number"


@dataclass(frozen=True)
class Failure:
    """Fits that failed alike.

    Attributes
    ----------
    reason : str
        The kind of the error, or what is known instead.
    message : str
        What the first of them said; empty where nobody knows.
    n_fits : int
    candidates : tuple of int
        Their rows in ``cv_results_``.
    """

    reason: str
    message: str
    n_fits: int
    candidates: tuple[int, ...]


def failures_of(
    results: Results, tasks: Mapping[tuple[int, int], Any] | None = None
) -> tuple[Failure, ...]:
    """The fits that failed, most frequent reasons first; `tasks` by candidate and split, if recorded.

    A fit without a score has failed; one that has a score since the search gives failures a number, as by
    ``error_score=0``, is known by its record alone.
    """
    lost = np.argwhere(~np.isfinite(results.test_scores)).tolist()
    places = {(candidate, split) for candidate, split in lost}
    places |= {place for place, task in (tasks or {}).items() if task.error is not None}
    found: dict[tuple[str, str], list[Any]] = {}
    for place in sorted(places):
        task = None if tasks is None else tasks.get(place)
        if task is None:
            reason, message = UNKNOWN, ""
        elif task.error is None:
            reason, message = NOT_SCORED, ""
        else:
            kind, message = last_line(task.error)
            reason, message = one_line(kind, 80), one_line(message, 400)
        key = reason, PARTICULAR.sub("", message)
        entry = found.setdefault(key, [reason, message, 0, {}])
        entry[2] += 1
        entry[3][place[0]] = None
    ranked = sorted(found.values(), key=lambda entry: -entry[2])
    return tuple(
        Failure(reason, message, count, tuple(candidates))
        for reason, message, count, candidates in ranked
    )
