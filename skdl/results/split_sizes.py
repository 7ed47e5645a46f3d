"""How many test rows the splits of a search have for one training row."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
    check_cv,
)

# Each row is tested once; in a repeated one, once in each repeat.
_ONCE = (KFold, StratifiedKFold, GroupKFold, StratifiedGroupKFold, LeaveOneOut, LeaveOneGroupOut)
_REPEATED = (RepeatedKFold, RepeatedStratifiedKFold)
# The part of the rows that is tested where nobody says.
_SHUFFLED = {ShuffleSplit: 0.1, StratifiedShuffleSplit: 0.1, GroupShuffleSplit: 0.2}


@dataclass(frozen=True)
class SplitSizes:
    """How large the splits are.

    Attributes
    ----------
    test_over_train : float
        Test rows for one training row.
    assumed : str
        What was taken for granted; empty where the sizes are known.
    """

    test_over_train: float
    assumed: str = ""

    @property
    def test_fraction(self) -> float | None:
        """The part of the rows that is tested; None where it would be taken for granted."""
        if self.assumed or not np.isfinite(self.test_over_train):
            return None
        return self.test_over_train / (1 + self.test_over_train)


def sizes_of_splits(
    search: Any,
    n_splits: int,
    test_fraction: float | None = None,
    *,
    indices: Any = None,
    X: Any = None,
    y: Any = None,
) -> SplitSizes:
    """The sizes of the splits of a search, or of those of `n_splits` of which nothing more is known.

    Parameters
    ----------
    search : estimator or None
        Whose ``cv`` tells.
    n_splits : int
    test_fraction : float, optional
        The part of the rows that is tested, where somebody knows.
    indices : mapping, optional
        What `cross_validate` returns under this name: the rows of each split.
    X, y : array-like, optional
        What the search was fitted with. It is split again where ``cv`` alone does not tell.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import GridSearchCV
    >>> sizes_of_splits(GridSearchCV(Ridge(), {}, cv=ShuffleSplit(9, test_size=0.2)), 9)
    SplitSizes(test_over_train=0.25, assumed='')
    >>> sizes_of_splits(None, 5)
    SplitSizes(test_over_train=0.25, assumed='5-fold cross-validation')
    """
    if test_fraction is not None:
        return SplitSizes(test_fraction / (1 - test_fraction))
    found = None
    if search is not None:
        found = _known(getattr(search, "cv", None), n_splits)
        if found is None and X is not None:
            found = _by_splitting(search, n_splits, X, y)
    elif isinstance(indices, Mapping) and {"train", "test"} <= set(indices):
        found = _of_pairs(list(zip(indices["train"], indices["test"], strict=True)))
    if found is not None:
        return SplitSizes(found)
    return SplitSizes(_of_folds(n_splits), f"{n_splits}-fold cross-validation")


def _of_folds(n_folds: int) -> float:
    return 1 / (n_folds - 1) if n_folds > 1 else float("nan")


def _known(cv: Any, n_splits: int) -> float | None:
    # A subclass may split otherwise.
    kind = type(cv)
    if cv is None or isinstance(cv, Integral) or kind in _ONCE:
        return _of_folds(n_splits)
    if kind in _REPEATED:
        return _of_folds(n_splits // cv.n_repeats)
    if kind in _SHUFFLED:
        return _of_shuffled(cv.test_size, cv.train_size, _SHUFFLED[kind])
    if kind is PredefinedSplit:
        return _of_pairs(list(cv.split()))
    if kind is TimeSeriesSplit:
        usual = cv.max_train_size is None and cv.test_size is None and cv.gap == 0
        # Of n + 1 equal parts the first is trained on, then the first two, and so on; the next is tested.
        return 2 / (n_splits + 1) if usual else None
    return _of_pairs(cv) if isinstance(cv, (list, tuple)) else None


def _by_splitting(search: Any, n_splits: int, X: Any, y: Any) -> float | None:
    """As the splitter of `search` divides `X` now; None where it cannot, or makes other splits."""
    try:
        with splitting(search, y) as splitter:
            pairs = list(splitter.split(X, y))
        return _of_pairs(pairs) if len(pairs) == n_splits else None
    except Exception:  # whatever a splitter of the user's raises, or one that asks for groups
        return None


@contextmanager
def splitting(search: Any, y: Any) -> Iterator[Any]:
    """The splitter of a search, for a block that leaves all states from which it may draw as they were."""
    # Its own is the user's, and without a seed it draws from that of the process.
    splitter = copy.deepcopy(check_cv(search.cv, y, classifier=is_classifier(search.estimator)))
    state = np.random.get_state()  # noqa: NPY002
    try:
        yield splitter
    finally:
        np.random.set_state(state)  # noqa: NPY002


def _of_shuffled(test: Any, train: Any, usual: float) -> float | None:
    if test is None and train is None:
        test = usual
    # Numbers of rows say a part only together.
    if isinstance(test, Integral) and isinstance(train, Integral):
        return int(test) / int(train)
    if isinstance(test, Integral) or isinstance(train, Integral):
        return None
    test = 1 - train if test is None else test
    train = 1 - test if train is None else train
    return float(test / train)


def _of_pairs(pairs: Sequence[tuple[Any, Any]]) -> float | None:
    def count(rows: Any) -> int:
        rows = np.asarray(rows)
        return int(rows.sum()) if rows.dtype == bool else len(rows)

    trained = sum(count(train) for train, _ in pairs)
    return sum(count(test) for _, test in pairs) / trained if trained else None
