"""Networks of one depth and kind share a program whatever their widths: hidden units are filled up.

A unit that fills up has weights of zero, gives zero, and gets no gradient: the activations taken here
give zero for zero, or are masked behind. Every layer between the first and the last Dense works on each
unit alone, and the optimizers work on each weight alone, so that filled up weights stay zero and the true
ones are what they would be without them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.copies.rebuilding import with_state_of
from skdl.engine.identity.code_reads import attributes_set_by
from skdl.engine.identity.keras_state import bookkeeping_of
from skdl.engine.keras_parts.normalization import statistics_of
from skdl.engine.keras_parts.walk import (
    custom_objects,
    is_keras,
    is_written_by_users,
    loss_of,
    walk_layers,
)
from skdl.engine.optimizers.pure_optimizer import without_weight_decay
from skdl.exceptions import NotCompilableError

if TYPE_CHECKING:
    import keras

_ZERO_TO_ZERO = (
    *(
        "linear",
        "relu",
        "relu6",
        "leaky_relu",
        "elu",
        "selu",
        "celu",
        "gelu",
        "silu",
        "tanh",
        "mish",
    ),
    *("softsign", "hard_silu", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink"),
)
_MASKED = ("sigmoid", "softplus", "exponential", "hard_sigmoid", "log_sigmoid")
_ELEMENTWISE_LAYERS = ("Activation", "ReLU", "LeakyReLU", "ELU", "Dropout", "GaussianDropout")
_NOISE = ("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout")
_MASKED_LAYERS = ("GaussianNoise", "AlphaDropout")
_OPTIMIZERS = ("SGD", "Adam", "AdamW", "RMSprop", "Nadam", "Adamax", "Adagrad", "Adadelta", "Lion")
_REGULARIZERS = ("L1", "L2", "L1L2")
_CONSTRAINTS = ("MaxNorm", "NonNeg", "UnitNorm")


def bucket_of_units(units: int, *, smallest: int) -> int:
    """The number of units that a layer of `units` is filled up to.

    Examples
    --------
    >>> [bucket_of_units(n, smallest=64) for n in (10, 64, 65, 300, 600)]
    [64, 64, 128, 512, 640]
    """
    if units <= 512:
        return max(smallest, 1 << (units - 1).bit_length())
    step = max(64, (1 << (units - 1).bit_length()) // 16)
    return -(-units // step) * step


@dataclass(frozen=True)
class Widths:
    """The hidden layers of a network that are filled up.

    Attributes
    ----------
    places : tuple of int
        Which of the model's layers they are.
    units : tuple of int
        Their true numbers of units.
    filled : tuple of int
        The numbers that they are filled up to.
    last : int
        The place of the last Dense, which keeps its width.
    """

    places: tuple[int, ...]
    units: tuple[int, ...]
    filled: tuple[int, ...]
    last: int


def widths_of(model: keras.Model) -> Widths | None:
    """The widths of a compiled `model`, or None where filling up would not be exact."""
    if type(model.optimizer) not in _kinds(load_keras().optimizers, _OPTIMIZERS):
        return None
    if not all(_is_copied(part) for part in _compiled_with(model)):
        return None  # an object of the user's may not be one that can be copied
    if without_weight_decay(model):
        return None  # it is kept for these very variables
    return hidden_widths(model)


def hidden_widths(model: keras.Model) -> Widths | None:
    """The widths of the hidden layers of a stack, whatever it was compiled with; None for other networks."""
    keras = load_keras()
    layers = _chain(model)
    if layers is None:
        return None
    dense = [place for place, layer in enumerate(layers) if type(layer) is keras.layers.Dense]
    if len(dense) < 2 or not all(_is_unitwise(layer) for layer in layers[dense[0] : dense[-1]]):
        return None
    if not _is_plain(layers[dense[-1]]) or _share_parts([layers[place] for place in dense]):
        return None
    places = tuple(dense[:-1])
    units = tuple(int(layers[place].units) for place in places)
    smallest = 64 if len(units) == 1 or max(units) <= 64 else 128
    filled = tuple(bucket_of_units(n, smallest=smallest) for n in units)
    return Widths(places, units, filled, dense[-1])


def dense_layers(model: keras.Model) -> list[Any]:
    """The hidden Dense layers of a stack, in their order."""
    widths = hidden_widths(model)
    layers = _chain(model) or []
    return [] if widths is None else [layers[place] for place in widths.places]


def open_widths(model: keras.Model) -> Widths | None:
    """The widths that may be left open in a graph; None where there are none."""
    normalization = load_keras().layers.BatchNormalization
    widths = hidden_widths(model)
    if widths is None:
        return None
    hidden = (_chain(model) or [])[widths.places[0] : widths.last]
    # Along another axis than the last, by whatever number, Keras asks for its length.
    closed = any(type(layer) is normalization and layer.axis != -1 for layer in hidden)
    return None if closed else widths


def open_shapes(model: keras.Model) -> dict[int, tuple[int | None, ...]]:
    """The shapes of variables, by their id, with None in the place of what follows from open widths."""
    widths = open_widths(model)
    found: dict[int, tuple[int | None, ...]] = {}
    if widths is None:
        return found
    hidden = False
    for place, layer in enumerate(_chain(model) or ()):
        dense = place in widths.places or place == widths.last
        if dense:
            kernel, last = layer.kernel.shape, place == widths.last
            units = kernel[1] if last else None
            found[id(layer.kernel)] = (None if hidden else kernel[0], units)
            if layer.use_bias:
                found[id(layer.bias)] = (units,)
        elif hidden:
            found |= {id(v): (None,) for v in layer.weights}
        hidden = place < widths.last and (hidden or dense)
    return found


def widened(model: keras.Model, widths: Widths) -> keras.Model:
    """A compiled model like `model`, with the filled up widths; its weights are not set.

    Raises
    ------
    NotCompilableError
        Configs do not tell of a change that was made after `model` was built.
    """
    keras = load_keras()
    chain = _chain(model)
    assert chain is not None
    with keras.saving.custom_object_scope(custom_objects(model)):
        twins = [keras.Input(model.inputs[0].shape[1:], dtype=model.inputs[0].dtype)]
        for place, layer in enumerate(chain):
            config = layer.get_config()
            if place in widths.places:
                config["units"] = widths.filled[widths.places.index(place)]
            # The weights are inputs of a program: nothing need be drawn.
            config |= {name: "zeros" for name in config if name.endswith("_initializer")}
            twins.append(type(layer).from_config(config))
        twin = keras.Sequential(twins)
        for layer, copied in zip(chain, twin.layers, strict=True):
            copied.trainable = layer.trainable
        if _kinds_of_variables(twin) != _kinds_of_variables(model):
            raise NotCompilableError(
                "a layer has settings that are not those of its weights, because it was changed after it was "
                "built"
            )
        _compile_like(twin, model)
    return twin


def _kinds_of_variables(model: keras.Model) -> list[tuple[Any, ...]]:
    """What the variables of a model and of one like it have in common, whatever their widths."""
    trained = {id(variable) for variable in model.trainable_variables}
    return [
        (one.name, one.dtype, len(one.shape), id(one) in trained, one.overwrite_with_gradient)
        for one in model.variables
    ]


def _compile_like(twin: keras.Model, model: keras.Model) -> None:
    """Compile `twin` with what is in force in `model`.

    If somebody has set the optimizer later, `model` trains with that optimizer. If the last call of `compile`
    had no loss, `model` trains with the loss of the call before. Functions are not copied: Keras could not
    read the config of a lambda again.
    """
    keras = load_keras()
    losses, metrics = model._compile_loss, model._compile_metrics
    settings = {
        **model._compile_config.config,
        "optimizer": model.optimizer,
        "loss": loss_of(model),
        "loss_weights": None if losses is None else losses._user_loss_weights,
        "metrics": None if metrics is None else metrics._user_metrics,
        "weighted_metrics": None if metrics is None else metrics._user_weighted_metrics,
    }
    parts = (keras.Loss, keras.Metric, keras.Optimizer)
    for name in ("optimizer", "loss", "metrics", "weighted_metrics"):
        settings[name] = keras.tree.map_structure(
            lambda part: (
                with_state_of(part, type(part).from_config(part.get_config()))
                if isinstance(part, parts)
                else part
            ),
            settings[name],
        )
    twin.compile(**settings)
    twin.optimizer.build(twin.trainable_variables)


@contextlib.contextmanager
def filled_up(model: keras.Model, widths: Widths, units: Sequence[Any]) -> Iterator[None]:
    """Let the layers of a widened `model` know their true `units`, as tensors, during the block."""
    import tensorflow as tf

    changed = []
    try:
        true, width = None, 0
        for place, layer in enumerate(model.layers[: widths.last]):
            if place in widths.places:
                index = widths.places.index(place)
                true, width = units[index], widths.filled[index]
            if true is None:
                continue
            changed.append(layer)
            if _draws(layer):
                object.__setattr__(layer, "_columns", true)
            if _needs_mask(layer):
                mask = tf.cast(tf.range(width) < true, layer.compute_dtype)
                object.__setattr__(layer, "call", _masked(layer, mask))
        yield
    finally:
        for layer in changed:
            layer.__dict__.pop("_columns", None)
            layer.__dict__.pop("call", None)


def fill(values: Sequence[np.ndarray], shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    """`values` with zeros behind, up to `shapes`."""
    return [
        value
        if value.shape == shape
        else np.pad(value, [(0, to - n) for n, to in zip(value.shape, shape, strict=True)])
        for value, shape in zip(values, shapes, strict=True)
    ]


def cut(value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The part of `value` that `fill` was given."""
    return value if value.shape == shape else value[tuple(slice(n) for n in shape)].copy()


def _compiled_with(model: keras.Model) -> list[Any]:
    """The losses and metrics that `model` was compiled with as objects."""
    keras, metrics = load_keras(), model._compile_metrics
    given = [loss_of(model)]
    if metrics is not None:
        given += [metrics._user_metrics, metrics._user_weighted_metrics]
    kinds = (keras.Loss, keras.Metric)
    return [part for part in keras.tree.flatten(given) if isinstance(part, kinds)]


def _is_copied(part: Any) -> bool:
    """Whether a loss or a metric is one of Keras's and has a config without a function of the user's."""
    function = getattr(part, "fn", getattr(part, "_fn", None))
    return is_keras(type(part)) and (function is None or is_keras(function))


def _chain(model: keras.Model) -> list[Any] | None:
    """The layers of `model` in the order of the data, where each feeds the next alone."""
    keras = load_keras()
    if type(model) is keras.Sequential:
        layers = list(model.layers)
    elif type(model).__name__ == "Functional" and type(model).__module__.startswith("keras."):
        layers = [x for x in model.layers if not isinstance(x, keras.layers.InputLayer)]
        if len(model.inputs) != 1 or len(model.outputs) != 1 or not layers:
            return None
    else:
        return None
    inputs = getattr(model, "inputs", None) or []  # a Sequential has none before it has met data
    if len(inputs) != 1 or len(inputs[0].shape) != 2:
        return None
    if "call" in vars(model) or len({id(layer) for layer in layers}) < len(layers):
        return None
    if not all(map(_is_whole_in_config, layers)):
        return None  # a copy from its config would lack something
    if not all(map(_is_as_built, layers)):
        return None  # a copy from its config would have what this one has not
    if type(model) is not keras.Sequential:
        if any(len(layer._inbound_nodes) != 1 for layer in layers):
            return None
        tensors = [model.inputs[0], *(layer.output for layer in layers)]
        if any(layer.input is not one for layer, one in zip(layers, tensors, strict=False)):
            return None
        if model.outputs[0] is not tensors[-1]:
            return None
    return layers


def _is_whole_in_config(layer: Any) -> bool:
    """Whether a layer made from the config of `layer` computes the same, with the same variables."""
    keras = load_keras()
    kind: Any = type(layer)
    if "call" in vars(layer) or not is_keras(kind):
        return False
    if any(map(is_written_by_users, vars(layer).values())):
        # Keras writes a function into a config with a warning, and an object not at all.
        return False
    if hasattr(kind, "adapt"):  # what was learnt from data is in no config
        normalizes = kind is keras.layers.Normalization
        return normalizes and (layer.input_mean is not None or bool(statistics_of(layer)))
    of_weights = keras.constraints.Constraint, keras.regularizers.Regularizer
    if any(isinstance(p, of_weights) and not is_keras(type(p)) for p in vars(layer).values()):
        return False  # its config may lack something
    return not vars(layer).keys() - attributes_set_by(kind) - bookkeeping_of(kind)


def _is_as_built(layer: Any) -> bool:
    """Whether the weights of `layer`, and of those inside it, are what its settings say.

    What is set on a layer when it has its weights changes its config, and not the weights.
    """
    keras = load_keras()
    parts = walk_layers(layer)
    if any(part.trainable != layer.trainable for part in parts):
        return False
    if type(layer) is keras.layers.Dense:
        names = {"kernel", "bias"} if layer.use_bias else {"kernel"}
        if any(one.shape[-1] != layer.units for one in layer.weights):
            return False
        if {one.name for one in layer.weights} != names:
            return False
    if type(layer) is keras.layers.BatchNormalization:
        names = {"moving_mean", "moving_variance"}
        names |= {"gamma"} if layer.scale else set()
        names |= {"beta"} if layer.center else set()
        if {one.name for one in layer.weights} != names:
            return False
    return all(_has_own_settings(part) for part in parts)


def _has_own_settings(layer: Any) -> bool:
    """Whether the variables of `layer` itself have the regularizers and constraints that it was given."""
    told = {
        name: part
        for name, part in vars(layer).items()
        if name.endswith(("_regularizer", "_constraint")) and name != "activity_regularizer"
    }
    for one in layer._trainable_variables:
        if layer.trainable and not one.trainable:
            return False
        for name in ("regularizer", "constraint"):
            if getattr(one, name) is not told.pop(f"{one.name}_{name}", None):
                return False
    fixed = layer._non_trainable_variables
    if any(one.trainable or one.regularizer or one.constraint for one in fixed):
        return False
    # Of a weight that the layer does not have.
    return all(part is None for part in told.values())


def _kinds(module: Any, names: Sequence[str]) -> set[type]:
    return {getattr(module, name) for name in names}


def _is_unitwise(layer: Any) -> bool:
    keras = load_keras()
    kind = type(layer)
    if "call" in vars(layer) or getattr(layer, "activity_regularizer", None) is not None:
        return False
    if kind is keras.layers.Dense:
        return _is_plain(layer) and _activation(layer) in (*_ZERO_TO_ZERO, *_MASKED)
    if kind is keras.layers.BatchNormalization:
        parts = (
            *(layer.beta_regularizer, layer.gamma_regularizer),
            *(layer.beta_constraint, layer.gamma_constraint),
        )
        plain = not layer.renorm and not layer.synchronized
        return plain and layer.axis in (-1, 1) and all(part is None for part in parts)
    if kind is keras.layers.Activation:
        return _activation(layer) in (*_ZERO_TO_ZERO, *_MASKED)
    if kind is keras.layers.ReLU:
        return bool(layer.threshold == 0)
    if kind is keras.layers.Dropout:
        return layer.noise_shape is None
    return kind in _kinds(keras.layers, (*_ELEMENTWISE_LAYERS, *_NOISE))


def _is_plain(layer: Any) -> bool:
    """Whether the weights of a Dense may be filled up with zeros."""
    keras = load_keras()
    regularizers = {type(None), *_kinds(keras.regularizers, _REGULARIZERS)}
    constraints = {type(None), *_kinds(keras.constraints, _CONSTRAINTS)}
    return (
        {type(layer.kernel_regularizer), type(layer.bias_regularizer)} <= regularizers
        and {type(layer.kernel_constraint), type(layer.bias_constraint)} <= constraints
        and not getattr(layer, "lora_enabled", False)
        and layer.quantization_mode is None
        and "call" not in vars(layer)
    )


def _share_parts(layers: Sequence[Any]) -> bool:
    """Whether two layers have one regularizer or constraint, which a copy from configs would not."""
    names = ("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint")
    parts = [getattr(layer, name) for layer in layers for name in names]
    found = [id(part) for part in parts if part is not None]
    return len(set(found)) < len(found)


def _activation(layer: Any) -> str | None:
    """The name of the activation of `layer`; None for one that is not Keras's own function."""
    keras = load_keras()
    name = getattr(layer.activation, "__name__", None)
    known = name is not None and getattr(keras.activations, name, None) is layer.activation
    return name if known else None


def _needs_mask(layer: Any) -> bool:
    keras = load_keras()
    if isinstance(layer, (keras.layers.Dense, keras.layers.Activation)):
        return _activation(layer) in _MASKED
    return isinstance(layer, tuple(_kinds(keras.layers, _MASKED_LAYERS)))


def _draws(layer: Any) -> bool:
    return isinstance(layer, tuple(_kinds(load_keras().layers, _NOISE)))


def _masked(layer: Any, mask: Any) -> Any:
    kind = type(layer)

    def call(*args: Any, **kwargs: Any) -> Any:
        return kind.call(layer, *args, **kwargs) * mask

    return call
