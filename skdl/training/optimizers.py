"""An optimizer from its name and its numbers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from skdl._startup import load_keras
from skdl.exceptions import InvalidParameterError

NAMES = (
    "adam",
    "adamw",
    "sgd",
    "rmsprop",
    "nadam",
    "adamax",
    "adagrad",
    "adadelta",
    "lion",
    "ftrl",
    "adafactor",
    "muon",
)


def make_optimizer(
    owner: str, optimizer: Any, settings: Mapping[str, float], defaults: Mapping[str, float]
) -> Any:
    """A new Keras optimizer.

    Parameters
    ----------
    owner : str
        The estimator's name, for messages.
    optimizer : str, class or keras.optimizers.Optimizer
        An instance is copied without its state and keeps its own settings.
    settings : mapping of str to float
        Flat settings such as ``learning_rate``; one that is zero is not passed on.
    defaults : mapping of str to float
        The estimator's defaults of these settings.
    """
    keras = load_keras()
    if isinstance(optimizer, keras.optimizers.Optimizer):
        changed = [name for name, value in settings.items() if value != defaults[name]]
        if changed:
            name = type(optimizer).__name__
            raise InvalidParameterError(
                f"{owner}: {changed[0]}={settings[changed[0]]!r} would have no effect. Got an optimizer "
                f"that is already made, {name}, which keeps its own settings; expected its name or "
                f"class: pass optimizer={name.lower()!r}."
            )
        return fresh_optimizer(optimizer)
    kind = optimizer if inspect.isclass(optimizer) else type(keras.optimizers.get(optimizer))
    accepted = inspect.signature(kind).parameters
    kwargs = {}
    for name, value in settings.items():
        if name not in accepted:
            if value:
                raise InvalidParameterError(
                    f"{owner}: {name}={value!r} would have no effect. Got the optimizer "
                    f"{kind.__name__}, which has no {name}; expected one that has (momentum: 'sgd', "
                    f"'rmsprop'), or {name}=0."
                )
        elif value or accepted[name].default:
            kwargs[name] = value
    return kind(**kwargs)


def fresh_optimizer(optimizer: Any) -> Any:
    """A copy of a Keras optimizer without its state, so that the user's own object is never trained."""
    return type(optimizer).from_config(optimizer.get_config())
