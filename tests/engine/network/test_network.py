"""A network is a template that nobody trains; models are copies of it."""

import keras
import numpy as np
import pytest

from skdl.engine.network.network import LiveNetwork, Network
from skdl.engine.network.state import read_state
from skdl.exceptions import IncompatibleNetworkError
from tests.engine.jobs import X, Y, network


def test_a_model_is_a_copy_in_the_state_that_is_given():
    made = Network(network)
    state = made.initial_state(1)
    model = made.model(state)
    model.fit(X, Y, epochs=1, verbose=0)
    for kept, drawn in zip(made.template.get_weights(), made.initial_values, strict=True):
        np.testing.assert_array_equal(kept, drawn)
    assert not np.array_equal(model.get_weights()[0], state.variables[0])
    assert not made.template.optimizer.built


def test_questions_are_answered_once():
    made = Network(network)
    assert made.training_structure is made.training_structure
    assert made.training_structure == Network(network).training_structure
    assert made.learning_rate == pytest.approx(0.001)
    assert (made.batch_rows, made.is_stateful) == (None, False)


def test_what_the_user_may_have_changed_is_read_anew():
    class Scaled(keras.layers.Layer):
        factor = 2.0

        def call(self, x):
            return self.factor * x

    def build():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1), Scaled()])
        model.compile("sgd", "mse")
        return model

    made = Network(build)
    before = made.training_structure
    made.template.layers[-1].factor = 3.0
    assert made.training_structure is before
    made.read_anew()
    assert made.training_structure != before
    plain = Network(network)
    structure = plain.training_structure
    plain.read_anew()
    assert plain.training_structure is structure


def test_to_meet_rows_leaves_weights_and_metrics_as_they_were():
    made = Network(network)
    made.meet(X[:2], Y[:2], None)
    for kept, drawn in zip(made.template.get_weights(), made.initial_values, strict=True):
        np.testing.assert_array_equal(kept, drawn)
    assert [float(np.sum(v)) for v in made.template.metrics_variables] == [0.0] * 4


def test_widths_are_filled_up_in_another_network():
    made = Network(network)
    filled = made.filled_up()
    assert made.widths.units == (6,)
    assert [w.shape for w in filled.template.get_weights()] == [
        (4, made.widths.filled[0]),
        (made.widths.filled[0],),
        (made.widths.filled[0], 3),
        (3,),
    ]
    assert made.template.get_weights()[0].shape == (4, 6)


def test_a_network_that_is_built_anew_has_to_be_the_same(monkeypatch):
    units = iter([3, 4])

    def build():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(next(units))])
        model.compile("sgd", "mse")
        return model

    made = Network(build)
    with pytest.raises(IncompatibleNetworkError, match="is not a function of its arguments"):
        made._built_anew()


def test_a_live_network_is_the_model_itself():
    model = network()
    live = LiveNetwork(model)
    state = read_state(model)
    state.variables[0][:] = 0.25
    assert live.model(state) is model
    assert (model.get_weights()[0] == 0.25).all()
    before = live.training_structure
    model.layers[0].activation = keras.activations.relu
    assert live.training_structure != before
