"""What was searched is read from all kinds of searches, and what is none is named."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    LeaveOneOut,
    RandomizedSearchCV,
    RepeatedKFold,
    ShuffleSplit,
)

from skdl.report.facts.subject import facts_of, template_of
from skdl.results.reading import read_results
from skdl.results.results import Results
from tests import fitted_searches as cases

X, y = cases.X, cases.y


def facts(search, y=None):
    return facts_of(read_results(search), y)


def test_a_grid_over_a_pipeline():
    found = facts(cases.grid())
    assert (found.method, found.estimator) == ("GridSearchCV", "LogisticRegression")
    assert found.steps == ("StandardScaler", "LogisticRegression")
    assert (found.n_candidates, found.n_splits, found.n_fits) == (6, 5, 30)
    assert (found.score_name, found.metrics) == ("accuracy", ("accuracy",))
    assert found.splits == "5-fold cross-validation"
    assert found.splitter == "StratifiedKFold(n_splits=5, random_state=None, shuffle=False)"
    rate, tol = found.tried
    assert (rate.name, rate.label) == ("logisticregression__C", "C")
    assert (rate.asked, rate.values) == ("0.001, 0.1, 10", "0.001, 0.1, 10")
    assert tol.best == cases.grid().best_params_["logisticregression__tol"].__format__(".3g")


def test_spaces_of_other_searches():
    random = facts(cases.random())
    assert random.splitter == "KFold(n_splits=4, random_state=1, shuffle=True)"
    assert [one.asked for one in random.tried] == ["1, 4, 16", "1, 2, 3, None"]
    bayes = facts(cases.bayes())
    assert bayes.method == "BayesSearchCV"
    assert bayes.tried[0].asked.startswith("Integer(low=1, high=6")


def test_a_distribution_is_said_with_its_arguments():
    from scipy.stats import loguniform

    search = RandomizedSearchCV(
        LogisticRegression(max_iter=500),
        {"C": loguniform(1e-3, 10.0), "tol": loguniform(a=1e-4, b=0.5)},
        n_iter=2,
        cv=2,
        random_state=0,
    ).fit(X, y)
    assert [one.asked for one in facts(search).tried] == [
        "loguniform(0.001, 10)",
        "loguniform(a=0.0001, b=0.5)",
    ]


def test_a_list_of_grids():
    search = GridSearchCV(
        LogisticRegression(max_iter=500), [{"C": [1.0, 2.0]}, {"C": [3.0], "tol": [0.1]}], cv=2
    ).fit(X, y)
    first, second = facts(search).tried
    assert (first.asked, first.values) == ("1, 2 or 3", "1, 2, 3")
    assert (second.asked, second.values) == ("0.1", "0.1")


def test_many_values_are_told_by_their_ends():
    params = [{"rate": 10.0**-place, "name": f"n{place}"} for place in range(9)]
    results = Results.of_cv_results({"params": params, "split0_test_score": np.arange(9.0)})
    rate, name = facts_of(results).tried
    assert rate.values == "9 values from 1e-08 to 1"
    assert name.values == "9 values, such as n0, n1, n2, n3"
    assert rate.asked == ""


@pytest.mark.parametrize(
    ("cv", "text"),
    [
        (RepeatedKFold(n_splits=2, n_repeats=3, random_state=0), "6 splits by RepeatedKFold"),
        (ShuffleSplit(1, random_state=0), "1 split by ShuffleSplit"),
        ([(np.arange(100), np.arange(100, 150))], "cross-validation on 1 split"),
        (3, "3-fold cross-validation"),
    ],
)
def test_splits_are_called_what_they_are(cv, text):
    search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [1.0]}, cv=cv).fit(X, y % 2)
    assert facts(search, y % 2).splits == text
    assert facts(search).splits == text


def test_leave_one_out_has_as_many_splits_as_rows():
    few = np.arange(0, 150, 10)
    search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [1.0]}, cv=LeaveOneOut())
    assert facts(search.fit(X[few], y[few])).splits == "15 splits by LeaveOneOut"


def test_notes_on_what_does_not_compare():
    (note,) = facts(cases.halving()).notes
    assert "of the last of 2 iterations had" in note
    assert "Scores of different iterations do not compare." in note
    chosen = GridSearchCV(
        LogisticRegression(max_iter=500), {"C": [1.0, 2.0]}, cv=2, refit=lambda results: 1
    ).fit(X, y)
    assert "by a function of the user's" in facts(chosen).notes[0]
    undecided = GridSearchCV(
        LogisticRegression(max_iter=500),
        {"C": [1.0]},
        cv=2,
        scoring=["accuracy", "neg_log_loss"],
        refit=False,
    ).fit(X, y)
    assert "did not say which of its 2 metrics counts" in facts(undecided).notes[0]
    assert facts(undecided).metrics == ("accuracy", "negative log loss")


def test_a_cross_validation_and_columns_alone():
    found = facts(cases.cross_validation())
    assert (found.method, found.estimator) == ("cross_validate", "LogisticRegression")
    assert found.splits == "cross-validation on 4 splits"
    columns = facts(cases.grid().cv_results_)
    assert (columns.method, columns.estimator) == ("a search", "an estimator")


def test_the_template_is_the_best_candidate_unfitted():
    search = cases.grid()
    template = template_of(Results.of_search(search))
    assert (
        template.get_params()["logisticregression__C"]
        == search.best_params_["logisticregression__C"]
    )
    assert not hasattr(template[-1], "coef_")
    assert repr(template) == repr(search.best_estimator_)
    assert template_of(Results.of_cv_results(search.cv_results_)) is None
