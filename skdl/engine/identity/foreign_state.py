"""The state of objects whose attributes do not tell it, such as objects of classes written in C."""

from __future__ import annotations

import contextvars
import functools
import inspect
import pickle
import threading
import weakref
from typing import Any

# Packages with classes in Python whose objects keep what they have worked out among their attributes.
_WITH_NOTES = {"pathlib", "pandas"}


def own_content(value: Any) -> tuple[str, list[Any]] | None:
    """What an object says in a way of its own that it holds, as a label and its parts; None for most.

    Examples
    --------
    >>> import contextvars
    >>> own_content(contextvars.ContextVar("units", default=4))
    ('ContextVar', ['units', 4])
    """
    if isinstance(value, contextvars.ContextVar):
        try:
            return "ContextVar", [value.name, value.get()]
        except LookupError:
            return "ContextVar", [value.name]
    if isinstance(value, threading.local):
        return "local", [type(value), vars(value)]  # of this thread
    if isinstance(value, weakref.ref):
        return "ref", [value()]
    packages = {str(base.__module__).partition(".")[0] for base in type(value).__mro__}
    if str(type(value).__module__).startswith("numpy.random"):
        if hasattr(value, "get_state"):
            return type(value).__name__, [value.get_state(legacy=False)]
        return type(value).__name__, [getattr(value, "bit_generator", value).state]
    return pickled_content(value) if packages & _WITH_NOTES else None


def pickled_content(value: Any) -> tuple[str, list[Any]] | None:
    """What an object tells `pickle` of itself, as a label and its parts; None where it refuses.

    Examples
    --------
    >>> import datetime
    >>> pickled_content(datetime.timedelta(days=2))
    ('pickled', [<class 'datetime.timedelta'>, (2, 0, 0)])
    """
    try:
        told = value.__reduce_ex__(2)
    except (TypeError, ValueError, AttributeError, RuntimeError, pickle.PickleError):
        return None
    if isinstance(told, str):
        return "global", [type(value), told]
    # Two of its parts may be iterators.
    return "pickled", [
        list(part) if place in (3, 4) and part else part for place, part in enumerate(told)
    ]


@functools.lru_cache(maxsize=1024)
def has_hidden_state(kind: Any) -> bool:
    """Whether objects of `kind` may hold more than attributes, as objects of classes written in C do.

    Examples
    --------
    >>> import collections, types
    >>> has_hidden_state(types.SimpleNamespace), has_hidden_state(collections.deque)
    (False, True)
    """
    if issubclass(kind, BaseException):
        return True
    room = object.__basicsize__
    for base in kind.__mro__:
        room += 8 * sum(inspect.ismemberdescriptor(part) for part in vars(base).values())
    # Where these are negative, Python keeps them in front of the object.
    room += 8 * (kind.__weakrefoffset__ > 0) + 8 * (kind.__dictoffset__ > 0)
    return kind.__basicsize__ > room or kind.__itemsize__ > 0
