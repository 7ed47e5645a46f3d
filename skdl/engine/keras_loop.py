"""The engine that trains through unmodified `keras.Model.fit`, and the oracle of faster ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from skdl._startup import load_keras, start_devices
from skdl.engine.base import AbstractEngine
from skdl.engine.batches import n_steps, training_batches, validation_batches
from skdl.engine.job import EpochObserver, FitJob, FitResult, StopReason
from skdl.engine.network import build_optimizer, is_finite, read_state
from skdl.engine.noise import replaced_noise

PLAN = "Keras loop: one call of keras.Model.fit."


class KerasLoopEngine(AbstractEngine):
    """Runs a job as Keras would; only the order of batches and noise come from the job's own seed."""

    def explain(self, job: FitJob) -> str:
        """The same for every job."""
        return PLAN

    def train(self, job: FitJob, observer: EpochObserver | None = None) -> FitResult:
        """Run `job` by one call of its model's `fit`."""
        start_devices()
        model = job.network.model(job.start)
        own_step = type(model).train_step is not load_keras().Model.train_step
        if not own_step:
            # Keras builds it in a traced step, where an average that begins at the weights has zeros.
            build_optimizer(model)
        options = dict(job.options)
        validation = job.validation
        callbacks = list(job.callbacks)
        if observer is not None:
            callbacks.append(_tell(observer))
        try:
            with replaced_noise(model):
                history = model.fit(
                    training_batches(
                        job.training,
                        job.batch_size,
                        seed=job.seed,
                        first_epoch=job.trained_epochs,
                        shuffle=job.shuffle,
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
        end = read_state(model)
        n_epochs = len(history.get("loss", ()))
        if not is_finite(end, history.get("loss", ())):
            reason = StopReason.DIVERGED
        elif n_epochs < job.epochs - job.initial_epoch:
            reason = StopReason.STOPPED_EARLY
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
