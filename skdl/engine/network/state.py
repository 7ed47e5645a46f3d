"""The state of a network: as arrays, in its model, and as tensors in a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skdl.engine.keras_parts.fixed_batches import memories
from skdl.engine.keras_parts.noise import fixed_variables
from skdl.engine.keras_parts.normalization import statistics_follow
from skdl.engine.keras_parts.variables import one_name_for_variables
from skdl.engine.rows.arrays import are_same_bits

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class ProgramState(NamedTuple):
    """All that changes from step to step."""

    trainable: list[tf.Tensor]
    fixed: list[tf.Tensor]  # statistics and the states of noise
    optimizer: list[tf.Tensor]
    metrics: list[tf.Tensor]


@dataclass(frozen=True, eq=False)
class NetworkState:
    """All that training changes in a network.

    Attributes
    ----------
    variables : tuple of ndarray
        In the order of `keras.Model.variables`: weights, statistics and the states of noise.
    optimizer : tuple of ndarray, or None
        In the order of `keras.Optimizer.variables`; None before the first step of training.
    memory : tuple of ndarray
        What stateful layers keep from the batch before.
    """

    variables: tuple[np.ndarray, ...]
    optimizer: tuple[np.ndarray, ...] | None = None
    memory: tuple[np.ndarray, ...] = ()

    @property
    def all(self) -> tuple[np.ndarray, ...]:
        """Every array."""
        return (*self.variables, *(self.optimizer or ()), *self.memory)

    def sharing(self, before: NetworkState) -> NetworkState:
        """The same state, with the very arrays of `before` where training has left them as they were.

        The fits of a search keep the weights of a frozen part of their networks once.
        """
        pairs = zip(self.variables, before.variables, strict=True)
        return replace(
            self, variables=tuple(old if are_same_bits(new, old) else new for new, old in pairs)
        )


def read_state(model: keras.Model) -> NetworkState:
    """The state of `model`, copied."""
    optimizer = model.optimizer if model.compiled else None
    return NetworkState(
        tuple(np.asarray(variable).copy() for variable in model.variables),
        tuple(np.asarray(variable).copy() for variable in optimizer.variables)
        if optimizer is not None and optimizer.built
        else None,
        tuple(np.asarray(variable).copy() for variable in memories(model)),
    )


def build_optimizer(model: keras.Model) -> None:
    """Let the optimizer of `model` make its variables, where it has none yet."""
    if not model.optimizer.built:
        with one_name_for_variables():
            model.optimizer.build(model.trainable_variables)


def write_state(model: keras.Model, state: NetworkState) -> None:
    """Put `state` into `model`."""
    with statistics_follow(model):
        for variable, value in zip(model.variables, state.variables, strict=True):
            variable.assign(value)
    if state.optimizer is not None:
        build_optimizer(model)
        for variable, value in zip(model.optimizer.variables, state.optimizer, strict=True):
            variable.assign(value)
    for variable, value in zip(memories(model), state.memory, strict=True):
        variable.assign(value)


@dataclass(frozen=True)
class Layout:
    """Where the state of a network is in a program.

    Attributes
    ----------
    trainable : tuple of int
        Which of the model's variables a program trains, in its order.
    fixed : tuple of int or None
        Which it changes otherwise; None for states of noise that the model does not have.
    weights : tuple of int
        Which are weights, as `keras.Model.get_weights` has them.
    """

    trainable: tuple[int, ...]
    fixed: tuple[int | None, ...]
    weights: tuple[int, ...]

    @property
    def places(self) -> list[int | None]:
        """Where the variables of a program are among the variables of the network."""
        return [*self.trainable, *self.fixed]

    @property
    def places_of_weights(self) -> list[int]:
        """Which variables of a program are weights, in the order of `keras.Model.get_weights`."""
        return [self.places.index(place) for place in self.weights]

    @classmethod
    def of(cls, model: keras.Model) -> Layout:
        """The layout of `model`."""
        places = {id(variable): place for place, variable in enumerate(model.variables)}
        return cls(
            tuple(places[id(v)] for v in model.trainable_variables),
            tuple(places.get(id(v)) for v in fixed_variables(model)),
            tuple(places[id(v)] for v in model.weights),
        )


def is_finite(state: NetworkState, losses: Sequence[float]) -> bool:
    """Whether the weights of `state` and the last of `losses` are finite numbers."""
    numbers = [*(v for v in state.variables if v.dtype.kind == "f"), np.asarray(losses[-1:])]
    return all(bool(np.isfinite(part).all()) for part in numbers)
