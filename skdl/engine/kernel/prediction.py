"""Predictions of described layers: a row's bits depend on no other row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from skdl.engine.kernel.arguments import TRAINS
from skdl.engine.kernel.assembly import LayerTables, integers, read_only, sizes_for
from skdl.engine.kernel.description import Stack
from skdl.engine.kernel.loop import run_layers
from skdl.engine.kernel.native_calls import (
    ENTRY,
    floats_of,
    flush_subnormals,
    integers_of,
    reals_of,
    restore_floats,
    run,
    table_at,
)
from skdl.engine.kernel.pieces import INTERPRETED, inlined, part, piece

# A chunk of rows, whose values between the layers are kept.
ROWS_OF_CHUNK = 256
ROWS_OF_SPARSE = 4096
# What does nothing in a prediction.
_OF_TRAINING = (
    "dropout",
    "gaussian_noise",
    "gaussian_dropout",
    "alpha_dropout",
    "activity_penalty",
)


def predict_rows(stack: Stack, variables: Sequence[np.ndarray], x: Any, dtype: str) -> np.ndarray:
    """The outputs of a network for all rows of `x`.

    Parameters
    ----------
    stack : Stack
    variables : sequence of ndarray
        Of the network, in the order of `keras.Model.variables`.
    x : ndarray of shape (n_rows, ...), or sparse matrix
    dtype : {"float32", "float64"}

    Returns
    -------
    ndarray of shape (n_rows, n_outputs)
    """
    made = [
        replace(layer, kind="dense_by_row") if layer.kind == "dense" else layer
        for layer in stack.layers
        if layer.kind not in _OF_TRAINING
    ]
    if sparse.issparse(x):
        # Some rows at a time: dense, all of them may take more room than there is.
        starts = range(0, max(1, x.shape[0]), ROWS_OF_SPARSE)
        parts = (x[start : start + ROWS_OF_SPARSE].toarray() for start in starts)
        return np.concatenate([predict_rows(stack, variables, part, dtype) for part in parts])
    if not made:
        return np.array(x, dtype).reshape(len(x), -1)
    tables = LayerTables(Stack(stack.row_shape, tuple(made)), dtype, ROWS_OF_CHUNK)
    n, outputs = made[0].inputs, np.empty(len(x) * made[-1].outputs, dtype)
    counts = [len(made), len(x), n, made[-1].outputs, tables.starts[-1], ROWS_OF_CHUNK]
    arrays = (
        integers(tables.rows),
        np.array(tables.numbers, float),
        tables.weights(variables),
        tables.room(tables.n_activations),
        tables.room(tables.n_kept),
        read_only(x, dtype),
        outputs,
        np.array(counts, np.int64),
        sizes_for(dtype),
    )
    if INTERPRETED:
        _predict(*arrays)
    else:
        run(_predict_by_table, dtype, _TYPES, arrays)
    return outputs.reshape(len(x), made[-1].outputs)


_TYPES = "ifrrrrrii"


@inlined
def _predict(layers, numbers, weights, values, kept, x, y, counts, sizes):
    """Fill `y` chunk by chunk.

    `counts` has the numbers of layers, rows, inputs and outputs, where the outputs begin, and the rows of a
    chunk.
    """
    n_layers, n_rows, n, o, place, size = (
        counts[0],
        counts[1],
        counts[2],
        counts[3],
        counts[4],
        counts[5],
    )
    noise = part(sizes, 0, 0)  # no layer makes any
    sizes[TRAINS] = 0
    start = 0
    while start < n_rows:
        m = min(size, n_rows - start)
        for i in range(m * n):
            values[i] = x[start * n + i]
        run_layers(layers, numbers, weights, noise, values, kept, sizes, m, n_layers)
        for i in range(m * o):
            y[start * o + i] = values[place + i]
        start += size


@piece(ENTRY)
def _predict_by_table(address):
    """`_predict` for the arrays of a table."""
    table, floats = table_at(address, 2 * len(_TYPES)), flush_subnormals()
    _predict(
        integers_of(table, 0),
        floats_of(table, 1),
        reals_of(table, 2),
        reals_of(table, 3),
        reals_of(table, 4),
        reals_of(table, 5),
        reals_of(table, 6),
        integers_of(table, 7),
        integers_of(table, 8),
    )
    restore_floats(floats)
