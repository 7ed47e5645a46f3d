"""The arguments of functions and classes, read once: a search asks for those of the same few all the time."""

from __future__ import annotations

import inspect
import threading
import weakref
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

_lock = threading.Lock()
_known: weakref.WeakKeyDictionary[Any, tuple[Any, Mapping[str, inspect.Parameter]]] = (
    weakref.WeakKeyDictionary()
)


def arguments_of(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of `function` by name, as `inspect.signature` gives them.

    Raises
    ------
    TypeError, ValueError
        Those of `inspect.signature`.

    Examples
    --------
    >>> list(arguments_of(lambda meta, units=8: None))
    ['meta', 'units']
    """
    # Another kind of callable may look up its signature elsewhere, where it can change unseen.
    if type(function) is not FunctionType or "__signature__" in vars(function):
        return inspect.signature(function).parameters
    if "__wrapped__" in vars(function):
        return arguments_of(vars(function)["__wrapped__"])
    # Code and defaults of a function can be set anew.
    keywords = function.__kwdefaults__
    now = function.__code__, function.__defaults__, None if keywords is None else dict(keywords)
    with _lock:
        then, parameters = _known.get(function, (None, None))
    if parameters is None or not _same(then, now):
        parameters = inspect.signature(function).parameters
        with _lock:
            _known[function] = now, parameters
    return parameters


def _same(then: Any, now: Any) -> bool:
    """Whether these are the very same objects; values such as arrays are not compared."""
    code, defaults, keywords = then
    new_code, new_defaults, new_keywords = now
    if code is not new_code or defaults is not new_defaults:
        return False
    if keywords is None or new_keywords is None:
        return keywords is new_keywords
    return keywords.keys() == new_keywords.keys() and all(
        keywords[name] is new_keywords[name] for name in keywords
    )
