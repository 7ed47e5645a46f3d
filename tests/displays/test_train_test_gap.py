"""Training beside validation scores: what is drawn where, and what is said."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.tree import DecisionTreeClassifier

from skdl import TrainTestGapDisplay
from skdl.diagnosis import Fault
from skdl.exceptions import InvalidParameterError

X, Y = load_iris(return_X_y=True)
TREE = DecisionTreeClassifier(random_state=0)
NAN = np.nan


def columns(train, test, name="r2"):
    """The results of candidates with these scores in one split."""
    return {
        "params": [{} for _ in train],
        f"split0_train_{name}": np.array(train, dtype=float),
        f"split0_test_{name}": np.array(test, dtype=float),
    }


def drawn(display):
    """The points by what they were found to be."""
    points = {}
    for group in display.ax_.collections:
        if hasattr(group, "get_offsets") and len(group.get_offsets()):
            points.setdefault(group.get_label(), []).extend(group.get_offsets().tolist())
    return points


def test_candidates_are_drawn_by_what_they_are():
    display = TrainTestGapDisplay.from_cv_results(
        columns([0.1, 0.9, 0.9, NAN], [0.1, 0.5, 0.8, 0.1])
    )
    assert display.faults_ == (Fault.UNDERFITTING, Fault.OVERFITTING, None, None)
    points = drawn(display)
    assert points["underfitting"] == [[0.1, 0.1]]
    assert points["overfitting"] == [[0.9, 0.5]]
    assert display.summary_ == "Of 3 candidates 1 underfits and 1 overfits. 1 failed."
    assert display.ax_.get_title(loc="left").replace("\n", " ") == display.summary_
    best = next(line for line in display.ax_.lines if line.get_label() == "the best")
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (0.9, 0.8)
    names = [text.get_text() for text in display.ax_.texts]
    assert names == ["underfitting", "overfitting"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("training R²", "validation R²")
    assert repr(display) == f"TrainTestGapDisplay({display.summary_!r})"


def test_both_axes_show_the_same_range_and_the_diagonal():
    display = TrainTestGapDisplay.from_cv_results(columns([0.2, 1.0], [0.1, 0.6]))
    ax = display.ax_
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_xlim() == pytest.approx((0.1 - 0.18 * 0.9, 1.0 + 0.06 * 0.9))
    assert ax.get_box_aspect() == 1
    diagonal = ax.lines[0]
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())


def test_the_table_has_all_candidates():
    frame = TrainTestGapDisplay.from_cv_results(columns([0.1, 0.9, NAN], [0.2, 0.5, 0.1])).frame()
    assert frame.columns.tolist() == ["candidate", "train_score", "test_score", "gap", "fault"]
    np.testing.assert_allclose(frame["gap"], [-0.1, 0.4, NAN])
    assert frame["fault"].tolist()[:2] == ["underfitting", "overfitting"]
    assert frame["fault"].isna().tolist() == [False, False, True]


def test_without_thresholds_the_corners_are_named_and_nobody_is_judged():
    display = TrainTestGapDisplay.from_cv_results(columns([0.1, 0.9], [0.1, 0.5], name="own"))
    assert display.faults_ is None
    assert display.frame()["fault"].isna().all()
    assert display.summary_ == "2 candidates; no threshold is known for this score."
    assert [text.get_text() for text in display.ax_.texts] == [
        "low on both:\nunderfitting",
        "high in training only:\noverfitting",
    ]


def test_corners_that_are_off_the_picture_are_not_named():
    display = TrainTestGapDisplay.from_cv_results(columns([0.97, 0.96], [0.95, 0.94]))
    assert [text.get_text() for text in display.ax_.texts] == []
    assert display.summary_ == "Of 2 candidates 0 underfit and 0 overfit."


def test_the_means_over_the_splits_are_shown():
    search = GridSearchCV(TREE, {"max_depth": [1, 3]}, cv=3, return_train_score=True).fit(X, Y)
    display = TrainTestGapDisplay.from_search(search)
    np.testing.assert_allclose(display.train_score_, search.cv_results_["mean_train_score"])
    np.testing.assert_allclose(display.test_score_, search.cv_results_["mean_test_score"])
    assert TrainTestGapDisplay.from_estimator(search).summary_ == display.summary_


def test_the_earlier_iterations_of_a_halving_are_paler():
    search = HalvingGridSearchCV(
        TREE, {"max_depth": [1, 2, 3, 4]}, cv=3, factor=2, random_state=0, return_train_score=True
    ).fit(X, Y)
    display = TrainTestGapDisplay.from_search(search)
    shades = {0.8: 0, 0.4 * 0.8: 0}
    for group in display.ax_.collections:
        if group.get_alpha() in shades:
            shades[group.get_alpha()] += len(group.get_offsets())
    last = (search.cv_results_["iter"] == search.n_iterations_ - 1).sum()
    off = sum(len(line.get_xdata()) for line in display.ax_.lines if line.get_marker() == "v")
    assert list(shades.values()) == [last, len(search.cv_results_["iter"]) - last - off]
    assert off <= 1


def test_scores_far_below_are_marked_at_the_edge():
    train = [*np.linspace(0.7, 0.9, 20), 0.8]
    display = TrainTestGapDisplay.from_cv_results(
        columns(train, [*np.linspace(0.6, 0.8, 20), -1e6])
    )
    off = next(line for line in display.ax_.lines if line.get_marker() == "v")
    assert off.get_label() == "1 below the picture"
    low = display.ax_.get_ylim()[0]
    assert low > 0.5
    assert (off.get_xdata()[0], off.get_ydata()[0]) == (0.8, low)


def test_losses_of_many_sizes_have_log_axes():
    scores = -np.logspace(0, 4, 9)
    display = TrainTestGapDisplay.from_cv_results(columns(scores, 2 * scores, name="own"))
    assert display.ax_.get_xscale() == display.ax_.get_yscale() == "symlog"
    low, high = display.ax_.get_ylim()
    assert low < -2e4
    assert -1 < high < 0
    display.figure_.draw_without_rendering()


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        ([0.1], [0.1], "The one candidate underfits."),
        ([0.9], [0.1], "The one candidate overfits."),
        ([0.9], [0.9], "The one candidate neither underfits nor overfits."),
        ([0.9, NAN], [0.9, 0.1], "The one candidate neither underfits nor overfits. 1 failed."),
    ],
)
def test_one_candidate(train, test, words):
    display = TrainTestGapDisplay.from_cv_results(columns(train, test))
    assert display.summary_ == words
    assert display.ax_.get_xlim()[0] < display.ax_.get_xlim()[1]


def test_what_is_missing_is_named():
    search = GridSearchCV(TREE, {"max_depth": [1]}, cv=2).fit(X, Y)
    with pytest.raises(InvalidParameterError, match="search with return_train_score=True"):
        TrainTestGapDisplay.from_search(search)
    with pytest.raises(InvalidParameterError, match="TrainTestGapDisplay: there are no scores"):
        TrainTestGapDisplay.from_cv_results(columns([0.5], [NAN]))
    with pytest.raises(InvalidParameterError, match="no candidate with finite training scores"):
        TrainTestGapDisplay.from_cv_results(columns([NAN], [0.5]))


def test_it_is_drawn_where_it_is_asked_for():
    figure, ax = plt.subplots(figsize=(3.3, 3.3), layout="constrained")
    display = TrainTestGapDisplay.from_cv_results(columns([0.1, 0.9], [0.1, 0.5]), ax=ax)
    assert (display.ax_, display.figure_) == (ax, figure)
