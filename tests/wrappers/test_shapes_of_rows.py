"""Rows that are images or sequences, and sparse matrices."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras.layers import GRU, Conv2D, Dense, Flatten
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from skdl import KerasClassifier, KerasRegressor
from tests.tolerances import FUNCTION, assert_within_rounding
from tests.wrappers.small_networks import (
    NUMBERS,
    QUICK,
    THREE,
    TWO,
    X,
    build_hidden,
    build_linear,
    build_softmax,
    dense,
    weights,
)

PIXELS, DIGITS = (part[:60] for part in load_digits(return_X_y=True))
IMAGES = PIXELS.reshape(-1, 8, 8, 1) / 16


def build_convolution(meta):
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            Conv2D(2, 3, strides=2, activation="relu"),
            Flatten(),
            Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


def build_recurrent(meta):
    return keras.Sequential([keras.Input(meta["X_shape_"][1:]), GRU(3), Dense(1)])


@pytest.fixture(scope="module")
def of_images():
    return KerasClassifier(build_convolution, **QUICK).fit(IMAGES, DIGITS)


def test_images(of_images):
    assert of_images.X_shape_ == (60, 8, 8, 1)
    assert of_images.n_features_in_ == 8
    proba = of_images.predict_proba(IMAGES)
    assert proba.shape == (60, 10)
    # Sums over nine pixels, then over nine places of two filters; their sizes are the outputs of a network
    # of the sizes of the weights, whose last layer ends in no softmax.
    model = of_images.model_
    sizes = keras.models.clone_model(model)
    sizes.layers[-1].activation = keras.activations.linear
    sizes.set_weights([np.abs(part) for part in model.get_weights()])
    scale = max(1.0, sizes.predict(IMAGES, verbose=0).max())
    expected = model.predict(IMAGES, verbose=0)
    assert_within_rounding(proba, expected, 9, 1, 18, 1, FUNCTION, scale=scale)
    assert of_images.score(IMAGES, DIGITS) == (of_images.predict(IMAGES) == DIGITS).mean()


def test_flat_rows_that_an_encoder_makes_images(of_images):
    class FromPixels(KerasClassifier):
        @property
        def feature_encoder(self):
            return FunctionTransformer(lambda X: X.reshape(-1, 8, 8, 1))

    clf = FromPixels(build_convolution, **QUICK).fit(PIXELS / 16, DIGITS)
    assert clf.n_features_in_ == 64
    np.testing.assert_array_equal(weights(clf), weights(of_images))
    np.testing.assert_array_equal(clf.predict_proba(PIXELS / 16), of_images.predict_proba(IMAGES))


def test_images_of_another_size(of_images):
    with pytest.raises(ValueError, match=r"shape \(8, 7, 1\).*fitted on rows of shape \(8, 8, 1\)"):
        of_images.predict(IMAGES[:, :, :7])
    with pytest.raises(ValueError, match=r"rows of shape|features"):
        of_images.predict(PIXELS)


def test_sequences():
    steps = np.stack([X, X[::-1]], axis=1)
    reg = KerasRegressor(build_recurrent, **QUICK).fit(steps, NUMBERS)
    assert reg.model_.input_shape == (None, 2, 4)
    assert reg.predict(steps).shape == NUMBERS.shape
    again = KerasRegressor(build_recurrent, **QUICK).fit(steps, NUMBERS)
    np.testing.assert_array_equal(weights(reg), weights(again))
    # In each of two steps sums over four inputs and three units, two biases, three functions and six
    # products and sums; then over three units. Recurrent weights and units are below 1.
    step = (4, 3, 2, 3 * FUNCTION, 6)
    scale = 1 + (np.abs(steps) @ np.abs(reg.model_.get_weights()[0])).max()
    expected = reg.model_.predict(steps, verbose=0)[:, 0]
    assert_within_rounding(reg.predict(steps), expected, *2 * step, 3, 1, scale=scale)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int64, np.uint8, bool])
def test_rows_of_any_number_type(dtype):
    rows = (X > 0).astype(dtype)
    reg = KerasRegressor(build_linear, **QUICK).fit(rows, NUMBERS)
    same = KerasRegressor(build_linear, **QUICK).fit(rows.astype(np.float32), NUMBERS)
    np.testing.assert_array_equal(weights(reg), weights(same))
    np.testing.assert_array_equal(reg.predict(rows), same.predict(rows.astype(np.float32)))


def test_rows_in_a_list():
    clf = KerasClassifier(build_softmax, **QUICK).fit(X.tolist(), THREE.tolist())
    same = KerasClassifier(build_softmax, **QUICK).fit(X, THREE)
    np.testing.assert_array_equal(weights(clf), weights(same))


SPARSE = np.where(X > 0, X, 0).astype(np.float32)


@pytest.fixture(scope="module")
def of_dense_rows():
    return KerasClassifier(build_hidden, batch_size=8, epochs=2, **QUICK).fit(SPARSE, THREE)


@pytest.mark.parametrize(
    "form",
    [sparse.csr_matrix, sparse.csc_matrix, sparse.coo_matrix, sparse.lil_matrix, sparse.csr_array],
)
def test_sparse_rows_train_to_the_bits_of_dense_ones(form, of_dense_rows):
    rows = form(SPARSE)
    clf = KerasClassifier(build_hidden, batch_size=8, epochs=2, **QUICK).fit(rows, THREE)
    np.testing.assert_array_equal(weights(clf), weights(of_dense_rows))
    np.testing.assert_array_equal(clf.predict_proba(rows), of_dense_rows.predict_proba(SPARSE))
    np.testing.assert_array_equal(clf.predict(SPARSE), clf.predict(rows))
    assert clf.score(rows, THREE) == of_dense_rows.score(SPARSE, THREE)


def test_sparse_rows_with_a_validation_split_and_weights():
    def fit(rows):
        reg = KerasRegressor(build_linear, validation_split=0.25, **QUICK)
        return reg.fit(rows, NUMBERS, (THREE > 0).astype(float))

    sparse_rows, dense_rows = fit(sparse.csr_matrix(SPARSE)), fit(SPARSE)
    assert sparse_rows.history_ == dense_rows.history_
    np.testing.assert_array_equal(weights(sparse_rows), weights(dense_rows))


def test_sparse_rows_with_partial_fit():
    sparse_rows, dense_rows = (KerasRegressor(build_linear, **QUICK) for _ in range(2))
    for _ in range(2):
        sparse_rows.partial_fit(sparse.csr_matrix(SPARSE), NUMBERS)
        dense_rows.partial_fit(SPARSE, NUMBERS)
    np.testing.assert_array_equal(weights(sparse_rows), weights(dense_rows))


@pytest.mark.parametrize("dtype", [np.float64, np.uint8])
def test_a_pipeline_of_categories(dtype):
    def fit(sparse_output):
        encoder = OneHotEncoder(sparse_output=sparse_output, dtype=dtype)
        clf = KerasClassifier(
            lambda meta: dense(1, activation="sigmoid", inputs=meta["n_features_in_"]),
            verbose=False,
            **QUICK,
        )
        return make_pipeline(encoder, clf).fit(THREE[:, None], TWO)

    assert fit(True)[-1].n_features_in_ == 3
    np.testing.assert_array_equal(weights(fit(True)[-1]), weights(fit(False)[-1]))
