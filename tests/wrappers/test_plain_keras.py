"""A wrapper trains a network to the bits that keras.Model.fit trains it to."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl import KerasClassifier, KerasRegressor
from skdl.engine.random import batch_order
from tests.selection import some
from tests.tolerances import assert_outputs_within_rounding
from tests.wrappers.small_networks import LABELS, NUMBERS, THREE, TWO, X, dense, weights

# The wrapper, the last layer, the loss, the optimizer, the target.
CASES = {
    "two classes": (KerasClassifier, (1, "sigmoid"), "binary_crossentropy", "sgd", TWO),
    "three classes": (
        KerasClassifier,
        (3, "softmax"),
        "sparse_categorical_crossentropy",
        "adam",
        THREE,
    ),
    "labels": (KerasClassifier, (3, "sigmoid"), "binary_crossentropy", "rmsprop", LABELS),
    "one number": (KerasRegressor, (1, None), "mse", "adam", NUMBERS),
    "several numbers": (KerasRegressor, (4, None), "mae", "nadam", X),
}


@pytest.mark.parametrize("case", some(CASES, "labels", "several numbers"))
def test_a_fit_is_that_of_keras(case):
    wrapper, (units, activation), loss, optimizer, y = CASES[case]
    settings = {"batch_size": 10, "epochs": 2, "shuffle": False}
    est = wrapper(
        lambda: dense(5, units, activation=activation),
        optimizer=optimizer,
        loss=loss,
        engine="keras",
        **settings,
    ).fit(X, y)
    model = (
        wrapper(lambda: dense(5, units, activation=activation), random_state=est.seed_)
        .initialize(X, y)
        .model_
    )
    model.compile(optimizer, loss)
    history = model.fit(X, y.astype(np.float32), verbose=0, **settings).history
    np.testing.assert_array_equal(weights(est), weights(model))
    assert est.history_ == history


def test_shuffled_epochs_are_those_of_the_batch_orders():
    reg = KerasRegressor(
        lambda: dense(1), optimizer="adam", batch_size=10, epochs=2, random_state=3, engine="keras"
    ).fit(X, NUMBERS)
    model = KerasRegressor(lambda: dense(1), random_state=3).initialize(X, NUMBERS).model_
    model.compile("adam", "mse")
    for epoch in range(2):
        rows = batch_order(3, epoch, len(X))
        model.fit(X[rows], NUMBERS[rows], batch_size=10, shuffle=False, verbose=0)
    np.testing.assert_array_equal(weights(reg), weights(model))


@pytest.mark.oracle
def test_predictions_are_those_of_keras():
    reg = KerasRegressor(lambda: dense(5, 1), random_state=0).fit(X, NUMBERS)
    by_keras = reg.model_.predict(X, verbose=0)[:, 0]
    assert_outputs_within_rounding(reg.predict(X), by_keras, reg.model_, X)


@pytest.mark.oracle
def test_a_metric_during_the_fit_is_that_of_keras():
    reg = KerasRegressor(
        lambda: dense(1),
        shuffle=False,
        metrics=[keras.metrics.MeanAbsoluteError],
        validation_split=0.25,
        validation_shuffle=False,
        random_state=0,
        engine="keras",
    ).fit(X, NUMBERS)
    model = KerasRegressor(lambda: dense(1), random_state=0).initialize(X, NUMBERS).model_
    model.compile("rmsprop", "mse", metrics=[keras.metrics.MeanAbsoluteError()])
    history = model.fit(X, NUMBERS, shuffle=False, validation_split=0.25, verbose=0).history
    assert reg.history_ == history
