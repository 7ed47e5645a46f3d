"""All that can stand for a network: functions, objects, classes, methods, and every form of Keras model."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest
from keras.layers import Dense

from skdl import KerasClassifier, KerasRegressor
from skdl.exceptions import InvalidParameterError
from tests.wrappers.small_networks import (
    NUMBERS,
    QUICK,
    THREE,
    TWO,
    X,
    assert_trained_alike,
    build_hidden,
    build_softmax,
    dense,
    weights,
)


class Builder:
    """A callable object."""

    def __init__(self, units):
        self.units = units

    def __call__(self, meta, activation="softmax"):
        return dense(self.units, meta["n_classes_"], activation=activation)

    def method(self, meta):
        return self(meta)


class Subclassed(keras.Model):
    """A network written as a class, without a graph of layers."""

    def __init__(self, units=3, classes=3):
        super().__init__()
        self.hidden = Dense(units, activation="relu")
        self.out = Dense(classes, activation="softmax")

    def call(self, inputs):
        return self.out(self.hidden(inputs))


def build_functional(meta):
    inputs = keras.Input((meta["n_features_in_"],))
    hidden = Dense(3, activation="relu")(inputs)
    return keras.Model(inputs, Dense(meta["n_classes_"], activation="softmax")(hidden))


def build_without_input(meta):
    return keras.Sequential(
        [Dense(3, activation="relu"), Dense(meta["n_classes_"], activation="softmax")]
    )


def build_subclassed(meta):
    return Subclassed(3, meta["n_classes_"])


@pytest.fixture(scope="module")
def expected():
    """The weights after a fit of the network that all build functions below describe."""
    return weights(KerasClassifier(build_hidden, **QUICK).fit(X, THREE))


@pytest.mark.parametrize(
    "model",
    [
        functools.partial(build_hidden, units=3),
        lambda meta: build_hidden(meta),
        Builder(3),
        Builder(3).method,
        Subclassed,
        build_functional,
        build_without_input,
        build_subclassed,
    ],
    ids=["partial", "lambda", "object", "method", "class", "functional", "no Input", "subclassed"],
)
def test_every_form_trains_to_the_same_bits(model, expected):
    clf = KerasClassifier(model, **QUICK).fit(X, THREE)
    np.testing.assert_array_equal(weights(clf), expected)
    assert clf.predict(X).shape == (len(X),)


def test_a_class_takes_its_arguments_as_parameters():
    clf = KerasClassifier(Subclassed, units=5, **QUICK)
    assert clf.get_params()["model__classes"] == 3
    assert clf.fit(X, THREE).model_.hidden.units == 5


def test_a_partial_keeps_its_arguments_and_takes_others():
    build = functools.partial(build_hidden, units=2)
    clf = KerasClassifier(build, power=2, **QUICK).initialize(X, THREE)
    assert clf.model_.layers[0].units == 4
    assert clf.get_params()["model__units"] == 2


def test_a_callable_object_takes_routed_arguments():
    clf = KerasClassifier(Builder(3), model__activation="linear", **QUICK).initialize(X, THREE)
    assert clf.model_.layers[-1].activation is keras.activations.linear


def test_a_compiled_network_keeps_what_it_was_compiled_with():
    def build():
        model = dense(3, activation="softmax")
        model.compile(
            keras.optimizers.SGD(0.125), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model

    clf = KerasClassifier(build, optimizer="adam", **QUICK).fit(X, THREE)
    assert isinstance(clf.model_.optimizer, keras.optimizers.SGD)
    assert float(clf.model_.optimizer.learning_rate) == 0.125
    assert set(clf.history_) == {"loss", "accuracy"}


def test_a_compiled_network_and_the_same_settings_train_to_the_same_bits():
    def build():
        model = dense(1, activation="sigmoid")
        model.compile("sgd", "binary_crossentropy", run_eagerly=True)  # as QUICK has it
        return model

    mine = KerasClassifier(build, **QUICK).fit(X, TWO)
    left = KerasClassifier(
        lambda: dense(1, activation="sigmoid"),
        optimizer="sgd",
        loss="binary_crossentropy",
        **QUICK,
    ).fit(X, TWO)
    np.testing.assert_array_equal(weights(mine), weights(left))


def test_one_hot_targets_for_a_network_compiled_with_categorical_crossentropy():
    def build(compile_kwargs):
        model = build_softmax()
        model.compile("sgd", "categorical_crossentropy")
        return model

    columns = KerasClassifier(build, **QUICK).fit(X, THREE)
    numbers = KerasClassifier(build_softmax, optimizer="sgd", **QUICK).fit(X, THREE)
    assert_trained_alike(columns, numbers)
    np.testing.assert_array_equal(columns.classes_, [0, 1, 2])
    np.testing.assert_array_equal(columns.predict(X), numbers.predict(X))


def test_scikeras_old_name_of_model():
    clf = KerasClassifier(build_fn=build_softmax, **QUICK)
    with pytest.warns(FutureWarning, match="pass model instead"):
        clf.fit(X, THREE)
    new = KerasClassifier(build_softmax, **QUICK).fit(X, THREE)
    np.testing.assert_array_equal(weights(clf), weights(new))


def test_a_build_function_that_returns_no_network():
    def build():
        dense(1)

    with pytest.raises(
        InvalidParameterError, match="expected a keras.Model: end it in 'return model'"
    ):
        KerasRegressor(build).fit(X, NUMBERS)


@pytest.mark.parametrize("model", [None, 3, "mlp"])
def test_what_builds_no_network(model):
    with pytest.raises(InvalidParameterError, match="builds no network.*pass model=build"):
        KerasRegressor(model).fit(X, NUMBERS)


def test_an_error_in_the_build_function_is_the_users_own():
    def build():
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        KerasRegressor(build).fit(X, NUMBERS)
