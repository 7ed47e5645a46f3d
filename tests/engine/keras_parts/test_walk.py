"""What a model holds: its layers, its generators of noise, the objects that Keras does not own."""

from __future__ import annotations

import keras
import numpy as np

from skdl.engine.keras_parts.walk import custom_objects, noise_generators, walk_layers

layers = keras.layers


class Doubled(layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x):
        return 2 * x * self.scale


class Half(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return keras.ops.mean(y_true - y_pred, axis=-1) / 2


class Slow(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1

    def get_config(self):
        return {}


def squared(x):
    return x * x


def off_by_one(y_true, y_pred):
    return keras.ops.mean(keras.ops.abs(y_true - y_pred)) + 1


def everything():
    model = keras.Sequential(
        [
            keras.Input((6, 4)),
            layers.TimeDistributed(layers.Dense(4, activation=squared)),
            layers.Bidirectional(layers.LSTM(3, dropout=0.1)),
            layers.Dropout(0.2),
            Doubled(),
        ]
    )
    model.compile(keras.optimizers.SGD(Slow()), Half(), metrics=[off_by_one])
    return model


def test_the_walk_reaches_layers_inside_wrappers_and_cells():
    kinds = [type(layer).__name__ for layer in walk_layers(everything())]
    assert kinds[0] == "Sequential"
    assert {"TimeDistributed", "Dense", "Bidirectional", "LSTM", "LSTMCell", "Doubled"} <= set(
        kinds
    )


def test_each_generator_of_noise_is_found_once():
    generators = noise_generators(everything())
    assert len({id(g) for g in generators}) == len(generators) >= 3
    assert all(isinstance(g, keras.random.SeedGenerator) for g in generators)


def test_the_users_own_objects_are_found_and_keras_left_out():
    found = custom_objects(everything())
    assert found == {
        "Doubled": Doubled,
        "Half": Half,
        "Slow": Slow,
        "squared": squared,
        "off_by_one": off_by_one,
    }
    plain = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    assert custom_objects(plain) == {}


def test_a_built_layer_of_the_users_own_brings_its_class_only():
    model = keras.Sequential([keras.Input((4,)), Doubled()])
    model(np.zeros((1, 4)))
    assert custom_objects(model) == {"Doubled": Doubled}
