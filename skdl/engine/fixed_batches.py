"""Networks of one batch size, and layers that remember the batch before.

An ``Input(batch_shape=(10, 5, 1))`` fixes the number of rows that a network takes at a time. A stateful
RNN needs it, for it keeps a state for each row of a batch, from which it begins the next batch. Keras
does not list these states among the variables of a model.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.batches import n_steps, take_rows
from skdl.engine.job import Arrays, FitJob, n_rows
from skdl.engine.layers import walk_layers
from skdl.exceptions import InvalidParameterError

if TYPE_CHECKING:
    import keras


def stateful_layers(model: keras.Model) -> list[Any]:
    """The layers of `model` that begin a batch where they ended the one before."""
    kind = load_keras().layers.RNN
    return [layer for layer in walk_layers(model) if isinstance(layer, kind) and layer.stateful]


def memories(model: keras.Model) -> list[Any]:
    """The variables in which stateful layers keep their states, as far as they are built."""
    tree = load_keras().tree
    return [
        variable
        for layer in stateful_layers(model)
        for variable in tree.flatten(layer.states)
        if variable is not None
    ]


@contextlib.contextmanager
def kept_memories(model: keras.Model) -> Iterator[None]:
    """Leave the states of stateful layers as they were before the block; those made in it are zeros."""
    before = {id(variable): np.asarray(variable).copy() for variable in memories(model)}
    try:
        yield
    finally:
        for variable in memories(model):
            known = before.get(id(variable))
            variable.assign(np.zeros(variable.shape) if known is None else known)


def batch_rows(model: keras.Model) -> int | None:
    """The number of rows that `model` takes at a time; None where any number will do."""
    states = memories(model)
    if states:
        return int(states[0].shape[0])
    inputs = getattr(model, "inputs", None) if model.built else None
    sizes = {one.shape[0] for one in inputs or ()} - {None}
    return int(sizes.pop()) if len(sizes) == 1 else None


def filled_rows(arrays: Arrays, rows: int | None) -> Arrays:
    """`rows` rows of `arrays`, repeated where they are fewer; as they are where `rows` is None."""
    return arrays if rows is None else take_rows(arrays, np.arange(rows) % n_rows(arrays))


def check_known_size(model: keras.Model) -> None:
    """Raise where a stateful layer is about to take the few rows that a network is built on for a batch."""
    for layer in stateful_layers(model):
        if batch_rows(model) is None:
            raise InvalidParameterError(
                f"The stateful layer {layer.name!r} does not know the size of a batch. Got a network that "
                "is built by its data, expected one that says how many rows it takes: begin it with "
                "keras.Input(batch_shape=(batch_size, ...)), or call build on it with such a shape."
            )


def check_batches(owner: str, job: FitJob) -> None:
    """Raise where Keras could not train a stateful network on the batches of `job`."""
    layers = stateful_layers(job.network.template)
    rows = job.network.batch_rows
    if not layers or rows is None:
        return
    because = (
        f"because the network takes {rows} rows at a time: its layer {layers[0].name!r} is stateful"
    )
    options = job.options
    if job.batch_size != rows:
        raise InvalidParameterError(
            f"{owner}: got batches of {job.batch_size} rows, expected {rows}, {because}. Pass "
            f"batch_size={rows}."
        )
    steps = options.get("steps_per_epoch") or n_steps(job.training, rows)
    whole, rest = divmod(job.training.n_rows, rows)
    if rest and steps * (job.epochs - job.initial_epoch) > whole:
        raise InvalidParameterError(
            f"{owner}: got {job.training.n_rows} rows to train on, which leave a batch of {rest}; expected "
            f"a multiple of {rows}, {because}. Leave {rest} rows away, or choose another batch size."
        )
    held_out = job.validation
    if held_out is None:
        return
    if job.validation_batch_size != rows:
        raise InvalidParameterError(
            f"{owner}: got batches of {job.validation_batch_size} rows to validate on, expected {rows}, "
            f"{because}. Pass validation_batch_size={rows}, and at least as many rows."
        )
    steps = options.get("validation_steps") or n_steps(held_out, rows)
    whole, rest = divmod(held_out.n_rows, rows)
    if rest and steps > whole:
        raise InvalidParameterError(
            f"{owner}: got {held_out.n_rows} rows to validate on, which leave a batch of {rest}; expected "
            f"a multiple of {rows}, {because}. Choose X_val or validation_split so."
        )


def check_rows_to_predict(rows: int, asked: int | None, size: int) -> None:
    """Raise where Keras could not predict `rows` rows by a stateful network of batches of `size`."""
    if asked not in (None, size):
        raise InvalidParameterError(
            f"Got batch_size={asked}, expected {size}, because the network is stateful and takes {size} rows "
            f"at a time: pass batch_size={size}, or leave it away."
        )
    if rows % size:
        raise InvalidParameterError(
            f"Got {rows} rows to predict, expected a multiple of {size}, because the network is stateful and "
            f"takes {size} rows at a time: fill the last batch up with rows of your own choice."
        )
