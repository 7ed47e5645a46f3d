"""How a wrapper turns its parameters, and those of a call, into what a fit is told."""

from __future__ import annotations

import sys

import keras
import numpy as np
import pytest

from skdl import KerasClassifier
from skdl.exceptions import InvalidParameterError
from tests.networks_for_tests import build_classifier

X = np.zeros((4, 2), np.float32)
Y = np.array([0, 1, 0, 1])


def made(**params):
    return KerasClassifier(build_classifier, **params)


def told(call=None, initial_epoch=0, **params):
    return made(**params)._training(call or {}, initial_epoch)


@pytest.mark.parametrize(
    ("params", "call", "name", "value"),
    [
        ({}, {}, "batch_size", 32),
        ({"batch_size": 5}, {}, "batch_size", 5),
        ({"batch_size": 5, "fit__batch_size": 6}, {}, "batch_size", 6),
        ({"batch_size": 5, "fit__batch_size": 6}, {"batch_size": 7}, "batch_size", 7),
        ({"batch_size": -1}, {}, "batch_size", None),
        ({}, {}, "validation_batch_size", None),
        ({"validation_batch_size": -1}, {}, "validation_batch_size", sys.maxsize),
        ({"validation_split": None}, {}, "validation_split", 0.0),
        ({"epochs": 4}, {"initial_epoch": 3}, "epochs", 7),
        ({"epochs": 4}, {"initial_epoch": 3}, "initial_epoch", 3),
        ({"verbose": True}, {}, "verbose", 1),
        ({"verbose": "auto"}, {}, "verbose", "auto"),
        ({"fit__steps_per_epoch": 3}, {"validation_freq": 2}, "options", None),
    ],
)
def test_the_call_counts_more_than_the_route_and_the_route_more_than_the_parameter(
    params, call, name, value
):
    if name == "options":
        value = {"steps_per_epoch": 3, "validation_freq": 2}
    found = getattr(told(call, **params), name)
    assert type(found) is type(value)
    assert found == value


def test_epochs_are_counted_from_those_that_are_over():
    training = told({"epochs": 2}, initial_epoch=5)
    assert (training.initial_epoch, training.epochs) == (5, 7)


class Training(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        pass


def test_callbacks_of_parameters_and_of_the_call_add_up():
    one, two, three = Training(), Training(), Training()
    training = told({"callbacks": [three]}, callbacks=[one], fit__callbacks={"more": [two]})
    assert training.callbacks == (one, two, three)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda net: net.fit(X, Y, X_val=X, y_val=Y, validation_data=(X, Y)),
            InvalidParameterError,
            r"Got validation_data and X_val.*expected one of them.*leave validation_data away",
        ),
        (
            lambda net: net.fit(X, Y, validation_data=X),
            InvalidParameterError,
            r"Got validation_data of type ndarray, expected a tuple .*pass X_val and y_val",
        ),
        (
            lambda net: net.partial_fit(X, Y, epochs=2),
            TypeError,
            r"'epochs' to partial_fit, which always trains one epoch.*call fit",
        ),
        (
            lambda net: net.set_params(engine="fast").fit(X, Y),
            InvalidParameterError,
            r"engine='fast'",
        ),
        (
            lambda net: net.set_params(reuse_build=1).fit(X, Y),
            InvalidParameterError,
            r"reuse_build=1",
        ),
    ],
)
def test_what_cannot_be_meant_is_an_error_before_anything_is_built(call, error, words):
    net = made()
    with pytest.raises(error, match=words):
        call(net)
    assert not net.initialized_
