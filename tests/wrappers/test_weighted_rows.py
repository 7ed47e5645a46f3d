"""class_weight and sample_weight, in fit, partial_fit and score."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.class_weight import compute_sample_weight

from skdl import KerasClassifier, KerasRegressor
from tests.wrappers.small_networks import (
    LABELS,
    NUMBERS,
    QUICK,
    ROWS,
    THREE,
    X,
    build_linear,
    build_softmax,
    dense,
    weights,
)

UNEQUAL = np.where(np.arange(ROWS) < 4, 2, THREE % 2)
OF_ROWS = 1.0 + np.arange(ROWS)
OF_ROWS.setflags(write=False)


def classifier(**params):
    return KerasClassifier(build_softmax, batch_size=8, **params, **QUICK)


@pytest.fixture(scope="module")
def unweighted():
    return weights(classifier().fit(X, UNEQUAL))


@pytest.mark.parametrize(
    "class_weight",
    ["balanced", {0: 1.0, 1: 3.0, 2: 0.5}, {1: 4.0}],
    ids=["balanced", "all classes", "one class"],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_class_weights_are_row_weights(class_weight, method, unweighted):
    by_class = getattr(classifier(class_weight=class_weight), method)(X, UNEQUAL)
    weight = compute_sample_weight(class_weight, UNEQUAL)
    by_row = getattr(classifier(), method)(X, UNEQUAL, sample_weight=weight)
    np.testing.assert_array_equal(weights(by_class), weights(by_row))
    assert by_class.history_ == by_row.history_
    assert not np.array_equal(weights(by_class), unweighted)


def test_class_weights_are_named_by_the_users_labels():
    labels = np.array(["a", "b", "c"])
    named = classifier(class_weight={"a": 1.0, "b": 3.0, "c": 0.5}).fit(X, labels[UNEQUAL])
    numbered = classifier(class_weight={0: 1.0, 1: 3.0, 2: 0.5}).fit(X, UNEQUAL)
    np.testing.assert_array_equal(weights(named), weights(numbered))


def test_class_weights_for_a_network_with_one_hot_targets():
    by_class = classifier(loss="categorical_crossentropy", class_weight="balanced").fit(X, UNEQUAL)
    by_row = classifier(loss="categorical_crossentropy").fit(
        X, UNEQUAL, compute_sample_weight("balanced", UNEQUAL)
    )
    np.testing.assert_array_equal(weights(by_class), weights(by_row))


def test_class_weights_of_labels():
    def built(**params):
        return KerasClassifier(lambda: dense(3, activation="sigmoid"), **params, **QUICK)

    by_class = built(class_weight="balanced").fit(X, LABELS)
    by_row = built().fit(X, LABELS, compute_sample_weight("balanced", LABELS))
    np.testing.assert_array_equal(weights(by_class), weights(by_row))


def test_class_and_row_weights_are_multiplied():
    both = classifier(class_weight={0: 1.0, 1: 3.0, 2: 0.5}).fit(X, UNEQUAL, OF_ROWS)
    product = OF_ROWS * np.array([1.0, 3.0, 0.5])[UNEQUAL]
    by_row = classifier().fit(X, UNEQUAL, product)
    np.testing.assert_array_equal(weights(both), weights(by_row))


def test_a_class_weight_of_zero_leaves_the_class_out_of_the_loss():
    without = classifier(class_weight={0: 1.0, 1: 1.0, 2: 0.0}, shuffle=False).fit(X, UNEQUAL)
    wrong = np.where(UNEQUAL == 2, 0, UNEQUAL)
    zero = classifier(shuffle=False).fit(X, wrong, np.where(UNEQUAL == 2, 1e-30, 1.0))
    np.testing.assert_allclose(weights(without), weights(zero), rtol=1e-6)


def test_equal_classes_are_balanced():
    balanced = classifier(class_weight="balanced").fit(X, THREE)
    ones = classifier().fit(X, THREE, np.ones(ROWS))
    np.testing.assert_array_equal(weights(balanced), weights(ones))


@pytest.mark.parametrize("form", [list, np.float32, np.int64], ids=["list", "float32", "int"])
def test_row_weights_in_any_form(form):
    given = list(OF_ROWS) if form is list else OF_ROWS.astype(form)
    found = classifier().fit(X, UNEQUAL, given)
    np.testing.assert_array_equal(weights(found), weights(classifier().fit(X, UNEQUAL, OF_ROWS)))


@pytest.mark.parametrize("wrapper", [KerasClassifier, KerasRegressor])
def test_rows_of_weight_zero_are_left_out(wrapper):
    classes = wrapper is KerasClassifier
    build, y = (build_softmax, THREE) if classes else (build_linear, NUMBERS)
    weight = (np.arange(ROWS) % 4 > 0).astype(float)
    kept = weight > 0
    est = wrapper(build, batch_size=6, epochs=2, **QUICK)
    zero = weights(est.fit(X, y, weight))
    left_out = weights(est.fit(X[kept], y[kept], np.ones(kept.sum())))
    np.testing.assert_array_equal(zero, left_out)


def test_the_unit_of_the_weights_does_not_count():
    small, large = (classifier().fit(X, UNEQUAL, unit * OF_ROWS) for unit in (0.25, 4.0))
    np.testing.assert_array_equal(weights(small), weights(large))


def test_keras_trains_the_same_with_weights_of_mean_one():
    reg = KerasRegressor(
        build_linear, shuffle=False, batch_size=8, epochs=2, random_state=0, engine="keras"
    )
    model = reg.initialize(X, NUMBERS).model_
    scaled = (OF_ROWS / OF_ROWS.mean()).astype(np.float32)
    settings = {"shuffle": False, "batch_size": 8, "epochs": 2, "verbose": 0}
    model.fit(X, NUMBERS, sample_weight=scaled, **settings)
    reg.fit(X, NUMBERS, OF_ROWS)
    assert reg.model_ is not model
    np.testing.assert_array_equal(weights(reg), weights(model))


def test_row_weights_in_the_score():
    clf = classifier().fit(X, UNEQUAL)
    expected = accuracy_score(UNEQUAL, clf.predict(X), sample_weight=OF_ROWS)
    assert clf.score(X, UNEQUAL, OF_ROWS) == expected != clf.score(X, UNEQUAL)
    reg = KerasRegressor(build_linear, **QUICK).fit(X, NUMBERS)
    expected = r2_score(NUMBERS, reg.predict(X), sample_weight=OF_ROWS)
    assert reg.score(X, NUMBERS, sample_weight=OF_ROWS) == expected != reg.score(X, NUMBERS)


def test_weights_of_the_validation_data():
    held = {"X_val": X[:6], "y_val": NUMBERS[:6]}
    reg = KerasRegressor(build_linear, **QUICK)
    mine = reg.fit(X, NUMBERS, sample_weight_val=OF_ROWS[:6], **held).history_
    keras_way = reg.fit(X, NUMBERS, validation_data=(X[:6], NUMBERS[:6], OF_ROWS[:6])).history_
    assert mine == keras_way
    assert mine["val_loss"] != reg.fit(X, NUMBERS, **held).history_["val_loss"]


def test_all_weights_zero():
    with pytest.raises(ValueError, match="zero"):
        classifier().fit(X, UNEQUAL, np.zeros(ROWS))


def test_as_many_weights_as_rows():
    with pytest.raises(ValueError, match="sample_weight.shape"):
        classifier().fit(X, UNEQUAL, np.ones(ROWS - 1))


def test_an_unknown_class_weight():
    with pytest.raises(ValueError, match="class_weight"):
        classifier(class_weight="even").fit(X, UNEQUAL)


def test_labels_in_several_columns_have_class_weights_by_column():
    indicator = np.stack([np.arange(ROWS) % 2, np.arange(ROWS) % 3 > 0], axis=1).astype(int)
    by_column = [{0: 1.0, 1: 3.0}, {0: 0.5, 1: 1.0}]

    def build(meta):
        return dense(2, activation="sigmoid")

    clf = KerasClassifier(build, class_weight=by_column, loss="binary_crossentropy", **QUICK)
    weight = compute_sample_weight(by_column, indicator)
    by_row = clone(clf).set_params(class_weight=None).fit(X, indicator, sample_weight=weight)
    np.testing.assert_array_equal(weights(clf.fit(X, indicator)), weights(by_row))


@pytest.mark.parametrize("params", [{"warm_start": 1}, {"run_eagerly": None}])
def test_what_scikeras_takes_for_true_and_false_is_taken(params):
    clf = KerasClassifier(build_softmax, **{**QUICK, **params})
    assert clf.fit(X, UNEQUAL).n_epochs_ == 1
