"""Rows as a network takes them, in any nesting: one array, or several in a tuple or a dict."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skdl.common.keras_settings import floatx

# What a network takes or gives for some rows: one array or sparse matrix, or several in a tuple or a
# dict, all with the rows along their first axis.
Arrays = Any


def leaves(arrays: Arrays) -> list[Any]:
    """The single arrays of `arrays`, those of a dict in the order of its keys, as Keras has them."""
    if isinstance(arrays, Mapping):
        return [leaf for key in sorted(arrays) for leaf in leaves(arrays[key])]
    if isinstance(arrays, (tuple, list)):
        return [leaf for part in arrays for leaf in leaves(part)]
    return [arrays]


def n_rows(arrays: Arrays) -> int:
    """The number of rows of `arrays`."""
    return int(leaves(arrays)[0].shape[0])


@dataclass(frozen=True, eq=False)
class Samples:
    """Rows as the network takes them.

    Attributes
    ----------
    x, y : array of shape (n_rows, ...), sparse matrix, or a tuple or dict of them
        Inputs and encoded targets.
    weight : ndarray of shape (n_rows,), a tuple or dict of them, or None
        The weight of each row in the loss.
    rooms : tuple of (ndarray or None)
        For the single arrays of `x`, where they are the first rows of one with zeros behind; a program
        takes it as it is, and `x` is not copied once more. They say nothing that `x` does not.
    """

    x: Arrays
    y: Arrays
    weight: Arrays | None = None
    rooms: tuple[np.ndarray | None, ...] = ()

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return n_rows(self.x)


def map_arrays(function: Any, arrays: Arrays) -> Arrays:
    """`arrays` with `function` applied to each single array; lists become tuples."""
    if isinstance(arrays, Mapping):
        return {key: map_arrays(function, part) for key, part in arrays.items()}
    if isinstance(arrays, (tuple, list)):
        return tuple(map_arrays(function, part) for part in arrays)
    return function(arrays)


def take_rows(arrays: Arrays, index: np.ndarray | slice) -> Arrays:
    """The rows `index` of `arrays`, dense: of a sparse matrix only these rows are ever dense."""

    def rows(array: Any) -> Any:
        part = array[index]
        return part.toarray() if sparse.issparse(part) else part

    return map_arrays(rows, arrays)


def few_rows(samples: Samples, size: int | None = None) -> tuple[Any, Any, Any]:
    """Inputs, targets and weights of two rows, repeated to `size` rows where a network wants so many."""
    few = np.arange(2 if size is None else size) % min(2, samples.n_rows)
    weight = None if samples.weight is None else take_rows(samples.weight, few)
    return take_rows(samples.x, few), take_rows(samples.y, few), weight


def filled_rows(arrays: Arrays, rows: int | None) -> Arrays:
    """`rows` rows of `arrays`, repeated where they are fewer; as they are where `rows` is None."""
    return arrays if rows is None else take_rows(arrays, np.arange(rows) % n_rows(arrays))


def n_steps(samples: Samples, batch_size: int) -> int:
    """The number of batches of an epoch, the last and smaller one included."""
    return -(-samples.n_rows // batch_size)


def network_array(array: Any) -> Any:
    """`array` as a network takes it: floats in Keras's default float type, the rest as it is.

    A sparse matrix stays sparse, in a format with fast access to rows.
    """
    kind = floatx()
    if sparse.issparse(array):
        matrix = array.tocsr()
        return matrix if matrix.dtype == kind else _cast(matrix, kind)
    array = np.asarray(array)
    if array.dtype.kind == "f" and array.dtype != kind:
        return _cast(array, kind)
    return array


def _cast(array: Any, dtype: str) -> Any:
    """`array` in another float type, or an error where a number is too large for it."""
    with np.errstate(over="ignore"):
        return check_cast(array.astype(dtype))


def check_cast(cast: Any) -> Any:
    """`cast` itself, or an error where a number was too large for its float type."""
    if not np.isfinite(cast.data if sparse.issparse(cast) else cast).all():
        raise ValueError(
            f"Input contains infinity or a value too large for dtype('{cast.dtype}'): scale the data."
        )
    return cast


def are_same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays are alike in every bit; never for arrays of objects."""
    if one.shape != other.shape or one.dtype != other.dtype or one.dtype.hasobject:
        return False
    return np.array_equal(_bytes_of(one), _bytes_of(other))


def _bytes_of(value: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(value).reshape(-1).view(np.uint8)


def content_of(arrays: Arrays) -> str:
    """A digest that arrays share where they are alike in every bit, in types, shapes and nesting.

    Examples
    --------
    >>> content_of(np.arange(3)) == content_of(np.arange(3))
    True
    >>> content_of(np.arange(3)) == content_of(np.arange(3.0))
    False
    """
    found = hashlib.sha256()
    for part in _pieces(arrays):
        found.update(part)
    return found.hexdigest()


def _pieces(arrays: Arrays) -> Iterator[Any]:
    """What `content_of` reads, in an order that follows from the nesting."""
    if arrays is None:
        yield b"none;"
    elif isinstance(arrays, Mapping):
        yield f"dict of {len(arrays)};".encode()
        for key in sorted(arrays):
            yield f"{key!r}:".encode()
            yield from _pieces(arrays[key])
    elif isinstance(arrays, (tuple, list)):
        yield f"{len(arrays)};".encode()
        for part in arrays:
            yield from _pieces(part)
    elif sparse.issparse(arrays):
        rows = arrays.tocsr()
        yield f"sparse {rows.shape};".encode()
        for part in (rows.data, rows.indices, rows.indptr):
            yield from _pieces(part)
    else:
        array = np.asarray(arrays)
        yield f"{array.dtype.str} {array.dtype} {array.shape};".encode()
        # Of objects, such as words, there are no bits.
        text = repr(array.tolist()) if array.dtype.hasobject else None
        yield _bytes_of(array) if text is None else text.encode("utf-8", "surrogatepass")
