"""The statistics of Normalization are inputs: of programs that train, and of those that predict."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl import KerasRegressor
from skdl.engine import stats
from skdl.engine.keras_parts.normalization import statistics_as_inputs, statistics_of
from skdl.engine.network.network import Network
from skdl.engine.network.state import read_state
from skdl.engine.structure.key import prediction_structure, training_structure
from tests.selection import some

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype(np.float32) * 50 + 300
Y = X @ np.array([1.0, -2.0, 0.5], np.float32)


def adapted(data):
    layer = keras.layers.Normalization()
    layer.adapt(data)
    return layer


def network(data, hidden=4):
    made = keras.Sequential(
        [
            keras.Input((3,)),
            adapted(data),
            keras.layers.Dense(hidden, "relu"),
            keras.layers.Dense(1),
        ]
    )
    made.compile("sgd", "mse")
    return made


def test_statistics_are_in_no_key():
    for structure in (training_structure, prediction_structure):
        assert structure(network(X)) == structure(network(X * 2))


def test_statistics_of_a_constructor_are():
    def made(mean):
        layer = keras.layers.Normalization(mean=mean, variance=mean)
        model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    for structure in (training_structure, prediction_structure):
        assert structure(made(1.0)) == structure(made(1.0))
        assert structure(made(1.0)) != structure(made(2.0))
        assert structure(made(np.ones(3))) == structure(made(np.ones(3)))
        assert structure(made(np.ones(3))) != structure(made(np.arange(3.0)))
        assert not structure(made(np.ones(3))).of_users  # who changes the array changes no layer


def test_a_layer_whose_tensors_somebody_set_computes_by_them():
    one, other = network(X), network(X)
    other.layers[0].mean = other.layers[0].mean + 1.0
    assert statistics_of(one.layers[0]) == ("mean", "variance")
    assert statistics_of(other.layers[0]) == ()
    assert training_structure(one) != training_structure(other)


def test_inside_the_block_a_layer_computes_by_its_variables_and_outside_by_its_tensors():
    model = network(X)
    layer, before = model.layers[0], np.asarray(model.layers[0](X))
    with statistics_as_inputs(model):
        np.testing.assert_array_equal(np.asarray(layer(X)), before)
        layer.adapt_mean.assign(layer.adapt_mean + 5.0)
        assert not np.array_equal(np.asarray(layer(X)), before)
    np.testing.assert_array_equal(np.asarray(layer(X)), before)
    assert type(layer) is keras.layers.Normalization


def test_a_model_in_another_state_has_its_statistics():
    other = read_state(network(X * 2 + 1))
    model = Network(lambda: network(X)).model(other)
    np.testing.assert_array_equal(model.layers[0].mean, network(X * 2 + 1).layers[0].mean)


@pytest.mark.parametrize("engine", some(["keras", "auto"], "auto"))
def test_a_stack_behind_an_adapted_layer_is_trained_on_normalised_rows(engine):
    layer = adapted(X)

    def build(normalised):
        first = [] if normalised else [layer]
        zeros = {"kernel_initializer": "zeros"}
        dense = [keras.layers.Dense(4, "relu", **zeros), keras.layers.Dense(1, **zeros)]
        return keras.Sequential([keras.Input((3,)), *first, *dense])

    settings = {"loss": "mse", "optimizer": "sgd", "epochs": 3, "random_state": 0}
    reg = KerasRegressor(build, normalised=False, engine=engine, **settings).fit(X, Y)
    plain = KerasRegressor(build, normalised=True, engine=engine, **settings)
    plain.fit(np.asarray(layer(X)), Y)
    np.testing.assert_allclose(reg.history_["loss"], plain.history_["loss"], rtol=1e-5)
    np.testing.assert_allclose(reg.predict(X), reg.model_.predict(X, verbose=0)[:, 0], rtol=1e-5)


@pytest.mark.further
def test_a_build_function_that_adapts_at_every_call_compiles_once():
    def build_for(data):
        def build(hidden=6):
            return network(data, hidden)

        return build

    before, losses = stats().programs, []
    for scale in range(1, 7):
        reg = KerasRegressor(build_for(X * scale), random_state=0, epochs=2)
        reg.fit(X * scale, Y).predict(X)
        losses.append(reg.history_["loss"])
    assert stats().programs - before <= 2  # one that trains and one that predicts
    np.testing.assert_allclose(losses, [losses[0]] * 6, rtol=1e-4)
