"""Every layer that Keras exports, in a small network, with each of its settings varied one at a time.

`zoo_of_training.py` has losses, metrics, optimizers and the like.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from tests.engine.graph_text import BATCH
from tests.engine.zoo_settings import (
    BASE,
    CALLS,
    COMMON,
    DTYPES,
    NOT_TRIED,
    SHAPES,
    TOGETHER,
    VALUES,
    VARIED,
    VECTOR,
    of_name,
    resolved,
)

layers = keras.layers


@dataclass(frozen=True)
class Item:
    """A network with one object of a class in it, by the settings of that object.

    Attributes
    ----------
    id : str
    make : callable
        Gives a new compiled model, by keyword arguments of the class.
    base : mapping
        The arguments that all of its networks have.
    varied : mapping
        The values that arguments take in turn, the others as in `base`.
    together : tuple of mapping
        Arguments that differ at once.
    targets : str
        What its losses and metrics take: "numbers" of the shape of the outputs, or "classes".
    shape, dtype : tuple of int or None, str
        Of one row, where the networks do not tell it.
    gradients : bool
        Whether settings may change how gradients are applied.
    """

    id: str
    make: Callable[..., keras.Model]
    base: Mapping[str, Any]
    varied: Mapping[str, tuple[Any, ...]]
    together: tuple[Mapping[str, Any], ...] = ()
    targets: str = "numbers"
    shape: tuple[int, ...] | None = None
    dtype: str = "float32"
    gradients: bool = True

    def settings(self):
        """All settings, the first of them the base alone."""
        yield {**self.base}
        # No graph draws weights: one initializer after the other would show no more than all at once.
        drawing = {
            name: values[0]
            for name, values in self.varied.items()
            if name.endswith("_initializer") and len(values) == 1
        }
        if drawing:
            yield {**self.base, **drawing}
        for name, values in self.varied.items():
            if name not in drawing:
                yield from ({**self.base, name: value} for value in values)
        yield from ({**self.base, **several} for several in self.together)

    def is_remade(self, settings):
        """Whether to build with these settings again: the base, and objects, which each build makes anew."""
        plain = (type(None), bool, int, float, str, tuple)
        return settings == self.base or not all(isinstance(v, plain) for v in settings.values())

    def build(self, settings):
        """A new model; `settings` may have recipes of objects in them."""
        return self.make(**resolved(settings))


def rows_of(item, model):
    """Inputs and targets of a batch that suits a network of `item`."""
    generator = np.random.default_rng(0)

    def batch(tensor):
        shape = (BATCH, *(size or BATCH for size in tensor.shape[1:]))
        if tensor.dtype == "string":
            return np.full(shape, "a b", dtype=object)
        if tensor.dtype.startswith("int"):
            return generator.integers(0, 3, shape).astype(tensor.dtype)
        return generator.uniform(0.1, 0.9, shape).astype(tensor.dtype)

    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if item.shape is not None:
        inputs, outputs = [keras.Input(item.shape, dtype=item.dtype)], [keras.Input((1,))]
    x, y = list(map(batch, inputs)), list(map(batch, outputs))
    if item.targets == "classes":
        y = [generator.integers(0, 3, BATCH).astype("int32")]
    return (x if len(x) > 1 else x[0]), (y if len(y) > 1 else y[0])


def around(layer, shape, dtype="float32", call=None):
    """A network of one layer and a Dense, whatever the layer gives."""
    given = keras.Input(shape, dtype=dtype)
    made = (call or (lambda x: layer(x)))(given)
    parts = keras.tree.flatten(made)
    flat = [_flat(part) for part in parts if len(part.shape) > 1]
    flat = [p if p.dtype == "float32" else layers.Rescaling(1.0)(p) for p in flat]
    x = layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
    model = keras.Model(given, layers.Dense(2, activation="sigmoid")(x))
    model.compile("sgd", "mse")
    return model


def _flat(part):
    masked = getattr(part, "_keras_mask", None) is not None
    # A mask has to reach a layer that knows what to do with it.
    return layers.GlobalAveragePooling1D()(part) if masked else layers.Flatten()(part)


def layer_item(name, kind):
    base, special = {**(of_name(BASE, name) or {})}, of_name(VARIED, name) or {}
    shape, dtype = of_name(SHAPES, name) or VECTOR, of_name(DTYPES, name) or "float32"
    varied = {}
    for argument, default in settings_of(kind).items():
        values = of_name(special, argument)
        values = of_name(VALUES, argument) if values is None else values
        assert values is not None, f"{name}({argument}) has no values: add some to zoo_settings.py."
        if default is inspect.Parameter.empty:
            default = base.setdefault(argument, values[0])
        default = base.get(argument, default)
        varied[argument] = tuple(value for value in values if not is_same(value, default))

    def make(**settings):
        layer = kind(**settings)
        if name.endswith(("Cell", "RNNCells")):
            layer = layers.RNN(layer)
        calls = {
            "pair": lambda x: layer([x, x]),
            "two": lambda x: layer(x, x),
            "pooled": lambda x: layers.GlobalAveragePooling2D(data_format=layer.data_format)(
                layer(x)
            ),
        }
        return around(layer, shape, dtype, calls.get(of_name(CALLS, name)))

    together = TOGETHER.get(name, ())
    return Item(f"layers.{name}", make, base, varied, together, gradients=False)


def settings_of(kind):
    """The arguments that a layer's class takes, with their defaults."""
    found = {}
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            found = {**dict.fromkeys(COMMON), **found}
        elif name != "self":
            found[name] = parameter.default
    return found


def is_same(value, default):
    return value is default or (type(value) is type(default) and value == default)


def classes_of(place, base):
    """The classes that a module of Keras exports, each by the first of its names."""
    module, found = keras, {}
    for step in place.split("."):
        module = getattr(module, step)
    for name, kind in sorted(vars(module).items()):
        if inspect.isclass(kind) and issubclass(kind, base) and kind is not base:
            found.setdefault(kind, name)
    return {name: kind for kind, name in found.items()}


def layer_items():
    """An item for each class of layers that Keras exports."""
    found = classes_of("layers", layers.Layer)
    return [layer_item(name, kind) for name, kind in found.items() if name not in NOT_TRIED]
