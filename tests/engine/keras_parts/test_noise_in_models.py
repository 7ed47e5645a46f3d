"""Where noise layers are found in a model, and the noise of cells and of attention."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdl.engine.keras_parts.noise import (
    ensure_generators,
    foreign_generators,
    noise_cells,
    noise_layers,
    noise_states,
    replaced_noise,
)
from tests.engine.noise_examples import RNG, example, expected_kept, graph, layers, one_layer
from tests.tolerances import FUNCTION, assert_within_rounding


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


@pytest.mark.further
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


@pytest.mark.oracle
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


def test_one_program_takes_every_rate_of_a_cell(float64):
    model = one_layer(layers.LSTM(2, dropout=0.3, seed=3), 3, 2)
    (cell,) = noise_cells(model)
    x = tf.constant(RNG.normal(size=(4, 3, 2)))

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
            expected = model(x, training=True)
            # In each of three steps: two inputs, two units and a bias, two functions, four products and sums.
            step = (2, 2, 1, 2 * FUNCTION, 4)
            assert_within_rounding(got, expected, *3 * step, dtype="float64", scale=4)


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
