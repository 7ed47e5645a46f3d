"""A copy of a model, and what comes back from an archive, is equal in every bit, trained or not."""

from __future__ import annotations

import copy
import pickle

import keras
import numpy as np
import pytest

from skdl.engine.copies.persistence import (
    Handle,
    copy_model,
    copy_unbuilt,
    pack_model,
    unpack_model,
)
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.network.network import LiveNetwork
from skdl.engine.network.state import read_state
from skdl.engine.rows.arrays import Samples
from tests.engine.jobs import job
from tests.engine.keras_parts.test_walk import everything

X = np.random.default_rng(0).normal(size=(20, 6, 4)).astype(np.float32)
Y = np.zeros((20, 6), np.float32)


def state(model):
    """Weights, noise and the optimizer's variables."""
    return [np.asarray(v) for v in [*model.variables, *model.optimizer.variables]]


def train(model, eagerly=True, **settings):
    """Train `model` itself for an epoch: to run its few steps eagerly is faster than to trace one."""
    model.run_eagerly = eagerly
    live = LiveNetwork(model)
    one = job(live, read_state(model), training=Samples(X, Y), epochs=1, **settings)
    KerasLoopEngine().train(one)


def trained(**settings):
    model = everything()
    train(model, **settings)
    return model


@pytest.mark.parametrize("make", [trained, everything])
def test_a_copy_has_the_same_bits_and_is_another_model(make):
    model = make()
    twin = copy_model(model)
    assert twin is not model
    for one, two in zip(state(model), state(twin), strict=True):
        np.testing.assert_array_equal(one, two)
    assert type(twin.loss) is type(model.loss)


def test_a_copy_trains_on_as_the_original_would():
    model = trained()
    twin = copy_model(model)
    for each in (model, twin):
        train(each, trained_epochs=1)
    for one, two in zip(state(model), state(twin), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.further
def test_a_packed_model_is_plain_data():
    packed = pickle.loads(pickle.dumps(pack_model(trained(eagerly=False))))
    assert isinstance(packed.archive, bytes)
    assert unpack_model(packed).built


def test_a_handle_shares_its_model_with_a_shallow_copy_and_packs_it_otherwise():
    handle = Handle(everything())
    assert copy.copy({"model": handle})["model"].value is handle.value
    assert copy.deepcopy(handle).value is not handle.value


def test_a_copy_of_an_unbuilt_model_has_weights_of_its_own():
    model = keras.Sequential([keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    twin = copy_unbuilt(model)
    twin(np.zeros((1, 3)))
    assert twin.compiled
    assert twin.loss == "mse"
    assert not model.built
