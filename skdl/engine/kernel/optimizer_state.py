"""The variables of an optimizer of Keras's: where they are, and what they hold before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skdl.engine.kernel.description import Description

# The number of steps is variable 0, the learning rate is variable 1.
_FIRST = 2


@dataclass(frozen=True)
class Places:
    """The places of arrays and numbers among the variables of an optimizer.

    Attributes
    ----------
    average : tuple of int
        Of the moving averages of the weights, if the optimizer has some.
    slots : tuple of tuple of int
        For each slot, its places in the order of the trained weights.
    memory : tuple of int
    """

    average: tuple[int, ...]
    slots: tuple[tuple[int, ...], ...]
    memory: tuple[int, ...]


def places_of(
    order: Sequence[int], groups: Sequence[int], n_memory: int = 0, *, averages: bool = False
) -> Places:
    """The places where Keras's optimizers put their variables.

    Parameters
    ----------
    order : sequence of int
        The place of each trained weight among the trainable variables of the network.
    groups : sequence of int
        How many slots the optimizer adds by one call. The slots of one call are ordered by weight, calls
        follow one another.
    n_memory : int
        How many single numbers the optimizer remembers.
    averages : bool
        Whether the optimizer has moving averages of the weights.

    Examples
    --------
    Adam has two slots, and AMSGrad adds a third one by a call of its own:

    >>> places_of([0, 1], [2, 1]).slots
    ((2, 4), (3, 5), (6, 7))
    """
    first, count = _FIRST, len(order)
    average: tuple[int, ...] = ()
    if averages:
        average = tuple(first + place for place in order)
        first += count
    slots = []
    for size in groups:
        for slot in range(size):
            slots.append(tuple(first + place * size + slot for place in order))
        first += size * count
    return Places(average, tuple(slots), tuple(range(first, first + n_memory)))


def fresh_state(
    description: Description, learning_rate: float, floatx: str
) -> tuple[np.ndarray, ...]:
    """The variables of the optimizer before the first step, in the order of Keras's."""
    made = description.optimizer
    found = {0: np.asarray(0, np.int64), 1: np.asarray(learning_rate, floatx)}
    slots = list(zip(made.slots, made.first_slots, strict=True))
    if made.average is not None:
        slots.append((made.average.places, 0.0))
    for places, value in slots:
        for place, weight in zip(places, description.stack.trained, strict=True):
            found[place] = np.full(weight.shape, value, floatx)
    for place, value in zip(made.memory, made.first_memory, strict=True):
        found[place] = np.asarray(value, floatx)
    return tuple(found[place] for place in range(len(found)))
