"""Whether two values of hyperparameters are the same, also where `==` cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


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
