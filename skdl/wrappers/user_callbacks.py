"""Keras callbacks among the parameters of a wrapper: checked, made, and told apart by what they watch."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from skdl.common.keras_import import load_keras
from skdl.exceptions import InvalidParameterError


def made_callbacks(wrapper: Any, method: str, given: Any) -> tuple[Any, ...]:
    """The callbacks of a wrapper's parameters, and those `given` to this call, classes made instances.

    Parameters
    ----------
    wrapper : KerasWrapper
        By scikeras's conventions it makes callbacks of its parameters.
    method : {"fit", "predict"}
    given : callback, or a list or dict of callbacks, or None

    Raises
    ------
    InvalidParameterError
        Something is no callback, or a routed parameter reaches none.
    """
    owner = type(wrapper).__name__
    names = ("callbacks", "fit__callbacks", "predict__callbacks")
    held = {name: getattr(wrapper, name, None) for name in names}
    for name, value in held.items():
        for one in () if value is None else _flat(value):
            _check_callback(owner, name, one)
    wrapper._check_routes("callbacks", wrapper.callbacks)
    holds = any(value is not None for value in held.values())
    made = [*_flat(wrapper._routed_callbacks(method) if holds else ()), *_flat(given or ())]
    for one in made:
        _check_callback(owner, "callbacks", one)
    return tuple(made)


def _check_callback(owner: str, name: str, one: Any) -> None:
    kind = load_keras().callbacks.Callback
    if not (isinstance(one, kind) or (inspect.isclass(one) and issubclass(one, kind))):
        raise InvalidParameterError(
            f"{owner}: {name} holds {one!r}. Got {type(one).__name__}, expected "
            "keras.callbacks.Callback instances or classes, alone or in a list or dict."
        )


def _flat(callbacks: Any) -> list[Any]:
    """Callbacks of nested lists and dicts in one list."""
    if isinstance(callbacks, Mapping):
        callbacks = list(callbacks.values())
    if not isinstance(callbacks, (list, tuple)):
        return [callbacks]
    return [one for part in callbacks for one in _flat(part)]


def watches_prediction(callback: Any) -> bool:
    """Whether a callback does anything while a model predicts."""
    base = load_keras().callbacks.Callback
    return any(
        getattr(type(callback), f"on_predict_{moment}", None)
        is not getattr(base, f"on_predict_{moment}")
        for moment in ("begin", "end", "batch_begin", "batch_end")
    )
