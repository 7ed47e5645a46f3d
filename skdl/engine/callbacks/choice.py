"""Which rules a fit has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from skdl.common.keras_import import load_keras
from skdl.engine.callbacks.base import Rule
from skdl.engine.callbacks.checkpoint import Checkpoint
from skdl.engine.callbacks.rates import ReduceRate, ScheduleRate
from skdl.engine.callbacks.stopping import StopAtNaN, StopEarly
from skdl.engine.job import Stopping

if TYPE_CHECKING:
    import keras


def rules_of(callbacks: tuple[Any, ...], model: keras.Model) -> list[Rule] | str:
    """The rules for `callbacks`, or a sentence that names one that only Python can run.

    Parameters
    ----------
    callbacks : tuple of keras.callbacks.Callback
    model : keras.Model
        Compiled, with metrics that have met data, which tell whether a metric should rise.
    """
    given = load_keras().callbacks
    rules: list[Rule] = []
    for callback in callbacks:
        kind = type(callback)
        if kind is given.EarlyStopping:
            rules.append(StopEarly(callback, model))
        elif kind is given.ReduceLROnPlateau:
            rules.append(ReduceRate(callback, model))
        elif kind is given.LearningRateScheduler:
            rules.append(ScheduleRate(callback))
        elif kind is given.ModelCheckpoint:
            if callback.save_freq != "epoch":
                return "ModelCheckpoint saves in the middle of an epoch"
            rules.append(Checkpoint(callback, model))
        elif kind is given.TerminateOnNaN and not getattr(callback, "raise_error", False):
            rules.append(StopAtNaN(callback))
        else:
            return f"the callback {kind.__name__} runs in Python"
    return rules


def callbacks_of(stopping: Stopping | None) -> tuple[Any, ...]:
    """Keras's callbacks that do what a job says of stopping: first the rate falls, then training ends."""
    if stopping is None:
        return ()
    of_keras = load_keras().callbacks
    watched = {
        "monitor": stopping.monitor,
        "mode": "max" if stopping.rises else "min",
        "min_delta": stopping.min_delta,
    }
    made: list[Any] = []
    if stopping.reduce_lr_patience is not None:
        made.append(
            of_keras.ReduceLROnPlateau(
                **watched,
                patience=stopping.reduce_lr_patience,
                factor=stopping.reduce_lr_factor,
                min_lr=stopping.min_learning_rate,
            )
        )
    if stopping.early_stopping:
        made.append(
            of_keras.EarlyStopping(
                **watched,
                patience=stopping.patience,
                start_from_epoch=stopping.start_from_epoch,
                restore_best_weights=stopping.restore_best_weights,
            )
        )
    return tuple(made)


def one_epoch_a_call(rules: Iterable[Rule]) -> bool:
    """Whether Python has to act between the epochs of a fit with `rules`."""
    kinds = {type(rule) for rule in rules}
    # A schedule is a function of the rate before, which the plateau may have lowered.
    both = {ScheduleRate, ReduceRate} <= kinds
    return both or any(rule.one_epoch_a_call for rule in rules)
