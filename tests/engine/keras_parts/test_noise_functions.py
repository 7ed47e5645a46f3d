"""What the functions of noise do to small inputs, from the documented bits."""

import numpy as np
import pytest
import tensorflow as tf

from skdl.common.keras_import import load_keras
from skdl.engine.keras_parts.noise_functions import dropped, noise_functions, random_bits

STATE = tf.constant([5, 2], tf.int64)
X = tf.constant(np.linspace(0.5, 2, 12, dtype=np.float32).reshape(3, 4))


def uniform(shape, columns=None):
    """The numbers in [0, 1) of 24 bits that the rates are compared with."""
    return (random_bits(STATE, shape, columns).numpy() >> 8) / 2.0**24


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.75])
def test_what_is_below_the_rate_is_dropped_and_the_rest_scaled(rate):
    keep = uniform((3, 4)) >= rate
    found = dropped(X, STATE, rate).numpy()
    np.testing.assert_array_equal(found != 0, keep)
    np.testing.assert_allclose(found, X.numpy() * keep / (1 - np.float32(rate)), rtol=1e-6)


def test_all_is_dropped_at_rate_one():
    assert not dropped(X, STATE, 1.0).numpy().any()


def test_a_noise_shape_of_one_draws_one_number_for_an_axis():
    keep = uniform((3, 1)) >= 0.5
    found = dropped(X, STATE, 0.5, (None, 1)).numpy()
    np.testing.assert_array_equal(found != 0, np.broadcast_to(keep, (3, 4)))


def test_columns_that_fill_up_move_no_number():
    found = dropped(X, STATE, 0.5, columns=tf.constant(3)).numpy()
    np.testing.assert_array_equal(found[:, :3] != 0, uniform((3, 3)) >= 0.5)


def test_noise_is_the_normal_distribution_of_the_bits():
    keras = load_keras()
    layer = keras.layers.GaussianNoise(0.5)
    layer._columns = None
    made = noise_functions()[keras.layers.GaussianNoise](layer, X, STATE)
    odd = 2 * (random_bits(STATE, (3, 4)).numpy() >> 9).astype(np.int64) + 1
    expected = tf.math.erfinv((odd - 2**23) / 2.0**23).numpy() * np.sqrt(2)
    np.testing.assert_allclose((made - X).numpy(), 0.5 * expected, rtol=1e-5, atol=1e-6)


def test_each_noise_layer_of_keras_has_its_function():
    layers = load_keras().layers
    assert set(noise_functions()) == {
        *(layers.Dropout, layers.GaussianDropout, layers.GaussianNoise, layers.AlphaDropout),
        *(layers.SpatialDropout1D, layers.SpatialDropout2D, layers.SpatialDropout3D),
    }
