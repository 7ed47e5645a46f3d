"""Models of users with layers of Keras inside, and layers of Keras that have adapted themselves to data."""

from __future__ import annotations

import keras
import numpy as np

from tests.engine.zoo_of_users import Holder, stack, user
from tests.engine.zoo_settings import SEQUENCE, VECTOR

layers = keras.layers


def compiled(model, shape=VECTOR):
    """A model that learns its shapes from data, built and compiled."""
    model(np.ones((2, *shape), "float32"))
    model.compile("sgd", "mse")
    return model


class Net(keras.Model):
    """A model with layers of Keras inside, which `hold` keeps and `read` finds again."""

    def __init__(self, part, hold=lambda part: part, read=lambda held: held):
        super().__init__()
        self.held = hold(part)
        self.find = read
        self.flat, self.out = layers.Flatten(), layers.Dense(1)

    def call(self, x):
        return self.out(self.flat(self.find(self.held)(x)))


class OwnSequential(keras.Sequential):
    pass


class OwnStep(keras.Model):
    def __init__(self, setting):
        super().__init__()
        self._setting, self.out = setting, layers.Dense(1)

    def call(self, x):
        return self.out(x) * self._setting

    def train_step(self, data):
        return super().train_step(data)


class Inside(layers.Layer):
    """A layer with layers of Keras inside."""

    def __init__(self, part, hold=lambda part: part, read=lambda held: held, **options):
        super().__init__(**options)
        self.held, self.find = hold(part), read

    def call(self, x):
        return self.find(self.held)(x)


PARTS = {
    "pool": (lambda s: layers.MaxPooling1D(s, strides=1, padding="same"), 1, 3),
    "padding": (lambda s: layers.Conv1D(2, 2, padding=s), "same", "causal"),
    "stride": (lambda s: layers.AveragePooling1D(2, strides=s, padding="same"), 1, 2),
    "activation": (lambda s: layers.Dense(3, s), "relu", "tanh"),
    "axis": (lambda s: layers.Softmax(s), 1, 2),
    "rate": (lambda s: layers.Dropout(s), 0.1, 0.5),
    "epsilon": (lambda s: layers.LayerNormalization(epsilon=s), 1e-3, 0.5),
}
HOLDS = {
    "a list": (lambda part: [part], lambda held: held[0]),
    "a dict": (lambda part: {"a": part}, lambda held: held["a"]),
    "a plain object": (Holder, lambda held: held.value),
    "a tuple in a dict": (lambda part: {"a": (part,)}, lambda held: held["a"][0]),
    "a closure": (lambda part: lambda: part, lambda held: held()),
}


def inside(container):
    """A network of `container`, a model or a layer, for each of its parts and ways to hold them."""

    def make(part, hold=None):
        def build(setting):
            made = container(part(setting), *(hold or ()))
            if isinstance(made, keras.Model):
                return compiled(made, SEQUENCE)
            return stack(made, layers.Flatten(), shape=SEQUENCE)

        return build

    what = {Net: "a Model", Inside: "a layer"}[container]
    for name, (part, one, other) in PARTS.items():
        yield user(f"{name} in {what}", make(part), one, other, SEQUENCE)
    for name, hold in HOLDS.items():
        part, one, other = PARTS["pool"]
        yield user(f"pool in {name} of {what}", make(part, hold), one, other, SEQUENCE)


def own_sequential(setting):
    part = layers.MaxPooling1D(setting, strides=1, padding="same")
    inner = [keras.Input(SEQUENCE), part, layers.Flatten(), layers.Dense(1)]
    model = OwnSequential(inner)
    model.compile("sgd", "mse")
    return model


def nested_model(setting):
    inner = Net(layers.MaxPooling1D(setting, strides=1, padding="same"))
    x = keras.Input(SEQUENCE)
    model = keras.Model(x, layers.Dense(1)(inner(x)))
    model.compile("sgd", "mse")
    return model


def own_step(setting):
    return compiled(OwnStep(setting))


def adapted(layer, data, before=(), shape=VECTOR, dtype="float32"):
    """A network with a layer that has adapted itself to data."""

    def make(setting):
        made = layer()
        made.adapt(data(setting))
        return stack(
            *before, made, layers.Flatten(), layers.Dense(2, "relu"), shape=shape, dtype=dtype
        )

    return make


def adapted_in_model(setting):
    made = layers.Normalization()
    made.adapt(statistics(setting))
    return compiled(Net(made))


def statistics(setting):
    return setting * np.arange(12.0, dtype="float32").reshape(2, 6)


def often(setting):
    return np.array([[1], [2], [3], *[[setting]] * 5])


def words(setting):
    return np.array(["a", "b", "c", *[setting] * 5])


MODELS = [
    *inside(Net),
    *inside(Inside),
    user("pool in a Sequential of one's own", own_sequential, 1, 3, SEQUENCE),
    user("pool in a model in a model", nested_model, 1, 3, SEQUENCE),
    user("a setting of a model with a train_step", own_step),
]
ADAPTED = [
    user("an adapted Normalization", adapted(layers.Normalization, statistics), 1.0, 5.0),
    user("an adapted Normalization in a Model", adapted_in_model, 1.0, 5.0),
    user(
        "an adapted Discretization",
        adapted(
            lambda: layers.Discretization(num_bins=3, output_mode="one_hot"), statistics, shape=(1,)
        ),
        1.0,
        0.1,
        (1,),
    ),
    user(
        "an adapted IntegerLookup",
        adapted(
            lambda: layers.IntegerLookup(output_mode="one_hot"), often, shape=(1,), dtype="int64"
        ),
        1,
        3,
        (1,),
        "int64",
    ),
    user(
        "an adapted StringLookup",
        adapted(
            lambda: layers.StringLookup(output_mode="one_hot"), words, shape=(1,), dtype="string"
        ),
        "a",
        "c",
        (1,),
        "string",
    ),
]
