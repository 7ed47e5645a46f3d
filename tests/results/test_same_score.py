"""Scores under one name are told apart by what computes them."""

import pickle

import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer, mean_squared_error
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.tree import DecisionTreeClassifier

from skdl import ConvergenceDisplay, TuningReport
from skdl.exceptions import InvalidParameterError
from skdl.results.results import Results
from skdl.results.same_score import kinds_of_scores

X, y = load_iris(return_X_y=True)


def right(estimator, X, y):
    return estimator.score(X, y)


def searched(scoring, model=None):
    tree = DecisionTreeClassifier(random_state=0) if model is None else model
    return GridSearchCV(tree, {}, cv=2, scoring=scoring, refit=False).fit(X, y)


@pytest.fixture(scope="module")
def searches():
    return {
        "right": searched(make_scorer(accuracy_score)),
        "right again": searched(make_scorer(accuracy_score), LogisticRegression(max_iter=500)),
        "wrong": searched(make_scorer(mean_squared_error, greater_is_better=False)),
        "function": searched(right),
        "lambda": searched(lambda estimator, X, y: -1.0),
        "other lambda": searched(lambda estimator, X, y: 1.0),
        "accuracy": searched("accuracy"),
        "own": searched(None),
        "name of the user's": searched({"score": right}),
    }


def kinds(searches, *names):
    return kinds_of_scores({name: Results.of_search(searches[name]) for name in names})


@pytest.mark.parametrize(
    "names",
    [
        ("right", "right again"),
        ("accuracy", "own"),
        ("function", "name of the user's"),
    ],
)
def test_one_kind(searches, names):
    found = kinds(searches, *names)
    assert len(set(found.values())) == 1
    assert set(found.values()) <= {"score", "accuracy"}


@pytest.mark.parametrize(
    "names",
    [
        ("right", "wrong"),
        ("right", "function"),
        ("lambda", "other lambda"),
        ("lambda", "accuracy"),
        ("name of the user's", "right", "wrong"),
    ],
)
def test_several_kinds(searches, names):
    assert len(set(kinds(searches, *names).values())) > 1


def test_a_function_is_the_same_after_a_pickle(searches):
    again = pickle.loads(pickle.dumps(searches["function"]))
    found = kinds({"one": searches["function"], "again": again}, "one", "again")
    assert set(found.values()) == {"score"}


@pytest.mark.further
def test_columns_alone_compare_with_any(searches):
    columns = Results.of_cv_results(searches["wrong"].cv_results_)
    validated = Results.of_cross_validation(cross_validate(LogisticRegression(max_iter=500), X, y))
    right = Results.of_search(searches["right"])
    found = kinds_of_scores({"columns": columns, "validated": validated, "right": right})
    assert set(found.values()) == {"score"}


def test_reports_and_pictures_refuse_to_compare(searches):
    both = {name: searches[name] for name in ("right", "wrong")}
    words = (
        r"'right' by score \(make_scorer\(accuracy_score.*'wrong' by score \(make_scorer\(mean_sq"
    )
    with pytest.raises(InvalidParameterError, match=words):
        TuningReport(both)
    with pytest.raises(InvalidParameterError, match=words):
        ConvergenceDisplay.from_search(both)
