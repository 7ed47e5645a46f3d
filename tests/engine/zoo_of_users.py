"""Layers as users write them, each with a setting where a key may fail to see it.

No name of a setting stands among the globals of this module: what an object names there would be read, and
hide that it is not read where the object keeps it.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import types

import keras
import numpy as np
import tensorflow as tf

from tests.engine.zoo_of_keras import Item
from tests.engine.zoo_settings import SEQUENCE, VECTOR

layers, ops = keras.layers, keras.ops


def stack(*parts, shape=VECTOR, dtype="float32", loss="mse", optimizer="sgd", **options):
    """A compiled network of some layers and a Dense."""
    model = keras.Sequential([keras.Input(shape, dtype=dtype), *parts, layers.Dense(1)])
    model.compile(optimizer, loss, **options)
    return model


def user(name, make, one=2.0, other=3.0, shape=VECTOR, dtype="float32"):
    return Item(name, make, {"setting": one}, {"setting": (other,)}, shape=shape, dtype=dtype)


class Holder:
    """A plain object that keeps something."""

    def __init__(self, value):
        self.value = value


class Slotted:
    __slots__ = ("_value",)

    def __init__(self, value):
        self._value = value

    @property
    def value(self):
        return self._value


@dataclasses.dataclass(frozen=True)
class Record:
    value: float


Named = collections.namedtuple("Named", "value")


class Level(enum.Enum):
    LOW = 2.0
    HIGH = 3.0


class AsOfTensorFlow(layers.Layer):
    """An attribute whose name begins as the names do that TensorFlow sets."""

    def __init__(self, value):
        super().__init__()
        self._self_value = value

    def call(self, x):
        return x * self._self_value


class Keeps(layers.Layer):
    """A layer that keeps a function and something for it in private."""

    def __init__(self, kept, read, **options):
        super().__init__(**options)
        self._kept, self._read = kept, read

    def call(self, x):
        return x * self._read(self._kept)

    def get_config(self):
        return {"name": self.name}


class Private(layers.Layer):
    def __init__(self, factor, **options):
        super().__init__(**options)
        self._factor = factor

    def call(self, x):
        return x * self._factor

    def get_config(self):
        return {"name": self.name}

    @property
    def doubled(self):
        return 2.0 * self._factor


class ByProperty(Private):
    def call(self, x):
        return x * self.doubled


class Public(layers.Layer):
    """A layer whose settings are given after its construction."""

    factor = 1.0

    def call(self, x):
        return x * self.factor


class InTraining(Private):
    def call(self, x, training=False):
        return x * self._factor if training else x


class InPrediction(Private):
    def call(self, x, training=False):
        return x if training else x * self._factor


class AddsLoss(Private):
    def call(self, x):
        self.add_loss(self._factor * ops.mean(x))
        return x


class Weighted(Private):
    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x):
        return x * self.scale**self._factor


class Shaped(Private):
    def compute_output_shape(self, shape):
        return shape


class Cell(layers.Layer):
    """A cell of a recurrent layer."""

    def __init__(self, factor, **options):
        super().__init__(**options)
        self.state_size = self.output_size = 4
        self._factor = factor

    def call(self, x, states):
        after = states[0] + self._factor * x
        return after, [after]

    def get_config(self):
        return {"name": self.name}


def kept(wrap, read):
    """A layer that keeps `wrap` of the setting."""
    return lambda setting: stack(Keeps(wrap(setting), read))


def of_class(members):
    """A layer of a class that is made anew, with the members that the setting gives."""

    def make(setting):
        return stack(type("Made", (layers.Layer,), members(setting))())

    return make


def times_class_value(self, x):
    return x * self.value


def times_table(self, x):
    return x * self.table["factor"][0]


def times_held(self, x):
    return x * self.held.value


def times_base(setting):
    base = type("Base", (layers.Layer,), {"value": setting})
    return stack(type("Derived", (base,), {"call": times_class_value})())


def by_closure(setting):
    class Closes(layers.Layer):
        def call(self, x):
            return x * setting

    return stack(Closes())


def by_default(setting):
    class Defaults(layers.Layer):
        def call(self, x, factor=setting):
            return x * factor

    return stack(Defaults())


def by_keyword_default(setting):
    class Defaults(layers.Layer):
        def call(self, x, *, factor=setting):
            return x * factor

    return stack(Defaults())


def by_code(setting):
    if setting == "sin":

        class Codes(layers.Layer):
            def call(self, x):
                return ops.sin(x)

    else:

        class Codes(layers.Layer):
            def call(self, x):
                return ops.cos(x)

    return stack(Codes())


SOURCE = """
import keras
class Reads(keras.layers.Layer):
    def call(self, x):
        return x * {expression}
def helper():
    return {helped}
"""


def by_global(expression, value, helped="0.0"):
    """A layer of a module of its own, whose code reads `expression` there."""

    def make(setting):
        space = types.ModuleType("a_module_of_users")
        space.VALUE = value(setting)
        exec(SOURCE.format(expression=expression, helped=helped), vars(space))
        return stack(space.Reads())

    return make


def with_module(setting):
    inner = types.ModuleType("settings_of_users")
    inner.FACTOR = setting
    return inner


def after_construction(name, layer=Public, shape=VECTOR, **options):
    def make(setting):
        made = layer(**options)
        setattr(made, name, setting)
        return stack(made, layers.Flatten(), shape=shape)

    return make


def own_call(setting):
    made = layers.Dense(3)
    before = made.call
    made.call = lambda x, **options: setting * before(x, **options)
    return stack(made)


def activation(function):
    return lambda setting: stack(layers.Dense(3, function(setting)))


class Scales:
    """A callable object."""

    def __init__(self, factor):
        self._factor = factor

    def __call__(self, x):
        return x * self._factor

    def method(self, x):
        return x - self._factor


def times(x, factor=1.0):
    return x * factor


def nested_closure(setting):
    def inner(x):
        return x * setting

    def outer(x):
        return inner(x) + 1.0

    return outer


def in_wrapper(setting):
    x = keras.Input(SEQUENCE)
    inner = layers.TimeDistributed(Shaped(setting))(x)
    model = keras.Model(x, layers.Dense(1)(layers.Flatten()(inner)))
    model.compile("sgd", "mse")
    return model


def in_rnn(setting):
    return stack(layers.RNN(Cell(setting)), shape=SEQUENCE)


LAYERS = [
    user("a private attribute of a layer", lambda setting: stack(Private(setting))),
    user("an attribute named as TensorFlow's", lambda setting: stack(AsOfTensorFlow(setting))),
    user("a property of a layer", lambda setting: stack(ByProperty(setting))),
    user("what a layer does in training", lambda setting: stack(InTraining(setting))),
    user("what a layer does in prediction", lambda setting: stack(InPrediction(setting))),
    user("a loss that a layer adds", lambda setting: stack(AddsLoss(setting))),
    user("a power of a layer with weights", lambda setting: stack(Weighted(setting))),
    user("a dict of a layer", kept(lambda s: {"a": s}, lambda k: k["a"])),
    user(
        "nested containers of a layer",
        kept(lambda s: [{"a": ({s: 1}, [s])}], lambda k: k[0]["a"][1][0]),
    ),
    user("a set of a layer", kept(lambda s: {1.0, s}, lambda k: max(k))),
    user("a tensor of a layer", kept(tf.constant, lambda k: k)),
    user("an array of a layer", kept(lambda s: np.full(100, s), lambda k: k.mean())),
    user("an array of objects", kept(lambda s: np.array([Holder(s)]), lambda k: k[0].value)),
    user("a NumPy scalar of a layer", kept(np.float32, lambda k: k)),
    user("an object of a layer", kept(Holder, lambda k: k.value)),
    user("a nested object of a layer", kept(lambda s: Holder(Holder(s)), lambda k: k.value.value)),
    user("an object with slots", kept(Slotted, lambda k: k.value)),
    user("a dataclass of a layer", kept(Record, lambda k: k.value)),
    user("a named tuple of a layer", kept(Named, lambda k: k.value)),
    user("a namespace of a layer", kept(lambda s: types.SimpleNamespace(v=s), lambda k: k.v)),
    user("an enum of a layer", kept(Level, lambda k: k.value)),
    user("a deque of a layer", kept(lambda s: collections.deque([s]), lambda k: k[0])),
    user("a method of an object", kept(lambda s: Scales(s).method, lambda k: k(1.0))),
    user(
        "a partial of a layer", kept(lambda s: functools.partial(times, factor=s), lambda k: k(1.0))
    ),
    user("a loss inside a layer", kept(keras.losses.Huber, lambda k: k([[0.0]], [[5.0]]))),
    user("a closure of a layer", by_closure),
    user("a default of a layer's call", by_default),
    user("a keyword default of a layer's call", by_keyword_default),
    user("the code of a class of the same name", by_code, "sin", "cos"),
    user("a class attribute", of_class(lambda s: {"value": s, "call": times_class_value})),
    user(
        "a container of a class",
        of_class(lambda s: {"table": {"factor": [s]}, "call": times_table}),
    ),
    user("an object of a class", of_class(lambda s: {"held": Holder(s), "call": times_held})),
    user("an attribute of a base class", times_base),
    user("a global that a layer names", by_global("VALUE", lambda s: s)),
    user("a global container", by_global('VALUE["a"][0]', lambda s: {"a": [s]})),
    user("an object among the globals", by_global("VALUE.value", Holder)),
    user("a module among the globals", by_global("VALUE.FACTOR", with_module)),
    user("a global of a helper function", by_global("helper()", lambda s: s, helped="VALUE")),
    user("an attribute set after construction", after_construction("factor")),
    user(
        "a pool size set after construction",
        after_construction("pool_size", layers.MaxPooling1D, SEQUENCE, pool_size=1, strides=1),
        (1,),
        (2,),
        SEQUENCE,
    ),
    user(
        "an activation set after construction",
        after_construction("activation", layers.Dense, units=3),
        keras.activations.relu,
        keras.activations.tanh,
    ),
    user("a call set on a layer", own_call),
    user("a closure as an activation", activation(nested_closure)),
    user("a lambda as an activation", activation(lambda s: lambda x: x * s)),
    user("a partial as an activation", activation(lambda s: functools.partial(times, factor=s))),
    user("a partial with a place", activation(lambda s: functools.partial(times, s))),
    user("a callable object as an activation", activation(Scales)),
    user("a method as an activation", activation(lambda s: Scales(s).method)),
    user("a closure of a Lambda", lambda setting: stack(layers.Lambda(lambda x: x * setting))),
    user("a layer in a TimeDistributed", in_wrapper, shape=SEQUENCE),
    user("a cell of a user's", in_rnn, shape=SEQUENCE),
]
