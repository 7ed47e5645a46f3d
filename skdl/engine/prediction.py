"""Predictions whose bits do not depend on the rows they are asked for together with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl._startup import load_keras, start_devices
from skdl.engine.batches import map_arrays, take_rows, validation_batches
from skdl.engine.job import Arrays, Samples, leaves, n_rows

if TYPE_CHECKING:
    import keras


def chunk_rows(x: Arrays) -> int:
    """How many rows are predicted at a time: a power of two from 32 to 1,024, fewer for wide rows.

    It follows from the width of a row alone, for it decides the bits (see `predict`).
    """
    width = max(1, sum(int(np.prod(leaf.shape[1:])) for leaf in leaves(x)))
    return min(1024, max(32, 1 << (max(1, 2**18 // width).bit_length() - 1)))


def predict(
    model: keras.Model,
    x: Arrays,
    *,
    batch_size: int | None = None,
    callbacks: Sequence[Any] = (),
    options: Mapping[str, Any] | None = None,
) -> Arrays:
    """The outputs of `model` for all rows of `x`.

    The model is called on chunks of one size, the last one filled up with copies of its last row: a matrix
    product of another height may be summed in another order, and a row's prediction would depend on its
    company. The size is `batch_size` or the next power of two, since the last rows of an odd product are
    summed in another order too. With callbacks, further options, or a ``predict_step`` of the model's
    own, `keras.Model.predict` is used instead.

    Returns
    -------
    ndarray of shape (n_rows, ...), or a list or dict of them
    """
    keras = load_keras()
    start_devices()
    rows = n_rows(x)
    size = chunk_rows(x) if batch_size is None else batch_size
    if callbacks or options or type(model).predict_step is not keras.Model.predict_step:
        # `validation_batches` wants targets; they are dropped again before the model sees a batch. The
        # inputs stay in a tuple of their own, or Keras would take two of them for inputs and targets.
        batches = validation_batches(Samples(x, np.zeros(rows)), size).map(lambda part, _: (part,))
        return model.predict(
            batches, callbacks=list(callbacks), **{"verbose": 0, **(options or {})}
        )
    parts = []
    size = 1 << (size - 1).bit_length()
    for start in range(0, rows, size):
        index = np.minimum(np.arange(start, start + size), rows - 1)
        outputs = model(map_arrays(np.ascontiguousarray, take_rows(x, index)), training=False)
        kept = min(size, rows - start)
        parts.append(keras.tree.map_structure(lambda part, n=kept: np.asarray(part)[:n], outputs))
    return keras.tree.map_structure(lambda *pieces: np.concatenate(pieces), *parts)
