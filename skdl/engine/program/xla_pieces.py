"""Pieces of a graph that XLA compiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# The first parts of the names of TensorFlow's operations that take far longer with XLA, on a CPU.
_SLOW = (
    *("Conv2D", "Conv3D", "DepthwiseConv2d"),
    *("Random", "StatelessRandom", "StatelessTruncated", "StatelessMultinomial"),
)


class SlowWithXlaError(Exception):
    """A piece of a graph is better not compiled by XLA."""


def by_xla(piece: Callable[[], Any]) -> Any:
    """The result of `piece`, called while a graph is traced, as something that XLA compiles.

    Parameters
    ----------
    piece : callable
        Makes operations from tensors of the graph; what depends on their values keeps its shape.

    Raises
    ------
    SlowWithXlaError
        It has operations that take far longer with XLA than in a graph.
    """
    import tensorflow as tf

    function = tf.function(piece, jit_compile=True, autograph=False)
    graph = function.get_concrete_function().graph.as_graph_def()
    nodes = [*graph.node, *(node for one in graph.library.function for node in one.node_def)]
    slow = {node.op for node in nodes if node.op.startswith(_SLOW)}
    if slow:
        raise SlowWithXlaError(", ".join(sorted(slow)))
    return function()
