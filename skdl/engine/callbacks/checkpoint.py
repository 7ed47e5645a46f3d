"""The callback that writes the network to a file."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.engine.callbacks.base import Watching
from skdl.engine.callbacks.model_stand_in import StandIn, shown

if TYPE_CHECKING:
    from skdl.engine.network.state import ProgramState
    from skdl.engine.optimizers.pure_optimizer import PureOptimizer


class Checkpoint(Watching):
    """`keras.callbacks.ModelCheckpoint` with ``save_freq="epoch"``.

    The program keeps what Keras would have saved last: weights, statistics and the optimizer's state. After
    each call Keras's own callback hears of its epochs and writes the file, once for all epochs of the call
    that would have overwritten one another. Where the name of the file has fields such as ``{epoch}``, a
    call has one epoch.
    """

    @property
    def watches(self) -> str | None:
        """What the callback monitors, where that decides what is saved."""
        return super().watches if self.callback.save_best_only else None

    @property
    def heard(self) -> bool:
        """Always: there is a file to write."""
        return True

    @property
    def one_epoch_a_call(self) -> bool:  # type: ignore[override]
        """Whether each epoch may have a file of its own."""
        fields = (field for _, field, _, _ in Formatter().parse(self.callback.filepath))
        return any(field is not None for field in fields)

    @property
    def key(self) -> tuple[Any, ...]:
        """What of the callback shapes the program."""
        return super().key if self.callback.save_best_only else (type(self).__name__,)

    def start(self, state: ProgramState) -> list[Any]:
        """The state at the beginning of a fit; the best value of an earlier fit counts, as in Keras."""
        best = self.callback.best
        return [
            np.array([best is not None, -1], np.int32),  # has best, epoch that is kept
            np.array(0.0 if best is None else best, np.float64),
            *(*state.trainable, *state.fixed, *state.optimizer),
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

        counts, best, *kept = memory
        keep = tf.constant(True)
        if self.callback.save_best_only:
            value = tf.cast(self._watched(logs), tf.float64)
            keep = (counts[0] == 0) | self._better(value, tf.constant(0.0, tf.float64), best)
            best = tf.where(keep, value, best)
        counts = tf.stack(
            [tf.where(keep, 1, counts[0]), tf.where(keep, tf.cast(epoch, tf.int32), counts[1])]
        )
        now = [*state.trainable, *state.fixed, *state.optimizer]
        kept = [tf.where(keep, new, old) for new, old in zip(now, kept, strict=True)]
        return state, [counts, best, *kept], tf.constant(False)

    def replay_epoch_end(
        self, epoch: int, logs: dict[str, Any], model: StandIn, memory: list[Any]
    ) -> None:
        """Let Keras's callback decide, print and write."""
        counts, _, *kept = memory
        # What an earlier epoch of the call would have written is gone, and overwritten.
        model.kept = kept if epoch == int(counts[1]) else None
        with shown(self.callback, model):
            self.callback.on_epoch_begin(epoch)
            self.callback.on_epoch_end(epoch, logs)
