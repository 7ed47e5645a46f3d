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
from skdl.engine.keras_parts.walk import walk_layers
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


def check_known_size(model: keras.Model) -> None:
    """Raise where a stateful layer is about to take the few rows that a network is built on for a batch."""
    for layer in stateful_layers(model):
        if batch_rows(model) is None:
            raise InvalidParameterError(
                f"The stateful layer {layer.name!r} does not know the size of a batch. Got a network that "
                "is built by its data, expected one that says how many rows it takes: begin it with "
                "keras.Input(batch_shape=(batch_size, ...)), or call build on it with such a shape."
            )
