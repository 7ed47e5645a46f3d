"""Estimators in several threads do not meet: each gets the bits that it gets alone."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris

from skdl import KerasClassifier, KerasRegressor, MLPClassifier, MLPRegressor


def build_noisy(meta, units=8, rate=0.3):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            layers.GaussianNoise(rate),
            layers.Dense(units, activation="relu", kernel_initializer="orthogonal"),
            layers.BatchNormalization(),
            layers.Dropout(rate),
            layers.Dense(
                meta.get("n_classes_", 1), activation="softmax" if "n_classes_" in meta else None
            ),
        ]
    )


@pytest.fixture(scope="module")
def jobs():
    """Eight different estimators with noise in each, and their data."""
    iris = load_iris(return_X_y=True)
    diabetes = tuple(part[:80] for part in load_diabetes(return_X_y=True))
    return [
        (MLPClassifier(dropout=0.3, epochs=3, random_state=0), iris),
        (
            MLPClassifier(n_layers=2, units=16, normalization="batch", epochs=2, random_state=1),
            iris,
        ),
        (MLPClassifier(early_stopping=True, dropout=0.1, epochs=3, random_state=2), iris),
        (MLPRegressor(dropout=0.2, epochs=3, random_state=0), diabetes),
        (MLPRegressor(optimizer="sgd", learning_rate=1e-4, epochs=2, random_state=3), diabetes),
        (KerasClassifier(build_noisy, epochs=2, random_state=0), iris),
        (
            KerasClassifier(build_noisy, units=5, validation_split=0.2, epochs=2, random_state=5),
            iris,
        ),
        (KerasRegressor(build_noisy, rate=0.1, epochs=3, random_state=0), diabetes),
    ]


def fitted_bits(estimator, X, y):
    """All weights, the predictions and the history, as bytes."""
    fitted = clone(estimator).fit(X, y)
    arrays = [*fitted.model_.get_weights(), fitted.predict(X[:7])]
    return [np.asarray(a).tobytes() for a in arrays], fitted.history_


@pytest.fixture(scope="module")
def alone(jobs):
    return [fitted_bits(estimator, *data) for estimator, data in jobs]


@pytest.mark.further
def test_eight_fits_at_once_give_the_bits_of_eight_in_a_row(jobs, alone):
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda job: fitted_bits(job[0], *job[1]), jobs))
    assert together == alone


@pytest.mark.further
def test_the_order_of_fits_changes_no_bit(jobs, alone):
    backwards = [fitted_bits(estimator, *data) for estimator, data in reversed(jobs)]
    assert backwards[::-1] == alone


@pytest.mark.processes
def test_worker_processes_give_the_same_bits(jobs, alone):
    chosen = [0, 5]
    from_processes = Parallel(n_jobs=2, backend="loky")(
        delayed(fitted_bits)(jobs[i][0], *jobs[i][1]) for i in chosen
    )
    assert from_processes == [alone[i] for i in chosen]


@pytest.mark.further
def test_threads_leave_the_interpreter_as_it_was(jobs, alone):
    hook = sys.excepthook, sys.stderr
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: fitted_bits(job[0], *job[1]), jobs[:2]))
    assert (sys.excepthook, sys.stderr) == hook
    assert keras.config.floatx() == "float32"


def test_predictions_from_threads_are_those_of_one(jobs):
    estimator, (X, y) = jobs[0]
    fitted = clone(estimator).fit(X, y)
    expected = fitted.predict_proba(X)
    with ThreadPoolExecutor(6) as pool:
        for found in pool.map(lambda _: fitted.predict_proba(X), range(6)):
            np.testing.assert_array_equal(found, expected)
