"""The engine that trains through unmodified `keras.Model.fit`, and the oracle of faster ones."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras, start_devices
from skdl.common.signatures import arguments_of
from skdl.engine.base import AbstractEngine
from skdl.engine.indexes.index_checks import check_indexes, clear_index_errors
from skdl.engine.job import EpochObserver, FitJob, FitResult, StopReason
from skdl.engine.keras_batches import training_batches, validation_batches
from skdl.engine.keras_parts.noise import replaced_noise
from skdl.engine.keras_parts.unseeded_calls import drawing_for
from skdl.engine.ledger import ledger
from skdl.engine.network.state import build_optimizer, is_finite, read_state
from skdl.engine.random import Stream, derive_seed
from skdl.engine.rows.arrays import n_steps

PLAN = "Keras loop: one call of keras.Model.fit."


class KerasLoopEngine(AbstractEngine):
    """Runs a job as Keras would; only the order of batches and noise come from the job's own seed."""

    def explain(self, job: FitJob) -> str:
        """The same for every job."""
        return PLAN

    def train(self, job: FitJob, observer: EpochObserver | None = None) -> FitResult:
        """Run `job` by one call of its model's `fit`."""
        start_devices()
        check_indexes(job)
        model = job.network.model(job.start)
        own_step = type(model).train_step is not load_keras().Model.train_step
        if not own_step:
            # Keras builds it in a traced step, where an average that begins at the weights has zeros.
            build_optimizer(model)
        options = dict(job.options)
        if _asks_for_y(type(model)):
            options["y"] = None  # the batches hold the targets
        validation = job.validation
        callbacks = list(job.callbacks)
        if job.rates is not None:
            callbacks.insert(0, _set_rates(job.rates))
        if observer is not None:
            callbacks.append(_tell(observer))
        callbacks.append(_count())
        clock = None
        if job.max_seconds is not None:
            clock = _end_after(job.max_seconds)
            callbacks.append(clock)
        try:
            own = derive_seed(job.seed, Stream.UNSEEDED_CALLS, job.trained_epochs)
            with replaced_noise(model), clear_index_errors(model), drawing_for(model, own):
                history = model.fit(
                    training_batches(
                        job.training,
                        job.batch_size,
                        seed=job.seed,
                        first_epoch=job.trained_epochs,
                        shuffle=job.shuffle,
                        mixup=job.mixup,
                    ),
                    epochs=job.epochs,
                    initial_epoch=job.initial_epoch,
                    # A fit of these batches, which have no end, would have none either.
                    steps_per_epoch=options.pop("steps_per_epoch", None)
                    or n_steps(job.training, job.batch_size),
                    validation_data=(
                        None
                        if validation is None
                        else validation_batches(validation, job.validation_batch_size)
                    ),
                    shuffle=False,
                    verbose=job.verbose,
                    callbacks=callbacks,
                    **options,
                ).history
        finally:
            for callback in job.callbacks:
                # A callback of the user's outlives the job; with the model it would be copied and pickled.
                callback._model = None
        end = read_state(model).sharing(job.start)
        n_epochs = len(history.get("loss", ()))
        if not is_finite(end, history.get("loss", ())):
            reason = StopReason.DIVERGED
        elif n_epochs < job.epochs - job.initial_epoch:
            by_clock = clock is not None and clock.ended
            reason = StopReason.TIME_IS_UP if by_clock else StopReason.STOPPED_EARLY
        else:
            reason = StopReason.EPOCHS_DONE
        return FitResult(
            end=end,
            history={
                name: tuple(np.asarray(value).tolist() for value in curve)
                for name, curve in history.items()
            },
            n_epochs=n_epochs,
            stop_reason=reason,
            plan=PLAN,
        )


def _asks_for_y(kind: type) -> bool:
    """Whether the `fit` of a class of models, perhaps the user's own, has to be told the target."""
    y = arguments_of(kind.fit).get("y")  # type: ignore[attr-defined]
    return y is not None and y.default is y.empty


def _set_rates(rates: np.ndarray) -> Any:
    """A Keras callback that sets the learning rate of each step."""
    keras = load_keras()

    class SetRates(keras.callbacks.Callback):  # type: ignore[name-defined]
        first: int | None = None
        factor = 1.0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if self.first is None:
                self.first = epoch
            elif self._now() != self.last:
                self.factor *= self._now() / self.last  # a plateau has lowered it
            self.before = (epoch - self.first) * self.params["steps"]

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            # With several steps in an execution the first one's rate is that of all.
            self.model.optimizer.learning_rate = rates[self.before + batch] * self.factor

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["learning_rate"] = self.last = self._now()

        def _now(self) -> float:
            return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    return SetRates()


def _end_after(seconds: float) -> Any:
    """A Keras callback that ends training when its epochs have taken so long."""
    keras = load_keras()

    class EndAfter(keras.callbacks.Callback):  # type: ignore[name-defined]
        left = seconds
        ended = False

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.left -= time.perf_counter() - self.started
            if self.left <= 0 and not self.model.stop_training:
                self.model.stop_training = self.ended = True

    return EndAfter()


def _count() -> Any:
    """A Keras callback that counts epochs for those who watch the speed."""
    keras = load_keras()

    class Count(keras.callbacks.Callback):  # type: ignore[name-defined]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            ledger.add(epochs=1)

    return Count()


def _tell(observer: EpochObserver) -> Any:
    """A Keras callback that passes each epoch on to `observer`."""
    keras = load_keras()

    class Tell(keras.callbacks.Callback):  # type: ignore[name-defined]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            observer.on_epoch_begin(epoch)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if observer.on_epoch_end(epoch, lambda: read_state(self.model)):
                self.model.stop_training = True

    return Tell()
