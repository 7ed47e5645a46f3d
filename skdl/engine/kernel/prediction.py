"""Predictions of described layers: a row's bits depend on no other row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numba
import numpy as np
from numba import types
from scipy import sparse

from skdl.engine.kernel.arguments import N_SIZES, TRAINS
from skdl.engine.kernel.assembly import LayerTables, integers, read_only
from skdl.engine.kernel.cache import cached
from skdl.engine.kernel.description import Stack
from skdl.engine.kernel.loop import run_layers
from skdl.engine.kernel.pieces import INTERPRETED, OPTIONS, once_for_each_type

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
    _predictor(dtype)(
        integers(tables.rows),
        np.array(tables.numbers, float),
        tables.weights(variables),
        tables.room(tables.n_activations),
        tables.room(tables.n_kept),
        read_only(x, dtype),
        outputs,
        np.array(
            [len(made), len(x), n, made[-1].outputs, tables.starts[-1], ROWS_OF_CHUNK], np.int64
        ),
    )
    return outputs.reshape(len(x), made[-1].outputs)


def _predict(layers, numbers, weights, values, kept, x, y, counts):
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
    sizes, noise = np.empty(N_SIZES, np.int64), np.empty(0, np.int64)
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


@once_for_each_type
def _predictor(dtype: str) -> Any:
    """The function above for a float type, compiled if need be."""
    if INTERPRETED:
        return _predict
    kind = getattr(types, dtype)
    real, rows = types.Array(kind, 1, "C"), types.Array(kind, 1, "C", readonly=True)
    whole, double = types.Array(types.int64, 1, "C"), types.Array(types.float64, 1, "C")
    dispatcher = cached(numba.njit(**OPTIONS)(_predict), dtype)
    dispatcher.compile(types.void(whole, double, real, real, real, rows, real, whole))
    dispatcher.disable_compile()
    return dispatcher
