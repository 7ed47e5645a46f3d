"""Layers with numbers of the user's: they predict the bits of Keras, and some are left to Keras."""

from __future__ import annotations

import re

import keras
import numpy as np
import pytest

from skdl.engine.kernel.description import Stack
from skdl.engine.kernel.prediction import predict_rows
from skdl.engine.kernel.reading import layers_of
from tests.engine.kernel.cases import dense, layer
from tests.engine.oracle import numbers

MEANS, VARIANCES = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.5, 0.0, 0.7, 1.8])
TAKEN = {
    "mean and variance": layer("Normalization", mean=0.3, variance=0.1),
    "whole numbers": layer("Normalization", mean=3, variance=2),
    "one of all": layer("Normalization", axis=None, mean=0.3, variance=0.1),
    "a list of one": layer("Normalization", mean=[0.3], variance=[0.1]),
    "arrays": layer("Normalization", mean=MEANS, variance=VARIANCES),
    "lists": layer("Normalization", mean=MEANS.tolist(), variance=VARIANCES.tolist()),
    "float32": layer("Normalization", mean=np.float32(0.3), variance=np.float32(0.1)),
    "a scale": layer("Rescaling", 0.3, 0.1),
    "a whole scale": layer("Rescaling", 2),
    "a scale of NumPy's": layer("Rescaling", np.float64(0.3), np.float64(0.1)),
    "scales": layer("Rescaling", MEANS),
    "a list of scales": layer("Rescaling", MEANS.tolist(), 0.1),
    "offsets": layer("Rescaling", 0.3, VARIANCES),
    "a row of scales": layer("Rescaling", MEANS[None], [0.1]),
    "whole scales": layer("Rescaling", [1, 2, 3, 4], np.float32(0.1)),
}
NOT_TAKEN = {
    "inverted": layer("Normalization", mean=0.3, variance=0.1, invert=True),
    "more numbers than columns": layer("Rescaling", 1.0, np.ones((3, 1, 4))),
    "further axes": layer("Rescaling", np.ones((1, 1, 4))),
}
REASONS = {
    "inverted": "the layer normalization has an axis of its own, or is inverted",
    "more numbers than columns": "the numbers of the layer rescaling have another shape than a row",
    "further axes": "the numbers of the layer rescaling have another shape than a row",
}


def network(*layers, shape=(4,)):
    return keras.Sequential([keras.Input(shape), *(made() for made in layers)])


def reason(model):
    """Why the layers of a model are not taken; Keras adds numbers to the names of layers."""
    return re.sub(r"_\d+", "", layers_of(model))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TAKEN)
def test_given_numbers_are_those_of_keras(name, dtype, request):
    if dtype == "float64":
        request.getfixturevalue(dtype)
    model, x = network(TAKEN[name]), numbers(11, 4)
    stack = layers_of(model)
    assert isinstance(stack, Stack)
    np.testing.assert_array_equal(predict_rows(stack, (), x, dtype), model(x))


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_layers_that_are_not_taken(name):
    assert reason(network(NOT_TAKEN[name])) == REASONS[name]


def test_scales_that_make_more_columns_are_not_taken():
    model = network(dense(1), layer("Rescaling", [0.1, 0.2]))
    assert reason(model) == "the numbers of the layer rescaling have another shape than a row"


def test_scales_of_channels_are_not_taken():
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    try:
        assert isinstance(layers_of(network(layer("Rescaling", 0.5, MEANS))), Stack)
        model = network(layer("Rescaling", np.ones(2)), layer("Flatten"), shape=(2, 3, 3))
        assert reason(model) == "the layer rescaling scales channels that come first"
    finally:
        keras.config.set_image_data_format(before)
