"""The datasets of batches that a Keras model is trained and checked on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from skdl.engine.random import batch_order
from skdl.engine.rows.arrays import Arrays, Samples
from skdl.engine.rows.mixup import blend_of_epoch, blended

if TYPE_CHECKING:
    import tensorflow as tf


def _gather(arrays: Arrays) -> Any:
    """A function from a tensor of row numbers to those rows of `arrays`, as tensors."""
    import tensorflow as tf

    def gather(array: Any) -> Any:
        if sparse.issparse(array):
            dtype = tf.as_dtype(array.dtype)

            def rows(index: tf.Tensor) -> tf.Tensor:
                part = tf.numpy_function(lambda i: array[i].toarray(), [index], dtype)
                part.set_shape((None, array.shape[1]))
                return part

            return rows
        tensor = tf.constant(array)
        return lambda index: tf.gather(tensor, index)

    if isinstance(arrays, Mapping):
        parts = {key: _gather(part) for key, part in arrays.items()}
        return lambda index: {key: part(index) for key, part in parts.items()}
    if isinstance(arrays, (tuple, list)):
        items = [_gather(part) for part in arrays]
        return lambda index: tuple(part(index) for part in items)
    return gather(arrays)


def _batch(samples: Samples) -> Any:
    x, y = _gather(samples.x), _gather(samples.y)
    if samples.weight is None:
        return lambda index: (x(index), y(index))
    weight = _gather(samples.weight)
    return lambda index: (x(index), y(index), weight(index))


def training_batches(
    samples: Samples,
    batch_size: int,
    *,
    seed: int,
    first_epoch: int,
    shuffle: bool,
    mixup: float = 0.0,
) -> tf.data.Dataset:
    """An endless dataset of batches; after each `n_steps` batches the next epoch begins.

    The order of epoch ``e`` is ``batch_order(seed, e, n_rows)``. Keras's own shuffling follows the
    process's global seed, so that two fits in two threads would meet.
    """
    import tensorflow as tf

    rows = samples.n_rows
    kinds = [tf.int64, tf.int64, tf.float64] if mixup else [tf.int64]

    def entries(epoch: np.int64) -> list[np.ndarray]:
        order = batch_order(seed, int(epoch), rows) if shuffle else np.arange(rows, dtype=np.int64)
        return [order, *blend_of_epoch(seed, int(epoch), rows, mixup)] if mixup else [order]

    def one_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
        parts = tf.numpy_function(entries, [epoch], kinds)
        for part in parts:
            part.set_shape((rows,))
        return tf.data.Dataset.from_tensor_slices(tuple(parts)).batch(batch_size)

    take = _batch(samples)

    def batch(index: tf.Tensor, partners: Any = None, shares: Any = None) -> Any:
        if not mixup:
            return take(index)
        own, other = ((*take(part), None)[:3] for part in (index, partners))
        x, y, weight = blended(own, other, shares)
        return (x, y) if weight is None else (x, y, weight)

    # A range is there at once; a counter, which has no end at all, is traced first.
    epochs = tf.data.Dataset.range(first_epoch, np.iinfo(np.int64).max)
    return _single_threaded(epochs.flat_map(one_epoch).map(batch))


def validation_batches(samples: Samples, batch_size: int) -> tf.data.Dataset:
    """All rows once, in their order."""
    import tensorflow as tf

    return _single_threaded(
        tf.data.Dataset.range(samples.n_rows).batch(batch_size).map(_batch(samples))
    )


def _single_threaded(dataset: tf.data.Dataset) -> tf.data.Dataset:
    # A gather of a few rows is cheaper than handing it to a pool of threads.
    import tensorflow as tf

    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    options.autotune.enabled = False
    return dataset.with_options(options)
