"""One reader for what displays and reports are given, with one message for what it cannot read."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdl import CandidateComparisonDisplay, ConvergenceDisplay
from skdl.exceptions import InvalidParameterError
from skdl.results.reading import read_results, read_several

X, y = load_iris(return_X_y=True)
MODEL, SPACE = LogisticRegression(max_iter=500), {"C": [0.01, 1.0]}


@pytest.fixture(scope="module")
def grid():
    return GridSearchCV(MODEL, SPACE, cv=2).fit(X, y)


@pytest.fixture(scope="module")
def random():
    return RandomizedSearchCV(MODEL, SPACE, n_iter=1, cv=2, random_state=0).fit(X, y)


def test_a_search_its_columns_and_an_estimator_with_it_inside_have_the_same_scores(grid):
    whole, columns = read_results(grid), read_results(grid.cv_results_)
    outer = make_pipeline(StandardScaler(with_mean=False, with_std=False), grid)
    inside = read_results(outer)
    for found in (columns, inside):
        np.testing.assert_array_equal(found.test_scores, whole.test_scores)
    assert (whole.origin, whole.inside) == (grid, "")
    assert columns.origin is grid.cv_results_
    assert (inside.origin, inside.inside) == (grid, "Pipeline")


def test_what_cross_validate_returned_is_one_candidate():
    result = cross_validate(MODEL, X, y, cv=3)
    found = read_results(result)
    assert found.params == ({},)
    np.testing.assert_array_equal(found.test_scores, [result["test_score"]])


def test_displays_take_no_scores_without_candidates():
    result = cross_validate(MODEL, X, y, cv=3)
    words = "Got a dict with 'fit_time', .* expected a fitted search"
    for read in (read_results, read_several):
        with pytest.raises(InvalidParameterError, match=words) as told:
            read(result, takes_scores=False)
        assert "cross_validate" not in str(told.value)
    for display in (CandidateComparisonDisplay, ConvergenceDisplay):
        with pytest.raises(InvalidParameterError, match="or a dict cv_results_: pass one of these"):
            display.from_cv_results(result)


def test_several_are_called_by_their_names_or_by_their_classes(grid, random):
    assert list(read_several({"a": grid, "b": random})) == ["a", "b"]
    assert list(read_several({1: grid, "1": random})) == ["1", "1 (2)"]
    assert list(read_several([grid, random, grid])) == [
        "GridSearchCV 1",
        "RandomizedSearchCV",
        "GridSearchCV 2",
    ]
    assert list(read_several((grid.cv_results_,))) == ["search"]


def test_one_is_given_no_name(grid):
    assert read_several(grid).search is grid
    assert read_several(grid.cv_results_).n_candidates == 2
    assert (
        read_several({"test_score": [0.5, 0.6], "indices": {"train": [], "test": []}}).n_splits == 2
    )


def test_searches_may_have_the_names_of_columns(grid, random):
    assert list(read_several({"test_one": grid, "params": random})) == ["test_one", "params"]
    scores = {"test_score": [0.5, 0.6]}
    assert list(read_several({"test_score": scores})) == ["test_score"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (3, "Got a int, expected a fitted search .*pass one of these"),
        ("grid", "Got a str, expected a fitted search"),
        (None, "Got a NoneType, expected"),
        (GridSearchCV, "Got the class GridSearchCV, expected"),
        ({"a": 1}, "Got a dict with 'a', expected .* a dict cv_results_"),
        ({"a": [1, 2]}, "Got a dict with 'a', expected"),
        (LogisticRegression(), "Got a LogisticRegression with 0 searches inside, expected"),
        ([LogisticRegression()], "Got a LogisticRegression with 0 searches inside, expected"),
        ({"a": LogisticRegression}, "Got the class LogisticRegression, expected"),
        ([3], "Got a int, expected"),
        ({"params": []}, "without candidates or scores"),
        ({}, "Got no search, expected one at least"),
        ([], "Got no search, expected one at least"),
    ],
)
def test_what_cannot_be_read_is_named(given, words):
    with pytest.raises(InvalidParameterError, match=words):
        read_several(given)


def test_two_searches_inside_are_named(grid):
    with pytest.raises(InvalidParameterError, match="a Pipeline with 2 searches inside, expected"):
        read_results(make_pipeline(grid, GridSearchCV(Ridge(), {})))


@pytest.mark.parametrize("wrap", [lambda one: one, make_pipeline])
def test_a_search_has_to_be_fitted(wrap):
    with pytest.raises(
        NotFittedError, match="Got a GridSearchCV that is not fitted.*call fit first"
    ):
        read_results(wrap(GridSearchCV(MODEL, SPACE)))
