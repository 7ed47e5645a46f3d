"""A sample weight counts as repeated rows: exactly so, in float64 with one batch an epoch."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from tests.conftest import KINDS
from tests.selection import some

TOLERANCE = {"rtol": 1e-10, "atol": 0}


def full_batch(make_estimator, kind, **params):
    """An estimator that takes all rows in one step an epoch."""
    size = "full" if kind.startswith("MLP") else -1
    return make_estimator(kind, batch_size=size, epochs=20, **params)


@pytest.fixture
def repeated():
    """Integer weights with zeros among them, and the rows that they stand for."""

    def make(X, y):
        weight = np.random.default_rng(1).integers(0, 4, len(y)).astype(np.float64)
        assert (weight == 0).any()
        rows = np.repeat(np.arange(len(y)), weight.astype(int))
        return weight, X[rows], y[rows]

    return make


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("as_sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("kind", some(KINDS, "MLPClassifier"))
def test_integer_weights_are_repeated_rows(
    kind, as_sparse, make_estimator, data_of, repeated, outputs
):
    X, y = data_of(kind)
    weight, many_X, many_y = repeated(X, y)
    form = sparse.csr_array if as_sparse else np.asarray
    weighted = full_batch(make_estimator, kind).fit(form(X), y, sample_weight=weight)
    spelt_out = full_batch(make_estimator, kind).fit(form(many_X), many_y)
    np.testing.assert_allclose(outputs(weighted, X), outputs(spelt_out, X), **TOLERANCE)
    np.testing.assert_allclose(weighted.history_["loss"], spelt_out.history_["loss"], **TOLERANCE)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    "class_weight", [{0: 1, 1: 3, 2: 0.5}, "balanced"], ids=["dict", "balanced"]
)
def test_class_weights_multiply_sample_weights(
    classifier_kind, class_weight, make_estimator, classes_data, repeated, outputs
):
    X, y = classes_data
    X, y = X[:50], y[:50]
    # Each class has the same total under both, or "balanced" would mean two things.
    weight = np.ones(len(y))
    for label in range(3):
        first, second = np.flatnonzero(y == label)[:2]
        weight[first], weight[second] = 0, 2
    rows = np.repeat(np.arange(len(y)), weight.astype(int))
    params = {"class_weight": class_weight}
    weighted = full_batch(make_estimator, classifier_kind, **params).fit(X, y, sample_weight=weight)
    spelt_out = full_batch(make_estimator, classifier_kind, **params).fit(X[rows], y[rows])
    np.testing.assert_allclose(outputs(weighted, X), outputs(spelt_out, X), **TOLERANCE)


@pytest.mark.usefixtures("float64")
def test_a_class_weight_is_the_sample_weight_of_its_rows(
    classifier_kind, make_estimator, classes_data, outputs
):
    X, y = classes_data
    by_class = full_batch(make_estimator, classifier_kind, class_weight={0: 1, 1: 3, 2: 0.5})
    by_row = full_batch(make_estimator, classifier_kind)
    np.testing.assert_array_equal(
        outputs(by_class.fit(X, y), X),
        outputs(by_row.fit(X, y, sample_weight=np.array([1, 3, 0.5])[y]), X),
    )


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("kind", ["MLPClassifier", "KerasRegressor"])
def test_the_unit_of_the_weights_does_not_matter(kind, make_estimator, data_of, outputs):
    X, y = data_of(kind)
    weight = np.random.default_rng(0).uniform(0.1, 2, len(y))
    # By powers of two, so that scaling rounds nothing.
    found = [
        outputs(full_batch(make_estimator, kind).fit(X, y, sample_weight=weight * unit), X)
        for unit in (1.0, 1024.0)
    ]
    np.testing.assert_array_equal(*found)


def test_the_callers_weights_stay_as_they_are(kind, make_estimator, data_of):
    X, y = data_of(kind)
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(np.float64)
    before = weight.tobytes()
    params = {} if kind.endswith("Regressor") else {"class_weight": "balanced"}
    estimator = make_estimator(kind, epochs=1, **params)
    estimator.fit(X, y, sample_weight=weight, X_val=X, y_val=y, sample_weight_val=weight)
    assert weight.tobytes() == before


def test_the_type_of_the_weights_does_not_matter(make_estimator, classes_data, outputs):
    X, y = classes_data
    weight = np.arange(len(y)) % 3
    doubles, *others = (
        outputs(make_estimator("MLPClassifier", epochs=1).fit(X, y, sample_weight=form), X)
        for form in (weight.astype(np.float64), weight.astype(np.uint8), weight.tolist())
    )
    for found in others:
        np.testing.assert_array_equal(found, doubles)


@pytest.mark.further
@pytest.mark.usefixtures("float64")
def test_equal_weights_are_no_weights(kind, make_estimator, data_of, outputs):
    X, y = data_of(kind)
    plain = make_estimator(kind, epochs=2).fit(X, y)
    weighted = make_estimator(kind, epochs=2).fit(X, y, sample_weight=np.full(len(y), 2.0))
    np.testing.assert_allclose(outputs(weighted, X), outputs(plain, X), **TOLERANCE)


def test_rows_of_weight_zero_may_hold_a_class_of_their_own(
    classifier_kind, make_estimator, classes_data
):
    X, y = classes_data
    clf = make_estimator(classifier_kind, epochs=1).fit(X, y, sample_weight=(y != 2).astype(float))
    assert clf.classes_.tolist() == [0, 1, 2]
    assert clf.predict_proba(X).shape == (len(X), 3)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (lambda n: np.zeros(n), "(?i)sample.weights? .*zero"),
        (
            lambda n: np.r_[-1.0, np.ones(n - 1)],
            "Negative values in data passed to `sample_weight`",
        ),
        (lambda n: np.r_[np.nan, np.ones(n - 1)], "Input sample_weight contains NaN"),
        (lambda n: np.ones(n - 1), r"sample_weight\.shape == \(59,\), expected \(60,\)"),
        (lambda n: np.ones((n, 1)), "Sample weights must be 1D array or scalar"),
    ],
    ids=["all zero", "negative", "nan", "too short", "two dimensions"],
)
def test_weights_that_mean_nothing_are_an_error(kind, weight, message, make_estimator, data_of):
    X, y = data_of(kind)
    with pytest.raises(ValueError, match=message):
        make_estimator(kind).fit(X, y, sample_weight=weight(len(y)))


@pytest.mark.parametrize("kind", some(KINDS, "MLPClassifier"))
def test_weights_of_the_validation_data_weigh_its_loss(kind, make_estimator, data_of, float64):
    X, y = data_of(kind)
    weight = np.arange(20) % 3
    rows = np.repeat(np.arange(20), weight)
    weighted = full_batch(make_estimator, kind).fit(
        X[20:], y[20:], X_val=X[:20], y_val=y[:20], sample_weight_val=weight
    )
    spelt_out = full_batch(make_estimator, kind).fit(X[20:], y[20:], X_val=X[rows], y_val=y[rows])
    np.testing.assert_allclose(
        weighted.history_["val_loss"], spelt_out.history_["val_loss"], **TOLERANCE
    )
