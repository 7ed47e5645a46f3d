"""Noise from a hash: exact bits everywhere, and Keras's behaviour around them."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from skdl.engine.keras_parts.noise import noise_states, replaced_noise
from skdl.engine.keras_parts.noise_functions import random_bits
from tests.engine.noise_examples import (
    EXACT,
    KINDS,
    RNG,
    example,
    expected_bits,
    expected_kept,
    graph,
    layers,
    noisy,
    one_layer,
    set_rate,
    unknown_shape,
    xla,
)
from tests.tolerances import FUNCTION, assert_within_rounding


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@given(
    seed=st.integers(0, 2**31 - 1),
    counter=st.integers(0, 2**31 - 1),
    shape=st.lists(st.integers(1, 5), max_size=4),
)
@settings(max_examples=25, deadline=None)
def test_bits_are_the_documented_hash_of_seed_counter_and_position(seed, counter, shape):
    bits = random_bits(tf.constant([seed, counter], tf.int64), tuple(shape))
    index = np.arange(np.prod(shape, dtype=int), dtype=np.uint64).reshape(shape)
    assert np.array_equal(bits, expected_bits(seed, counter, index))


def test_every_bit_of_seed_counter_and_position_moves_every_bit_of_the_result():
    base = RNG.integers(0, 2**32, (3, 4096), dtype=np.uint64)
    for word in range(3):
        for bit in range(32):
            moved = base.copy()
            moved[word] ^= np.uint64(1 << bit)
            flips = expected_bits(*base) ^ expected_bits(*moved)
            share = [(flips >> np.uint64(i) & np.uint64(1)).mean() for i in range(32)]
            # 3,072 shares of 4,096 fair coins: six standard deviations.
            assert np.abs(np.array(share) - 0.5).max() < 6 * 0.5 / 64


def assert_same_noise(kind, got, expected, x, *terms, dtype="float32"):
    """The same bits where noise is a product alone, otherwise the same but for rounding."""
    if kind in EXACT and not terms:
        np.testing.assert_array_equal(got, expected)
    else:
        # erfinv, a product with the rate and one with 1 + it, a sum; or a scale and a shift, which is below
        # 1.
        sizes = np.abs(x) + np.abs(expected - x) + 1
        assert_within_rounding(got, expected, *terms or (FUNCTION, 4), dtype=dtype, scale=sizes)


# The same bits, however it runs


@pytest.mark.parametrize("how", [graph, xla, unknown_shape])
def test_eager_graph_and_xla_agree(kind, how):
    model, x = example(kind)
    assert_same_noise(kind, noisy(model, x, how=how), noisy(model, x), x)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_drops_what_the_hash_says(jit_compile):
    layer = layers.Dropout(0.4, seed=11)
    head = layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((5,)), layer, head])
    model.compile(keras.optimizers.SGD(1.0), "mse", jit_compile=jit_compile)
    x, y = RNG.normal(size=(8, 5)), RNG.normal(size=(8, 1))
    with replaced_noise(model):
        model.fit(x, y, batch_size=8, epochs=1, shuffle=False, verbose=0)
        assert np.array_equal(layer.seed_generator.state, [11, 1])
        model.evaluate(x, y, verbose=0)
        model.predict(x, verbose=0)
    assert np.array_equal(layer.seed_generator.state, [11, 1])
    dropped = x * expected_kept(11, 0, (8, 5), 0.4) / 0.6
    terms = dropped * y
    # Cast, scaled, multiplied and summed over eight rows.
    assert_within_rounding(
        head.kernel, 2 * terms.mean(0)[:, None], 3, 8, scale=2 * np.abs(terms).mean(0)[:, None]
    )


def test_a_stateless_call_returns_the_advanced_counter():
    model, x = example("Dropout")
    expected = noisy(model, x)
    noise_states(model)[0].assign([7, 0])
    with replaced_noise(model):
        got, others = model.stateless_call(
            model.trainable_variables, model.non_trainable_variables, x, training=True
        )
    assert np.array_equal(got, expected)
    assert np.array_equal(others[0], [7, 1])
    assert np.array_equal(noise_states(model)[0], [7, 0])


def test_the_counter_advances_once_a_call_in_training_and_never_else(kind):
    model, x = example(kind)
    with replaced_noise(model):
        first, second = (np.asarray(model(x, training=True)) for _ in range(2))
        assert np.array_equal(noise_states(model)[0], [7, 2])
        assert np.array_equal(model(x, training=False), x)
        assert np.array_equal(model(x), x)
    assert np.array_equal(noise_states(model)[0], [7, 2])
    assert np.array_equal(first, noisy(model, x, (7, 0)))
    assert np.array_equal(second, noisy(model, x, (7, 1)))
    assert not np.array_equal(first, second)


# Rates


@pytest.mark.parametrize("rate", [0.0, 1e-6, 0.1, 1 / 3, 0.5, 0.9])
def test_a_tensor_is_as_good_as_a_number(kind, rate):
    model, x = example(kind, rate)
    expected = noisy(model, x)
    for value in (tf.constant(rate), np.float64(rate), tf.constant(np.float32(rate), tf.float64)):
        set_rate(model, value)
        assert np.array_equal(noisy(model, x), expected)


def test_rate_zero_changes_nothing_and_counts_all_the_same(kind):
    model, x = example(kind, 0.0)
    assert np.array_equal(noisy(model, x), x)
    assert np.array_equal(noise_states(model)[0], [7, 1])


def test_one_program_takes_every_rate(kind):
    model, x = example(kind)
    layer = model.layers[0]
    traces = []

    @tf.function(jit_compile=True)
    def program(x, rate):
        traces.append(rate)
        set_rate(model, rate)
        return model(x, training=True)

    for rate in (0.0, 0.2, 0.7):
        layer.seed_generator.state.assign([7, 0])
        with replaced_noise(model):
            got = program(x, tf.constant(rate))
        set_rate(model, rate)
        if rate == 0:
            assert np.array_equal(got, x)
        else:
            assert_same_noise(kind, got, noisy(model, x), x)
    assert len(traces) == 1


@pytest.mark.parametrize("rate", [1.0, tf.constant(1.0)])
def test_rate_one_drops_all_and_its_gradient_is_zero(rate):
    model, x = example("Dropout")
    set_rate(model, rate)
    assert not noisy(model, x).any()
    x = tf.constant(x)
    with replaced_noise(model), tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x, training=True)
    assert np.array_equal(tape.gradient(y, x), np.zeros_like(x))


# Padding


def test_padding_rows_and_columns_change_no_noise(kind):
    model, x = example(kind)
    expected = noisy(model, x)
    rows = np.concatenate([x, np.ones_like(x[:2])])
    # A loop over more numbers may take the last of the fewer ones by another instruction.
    assert_same_noise(kind, noisy(model, rows)[: len(x)], expected, x)
    make, shape = KINDS[kind]
    wide = one_layer(make(0.3, seed=7), *shape[1:-1], 8)
    padded = np.concatenate([rows, np.zeros((*rows.shape[:-1], 3), np.float32)], axis=-1)
    object.__setattr__(wide.layers[0], "_columns", tf.constant(5))
    for how in (lambda function: function, graph, unknown_shape):
        assert_same_noise(kind, noisy(wide, padded, how=how)[: len(x), ..., :5], expected, x)
    object.__setattr__(wide.layers[0], "_columns", None)
    assert not np.allclose(noisy(wide, padded)[: len(x), ..., :5], expected)


@pytest.mark.parametrize("make", [layers.Dropout, layers.AlphaDropout])
@pytest.mark.parametrize("noise_shape", [(None, 1, None), (None, 1, 5), (None, 4, 1), (1, 4, 5)])
def test_columns_and_noise_shapes(make, noise_shape):
    x = RNG.normal(size=(6, 4, 5)).astype(np.float32)
    expected = noisy(one_layer(make(0.3, noise_shape=noise_shape, seed=7), 4, 5), x)
    wide = one_layer(make(0.3, noise_shape=noise_shape, seed=7), 4, 8)
    object.__setattr__(wide.layers[0], "_columns", tf.constant(5))
    padded = np.concatenate([x, np.zeros((6, 4, 3), np.float32)], axis=-1)
    assert np.array_equal(noisy(wide, padded)[..., :5], expected)


# As in Keras


@pytest.mark.parametrize(
    ("layer", "shape", "axes"),
    [
        (layers.Dropout(0.5, noise_shape=(None, 1, None)), (8, 4, 5), (1,)),
        (layers.Dropout(0.5, noise_shape=[8, 4, 1]), (8, 4, 5), (2,)),
        (layers.Dropout(0.5, noise_shape=(5,)), (8, 4, 5), (0, 1)),
        (layers.AlphaDropout(0.5, noise_shape=(None, 1, None)), (8, 4, 5), (1,)),
        (layers.SpatialDropout1D(0.5), (8, 4, 5), (1,)),
        (layers.SpatialDropout2D(0.5), (8, 4, 3, 5), (1, 2)),
        (layers.SpatialDropout2D(0.5, data_format="channels_first"), (8, 5, 4, 3), (2, 3)),
        (layers.SpatialDropout3D(0.5), (8, 4, 3, 2, 5), (1, 2, 3)),
        (layers.SpatialDropout3D(0.5, data_format="channels_first"), (8, 5, 4, 3, 2), (2, 3, 4)),
    ],
)
def test_what_is_dropped_together_is_dropped_together(layer, shape, axes):
    y = noisy(one_layer(layer, *shape[1:]), np.ones(shape, np.float32))
    assert (y == y.max(axes, keepdims=True)).all()
    for axis in set(range(len(shape))) - set(axes):
        assert (y != np.roll(y, 1, axis)).any()


@pytest.mark.parametrize("policy", ["float16", "bfloat16", "float64", "mixed_float16"])
def test_types_are_keras_s_and_the_bits_the_same_in_each(kind, policy):
    single, x = example(kind)
    model, _ = example(kind, dtype=policy)
    set_rate(model, tf.constant(0.3))
    noise_states(model)[0].assign([7, 0])
    with replaced_noise(model):
        y = model(x, training=True)
    assert keras.backend.standardize_dtype(y.dtype) == model.layers[0].compute_dtype
    expected = noisy(single, x)
    if policy == "float64":
        assert_same_noise(kind, y, expected, x, FUNCTION, 4)
    else:
        # Input, scale and shift are cast, a product and a sum rounded: five times half a unit, of one of
        # the two.
        assert_same_noise(
            kind, keras.ops.cast(y, "float32"), expected, x, 3, dtype=model.layers[0].compute_dtype
        )


@pytest.mark.oracle
def test_in_float64_graph_and_xla_agree_closely_enough_for_an_oracle(kind):
    model, x = example(kind, dtype="float64")
    np.testing.assert_allclose(noisy(model, x, how=xla), noisy(model, x), rtol=1e-12, atol=1e-13)


def test_masks_of_time_steps_pass_through():
    model = keras.Sequential(
        [
            keras.Input((4,), dtype="int32"),
            layers.Embedding(5, 3, mask_zero=True),
            layers.Dropout(0.5),
        ]
    )
    with replaced_noise(model):
        y = model(np.array([[1, 2, 0, 0]]), training=True)
    assert np.array_equal(y._keras_mask, [[True, True, False, False]])


def test_a_seed_of_the_users_is_what_decides():
    x = np.ones((6, 5), np.float32)
    with replaced_noise(one_layer(first := layers.Dropout(0.5, seed=3), 5)):
        with replaced_noise(one_layer(second := layers.Dropout(0.5, seed=3), 5)):
            assert np.array_equal(first(x, training=True), second(x, training=True))
        assert np.array_equal(first(x, training=True) != 0, expected_kept(3, 1, (6, 5), 0.5))


def test_dropout_of_integers_is_refused():
    model = one_layer(layers.Dropout(0.5, dtype="int32"), 5, dtype="int32")
    with (
        replaced_noise(model),
        pytest.raises(ValueError, match=r"Got int32, expected floats"),
    ):
        model(np.ones((2, 5), np.int32), training=True)
