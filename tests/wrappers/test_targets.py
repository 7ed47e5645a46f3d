"""Targets of every kind, and what comes back: labels of any type, one or two units, one-hot, numbers."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from scipy.special import expit, softmax

from skdl import KerasClassifier, KerasRegressor
from skdl.training.losses import loss_name
from tests.tolerances import assert_outputs_within_rounding, assert_within_rounding
from tests.wrappers.small_networks import (
    LABELS,
    NUMBERS,
    QUICK,
    ROWS,
    THREE,
    TWO,
    X,
    assert_trained_alike,
    build_hidden,
    build_linear,
    build_sigmoid,
    build_softmax,
    dense,
    weights,
)

ONE_HOT = np.eye(3, dtype=np.int64)[THREE]


def assert_as_keras_predicts(found, model):
    assert_outputs_within_rounding(found, model.predict(X, verbose=0), model, X)


def classifier(build, y, **params):
    return KerasClassifier(build, optimizer="sgd", **params, **QUICK).fit(X, y)


@pytest.fixture(scope="module")
def of_three():
    return classifier(build_softmax, THREE)


@pytest.fixture(scope="module")
def of_two():
    return classifier(build_sigmoid, TWO)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["ant", "bee", "cat"]),
        np.array(["ant", "bee", "cat"], dtype=object),
        np.array([-7, 0, 3]),
        np.array([1, 2, 3], dtype=np.uint8),
        np.array([0.0, 1.0, 5.0]),
    ],
    ids=["strings", "objects", "negative", "bytes", "floats"],
)
def test_three_labels_of_any_type(labels, of_three):
    clf = classifier(build_softmax, labels[THREE])
    np.testing.assert_array_equal(clf.classes_, labels)
    assert clf.classes_.dtype == labels.dtype
    np.testing.assert_array_equal(weights(clf), weights(of_three))
    predicted = clf.predict(X)
    assert predicted.dtype == labels.dtype
    np.testing.assert_array_equal(predicted, labels[of_three.predict(X)])
    assert clf.score(X, labels[THREE]) == of_three.score(X, THREE)


@pytest.mark.parametrize(
    "labels",
    [np.array(["no", "yes"]), np.array([-1, 1]), np.array([False, True]), np.array([3, 8])],
    ids=["strings", "negative", "bool", "not from zero"],
)
def test_two_labels_of_any_type(labels, of_two):
    clf = classifier(build_sigmoid, labels[TWO])
    np.testing.assert_array_equal(clf.classes_, labels)
    np.testing.assert_array_equal(weights(clf), weights(of_two))
    predicted = clf.predict(X)
    assert predicted.dtype == labels.dtype
    np.testing.assert_array_equal(predicted, labels[of_two.predict(X)])


def test_labels_in_a_list(of_three):
    clf = classifier(build_softmax, THREE.tolist())
    np.testing.assert_array_equal(weights(clf), weights(of_three))


def test_probabilities_of_three_classes(of_three):
    proba = of_three.predict_proba(X)
    assert proba.shape == (ROWS, 3)
    assert proba.dtype == np.float64
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(of_three.predict(X), proba.argmax(axis=1))
    assert_as_keras_predicts(proba, of_three.model_)


def test_probabilities_of_one_row(of_three, of_two):
    for clf, n_classes in ((of_three, 3), (of_two, 2)):
        assert clf.predict_proba(X[:1]).shape == (1, n_classes)
        np.testing.assert_array_equal(clf.predict_proba(X[:1]), clf.predict_proba(X)[:1])
        assert clf.predict(X[:1]).shape == (1,)


def test_two_classes_with_one_sigmoid_unit(of_two):
    assert loss_name(of_two.model_.loss) == "binary_crossentropy"
    proba = of_two.predict_proba(X)
    assert proba.shape == (ROWS, 2)
    assert_within_rounding(proba.sum(axis=1), np.ones(ROWS), 2, dtype="float64")
    assert_as_keras_predicts(proba[:, 1:], of_two.model_)
    np.testing.assert_array_equal(of_two.predict(X), (proba[:, 1] > 0.5).astype(int))


def test_two_classes_with_two_softmax_units():
    clf = classifier(build_hidden, TWO)
    assert loss_name(clf.model_.loss) == "sparse_categorical_crossentropy"
    proba = clf.predict_proba(X)
    assert proba.shape == (ROWS, 2)
    assert_as_keras_predicts(proba, clf.model_)
    np.testing.assert_array_equal(clf.predict(X), proba.argmax(axis=1))


def test_a_single_class():
    clf = classifier(build_sigmoid, np.full(ROWS, "only"))
    np.testing.assert_array_equal(clf.classes_, ["only"])
    np.testing.assert_array_equal(clf.predict(X), np.full(ROWS, "only"))
    np.testing.assert_array_equal(clf.predict_proba(X), np.ones((ROWS, 1)))


LOGITS = {
    "two classes, None": (1, TWO, None, expit),
    "two classes": (1, TWO, BinaryCrossentropy(from_logits=True), expit),
    "two units": (2, TWO, SparseCategoricalCrossentropy(from_logits=True), softmax),
    "three classes, None": (3, THREE, None, softmax),
    "three classes": (3, THREE, SparseCategoricalCrossentropy(from_logits=True), softmax),
    "one-hot loss": (3, THREE, CategoricalCrossentropy(from_logits=True), softmax),
    "one-hot target": (3, ONE_HOT, CategoricalCrossentropy(from_logits=True), softmax),
    "labels, None": (3, LABELS, None, expit),
    "labels": (3, LABELS, BinaryCrossentropy(from_logits=True), expit),
}


@pytest.mark.parametrize("case", LOGITS)
def test_networks_that_give_logits(case):
    units, y, loss, function = LOGITS[case]
    clf = classifier(lambda: dense(units), y, loss=loss)
    scores = clf.model_.predict(X, verbose=0)
    assert scores.min() < 0
    expected = softmax(scores, axis=1) if function is softmax else expit(scores)
    if units == 1:
        expected = np.hstack([1 - expected, expected])
    assert_outputs_within_rounding(clf.predict_proba(X), expected, clf.model_, X)


def test_logits_and_an_activation_train_alike():
    logits, sigmoid = classifier(lambda: dense(1), TWO), classifier(build_sigmoid, TWO)
    assert from_logits_of(logits.model_) is True
    assert_trained_alike(logits, sigmoid)
    np.testing.assert_array_equal(logits.predict(X), sigmoid.predict(X))


def from_logits_of(model):
    return model.loss.get_config()["from_logits"]


def test_a_softmax_layer_is_no_logits():
    def build():
        return keras.Sequential([*dense(3).layers, keras.layers.Softmax()])

    clf = classifier(build, THREE)
    np.testing.assert_array_equal(weights(clf), weights(classifier(build_softmax, THREE)))


@pytest.mark.parametrize("loss", [None, "categorical_crossentropy"])
def test_one_hot_targets(loss):
    clf = classifier(build_softmax, ONE_HOT, loss=loss)
    assert loss_name(clf.model_.loss) == "categorical_crossentropy"
    predicted = clf.predict(X)
    assert predicted.shape == ONE_HOT.shape
    np.testing.assert_array_equal(predicted.sum(axis=1), np.ones(ROWS))
    np.testing.assert_array_equal(predicted.argmax(axis=1), clf.predict_proba(X).argmax(axis=1))
    numbers = classifier(build_softmax, THREE, loss="categorical_crossentropy")
    np.testing.assert_array_equal(weights(clf), weights(numbers))
    assert clf.score(X, ONE_HOT) == numbers.score(X, THREE)


@pytest.mark.parametrize("dtype", [np.int64, bool, np.float64])
def test_several_labels_a_row(dtype):
    clf = classifier(lambda: dense(3, activation="sigmoid"), LABELS.astype(dtype))
    assert clf.target_type_ == "multilabel-indicator"
    assert loss_name(clf.model_.loss) == "binary_crossentropy"
    proba = clf.predict_proba(X)
    assert_as_keras_predicts(proba, clf.model_)
    np.testing.assert_array_equal(clf.predict(X), (proba > 0.5).astype(int))
    assert clf.predict_proba(X[:1]).shape == (1, 3)


@pytest.mark.parametrize(
    ("y", "shape"),
    [(NUMBERS, (ROWS,)), (NUMBERS[:, None], (ROWS, 1)), (NUMBERS.tolist(), (ROWS,))],
    ids=["1-D", "column", "list"],
)
def test_one_number_a_row(y, shape):
    reg = KerasRegressor(build_linear, **QUICK).fit(X, y)
    flat = KerasRegressor(build_linear, **QUICK).fit(X, NUMBERS)
    np.testing.assert_array_equal(weights(reg), weights(flat))
    predicted = reg.predict(X)
    assert (predicted.shape, predicted.dtype) == (shape, np.float64)
    np.testing.assert_array_equal(predicted.ravel(), flat.predict(X))
    assert reg.predict(X[:1]).shape == (1, *shape[1:])
    assert reg.score(X, y) == flat.score(X, NUMBERS)


def test_two_numbers_a_row():
    both = np.column_stack([NUMBERS, X[:, 0]])
    reg = KerasRegressor(lambda: dense(2), **QUICK).fit(X, both)
    assert reg.predict(X).shape == both.shape
    assert reg.predict(X[:1]).shape == (1, 2)
    assert_as_keras_predicts(reg.predict(X), reg.model_)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool, np.float64])
def test_numbers_of_any_type(dtype):
    reg = KerasRegressor(build_linear, **QUICK).fit(X, TWO.astype(dtype))
    same = KerasRegressor(build_linear, **QUICK).fit(X, TWO.astype(np.float32))
    np.testing.assert_array_equal(weights(reg), weights(same))
