"""random_state: an int, a RandomState that is only read, or None, whose seed is kept as `seed_`."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras.layers import Dense, Dropout

from skdl import KerasClassifier, KerasRegressor
from skdl.exceptions import UnseededWeightsWarning
from tests.wrappers.small_networks import NUMBERS, THREE, X, build_hidden, build_linear, weights


def build_noisy():
    return keras.Sequential([keras.Input((4,)), Dense(6), Dropout(0.5), Dense(1)])


def regressor(random_state, build=build_noisy, **params):
    return KerasRegressor(
        build, random_state=random_state, batch_size=8, epochs=2, run_eagerly=True, **params
    )


@pytest.fixture(scope="module")
def of_seed_3():
    return regressor(3).fit(X, NUMBERS)


def test_an_int_gives_the_same_bits_each_time(of_seed_3):
    reg = regressor(3)
    for _ in range(2):
        np.testing.assert_array_equal(weights(reg.fit(X, NUMBERS)), weights(of_seed_3))
        assert reg.history_ == of_seed_3.history_
        np.testing.assert_array_equal(reg.predict(X), of_seed_3.predict(X))
    assert reg.seed_ == 3


def test_another_int_gives_another_network(of_seed_3):
    reg = regressor(4).fit(X, NUMBERS)
    assert not np.array_equal(weights(reg), weights(of_seed_3))


def test_a_random_state_is_read_and_not_advanced():
    source = np.random.RandomState(0)
    before = source.get_state()
    first, second = regressor(source).fit(X, NUMBERS), regressor(source).fit(X, NUMBERS)
    np.testing.assert_array_equal(weights(first), weights(second))
    after = source.get_state()
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]
    again = regressor(first.seed_).fit(X, NUMBERS)
    np.testing.assert_array_equal(weights(again), weights(first))
    source.rand()
    assert regressor(source).initialize(X, NUMBERS).seed_ != first.seed_


def test_without_a_seed_each_fit_differs_and_can_be_repeated():
    reg = regressor(None)
    first, seed = weights(reg.fit(X, NUMBERS)), reg.seed_
    assert not np.array_equal(weights(reg.fit(X, NUMBERS)), first)
    assert reg.seed_ != seed
    np.testing.assert_array_equal(weights(regressor(seed).fit(X, NUMBERS)), first)


def test_numpys_global_generator_is_not_touched():
    np.random.seed(0)  # noqa: NPY002
    expected = np.random.rand()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    KerasClassifier(build_hidden, random_state=1, run_eagerly=True).fit(X, THREE).predict(X)
    assert np.random.rand() == expected  # noqa: NPY002


def test_the_global_seeds_do_not_count(of_seed_3):
    keras.utils.set_random_seed(7)
    np.testing.assert_array_equal(weights(regressor(3).fit(X, NUMBERS)), weights(of_seed_3))


def test_the_random_state_decides_the_order_of_the_batches():
    def start(random_state):
        reg = regressor(random_state, build=build_linear, warm_start=True)
        reg.initialize(X, NUMBERS)
        reg.model_.set_weights([np.ones((4, 1)), np.zeros(1)])
        return weights(reg.fit(X, NUMBERS))

    np.testing.assert_array_equal(start(3), start(3))
    assert not np.array_equal(start(3), start(4))


def test_random_weights_that_a_build_function_sets_are_kept_and_told_of():
    sets = []

    def build():
        features = Dense(6, use_bias=False, trainable=False, name="features")
        model = keras.Sequential([keras.Input((4,)), features, Dense(1)])
        features.set_weights([np.random.default_rng().normal(0, 100, (4, 6))])
        sets.append(features.get_weights()[0])
        return model

    with pytest.warns(UnseededWeightsWarning, match="features.*the build function sets"):
        reg = KerasRegressor(build, loss="mse", random_state=0).initialize(X, NUMBERS)
    np.testing.assert_array_equal(reg.model_.get_weights()[0], sets[0])
