"""What may be handed to `fit` and `predict`, and what scikit-learn says of the rest."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from joblib import dump, load
from scipy import sparse
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.linear_model import Ridge, RidgeClassifier

from tests.selection import some

SPARSE = {
    name: getattr(sparse, name)
    for name in ("csr_array", "csc_array", "coo_array", "csr_matrix", "csc_matrix", "coo_matrix")
}


@pytest.fixture(scope="session")
def whole_data():
    """24 rows of small whole numbers, which every numeric type holds exactly."""
    X = np.random.default_rng(0).integers(0, 2, (24, 3)).astype(np.float64)
    return X, {"Classifier": np.arange(24) % 3, "Regressor": np.arange(24.0)}


@pytest.fixture
def reference(whole_data, make_estimator, outputs):
    """``reference(kind)``: X, y, and what a fit on them in float64 predicts for X."""

    def of(kind):
        X, targets = whole_data
        y = targets["Classifier" if kind.endswith("Classifier") else "Regressor"]
        if kind not in _REFERENCES:
            _REFERENCES[kind] = outputs(make_estimator(kind, epochs=1).fit(X, y), X)
        return X, y, _REFERENCES[kind]

    return of


_REFERENCES: dict[str, np.ndarray] = {}


def assert_same_bits(form_X, form_y, kind, reference, make_estimator, outputs):
    X, y, expected = reference(kind)
    estimator = make_estimator(kind, epochs=1)
    formed = form_X(X)
    np.testing.assert_array_equal(outputs(estimator.fit(formed, form_y(y)), formed), expected)


@pytest.mark.parametrize(
    "dtype",
    some(["int64", "int8", "uint8", "bool", "float16", "float32"], "int8", "float16"),
)
def test_the_type_of_x_does_not_matter(dtype, reference, make_estimator, outputs):
    assert_same_bits(
        lambda X: X.astype(dtype), np.asarray, "MLPClassifier", reference, make_estimator, outputs
    )


@pytest.mark.further
@pytest.mark.parametrize("dtype", ["int64", "uint8", "float16"])
def test_the_type_of_x_does_not_matter_to_a_network_of_ones_own(
    dtype, reference, make_estimator, outputs
):
    assert_same_bits(
        lambda X: X.astype(dtype), np.asarray, "KerasRegressor", reference, make_estimator, outputs
    )


@pytest.mark.parametrize("dtype", some(["int64", "uint8", "float16", "float32"], "uint8"))
def test_the_type_of_a_numeric_target_does_not_matter(dtype, reference, make_estimator, outputs):
    assert_same_bits(
        np.asarray, lambda y: y.astype(dtype), "MLPRegressor", reference, make_estimator, outputs
    )


@pytest.mark.parametrize("name", some(SPARSE, "csr_array", "coo_matrix"))
def test_sparse_data_give_the_bits_of_dense_data(name, reference, make_estimator, outputs):
    assert_same_bits(SPARSE[name], np.asarray, "MLPRegressor", reference, make_estimator, outputs)


@pytest.mark.parametrize(
    "kind",
    some(["MLPClassifier", "KerasClassifier", "KerasRegressor"], "KerasClassifier"),
)
def test_sparse_rows_give_the_bits_of_dense_rows(kind, reference, make_estimator, outputs):
    assert_same_bits(sparse.csr_array, np.asarray, kind, reference, make_estimator, outputs)


@pytest.mark.parametrize(
    ("form_X", "form_y"),
    [
        (np.asfortranarray, np.asarray),
        (lambda X: np.repeat(X, 2, axis=1)[::-1, ::2][::-1], lambda y: np.repeat(y, 2)[::2]),
        (np.ndarray.tolist, np.ndarray.tolist),
        (lambda X: pd.DataFrame(X, columns=list("abc")), pd.Series),
        (
            lambda X: (
                pd.DataFrame(X).astype({0: "int8", 1: "bool", 2: "Float64"}).rename(columns=str)
            ),
            lambda y: pd.Series(y, index=range(5, 5 + len(y))),
        ),
        (lambda X: pl.DataFrame(X, schema=list("abc")), pl.Series),
    ],
    ids=["fortran order", "strided", "lists", "pandas", "pandas of mixed types", "polars"],
)
def test_the_container_does_not_matter(kind, form_X, form_y, reference, make_estimator, outputs):
    assert_same_bits(form_X, form_y, kind, reference, make_estimator, outputs)


@pytest.mark.further
def test_memory_maps_are_read_and_not_written(kind, reference, make_estimator, outputs, tmp_path):
    X, y, expected = reference(kind)
    files = [tmp_path / "X", tmp_path / "y", tmp_path / "weight"]
    for array, file in zip((X, y, np.ones(len(y))), files, strict=True):
        dump(array, file)
    before = [file.read_bytes() for file in files]
    mapped_X, mapped_y, weight = (load(file, mmap_mode="r") for file in files)
    assert isinstance(mapped_X, np.memmap)
    assert not mapped_X.flags.writeable
    estimator = make_estimator(kind, epochs=1)
    np.testing.assert_array_equal(outputs(estimator.fit(mapped_X, mapped_y), mapped_X), expected)
    estimator.fit(mapped_X, mapped_y, sample_weight=weight)
    assert [file.read_bytes() for file in files] == before


@pytest.mark.parametrize("form", [np.array, sparse.csr_array], ids=["dense", "sparse"])
def test_the_callers_data_stay_as_they_are(kind, form, make_estimator, data_of):
    X, y = data_of(kind)
    given_X, given_y = form(X), y.copy()
    estimator = make_estimator(kind, epochs=1, validation_split=0.2).fit(given_X, given_y)
    estimator.fit(given_X, given_y, X_val=given_X, y_val=given_y).predict(given_X)
    np.testing.assert_array_equal(given_X.toarray() if form is not np.array else given_X, X)
    np.testing.assert_array_equal(given_y, y)


# What scikit-learn's own linear models say is what ours are to say.


def error_of(function, *args):
    with pytest.raises((ValueError, TypeError)) as caught:
        function(*args)
    return str(caught.value)


def as_if_of(kind, theirs, message):
    """What scikit-learn's estimator says, with the name of ours."""
    return re.sub(rf"\b{type(theirs).__name__}\b", kind, message)


BAD = {
    "nan": lambda X, y: (np.where(X[3, 1] == X, np.nan, X), y),
    "infinity": lambda X, y: (np.where(X[3, 1] == X, np.inf, X), y),
    "sparse with nan": lambda X, y: (sparse.csr_array(np.where(X[3, 1] == X, np.nan, X)), y),
    "one dimension": lambda X, y: (X[:, 0], y),
    "no rows": lambda X, y: (X[:0], y[:0]),
    "no columns": lambda X, y: (X[:, :0], y),
    "fewer labels": lambda X, y: (X, y[:-1]),
    "complex": lambda X, y: (X + 1j, y),
    "no target": lambda X, y: (X, None),
    "nan in y": lambda X, y: (X, np.r_[np.nan, y[1:]]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_data_meet_the_message_of_scikit_learn(kind, name, make_estimator, data_of):
    X, y = BAD[name](*data_of(kind))
    theirs = (RidgeClassifier if kind.endswith("Classifier") else Ridge)()
    expected = as_if_of(kind, theirs, error_of(theirs.fit, X, y))
    assert error_of(make_estimator(kind).fit, X, y) == expected


def test_text_is_no_number(kind, make_estimator, data_of):
    X, y = data_of(kind)
    with pytest.raises(
        ValueError, match="dtype='numeric' is not compatible with arrays of bytes/strings"
    ):
        make_estimator(kind).fit(np.full(X.shape, "a"), y)


@pytest.fixture(scope="session")
def with_names(classes_data, numbers_data):
    """``with_names(kind)``: a fitted estimator, scikit-learn's own, and the frame of both."""
    from tests.conftest import make

    made = {}

    def of(kind):
        if kind not in made:
            classifier = kind.endswith("Classifier")
            X, y = classes_data if classifier else numbers_data
            frame = pd.DataFrame(X, columns=list("abcd"))
            theirs = (RidgeClassifier if classifier else Ridge)().fit(frame, y)
            made[kind] = make(kind, epochs=1).fit(frame, y), theirs, frame
        return made[kind]

    return of


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame[["a", "b"]],
        lambda frame: frame.rename(columns={"a": "z"}),
        lambda frame: frame[["b", "a", "c", "d"]],
        lambda frame: frame.iloc[:0],
        lambda frame: frame.assign(a=np.nan),
    ],
    ids=["fewer", "renamed", "another order", "no rows", "nan"],
)
def test_bad_data_to_predict_meet_the_message_of_scikit_learn(kind, change, with_names):
    ours, theirs, frame = with_names(kind)
    rows = change(frame)
    expected = as_if_of(kind, theirs, error_of(theirs.predict, rows))
    assert error_of(ours.predict, rows) == expected


def test_features_are_counted_and_named(kind, with_names):
    ours, _, frame = with_names(kind)
    assert ours.n_features_in_ == 4
    assert ours.feature_names_in_.tolist() == list("abcd")
    with pytest.warns(
        UserWarning, match=f"X does not have valid feature names, but {kind} was fitted"
    ):
        ours.predict(frame.to_numpy())


def test_before_fit_there_is_nothing_to_predict_with(kind, make_estimator, data_of):
    with pytest.raises(NotFittedError, match=f"This {kind} instance is not fitted yet"):
        make_estimator(kind).predict(data_of(kind)[0])


def test_one_row_is_enough_to_train_on(kind, make_estimator, data_of):
    X, y = data_of(kind)
    estimator = make_estimator(kind, epochs=1).fit(X[:1], y[:1])
    assert estimator.predict(X[:1]).shape == (1,)


def test_one_row_predicts_the_bits_that_it_has_among_others(kind, with_names):
    ours, _, frame = with_names(kind)
    together = ours.predict(frame)
    alone = [ours.predict(frame.iloc[[row]])[0] for row in range(0, 60, 13)]
    np.testing.assert_array_equal(alone, together[::13])


LABELS = {
    "strings": ["no", "perhaps", "yes"],
    "negative": [-7, -1, 3],
    "floats": [1.0, 2.0, 3.0],
    "two strings": ["spam", "ham"],
    "minus one and one": [-1, 1],
    "bool": [False, True],
    "objects": np.array(["b", "a", "c"], dtype=object),
}


@pytest.mark.parametrize("name", some(LABELS, "strings", "floats", "bool"))
def test_labels_of_any_type_come_back(
    classifier_kind, name, make_estimator, binary_data, classes_data
):
    labels = np.asarray(LABELS[name])
    X, codes = binary_data if len(labels) == 2 else classes_data
    y = labels[codes]
    clf = make_estimator(classifier_kind, epochs=2).fit(X, y)
    np.testing.assert_array_equal(clf.classes_, np.unique(y))
    assert clf.classes_.dtype == y.dtype
    predicted, proba = clf.predict(X), clf.predict_proba(X)
    assert predicted.dtype == y.dtype
    np.testing.assert_array_equal(predicted, clf.classes_[proba.argmax(axis=1)])
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)
    assert (proba >= 0).all()


def test_what_the_labels_are_called_changes_no_probability(
    classifier_kind, make_estimator, classes_data
):
    X, y = classes_data
    named, numbered = (
        make_estimator(classifier_kind, epochs=1).fit(X, labels).predict_proba(X)
        for labels in (np.array(["a", "b", "c"])[y], y)
    )
    np.testing.assert_array_equal(named, numbered)


def test_a_single_class_is_certain(classifier_kind, make_estimator, classes_data):
    X, _ = classes_data
    clf = make_estimator(classifier_kind, epochs=1).fit(X, np.full(len(X), "only"))
    assert clf.predict(X).tolist() == ["only"] * len(X)
    np.testing.assert_array_equal(clf.predict_proba(X), np.ones((len(X), 1)))


def test_a_column_of_labels_is_flattened_with_a_warning(
    classifier_kind, make_estimator, classes_data
):
    X, y = classes_data
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        clf = make_estimator(classifier_kind, epochs=1).fit(X, y[:, None])
    assert clf.predict(X).shape == y.shape


def test_numbers_are_no_labels(classifier_kind, make_estimator, numbers_data):
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        make_estimator(classifier_kind).fit(*numbers_data)


def test_labels_of_many_kinds_a_row_come_back(classifier_kind, make_estimator, classes_data):
    X, y = classes_data
    labels = np.column_stack([y == 0, y < 2, X[:, 0] > 0]).astype(int)
    clf = make_estimator(classifier_kind, epochs=2).fit(X, labels)
    proba = clf.predict_proba(X)
    assert proba.shape == labels.shape
    np.testing.assert_array_equal(clf.predict(X), (proba > 0.5).astype(int))


@pytest.mark.further
def test_several_numbers_a_row_come_back(regressor_kind, make_estimator, numbers_data):
    X, y = numbers_data
    both = make_estimator(regressor_kind, epochs=2).fit(X, np.column_stack([y, -y]))
    assert both.predict(X).shape == (len(y), 2)
    column = make_estimator(regressor_kind, epochs=2).fit(X, y[:, None])
    assert column.predict(X).shape == (len(y), 1)


def test_an_unknown_class_in_class_weight_is_an_error(
    classifier_kind, make_estimator, classes_data
):
    with pytest.raises(
        ValueError, match=r"The classes, \[7\], are not in class_weight|not in class_weight"
    ):
        make_estimator(classifier_kind, class_weight={7: 2.0}).fit(*classes_data)


def test_class_weights_are_given_by_label(classifier_kind, make_estimator, classes_data):
    X, y = classes_data
    names = np.array(["a", "b", "c"])
    named = make_estimator(classifier_kind, epochs=1, class_weight={"a": 1, "b": 5, "c": 2})
    numbered = make_estimator(classifier_kind, epochs=1, class_weight={0: 1, 1: 5, 2: 2})
    np.testing.assert_array_equal(
        named.fit(X, names[y]).predict_proba(X), numbered.fit(X, y).predict_proba(X)
    )
