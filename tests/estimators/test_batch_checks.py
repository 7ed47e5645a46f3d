"""Batches that a network of one batch size cannot take are refused before training."""

import keras
import numpy as np
import pytest

from skdl.engine.rows.arrays import Samples
from skdl.estimators.batch_checks import check_batches, check_rows_to_predict
from skdl.exceptions import InvalidParameterError
from tests.engine.jobs import job


def stateful():
    parts = [keras.layers.SimpleRNN(2, stateful=True, name="memory"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(batch_shape=(10, 3, 1)), *parts])
    model.compile("sgd", "mse")
    return model


def rows(count):
    return Samples(np.zeros((count, 3, 1), np.float32), np.zeros((count, 1), np.float32))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"batch_size": 8},
            "got batches of 8 rows, expected 10, because the network takes 10 rows",
        ),
        (
            {"training": rows(25)},
            "got 25 rows to train on, which leave a batch of 5; expected a mul",
        ),
        (
            {"validation": rows(20), "validation_batch_size": 4},
            "got batches of 4 rows to validate on, expected 10",
        ),
        ({"validation": rows(13)}, "got 13 rows to validate on, which leave a batch of 3"),
    ],
)
def test_they_are_named(changes, words):
    settings = {"training": rows(20), "batch_size": 10, "validation_batch_size": 10, "epochs": 2}
    with pytest.raises(InvalidParameterError, match=f"^Net: {words}"):
        check_batches("Net", job(stateful, **{**settings, **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"validation": rows(30)},
        # Keras meets no batch that is smaller.
        {"training": rows(25), "options": {"steps_per_epoch": 1}},
        {"validation": rows(13), "options": {"validation_steps": 1}},
    ],
)
def test_others_pass(changes):
    settings = {"training": rows(20), "batch_size": 10, "validation_batch_size": 10, "epochs": 2}
    check_batches("Net", job(stateful, **{**settings, **changes}))
    check_batches("Net", job(batch_size=7))


def test_rows_to_predict():
    check_rows_to_predict(20, None, 10)
    check_rows_to_predict(20, 10, 10)
    with pytest.raises(InvalidParameterError, match="Got batch_size=5, expected 10"):
        check_rows_to_predict(20, 5, 10)
    with pytest.raises(InvalidParameterError, match="Got 21 rows to predict, expected a multiple"):
        check_rows_to_predict(21, None, 10)
