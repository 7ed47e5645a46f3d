"""What the Keras loop adds to `keras.Model.fit`, as callbacks: rates, stopping, a clock, a last look."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.callbacks.choice import callbacks_of
from skdl.engine.job import EpochObserver, FitJob, StoppingMemory
from skdl.engine.ledger import ledger
from skdl.engine.network.state import NetworkState, read_state


class KerasWatch:
    """The learning rates and the stopping of one job, as callbacks.

    Parameters
    ----------
    job : FitJob

    Attributes
    ----------
    rates : list of keras.callbacks.Callback
        What sets the rate of each step; it has to be told of an epoch first of all.
    callbacks : list of keras.callbacks.Callback
        What watches a curve; it has to be told after the user's own.
    """

    def __init__(self, job: FitJob):
        self._plateau, self._stop = None, None
        made = callbacks_of(job.stopping)
        for callback in made:
            if type(callback) is load_keras().callbacks.EarlyStopping:
                self._stop = callback
            else:
                self._plateau = callback
        self._before = None if job.resume is None else job.resume.stopping
        self.callbacks: list[Any] = [*made]
        factor = 1.0 if self._before is None else self._before.rate_factor
        given = job.rates
        self.rates = [] if given is None else [_set_rates(given, job.initial_epoch, factor)]
        if self._before is not None:
            self.callbacks.append(_at_the_beginning(self._go_on))

    def _go_on(self) -> None:
        """Let the callbacks remember the fit before, which they have forgotten as a fit began."""
        before = self._before
        assert before is not None
        if self._stop is not None:
            stop = self._stop
            stop.wait, stop.best, stop.best_epoch = before.wait, before.best, before.best_epoch
            stop.stopped_epoch = before.stopped_epoch
            if before.best_weights is not None:
                stop.best_weights = list(before.best_weights)
        if self._plateau is not None:
            self._plateau.wait, self._plateau.best = before.plateau_wait, before.plateau_best

    def memory(self) -> StoppingMemory:
        """What the callbacks remember when the fit is over."""
        found: dict[str, Any] = {}
        stop = self._stop
        # Where no epoch counted, or nobody told the callbacks of any, there is nothing to remember.
        if stop is not None and stop.best is not None:
            found = {
                "wait": int(stop.wait),
                "best": float(stop.best),
                "best_epoch": int(stop.best_epoch),
                "stopped_epoch": int(stop.stopped_epoch),
            }
            if stop.best_weights is not None:
                found["best_weights"] = tuple(map(np.asarray, stop.best_weights))
        if self._plateau is not None:
            best = self._plateau.best
            found["plateau_wait"] = int(self._plateau.wait)
            found["plateau_best"] = None if best is None else float(best)
        for rates in self.rates:
            found["rate_factor"] = float(rates.factor_now())
        return StoppingMemory(**found)


def _set_rates(rates: np.ndarray, first: int, begun_by: float) -> Any:
    """A callback that sets the learning rate of each step, from epoch `first` on.

    What a plateau has lowered it by so far, it lowers all later rates by; `begun_by` is what a plateau of the
    fit before has done.
    """
    keras = load_keras()

    class SetRates(keras.callbacks.Callback):  # type: ignore[name-defined]  # untyped
        last: float | None = None
        factor = begun_by

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.factor = self.factor_now()
            self.before = (epoch - first) * self.params["steps"]

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            # If Keras executes several steps at once, all of them have the rate of the first step.
            self.model.optimizer.learning_rate = rates[self.before + batch] * self.factor

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["learning_rate"] = self.last = self._now()

        def factor_now(self) -> float:
            """The factor with what a plateau has done after the last epoch."""
            if self.last is None or self._now() == self.last:
                return self.factor
            return self.factor * (self._now() / self.last)

        def _now(self) -> float:
            return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    return SetRates()


def _at_the_beginning(act: Any) -> Any:
    """A callback that acts when those before it have heard that a fit begins."""

    class Begin(load_keras().callbacks.Callback):  # type: ignore[misc]  # untyped
        def on_train_begin(self, logs: Any = None) -> None:
            act()

    return Begin()


def keras_clock(limit: float | None, before: float) -> Any:
    """A callback that ends training when its epochs have taken so long, `before` it began included."""

    class Clock(load_keras().callbacks.Callback):  # type: ignore[misc]  # untyped
        seconds = before
        ended = False

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seconds += time.perf_counter() - self.started
            over = self.seconds >= (math.inf if limit is None else limit)
            if over and not self.model.stop_training:
                self.model.stop_training = self.ended = True

    return Clock()


def keras_counter() -> Any:
    """A callback that counts epochs for those who watch the speed."""

    class Count(load_keras().callbacks.Callback):  # type: ignore[misc]  # untyped
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            ledger.add(epochs=1)

    return Count()


def keras_last(wanted: bool) -> Any:
    """A callback that looks at the network after the last epoch, before Keras puts other weights in."""

    class Last(load_keras().callbacks.Callback):  # type: ignore[misc]  # untyped
        state: NetworkState | None = None

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if wanted and (self.model.stop_training or epoch + 1 == self.params["epochs"]):
                self.state = read_state(self.model)

    return Last()


def keras_observer(observer: EpochObserver) -> Any:
    """A callback that passes each epoch on to `observer`."""

    class Tell(load_keras().callbacks.Callback):  # type: ignore[misc]  # untyped
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            observer.on_epoch_begin(epoch)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if observer.on_epoch_end(epoch, lambda: read_state(self.model)):
                self.model.stop_training = True

    return Tell()
