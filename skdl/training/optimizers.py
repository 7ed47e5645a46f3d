"""An optimizer from its name and its numbers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from skdl.common.keras_import import load_keras
from skdl.common.parameter_checks import BOOLEAN, NONE, Number, Rule
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

# The settings that estimators have as parameters; None is the default of the optimizer.
DEFAULTS: Mapping[str, Any] = {
    "learning_rate": 2e-3,
    "momentum": None,
    "nesterov": None,
    "beta_1": None,
    "beta_2": None,
    "rho": None,
    "epsilon": None,
    "weight_decay": 0.0,
    "clipnorm": None,
    "ema_momentum": None,
}

_BELOW_1 = Number(0, 1, high_open=True)

RULES: Mapping[str, tuple[Rule, ...]] = {
    "learning_rate": (Number(0, low_open=True),),
    "momentum": (Number(0, 1), NONE),
    "nesterov": (BOOLEAN, NONE),
    "beta_1": (_BELOW_1, NONE),
    "beta_2": (_BELOW_1, NONE),
    "rho": (_BELOW_1, NONE),
    "epsilon": (Number(0, low_open=True), NONE),
    "weight_decay": (Number(0),),
    "clipnorm": (Number(0, low_open=True), NONE),
    "ema_momentum": (_BELOW_1, NONE),
}

PARAMETERS = """learning_rate : float, default=2e-3
        The size of a step, the first thing to tune. Usual: 1e-4 to 1e-1, on a log scale.
    momentum : float in [0, 1], default=None
        Of "sgd", "rmsprop" and "muon" (Sutskever et al., On the importance of initialization and momentum,
        2013). None is the optimizer's own, as for the next five: 0, and 0.95 for "muon". Usual: 0.9.
    nesterov : bool, default=None
        Whether the momentum of "sgd" or "muon" looks ahead (Nesterov, 1983).
    beta_1, beta_2 : float in [0, 1), default=None
        How long "adam" and its relatives and "lion" remember the gradient and its square. Usual: 0.9, and
        0.99 to 0.999.
    rho : float in [0, 1), default=None
        How long "rmsprop" and "adadelta" remember the square of the gradient. Usual: 0.9 to 0.95.
    epsilon : float, default=None
        What keeps these from dividing by zero. Usual: 1e-8 to 1e-3.
    weight_decay : float, default=0.0
        Decoupled decay of all weights [7]_, as a fraction of the learning rate. Usual: 1e-5 to 1e-1.
    clipnorm : float, default=None
        The gradient of each weight matrix is shortened to this norm (Pascanu et al., On the difficulty of
        training recurrent neural networks, 2013). Usual: 0.5 to 5.
    ema_momentum : float in [0, 1), default=None
        The network ends with a moving average of its weights with this momentum (Polyak and Juditsky,
        1992); None is none. Usual: 0.99 to 0.999.
    """


def make_optimizer(owner: str, optimizer: Any, settings: Mapping[str, Any]) -> Any:
    """A new Keras optimizer.

    Parameters
    ----------
    owner : str
        The estimator's name, for messages.
    optimizer : str, class or keras.optimizers.Optimizer
        An instance is copied without its state and keeps its own settings.
    settings : mapping of str to object
        Those of `DEFAULTS`; one that is zero or None is not passed on.
    """
    keras = load_keras()
    if isinstance(optimizer, keras.optimizers.Optimizer):
        changed = [name for name, value in settings.items() if value != DEFAULTS[name]]
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
    kwargs: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in accepted:
            if value:
                have = [
                    n for n in NAMES if name in inspect.signature(optimizer_class(n)).parameters
                ]
                raise InvalidParameterError(
                    f"{owner}: {name}={value!r} would have no effect. Got the optimizer "
                    f"{kind.__name__}, which has no {name}; expected one that has "
                    f"({', '.join(map(repr, have))}), or {name}={DEFAULTS[name]!r}."
                )
        # Keras computes with a decay of zero, too, and takes longer than with none.
        elif value or (value is not None and accepted[name].default is not None):
            kwargs[name] = value
    if settings.get("ema_momentum") is not None:
        kwargs.update(use_ema=True, ema_momentum=settings["ema_momentum"])
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
