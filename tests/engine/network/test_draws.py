"""NumPy draws weights from the distributions that Keras's initializers have."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdl.engine.network.draws import NAMES, Distribution, distribution_of, variance_scaling

SHAPES = [(), (7,), (5, 3), (3, 4, 6), (2, 3, 4, 5)]
ARGUMENTS = {
    "RandomNormal": {"mean": 0.5, "stddev": 0.25},
    "TruncatedNormal": {"mean": -0.5, "stddev": 0.25},
    "RandomUniform": {"minval": -0.25, "maxval": 1.25},
    "VarianceScaling": {"scale": 2.0, "mode": "fan_out", "distribution": "untruncated_normal"},
}
N = 40_000


def standard_errors(one, other):
    """By how many standard errors the means and the mean squares of two samples differ."""
    found = []
    for left, right in ((one, other), (one**2, other**2)):
        error = math.sqrt(left.var() / left.size + right.var() / right.size)
        found.append(abs(left.mean() - right.mean()) / error)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_as_keras_draws(name):
    initializer = getattr(keras.initializers, name)(**ARGUMENTS.get(name, {}), seed=3)
    shape = (100, N // 100)
    ours = distribution_of(initializer, shape).draw(shape, seed=0, index=0, dtype="float64")
    theirs = np.asarray(initializer(shape, dtype="float64"))
    # Five standard errors: of two right samples one pair in a million differs so much.
    assert max(standard_errors(ours, theirs)) < 5
    ends = [(sample.min(), sample.max()) for sample in (ours, theirs)]
    # A sample of a distribution that ends comes near to both ends.
    if distribution_of(initializer, shape).kind != "normal":
        np.testing.assert_allclose(*ends, atol=1e-2 * np.ptp(theirs))


@given(
    st.sampled_from(SHAPES),
    st.sampled_from(["fan_in", "fan_out", "fan_avg"]),
    st.floats(0.1, 10),
)
def test_the_spread_is_that_of_keras(shape, mode, scale):
    initializer = keras.initializers.VarianceScaling(scale, mode, "uniform")
    spread = distribution_of(initializer, shape).spread
    # The entries of `ones` in the place of random numbers are the limit of the uniform distribution.
    fan_in, fan_out = keras.src.initializers.random_initializers.compute_fans(shape)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    assert spread == pytest.approx(math.sqrt(3 * scale / max(1, fan)), rel=1e-15)


def test_axes_of_inputs_and_outputs_count():
    made = variance_scaling(
        (2, 3, 5), scale=1.0, mode="fan_in", distribution="uniform", axes=((0, 1), (2,))
    )
    assert made.spread == math.sqrt(3 / 6)


@pytest.mark.parametrize("kind", ["normal", "truncated normal", "uniform"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_item_of_one_seed_is_the_same_each_time(kind, dtype):
    made = Distribution(kind, 0.0, 1.0)
    first = made.draw((50, 4), 7, 1, dtype)
    assert first.dtype == dtype
    np.testing.assert_array_equal(first, made.draw((50, 4), 7, 1, dtype))
    for seed, index in ((8, 1), (7, 2)):
        assert not np.array_equal(first, made.draw((50, 4), seed, index, dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_lies_beyond_two_standard_deviations_and_nothing_heaps_up_there(dtype):
    drawn = Distribution("truncated normal", 0.0, 1.0).draw((N,), 0, 0, dtype)
    assert np.abs(drawn).max() <= 2
    assert len(np.unique(drawn)) > 0.99 * N


def test_arrays_of_no_entries():
    assert Distribution("truncated normal", 0.0, 1.0).draw((0, 3), 0, 0).shape == (0, 3)


class Own(keras.initializers.GlorotUniform):
    """An initializer of a user's."""


def with_an_attribute():
    initializer = keras.initializers.GlorotUniform()
    initializer.note = "of a user"
    return initializer


@pytest.mark.parametrize(
    "initializer",
    [Own(), with_an_attribute(), keras.initializers.Orthogonal(), keras.initializers.Zeros()],
)
def test_what_only_the_initializer_knows(initializer):
    assert distribution_of(initializer, (3, 3)) is None
