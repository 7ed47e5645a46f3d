"""The sizes that programs are compiled for, so that folds of about one size share a program."""

from __future__ import annotations

import numpy as np

from skdl.common.keras_settings import floatx
from skdl.engine.rows.arrays import Samples, leaves

# Up to here rows are filled up to a power of two, so that folds of about one size share a program.
COARSE_BYTES = 2**26
# A batch of all rows has at least this many, which is the batch size of most fits of more rows.
SMALLEST_WHOLE_BATCH = 32

# Above this, a sparse matrix is not made dense as a whole.
DENSE_BYTES = 2**30


def bucket_of_batch(batch_size: int, rows: int) -> int:
    """The size of batches; one of all rows, which are more or fewer in each fold, is filled up."""
    if batch_size < rows:
        return batch_size
    return max(SMALLEST_WHOLE_BATCH, bucket_of_rows(rows, COARSE_BYTES))


def bucket_of_rows(rows: int, row_bytes: int) -> int:
    """The number of rows that a program for `rows` rows is compiled for.

    Examples
    --------
    >>> [bucket_of_rows(n, 256) for n in (1, 65, 1437, 1438, 1797)]
    [256, 256, 2048, 2048, 2048]
    >>> bucket_of_rows(100_000, 3072)
    106496
    """
    size = max(256, 1 << (rows - 1).bit_length())
    if size * row_bytes <= COARSE_BYTES:
        return size
    step = max(8, size // 16)
    return -(-rows // step) * step


def dense_bytes(samples: Samples) -> int:
    """The size of the inputs as dense rows."""
    size = np.dtype(floatx()).itemsize
    return sum(int(np.prod(leaf.shape)) * size for leaf in leaves(samples.x))
