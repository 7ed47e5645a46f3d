"""A stack of layers, its loss, metrics and optimizer as frozen plain data.

A description hashes and pickles, and needs no object of Keras's: a ready network is described from its
hyperparameters, a user's own from its Keras model. Weights are not in it; it says where they are among the
variables of the network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Constraint:
    """What weights are brought back to after each step.

    Attributes
    ----------
    kind : str
        A name in `pieces_by_name.STEPS`.
    numbers : tuple of float
    """

    kind: str
    numbers: tuple[float, ...] = ()


@dataclass(frozen=True)
class Weight:
    """An array of weights.

    Attributes
    ----------
    position : int
        Its place among the variables of the network, in the order of `keras.Model.variables`.
    shape : tuple of int
    trained : bool
    l1, l2 : float
        A penalty of ``l1 * sum(abs(w)) + l2 * sum(w**2)`` is part of the loss.
    decays : bool
        Whether the optimizer's decay of weights reaches it.
    constraint : Constraint or None
    """

    position: int
    shape: tuple[int, ...]
    trained: bool = True
    l1: float = 0.0
    l2: float = 0.0
    decays: bool = True
    constraint: Constraint | None = None

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)

    @property
    def columns(self) -> int:
        """Of how many columns it is, where a vector is one."""
        return self.shape[-1] if len(self.shape) > 1 else 1


@dataclass(frozen=True)
class Layer:
    """One step of the way through a network.

    Attributes
    ----------
    kind : str
        A name in `pieces_by_name.LAYERS`.
    inputs, outputs : int
        Numbers of a row.
    numbers : tuple of float
        As the piece of this kind has them.
    weights : tuple of Weight
        All of them trained, or none.
    statics : tuple of Weight
        What no gradient reaches, such as moving statistics.
    noise : int or None
        The place of the state of its noise among the variables of the network.
    """

    kind: str
    inputs: int
    outputs: int
    numbers: tuple[float, ...] = ()
    weights: tuple[Weight, ...] = ()
    statics: tuple[Weight, ...] = ()
    noise: int | None = None

    @property
    def trained(self) -> bool:
        """Whether it has weights that are trained."""
        return any(weight.trained for weight in self.weights)


@dataclass(frozen=True)
class Loss:
    """What is made small.

    Attributes
    ----------
    kind : str
        A name in `pieces_by_name.LOSSES`.
    numbers : tuple of float
    of_logits : bool
        Whether it takes the inputs of the last layer, whose activation it has in it.
    """

    kind: str
    numbers: tuple[float, ...] = ()
    of_logits: bool = False


@dataclass(frozen=True)
class Metric:
    """A curve beside the loss.

    Attributes
    ----------
    name : str
        Of its curve.
    kind : str
        A name in `pieces_by_name.METRICS`.
    numbers : tuple of float
    weighted : bool
        Whether the weights of rows count.
    """

    name: str
    kind: str
    numbers: tuple[float, ...] = ()
    weighted: bool = False


@dataclass(frozen=True)
class Average:
    """A moving average of weights, which takes their place when training ends.

    Attributes
    ----------
    momentum : float
    frequency : int
        It takes their place after so many steps too; 0 is never.
    places : tuple of int
        Of its arrays among the variables of the optimizer, in the order of the trained weights.
    """

    momentum: float
    frequency: int
    places: tuple[int, ...]


@dataclass(frozen=True)
class Optimizer:
    """How weights follow slopes.

    Attributes
    ----------
    kind : str
        A name in `pieces_by_name.STEPS`.
    numbers : tuple of float
    slots : tuple of tuple of int
        For each of what it remembers of a weight, the places of the arrays among the variables of the
        optimizer, in the order of the trained weights.
    first_slots : tuple of float
        What each slot holds before the first step.
    memory : tuple of int
        The places of single numbers that it remembers.
    first_memory : tuple of float
        These numbers before the first step.
    clip : str or None
        A name in `pieces_by_name.STEPS`.
    clip_limit : float
    decay : float
    average : Average or None
    """

    kind: str
    numbers: tuple[float, ...]
    slots: tuple[tuple[int, ...], ...] = ()
    first_slots: tuple[float, ...] = ()
    memory: tuple[int, ...] = ()
    first_memory: tuple[float, ...] = ()
    clip: str | None = None
    clip_limit: float = 0.0
    decay: float = 0.0
    average: Average | None = None


@dataclass(frozen=True)
class Stack:
    """Layers that follow one another.

    Attributes
    ----------
    row_shape : tuple of int
        Of a row of inputs.
    layers : tuple of Layer
    """

    row_shape: tuple[int, ...]
    layers: tuple[Layer, ...]

    @property
    def trained(self) -> tuple[Weight, ...]:
        """The trained weights, in the order of the layers."""
        return tuple(w for layer in self.layers for w in layer.weights if w.trained)

    @property
    def fixed(self) -> tuple[Weight, ...]:
        """All other weights, in the order of the layers."""
        every = (w for layer in self.layers for w in (*layer.weights, *layer.statics))
        return tuple(weight for weight in every if not weight.trained)

    @property
    def largest_product(self) -> int:
        """The most multiplications that a layer makes for a row."""
        return max(
            (one.inputs * one.outputs for one in self.layers if one.kind == "dense"), default=0
        )


@dataclass(frozen=True)
class Description:
    """All that the kernel knows of a network and of how it is trained.

    Attributes
    ----------
    stack : Stack
        At least one of its layers is trained.
    loss : Loss
    optimizer : Optimizer
    metrics : tuple of Metric
    """

    stack: Stack
    loss: Loss
    optimizer: Optimizer
    metrics: tuple[Metric, ...] = ()
