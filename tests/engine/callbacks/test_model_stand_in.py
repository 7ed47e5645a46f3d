"""What callbacks are shown in the place of a model."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl.engine.callbacks.model_stand_in import StandIn, shown
from skdl.engine.network.network import Network
from skdl.engine.network.state import NetworkState
from tests.engine.jobs import X, network


@pytest.fixture(scope="module")
def one():
    return Network(network)


def scaled(one, factor):
    state = one.initial_state(1)
    return NetworkState(tuple(factor * part for part in state.variables))


def test_a_callback_sees_it_inside_the_block_alone():
    callback, model = keras.callbacks.Callback(), StandIn()
    with shown(callback, model):
        assert callback.model is model
    assert callback.model is None
    with pytest.raises(KeyError, match="stop"), shown(callback, model):
        raise KeyError("stop")
    assert callback.model is None


def test_a_learning_rate_is_rounded_as_keras_rounds_it():
    model = StandIn()
    model.optimizer.learning_rate = 0.1
    assert model.optimizer.learning_rate == float(np.float32(0.1))


def test_without_anything_kept_saving_writes_nothing(tmp_path):
    model = StandIn()
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_is_saved_each_time(one, tmp_path):
    model = StandIn(one, lambda kept: scaled(one, *kept))
    for factor in (1.0, 3.0):
        model.kept = [factor]
        model.save(tmp_path / "model.keras")
        model.save_weights(tmp_path / "model.weights.h5")
        loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
        wanted = one.model(scaled(one, factor))
        np.testing.assert_array_equal(loaded(X[:4]), wanted(X[:4]))
        other = one.model(one.initial_state(2))
        other.load_weights(tmp_path / "model.weights.h5")
        np.testing.assert_array_equal(other(X[:4]), wanted(X[:4]))


def test_to_restore_weights_is_nothing_to_it(one):
    model = StandIn(one)
    model.set_weights([np.zeros(3)])
    assert model.kept is None
