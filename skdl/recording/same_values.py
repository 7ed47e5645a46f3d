"""Whether two values of hyperparameters are the same, also where `==` cannot tell, or one has gone since."""

from __future__ import annotations

import sys
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

# The most that is kept of a value itself: entries of a container, bytes of an array or a text, and containers
# inside of containers.
_MOST_ENTRIES = 1_000
_MOST_BYTES = 8_192
_MOST_DEEP = 8
# What an entry of a container weighs, roughly.
_BYTES_OF_AN_ENTRY = 64


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same: one object, or equal.

    NaN is the same as NaN, arrays are compared as wholes, containers by what they hold. Objects that know
    no equality, such as an estimator and its copy out of a pickle, are the same if they are of one class.

    Examples
    --------
    >>> same({"rate": float("nan"), "units": (8, 4)}, {"rate": float("nan"), "units": (8, 4)})
    True
    >>> same(1, True)
    False
    """
    if one is other:
        return True
    if isinstance(one, StandIn):
        return one.stands_for(other)
    if isinstance(other, StandIn):
        return other.stands_for(one)
    if type(one) is not type(other):
        return False
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        if one.dtype == object:
            return one.shape == other.shape and all(map(same, one.flat, other.flat))
        numbers = one.dtype.kind in "fc"
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=numbers)
    equality: Any = type(one).__eq__
    if equality is object.__eq__:
        return True
    try:
        return bool(one == other) or bool(one != one and other != other)
    except (TypeError, ValueError):
        return True  # what `==` gives is no truth: a data frame, say


class StandIn:
    """Stands for an object without keeping it alive: an estimator, a function, a large array.

    It is the same as that object. Once that has gone, and where there are no weak references to it, it is
    the same as any object of its class.

    Parameters
    ----------
    value : object
    """

    def __init__(self, value: Any):
        self._kind = type(value)
        self._value: Any = None
        with suppress(TypeError):
            self._value = weakref.ref(value)

    def stands_for(self, other: Any) -> bool:
        """Whether it is `other`, or its stand-in, that this stands for, as far as anybody knows."""
        one = self._now()
        if isinstance(other, StandIn):
            if self._kind is not other._kind:
                return False
            other = other._now()
        elif type(other) is not self._kind:
            return False
        return one is None or other is None or same(one, other)

    def _now(self) -> Any:
        return None if self._value is None else self._value()


def kept(value: Any, deep: int = 0) -> Any:
    """What to keep of a hyperparameter, to know it again by `same`: itself where it is small and plain.

    Examples
    --------
    >>> kept({"rate": 0.1, "units": (8, 4)})
    {'rate': 0.1, 'units': (8, 4)}
    >>> from sklearn.svm import SVC
    >>> model = SVC()
    >>> same(kept({"model": model}), {"model": model})
    True
    """
    kind = type(value)
    if (
        value is None
        or kind in (bool, int, float, complex)
        or isinstance(value, (type, np.generic))
    ):
        return value
    if kind in (str, bytes) and len(value) <= _MOST_BYTES:
        return value
    if kind is np.ndarray and value.dtype != object and value.nbytes <= _MOST_BYTES:
        return value.copy()  # what it is a part of may be large
    if (
        kind in (dict, OrderedDict, list, tuple)
        and len(value) <= _MOST_ENTRIES
        and deep < _MOST_DEEP
    ):
        if kind in (list, tuple):
            return kind([kept(one, deep + 1) for one in value])
        return kind((key, kept(one, deep + 1)) for key, one in value.items())
    return StandIn(value)


def weight(value: Any) -> int:
    """The bytes of what `kept` gave, roughly."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, (list, tuple)):
        return sum(map(weight, value))
    if isinstance(value, (np.ndarray, np.generic)):
        return 2 * _BYTES_OF_AN_ENTRY + value.nbytes
    if isinstance(value, (str, bytes, int)):
        return _BYTES_OF_AN_ENTRY + sys.getsizeof(value)  # a letter may have four bytes
    return _BYTES_OF_AN_ENTRY
