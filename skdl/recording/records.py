"""What is written down of the fits of a task: the nouns, and the recorder that a fit tells of itself.

Whoever runs a task sets a recorder for it; an estimator that finds one tells it of each finished fit. Neither
needs to know the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdl.engine.job import StopReason


@dataclass(frozen=True, eq=False)
class FitRecord:
    """One finished fit of a network, also one that diverged.

    Attributes
    ----------
    estimator : str
        The name of the estimator's class.
    history : dict of str to ndarray of shape (n_epochs,) or (n_epochs, n_values)
        The curves of this fit, float64 and read-only, with NaN where an epoch was not validated. A metric
        that gives several numbers has several columns. A curve that lacks epochs for another reason is left
        out, since nobody knows which.
    n_epochs : int
    best_epoch : int or None
        The index of the best epoch, as ``best_epoch_`` of the estimators has it; None for a fit that
        diverged.
    stop_reason : StopReason
    """

    estimator: str
    history: Mapping[str, np.ndarray]
    n_epochs: int
    best_epoch: int | None
    stop_reason: StopReason

    @property
    def nbytes(self) -> int:
        """The bytes of the curves."""
        return sum(curve.nbytes for curve in self.history.values())


@dataclass(frozen=True, eq=False)
class TaskRecord:
    """One task of a parallel call. What is not known of it is None.

    Attributes
    ----------
    position : int
        Its place in the call, counted from zero.
    parameters : dict or None
        What the search set. Of what is large or no plain value, such as an estimator, it holds no more than
        `skdl.recording.same_values.same` needs to know it again.
    split, n_splits : int or None
        Which of how many splits.
    n_candidates : int or None
        How many candidates the call has.
    started, ended : float
        Seconds on the clock of ``time.perf_counter``.
    fit_time, score_time : float or None
        Seconds, as scikit-learn measured them.
    test_scores, train_scores : float, dict of str to float, or None
    error : str or None
        The traceback of a fit that failed.
    fits : tuple of FitRecord
        The networks that were fitted, in the order in which they ended.
    """

    position: int
    parameters: dict[str, Any] | None
    split: int | None
    n_splits: int | None
    n_candidates: int | None
    started: float
    ended: float
    fit_time: float | None = None
    score_time: float | None = None
    test_scores: float | dict[str, float] | None = None
    train_scores: float | dict[str, float] | None = None
    error: str | None = None
    fits: tuple[FitRecord, ...] = ()


# Where the fits of the task go that runs in this context.
_fits: ContextVar[list[FitRecord] | None] = ContextVar("skdl_fits", default=None)


@contextmanager
def recorded(fits: list[FitRecord]) -> Iterator[None]:
    """Put the fits that end inside of the block into `fits`."""
    token = _fits.set(fits)
    try:
        yield
    finally:
        _fits.reset(token)


def told_fits() -> list[FitRecord] | None:
    """Where to tell of a fit that has ended; None where nobody asks."""
    return _fits.get()
