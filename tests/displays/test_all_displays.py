"""The contract that every display of a search keeps."""

import copy
import pickle
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl
from skdl.exceptions import InvalidParameterError
from tests.selection import some

DISPLAYS = [
    skdl.CandidateComparisonDisplay,
    skdl.ConvergenceDisplay,
    skdl.TrainTestGapDisplay,
    skdl.ImportanceDisplay,
    skdl.PairEffectDisplay,
    skdl.ParallelCoordinatesDisplay,
    skdl.SearchSpaceDisplay,
]
X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)


def several_metrics(estimator, X, y):
    return {"a": estimator.score(X, y), "b$": -float(estimator.C)}


@pytest.fixture(autouse=True)
def no_screen():
    mpl.use("agg")


def fitted_search(**settings):
    grid = {"C": [0.001, 0.1, 10.0], "fit_intercept": [True, False]}
    search = GridSearchCV(LogisticRegression(), grid, cv=3, return_train_score=True, **settings)
    return search.fit(X, y)


@pytest.fixture(scope="module")
def search():
    return fitted_search()


@pytest.fixture(scope="module")
def search_of_several_metrics():
    return fitted_search(scoring=several_metrics, refit="a")


@pytest.fixture(scope="module")
def hostile(search):
    """The columns of a search whose names and values are made to break a picture, with a failed candidate."""
    results = copy.deepcopy(search.cv_results_)
    values = ["$x^", "<script>alert(1)</script>", "a\nb" * 80, None, r"\frac{", np.nan]
    results["params"] = [
        {"$a__<b>$": value, "c_%&": one["C"]}
        for value, one in zip(values, results["params"], strict=True)
    ]
    for name in results:
        if re.match(r"split\d+_test_score", name):
            results[name] = results[name].copy()
            results[name][1] = np.nan
    return results


# The forests of ImportanceDisplay take as long as all other displays.
QUICK = [kind for kind in DISPLAYS if kind is not skdl.ImportanceDisplay]


@pytest.fixture(params=some(DISPLAYS, *QUICK), ids=lambda kind: kind.__name__)
def display(request):
    return request.param


@pytest.mark.further
def test_it_is_drawn_into_a_new_figure(display, search):
    shown = display.from_search(search)
    assert isinstance(shown, display)
    assert shown.figure_ is shown.ax_.figure
    assert plt.get_fignums() == [shown.figure_.number]
    shown.figure_.canvas.draw()


def test_it_is_drawn_into_given_axes(display, search):
    figure, axes = plt.subplots(1, 2)
    shown = display.from_search(search, ax=axes[1])
    assert shown.figure_ is figure
    assert shown.ax_ is axes[1]
    assert plt.get_fignums() == [figure.number]
    assert shown.plot(ax=axes[0]) is shown
    assert shown.ax_ is axes[0]


def test_columns_and_a_pipeline_give_the_same_numbers(display, search):
    expected = display.from_search(search).frame()
    assert isinstance(expected, pd.DataFrame)
    assert len(expected)
    inside = make_pipeline(StandardScaler(), search)
    pd.testing.assert_frame_equal(display.from_estimator(inside).frame(), expected)
    # Columns alone do not say what searched, or what a score of "score" is.
    found = display.from_cv_results(search.cv_results_).frame()
    assert list(found.columns) == list(expected.columns)
    pd.testing.assert_frame_equal(
        found.select_dtypes("number"), expected.select_dtypes("number"), check_dtype=False
    )


def test_one_of_several_metrics_is_shown(display, search_of_several_metrics):
    search = search_of_several_metrics
    first, second = display.from_search(search), display.from_search(search, metric="b$")
    second.figure_.canvas.draw()
    assert not first.frame().equals(second.frame())


def test_texts_of_users_are_drawn_letter_by_letter(display, hostile):
    shown = display.from_cv_results(hostile)
    shown.figure_.canvas.draw()
    assert len(shown.frame())


def test_nothing_of_the_caller_is_changed(display, search):
    before, columns = mpl.rcParams.copy(), copy.deepcopy(search.cv_results_)
    display.from_search(search)
    assert mpl.rcParams == before
    np.testing.assert_equal(search.cv_results_, columns)


def test_a_copy_of_what_was_drawn_can_be_drawn(display, search):
    shown = display.from_search(search)
    for copied in (pickle.loads(pickle.dumps(shown)), copy.deepcopy(shown)):
        pd.testing.assert_frame_equal(copied.frame(), shown.frame())
        copied.plot().figure_.canvas.draw()


def test_what_cannot_be_shown_is_named(display, search):
    with pytest.raises(NotFittedError, match="call fit first"):
        display.from_search(GridSearchCV(LogisticRegression(), {}))
    with pytest.raises(InvalidParameterError, match="metric='f1'"):
        display.from_search(search, metric="f1")
    with pytest.raises(
        InvalidParameterError, match="Got a dict with 'a', expected a fitted search"
    ):
        display.from_cv_results({"a": 1})
    with pytest.raises(InvalidParameterError, match="0 searches inside"):
        display.from_estimator(LogisticRegression())
    assert not plt.get_fignums()


def test_a_search_in_which_all_failed_is_named(display, search):
    results = {
        name: np.full_like(column, np.nan) if re.match(r"split\d+_test", name) else column
        for name, column in search.cv_results_.items()
    }
    with pytest.raises(InvalidParameterError, match="failed"):
        display.from_cv_results(results)
    assert not plt.get_fignums()


def test_a_thousand_candidates_are_drawn(display):
    # A forest is grown on the candidates forty times over to tell what matters, which is no test of drawing.
    count = 100 if display is skdl.ImportanceDisplay else 1000
    options = {"pair": ("rate", "units")} if display is skdl.PairEffectDisplay else {}
    drawn = np.random.default_rng(0)
    scores = drawn.uniform(size=(2, 2, count))
    results = {
        "params": [{"rate": 10 ** -drawn.uniform(1, 4), "units": k % 5} for k in range(count)],
        **{f"split{k}_test_score": scores[0, k] for k in range(2)},
        **{f"split{k}_train_score": scores[1, k] for k in range(2)},
        "mean_fit_time": np.ones(count),
        "mean_score_time": np.ones(count),
    }
    shown = display.from_cv_results(results, **options)
    shown.figure_.canvas.draw()


def test_a_search_without_hyperparameters_is_drawn_or_named(display):
    search = RandomizedSearchCV(
        LogisticRegression(), {"C": [1.0]}, n_iter=1, cv=2, return_train_score=True
    ).fit(X, y)
    needs_two = {
        skdl.ImportanceDisplay,
        skdl.PairEffectDisplay,
        skdl.ParallelCoordinatesDisplay,
        skdl.SearchSpaceDisplay,
    }
    if display in needs_two:
        with pytest.raises(InvalidParameterError, match="hyperparameter"):
            display.from_search(search)
    else:
        display.from_search(search).figure_.canvas.draw()
