"""A fitted network is arrays until its model is asked for, and the model from then on."""

import copy
import pickle

import numpy as np
import pytest

from skdl.engine.network.fitted import FittedNetwork
from skdl.engine.network.network import LiveNetwork, Network
from skdl.engine.network.state import NetworkState
from tests.engine.jobs import network


@pytest.fixture
def fitted():
    made = Network(network)
    return FittedNetwork(made, made.initial_state(1))


def first(one):
    return one.state.variables[0]


def test_the_model_is_made_when_it_is_asked_for(fitted):
    state, template = fitted.state, fitted.network.template
    model = fitted.model
    assert model is fitted.model
    assert model is not template
    np.testing.assert_array_equal(model.get_weights()[0], state.variables[0])
    assert isinstance(fitted.network, LiveNetwork)


def test_who_changes_the_model_changes_the_state(fitted):
    model = fitted.model
    model.layers[0].kernel.assign(model.layers[0].kernel * 0 + 0.5)
    assert (first(fitted) == 0.5).all()


def test_training_makes_another_one_unless_somebody_holds_the_model(fitted):
    later = NetworkState(tuple(value + 1 for value in fitted.state.variables))
    after = fitted.trained(later)
    assert after is not fitted
    assert after.state is later
    assert not np.array_equal(first(fitted), later.variables[0])
    model = fitted.model
    assert fitted.trained(later) is fitted
    np.testing.assert_array_equal(model.get_weights()[0], later.variables[0])


@pytest.mark.parametrize("held", [False, True])
def test_a_model_of_ones_own_is_no_part_of_it(fitted, held):
    if held:
        assert fitted.model is fitted.model
    before = first(fitted).copy()
    own = fitted.own_model()
    own.layers[0].kernel.assign(own.layers[0].kernel * 0)
    np.testing.assert_array_equal(first(fitted), before)


@pytest.mark.parametrize("held", [False, True])
def test_copies(fitted, held):
    if held:
        assert fitted.model is fitted.model
    deep, packed = copy.deepcopy(fitted), pickle.loads(pickle.dumps(fitted))
    assert copy.copy(fitted) is fitted
    for twin in (deep, packed):
        assert twin is not fitted
        np.testing.assert_array_equal(first(twin), first(fitted))
        twin.model.layers[0].kernel.assign(twin.model.layers[0].kernel * 0)
        assert first(fitted).any()


def test_a_model_that_somebody_trained():
    model = network()
    fitted = FittedNetwork.of(model)
    assert fitted.model is model
    assert not fitted.has_extra
    assert fitted.extra == {}
