"""A batch is filled up only where every layer, loss and metric treats each row alone."""

import functools

import keras
import numpy as np
import pytest

from skdl.engine.rowwise.masked_rows import masked_normalization, obstacle_to_masks
from tests.tolerances import assert_within_rounding

layers = keras.layers


class Own(layers.Dense):
    pass


def model_of(*parts, loss="mse", metrics=(), shape=(4,)):
    model = keras.Sequential([keras.Input(shape), *parts, layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", loss, metrics=list(metrics))
    x = np.zeros((3, *shape), np.float32)
    y = np.zeros((3, 2), np.float32)
    y_pred = model(x)
    model.compute_loss(x=x, y=y, y_pred=y_pred)
    model.compute_metrics(x, y, y_pred)
    return model


def centred(x, axis):
    return x - keras.ops.mean(x, axis)


class Centred:
    """An activation that is an object."""

    def __call__(self, x):
        return centred(x, 0)


@pytest.mark.parametrize(
    "parts",
    [
        (layers.Dense(3, activation="relu"), layers.BatchNormalization(), layers.Dropout(0.5)),
        (layers.Reshape((2, 2)), layers.LayerNormalization(), layers.LSTM(2)),
        (layers.Reshape((2, 2, 1)), layers.Conv2D(2, 1), layers.GlobalMaxPooling2D()),
    ],
)
def test_rows_alone(parts):
    assert obstacle_to_masks(model_of(*parts, metrics=["mae"])) is None


@pytest.mark.parametrize(
    ("parts", "settings", "words"),
    [
        ((Own(3, name="mine"),), {}, "the layer mine (Own) may mix rows"),
        (
            (layers.Dense(3, activation=lambda x: x - keras.ops.mean(x), name="mean"),),
            {},
            "a function of mean may mix rows",
        ),
        (
            (layers.Dense(3, activation=Centred(), name="mean"),),
            {},
            "a function of mean may mix rows",
        ),
        (
            (layers.Dense(3, activation=functools.partial(centred, axis=0), name="mean"),),
            {},
            "a function of mean may mix rows",
        ),
        (
            (layers.Dense(3, activity_regularizer="l2", name="active"),),
            {},
            "the activity regularizer of active divides by the rows of a batch",
        ),
        (
            (layers.LayerNormalization(axis=-2, name="along"),),
            {"shape": (3, 4)},
            "along may work along the rows",
        ),
        ((), {"loss": keras.losses.Dice()}, "the loss dice may mix rows"),
        ((), {"loss": lambda y, p: keras.ops.mean(y - p)}, "may mix rows"),
        ((), {"metrics": [keras.metrics.R2Score()]}, "the metric r2_score may not know weights"),
    ],
    ids=[
        "own layer",
        "function",
        "object",
        "partial",
        "activity",
        "axis",
        "loss",
        "loss function",
        "metric",
    ],
)
def test_what_may_mix_rows_is_named(parts, settings, words):
    assert words in obstacle_to_masks(model_of(*parts, **settings))


def test_statistics_are_of_the_valid_rows_and_the_class_comes_back(float64):
    model = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(momentum=0.0)])
    (layer,) = model.layers
    x = np.random.default_rng(0).normal(size=(6, 4))
    with masked_normalization(model) as found:
        assert found == [layer]
        object.__setattr__(layer, "_valid", keras.ops.convert_to_tensor([True] * 4 + [False] * 2))
        model(x, training=True)
    assert type(layer) is layers.BatchNormalization
    # Sums over six rows; of squares, those of a deviation from the mean or of the number itself.
    assert_within_rounding(layer.moving_mean, x[:4].mean(0), 6, 2, dtype="float64", scale=3)
    assert_within_rounding(layer.moving_variance, x[:4].var(0), 6, 6, 4, dtype="float64", scale=9)
