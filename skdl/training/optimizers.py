"""An optimizer from its name and its numbers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from skdl.common.declarations import Declaration, Group
from skdl.common.keras_import import load_keras
from skdl.common.parameter_checks import BOOLEAN, NONE, Number, Options, of_keras
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

_BELOW_1 = Number(0, 1, high_open=True)
_OF_OPTIMIZER = "None is the optimizer's own value."

OPTIMIZER = Declaration(
    "optimizer",
    "adam",
    (Options(NAMES), of_keras("optimizers.Optimizer")),
    "Any",
    "str, class or keras.optimizers.Optimizer",
    '"adam" and "adamax" (Kingma and Ba, Adam: a method for stochastic optimization, 2015), "adamw" '
    '(Loshchilov and Hutter, Decoupled weight decay regularization, 2019), "sgd", "rmsprop" (Tieleman and '
    'Hinton, 2012), "nadam" (Dozat, 2016), "adagrad" (Duchi et al., 2011), "adadelta" (Zeiler, 2012), '
    '"lion" (Chen et al., 2023), "ftrl" (McMahan et al., 2013), "adafactor" (Shazeer and Stern, 2018), '
    '"muon" (Jordan et al., 2024), or Keras\'s own. An instance keeps its own settings and is copied.',
)

# The settings of an optimizer that is named; None is the value that the optimizer has by itself.
SETTINGS = Group(
    "Optimizer",
    (
        Declaration(
            "learning_rate",
            2e-3,
            (Number(0, low_open=True),),
            "float",
            "float",
            "The size of a step, the first hyperparameter to tune.",
            '1e-4 to 1e-2 for "adam", 1e-3 to 1e-1 for "sgd", on a log scale',
        ),
        Declaration(
            "momentum",
            None,
            (Number(0, 1), NONE),
            "float | None",
            "float in [0, 1]",
            'Of "sgd", "rmsprop" and "muon" (Sutskever et al., On the importance of initialization and '
            f'momentum, 2013). {_OF_OPTIMIZER[:-1]}: 0, and 0.95 for "muon".',
            "0.8 to 0.99",
        ),
        Declaration(
            "nesterov",
            None,
            (BOOLEAN, NONE),
            "bool | None",
            "bool",
            'Whether the momentum of "sgd" or "muon" looks ahead (Nesterov, 1983). '
            + _OF_OPTIMIZER,
        ),
        Declaration(
            "beta_1",
            None,
            (_BELOW_1, NONE),
            "float | None",
            "float in [0, 1)",
            'Decay rate of the mean of gradients, of "adam" and its relatives. For "lion", the share of the '
            "momentum in a step. " + _OF_OPTIMIZER,
            "0.8 to 0.95",
        ),
        Declaration(
            "beta_2",
            None,
            (_BELOW_1, NONE),
            "float | None",
            "float in [0, 1)",
            'Decay rate of the mean of squared gradients, of "adam" and its relatives. For "lion", the decay '
            "rate of the momentum. " + _OF_OPTIMIZER,
            "0.99 to 0.999",
        ),
        Declaration(
            "rho",
            None,
            (_BELOW_1, NONE),
            "float | None",
            "float in [0, 1)",
            'Decay rate of the mean of squared gradients, of "rmsprop" and "adadelta". '
            + _OF_OPTIMIZER,
            "0.9 to 0.95",
        ),
        Declaration(
            "epsilon",
            None,
            (Number(0, low_open=True), NONE),
            "float | None",
            "float",
            "What keeps the optimizer from a division by zero. " + _OF_OPTIMIZER,
            "1e-8 to 1e-3",
        ),
        Declaration(
            "weight_decay",
            0.0,
            (Number(0),),
            "float",
            "float",
            "Each step subtracts ``learning_rate * weight_decay * w`` from each weight ``w`` (Loshchilov and "
            'Hutter, 2019). With the default, 0, "adamw" is "adam".',
            "1e-5 to 1e-1",
        ),
        Declaration(
            "clipnorm",
            None,
            (Number(0, low_open=True), NONE),
            "float | None",
            "float",
            "Upper bound of the norm of the gradient of each weight array (Pascanu et al., On the difficulty "
            "of training recurrent neural networks, 2013). None leaves gradients as they are.",
            "0.5 to 5",
        ),
        Declaration(
            "ema_momentum",
            None,
            (_BELOW_1, NONE),
            "float | None",
            "float in [0, 1)",
            "The network ends with a moving average of its weights with this momentum (Polyak and Juditsky, "
            "1992). None takes no average.",
            "0.99 to 0.999",
        ),
    ),
)
DEFAULTS: Mapping[str, Any] = SETTINGS.defaults


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
