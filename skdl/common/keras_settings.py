"""What Keras's own settings are, also where Keras is not imported."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from skdl.common.keras_import import is_keras_there, load_keras


@dataclass(frozen=True)
class KerasSettings:
    """Settings of Keras that a network of standard layers depends on.

    Attributes
    ----------
    floatx : {"float32", "float64"}
        The type of weights and of what is computed.
    epsilon : float
        The number that keeps divisions and logarithms of losses and constraints finite.
    """

    floatx: str = "float32"
    epsilon: float = 1e-7


def floatx() -> str:
    """Keras's default float type; Keras is imported only where its configuration is not the standard one."""
    found = standard_settings()
    return load_keras().config.floatx() if found is None else found.floatx


def standard_settings(names: Iterable[str] = ()) -> KerasSettings | None:
    """The settings, or None where there are more of them that a network may depend on.

    Parameters
    ----------
    names : iterable of str
        What Keras is to find by these names (activations, losses, metrics, initializers) is Keras's own.
    """
    if is_keras_there():
        return _of_keras(names)
    return KerasSettings() if _is_standard_start() else None


def _of_keras(names: Iterable[str]) -> KerasSettings | None:
    keras = load_keras()
    config, saving = keras.config, keras.saving
    found = KerasSettings(config.floatx(), config.epsilon())
    with saving.custom_object_scope({}) as scope:
        registered = {*saving.get_custom_objects(), *scope.backup}
    plain = (
        found.floatx in ("float32", "float64")
        and config.dtype_policy().name == found.floatx
        and config.max_epochs() is None
        and config.max_steps_per_epoch() is None
        and registered.isdisjoint(names)
    )
    return found if plain else None


def _is_standard_start() -> bool:
    """Whether Keras, if it were imported now, would have its standard settings."""
    environment = os.environ
    if environment.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return False
    if any(name in environment for name in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")):
        return False
    return _is_standard_file(environment.get("KERAS_HOME"))


@functools.cache
def _is_standard_file(home: str | None) -> bool:
    """Whether Keras's configuration file has standard settings; it is read once a process, as Keras does."""
    if home is None:
        user = Path.home()
        home = str((user if os.access(user, os.W_OK) else Path("/tmp")) / ".keras")
    try:
        text = (Path(home).expanduser() / "keras.json").read_text(encoding="utf-8")
        given = json.loads(text)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    standard = {"floatx": "float32", "epsilon": 1e-7, "backend": "tensorflow"}
    return isinstance(given, dict) and all(
        given.get(name, value) == value for name, value in standard.items()
    )
