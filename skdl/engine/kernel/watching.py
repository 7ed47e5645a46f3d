"""What a fit of the kernel does between epochs: it stops, or lets its learning rate fall, as in Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skdl.engine.job import Stopping, StoppingMemory


@dataclass(frozen=True)
class Watcher:
    """Watches one curve of a fit.

    Attributes
    ----------
    stopping : Stopping
    floatx : type
        Values are compared in this type, as in Keras.
    """

    stopping: Stopping
    floatx: Any

    def after(
        self,
        memory: StoppingMemory,
        value: float,
        epoch: int,
        rate: float,
        weights: Callable[[], tuple[np.ndarray, ...]],
    ) -> tuple[StoppingMemory, float]:
        """What is remembered after `epoch`, and the learning rate from then on.

        First the rate may fall, then training may stop, in the order of `callbacks_of`.
        """
        if self.stopping.reduce_lr_patience is not None:
            memory, rate = self._fall(memory, value, rate)
        if self.stopping.early_stopping and epoch >= self.stopping.start_from_epoch:
            memory = self._stop(memory, value, epoch, weights)
        return memory, rate

    def _fall(
        self, memory: StoppingMemory, value: float, rate: float
    ) -> tuple[StoppingMemory, float]:
        told = self.stopping
        if self._better(value, memory.plateau_best):
            return replace(memory, plateau_wait=0, plateau_best=value), rate
        wait = memory.plateau_wait + 1
        if wait < (told.reduce_lr_patience or 0) or rate <= float(
            np.float32(told.min_learning_rate)
        ):
            return replace(memory, plateau_wait=wait), rate
        lower = float(self.floatx(max(rate * told.reduce_lr_factor, told.min_learning_rate)))
        factor = memory.rate_factor * lower / rate
        return replace(memory, plateau_wait=0, rate_factor=factor), lower

    def _stop(
        self,
        memory: StoppingMemory,
        value: float,
        epoch: int,
        weights: Callable[[], tuple[np.ndarray, ...]],
    ) -> StoppingMemory:
        told = self.stopping
        if self._better(value, memory.best):
            kept = weights() if told.restore_best_weights else None
            return replace(memory, wait=0, best=value, best_epoch=epoch, best_weights=kept)
        wait = memory.wait + 1
        stops = wait >= told.patience and epoch > 0
        return replace(memory, wait=wait, stopped_epoch=epoch if stops else memory.stopped_epoch)

    def _better(self, value: float, best: float | None) -> bool:
        if best is None:
            return True
        delta = abs(self.stopping.min_delta)
        if self.stopping.rises:
            return bool(self.floatx(value - delta) > self.floatx(best))
        return bool(self.floatx(value + delta) < self.floatx(best))
