"""A row's prediction has the same bits alone and in any company."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits

from skdl.engine import prediction, stats
from skdl.engine.network.fitted import FittedNetwork
from skdl.engine.prediction import chunk_rows, filled, predict_by_keras
from tests.tolerances import (
    FUNCTION,
    assert_outputs_within_rounding,
    assert_within_rounding,
    of_dense_layers,
)

X = load_digits().data[:300].astype(np.float32)


def predict(model, x, **options):
    fitted = FittedNetwork.of(model)
    return prediction.predict(fitted.network, fitted.state, x, **options)


@pytest.fixture(scope="module")
def network():
    return make_network()


def make_network():
    return keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(
                48, activation="relu", kernel_initializer=keras.initializers.HeNormal(1)
            ),
            keras.layers.Dense(
                33, activation="gelu", kernel_initializer=keras.initializers.HeNormal(2)
            ),
            keras.layers.Dense(
                10, activation="softmax", kernel_initializer=keras.initializers.HeNormal(3)
            ),
        ]
    )


@pytest.mark.parametrize("batch_size", [None, 1, 2, 5, 7, 16, 100])
def test_rows_do_not_depend_on_their_company(network, batch_size):
    whole = predict(network, X, batch_size=batch_size)
    order = np.random.default_rng(0).permutation(len(X))
    shuffled = predict(network, X[order], batch_size=batch_size)
    np.testing.assert_array_equal(shuffled, whole[order])
    for part in (slice(0, 1), slice(13, 30), slice(299, 300), slice(5, 290)):
        np.testing.assert_array_equal(predict(network, X[part], batch_size=batch_size), whole[part])


@pytest.mark.parametrize("batch_size", [None, 1, 2, 8, 32, 100, 128, 512])
def test_a_row_has_the_same_bits_in_every_place_of_a_chunk(network, batch_size):
    size = filled(chunk_rows(X) if batch_size is None else batch_size)
    found = predict(network, np.repeat(X[:1], 2 * size, axis=0), batch_size=batch_size)
    np.testing.assert_array_equal(found, np.repeat(found[:1], 2 * size, axis=0))


def assert_predicts_as_keras(found, model, x):
    # In double precision; gelu and its error may grow by an eighth.
    assert_outputs_within_rounding(found / 2, model.predict(x, verbose=0) / 2, model, x, "float64")


def test_predictions_are_those_of_keras(float64):
    network, x = make_network(), X.astype(float64)
    assert_predicts_as_keras(predict(network, x), network, x)


def test_sparse_rows_give_the_bits_of_dense_ones(network):
    np.testing.assert_array_equal(predict(network, sparse.csr_array(X)), predict(network, X))


def test_callbacks_and_options_go_through_keras_predict(float64):
    class Seen(keras.callbacks.Callback):
        batches = 0

        def on_predict_batch_end(self, batch, logs=None):
            self.batches += 1

    network, x, seen = make_network(), X.astype(float64), Seen()
    found = predict_by_keras(network, x, batch_size=100, callbacks=[seen])
    assert seen.batches == 3
    assert_predicts_as_keras(found, network, x)
    part = predict_by_keras(network, x, batch_size=100, options={"steps": 2})
    assert part.shape == (200, 10)


def test_a_predict_step_of_the_models_own_is_used(float64):
    class Doubled(keras.Sequential):
        def predict_step(self, data):
            return 2 * super().predict_step(data)

    model = Doubled(
        [
            keras.Input((64,)),
            keras.layers.Dense(2, kernel_initializer=keras.initializers.HeNormal(1)),
        ]
    )
    x = X.astype(float64)
    plain = np.asarray(model(x, training=False))
    assert_outputs_within_rounding(predict_by_keras(model, x) / 2, plain, model, x, "float64")


def test_one_graph_serves_all_networks_of_a_structure(float64):
    network, x = make_network(), X.astype(float64)
    predict(network, x)
    before = stats().programs
    twin = keras.models.clone_model(network)
    for variable in twin.variables:
        variable.assign(variable * 2)
    assert_predicts_as_keras(predict(twin, x), twin, x)
    assert stats().programs == before


def test_a_network_that_does_not_trace_runs_as_python_and_says_so_once(caplog):
    class Outside(keras.layers.Layer):
        def call(self, x):
            return keras.ops.convert_to_tensor(np.asarray(x) * 2)

    model = keras.Sequential([Outside()])
    model(X[:2])  # it is another network before its first call
    before = stats().programs
    for _ in range(2):
        found = predict(model, X[:40])
        np.testing.assert_array_equal(found, X[:40] * 2)
    (said,) = caplog.messages
    assert said.startswith("A network predicts layer by layer")
    assert "does not trace" in said
    assert stats().programs == before


def test_several_outputs_keep_their_structure():
    a = keras.Input((64,))
    model = keras.Model(a, {"one": keras.layers.Dense(1)(a), "two": keras.layers.Dense(2)(a)})
    found = predict(model, X[:40])
    assert {name: part.shape for name, part in found.items()} == {"one": (40, 1), "two": (40, 2)}


@pytest.mark.parametrize(
    ("shape", "rows"), [((5, 8), 768), ((5, 784), 384), ((5, 32, 32, 3), 96), ((5, 10**6), 48)]
)
def test_the_chunk_follows_from_the_width_of_a_row(shape, rows):
    assert chunk_rows(np.broadcast_to(np.float32(0), shape)) == rows


def stack(first, second, *, normalized=False, columns=6):
    """A network of two hidden layers with weights of its own."""
    parts = [keras.layers.Dense(first, activation="gelu"), keras.layers.Dropout(0.2)]
    if normalized:
        parts += [keras.layers.BatchNormalization(), keras.layers.Dense(second, "sigmoid")]
    else:
        parts += [keras.layers.Dense(second, activation="sigmoid")]
    return keras.Sequential([keras.Input((columns,)), *parts, keras.layers.Dense(3, "softmax")])


@pytest.mark.parametrize("normalized", [False, True])
def test_hidden_widths_share_a_graph_and_change_no_bits(normalized, float64):
    x = X[:40, 2:8].astype(float64)
    models = [stack(*units, normalized=normalized) for units in ((5, 7), (64, 8), (33, 128))]
    before = stats().programs
    first = [predict(model, x) for model in models]
    assert stats().programs == before + 1
    for found, model in zip(first, models, strict=True):
        # Statistics that no fit has moved divide by the root of 1.001.
        dense = [layer for layer in model.layers if type(layer) is keras.layers.Dense]
        weights = [weight for layer in dense for weight in layer.get_weights()]
        terms, sizes = of_dense_layers(weights, x)
        expected = model.predict(x, verbose=0)
        assert_within_rounding(found, expected, *terms, FUNCTION, dtype="float64", scale=2 * sizes)
    prediction.prediction_programs.clear()
    again = [predict(model, x) for model in reversed(models)]
    for one, two in zip(first, reversed(again), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_normalisation_along_a_numbered_axis_predicts_by_a_graph(caplog, float64):
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(5, activation="relu"),
            keras.layers.BatchNormalization(axis=1),
            keras.layers.Dense(3),
        ]
    )
    x = X.astype(float64)
    np.testing.assert_allclose(
        predict(model, x), model.predict(x, verbose=0), rtol=1e-8, atol=1e-10
    )
    assert not [record for record in caplog.records if record.name.startswith("skdl")]
