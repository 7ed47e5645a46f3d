"""Callbacks of a wrapper's parameters: out of lists and dicts, and told apart by what they watch."""

import keras
import pytest

from skdl.wrappers.user_callbacks import _flat, watches_prediction


class Predicting(keras.callbacks.Callback):
    def on_predict_batch_end(self, batch, logs=None):
        pass


class Training(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        pass


@pytest.mark.parametrize(
    ("given", "flat"),
    [(1, [1]), ([1, [2, (3,)]], [1, 2, 3]), ({"a": [1], "b": {"c": 2}}, [1, 2]), ([], [])],
)
def test_callbacks_may_be_nested(given, flat):
    assert _flat(given) == flat


@pytest.mark.parametrize(
    ("kind", "watches"),
    [(keras.callbacks.Callback, False), (Training, False), (Predicting, True)],
)
def test_who_watches_a_prediction(kind, watches):
    assert watches_prediction(kind()) is watches
