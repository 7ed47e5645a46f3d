"""Dense networks as plain data, from hyperparameters alone: what `build_dense` and `compile` would make.

A hyperparameter that is more than a name or a number (an object of Keras's, a function) has no description;
nor has what the kernel does not know. Keras builds such networks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skdl.common.keras_import import is_keras_there, load_keras
from skdl.common.keras_settings import KerasSettings, standard_settings
from skdl.engine.identity.reader_of_code import foreign_methods
from skdl.engine.kernel.description import (
    Average,
    Constraint,
    Description,
    Layer,
    Loss,
    Metric,
    Optimizer,
    Stack,
    Weight,
)
from skdl.engine.kernel.names import ACTIVATIONS, BY_ROW, LINKS, single
from skdl.engine.kernel.network import Beginning, Plain
from skdl.engine.kernel.optimizer_state import places_of
from skdl.engine.network.draws import Distribution, variance_scaling
from skdl.networks.dense import build_dense, initializer_for, layer_widths
from skdl.training.optimizers import DEFAULTS

# The arguments of `variance_scaling` by the names of initializers.
_SCALING: dict[str, dict[str, Any]] = {
    f"{author}_{shape}": {"scale": scale, "mode": mode, "distribution": distribution}
    for author, scale, mode in (
        ("glorot", 1.0, "fan_avg"),
        ("he", 2.0, "fan_in"),
        ("lecun", 1.0, "fan_in"),
    )
    for shape, distribution in (("normal", "truncated_normal"), ("uniform", "uniform"))
}
_FIXED = {
    "random_normal": Distribution("normal", 0.0, 0.05),
    "random_uniform": Distribution("uniform", 0.0, 0.05),
    "truncated_normal": Distribution("truncated normal", 0.0, 0.05),
}


@dataclass(frozen=True)
class _Kind:
    """An optimizer of Keras's.

    Attributes
    ----------
    piece : str
    own : mapping of str to float
        The settings that only some optimizers have, with their defaults, in the order of the piece's numbers.
    slots : tuple of float
        What it remembers of a weight at first.
    memory : tuple of float
        What it remembers besides, at first.
    more : tuple of float
        Numbers of its piece that no setting of the estimator changes.
    by_single : bool
        Whether its numbers go by way of single precision.
    """

    piece: str
    own: Mapping[str, float] = field(default_factory=dict)
    slots: tuple[float, ...] = ()
    memory: tuple[float, ...] = ()
    more: tuple[float, ...] = ()
    by_single: bool = False


_ADAM = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
_OPTIMIZERS = {
    "adam": _Kind("adam", _ADAM, (0.0, 0.0)),
    "adamw": _Kind("adam", _ADAM, (0.0, 0.0)),
    "adamax": _Kind("adamax", _ADAM, (0.0, 0.0)),
    "nadam": _Kind("nadam", _ADAM, (0.0, 0.0), memory=(1.0,)),
    "lion": _Kind("lion", {"beta_1": 0.9, "beta_2": 0.99}, (0.0,), by_single=True),
    "ftrl": _Kind("ftrl", {}, (single(0.1), 0.0), more=(-0.5, 0.0, 0.0, 0.0, 0.0)),
    "adagrad": _Kind("adagrad", {"epsilon": 1e-7}, (single(0.1),)),
    "adadelta": _Kind("adadelta", {"rho": 0.95, "epsilon": 1e-7}, (0.0, 0.0)),
    "sgd": _Kind("sgd", {"momentum": 0.0, "nesterov": False}),
    "rmsprop": _Kind("rmsprop", {"rho": 0.9, "epsilon": 1e-7, "momentum": 0.0}, (0.0,)),
}
_OF_ALL = ("learning_rate", "weight_decay", "clipnorm", "ema_momentum")
_METRICS = {
    "mse": "mean_squared_error",
    "mean_squared_error": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mean_absolute_error": "mean_absolute_error",
}
_LOSSES = ("mean_squared_error", "mean_absolute_error", "log_cosh")


def names_in(settings: Mapping[str, Any]) -> list[str]:
    """The names that Keras is to find, among hyperparameters."""
    given = [value for value in settings.values() if isinstance(value, str)]
    return [*given, *(one for one in settings.get("metrics") or () if isinstance(one, str))]


def describe_dense(
    settings: Mapping[str, Any],
    *,
    n_features: int,
    n_outputs: int,
    output_activation: str | None,
    loss: str,
    class_numbers: bool,
    weighted: bool,
) -> Plain | None:
    """A dense network with its loss, metrics and optimizer, or None where it has no description.

    Parameters
    ----------
    settings : mapping of str to object
        The hyperparameters of layers, optimizer, loss and metrics.
    n_features, n_outputs : int
    output_activation : {"softmax", "sigmoid", None}
    loss : str
        In snake case.
    class_numbers : bool
        Whether a target is the number of a class, and not a column for each output.
    weighted : bool
        Whether metrics count weights of rows.
    """
    keras = standard_settings(names_in(settings))
    if keras is None or settings.get("precision") not in (None, keras.floatx) or _is_patched():
        return None
    layers = _Layers(settings, keras)
    if not layers.known:
        return None
    layers.build(n_features, n_outputs, output_activation)
    made_loss = _loss(loss, output_activation, float(settings.get("label_smoothing") or 0.0))
    metrics = _metrics(settings["metrics"], n_outputs, class_numbers, weighted)
    stack = Stack((n_features,), tuple(layers.made))
    optimizer = _optimizer(settings, stack)
    if made_loss is None or metrics is None or optimizer is None:
        return None
    return Plain(
        Description(stack, made_loss, optimizer, metrics),
        keras.floatx,
        keras.epsilon,
        float(settings["learning_rate"]),
        tuple(layers.beginnings),
        len(layers.beginnings) - 1,
    )


# The function whose networks `describe_dense` describes. If a class builds by another function, nothing
# describes the networks of the class.
describe_dense.describes = build_dense  # type: ignore[attr-defined]


def _is_patched() -> bool:
    """Whether somebody has put a method into a class of Keras's that such networks are made of."""
    if not is_keras_there():
        return False
    keras = load_keras()
    layers = ("Dense", "BatchNormalization", "LayerNormalization", "Activation", "Dropout")
    kinds = [getattr(keras.layers, name) for name in (*layers, "GaussianNoise")]
    kinds += [keras.Sequential, keras.regularizers.L1L2, keras.constraints.MaxNorm]
    optimizers = {name.lower(): kind for name, kind in vars(keras.optimizers).items()}
    kinds += [optimizers[name] for name in _OPTIMIZERS]
    return any(True for kind in kinds for _ in foreign_methods(kind))


class _Layers:
    """The layers of `build_dense`, one after the other, and what their variables begin with."""

    def __init__(self, settings: Mapping[str, Any], keras: KerasSettings):
        self._settings, self._keras = settings, keras
        self.made: list[Layer] = []
        self.beginnings: list[Beginning | None] = []

    @property
    def _widths(self) -> tuple[int, ...]:
        names = ("n_layers", "units", "units_decay", "hidden_layer_sizes")
        return layer_widths(*(self._settings[name] for name in names))

    @property
    def known(self) -> bool:
        """Whether all hyperparameters of layers are names and numbers that the kernel knows."""
        given = self._settings
        activation, initializer = given["activation"], given["kernel_initializer"]
        return (
            isinstance(activation, str)
            and activation in ACTIVATIONS
            and not (activation in BY_ROW and 1 in self._widths)  # of which Keras warns
            and isinstance(initializer, str)
            and (initializer == "auto" or initializer in _SCALING or initializer in _FIXED)
        )

    def build(self, n_features: int, n_outputs: int, output_activation: str | None) -> None:
        """Add all layers."""
        given = self._settings
        noise, dropout = float(given["gaussian_noise"]), float(given["dropout"])
        if noise:
            self._noise("gaussian_noise", n_features, noise)
        before, activation = n_features, given["activation"]
        for width in self._widths:
            self._dense(before, width, activation, given["max_norm"])
            if given["normalization"] is not None:
                self._normalization(given["normalization"], width)
            self._activation(activation, width)
            if dropout:
                self._noise("dropout", width, dropout)
            before = width
        self._dense(before, n_outputs, output_activation, None)
        self._activation(output_activation or "linear", n_outputs)

    def _weight(self, shape: tuple[int, ...], value: Any, **more: Any) -> Weight:
        self.beginnings.append(Beginning(shape, value))
        return Weight(len(self.beginnings) - 1, shape, **more)

    def _noise(self, kind: str, width: int, number: float) -> None:
        self.beginnings.append(None)
        place = len(self.beginnings) - 1
        self.made.append(Layer(kind, width, width, (number,), noise=place))

    def _dense(self, n: int, units: int, activation: Any, max_norm: float | None) -> None:
        given = self._settings
        name = given["kernel_initializer"]
        name = initializer_for(activation) if name == "auto" else name
        drawn = _FIXED.get(name) or variance_scaling((n, units), **_SCALING[name])
        bound = None
        if max_norm is not None:
            bound = Constraint("bounded_norm", (0.0, float(max_norm), 1.0, self._keras.epsilon))
        l1, l2 = single(given["l1"]), single(given["l2"])
        kernel = self._weight((n, units), drawn, l1=l1, l2=l2, constraint=bound)
        self.made.append(Layer("dense", n, units, weights=(kernel, self._weight((units,), 0.0))))

    def _normalization(self, kind: str, width: int) -> None:
        weights = (self._weight((width,), 1.0), self._weight((width,), 0.0))
        numbers: tuple[float, ...] = (1e-3, 1.0, 1.0)
        statics: tuple[Weight, ...] = ()
        if kind == "batch":
            numbers = (*numbers, 0.99, 0.0)
            statics = (
                self._weight((width,), 0.0, trained=False),
                self._weight((width,), 1.0, trained=False),
            )
        name = f"{kind}_normalization"
        self.made.append(Layer(name, width, width, numbers, weights, statics))

    def _activation(self, name: str, width: int) -> None:
        kind, numbers = ACTIVATIONS[name]
        if kind != "linear":
            self.made.append(Layer(kind, width, width, numbers))


def _loss(name: str, activation: str | None, smoothing: float) -> Loss | None:
    link = LINKS.get(name)
    if link is None and smoothing:
        return None
    if link is None:
        return Loss(name) if name in _LOSSES else None
    if link != activation or name == "binary_focal_crossentropy":
        return None
    if smoothing and name == "sparse_categorical_crossentropy":
        return None
    return Loss(name, (smoothing,), of_logits=True)


def _metrics(
    given: Sequence[Any] | None, n_outputs: int, class_numbers: bool, weighted: bool
) -> tuple[Metric, ...] | None:
    found: list[Metric] = []
    numbers: tuple[float, ...]
    for name in given or ():
        if not isinstance(name, str) or name in [one.name for one in found]:
            return None
        if name in ("accuracy", "acc"):
            kind, numbers = "categorical_accuracy", ()
            if n_outputs == 1:
                kind, numbers = "binary_accuracy", (0.5,)
            elif class_numbers:
                kind = "sparse_categorical_accuracy"
        elif name in _METRICS and not (class_numbers and n_outputs > 1):
            kind, numbers = _METRICS[name], ()
        else:
            return None
        found.append(Metric(name, kind, numbers, weighted))
    return tuple(found)


def _optimizer(settings: Mapping[str, Any], stack: Stack) -> Optimizer | None:
    """The optimizer; None where Keras is to make it, or to say what is wrong."""
    name = settings["optimizer"]
    kind = _OPTIMIZERS.get(name) if isinstance(name, str) else None
    if kind is None:
        return None
    given = {one: settings[one] for one in DEFAULTS}
    if any(value for one, value in given.items() if one not in kind.own and one not in _OF_ALL):
        return None
    numbers_of_keras = (given["learning_rate"], given["momentum"])
    if not all(one is None or isinstance(one, float) for one in numbers_of_keras):
        return None  # Keras refuses whole numbers
    own = {one: value if given[one] is None else given[one] for one, value in kind.own.items()}
    piece, numbers = kind.piece, (*map(float, own.values()), *kind.more)
    if kind.by_single:
        numbers = tuple(map(single, numbers))
    n_slots = len(kind.slots)
    if piece == "sgd":
        if not own["momentum"]:
            if own["nesterov"]:
                return None
            numbers = ()
        else:
            piece, n_slots = "sgd_with_momentum", 1
    elif piece == "rmsprop":
        numbers, n_slots = (*numbers, 0.0), 1 + bool(own["momentum"])
    groups = [n_slots] if piece != "rmsprop" else [1] * n_slots
    averages = given["ema_momentum"] is not None
    order = range(len(stack.trained))
    places = places_of(order, groups, len(kind.memory), averages=averages)
    average = None
    if averages:
        average = Average(float(given["ema_momentum"]), 0, places.average)
    clipnorm = given["clipnorm"]
    return Optimizer(
        piece,
        numbers,
        places.slots,
        (*kind.slots, *[0.0] * n_slots)[:n_slots],
        places.memory,
        kind.memory,
        clip=None if clipnorm is None else "clip_by_norm",
        clip_limit=float(clipnorm or 0.0),
        decay=single(given["weight_decay"]),
        average=average,
    )
