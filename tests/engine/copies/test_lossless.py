"""A model that comes out of its file unchanged is taken for the same, and one that changed is not."""

from __future__ import annotations

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from skdl.engine.copies.lossless import first_difference
from skdl.engine.copies.persistence import copy_model, pack_model, unpack_model
from tests.engine.keras_parts.test_walk import everything

X = np.random.default_rng(0).normal(size=(12, 8)).astype(np.float32)


def dense():
    return keras.Sequential([keras.Input((8,)), layers.Dense(3, "relu"), layers.Dense(1)])


def trained():
    model = dense()
    model.compile(
        keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10), 0.9),
        keras.losses.Huber(0.3),
        metrics=["mae", keras.metrics.MeanSquaredError()],
        weighted_metrics=["mse"],
        run_eagerly=True,
    )
    model.fit(X, X[:, :1], verbose=0)
    return model


def functional():
    given = keras.Input((8,))
    shared = layers.Dense(8)
    hidden = shared(shared(given)) * 2
    hidden = layers.Reshape((4, 2))(hidden)
    hidden = layers.MultiHeadAttention(2, 3, dropout=0.1)(hidden, hidden)
    out = layers.Dense(1, name="out")(keras.ops.mean(hidden, 1))
    model = keras.Model(given, {"out": out})
    model.compile("adam", {"out": "mse"}, metrics={"out": ["mae"]})
    return model


def adapted():
    norm, bins = layers.Normalization(), layers.Discretization(num_bins=3)
    norm.adapt(X)
    bins.adapt(X)
    return keras.Sequential([keras.Input((8,)), norm, bins, layers.CategoryEncoding(3, "count")])


def words():
    lookup = layers.StringLookup()
    lookup.adapt(np.array(["a", "b", "a"]))
    return keras.Sequential(
        [keras.Input((1,), dtype="string"), lookup, layers.Embedding(4, 2), layers.Flatten()]
    )


def images():
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.RandomFlip(),
            layers.Rescaling(1 / 255),
            layers.SeparableConv2D(2, 3, padding="same", depthwise_regularizer="l2"),
            layers.GroupNormalization(2),
            layers.GaussianNoise(0.1),
            layers.MaxPooling2D(),
            layers.Lambda(lambda x: x * 2),
        ]
    )


@pytest.mark.parametrize(
    "make",
    [
        dense,
        trained,
        functional,
        adapted,
        words,
        images,
        everything,
    ],
)
def test_a_model_that_keras_saves_comes_back_the_same(make):
    model = make()
    twin = unpack_model(pack_model(model))
    assert first_difference(model, twin) is None
    assert first_difference(model, copy_model(model)) is None


def change_weight(model):
    model.layers[0].kernel.assign_add(np.ones((8, 3)))


def change_activation(model):
    model.layers[0].activation = keras.activations.tanh


def change_number(model):
    model.layers[0].rate = 0.5


def change_loss(model):
    model.compile("sgd", keras.losses.Huber(0.4))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (change_weight, r"the values of .*kernel came back changed"),
        (change_activation, r"activation of Dense 'dense\w*' was <function relu"),
        (change_number, r"rate of Dense 'dense\w*' was 'nothing' and came back as 0.5"),
        (change_loss, r"loss was 'mse' and came back as <LossFunctionWrapper"),
    ],
)
def test_a_change_is_said(change, said):
    model = dense()
    model.compile("sgd", "mse")
    twin = copy_model(model)
    change(twin)
    found = first_difference(model, twin)
    assert found is not None
    assert re.match(said, found), found


def scale():
    return tf.constant(2.0)


def test_a_lambda_that_lost_what_its_names_mean_is_said():
    model = keras.Sequential([keras.Input((8,)), layers.Lambda(lambda x: x * scale())])
    with pytest.raises(TypeError, match="scale of Lambda 'lambda.*' was <function scale"):
        pack_model(model)


SET_LATER = {
    "regularizer of a/kernel was <.*L2.*> and came back as None": (
        lambda kernel: setattr(kernel, "regularizer", keras.regularizers.L2(1.0))
    ),
    "constraint of a/kernel was <.*MaxNorm.*> and came back as None": (
        lambda kernel: setattr(kernel, "constraint", keras.constraints.MaxNorm(1.0))
    ),
    "a/kernel was frozen and came back trainable": (
        lambda kernel: setattr(kernel, "trainable", False)
    ),
}


@pytest.mark.parametrize("said", SET_LATER)
def test_what_is_set_on_a_variable_is_not_in_the_file(said):
    model = keras.Sequential([keras.Input((8,)), layers.Dense(1, name="a")], name="a")
    SET_LATER[said](model.layers[0].kernel)
    with pytest.raises(TypeError, match=said.replace("a/kernel", "[a-z/]*kernel")):
        pack_model(model)


def test_a_frozen_layer_comes_back_frozen():
    model = dense()
    model.layers[0].trainable = False
    assert not unpack_model(pack_model(model)).layers[0].trainable
