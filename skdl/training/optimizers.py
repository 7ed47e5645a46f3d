"""An optimizer from its name and its numbers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from skdl._checks import did_you_mean
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
        elif value or kind.__name__ == "AdamW":
            kwargs[name] = value
    return kind(**kwargs)


def fresh_optimizer(optimizer: Any) -> Any:
    """A copy of a Keras optimizer without its state, so that the user's own object is never trained."""
    return type(optimizer).from_config(optimizer.get_config())


def check_setting_names(owner: str, prefix: str, kind: Any, names: list[str]) -> None:
    """Raise where class `kind` takes no argument of one of the `names` that were routed to it."""
    parameters = inspect.signature(kind).parameters
    known = [
        name
        for name, p in parameters.items()
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    if _passes_on_anything(kind, parameters):
        return
    for name in names:
        if name not in known:
            raise InvalidParameterError(
                f"{owner}: {prefix}__{name} is not known. Got a setting that "
                f"{kind.__name__} does not have. {did_you_mean(name, known)}"
            )


def _passes_on_anything(kind: Any, parameters: Mapping[str, Any]) -> bool:
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return any(p.kind is p.VAR_POSITIONAL for p in parameters.values())
    # Keras's own classes take **kwargs only to refuse what is left over with a message of their own.
    return str(getattr(kind, "__module__", "")).partition(".")[0] != "keras"
