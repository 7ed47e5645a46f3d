"""What is said of the data of a search: shape, classes, a fingerprint; never the data themselves."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import type_of_target

from skdl.exceptions import InvalidParameterError
from skdl.results.value_texts import one_line

# Of more classes than this the largest are named.
MOST_CLASSES = 20


@dataclass(frozen=True)
class DataFacts:
    """What `X` is.

    Attributes
    ----------
    shape : tuple of int
    container : str
        Such as ``"array"`` or ``"DataFrame"``.
    types : tuple of (str, int)
        The types of the columns, with how many columns have each; the most frequent first.
    n_missing : int
        Values that are nan or None.
    fingerprint : str
        Twelve letters that other values of `X`, or others of `y`, have otherwise.
    """

    shape: tuple[int, ...]
    container: str
    types: tuple[tuple[str, int], ...]
    n_missing: int
    fingerprint: str


@dataclass(frozen=True)
class TargetFacts:
    """What `y` is.

    Attributes
    ----------
    kind : str
        As scikit-learn's `type_of_target` says.
    n_outputs : int
    classes : tuple of (str, int)
        The labels with how often each occurs, the most frequent first; empty where they are numbers.
    n_classes : int
        How many there are, also of those that are not in `classes`.
    mean, std, low, high : float or None
        Of numbers.
    """

    kind: str
    n_outputs: int
    classes: tuple[tuple[str, int], ...] = ()
    n_classes: int = 0
    mean: float | None = None
    std: float | None = None
    low: float | None = None
    high: float | None = None


def check_data(X: Any, y: Any, search: Any) -> None:
    """Whether `X` and `y` belong together and to a search.

    Raises
    ------
    InvalidParameterError
        They do not.
    """
    if X is None:
        if y is not None:
            raise InvalidParameterError("Got y without X, expected both or neither: pass X too.")
        return
    # A search for clusters or densities has no y.
    shape, rows = _shape(X), None if y is None else len(_target(y))
    if not shape or rows not in (None, shape[0]):
        raise InvalidParameterError(
            f"Got X of shape {shape} and y of {rows or 'no'} rows, expected as many rows of both: pass what "
            "the search was fitted with."
        )
    expected = getattr(search, "n_features_in_", None)
    if expected is not None and len(shape) == 2 and shape[1] != expected:
        raise InvalidParameterError(
            f"Got X with {shape[1]} columns, expected {expected} as the search was fitted with: pass the "
            "same X."
        )
    if y is None:
        return
    classes = getattr(search, "classes_", None)
    target = _target(y)
    if isinstance(classes, np.ndarray) and target.ndim == 1:
        unknown = set(target.tolist()) - set(classes.tolist())
        if classes.dtype.kind in "iuf":
            unknown -= {-1}  # rows without a label, of which a semi-supervised search learns
        if unknown:
            raise InvalidParameterError(
                f"Got the class {one_line(repr(next(iter(unknown))), 80)} in y, which the search was not "
                "fitted with: pass the same y."
            )


def describe_data(X: Any, y: Any) -> tuple[DataFacts, TargetFacts | None]:
    """What is said of `X` and `y`, which may be None."""
    types: Counter[str] = Counter()
    missing = 0
    digest = hashlib.sha256()
    for name, values in _columns(X):
        # Of a sparse matrix the places are no columns.
        if name not in ("indices", "indptr") or not sparse.issparse(X):
            types[str(values.dtype)] += _width(X, values)
        missing += _count_missing(values)
        digest.update(f"{name!r} {values.dtype} {values.shape}\0".encode())
        digest.update(_bytes(values))
    target = None if y is None else _target(y)
    if target is not None:
        digest.update(f"y {target.dtype} {target.shape}\0".encode())
        digest.update(_bytes(target))
    container = type(X).__name__
    facts = DataFacts(
        shape=_shape(X),
        container="array" if container == "ndarray" else container,
        types=tuple(types.most_common()),
        n_missing=missing,
        fingerprint=digest.hexdigest()[:12],
    )
    return facts, None if target is None else _describe_target(target)


def _shape(X: Any) -> tuple[int, ...]:
    if hasattr(X, "shape"):
        return tuple(int(size) for size in X.shape)
    try:
        return np.shape(X)
    except ValueError:  # rows of unequal length, as lists of tokens
        return (len(X),)


def _array(X: Any) -> np.ndarray:
    try:
        return np.asarray(X)
    except ValueError:
        rows = np.empty(len(X), dtype=object)
        rows[:] = list(X)
        return rows


def _target(y: Any) -> np.ndarray:
    return y.toarray() if sparse.issparse(y) else np.asarray(y)


def _columns(X: Any) -> Iterator[tuple[str, np.ndarray]]:
    """The columns of a data frame by name, or all of an array at once."""
    if sparse.issparse(X):
        parts = X.tocsr().sorted_indices()
        for name in ("data", "indices", "indptr"):
            part = getattr(parts, name)
            yield name, part if name == "data" else part.astype(np.int64)
    elif hasattr(X, "columns"):
        # By their places: two columns may have one name.
        for place, name in enumerate(X.columns):
            one = X.iloc[:, place] if hasattr(X, "iloc") else X[name]
            yield str(name), np.asarray(one)
    else:
        yield "", _array(X)


def _width(X: Any, values: np.ndarray) -> int:
    if sparse.issparse(X):
        return int(X.shape[1])
    return int(np.prod(values.shape[1:])) if values.ndim > 1 else 1


def _count_missing(values: np.ndarray) -> int:
    if values.dtype.kind in "fc":
        return int(np.isnan(values).sum())
    if values.dtype.kind in "mM":
        return int(np.isnat(values).sum())
    if values.dtype.kind == "O":
        # What is not equal to itself is a nan, also pandas's.
        return sum(value is None or _is_nan(value) for value in values.ravel().tolist())
    return 0


def _is_nan(value: Any) -> bool:
    try:
        return bool(value != value)
    except Exception:  # arrays and pandas.NA give no truth value
        return type(value).__name__ == "NAType"


def _bytes(values: np.ndarray) -> bytes:
    if values.dtype.kind == "O":
        return "\0".join(map(repr, values.ravel().tolist())).encode("utf-8", "backslashreplace")
    return np.ascontiguousarray(values).tobytes()


def _describe_target(target: np.ndarray) -> TargetFacts:
    kind = type_of_target(target)
    outputs = 1 if target.ndim == 1 else int(np.prod(target.shape[1:]))
    if kind in ("binary", "multiclass"):
        labels = Counter(target.ravel().tolist()).most_common()
        # Equally frequent ones in the order of their labels, not of the rows.
        labels.sort(key=lambda pair: (-pair[1], *_order(pair[0])))
        named = tuple((one_line(label, 80), count) for label, count in labels[:MOST_CLASSES])
        return TargetFacts(kind, outputs, named, len(labels))
    if target.dtype.kind in "biuf":
        numbers = target.astype(np.float64)
        return TargetFacts(
            kind,
            outputs,
            mean=float(numbers.mean()),
            std=float(numbers.std()),
            low=float(numbers.min()),
            high=float(numbers.max()),
        )
    return TargetFacts(kind, outputs)


def _order(label: Any) -> tuple[float, str]:
    return (float(label), "") if isinstance(label, (int, float)) else (math.inf, str(label))
