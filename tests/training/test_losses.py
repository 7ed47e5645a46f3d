"""A loss or an output that cannot fit the target is an error that says which, and what to do."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest

from skdl.exceptions import IncompatibleNetworkError
from skdl.training.losses import (
    Output,
    check_output,
    infer_loss,
    is_columns_loss,
    link_of,
    loss_class,
    loss_name,
    per_output,
)

CODES = np.array([0, 1, 2, 1])
BITS = np.array([0.0, 1.0, 1.0, 0.0])
COLUMNS = np.eye(3)[CODES]
NUMBERS = np.array([-1.5, 0.0, 2.5, 9.0])


def describe(loss):
    """A loss's name, and whether it takes logits."""
    return loss_name(loss), link_of(loss) is not None


@pytest.mark.parametrize(
    ("units", "activation", "target", "classification", "expected"),
    [
        (1, "sigmoid", BITS, True, ("binary_crossentropy", False)),
        (1, "linear", BITS, True, ("binary_crossentropy", True)),
        (2, "softmax", BITS, True, ("sparse_categorical_crossentropy", False)),
        (3, "softmax", CODES, True, ("sparse_categorical_crossentropy", False)),
        (3, "linear", CODES, True, ("sparse_categorical_crossentropy", True)),
        (3, None, CODES, True, ("sparse_categorical_crossentropy", False)),
        (3, "sigmoid", COLUMNS, True, ("binary_crossentropy", False)),
        (3, "linear", COLUMNS, True, ("binary_crossentropy", True)),
        (3, "softmax", COLUMNS, True, ("categorical_crossentropy", False)),
        (1, "linear", NUMBERS, False, ("mean_squared_error", False)),
        (3, "linear", COLUMNS, False, ("mean_squared_error", False)),
    ],
)
def test_the_inferred_loss_fits_its_target(units, activation, target, classification, expected):
    output = Output("out", units, activation)
    loss = infer_loss(output, target, classification=classification)
    assert describe(loss) == expected
    n_classes = len(np.unique(target)) if target.ndim == 1 and classification else None
    check_output(output, loss, target, classification=classification, n_classes=n_classes)


@pytest.mark.parametrize(
    ("output", "loss", "target", "classification", "n_classes", "words"),
    [
        (
            Output("out", 2, "softmax"),
            "sparse_categorical_crossentropy",
            CODES,
            True,
            3,
            r"'out' \(2 units, activation softmax\) cannot tell 3 classes apart.*Dense\(3, activation",
        ),
        (
            Output("out", 1, "sigmoid"),
            "sparse_categorical_crossentropy",
            BITS,
            True,
            2,
            "cannot tell 2 classes apart .* or use loss='binary_crossentropy'",
        ),
        (
            Output("out", 3, "softmax"),
            "categorical_crossentropy",
            BITS,
            True,
            2,
            r"takes one target column a unit. Got a target of 1 column",
        ),
        (
            Output("out", 1, "sigmoid"),
            "binary_crossentropy",
            CODES,
            True,
            3,
            "on one unit cannot tell 3 classes apart",
        ),
        (
            Output("out", 3, "softmax"),
            "mse",
            CODES,
            True,
            3,
            "compares each unit with a target column.*sparse_categorical_crossentropy",
        ),
        (
            Output("out", 1, "softmax"),
            "binary_crossentropy",
            BITS,
            True,
            2,
            "is always 1, whatever the weights: use activation='sigmoid'",
        ),
        (
            Output("out", 1, "softmax"),
            "mse",
            np.array([0.0, 1.0]),
            False,
            None,
            "is always 1, whatever the weights: use no activation",
        ),
        (
            Output("out", 1, None),
            "sparse_categorical_crossentropy",
            NUMBERS,
            False,
            None,
            "takes class numbers. Got a continuous target",
        ),
        (
            Output("out", 1, None),
            keras.losses.BinaryCrossentropy(),
            NUMBERS,
            False,
            None,
            "takes targets from 0 to 1. Got a target from -1.5 to 9",
        ),
        (
            Output("out", 1, "sigmoid"),
            "mae",
            NUMBERS,
            False,
            None,
            "stays between 0 and 1. Got a target from -1.5 to 9.*TransformedTargetRegressor",
        ),
        (
            Output("out", 1, "tanh"),
            keras.losses.Huber(),
            NUMBERS,
            False,
            None,
            "stays between -1 and 1",
        ),
        (
            Output("out", 2, None),
            "mse",
            NUMBERS,
            False,
            None,
            r"Got a target of 1 column\(s\) and output 'out' \(2 units.*give the last layer 1 unit",
        ),
        (
            Output("out", 3, "softmax"),
            "sparse_categorical_crossentropy",
            COLUMNS,
            True,
            None,
            "takes one class number a row. Got a target of 3 columns",
        ),
    ],
)
def test_what_cannot_fit_is_named(output, loss, target, classification, n_classes, words):
    with pytest.raises(IncompatibleNetworkError, match=words):
        check_output(output, loss, target, classification=classification, n_classes=n_classes)


@pytest.mark.parametrize(
    ("output", "loss", "target", "classification", "n_classes"),
    [
        (Output("out", 5, "softmax"), "sparse_categorical_crossentropy", CODES, True, 3),
        (Output("out", 1, "sigmoid"), "mse", BITS, True, 2),
        (Output("out", 1, "sigmoid"), "mse", BITS, False, None),
        (Output("out", 1, "relu"), "poisson", np.abs(NUMBERS), False, None),
        (Output("out", 7, None), lambda y, p: 0.0, CODES, True, 3),
    ],
)
def test_what_can_fit_or_is_not_known_passes(output, loss, target, classification, n_classes):
    check_output(output, loss, target, classification=classification, n_classes=n_classes)


@pytest.mark.parametrize(
    ("output", "loss", "target"),
    [
        (Output("out", 3, "linear"), "sparse_categorical_crossentropy", CODES),
        (Output("out", 1, "linear"), "binary_crossentropy", BITS),
        (Output("out", 3, "relu"), "sparse_categorical_crossentropy", CODES),
        (Output("out", 1, "tanh"), "binary_crossentropy", BITS),
        (Output("out", 3, "log_softmax"), "categorical_crossentropy", COLUMNS),
        (Output("out", 3, None, probable=False), "sparse_categorical_crossentropy", CODES),
        (Output("out", 1, "linear"), "mse", BITS),
    ],
)
def test_a_classifiers_output_is_probabilities_or_declared_logits(output, loss, target):
    n_classes = len(np.unique(target)) if target.ndim == 1 else None
    with pytest.raises(IncompatibleNetworkError, match="gives no probabilities.*from_logits=True"):
        check_output(output, loss, target, classification=True, n_classes=n_classes)


def test_a_hinge_is_no_loss_for_probabilities():
    with pytest.raises(IncompatibleNetworkError, match="hinge gives scores and no probabilities"):
        check_output(Output("out", 1, "tanh"), "hinge", BITS, classification=True, n_classes=2)


def test_logits_of_an_unknown_output_are_known_by_their_values():
    hidden = Output("out", 3, None, probable=False)
    assert describe(infer_loss(hidden, CODES, classification=True)) == (
        "sparse_categorical_crossentropy",
        True,
    )


def test_a_loss_of_the_users_own_class_is_of_its_bases_kind():
    class Mine(keras.losses.BinaryCrossentropy):
        pass

    assert loss_name(Mine) == loss_name(Mine()) == "binary_crossentropy"
    assert link_of(Mine(from_logits=True)) == "sigmoid"
    partial = functools.partial(keras.losses.binary_crossentropy, from_logits=True)
    assert (loss_name(partial), link_of(partial)) == ("binary_crossentropy", "sigmoid")


def test_losses_are_known_in_all_their_spellings():
    spellings = [
        "mse",
        "MSE",
        "mean_squared_error",
        "MeanSquaredError",
        keras.losses.MeanSquaredError,
        keras.losses.MeanSquaredError(),
        keras.losses.mean_squared_error,
    ]
    assert {loss_name(loss) for loss in spellings} == {"mean_squared_error"}
    assert loss_name("kl_divergence") == loss_name(keras.losses.KLDivergence()) == "kl_divergence"
    assert is_columns_loss(keras.losses.CategoricalCrossentropy())
    assert not is_columns_loss("mse")


def test_each_output_gets_its_loss_from_one_a_list_or_names():
    outputs = [Output("a", 1, None), Output("b", 1, None)]
    assert per_output("mse", outputs) == ["mse", "mse"]
    assert per_output(["mse"], outputs) == ["mse", None]
    assert per_output({"b": "mae"}, outputs) == [None, "mae"]


def test_the_link_follows_the_loss_and_not_the_number_of_units():
    losses = keras.losses
    assert link_of(losses.BinaryCrossentropy(from_logits=True)) == "sigmoid"
    assert link_of(losses.SparseCategoricalCrossentropy(from_logits=True)) == "softmax"
    assert link_of(losses.CategoricalCrossentropy(from_logits=True)) == "softmax"
    assert link_of(losses.BinaryCrossentropy()) is link_of("mse") is None


def test_a_loss_has_a_class_by_any_of_its_names():
    assert loss_class("huber") is loss_class("Huber") is keras.losses.Huber
    assert loss_class("mse") is keras.losses.MeanSquaredError
