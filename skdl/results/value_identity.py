"""What tells the value of a hyperparameter from all others, whatever its short text leaves out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator


def identity_of(value: Any) -> str:
    """A text that two values share only where they are the same; never raises.

    Containers and estimators are what they hold. What cannot be looked into, such as a function, is the same
    only as itself.

    Examples
    --------
    >>> identity_of([1, "a"]) == identity_of([1, "a"])
    True
    >>> identity_of(None) == identity_of("None")
    False
    """
    try:
        return _identity(value)
    except Exception:  # whatever the repr or get_params of a user's class raises, the table goes on
        return f"{type(value).__qualname__} {id(value)}"


def _identity(value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    name = type(value).__qualname__
    if isinstance(value, type) or callable(value) and hasattr(value, "__name__"):
        return f"{name} {id(value)}"
    if isinstance(value, BaseEstimator):
        return f"{name} {_identity(value.get_params(deep=False))}"
    if isinstance(value, Mapping):
        return (
            f"{name} {sorted((identity_of(key), identity_of(one)) for key, one in value.items())}"
        )
    if isinstance(value, (set, frozenset)):
        return f"{name} {_digest(sorted(map(identity_of, value)))}"
    if isinstance(value, (tuple, list)):
        return f"{name} {_digest(map(identity_of, value))}"
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            return f"{name} {value.shape} {identity_of(value.tolist())}"
        digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return f"{name} {value.dtype} {value.shape} {digest}"
    return f"{name} {value!r}"


def _digest(parts: Iterable[str]) -> str:
    """What many texts are, in one short one: written out, what is nested would grow with each level."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        found.update(b"%d " % len(data) + data)
    return found.hexdigest()
