"""The engine that trains through unmodified `keras.Model.fit`, and the oracle of faster ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras, start_devices
from skdl.common.signatures import arguments_of
from skdl.engine.base import AbstractEngine, Kind
from skdl.engine.callbacks.in_keras import (
    KerasWatch,
    keras_clock,
    keras_counter,
    keras_last,
    keras_observer,
)
from skdl.engine.indexes.index_checks import OWN_STEPS, check_indexes, clear_index_errors
from skdl.engine.job import EpochObserver, FitJob, FitResult
from skdl.engine.keras_batches import training_batches, validation_batches
from skdl.engine.keras_parts.noise import replaced_noise
from skdl.engine.keras_parts.unseeded_calls import drawing_for
from skdl.engine.kernel.choice import predict_by_kernel
from skdl.engine.network.network import Network
from skdl.engine.network.state import NetworkState, build_optimizer, read_state
from skdl.engine.prediction import predict
from skdl.engine.random import Stream, derive_seed
from skdl.engine.resuming import resumable_settings, with_kind
from skdl.engine.rows.arrays import Arrays, n_steps
from skdl.engine.run import goes_on, result_of
from skdl.exceptions import InvalidParameterError

PLAN = f"{Kind.KERAS_LOOP.value}: one call of keras.Model.fit."


class KerasLoopEngine(AbstractEngine):
    """Runs a job as Keras would; only the order of batches and noise come from the job's own seed."""

    def explain(self, job: FitJob, callbacks: tuple[Any, ...] = ()) -> str:
        """The same for every job."""
        return PLAN

    def train(
        self,
        job: FitJob,
        observer: EpochObserver | None = None,
        callbacks: tuple[Any, ...] = (),
    ) -> FitResult:
        """Run `job` by one call of its model's `fit`."""
        start_devices()
        settings = with_kind(job, resumable_settings(job, callbacks), Kind.KERAS_LOOP.value)
        check_indexes(job)
        before, first = job.resume, job.first_epoch
        model = job.network.model(job.start if before is None else before.network)
        own_step = type(model).train_step is not load_keras().Model.train_step
        if job.keep_last or before is not None:
            _check_own_steps(type(model))
        if not own_step:
            # Keras builds it in a traced step, where an average that begins at the weights has zeros.
            build_optimizer(model)
        options = dict(job.options)
        if _asks_for_y(type(model)):
            options["y"] = None  # the batches hold the targets
        # A fit of these batches, which have no end, would have none either.
        steps = options.pop("steps_per_epoch", None) or n_steps(job.training, job.batch_size)
        seconds = 0.0 if before is None else before.seconds
        ends = (before is not None and before.stopped) or not goes_on(job, first, seconds)
        watch = KerasWatch(job)
        clock = keras_clock(job.max_seconds, seconds)
        last = keras_last(job.keep_last)
        told = [*watch.rates, *callbacks, *watch.callbacks]
        told += [] if observer is None else [keras_observer(observer)]
        told += [keras_counter(), clock, last]
        own = derive_seed(job.seed, Stream.UNSEEDED_CALLS, job.trained_epochs)
        try:
            with (
                replaced_noise(model),
                clear_index_errors(model),
                drawing_for(model, own) as generator,
            ):
                if before is not None and before.unseeded is not None:
                    generator.state.assign(before.unseeded)
                history = model.fit(
                    self._batches(job, (first - job.initial_epoch) * steps),
                    epochs=first if ends else job.epochs,
                    initial_epoch=first,
                    steps_per_epoch=steps,
                    validation_data=(
                        None
                        if job.validation is None
                        else validation_batches(job.validation, job.validation_batch_size)
                    ),
                    shuffle=False,
                    verbose=job.verbose,
                    callbacks=told,
                    **options,
                ).history
                unseeded = np.asarray(generator.state) if job.keep_last else None
        finally:
            for callback in callbacks:
                # A callback of the user's outlives the job; with the model it would be copied and pickled.
                callback._model = None
        n_epochs = len(history.get("loss", ()))
        curves = {
            name: tuple(np.asarray(value).tolist() for value in curve)
            for name, curve in history.items()
        }
        if before is not None:
            names = [*before.history, *(name for name in curves if name not in before.history)]
            curves = {n: (*before.history.get(n, ()), *curves.get(n, ())) for n in names}
        raw = None
        if job.keep_last:
            raw = last.state if n_epochs or before is None else before.network
        return result_of(
            job,
            read_state(model),
            curves,
            first + n_epochs,
            memory=watch.memory(),
            # If `ends`, no epoch was run: early stopping or the time limit had ended the fit before.
            stopped=not (clock.ended or ends),
            plan=PLAN,
            raw=raw,
            settings=settings,
            seconds=clock.seconds,
            unseeded=unseeded,
        )

    def predict(
        self, network: Network, state: NetworkState, x: Arrays, *, batch_size: int | None = None
    ) -> Arrays:
        """By the native kernel where it has the layers, or else by the graph that all engines share."""
        found = predict_by_kernel(network, state, x)
        return predict(network, state, x, batch_size=batch_size) if found is None else found

    @staticmethod
    def _batches(job: FitJob, done: int) -> Any:
        """The batches of `job` after `done` of them."""
        passes, some = divmod(done, n_steps(job.training, job.batch_size))
        batches = training_batches(
            job.training,
            job.batch_size,
            seed=job.seed,
            first_epoch=job.trained_epochs + passes,
            shuffle=job.shuffle,
            mixup=job.mixup,
        )
        return batches.skip(some) if some else batches


def _check_own_steps(kind: type) -> None:
    """Raise where a class of models trains in a way of its own, which may have a state that nobody knows."""
    for name in OWN_STEPS:
        if getattr(kind, name) is not getattr(load_keras().Model, name):
            raise InvalidParameterError(
                f"This fit can be neither kept nor resumed, because {kind.__name__} has a {name} of its own, "
                "whose state is no part of the job. Expected a model that Keras trains: leave keep_last and "
                "resume away."
            )


def _asks_for_y(kind: type) -> bool:
    """Whether the `fit` of a class of models, perhaps the user's own, has to be told the target."""
    y = arguments_of(kind.fit).get("y")  # type: ignore[attr-defined]
    return y is not None and y.default is y.empty
