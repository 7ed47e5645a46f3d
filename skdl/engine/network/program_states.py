"""From what a program keeps of its state to the state of a network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from skdl.engine.network.state import Layout, NetworkState
from skdl.engine.structure.widths import cut


class StatesOfProgram:
    """Turns the tensors of a program into states of the network of one job.

    Parameters
    ----------
    start : sequence of ndarray
        The variables that the network begins with.
    layout : Layout
        Where these are in a program.
    shapes, optimizer_shapes : sequence of tuple of int
        Of the variables of the network, and of the variables of its optimizer.
    """

    def __init__(
        self,
        start: Sequence[np.ndarray],
        layout: Layout,
        shapes: Sequence[tuple[int, ...]],
        optimizer_shapes: Sequence[tuple[int, ...]],
    ):
        self._start, self._layout = start, layout
        self._shapes, self._optimizer_shapes = shapes, optimizer_shapes

    def of_kept(self, kept: list[Any]) -> NetworkState:
        """The state of the network from what a rule has kept of the program's."""
        first = len(self._layout.trainable)
        second = first + len(self._layout.fixed)
        return self.of(kept[:first], kept[first:second], kept[second:])

    def of(
        self, trainable: Iterable[Any], fixed: Iterable[Any], optimizer: Iterable[Any]
    ) -> NetworkState:
        """The state of the network from the tensors of a program, without what fills them up."""
        variables = list(self._start)
        for place, value in zip(self._layout.trainable, trainable, strict=True):
            variables[place] = cut(np.asarray(value), self._shapes[place])
        for where, part in zip(self._layout.fixed, fixed, strict=True):
            if where is not None:
                variables[where] = cut(np.asarray(part), self._shapes[where])
        return NetworkState(
            tuple(variables),
            tuple(
                cut(np.asarray(part), shape)
                for part, shape in zip(optimizer, self._optimizer_shapes, strict=True)
            ),
        )
