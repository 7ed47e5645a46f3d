"""Rows on their way into a program: one copy, cast and filled up, that TensorFlow reads where it lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from skdl.common.keras_import import load_keras
from skdl.common.keras_settings import floatx
from skdl.engine.rows.arrays import Arrays, Samples, check_cast, map_arrays, network_array
from skdl.engine.rows.sizes import bucket_of_rows

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

# TensorFlow takes an array as it is where it begins at such an address, and copies another one.
_ALIGNMENT = 64


def aligned_zeros(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Zeros that begin at an address TensorFlow takes.

    Examples
    --------
    >>> aligned_zeros((2, 3), "float32").ctypes.data % 64
    0
    """
    dtype = np.dtype(dtype)
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    raw = np.zeros(n_bytes + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + n_bytes].view(dtype).reshape(shape)


def with_room(arrays: Arrays) -> tuple[Arrays, tuple[np.ndarray | None, ...]]:
    """`arrays` as a network takes them; what is cast has room behind it for the rows that fill it up.

    Returns
    -------
    arrays : Arrays
        As `network_array` gives them.
    rooms : tuple of (ndarray or None)
        For each single array, in the order of `map_arrays`, the zeros that it is the first rows of.
    """
    kind = np.dtype(floatx())
    rooms: list[np.ndarray | None] = []

    def cast(array: Any) -> Any:
        plain = sparse.issparse(array) or not isinstance(array, np.ndarray)
        if plain or array.dtype.kind != "f" or array.dtype == kind or not array.size:
            rooms.append(None)
            return network_array(array)
        rows = array.shape[0]
        size = bucket_of_rows(rows, array.size // rows * kind.itemsize)
        room = aligned_zeros((size, *array.shape[1:]), kind)
        with np.errstate(over="ignore"):
            np.copyto(room[:rows], array, casting="same_kind")
        rooms.append(room)
        return check_cast(room[:rows])

    return map_arrays(cast, arrays), tuple(rooms)


def read_as_floats(samples: Samples, model: keras.Model) -> Samples:
    """`samples` with the whole numbers cast that `model` would cast in each step.

    Keras's own losses and metrics read targets as floats, and a graph of layers reads rows in the type of
    its inputs. Cast at once, whole numbers share the program of floats; those that take less room than
    floats, such as images of uint8, stay as they are.
    """
    kind = np.dtype(floatx())
    if kind.itemsize < 4:
        return samples  # too coarse for the numbers of many classes
    types = {one.dtype for one in getattr(model, "inputs", None) or ()}

    def row(array: Any) -> Any:
        if array.dtype.kind not in "iu" or sparse.issparse(array):
            return array
        dtype = np.dtype(*types)
        return array.astype(dtype) if array.dtype.itemsize >= dtype.itemsize else array

    def target(array: Any) -> Any:
        return array.astype(kind) if array.dtype.kind in "iub" else array

    x = map_arrays(row, samples.x) if len(types) == 1 else samples.x
    return replace(samples, x=x, y=map_arrays(target, samples.y))


def data_of(samples: Samples, rows: int) -> Data:
    """The tensors of `samples`, filled up with zeros to `rows`. Nobody writes to their memory again."""
    import tensorflow as tf

    rooms: Iterator[np.ndarray | None] = iter(samples.rooms or repeat(None))

    def tensor(array: Any, room: np.ndarray | None = None) -> tf.Tensor:
        size = max(rows, array.shape[0])
        if array.dtype.kind not in "fiu":  # words and truth values have no place in shared memory
            room = np.zeros((size, *array.shape[1:]), array.dtype)
            room[: array.shape[0]] = array
            return tf.constant(room)
        if room is None or len(room) < size:
            room = aligned_zeros((size, *array.shape[1:]), array.dtype.newbyteorder("="))
            room[: array.shape[0]] = array.toarray() if sparse.issparse(array) else array
        part = room[:size]
        return (
            tf.experimental.dlpack.from_dlpack(part.__dlpack__())
            if part.size
            else tf.constant(part)
        )

    weight = None if samples.weight is None else map_arrays(tensor, samples.weight)
    x = map_arrays(lambda array: tensor(array, next(rooms)), samples.x)
    return Data(x, map_arrays(tensor, samples.y), weight)


def shapes_of(training: Samples, validation: Samples | None) -> tuple[Any, ...]:
    """The shapes of single rows and their types, as part of the key of a program."""

    def of(samples: Samples | None) -> Any:
        if samples is None:
            return None
        return [
            (load_keras().tree.map_structure(lambda a: (a.shape[1:], str(a.dtype)), part))
            for part in (samples.x, samples.y, samples.weight)
            if part is not None
        ]

    return load_keras().config.floatx(), repr(of(training)), repr(of(validation))


@dataclass(frozen=True)
class Data:
    """Tensors of the rows of one job, filled up to the sizes of the program."""

    x: Any
    y: Any
    weight: Any
