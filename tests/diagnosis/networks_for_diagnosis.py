"""Real data and networks for the tests of diagnoses, few in their structures, so that they share programs."""

from __future__ import annotations

import functools

import numpy as np
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdl import MLPClassifier, MLPRegressor


def standardised(X):
    return (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9)


@functools.cache
def digits(rows=300):
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))[:600]
    return standardised(X[order])[:rows], y[order][:rows]


@functools.cache
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return standardised(X[:300]), standardised(y[:300])


def network(**params):
    return MLPClassifier(**{"units": 64, "validation_split": 0.2, "random_state": 0, **params})


def regressor(**params):
    """Noise, a penalty and early stopping, each of which may be next to nothing."""
    usual = {"units": 64, "dropout": 0.2, "l2": 1e-4, "early_stopping": True, "epochs": 60}
    return MLPRegressor(**{**usual, "validation_split": 0.2, "random_state": 0, **params})


def pipeline(**params):
    """Without validation data of its own, as in a search."""
    return make_pipeline(
        StandardScaler(), network(**{"epochs": 40, "validation_split": None, **params})
    )


def folds(n_splits=3):
    return StratifiedKFold(n_splits, shuffle=True, random_state=0)
