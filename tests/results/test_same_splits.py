"""Which splitters make the same splits again, and which searches score all candidates on the same ones."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_validate,
)
from skopt import BayesSearchCV
from skopt.space import Real

from skdl.results.results import Results
from skdl.results.same_splits import candidates_share_splits, draws_anew, same_rows
from tests import fitted_searches as cases

X = np.zeros((24, 1))
OWN = np.random.RandomState(0)


@pytest.mark.parametrize(
    ("cv", "anew"),
    [
        (None, False),
        (3, False),
        ([(range(12), range(12, 24))], False),
        (KFold(3), False),
        (TimeSeriesSplit(3), False),
        (KFold(3, shuffle=True, random_state=1), False),
        (KFold(3, shuffle=True), True),
        (KFold(3, shuffle=True, random_state=OWN), True),
        (RepeatedKFold(n_splits=2, n_repeats=2), True),
        (RepeatedKFold(n_splits=2, n_repeats=2, random_state=1), False),
        (ShuffleSplit(3), True),
    ],
    ids=lambda given: type(given).__name__,
)
def test_splitters_that_draw_anew_make_other_splits(cv, anew):
    assert draws_anew(GridSearchCV(Ridge(), {}, cv=cv)) == anew
    if hasattr(cv, "split"):
        one, other = ([test.tolist() for _, test in cv.split(X)] for _ in range(2))
        assert (one != other) == anew


@pytest.mark.further
def test_a_guided_search_splits_for_each_round():
    seen = []

    class Told(KFold):
        def split(self, X, y=None, groups=None):
            for train, test in super().split(X, y, groups):
                seen.append(test.tolist())
                yield train, test

    for kind, space, options, shared in (
        (GridSearchCV, [0.1, 1.0], {}, True),
        (BayesSearchCV, Real(0.1, 1.0), {"n_iter": 2, "random_state": 0}, False),
    ):
        seen.clear()
        cv = Told(2, shuffle=True)
        search = kind(LogisticRegression(max_iter=500), {"C": space}, cv=cv, **options)
        search.fit(cases.X, cases.y)
        assert (len(seen) == 2) == shared
        assert candidates_share_splits(Results.of_search(search)) == shared
    assert candidates_share_splits(Results.of_search(cases.bayes()))
    assert candidates_share_splits(Results.of_cv_results(cases.bayes().cv_results_))


def test_rows_are_compared_where_both_were_kept():
    def kept(seed):
        cv = KFold(3, shuffle=True, random_state=seed)
        return cross_validate(Ridge(), X, X[:, 0], cv=cv, return_indices=True)["indices"]

    assert same_rows(kept(0), kept(0)) is True
    assert same_rows(kept(0), kept(1)) is False
    assert same_rows(kept(0), None) is None
