"""Test rows for one training row, as splits of real rows have them."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    LeavePGroupsOut,
    LeavePOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    StratifiedKFold,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
    cross_validate,
)

from skdl.results.split_sizes import SplitSizes, sizes_of_splits

N = 60
X, Y = np.zeros((N, 1)), np.arange(N) % 2
GROUPS = np.repeat(np.arange(4), N // 4)
PAIRS = [(np.arange(40), np.arange(40, 60)), (np.arange(10, 60), np.arange(10))]


def of(cv, n_splits):
    return sizes_of_splits(GridSearchCV(Ridge(), {}, cv=cv), n_splits)


@pytest.mark.parametrize(
    "cv",
    [
        KFold(5),
        StratifiedKFold(3),
        RepeatedKFold(n_splits=5, n_repeats=2, random_state=0),
        GroupKFold(4),
        LeaveOneOut(),
        LeaveOneGroupOut(),
        ShuffleSplit(3, test_size=0.2, random_state=0),
        ShuffleSplit(3, random_state=0),
        ShuffleSplit(3, train_size=0.5, random_state=0),
        ShuffleSplit(3, train_size=0.5, test_size=0.1, random_state=0),
        ShuffleSplit(3, train_size=30, test_size=15, random_state=0),
        StratifiedShuffleSplit(3, test_size=0.5, random_state=0),
        GroupShuffleSplit(3, test_size=0.5, random_state=0),
        TimeSeriesSplit(4),
        PredefinedSplit(np.array([0] * 20 + [1] * 10 + [-1] * 30)),
    ],
    ids=repr,
)
def test_known_splits_have_the_sizes_that_they_make(cv):
    pairs = list(cv.split(X, Y, GROUPS if "Group" in type(cv).__name__ else None))
    expected = sum(len(test) for _, test in pairs) / sum(len(train) for train, _ in pairs)
    assert of(cv, len(pairs)) == SplitSizes(pytest.approx(expected, rel=1e-12))


@pytest.mark.parametrize("cv", [None, 5])
def test_a_number_of_folds(cv):
    assert of(cv, 5) == SplitSizes(0.25)


def test_pairs_are_counted():
    assert of(PAIRS, 2) == SplitSizes(30 / 90)
    mask = np.arange(N) < 15
    assert of([(~mask, mask)], 1) == SplitSizes(15 / 45)


@pytest.mark.parametrize(
    "cv",
    [
        iter(PAIRS),
        LeavePOut(2),
        ShuffleSplit(5, test_size=10),
        TimeSeriesSplit(5, gap=3),
        type("Own", (KFold,), {})(5),
    ],
    ids=["iterator", "leave p out", "rows", "gap", "subclass"],
)
def test_what_is_not_known_is_taken_for_folds_and_said(cv):
    assert of(cv, 5) == SplitSizes(0.25, "5-fold cross-validation")


@pytest.mark.parametrize(
    "cv",
    [
        LeavePOut(2),
        ShuffleSplit(5, test_size=10),
        ShuffleSplit(5, train_size=10, random_state=np.random.RandomState(0)),
        TimeSeriesSplit(5, gap=3),
        type("Own", (KFold,), {})(5),
    ],
    ids=["leave p out", "rows", "rows of training", "gap", "subclass"],
)
def test_with_the_rows_all_splitters_are_known(cv):
    own = getattr(cv, "random_state", None)
    before = [one.get_state()[2] for one in (np.random.mtrand._rand, own) if one is not None]
    search, n_splits = GridSearchCV(Ridge(), {}, cv=cv), cv.get_n_splits(X)
    found = sizes_of_splits(search, n_splits, X=X, y=Y)
    after = [one.get_state()[2] for one in (np.random.mtrand._rand, own) if one is not None]
    assert after == before
    pairs = list(cv.split(X, Y))
    expected = sum(len(test) for _, test in pairs) / sum(len(train) for train, _ in pairs)
    assert found == SplitSizes(pytest.approx(expected, rel=1e-12))
    assert found.test_fraction == pytest.approx(expected / (1 + expected))


@pytest.mark.parametrize(
    ("cv", "n_splits"), [(LeavePGroupsOut(2), 6), (iter([]), 2), (ShuffleSplit(5, test_size=10), 4)]
)
def test_splits_that_cannot_be_made_again_stay_unknown(cv, n_splits):
    found = sizes_of_splits(GridSearchCV(Ridge(), {}, cv=cv), n_splits, X=X, y=Y)
    assert found.assumed == f"{n_splits}-fold cross-validation"
    assert found.test_fraction is None


def test_a_cross_validation_that_kept_its_rows_is_known():
    cv = RepeatedKFold(n_splits=5, n_repeats=2, random_state=0)
    kept = cross_validate(Ridge(), X, Y, cv=cv, return_indices=True)
    assert sizes_of_splits(None, 10, indices=kept["indices"]) == SplitSizes(0.25)


def test_a_given_part_counts():
    assert sizes_of_splits(None, 5, 0.2) == SplitSizes(0.25)
    assert sizes_of_splits(GridSearchCV(Ridge(), {}, cv=10), 10, 0.5) == SplitSizes(1.0)
    assert sizes_of_splits(None, 1).assumed == "1-fold cross-validation"
