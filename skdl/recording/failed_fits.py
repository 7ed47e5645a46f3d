"""Why fits failed: estimators note the error here, and whoever explains the results of a search looks it up.

scikit-learn keeps of a failed fit only that it has no score. Under the backend "skdl" the record of the
search has the error. Without the backend, skdl looks for the last fit of this process that had the same
parameters and failed.
"""

from __future__ import annotations

import functools
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from skdl.exceptions import DivergedError
from skdl.recording.same_values import kept, same

_Method = TypeVar("_Method", bound=Callable[..., Any])

MAX_FAILURES = 1000
# Of the message of an error, in characters.
LONGEST = 200
# Numbers and quoted values tell two fits apart, not two reasons.
PARTICULAR = re.compile(
    r"\([^()]*\)|'[^']*'|\"[^\"]*\"|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.IGNORECASE
)


@dataclass(frozen=True)
class Reason:
    """Why a fit has no score.

    Attributes
    ----------
    kind : str
        The name of the error's class; empty where the fit succeeded.
    message : str
    """

    kind: str
    message: str

    @classmethod
    def of(cls, error: Exception) -> Reason:
        """Of an error that a fit ended in."""
        return cls(type(error).__name__, str(error))

    @classmethod
    def read(cls, traceback: str | None) -> Reason:
        """Of the traceback of a fit; of None where it had no error."""
        if traceback is None:
            return cls("", "the fit succeeded, and its score is no finite number")
        return cls(*last_line(traceback))

    @property
    def diverged(self) -> bool:
        """Whether the loss or the weights were no finite numbers."""
        return self.kind == DivergedError.__name__

    @property
    def alike(self) -> tuple[str, str]:
        """What is equal for fits that failed alike."""
        return self.kind, PARTICULAR.sub("", self.message)

    def __str__(self) -> str:
        line = " ".join(self.message.split())
        line = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
        return ": ".join(part for part in (self.kind, line) if part)


def last_line(traceback: str) -> tuple[str, str]:
    """The kind and the message of the error that a traceback ends with, each in one line."""
    lines = traceback.rstrip().splitlines() or [""]
    # The error stands after the last call, at the margin; its message may have several lines.
    calls = [place for place, line in enumerate(lines) if line.startswith('  File "')]
    start = calls[-1] if calls else 0
    while start < len(lines) - 1 and lines[start].startswith((" ", "Traceback")):
        start += 1
    kind, _, message = " ".join(" ".join(lines[start:]).split()).partition(": ")
    return kind.rpartition(".")[2], message


class FailedFits:
    """The last fits of this process that ended in an error, by what was fitted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: deque[tuple[type, Any, Reason]] = deque(maxlen=MAX_FAILURES)

    def note(self, estimator: Any, error: Exception) -> None:
        """Write down that a fit of `estimator` ended in `error`."""
        entry = type(estimator), kept(_params(estimator)), Reason.of(error)
        with self._lock:
            self._noted.append(entry)

    def of(self, estimator: Any) -> list[Reason]:
        """Why fits of estimators like `estimator` failed, the last one first."""
        with self._lock:
            noted = list(self._noted)
        params = _params(estimator)
        return [
            reason
            for kind, given, reason in reversed(noted)
            if kind is type(estimator) and same(given, params)
        ]


def _params(estimator: Any) -> dict[str, Any]:
    """The parameters by name, in whichever order they were set."""
    return dict(sorted(estimator._all_params().items()))


failed_fits = FailedFits()


def failures_noted(fit: _Method) -> _Method:
    """A method `fit` of an estimator that notes what it raises."""

    @functools.wraps(fit)
    def noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return fit(self, *args, **kwargs)
        except Exception as error:
            failed_fits.note(self, error)
            raise

    return noting  # type: ignore[return-value]
