"""Keras callbacks among the parameters of a wrapper: checked, made, and told apart by what they watch."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from skdl.common.keras_import import load_keras
from skdl.exceptions import InvalidParameterError
from skdl.wrappers.routed_parameters import RoutedParameters


class UserCallbacks(RoutedParameters):
    """How a wrapper comes to the callbacks of a call."""

    callbacks: Any

    def _routed_callbacks(self, method: str) -> Any:
        """The callbacks of parameters for "fit" or "predict", classes made instances."""
        raise NotImplementedError

    def _made_callbacks(self, method: str, given: Any) -> tuple[Any, ...]:
        """The callbacks of parameters and those `given` to this call, classes made instances."""
        for name in ("callbacks", "fit__callbacks", "predict__callbacks"):
            value = getattr(self, name, None)
            for one in () if value is None else _flat(value):
                self._check_callback(name, one)
        self._check_routes("callbacks", self.callbacks)
        made = [*_flat(self._routed_callbacks(method)), *_flat(given or ())]
        for one in made:
            self._check_callback("callbacks", one)
        return tuple(made)

    def _check_callback(self, name: str, one: Any) -> None:
        kind = load_keras().callbacks.Callback
        if not (isinstance(one, kind) or (inspect.isclass(one) and issubclass(one, kind))):
            raise InvalidParameterError(
                f"{type(self).__name__}: {name} holds {one!r}. Got {type(one).__name__}, expected "
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
