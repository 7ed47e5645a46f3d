"""What goes along from the thread that makes a parallel call to those that work for it."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

from skdl.common.keras_import import is_keras_there

# Keras keeps these for each thread. They are settings; the rest of what it keeps there belongs to the moment.
_KERAS_SETTINGS = (
    "custom_objects_scope_dict",
    "distribution",
    "dtype_policy",
    "flash_attention",
    "interactive_logging",
    "traceback_filtering",
)


class Caller:
    """What belongs to the thread that makes a call and is to be found in those that work for it."""

    def __init__(self) -> None:
        self._context = contextvars.copy_context()
        self._keras = _keras_settings()

    def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call `function` with the caller's context variables and settings of Keras."""
        own = _keras_settings()
        try:
            _set_keras(self._keras)
            # One context cannot be entered by two threads, and what a task sets there is its own.
            return self._context.copy().run(function, *args, **kwargs)
        finally:
            _set_keras(own)


def _keras_settings() -> dict[str, Any]:
    if not is_keras_there():
        return dict.fromkeys(_KERAS_SETTINGS)
    # Keras has public readers for all of these but the scope of custom objects.
    from keras.src.backend.common.global_state import get_global_attribute

    return {name: get_global_attribute(name) for name in _KERAS_SETTINGS}


def _set_keras(settings: dict[str, Any]) -> None:
    if is_keras_there():
        from keras.src.backend.common.global_state import set_global_attribute

        for name, value in settings.items():
            set_global_attribute(name, value)
