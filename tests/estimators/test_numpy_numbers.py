"""NumPy's numbers, of any width, are taken wherever Python's are, and give the same bits."""

from __future__ import annotations

import pickle

import keras
import numpy as np
import pytest

from skdl import KerasRegressor, MLPClassifier, MLPRegressor

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(48, 3))
NUMBERS = X[:, 0]
LABELS = (X[:, 1] > 0).astype(np.int64)
# Numbers that single and half precision hold exactly.
SHARED = {
    "n_layers": 2,
    "units": 8,
    "units_decay": 0.5,
    "dropout": 0.25,
    "gaussian_noise": 0.125,
    "l1": 0.0078125,
    "l2": 0.015625,
    "max_norm": 2.0,
    "learning_rate": 0.0625,
    "epochs": 3,
    "batch_size": 16,
    "validation_split": 0.25,
    "reduce_lr_patience": 1,
    "reduce_lr_factor": 0.5,
    "min_learning_rate": 0.0078125,
    "max_seconds": 1000.0,
    "random_state": 3,
    "verbose": 0,
}
CASES = {
    "sgd": {
        "momentum": 0.5,
        "weight_decay": 0.125,
        "clipnorm": 0.5,
        "warmup": 1.0,
        "decay_factor": 0.25,
        "decay_epochs": 1.0,
        "batch_size": 0.25,
        "mixup": 0.5,
    },
    "adam": {
        "beta_1": 0.5,
        "beta_2": 0.875,
        "epsilon": 0.0009765625,
        "ema_momentum": 0.5,
        "decay_power": 2.0,
        "end_factor": 0.25,
    },
    "rmsprop": {
        "rho": 0.5,
        "patience": 1,
        "min_delta": 0.125,
        "start_from_epoch": 1,
        "cycle_growth": 2.0,
        "cycle_factor": 0.5,
    },
}
MORE = {
    "sgd": {"learning_rate_schedule": "step"},
    "adam": {"learning_rate_schedule": "polynomial"},
    "rmsprop": {"learning_rate_schedule": "cosine_restarts", "early_stopping": True},
}


def narrow(value, real, whole):
    return real(value) if isinstance(value, float) else whole(value)


def equal(one, other):
    assert one.history_ == other.history_
    for a, b in zip(one.model_.get_weights(), other.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.further
@pytest.mark.parametrize(("real", "whole"), [(np.float32, np.int64), (np.float16, np.uint8)])
@pytest.mark.parametrize("optimizer", CASES)
def test_of_a_ready_network(optimizer, real, whole):
    numbers = {**SHARED, **CASES[optimizer]}
    others = {"optimizer": optimizer, **MORE[optimizer]}
    plain = MLPRegressor(**numbers, **others).fit(X, NUMBERS)
    narrowed = {name: narrow(value, real, whole) for name, value in numbers.items()}
    given = MLPRegressor(**narrowed, **others).fit(X, NUMBERS)
    equal(given, plain)
    assert given.get_params()["learning_rate"].dtype == real
    twin = pickle.loads(pickle.dumps(given))
    np.testing.assert_array_equal(twin.predict(X), plain.predict(X))


def test_of_a_classifier():
    numbers = {"label_smoothing": 0.25, "epochs": 2, "units": 4, "random_state": 0}
    narrowed = {name: narrow(value, np.float32, np.int32) for name, value in numbers.items()}
    given = {"class_weight": {0: np.float32(0.5), 1: np.float32(2)}}
    plain = {"class_weight": {0: 0.5, 1: 2.0}}
    equal(
        MLPClassifier(**narrowed, **given, hidden_layer_sizes=(np.int64(5), 4)).fit(X, LABELS),
        MLPClassifier(**numbers, **plain, hidden_layer_sizes=(5, 4)).fit(X, LABELS),
    )


def build(meta):
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])


def test_of_what_is_routed_to_objects_of_keras():
    numbers = {
        "optimizer__learning_rate": 0.0625,
        "optimizer__momentum": 0.5,
        "loss__delta": 0.25,
        "callbacks__patience": 1,
        "callbacks__min_delta": 0.5,
        "epochs": 3,
        "batch_size": 16,
        "validation_split": 0.25,
        "random_state": 0,
    }
    others = {
        "optimizer": "sgd",
        "loss": keras.losses.Huber,
        "callbacks": keras.callbacks.EarlyStopping,
    }
    narrowed = {name: narrow(value, np.float32, np.int64) for name, value in numbers.items()}
    given = KerasRegressor(build, **narrowed, **others).fit(X, NUMBERS)
    equal(given, KerasRegressor(build, **numbers, **others).fit(X, NUMBERS))
    assert float(given.model_.optimizer.learning_rate) == 0.0625
