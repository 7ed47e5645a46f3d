"""A validation split is taken inside the training data, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.model_selection import KFold, StratifiedKFold, cross_validate

from skdl.estimators.validation_split import split_rows

SPLIT = 0.25


def by_hand(estimator, X, y, train, validation):
    """The same estimator, told which rows validate."""
    estimator.set_params(validation_split=0.0)
    return estimator.fit(X[train], y[train], X_val=X[validation], y_val=y[validation])


def assert_same_fit(found, expected, outputs, X):
    assert found.history_ == expected.history_
    np.testing.assert_array_equal(outputs(found, X), outputs(expected, X))


@pytest.mark.parametrize("labels", [["a", "b"], [-1, 7], [False, True]], ids=str)
def test_every_class_has_its_share(labels):
    y = np.array(labels)[np.r_[np.zeros(32, int), np.ones(8, int)]]
    _, validation = split_rows(y, SPLIT, shuffle=True, stratify=True, seed=0)
    assert [int((y[validation] == label).sum()) for label in labels] == [8, 2]


@pytest.mark.parametrize(
    "y",
    [np.r_[0, np.ones(19, int)], np.arange(20), np.eye(4, dtype=int)[np.arange(20) % 4]],
    ids=["a class of one row", "more classes than rows", "labels in columns"],
)
def test_what_cannot_be_stratified_is_split_all_the_same(y):
    train, validation = split_rows(y, SPLIT, shuffle=True, stratify=True, seed=0)
    assert (len(train), len(validation)) == (15, 5)


def test_without_shuffling_the_last_rows_validate():
    train, validation = split_rows(np.arange(10), 0.3, shuffle=False, stratify=True, seed=0)
    assert train.tolist() == list(range(7))
    assert validation.tolist() == [7, 8, 9]


@pytest.mark.parametrize(
    ("shuffle", "as_sparse"), [(False, False), (True, True)], ids=["last rows", "shuffled, sparse"]
)
def test_a_split_is_the_same_fit_as_those_rows_by_hand(
    kind, shuffle, as_sparse, make_estimator, data_of, outputs
):
    X, y = data_of(kind)
    X = sparse.csr_array(X) if as_sparse else X
    stratify = kind.endswith("Classifier")
    rows = split_rows(y, SPLIT, shuffle=shuffle, stratify=stratify, seed=0)
    split = make_estimator(kind, validation_split=SPLIT, validation_shuffle=shuffle).fit(X, y)
    assert_same_fit(split, by_hand(make_estimator(kind), X, y, *rows), outputs, X)


def test_targets_that_validate_do_not_reach_the_weights(kind, make_estimator, data_of, outputs):
    X, y = data_of(kind)
    other = y.copy()
    other[-15:] = y[-15:][::-1] if kind.endswith("Classifier") else y[-15:] + 10
    found = [
        outputs(
            make_estimator(kind, validation_split=SPLIT, validation_shuffle=False).fit(X, target), X
        )
        for target in (y, other)
    ]
    np.testing.assert_array_equal(*found)


def test_fixed_validation_data_take_the_place_of_a_split(kind, make_estimator, data_of, outputs):
    X, y = data_of(kind)
    held = {"X_val": X[:20], "y_val": y[:20]}
    split = make_estimator(kind, validation_split=SPLIT).fit(X, y, **held)
    assert_same_fit(split, make_estimator(kind).fit(X, y, **held), outputs, X)


def early_stopping(make_estimator, kind):
    if kind.startswith("MLP"):
        return make_estimator(
            kind, early_stopping=True, patience=1, validation_split=SPLIT, epochs=6
        )
    import keras

    return make_estimator(
        kind,
        validation_split=SPLIT,
        epochs=6,
        callbacks=keras.callbacks.EarlyStopping,
        callbacks__patience=1,
        callbacks__monitor="val_loss",
    )


def test_early_stopping_never_sees_a_test_fold(kind, make_estimator, data_of, outputs):
    X, y = data_of(kind)
    folds = StratifiedKFold(2) if kind.endswith("Classifier") else KFold(2)
    (train, test), _ = folds.split(X, y)
    other_X, other_y = X.copy(), y.copy()
    other_X[test] = 1e3
    other_y[test] = y[test][::-1]
    found, elsewhere = (
        cross_validate(
            early_stopping(make_estimator, kind), *data, cv=[(train, test)], return_estimator=True
        )["estimator"][0]
        for data in ((X, y), (other_X, other_y))
    )
    alone = early_stopping(make_estimator, kind).fit(X[train], y[train])
    assert_same_fit(found, alone, outputs, X)
    assert_same_fit(elsewhere, alone, outputs, X)


@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_early_stopping_keeps_the_best_weights(kind, make_estimator, data_of):
    X, y = data_of(kind)
    params = {
        "early_stopping": True,
        "patience": 2,
        "learning_rate": 0.3,
        "epochs": 40,
        "random_state": 1,
    }
    held = {"X_val": X[40:], "y_val": y[40:]}
    estimator = make_estimator(kind, **params).fit(X[:40], y[:40], **held)
    losses = estimator.history_["val_loss"]
    best = int(np.argmin(losses))
    assert estimator.n_epochs_ == len(losses) == best + 1 + 2 < 40
    short = make_estimator(kind, learning_rate=0.3, epochs=best + 1, random_state=1).fit(
        X[:40], y[:40], **held
    )
    np.testing.assert_array_equal(estimator.predict(X), short.predict(X))


@pytest.mark.further
def test_early_stopping_of_a_ready_network_makes_a_split_of_its_own(make_estimator, classes_data):
    X, y = classes_data
    params = {"early_stopping": True, "epochs": 2}
    assert "val_loss" in make_estimator("MLPClassifier", **params).fit(X, y).history_
    whole = make_estimator("MLPClassifier", validation_split=0, **params).fit(X, y)
    assert "val_loss" not in whole.history_


def test_one_row_cannot_be_split(kind, make_estimator, data_of):
    X, y = data_of(kind)
    with pytest.raises(ValueError, match="n_samples=1 leaves no row to train on"):
        make_estimator(kind, validation_split=SPLIT).fit(X[:1], y[:1])


@pytest.mark.parametrize("split", [1, 1.5, -0.1, "a"])
def test_a_split_outside_of_its_range_is_an_error(kind, split, make_estimator, data_of):
    with pytest.raises(ValueError, match=r"validation_split=.* (is out of range|is not accepted)"):
        make_estimator(kind, validation_split=split).fit(*data_of(kind))


@given(
    rows=st.integers(2, 120),
    fraction=st.floats(0.01, 0.9),
    shuffle=st.booleans(),
    stratify=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_split_parts_the_rows_and_holds_out_what_was_asked(
    rows, fraction, shuffle, stratify, seed
):
    y = np.arange(rows) % 2
    train, held_out = split_rows(y, fraction, shuffle=shuffle, stratify=stratify, seed=seed)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, held_out])), np.arange(rows))
    assert len(held_out) == max(1, int(rows * fraction))
    if not shuffle:
        assert held_out[0] == len(train)


def test_a_stratified_split_keeps_the_classes_shares_and_repeats_itself():
    y = np.repeat([0, 1, 2], [60, 30, 10])
    train, held_out = split_rows(y, 0.2, shuffle=True, stratify=True, seed=4)
    assert np.bincount(y[held_out]).tolist() == [12, 6, 2]
    again = split_rows(y, 0.2, shuffle=True, stratify=True, seed=4)
    np.testing.assert_array_equal(held_out, again[1])
    other = split_rows(y, 0.2, shuffle=True, stratify=True, seed=5)
    assert not np.array_equal(held_out, other[1])


def test_a_class_of_one_row_is_split_without_strata():
    y = np.array([0] * 9 + [1])
    train, held_out = split_rows(y, 0.3, shuffle=True, stratify=True, seed=0)
    assert len(train) == 7
    assert sorted([*train, *held_out]) == list(range(10))
