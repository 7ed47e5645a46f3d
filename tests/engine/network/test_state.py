"""The state of a network as arrays, and back."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from skdl.engine.network.state import (
    Layout,
    NetworkState,
    build_optimizer,
    is_finite,
    read_state,
    write_state,
)
from tests.engine.jobs import network

ONE = np.ones(2, np.float32)


def noisy():
    parts = [
        keras.layers.Dense(3),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(1, trainable=False),
    ]
    model = keras.Sequential([keras.Input((4,)), *parts])
    model.compile("adam", "mse")
    return model


def test_what_is_read_is_a_copy():
    model = network()
    state = read_state(model)
    assert state.optimizer is None
    state.variables[0][:] = 7
    assert not (model.get_weights()[0] == 7).any()


def test_what_is_written_is_read_again():
    model, other = network(), network()
    build_optimizer(model)
    moved = [np.asarray(v) + 1 for v in (*model.variables, *model.optimizer.variables)]
    state = NetworkState(tuple(moved[:4]), tuple(moved[4:]))
    write_state(other, state)
    for found, expected in zip(read_state(other).all, state.all, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_memories_of_layers_are_part_of_it():
    model = keras.Sequential(
        [keras.Input(batch_shape=(2, 3, 1)), keras.layers.SimpleRNN(4, stateful=True)]
    )
    model.compile("sgd", "mse")
    state = replace(read_state(model), memory=(np.full((2, 4), 0.5, np.float32),))
    write_state(model, state)
    np.testing.assert_array_equal(read_state(model).memory[0], state.memory[0])


def test_what_training_left_alone_is_kept_once():
    before = NetworkState((ONE, ONE.copy()))
    after = NetworkState((ONE.copy(), ONE + 1)).sharing(before)
    assert after.variables[0] is ONE
    np.testing.assert_array_equal(after.variables[1], ONE + 1)


def test_the_layout_says_where_variables_are():
    model = noisy()
    layout = Layout.of(model)
    names = [variable.path for variable in model.variables]
    assert [names[i] for i in layout.trainable] == [v.path for v in model.trainable_variables]
    assert [names[i] for i in layout.weights] == [v.path for v in model.weights]
    assert len(layout.fixed) == 2 + 2 + 1  # statistics, a frozen layer, and one state of noise
    assert sorted((*layout.trainable, *layout.fixed)) == list(range(len(names)))


def test_noise_of_rate_zero_has_no_place_in_the_model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1), keras.layers.Dropout(0.0)])
    model.compile("sgd", "mse")
    assert Layout.of(model).fixed == (None,)


@pytest.mark.parametrize(
    ("weights", "losses", "finite"),
    [
        (ONE, (1.0,), True),
        (ONE, (), True),
        (ONE, (np.nan, 1.0), True),
        (ONE, (1.0, np.inf), False),
        (ONE * np.nan, (1.0,), False),
    ],
)
def test_only_the_weights_and_the_last_loss_count(weights, losses, finite):
    counts = np.array([1, 2])
    assert is_finite(NetworkState((counts, weights), (ONE * np.nan,)), losses) is finite
