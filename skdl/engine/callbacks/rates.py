"""Callbacks that set the learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.callbacks.base import Rule, Watching
from skdl.engine.callbacks.model_stand_in import StandIn, shown

if TYPE_CHECKING:
    from skdl.engine.job import StoppingMemory
    from skdl.engine.network.state import ProgramState
    from skdl.engine.optimizers.pure_optimizer import PureOptimizer


class ReduceRate(Watching):
    """`keras.callbacks.ReduceLROnPlateau`."""

    rates = True

    def start(self, state: ProgramState) -> list[Any]:
        """The state at the beginning of a fit."""
        callback = self.callback
        return [
            np.array([callback.patience, callback.cooldown], np.int32),
            np.array([callback.min_delta, callback.factor, callback.min_lr], np.float64),
            np.array([0, 0, 0], np.int32),  # wait, epochs of cooldown left, has best
            np.array(0.0, np.float64),
            np.array(1.0, np.float64),  # what all reductions so far multiply rates by
        ]

    def resumed(self, memory: list[Any], before: StoppingMemory, weights: list[int]) -> list[Any]:
        """Go on with the best value, and the falls, of the fit before."""
        limits, deltas, *_ = memory
        # A job has no cooldown.
        counts = np.array([before.plateau_wait, 0, before.plateau_best is not None], np.int32)
        best = np.array(before.plateau_best or 0.0, np.float64)
        return [limits, deltas, counts, best, np.array(before.rate_factor, np.float64)]

    def remembered(
        self, memory: list[np.ndarray], variables: tuple[np.ndarray, ...], weights: list[int]
    ) -> dict[str, Any]:
        """The best value, and what the rate has fallen by."""
        _, _, (wait, _, seen), best, factor = memory
        return {
            "plateau_wait": int(wait),
            "plateau_best": float(best) if seen else None,
            "rate_factor": float(factor),
        }

    def factor(self, memory: list[Any]) -> Any:
        """What a schedule goes on with after reductions."""
        return memory[4]

    def on_epoch_end(
        self,
        state: ProgramState,
        memory: list[Any],
        logs: dict[str, Any],
        epoch: Any,
        optimizer: PureOptimizer,
    ) -> tuple[ProgramState, list[Any], Any]:
        """What the callback does at the end of an epoch."""
        import tensorflow as tf

        limits, deltas, counts, best, factor = memory
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
        factor = tf.where(reduce, factor * tf.cast(lower, tf.float64) / old, factor)
        memory = [limits, deltas, counts, tf.where(better, value, best), factor]
        return state._replace(optimizer=rates), memory, tf.constant(False)

    def after(
        self, memory: list[np.ndarray], variables: tuple[np.ndarray, ...], weights: list[int]
    ) -> tuple[np.ndarray, ...]:
        """Write what happened to the callback."""
        callback = self.callback
        callback.wait, callback.cooldown_counter = map(int, memory[2][:2])
        callback.best = float(memory[3]) if memory[2][2] else None
        return variables

    def replay_train_begin(self) -> None:
        """Forget the fit before."""
        self.callback.on_train_begin()

    def replay_epoch_end(
        self, epoch: int, logs: dict[str, Any], model: StandIn, memory: list[Any]
    ) -> None:
        """Print a rate that falls, and let it fall."""
        with shown(self.callback, model):
            self.callback.on_epoch_end(epoch, logs)


class ScheduleRate(Rule):
    """`keras.callbacks.LearningRateScheduler`; the rates of a call's epochs are found before the call."""

    rates = True

    def __init__(self, callback: Any):
        super().__init__(callback)
        self._given: dict[int, Any] = {}  # what the schedule gave for epochs not yet replayed

    def on_epoch_end(
        self,
        state: ProgramState,
        memory: list[Any],
        logs: dict[str, Any],
        epoch: Any,
        optimizer: PureOptimizer,
    ) -> tuple[ProgramState, list[Any], Any]:
        """What the callback does at the end of an epoch."""
        import tensorflow as tf

        logs["learning_rate"] = state.optimizer[optimizer.rate_place]
        return state, memory, tf.constant(False)

    def rate_of(self, epoch: int, rate: float) -> float:
        """The learning rate of `epoch`, after one of `rate`."""
        try:
            given = self.callback.schedule(epoch, rate)
        except TypeError:
            given = self.callback.schedule(epoch)
        if not isinstance(given, (float, np.float32, np.float64)):
            raise ValueError(
                f"The schedule of LearningRateScheduler gave {given!r} for epoch {epoch}. Got "
                f"{type(given).__name__}, expected a float: return float(...)."
            )
        self._given[epoch] = given
        return float(np.asarray(given, load_keras().config.floatx()))

    def replay_epoch_begin(self, epoch: int, model: StandIn) -> None:
        """Print the rate and set it; the schedule is the user's function and is not asked again."""
        given = self._given.pop(epoch)
        twin = load_keras().callbacks.LearningRateScheduler(
            lambda _epoch, _rate: given, verbose=self.callback.verbose
        )
        with shown(twin, model):
            twin.on_epoch_begin(epoch)

    def replay_epoch_end(
        self, epoch: int, logs: dict[str, Any], model: StandIn, memory: list[Any]
    ) -> None:
        """Add the rate to `logs`, where names of files may look for it."""
        with shown(self.callback, model):
            self.callback.on_epoch_end(epoch, logs)
