"""What an estimator keeps of a fit that has ended, and what is written down of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.job import FitJob, FitResult, StopReason
from skdl.engine.rows.arrays import n_steps
from skdl.estimators.watched_curve import best_epoch, reason
from skdl.exceptions import DivergedError
from skdl.recording.records import FitRecord


def check_finite(estimator: object, result: FitResult) -> None:
    """Raise `DivergedError` where the fit of `estimator` ended with numbers that are not finite."""
    if result.stop_reason is StopReason.DIVERGED:
        raise DivergedError(
            f"{' '.join(repr(estimator).split())} diverged: after {result.n_epochs} epochs its loss or "
            "weights are not finite numbers. Lower the learning rate, clip the gradients, or scale X and y.",
            {name: list(curve) for name, curve in result.history.items()},
        )


@dataclass(frozen=True, eq=False)
class Outcome:
    """How a fit went, as the fitted attributes of the same names say it."""

    history: dict[str, list[Any]]
    n_epochs: int
    best_epoch: int
    stop_reason: StopReason
    stop_message: str


def outcome_of(
    job: FitJob, result: FitResult, before: Mapping[str, Sequence[Any]] | None = None
) -> Outcome:
    """How a fit of `job` went; its curves go on from those `before`, where there are some."""
    history = {name: list(curve) for name, curve in (before or {}).items()}
    for name, curve in result.history.items():
        history.setdefault(name, []).extend(curve)
    n_epochs, why = len(history.get("loss", ())), reason(job, result)
    best = best_epoch(job, result, history, n_epochs - result.n_epochs)
    return Outcome(history, n_epochs, best, why, why.message(result.n_epochs))


def record(estimator: str, job: FitJob, result: FitResult) -> FitRecord:
    """What is written down of a fit of `job` that has ended."""
    curves = {name: _by_epoch(curve, job, result) for name, curve in result.history.items()}
    diverged = result.stop_reason is StopReason.DIVERGED
    return FitRecord(
        estimator=estimator,
        history={name: curve for name, curve in curves.items() if curve is not None},
        n_epochs=result.n_epochs,
        best_epoch=None if diverged else best_epoch(job, result, result.history),
        stop_reason=reason(job, result),
    )


@dataclass(frozen=True, eq=False)
class LastFit:
    """What Keras keeps on a model about its last fit.

    Attributes
    ----------
    first_epoch, epochs : int
        The numbers of the first epoch and of the epoch before which the fit should have ended.
    n_epochs : int
        How many epochs the fit had.
    steps : int
        How many steps an epoch had.
    verbose : int or str
    curves : dict of str to list of float
    """

    first_epoch: int
    epochs: int
    n_epochs: int
    steps: int
    verbose: int | str
    curves: dict[str, list[Any]]

    @classmethod
    def of(cls, job: FitJob, result: FitResult) -> LastFit:
        """What there is to note of a fit of `job` that has ended."""
        return cls(
            job.initial_epoch,
            job.epochs,
            result.n_epochs,
            job.options.get("steps_per_epoch") or n_steps(job.training, job.batch_size),
            job.verbose,
            {name: list(curve) for name, curve in result.history.items()},
        )

    def note_on(self, model: Any) -> None:
        """Give `model` the history that `keras.Model.fit` leaves there."""
        history = load_keras().callbacks.History()
        history.set_model(model)
        history.set_params({"verbose": self.verbose, "epochs": self.epochs, "steps": self.steps})
        history.epoch = list(range(self.first_epoch, self.first_epoch + self.n_epochs))
        history.history = {name: list(curve) for name, curve in self.curves.items()}
        model.history = history


def _by_epoch(values: Sequence[Any], job: FitJob, result: FitResult) -> np.ndarray | None:
    """A curve with a row for each epoch of a fit; None if it lacks epochs and nobody knows which.

    None also for what is no curve: a callback may put text or lists of any length into the logs.
    """
    try:
        given = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    curve = given
    if len(given) != result.n_epochs:
        epochs = np.arange(job.initial_epoch, job.initial_epoch + result.n_epochs) + 1
        often = job.options.get("validation_freq", 1)
        there = epochs % often == 0 if isinstance(often, int) else np.isin(epochs, list(often))
        if there.sum() != len(given):
            return None
        curve = np.full((result.n_epochs, *given.shape[1:]), np.nan)
        curve[there] = given
    curve.flags.writeable = False
    return curve
