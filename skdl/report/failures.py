"""Candidates without a score, by the reason that is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdl.report.results import Results
from skdl.report.texts import one_line

# Numbers and quoted values tell two fits apart, not two reasons.
_PARTICULAR = re.compile(
    r"\([^()]*\)|'[^']*'|\"[^\"]*\"|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.IGNORECASE
)

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
            reason, message = _last_line(task.error)
        key = reason, _PARTICULAR.sub("", message)
        entry = found.setdefault(key, [reason, message, 0, {}])
        entry[2] += 1
        entry[3][place[0]] = None
    ranked = sorted(found.values(), key=lambda entry: -entry[2])
    return tuple(
        Failure(reason, message, count, tuple(candidates))
        for reason, message, count, candidates in ranked
    )


def _last_line(traceback: str) -> tuple[str, str]:
    """The kind and the message of the error that a traceback ends with."""
    lines = traceback.rstrip().splitlines() or [""]
    # The error stands after the last call, at the margin; its message may have several lines.
    calls = [place for place, line in enumerate(lines) if line.startswith('  File "')]
    start = calls[-1] if calls else 0
    while start < len(lines) - 1 and lines[start].startswith((" ", "Traceback")):
        start += 1
    kind, _, message = one_line(" ".join(lines[start:]), 400).partition(": ")
    return one_line(kind.rpartition(".")[2], 80), message
