"""The curve of a fit that decides on stopping, on the learning rate and on which epoch was the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.common.parameter_checks import did_you_mean
from skdl.engine.job import FitJob, FitResult, StopReason
from skdl.engine.plan.curve_names import curve_names, should_rise
from skdl.engine.plan.fit_options import Course
from skdl.engine.rows.arrays import n_steps
from skdl.exceptions import InvalidParameterError
from skdl.recording.records import FitRecord
from skdl.training.stopping import Stopping, still_improving


@dataclass(frozen=True)
class Watch:
    """What is watched in one fit.

    Attributes
    ----------
    monitor : str
        The name of the curve.
    rises : bool
        Whether higher is better.
    first_epoch : int
        The number that callbacks have for the first epoch of the fit.
    stop : keras.callbacks.EarlyStopping or None
        What stops the fit.
    checked : callable or None
        Tells whether an epoch, as callbacks count, has an entry in the curve; None where each has one.
    """

    monitor: str
    rises: bool
    first_epoch: int = 0
    stop: Any = None
    checked: Callable[[int], bool] | None = None

    def best_epoch(self, history: Mapping[str, Sequence[Any]], before: int) -> int:
        """The index of the best epoch in `history`, whose first `before` epochs are older than the fit."""
        if self.stop is not None and self.stop.best is not None:
            # It looks at less than the curve says: `min_delta`, `start_from_epoch`.
            return before + int(self.stop.best_epoch) - self.first_epoch
        curve = np.asarray(history.get(self.monitor, [0.0]), dtype=np.float64)
        best = int(np.argmax(curve) if self.rises else np.argmin(curve))
        if self.checked is None or before:
            return best
        epochs = range(len(history["loss"]))
        return [n for n in epochs if self.checked(self.first_epoch + n)][best]

    def reason(self, result: FitResult) -> StopReason:
        """Why a fit ended, in more detail than the engine knows."""
        reason = result.stop_reason
        if reason is StopReason.STOPPED_EARLY and self.stop is not None and self.stop.stopped_epoch:
            return StopReason.NO_IMPROVEMENT
        curve = result.history.get(self.monitor, ())
        if reason is StopReason.EPOCHS_DONE and still_improving(curve, rises=self.rises):
            return StopReason.STILL_IMPROVING
        return reason

    def record(self, estimator: str, job: FitJob, result: FitResult) -> FitRecord:
        """What is written down of a fit of `job` that has ended."""
        curves = {name: _by_epoch(curve, job, result) for name, curve in result.history.items()}
        diverged = result.stop_reason is StopReason.DIVERGED
        return FitRecord(
            estimator=estimator,
            history={name: curve for name, curve in curves.items() if curve is not None},
            n_epochs=result.n_epochs,
            best_epoch=None if diverged else self.best_epoch(result.history, 0),
            stop_reason=self.reason(result),
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


def watched(owner: str, job: FitJob, stopping: Stopping) -> tuple[FitJob, Watch]:
    """`job` with the callbacks that `stopping` asks for, and what they watch.

    Raises
    ------
    InvalidParameterError
        There is no curve of that name, or nobody knows whether it should rise.
    """
    monitor = stopping.watched(validated=job.validation is not None)
    if stopping.monitor is None:
        rises = False
    else:
        names = curve_names(job)
        if monitor not in names:
            fix = (
                "Pass validation_split, or X_val and y_val."
                if monitor.startswith("val_") and monitor.removeprefix("val_") in names
                else did_you_mean(monitor, names)
            )
            raise InvalidParameterError(
                f"{owner}: monitor={monitor!r} is not known. Got a name that is none of the curves of "
                f"this fit, expected one of {', '.join(map(repr, names))}. {fix}"
            )
        direction = should_rise(monitor, job.network.template)
        if direction is None:
            raise InvalidParameterError(
                f"{owner}: monitor={monitor!r} cannot be watched. Got a metric of which Keras does not know "
                "whether it should rise, expected one of which it does: pass "
                f"callbacks=[keras.callbacks.EarlyStopping({monitor!r}, mode='max')] instead, or another "
                "metric."
            )
        rises = direction
    made = stopping.callbacks(monitor)
    stop = made[-1] if stopping.early_stopping else None
    sparse = monitor.startswith("val_") and job.options.get("validation_freq", 1) != 1
    checked = Course.of(job).validates if sparse else None
    return replace(job, callbacks=(*job.callbacks, *made)), Watch(
        monitor, rises, job.initial_epoch, stop, checked
    )
