"""The curve of a fit that decides on stopping, on the learning rate and on which epoch was the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skdl.common.parameter_checks import did_you_mean
from skdl.engine.fit_options import Course
from skdl.engine.job import FitJob, FitResult, Stopping, StopReason
from skdl.engine.plan.curve_names import curve_names, should_rise
from skdl.exceptions import InvalidParameterError
from skdl.training.stopping import StoppingSettings, still_improving


def best_epoch(
    job: FitJob, result: FitResult, history: Mapping[str, Sequence[Any]], before: int = 0
) -> int:
    """The index of the best epoch in `history`, whose first `before` epochs are older than the fit."""
    if result.best_epoch is not None:
        # Early stopping looks at less than the curve says: `min_delta`, `start_from_epoch`.
        return before + result.best_epoch
    stopping = job.stopping
    if stopping is None or stopping.monitor not in history:
        return 0
    curve = np.asarray(history[stopping.monitor], dtype=np.float64)
    best = int(np.argmax(curve) if stopping.rises else np.argmin(curve))
    validates = Course.of(job).validates if _is_sparse(job, stopping.monitor) else None
    if validates is None or before:
        return best
    epochs = range(len(history["loss"]))
    return [n for n in epochs if validates(job.initial_epoch + n)][best]


def _is_sparse(job: FitJob, monitor: str) -> bool:
    """Whether some epochs have no entry in a curve."""
    return monitor.startswith("val_") and job.options.get("validation_freq", 1) != 1


def reason(job: FitJob, result: FitResult) -> StopReason:
    """Why a fit ended, with what its curve says."""
    stopping, found = job.stopping, result.stop_reason
    if stopping is None or found is not StopReason.EPOCHS_DONE:
        return found
    curve = result.history.get(stopping.monitor, ())
    return StopReason.STILL_IMPROVING if still_improving(curve, rises=stopping.rises) else found


def stopping_of_job(owner: str, job: FitJob, settings: StoppingSettings) -> Stopping:
    """What `job`, which is complete but for that, watches, and what it does then.

    Raises
    ------
    InvalidParameterError
        There is no curve of that name, or nobody knows whether it should rise.
    """
    monitor = settings.watched(validated=job.validation is not None)
    rises = False
    if settings.monitor is not None:
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
        direction = should_rise(monitor, job.network)
        if direction is None:
            raise InvalidParameterError(
                f"{owner}: monitor={monitor!r} cannot be watched. Got a metric of which Keras does not know "
                "whether it should rise, expected one of which it does: pass "
                f"callbacks=[keras.callbacks.EarlyStopping({monitor!r}, mode='max')] instead, or another "
                "metric."
            )
        rises = direction
    patience = settings.reduce_lr_patience
    return Stopping(
        monitor=monitor,
        rises=rises,
        early_stopping=bool(settings.early_stopping),
        patience=int(settings.patience),
        min_delta=float(settings.min_delta),
        start_from_epoch=int(settings.start_from_epoch),
        restore_best_weights=bool(settings.restore_best_weights),
        reduce_lr_patience=None if patience is None else int(patience),
        reduce_lr_factor=float(settings.reduce_lr_factor),
        min_learning_rate=float(settings.min_learning_rate),
    )
