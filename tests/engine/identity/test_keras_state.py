"""What of Keras's objects is bookkeeping: two builds differ in it, and in nothing else."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest

from skdl.engine.identity.keras_state import bookkeeping_of, is_of_keras, state_of
from skdl.engine.structure.key import prediction_structure, training_structure

layers = keras.layers


class Own(layers.Layer):
    def __init__(self):
        super().__init__()
        self._hidden = {"a": 1}

    def call(self, x):
        return x


def test_state_is_every_attribute_but_bookkeeping():
    names = dict(state_of(Own()))
    assert names["_hidden"] == {"a": 1}
    assert not bookkeeping_of(Own) & names.keys()
    assert {"trainable", "_trainable"} & names.keys()


@pytest.mark.parametrize(
    "kind", [layers.Dense, keras.Model, keras.optimizers.Adam, keras.metrics.AUC]
)
def test_bookkeeping_is_what_keras_sets_itself(kind):
    # An attribute that a constructor of Keras's takes would be a setting.
    settings = set(inspect.signature(kind.__init__).parameters) - {"self", "name"}
    assert not settings & bookkeeping_of(kind)


def test_classes_of_users_count_as_keras_s_where_they_come_from_one():
    assert is_of_keras(Own)
    assert not is_of_keras(dict)


class Listing(keras.optimizers.SGD):
    """An optimizer whose setting is a list that may be empty."""

    def __init__(self, parts=(), **settings):
        super().__init__(**settings)
        self.parts = list(parts)


def test_an_empty_list_and_one_of_nothing_are_settings():
    def key(parts):
        model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
        model.compile(Listing(parts), "mse")
        return training_structure(model)

    assert key([]) == key([])
    assert len({key([]), key([None]), key([None, None])}) == 3


def functional():
    x = keras.Input((4, 3))
    y = layers.Bidirectional(layers.LSTM(2, dropout=0.1))(x)
    y = layers.Dense(3)(y) + y[:, :3] / 2.0
    return keras.Model(x, layers.Dense(1)(layers.BatchNormalization()(y)))


def stack():
    return keras.Sequential(
        [keras.Input((4, 3)), layers.Conv1D(2, 2), Own(), layers.Flatten(), layers.Dense(1)]
    )


def attention():
    x = keras.Input((4, 3))
    y = layers.LayerNormalization()(x + layers.MultiHeadAttention(1, 2, dropout=0.1)(x, x))
    return keras.Model(x, layers.Dense(1)(layers.GlobalAveragePooling1D()(y)))


@pytest.mark.further
@pytest.mark.parametrize("build", [functional, stack, attention])
def test_use_changes_no_key(build):
    """Training, predicting, saving and drawing names leave the keys as they were."""
    model, other = build(), build()
    for one in (model, other):
        one.compile("adam", "mse", metrics=["mae"])
    keys = training_structure(model), prediction_structure(model)
    assert keys == (training_structure(other), prediction_structure(other))
    assert not keys[0].parts
    x = np.zeros((8, 4, 3), np.float32)
    model.fit(x, np.zeros(8), verbose=0)
    model.predict(x, verbose=0)
    model.get_config()
    model.summary(print_fn=lambda *_, **__: None)
    assert (training_structure(model), prediction_structure(model)) == keys
