"""Noise from a hash: exact bits everywhere, Keras's behaviour around them, and good statistics."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from skdl.engine.noise import (
    ensure_generators,
    foreign_generators,
    noise_cells,
    noise_layers,
    noise_states,
    random_bits,
    rate_name,
    replaced_noise,
)

layers = keras.layers
RNG = np.random.default_rng(0)

# One of each kind with rate or stddev as its only number, and the shape of an input.
KINDS = {
    "Dropout": (layers.Dropout, (6, 5)),
    "SpatialDropout1D": (layers.SpatialDropout1D, (6, 4, 5)),
    "SpatialDropout2D": (layers.SpatialDropout2D, (6, 3, 4, 5)),
    "SpatialDropout3D": (layers.SpatialDropout3D, (6, 2, 3, 2, 5)),
    "GaussianNoise": (layers.GaussianNoise, (6, 5)),
    "GaussianDropout": (layers.GaussianDropout, (6, 5)),
    "AlphaDropout": (layers.AlphaDropout, (6, 5)),
}
EXACT = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def one_layer(layer, *shape, **settings):
    """A model of one layer, any number of rows."""
    model = keras.Sequential([keras.Input(shape, **settings), layer])
    ensure_generators(model, 0)
    return model


def example(kind, rate=0.3, **settings):
    """A model of one layer of `kind` with seed 7, and an input for it."""
    make, shape = KINDS[kind]
    x = RNG.normal(size=shape).astype(np.float32)
    return one_layer(make(rate, seed=7, **settings), *shape[1:]), x


def noisy(model, x, state=(7, 0), how=lambda function: function):
    """The training output of `model` from `state` of its only noise layer, called through `how`."""
    noise_states(model)[0].assign(state)
    with replaced_noise(model):
        return np.asarray(how(lambda x: model(x, training=True))(tf.constant(x)))


def set_rate(model, value):
    layer = noise_layers(model)[0]
    object.__setattr__(layer, rate_name(layer), value)


def graph(function):
    return tf.function(function)


def xla(function):
    return tf.function(function, jit_compile=True)


def unknown_shape(function):
    """A graph that knows the rank of its input and the last axis alone."""

    def call(x):
        signature = tf.TensorSpec([None] * (x.ndim - 1) + [x.shape[-1]], x.dtype)
        return tf.function(function, input_signature=[signature])(x)

    return call


# The hash


def lowbias32(x):
    x = np.asarray(x, np.uint64) % 2**32
    x ^= x >> 16
    x = x * 0x7FEB352D % 2**32
    x ^= x >> 15
    x = x * 0x846CA68B % 2**32
    return x ^ (x >> 16)


def expected_bits(seed, counter, index):
    first = lowbias32(lowbias32(seed) + counter)
    second = lowbias32(lowbias32(seed + 0x9E3779B9) ^ np.uint64(counter))
    return lowbias32(lowbias32(index + first) ^ second)


def expected_kept(seed, counter, shape, rate):
    bits = expected_bits(seed, counter, np.arange(np.prod(shape), dtype=np.uint64)).reshape(shape)
    return bits // 256 / 2**24 >= np.float32(rate)


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


# The same bits, however it runs


@pytest.mark.parametrize("how", [graph, xla, unknown_shape])
def test_eager_graph_and_xla_agree(kind, how):
    model, x = example(kind)
    eager, other = noisy(model, x), noisy(model, x, how=how)
    if kind in EXACT:
        assert np.array_equal(eager, other)
    else:
        np.testing.assert_allclose(eager, other, rtol=1e-5, atol=1e-6)


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
    np.testing.assert_allclose(head.kernel, 2 * (dropped * y).mean(0)[:, None], rtol=1e-4)


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
        elif kind in EXACT:
            assert np.array_equal(got, noisy(model, x))
        else:
            np.testing.assert_allclose(got, noisy(model, x), rtol=1e-5, atol=1e-6)
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


def test_padding_rows_and_columns_change_no_bits(kind):
    model, x = example(kind)
    expected = noisy(model, x)
    rows = np.concatenate([x, np.ones_like(x[:2])])
    assert np.array_equal(noisy(model, rows)[: len(x)], expected)
    make, shape = KINDS[kind]
    wide = one_layer(make(0.3, seed=7), *shape[1:-1], 8)
    padded = np.concatenate([rows, np.zeros((*rows.shape[:-1], 3), np.float32)], axis=-1)
    object.__setattr__(wide.layers[0], "_columns", tf.constant(5))
    for how in (lambda function: function, graph, unknown_shape):
        np.testing.assert_allclose(noisy(wide, padded, how=how)[: len(x), ..., :5], expected, 1e-5)
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
    accuracy = {"float64": 1e-5, "bfloat16": 3e-2}.get(policy, 4e-3)
    np.testing.assert_allclose(
        keras.ops.cast(y, "float32"), noisy(single, x), rtol=accuracy, atol=accuracy
    )


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


# Where noise layers are found, and what stays as it was


class Mine(layers.Dropout):
    pass


def everything():
    inputs = keras.Input((2, 4))
    inner = keras.Sequential([keras.Input((2, 4)), layers.GaussianNoise(0.1), layers.Dropout(0)])
    x = inner(inputs)
    x = layers.TimeDistributed(layers.Dropout(0.2, name="of_a_step"))(x)
    x = layers.MultiHeadAttention(2, 3, dropout=0.1)(x, x)
    x = layers.Attention(dropout=0.1)([x, x])
    x = layers.RandomFlip()(layers.Reshape((2, 2, 2))(x))
    x = Mine(0.2)(layers.Reshape((2, 4))(x))
    x = layers.Bidirectional(layers.LSTM(3, dropout=0.1, recurrent_dropout=0.2))(x)
    return keras.Model(inputs, x)


def test_every_noise_layer_is_found_and_swapped_for_the_block():
    model = everything()
    before = [type(layer) for layer in model._flatten_layers()]
    kinds = [type(layer).__name__ for layer in noise_layers(model)]
    assert sorted(kinds) == ["Attention", "Dropout", "Dropout", "Dropout", "GaussianNoise"]
    assert [type(cell) for cell in noise_cells(model)] == [layers.LSTMCell] * 2
    found, cells = noise_layers(model), noise_cells(model)

    def block():
        with replaced_noise(model):
            assert all(type(one) not in before for one in (*found, *cells))
            assert noise_layers(model) == found
            assert noise_cells(model) == cells
            with replaced_noise(model):
                pass
            assert all(type(one) not in before for one in (*found, *cells))
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        block()
    assert [type(layer) for layer in model._flatten_layers()] == before


def test_all_of_it_trains_in_one_graph():
    model = everything()
    ensure_generators(model, 0)
    x = RNG.normal(size=(3, 2, 4)).astype(np.float32)
    before = np.array([np.asarray(state) for state in noise_states(model)])
    with replaced_noise(model):
        graph(lambda x: model(x, training=True))(x)
    # TimeDistributed calls its layer once for each of the two steps in time.
    calls = [2 if layer.name == "of_a_step" else 1 for layer in noise_layers(model)]
    assert calls.count(2) == 1
    after = np.array([np.asarray(state) for state in noise_states(model)])
    assert np.array_equal(after, before + [[0, n] for n in calls])


def test_steps_of_unknown_number_share_a_mask():
    inner = layers.Dropout(0.5, seed=3)
    model = one_layer(layers.TimeDistributed(inner), None, 4)
    # As many rows as steps: Keras 3.15 takes the number of rows for that of steps here.
    x = np.ones((6, 6, 4), np.float32)
    signature = tf.TensorSpec((None, None, 4))
    with replaced_noise(model):
        y = tf.function(lambda x: model(x, training=True), input_signature=[signature])(x)
    assert np.array_equal(y != 0, np.repeat(expected_kept(3, 0, (6, 1, 4), 0.5), 6, axis=1))


def test_what_keeps_keras_s_generator_is_named():
    model = everything()
    named = [(type(layer).__name__, type(one).__name__) for layer, one in foreign_generators(model)]
    assert named == [("RandomFlip", "SeedGenerator"), ("Mine", "SeedGenerator")]
    with replaced_noise(model):
        assert foreign_generators(model) == foreign_generators(model)
        assert len(foreign_generators(model)) == 2


def test_layers_without_noise_get_a_state_that_keras_does_not_see():
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dropout(0), layers.Dropout(0.5), layers.GaussianNoise(0, seed=5)]
    )
    with pytest.raises(
        ValueError, match=r"Got rate=0, .* expected .* call ensure_generators first"
    ):
        noise_states(model)
    variables = model.variables
    x = np.ones((2, 4), np.float32)
    with replaced_noise(model):
        assert np.array_equal(model.layers[0](x, training=True), x)
    ensure_generators(model, 1)
    states = noise_states(model)
    ensure_generators(model, 2)
    assert all(now is was for now, was in zip(noise_states(model), states, strict=True))
    assert [id(v) for v in model.variables] == [id(v) for v in variables] == [id(states[1])]
    assert np.array_equal(states[2], [5, 0])
    other = keras.models.clone_model(model)
    ensure_generators(other, 1)
    assert np.array_equal(noise_states(other)[0], states[0])


def test_a_model_saved_inside_the_block_is_a_keras_model(tmp_path):
    model, x = example("Dropout")
    with replaced_noise(model):
        model.save(tmp_path / "model.keras")
        clone = keras.models.clone_model(model)
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.layers[0]) is type(clone.layers[0]) is layers.Dropout


# Recurrent cells and attention

RECURRENT = {
    "SimpleRNN": (layers.SimpleRNN, (4, 3, 2), 1),
    "GRU": (layers.GRU, (4, 3, 2), 3),
    "LSTM": (layers.LSTM, (4, 3, 2), 4),
    "ConvLSTM1D": (lambda n, **kw: layers.ConvLSTM1D(n, 3, **kw), (4, 3, 6, 2), 4),
}


@pytest.mark.parametrize("kind", RECURRENT)
def test_cells_draw_their_masks_in_training_only(kind):
    make, shape, masks = RECURRENT[kind]
    model = one_layer(make(2, dropout=0.3, recurrent_dropout=0.4, seed=3), *shape[1:])
    (cell,) = noise_cells(model)
    x = tf.constant(RNG.normal(size=shape).astype(np.float32))
    state = cell.seed_generator.state

    def outputs(training=True, rates=(None, None)):
        object.__setattr__(cell, "_dropout_rate", rates[0])
        object.__setattr__(cell, "_recurrent_dropout_rate", rates[1])
        return np.asarray(model(x, training=training))

    plain = outputs(training=False)
    state.assign([3, 0])
    with replaced_noise(model):
        first = outputs()
        assert np.array_equal(state, [3, 2 * masks])
        assert np.array_equal(outputs(training=False), plain)
        assert np.array_equal(state, [3, 2 * masks])
        assert not np.array_equal(outputs(), first)
        state.assign([3, 0])
        assert np.array_equal(outputs(rates=(tf.constant(0.3), tf.constant(0.4))), first)
        assert np.array_equal(outputs(rates=(tf.constant(0.0), tf.constant(0.0))), plain)


def test_one_program_takes_every_rate_of_a_cell():
    model = one_layer(layers.LSTM(2, dropout=0.3, seed=3), 3, 2)
    (cell,) = noise_cells(model)
    x = tf.constant(RNG.normal(size=(4, 3, 2)).astype(np.float32))

    @tf.function(jit_compile=True)
    def program(x, rate):
        object.__setattr__(cell, "_dropout_rate", rate)
        return model(x, training=True)

    for rate in (0.0, 0.3, 0.6):
        object.__setattr__(cell, "dropout", 0.5)
        cell.seed_generator.state.assign([3, 0])
        with replaced_noise(model):
            got = program(x, tf.constant(rate))
            object.__setattr__(cell, "dropout", rate)
            object.__setattr__(cell, "_dropout_rate", None)
            cell.seed_generator.state.assign([3, 0])
            np.testing.assert_allclose(got, model(x, training=True), rtol=1e-5, atol=1e-6)


def test_a_cells_mask_is_dropout_by_the_hash_and_one_for_all_steps():
    layer = layers.SimpleRNN(
        3,
        dropout=0.4,
        seed=3,
        activation="linear",
        kernel_initializer="identity",
        recurrent_initializer="zeros",
        return_sequences=True,
    )
    model = one_layer(layer, 5, 3)
    with replaced_noise(model):
        y = model(np.ones((4, 5, 3), np.float32), training=True)
    mask = expected_kept(3, 0, (4, 3), 0.4) / (1 - np.float32(0.4))
    np.testing.assert_allclose(y, np.repeat(mask[:, None], 5, axis=1), rtol=1e-6)


@pytest.mark.parametrize("kind", [layers.Attention, layers.AdditiveAttention])
def test_attention_drops_its_weights_by_the_hash(kind):
    layer = kind(dropout=0.4, seed=3, use_scale=False)
    inputs = [keras.Input((3, 5)), keras.Input((4, 5))]
    model = keras.Model(inputs, layer(inputs))
    x = [RNG.normal(size=(2, n, 5)).astype(np.float32) for n in (3, 4)]
    _, weights = layer(x, return_attention_scores=True)
    with replaced_noise(model):
        result, dropped = layer(x, return_attention_scores=True, training=True)
    kept = expected_kept(3, 0, (2, 3, 4), 0.4)
    np.testing.assert_allclose(dropped, weights * kept / np.float32(0.6), rtol=1e-5)
    np.testing.assert_allclose(result, dropped @ x[1], rtol=1e-4, atol=1e-6)


# Statistics. The draws are fixed by their seeds; the bounds are what chance allows.

N = 250_000


def draws(layer, x=None, calls=1):
    """Noise on `x`, ones by default, of shape (calls, 500, 500)."""
    x = np.ones((500, 500), np.float32) if x is None else x
    model = one_layer(layer, 500)
    return np.stack([noisy(model, x, (7, call)) for call in range(calls)])


def correlation(a, b):
    return abs(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.3, 0.5, 0.8, 0.99])
def test_the_right_share_is_dropped_and_the_mean_kept(rate):
    y = draws(layers.Dropout(rate))
    sigma = (rate * (1 - rate) / N) ** 0.5
    assert abs((y == 0).mean() - rate) < 5 * sigma
    assert abs(y.mean(dtype=float) - 1) < 5 * sigma / (1 - rate)
    for axis in (1, 2):  # as even in each row and each column
        assert (
            np.abs((y == 0).mean(axis) - rate).max() < 6 * (rate * (1 - rate) / 500) ** 0.5 + 0.02
        )


@pytest.mark.parametrize("layer", [layers.Dropout(0.5), layers.GaussianNoise(1.0)])
def test_calls_seeds_rows_and_columns_are_independent(layer):
    first, second, third = draws(layer, calls=3)
    bound = 5 / N**0.5
    assert correlation(first, second) < bound
    assert correlation(first, third) < bound
    assert correlation(first, noisy(one_layer(layer, 500), np.ones_like(first), (8, 0))) < bound
    for lag in (1, 2, 3, 16, 64):
        assert correlation(first[lag:], first[:-lag]) < bound * 1.1
        assert correlation(first[:, lag:], first[:, :-lag]) < bound * 1.1
        assert correlation(first[lag:], second[:-lag]) < bound * 1.1


def test_gaussian_noise_is_normal():
    z = draws(layers.GaussianNoise(1.0)).astype(float).ravel() - 1
    assert abs(z.mean()) < 5 / N**0.5
    assert abs((z**2).mean() - 1) < 5 * (2 / N) ** 0.5
    assert abs((z**3).mean()) < 5 * (15 / N) ** 0.5
    assert abs((z**4).mean() - 3) < 5 * (96 / N) ** 0.5
    for bound, share in ((1, 0.317311), (2, 0.0455003), (3, 0.0026998)):
        assert abs((abs(z) > bound).mean() - share) < 5 * (share / N) ** 0.5


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_gaussian_and_alpha_dropout_keep_what_they_promise(rate):
    y = draws(layers.GaussianDropout(rate)).astype(float)
    variance = rate / (1 - rate)
    assert abs(y.mean() - 1) < 5 * (variance / N) ** 0.5
    assert abs(y.var() - variance) < 5 * variance * (2 / N) ** 0.5
    normal = np.random.default_rng(1).normal(size=(500, 500)).astype(np.float32)
    y = draws(layers.AlphaDropout(rate), normal).astype(float)
    assert abs(y.mean()) < 0.02
    assert abs(y.std() - 1) < 0.02
