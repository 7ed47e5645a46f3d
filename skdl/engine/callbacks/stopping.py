"""Callbacks that end training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.engine.callbacks.base import Rule, Watching
from skdl.engine.callbacks.model_stand_in import StandIn, shown
from skdl.engine.structure.widths import cut, fill

if TYPE_CHECKING:
    from skdl.engine.job import StoppingMemory
    from skdl.engine.network.state import ProgramState
    from skdl.engine.optimizers.pure_optimizer import PureOptimizer


class StopEarly(Watching):
    """`keras.callbacks.EarlyStopping`."""

    @property
    def key(self) -> tuple[Any, ...]:
        """What of the callback shapes the program."""
        callback = self.callback
        return (*super().key, callback.restore_best_weights, callback.baseline is None)

    def start(self, state: ProgramState) -> list[Any]:
        """The state at the beginning of a fit."""
        callback = self.callback
        return [
            np.array([callback.patience, callback.start_from_epoch], np.int32),
            np.array([callback.min_delta, callback.baseline or 0.0], np.float64),
            np.array([0, 0, 0, 0, 0], np.int32),  # wait, stopped, best epoch, has best, has weights
            np.array(0.0, np.float64),
            *((*state.trainable, *state.fixed) if callback.restore_best_weights else ()),
        ]

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

    def resumed(self, memory: list[Any], before: StoppingMemory, weights: list[int]) -> list[Any]:
        """Go on with the best epoch, and the weights, of the fit before."""
        limits, deltas, _, _, *kept = memory
        seen = int(before.best is not None)
        counts = [before.wait, before.stopped_epoch, before.best_epoch, seen, seen]
        best_weights = before.best_weights if kept else None
        for index, value in zip(weights, best_weights, strict=True) if best_weights else ():
            (kept[index],) = fill([value], [tuple(kept[index].shape)])
        best = np.array(before.best or 0.0, np.float64)
        return [limits, deltas, np.array(counts, np.int32), best, *kept]

    def remembered(
        self, memory: list[np.ndarray], variables: tuple[np.ndarray, ...], weights: list[int]
    ) -> dict[str, Any]:
        """The best epoch, with its weights where they are restored."""
        _, _, counts, best, *kept = memory
        found: dict[str, Any] = dict(
            zip(("wait", "stopped_epoch", "best_epoch"), map(int, counts[:3]), strict=True)
        )
        found["best"] = float(best) if counts[3] else None
        if kept and counts[4]:
            found["best_weights"] = tuple(cut(kept[i], variables[i].shape) for i in weights)
        return found

    def after(
        self, memory: list[np.ndarray], variables: tuple[np.ndarray, ...], weights: list[int]
    ) -> tuple[np.ndarray, ...]:
        """Write what happened to the callback, and put the best weights in."""
        callback, found = self.callback, self.remembered(memory, variables, weights)
        best_weights = found.pop("best_weights", ())
        for name, value in found.items():
            setattr(callback, name, value)
        restored = list(variables)
        if best_weights:
            callback.best_weights = list(best_weights)
        for index, value in zip(weights, best_weights, strict=False):
            restored[index] = value
        self._tell()
        return tuple(restored)

    def _tell(self) -> None:
        """Print what Keras prints when training is over."""
        callback = self.callback
        if callback.verbose:
            with shown(callback, StandIn()):
                callback.on_train_end()


class StopAtNaN(Rule):
    """`keras.callbacks.TerminateOnNaN`: the program looks at the loss after each step."""

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

        return state, memory, ~tf.math.is_finite(logs["loss"])
