"""From a compiled Keras model to its description, or to the reason why there is none.

Classes are matched exactly: a subclass may compute something else. So may a layer with an attribute that a
fresh twin of its config lacks.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.identity.keras_state import state_of
from skdl.engine.keras_parts.walk import is_keras
from skdl.engine.kernel.description import Constraint, Description, Layer, Stack, Weight
from skdl.engine.kernel.names import ACTIVATIONS, BY_ROW, UnknownToKernelError, single
from skdl.engine.kernel.reading_training import read_loss, read_metrics, read_optimizer
from skdl.engine.optimizers.pure_optimizer import without_weight_decay

if TYPE_CHECKING:
    import keras


def description_of(model: keras.Model) -> Description | str:
    """The description of a compiled `model` whose metrics have met data, or why there is none."""
    try:
        reader = _Reader(model)
        if model._metrics:
            raise UnknownToKernelError("the model has metrics of its own")
        layers = tuple(reader.layers())
        if not any(layer.trained for layer in layers):
            raise UnknownToKernelError("nothing in the network can be trained")
        optimizer = read_optimizer(model, reader.trained_places)
        loss = read_loss(model, layers[-1] if reader.ends_in_layer else None)
        stack = Stack(reader.row_shape, layers)
        return Description(stack, loss, optimizer, tuple(read_metrics(model, layers[-1])))
    except UnknownToKernelError as error:
        return str(error)


def layers_of(model: keras.Model) -> Stack | str:
    """The layers of a model, whether it is compiled or not, or why the kernel does not have them."""
    try:
        reader = _Reader(model)
        layers = tuple(reader.layers())
        return Stack(reader.row_shape, layers)
    except UnknownToKernelError as error:
        return str(error)


class _Reader:
    """Reads the layers of a model in their order; `shape` is the shape of a row before the next layer."""

    def __init__(self, model: keras.Model):
        self._model = model
        self._positions = {id(v): place for place, v in enumerate(model.variables)}
        self._trained = {id(v): place for place, v in enumerate(model.trainable_variables)}
        trains = model.compiled and model.optimizer is not None
        self._not_decaying = set(without_weight_decay(model)) if trains else set()
        self._read: set[int] = set()
        self.trained_places: list[int] = []
        self.ends_in_layer = True
        self.row_shape: tuple[int, ...] = ()
        self.shape: tuple[int, ...] = ()

    def layers(self) -> Iterator[Layer]:
        """The layers in their order."""
        for layer in _chain(self._model):
            kind = type(layer)
            if kind is load_keras().layers.InputLayer:
                _check_attributes(layer)
                self._begin(layer)
                continue
            read = _readers().get(kind)
            if read is None:
                raise UnknownToKernelError(f"the kernel has no layer {kind.__name__}")
            _check_attributes(layer)
            made = [*read(self, layer), *self._activity(layer)]
            self.ends_in_layer = bool(made)
            yield from made
        if len(self.shape) != 1:
            raise UnknownToKernelError("an output is no flat row")
        if len(self._read) < len(self._positions):
            raise UnknownToKernelError("the network has variables that no layer uses")

    def _begin(self, layer: Any) -> None:
        shape = layer.batch_shape[1:]
        if None in shape or not shape or layer.batch_shape[0] is not None or layer.sparse:
            raise UnknownToKernelError(f"rows of shape {shape} have no fixed size")
        if layer.dtype != load_keras().config.floatx():
            raise UnknownToKernelError(f"inputs are of type {layer.dtype}")
        self.row_shape = self.shape = tuple(map(int, shape))

    def _activity(self, layer: Any) -> Iterator[Layer]:
        regularizer = getattr(layer, "activity_regularizer", None)
        if regularizer is not None:
            yield self.same("activity_penalty", penalty_of(regularizer))

    @property
    def width(self) -> int:
        """The numbers of a row."""
        return math.prod(self.shape)

    def flat(self, layer: Any) -> int:
        """The numbers of a row, which has to be flat for this layer."""
        if len(self.shape) != 1:
            raise UnknownToKernelError(f"the layer {layer.name} gets rows of shape {self.shape}")
        return self.shape[0]

    def same(self, kind: str, numbers: Any = (), **more: Any) -> Layer:
        """A layer that leaves the shape of a row as it is."""
        return Layer(kind, self.width, self.width, tuple(map(float, numbers)), **more)

    def of_each(self, layer: Any, given: Any) -> list[float]:
        """The numbers that a layer has for each number of a row, from an array of any shape that fits."""
        try:
            spread = np.broadcast_to(np.asarray(given, float), (1, *self.shape))
        except ValueError:
            raise UnknownToKernelError(
                f"the numbers of the layer {layer.name} have another shape than a row"
            ) from None
        return list(spread.reshape(-1))

    def weights(self, *given: tuple[Any, Any, Any]) -> tuple[Weight, ...]:
        """What there is to know of variables with their regularizers and constraints."""
        made = tuple(self._weight(*one) for one in given)
        if len({one.trained for one in made}) > 1:
            raise UnknownToKernelError("a layer is trained in part")
        return made

    def _weight(self, variable: Any, regularizer: Any, constraint: Any) -> Weight:
        if variable.constraint is not constraint or variable.regularizer is not regularizer:
            raise UnknownToKernelError(
                f"the variable {variable.path} has other rules than its layer"
            )
        place = self._trained.get(id(variable))
        if place is not None:
            self.trained_places.append(place)
        l1, l2 = penalty_of(regularizer)
        return Weight(
            self.position(variable),
            tuple(variable.shape),
            place is not None,
            l1,
            l2,
            place not in self._not_decaying,
            None if constraint is None else constraint_of(constraint),
        )

    def position(self, variable: Any) -> int:
        """The place of a variable among the variables of the network; the variable counts as read."""
        place = self._positions.get(id(variable))
        if place is None:
            raise UnknownToKernelError("a layer has a variable that is none of the network's")
        if place in self._read:
            raise UnknownToKernelError("two layers share a variable")
        self._read.add(place)
        return place

    def static(self, variable: Any) -> Weight:
        """A variable that no gradient reaches."""
        return Weight(self.position(variable), tuple(variable.shape), trained=False)

    def noise(self, layer: Any) -> int:
        """The place of the state of a layer's noise."""
        return self.position(layer.seed_generator.state)

    def activation(self, layer: Any) -> Iterator[Layer]:
        """The activation of a layer, where it is one."""
        function = layer.activation
        known = _activations().get(function)
        if known is None:
            name = getattr(function, "__name__", type(function).__name__)
            raise UnknownToKernelError(f"the kernel has no activation {name}")
        kind, numbers = known
        if kind in BY_ROW:
            self.flat(layer)
        if kind != "linear":
            yield self.same(kind, numbers)


def _chain(model: keras.Model) -> Iterator[Any]:
    """The layers of a model that are a chain."""
    keras = load_keras()
    if not is_keras(type(model)) or "call" in vars(model):
        raise UnknownToKernelError("the model is of a class of the user's")
    if type(model) is keras.Sequential:
        model = model._functional
    functional = getattr(model, "_nodes_by_depth", None)
    if functional is None or len(model.inputs) != 1 or len(model.outputs) != 1:
        raise UnknownToKernelError("the network is no chain of layers")
    seen = set()
    for depth in sorted(functional, reverse=True):
        nodes = functional[depth]
        if len(nodes) != 1 or not isinstance(nodes[0].operation, keras.Layer):
            raise UnknownToKernelError("the network is no chain of layers")
        node = nodes[0]
        # Of `training`, what the model is called with counts and not what stands here.
        more = {**node.arguments.kwargs, "training": None}
        if any(value is not None for value in (*node.arguments.args[1:], *more.values())):
            raise UnknownToKernelError("a layer is called with more than its inputs")
        if id(node.operation) in seen:
            raise UnknownToKernelError(f"the layer {node.operation.name} is used twice")
        seen.add(id(node.operation))
        yield node.operation


def _check_attributes(layer: Any) -> None:
    """Raise where a layer has a type of numbers or an attribute that a fresh one would not have."""
    policy = layer.dtype_policy
    floatx = load_keras().config.floatx()
    if policy.compute_dtype != floatx or policy.variable_dtype != floatx:
        raise UnknownToKernelError(f"the layer {layer.name} computes in {policy.name}")
    own = sorted({name for name, _ in state_of(layer)} - _attributes_of(layer) - _OF_BUILT)
    if own:
        raise UnknownToKernelError(f"the layer {layer.name} has an attribute of its own, {own[0]}")
    if getattr(layer, "_metrics", None):
        raise UnknownToKernelError(f"the layer {layer.name} has metrics")


_lock = threading.Lock()
_attributes: dict[type, frozenset[str]] = {}


def _attributes_of(layer: Any) -> frozenset[str]:
    """The attributes of a fresh layer of the class of `layer`, which is made once a process."""
    kind = type(layer)
    with _lock:
        if kind not in _attributes:
            # Keras draws seeds from Python's generator, which is the user's.
            before = random.getstate()
            try:
                twin = kind.from_config(layer.get_config())
            except (TypeError, ValueError) as error:
                # Keras does not find an object of the user's by its name.
                raise UnknownToKernelError(f"the layer {layer.name} has no config") from error
            finally:
                random.setstate(before)
            _attributes[kind] = frozenset(name for name, _ in state_of(twin))
        return _attributes[kind]


# What layers get when they are built.
_OF_BUILT = {
    *("_kernel", "bias", "gamma", "beta", "alpha", "seed_generator"),
    *("adapt_mean", "adapt_variance", "count", "mean", "variance", "_reduce_axis", "_keep_axis"),
    *("_reduce_axis_mask", "_broadcast_shape", "_mean_and_var_shape"),
}


def penalty_of(regularizer: Any) -> tuple[float, float]:
    """The numbers of a regularizer: of the sizes, and of the squares."""
    kinds = load_keras().regularizers
    if regularizer is None:
        return 0.0, 0.0
    if type(regularizer) is kinds.L1:
        return single(regularizer.l1), 0.0
    if type(regularizer) is kinds.L2:
        return 0.0, single(regularizer.l2)
    if type(regularizer) is kinds.L1L2:
        return single(regularizer.l1), single(regularizer.l2)
    raise UnknownToKernelError(f"the kernel has no regularizer {type(regularizer).__name__}")


def constraint_of(constraint: Any) -> Constraint:
    """The piece of a constraint and its numbers."""
    kinds, small = load_keras().constraints, load_keras().config.epsilon()
    if type(constraint) is kinds.NonNeg:
        return Constraint("not_negative")
    if getattr(constraint, "axis", None) not in (0, [0], (0,)):
        raise UnknownToKernelError(
            f"the kernel has no such constraint as {type(constraint).__name__}"
        )
    if type(constraint) is kinds.UnitNorm:
        return Constraint("unit_norm", (small,))
    if type(constraint) is kinds.MaxNorm:
        return Constraint("bounded_norm", (0.0, float(constraint.max_value), 1.0, small))
    if type(constraint) is kinds.MinMaxNorm:
        one = constraint
        numbers = (one.min_value, one.max_value, one.rate, small)
        return Constraint("bounded_norm", tuple(map(float, numbers)))
    raise UnknownToKernelError(f"the kernel has no constraint {type(constraint).__name__}")


def _activations() -> dict[Any, tuple[str, tuple[float, ...]]]:
    given = load_keras().activations
    return {getattr(given, name): made for name, made in ACTIVATIONS.items()}


def _dense(reader: _Reader, layer: Any) -> Iterator[Layer]:
    if layer.lora_enabled or layer.quantization_mode is not None:
        raise UnknownToKernelError(f"the layer {layer.name} has a LoRA, or is quantised")
    width = reader.flat(layer)
    given = [(layer.kernel, layer.kernel_regularizer, layer.kernel_constraint)]
    if layer.use_bias:
        given.append((layer.bias, layer.bias_regularizer, layer.bias_constraint))
    yield Layer("dense", width, layer.units, weights=reader.weights(*given))
    reader.shape = (layer.units,)
    yield from reader.activation(layer)


def _activation(reader: _Reader, layer: Any) -> Iterator[Layer]:
    yield from reader.activation(layer)


def _relu(reader: _Reader, layer: Any) -> Iterator[Layer]:
    if layer.max_value is None and layer.negative_slope and not layer.threshold:
        yield from _leaky_relu(reader, layer)  # as Keras does
        return
    top = math.inf if layer.max_value is None else layer.max_value
    yield reader.same("bent_relu", (layer.negative_slope, top, layer.threshold))


def _leaky_relu(reader: _Reader, layer: Any) -> Iterator[Layer]:
    yield reader.same("leaky_relu", (single(layer.negative_slope),))


def _elu(reader: _Reader, layer: Any) -> Iterator[Layer]:
    yield reader.same("elu", (layer.alpha,))


def _softmax(reader: _Reader, layer: Any) -> Iterator[Layer]:
    reader.flat(layer)
    if layer.axis not in (-1, 1):
        raise UnknownToKernelError(f"the layer {layer.name} has an axis of its own")
    yield reader.same("softmax")


def _prelu(reader: _Reader, layer: Any) -> Iterator[Layer]:
    reader.flat(layer)
    if layer.shared_axes:
        raise UnknownToKernelError(f"the layer {layer.name} shares its slopes")
    given = (layer.alpha, layer.alpha_regularizer, layer.alpha_constraint)
    yield reader.same("prelu", weights=reader.weights(given))


def _noise(kind: str, attribute: str) -> Callable[..., Iterator[Layer]]:
    def read(reader: _Reader, layer: Any) -> Iterator[Layer]:
        number = float(getattr(layer, attribute))
        if getattr(layer, "noise_shape", None) is not None:
            raise UnknownToKernelError(f"the layer {layer.name} has a noise_shape")
        if number:
            yield reader.same(kind, (number,), noise=reader.noise(layer))

    return read


def _flatten(reader: _Reader, layer: Any) -> Iterator[Layer]:
    if layer.data_format == "channels_first":
        raise UnknownToKernelError(f"the layer {layer.name} changes the order of numbers")
    reader.shape = (reader.width,)
    yield from ()


def _reshape(reader: _Reader, layer: Any) -> Iterator[Layer]:
    reader.shape = tuple(layer.compute_output_shape((None, *reader.shape))[1:])
    yield from ()


def _rescaling(reader: _Reader, layer: Any) -> Iterator[Layer]:
    config = load_keras().config
    # As `call` casts them: Python's numbers go by way of single precision, and arrays do not.
    scale, offset = (
        layer.backend.cast(one, config.floatx()) for one in (layer.scale, layer.offset)
    )
    if np.ndim(scale) and config.image_data_format() == "channels_first":
        raise UnknownToKernelError(f"the layer {layer.name} scales channels that come first")
    numbers = [*reader.of_each(layer, scale), *reader.of_each(layer, offset)]
    yield reader.same("rescaling", numbers)


def _normalization(reader: _Reader, layer: Any) -> Iterator[Layer]:
    reader.flat(layer)
    if layer.invert or layer.axis not in ((-1,), (1,), ()):
        raise UnknownToKernelError(f"the layer {layer.name} has an axis of its own, or is inverted")
    scale = np.maximum(np.sqrt(np.asarray(layer.variance, float)), load_keras().config.epsilon())
    for variable in layer.variables:  # what `adapt` has counted
        reader.position(variable)
    numbers = [*reader.of_each(layer, layer.mean), *reader.of_each(layer, scale)]
    yield reader.same("normalization", numbers)


def _shift_and_scale(reader: _Reader, layer: Any) -> tuple[Weight, ...]:
    given = []
    if layer.scale:
        given.append((layer.gamma, layer.gamma_regularizer, layer.gamma_constraint))
    if layer.center:
        given.append((layer.beta, layer.beta_regularizer, layer.beta_constraint))
    return reader.weights(*given)


def _batch_normalization(reader: _Reader, layer: Any) -> Iterator[Layer]:
    reader.flat(layer)
    if layer.axis not in (-1, 1) or layer.renorm or layer.synchronized:
        raise UnknownToKernelError(f"the layer {layer.name} has an axis of its own, or renorm")
    numbers = (layer.epsilon, layer.scale, layer.center, layer.momentum, not layer.trainable)
    statics = (reader.static(layer.moving_mean), reader.static(layer.moving_variance))
    weights = _shift_and_scale(reader, layer)
    yield reader.same("batch_normalization", numbers, weights=weights, statics=statics)


def _layer_normalization(reader: _Reader, layer: Any) -> Iterator[Layer]:
    reader.flat(layer)
    if layer.axis not in (-1, 1, [-1], [1]) or layer.rms_scaling:
        raise UnknownToKernelError(f"the layer {layer.name} has an axis of its own")
    numbers = (layer.epsilon, layer.scale, layer.center)
    yield reader.same("layer_normalization", numbers, weights=_shift_and_scale(reader, layer))


def known_layers() -> list[str]:
    """The names of the classes of layers that the kernel takes."""
    return [kind.__name__ for kind in (load_keras().layers.InputLayer, *_readers())]


def _readers() -> dict[type, Callable[..., Iterator[Layer]]]:
    given = load_keras().layers
    return {
        given.Dense: _dense,
        given.Activation: _activation,
        given.ReLU: _relu,
        given.LeakyReLU: _leaky_relu,
        given.ELU: _elu,
        given.PReLU: _prelu,
        given.Softmax: _softmax,
        given.Dropout: _noise("dropout", "rate"),
        given.GaussianNoise: _noise("gaussian_noise", "stddev"),
        given.GaussianDropout: _noise("gaussian_dropout", "rate"),
        given.AlphaDropout: _noise("alpha_dropout", "rate"),
        given.BatchNormalization: _batch_normalization,
        given.LayerNormalization: _layer_normalization,
        given.Flatten: _flatten,
        given.Reshape: _reshape,
        given.Rescaling: _rescaling,
        given.Normalization: _normalization,
    }
