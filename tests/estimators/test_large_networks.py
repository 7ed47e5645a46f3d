"""Networks whose sums TensorFlow splits among its threads have the same bits in company as alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sklearn.datasets import load_digits

from skdl import KerasClassifier

PIXELS, DIGITS = load_digits(return_X_y=True)
PIXELS, DIGITS = PIXELS[:160].astype(np.float32) / 16, DIGITS[:160]


def dense(meta, units=(512, 128)):
    hidden = [keras.layers.Dense(n, activation="relu") for n in units]
    return keras.Sequential(
        [
            keras.Input((784,)),
            *hidden,
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def convolution(meta):
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.SpatialDropout2D(0.2),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def wrapped(meta):
    steps = keras.layers.TimeDistributed(keras.layers.Dropout(0.3))
    return keras.Sequential(
        [
            keras.Input((8, 8)),
            steps,
            keras.layers.Bidirectional(keras.layers.LSTM(8, dropout=0.2, recurrent_dropout=0.1)),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def wide_rows():
    return np.repeat(np.repeat(PIXELS.reshape(-1, 8, 8), 4, 1), 4, 2)[:, 2:30, 2:30].reshape(
        -1, 784
    )


NETWORKS = {
    "784-512-128-10": (dense, {}, wide_rows),
    "784-1024-1024-10": (dense, {"units": (1024, 1024)}, wide_rows),
    "convolutions": (convolution, {}, lambda: PIXELS.reshape(-1, 8, 8, 1)),
    "noise inside wrappers": (wrapped, {}, lambda: PIXELS.reshape(-1, 8, 8)),
}


def fitted_bits(estimator, X, seed):
    """Weights, curves and probabilities of a fit, as bytes."""
    fitted = clone(estimator).set_params(random_state=seed).fit(X, DIGITS)
    curves = [np.asarray(curve) for curve in fitted.history_.values()]
    # Not from model_, which Keras would have to build each time.
    arrays = [*fitted._fitted.state.all, *curves, fitted.predict_proba(X[:7])]
    return [array.tobytes() for array in arrays]


@pytest.mark.further
@pytest.mark.parametrize("name", NETWORKS)
def test_alone_and_in_company(name):
    build, params, rows = NETWORKS[name]
    estimator = KerasClassifier(build, **params, optimizer="adam", epochs=2, validation_split=0.2)
    X, seeds = rows(), (0, 1, 2)
    alone = [fitted_bits(estimator, X, seed) for seed in seeds]
    assert alone[0] != alone[1]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda seed: fitted_bits(estimator, X, seed), seeds)) == alone
    for n_jobs in (1, 2, -1):
        with parallel_config("skdl", n_jobs=n_jobs):
            calls = (delayed(fitted_bits)(estimator, X, seed) for seed in reversed(seeds))
            assert Parallel()(calls) == alone[::-1]


@pytest.mark.processes
def test_in_worker_processes():
    estimator = KerasClassifier(dense, optimizer="adam", epochs=1)
    X = wide_rows()
    alone = [fitted_bits(estimator, X, seed) for seed in (0, 1)]
    assert Parallel(n_jobs=2)(delayed(fitted_bits)(estimator, X, seed) for seed in (0, 1)) == alone
