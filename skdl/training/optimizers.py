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
    kind = optimizer if inspect.isclass(optimizer) else optimizer_class(optimizer)
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


def optimizer_class(name: str) -> type:
    """The class of an optimizer that Keras knows by `name`."""
    keras = load_keras()
    # `keras.optimizers.get` makes an optimizer, variables and all, which takes longer than a small fit.
    for known, kind in vars(keras.optimizers).items():
        if known.lower() == name.lower() and inspect.isclass(kind) and kind is not keras.Optimizer:
            return kind
    return type(keras.optimizers.get(name))


def fresh_optimizer(optimizer: Any) -> Any:
    """A copy of a Keras optimizer without its state, so that the user's own object is never trained."""
    return type(optimizer).from_config(optimizer.get_config())
