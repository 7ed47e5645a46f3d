"""Keras's callbacks that act on numbers between epochs, as parts of a program.

Only exact classes of Keras are taken. What a rule reads of its callback (patience, factors, the direction
of a metric) is the callback's own; what it remembers lives in the program and is written back when the fit
is over.
"""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl._startup import load_keras
from skdl.engine.widths import cut
from skdl.exceptions import NotCompilableError

if TYPE_CHECKING:
    import keras

    from skdl.engine.optimizers import PureOptimizer
    from skdl.engine.step import State


class Rule(abc.ABC):
    """One callback inside a program; the program calls it at the end of each epoch.

    Attributes
    ----------
    key : tuple
        What of the callback shapes the program. Everything else is in its state.
    rates : bool
        Whether the curves get a ``learning_rate``, as with this callback in Keras.
    """

    rates = False

    def __init__(self, callback: Any):
        self.callback = callback

    @property
    def key(self) -> tuple[Any, ...]:
        """What of the callback shapes the program; its class alone, unless a rule says more."""
        return (type(self).__name__,)

    def start(self, variables: tuple[np.ndarray, ...]) -> list[np.ndarray]:
        """The state at the beginning of a fit of a network with `variables`; nothing by default."""
        return []

    @abc.abstractmethod
    def on_epoch_end(
        self,
        state: State,
        memory: list[Any],
        logs: dict[str, Any],
        epoch: Any,
        optimizer: PureOptimizer,
    ) -> tuple[State, list[Any], Any]:
        """The network's state, the rule's own and whether to stop, after `epoch`."""

    def after(
        self, memory: list[np.ndarray], variables: tuple[np.ndarray, ...], weights: list[int]
    ) -> tuple[np.ndarray, ...]:
        """The variables that the fit ends with; tells the callback what happened.

        Parameters
        ----------
        memory : list of ndarray
            The rule's state at the end.
        variables : tuple of ndarray
            Those of the network at the end.
        weights : list of int
            Which of them are weights, as `keras.Model.get_weights` has them.
        """
        return variables


class _Watching(Rule):
    """A rule that compares a curve with its best value."""

    def __init__(self, callback: Any, model: keras.Model):
        super().__init__(callback)
        callback.set_model(model)
        try:
            if callback.monitor_op is None:
                callback._set_monitor_op()
        finally:
            callback._model = None
        self._rises = callback.monitor_op is load_keras().ops.greater

    @property
    def key(self) -> tuple[Any, ...]:
        """What of the callback shapes the program."""
        return (type(self).__name__, self.callback.monitor, self._rises)

    def _watched(self, logs: dict[str, Any]) -> Any:
        name = self.callback.monitor
        if name not in logs:
            raise NotCompilableError(
                f"{type(self.callback).__name__} watches {name}, which is not among the curves"
            )
        return logs[name]

    def _better(self, value: Any, min_delta: Any, best: Any) -> Any:
        import tensorflow as tf

        # As Keras: the difference in double precision, the comparison in single.
        floatx = load_keras().config.floatx()
        shifted, best = tf.cast(value - min_delta, floatx), tf.cast(best, floatx)
        return shifted > best if self._rises else shifted < best


class StopEarly(_Watching):
    """`keras.callbacks.EarlyStopping`."""

    @property
    def key(self) -> tuple[Any, ...]:
        """What of the callback shapes the program."""
        callback = self.callback
        return (*super().key, callback.restore_best_weights, callback.baseline is None)

    def start(self, variables: tuple[np.ndarray, ...]) -> list[np.ndarray]:
        """The state at the beginning of a fit."""
        callback = self.callback
        return [
            np.array([callback.patience, callback.start_from_epoch], np.int32),
            np.array([callback.min_delta, callback.baseline or 0.0], np.float64),
            np.array([0, 0, 0, 0, 0], np.int32),  # wait, stopped, best epoch, has best, has weights
            np.array(0.0, np.float64),
            *(variables if callback.restore_best_weights else ()),
        ]

    def on_epoch_end(
        self,
        state: State,
        memory: list[Any],
        logs: dict[str, Any],
        epoch: Any,
        optimizer: PureOptimizer,
    ) -> tuple[State, list[Any], Any]:
        """What the callback does at the end of an epoch."""
        import tensorflow as tf

        limits, deltas, counts, best, *kept = memory
        wait, stopped, best_epoch, has_best, has_weights = tf.unstack(counts)
        value = tf.cast(self._watched(logs), tf.float64)
        active = epoch >= limits[1]
        better = (has_best == 0) | self._better(value, deltas[0], best)
        resets = better
        if self.callback.baseline is not None:
            resets = better & self._better(value, deltas[0], deltas[1])
        stop = active & ~better & (wait + 1 >= limits[0]) & (epoch > 0)
        first = active & (has_weights == 0)
        keep = active & (better | first)
        counts = tf.stack(
            [
                tf.where(active, tf.where(resets, 0, wait + 1), wait),
                tf.where(stop, epoch, stopped),
                tf.where(keep, epoch, best_epoch),
                tf.where(active & better, 1, has_best),
                tf.where(active, 1, has_weights),
            ]
        )
        if kept:
            now = [*state.trainable, *state.fixed]
            kept = [tf.where(keep, new, old) for new, old in zip(now, kept, strict=True)]
        best = tf.where(active & better, value, best)
        return state, [limits, deltas, counts, best, *kept], stop

    def after(
        self, memory: list[np.ndarray], variables: tuple[np.ndarray, ...], weights: list[int]
    ) -> tuple[np.ndarray, ...]:
        """Write what happened to the callback."""
        callback = self.callback
        _, _, counts, best, *kept = memory
        callback.wait, callback.stopped_epoch, callback.best_epoch = map(int, counts[:3])
        callback.best = float(best) if counts[3] else None
        if not (callback.restore_best_weights and counts[4]):
            return variables
        kept = [cut(part, like.shape) for part, like in zip(kept, variables, strict=False)]
        callback.best_weights = [kept[index] for index in weights]
        restored = list(variables)
        for index in weights:
            restored[index] = kept[index]
        return tuple(restored)


class ReduceRate(_Watching):
    """`keras.callbacks.ReduceLROnPlateau`."""

    rates = True

    def start(self, variables: tuple[np.ndarray, ...]) -> list[np.ndarray]:
        """The state at the beginning of a fit."""
        callback = self.callback
        return [
            np.array([callback.patience, callback.cooldown], np.int32),
            np.array([callback.min_delta, callback.factor, callback.min_lr], np.float64),
            np.array([0, 0, 0], np.int32),  # wait, epochs of cooldown left, has best
            np.array(0.0, np.float64),
        ]

    def on_epoch_end(
        self,
        state: State,
        memory: list[Any],
        logs: dict[str, Any],
        epoch: Any,
        optimizer: PureOptimizer,
    ) -> tuple[State, list[Any], Any]:
        """What the callback does at the end of an epoch."""
        import tensorflow as tf

        limits, deltas, counts, best = memory
        wait, cooldown, has_best = tf.unstack(counts)
        place = optimizer.rate_place
        rate = state.optimizer[place]
        logs["learning_rate"] = rate
        value = tf.cast(self._watched(logs), tf.float64)
        wait = tf.where(cooldown > 0, 0, wait)
        cooldown = tf.where(cooldown > 0, cooldown - 1, cooldown)
        better = (has_best == 0) | self._better(value, deltas[0], best)
        counting = ~better & (cooldown <= 0)
        wait = tf.where(better, 0, tf.where(counting, wait + 1, wait))
        single = tf.cast(tf.cast(deltas[2], tf.float32), tf.float64)
        old = tf.cast(rate, tf.float64)
        reduce = counting & (wait >= limits[0]) & (old > single)
        lower = tf.cast(tf.maximum(old * deltas[1], deltas[2]), rate.dtype)
        rates = list(state.optimizer)
        rates[place] = tf.where(reduce, lower, rate)
        counts = tf.stack(
            [
                tf.where(reduce, 0, wait),
                tf.where(reduce, limits[1], cooldown),
                tf.where(better, 1, has_best),
            ]
        )
        memory = [limits, deltas, counts, tf.where(better, value, best)]
        return state._replace(optimizer=rates), memory, tf.constant(False)

    def after(
        self, memory: list[np.ndarray], variables: tuple[np.ndarray, ...], weights: list[int]
    ) -> tuple[np.ndarray, ...]:
        """Write what happened to the callback."""
        callback = self.callback
        callback.wait, callback.cooldown_counter = map(int, memory[2][:2])
        callback.best = float(memory[3]) if memory[2][2] else None
        return variables


class ScheduleRate(Rule):
    """`keras.callbacks.LearningRateScheduler`; the rates of all epochs are known before the fit."""

    rates = True

    def on_epoch_end(
        self,
        state: State,
        memory: list[Any],
        logs: dict[str, Any],
        epoch: Any,
        optimizer: PureOptimizer,
    ) -> tuple[State, list[Any], Any]:
        """What the callback does at the end of an epoch."""
        import tensorflow as tf

        logs["learning_rate"] = state.optimizer[optimizer.rate_place]
        return state, memory, tf.constant(False)

    def rates_of(self, rate: float, first: int, last: int) -> list[float]:
        """The learning rate of each epoch from `first` to before `last`, beginning with `rate`."""
        found = []
        for epoch in range(first, last):
            try:
                rate = self.callback.schedule(epoch, rate)
            except TypeError:
                rate = self.callback.schedule(epoch)
            if not isinstance(rate, (float, np.float32, np.float64)):
                raise ValueError(
                    f"The schedule of LearningRateScheduler gave {rate!r} for epoch {epoch}. Got "
                    f"{type(rate).__name__}, expected a float: return float(...)."
                )
            rate = float(np.asarray(rate, load_keras().config.floatx()))
            found.append(rate)
        return found


class StopAtNaN(Rule):
    """`keras.callbacks.TerminateOnNaN`: the program looks at the loss after each step."""

    def on_epoch_end(
        self,
        state: State,
        memory: list[Any],
        logs: dict[str, Any],
        epoch: Any,
        optimizer: PureOptimizer,
    ) -> tuple[State, list[Any], Any]:
        """What the callback does at the end of an epoch."""
        import tensorflow as tf

        return state, memory, ~tf.math.is_finite(logs["loss"])


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
        if getattr(callback, "verbose", 0):
            return f"{kind.__name__}(verbose={callback.verbose}) prints while it trains"
        if kind is given.EarlyStopping:
            rules.append(StopEarly(callback, model))
        elif kind is given.ReduceLROnPlateau:
            rules.append(ReduceRate(callback, model))
        elif kind is given.LearningRateScheduler:
            rules.append(ScheduleRate(callback))
        elif kind is given.TerminateOnNaN and not getattr(callback, "raise_error", False):
            rules.append(StopAtNaN(callback))
        else:
            return f"the callback {kind.__name__} runs in Python"
    kinds = [type(rule) for rule in rules]
    if ScheduleRate in kinds and (ReduceRate in kinds or kinds.count(ScheduleRate) > 1):
        return "two callbacks set the learning rate"
    return rules
