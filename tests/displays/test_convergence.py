"""The best score so far: one search or several, by trial and by second."""

import joblib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV
from sklearn.tree import DecisionTreeClassifier

from skdl import ConvergenceDisplay
from skdl.exceptions import InvalidParameterError

X, Y = load_iris(return_X_y=True)
TREE = DecisionTreeClassifier(random_state=0)
SPACE = {"max_depth": [1, 2, 3, 4]}
NAN = np.nan


@pytest.fixture(scope="module")
def grid():
    return GridSearchCV(TREE, SPACE, cv=3).fit(X, Y)


@pytest.fixture(scope="module")
def random():
    return RandomizedSearchCV(TREE, SPACE, n_iter=3, cv=3, random_state=0).fit(X, Y)


def columns(*scores, seconds=1.0):
    ones = np.full(len(scores), seconds)
    return {
        "params": [{} for _ in scores],
        "mean_fit_time": ones,
        "mean_score_time": 0 * ones,
        "split0_test_score": np.array(scores),
    }


def steps(ax):
    """The lines of the best scores."""
    return [
        (line.get_xdata().tolist(), line.get_ydata().tolist())
        for line in ax.lines
        if line.get_drawstyle() == "steps-post"
    ]


def legend(display):
    return [text.get_text() for text in display.axes_[0].get_legend().get_texts()]


def test_points_and_lines_by_trial_and_by_second():
    display = ConvergenceDisplay.from_cv_results(columns(0.2, NAN, 0.1, 0.5, seconds=2.0))
    trial, second = display.axes_
    assert steps(trial) == [([1, 2, 3, 4], [0.2, 0.2, 0.2, 0.5])]
    assert steps(second) == [([2.0, 4.0, 6.0, 8.0], [0.2, 0.2, 0.2, 0.5])]
    points = next(line for line in trial.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(points.get_ydata(), [0.2, NAN, 0.1, 0.5])
    assert (trial.get_xlabel(), trial.get_ylabel()) == ("trial", "score")
    assert second.get_xlabel() == "seconds of computation"
    assert legend(display) == ["best so far", "a trial"]
    assert display.ax_ is trial
    assert display.figure_ is trial.figure
    assert repr(display) == "ConvergenceDisplay(by='both', search=0.5)"


@pytest.mark.parametrize("by", ["trial", "second"])
def test_one_panel(by, grid):
    figure, ax = plt.subplots(layout="constrained")
    display = ConvergenceDisplay.from_search(grid, by=by, ax=ax)
    assert display.axes_.tolist() == [ax]
    assert (display.ax_, display.figure_) == (ax, figure)
    means = grid.cv_results_["mean_test_score"]
    (line,) = steps(ax)
    np.testing.assert_allclose(line[1], np.maximum.accumulate(means))


def test_several_searches_lie_over_each_other(grid, random):
    by_name = ConvergenceDisplay.from_search({"a": grid, "b": random}, by="trial")
    assert list(by_name.curves_) == ["a", "b"]
    assert [len(x) for x, _ in steps(by_name.axes_[0])] == [4, 3]
    colours = {line.get_color() for line in by_name.axes_[0].lines}
    assert len(colours) == 2
    assert legend(by_name) == ["a", "b", "a trial"]
    listed = ConvergenceDisplay.from_search([grid, random, grid], by="trial")
    assert list(listed.curves_) == ["GridSearchCV 1", "RandomizedSearchCV", "GridSearchCV 2"]


def test_several_columns_lie_over_each_other():
    one, two = columns(0.1, 0.2), columns(0.3)
    assert list(ConvergenceDisplay.from_cv_results([one, two]).curves_) == ["search 1", "search 2"]
    named = ConvergenceDisplay.from_cv_results({"x": one, "y": two})
    frame = named.frame()
    assert frame.columns.tolist() == [
        "search",
        "trial",
        "second",
        "score",
        "iteration",
        "best_by_trial",
        "best_by_second",
    ]
    assert frame["search"].tolist() == ["x", "x", "y"]
    assert frame["trial"].tolist() == [1, 2, 1]
    assert frame["second"].tolist() == [1.0, 2.0, 1.0]
    assert frame["score"].tolist() == [0.1, 0.2, 0.3]


def test_searches_of_the_backend_have_real_seconds(grid):
    with joblib.parallel_config("skdl"):
        recorded = GridSearchCV(TREE, SPACE, cv=3).fit(X, Y)
    display = ConvergenceDisplay.from_search(recorded)
    assert display.clock_ == "elapsed"
    assert display.axes_[1].get_xlabel().replace("\n", " ") == "seconds since the search began"
    mixed = ConvergenceDisplay.from_search([recorded, grid])
    assert mixed.clock_ == "computed"
    assert mixed.axes_[1].get_xlabel().replace("\n", " ") == "seconds of computation"


def test_iterations_of_a_halving_are_lines_of_their_own():
    search = HalvingGridSearchCV(TREE, SPACE, cv=3, factor=2, random_state=0).fit(X, Y)
    display = ConvergenceDisplay.from_search(search)
    iterations = search.cv_results_["iter"]
    for ax in display.axes_:
        assert [len(x) for x, _ in steps(ax)] == np.bincount(iterations).tolist()
    assert legend(display)[-1] == "best of an earlier iteration"
    assert display.curves_["HalvingGridSearchCV"].final == search.best_score_


def test_scores_far_below_are_marked_at_the_edge():
    scores = [*np.linspace(0.5, 0.9, 20), -1e9]
    ax = ConvergenceDisplay.from_cv_results(columns(*scores), by="trial").axes_[0]
    off = next(line for line in ax.lines if line.get_marker() == "v")
    assert off.get_xdata().tolist() == [21]
    assert off.get_ydata()[0] == ax.get_ylim()[0] > 0.4


def test_values_that_spread_by_factors_have_log_axes():
    results = columns(*-np.logspace(3, 0, 12))
    results["mean_fit_time"] = np.diff(np.logspace(-1, 3, 13), prepend=0)[1:]
    trial, second = ConvergenceDisplay.from_cv_results(results).axes_
    assert (trial.get_xscale(), trial.get_yscale()) == ("linear", "symlog")
    assert (second.get_xscale(), second.get_yscale()) == ("log", "symlog")


def test_one_trial():
    display = ConvergenceDisplay.from_cv_results(columns(0.5))
    display.figure_.draw_without_rendering()
    assert steps(display.axes_[0]) == [([1], [0.5])]
    assert [text.get_text() for text in display.axes_[0].get_xticklabels()] == ["1"]


def test_hostile_names_are_drawn_as_they_are():
    names = ["$x$ <script>", "_hidden", "x" * 300, "a\nb"]
    display = ConvergenceDisplay.from_cv_results({name: columns(0.5, 0.6) for name in names})
    display.figure_.draw_without_rendering()
    assert legend(display)[:4] == [r"\$x\$ <script>", " _hidden", "x" * 24 + "…", "a b"]


def test_names_that_agree_as_texts_are_told_apart():
    display = ConvergenceDisplay.from_cv_results({1: columns(0.5), "1": columns(0.6)})
    assert {name: curve.final for name, curve in display.curves_.items()} == {
        "1": 0.5,
        "1 (2)": 0.6,
    }


def test_names_that_are_cut_are_told_apart():
    names = [f"random search over a very {kind} space" for kind in ("wide", "narrow")]
    display = ConvergenceDisplay.from_cv_results({name: columns(0.5, 0.6) for name in names})
    assert legend(display)[:2] == ["random…wide space", "random…narrow space"]


def test_more_searches_than_colours_differ_by_their_lines():
    display = ConvergenceDisplay.from_cv_results({str(k): columns(0.5, 0.6) for k in range(8)})
    looks = {
        (line.get_color(), line.get_linestyle())
        for line in display.axes_[0].lines
        if line.get_drawstyle() == "steps-post"
    }
    assert len(looks) == 8


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Got no search"),
        ([], "Got no search"),
        ("grid", "Got a str, expected a fitted search"),
        ([TREE], "Got a DecisionTreeClassifier with 0 searches inside, expected a fitted"),
    ],
)
def test_what_is_no_search_is_named(given, words):
    with pytest.raises(InvalidParameterError, match=words):
        ConvergenceDisplay.from_search(given)


def test_a_search_that_is_not_fitted_is_named():
    with pytest.raises(NotFittedError, match="call fit first"):
        ConvergenceDisplay.from_search({"a": GridSearchCV(TREE, SPACE)})


def test_what_is_no_results_is_named():
    with pytest.raises(
        InvalidParameterError, match="Got a dict with 'a', expected a fitted search"
    ):
        ConvergenceDisplay.from_cv_results({"a": [1, 2]})


def test_scores_of_several_kinds_are_not_drawn_together(grid):
    other = GridSearchCV(TREE, SPACE, cv=3, scoring="neg_log_loss").fit(X, Y)
    with pytest.raises(InvalidParameterError, match="'a' by accuracy, 'b' by negative log loss"):
        ConvergenceDisplay.from_search({"a": grid, "b": other})


def test_all_failed_and_wrong_options():
    with pytest.raises(InvalidParameterError, match="Got 'search' without a score"):
        ConvergenceDisplay.from_cv_results(columns(NAN))
    with pytest.raises(InvalidParameterError, match="by='time' is not accepted"):
        ConvergenceDisplay.from_cv_results(columns(0.5), by="time")


def test_times_that_are_not_known_are_asked_for():
    without = {"params": [{}], "split0_test_score": np.array([0.5])}
    with pytest.raises(InvalidParameterError, match="expected 'mean_fit_time'.*by='trial'"):
        ConvergenceDisplay.from_cv_results(without)
    assert ConvergenceDisplay.from_cv_results(without, by="trial").curves_["search"].final == 0.5


def test_it_is_found_in_an_estimator(grid):
    assert ConvergenceDisplay.from_estimator(grid).curves_["GridSearchCV"].final == grid.best_score_
