"""Which networks share a program, and which requests are the same."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from skdl.engine.identity.reader import fingerprint
from skdl.engine.structure.key import prediction_structure, training_structure

layers, losses, regularizers = keras.layers, keras.losses, keras.regularizers


def network(loss="mse", optimizer="adam", stack=None, **settings):
    made = keras.Sequential(stack or [keras.Input((3,)), layers.LayerNormalization(), *head()])
    made.compile(optimizer, loss, **settings)
    return made


def head(rate=0.5, l2=0.1, units=4, activation="relu", **options):
    return [
        layers.Dense(units, activation, kernel_regularizer=regularizers.L2(l2), **options),
        layers.Dropout(rate),
        layers.Dense(1),
    ]


def stacked(**options):
    return network(stack=[keras.Input((3,)), layers.LayerNormalization(), *head(**options)])


def scaled(factor):
    def activation(x):
        return x * factor

    return activation


class Own(layers.Layer):
    """A user's layer with a number that is no argument of Keras's."""

    def __init__(self, factor, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x):
        return x * self.factor


class OwnWeights(layers.Layer):
    """A user's layer that makes its weights when it learns the shape of its inputs."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x):
        return x * self.scale


class HoldsALoss(keras.Loss):
    """A user's loss made of one of Keras's."""

    def __init__(self, delta):
        super().__init__()
        self.huber = losses.Huber(delta)

    def call(self, y_true, y_pred):
        return self.huber(y_true, y_pred)


SAME = {
    "built twice": (stacked, stacked),
    "rates": (lambda: stacked(rate=0.0), lambda: stacked(rate=0.3)),
    "penalties": (lambda: stacked(l2=0.0), lambda: stacked(l2=0.3)),
    "seeds and initializers": (
        lambda: stacked(kernel_initializer=keras.initializers.HeNormal(1)),
        lambda: stacked(kernel_initializer="zeros"),
    ),
    "learning rates": (
        lambda: network(optimizer=keras.optimizers.Adam(0.1)),
        lambda: network(optimizer=keras.optimizers.Adam(0.2, beta_1=0.5)),
    ),
    "label smoothing": (
        lambda: network(losses.BinaryCrossentropy(label_smoothing=0.1)),
        lambda: network(losses.BinaryCrossentropy(label_smoothing=0.2)),
    ),
    "functions of the same code": (
        lambda: stacked(activation=scaled(2.0)),
        lambda: stacked(activation=scaled(2.0)),
    ),
    "a user's layer": (
        lambda: network(stack=[keras.Input((3,)), Own(1.0), layers.Dense(1)]),
        lambda: network(stack=[keras.Input((3,)), Own(1.0), layers.Dense(1)]),
    ),
    "a user's layer with weights": (
        lambda: network(stack=[keras.Input((3,)), OwnWeights(), layers.Dense(1)]),
        lambda: network(stack=[keras.Input((3,)), OwnWeights(), layers.Dense(1)]),
    ),
}
DIFFERENT = {
    "units where they are exact": (
        lambda: stacked(units=4, activation="softmax"),
        lambda: stacked(units=5, activation="softmax"),
    ),
    "activation": (lambda: stacked(), lambda: stacked(activation="tanh")),
    "what a function closes over": (
        lambda: stacked(activation=scaled(2.0)),
        lambda: stacked(activation=scaled(3.0)),
    ),
    "a number of a user's layer": (
        lambda: network(stack=[keras.Input((3,)), Own(1.0), layers.Dense(1)]),
        lambda: network(stack=[keras.Input((3,)), Own(2.0), layers.Dense(1)]),
    ),
    "a number inside a user's loss": (
        lambda: network(HoldsALoss(0.1)),
        lambda: network(HoldsALoss(0.2)),
    ),
    "optimizer": (lambda: network(optimizer="sgd"), lambda: network(optimizer="adam")),
    "no momentum and some": (
        lambda: network(optimizer=keras.optimizers.SGD(0.1)),
        lambda: network(optimizer=keras.optimizers.SGD(0.1, momentum=0.9)),
    ),
    "no clipping and some": (
        lambda: network(optimizer=keras.optimizers.SGD(0.1)),
        lambda: network(optimizer=keras.optimizers.SGD(0.1, clipnorm=1.0)),
    ),
    "metrics": (lambda: network(), lambda: network(metrics=["mae"])),
    "loss": (lambda: network("mse"), lambda: network("mae")),
    "loss weights": (lambda: network(loss_weights=[0.1]), lambda: network(loss_weights=[0.2])),
    "dtype": (lambda: stacked(), lambda: stacked(dtype="float64")),
}


@pytest.mark.parametrize("case", SAME)
def test_networks_that_differ_in_numbers_share(case):
    one, two = (build() for build in SAME[case])
    assert training_structure(one) == training_structure(two)
    assert hash(training_structure(one)) == hash(training_structure(two))


@pytest.mark.parametrize("case", DIFFERENT)
def test_networks_that_differ_in_structure_do_not(case):
    one, two = (build() for build in DIFFERENT[case])
    assert training_structure(one) != training_structure(two)


def test_what_is_frozen_is_structure():
    one, two = stacked(), stacked()
    two.layers[1].trainable = False
    assert training_structure(one) != training_structure(two)


def test_a_layer_used_twice_is_not_two_layers():
    def build(twice):
        x = keras.Input((3,))
        first = layers.Dense(3)
        made = keras.Model(x, (first if twice else layers.Dense(3))(first(x)))
        made.compile("sgd", "mse")
        return made

    assert training_structure(build(True)) != training_structure(build(False))


def test_predictions_do_not_ask_how_a_network_was_trained():
    one, two = network(optimizer="sgd"), network(optimizer="adam")
    assert prediction_structure(one) == prediction_structure(two)


def test_a_layer_named_like_an_activation_is_no_activation():
    def build(name, activation):
        stack = [keras.Input((3,)), layers.Dense(3, activation, name=name), layers.Dense(1)]
        return network(stack=[*stack[:1], layers.LayerNormalization(), *stack[1:]])

    assert training_structure(build("relu", "relu")) != training_structure(build("tanh", "tanh"))


EQUAL_REQUESTS = {
    "numbers": lambda: {"units": 3, "rates": [0.1, None], "where": (1, "a")},
    "arrays": lambda: np.arange(3.0),
    "optimizers": lambda: keras.optimizers.Adam(0.25),
    "initializers": lambda: keras.initializers.HeNormal(3),
    "functions": lambda: scaled(3.0),
    "partials": lambda: functools.partial(scaled, 3),
    "dtypes": lambda: np.dtype("float32"),
}
OTHER_REQUESTS = {
    "an int and a float": (1, 1.0),
    "true and one": (True, 1),
    "a list and a tuple": ([1], (1,)),
    "learning rates": (keras.optimizers.Adam(0.25), keras.optimizers.Adam(0.5)),
    "initializers": (keras.initializers.HeNormal(3), keras.initializers.HeNormal(4)),
    "losses": (losses.Huber(0.1), losses.Huber(0.2)),
    "arrays": (np.zeros(2), np.zeros(3)),
    "functions": (scaled(2.0), scaled(3.0)),
    "penalties": (regularizers.L2(0.1), regularizers.L2(0.2)),
}


@pytest.mark.parametrize("case", EQUAL_REQUESTS)
def test_equal_requests_have_one_fingerprint(case):
    make = EQUAL_REQUESTS[case]
    assert fingerprint(make()) is not None
    assert fingerprint(make()) == fingerprint(make())


@pytest.mark.parametrize("case", OTHER_REQUESTS)
def test_other_requests_have_other_fingerprints(case):
    one, two = OTHER_REQUESTS[case]
    assert fingerprint(one) != fingerprint(two)


def test_what_cannot_be_read_has_no_fingerprint():
    assert fingerprint([1, object()]) is None


def test_a_function_counts_by_the_globals_that_it_names():
    space = {}
    exec("factor = 1.0\ndef activation(x):\n    return x * factor", space)
    before = fingerprint(space["activation"])
    space["factor"] = 2.0
    assert fingerprint(space["activation"]) != before


def test_a_function_of_a_library_counts_by_its_name():
    def scorer(y, y_pred):
        return accuracy_score(y, y_pred)

    # With the code of all that the function calls, it would be a text of megabytes.
    assert len(fingerprint(scorer)) < 1000


def test_a_function_that_bears_the_name_of_a_library_s_counts_by_what_it_does():
    def wrapped(factor):
        return functools.wraps(accuracy_score)(lambda *args: factor * accuracy_score(*args))

    assert fingerprint(wrapped(1.0)) == fingerprint(wrapped(1.0))
    assert fingerprint(wrapped(1.0)) != fingerprint(wrapped(2.0))


class Scaled(layers.Layer):
    """A layer of the user's own, with settings that no constructor knows."""

    factor = 1.0

    def __init__(self, **settings):
        super().__init__(**settings)
        self._hidden = 1.0

    def build(self, shape):
        self.weight = self.add_weight(shape=(shape[-1],))

    def call(self, x):
        return self.factor * self._hidden * x * self.weight


def wrapped(layer, factor):
    own = layer.call

    @functools.wraps(own)
    def call(x):
        return factor * own(x)

    layer.call = call
    return layer


def with_settings(make, **changes):
    layer = make()
    for name, value in changes.items():
        setattr(layer, name, value)
    return layer


CHANGED = {
    "a public setting": lambda k: with_settings(Scaled, factor=k),
    "a private setting": lambda k: with_settings(Scaled, _hidden=k),
    "a call around its own": lambda k: wrapped(Scaled(), k),
    "a call around one of Keras's": lambda k: wrapped(layers.Dense(3), k),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_is_set_on_a_layer_is_structure(name):
    one, other, again = (
        network(stack=[keras.Input((3,)), CHANGED[name](k), layers.Dense(2)])
        for k in (2.0, 9.0, 2.0)
    )
    for structure in (training_structure, prediction_structure):
        assert structure(one) != structure(other)
        if "call" not in name:  # a function that holds its layer is a structure of its own
            assert structure(one) == structure(again)
