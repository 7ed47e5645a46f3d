"""Each candidate is a point in the panel of each hyperparameter."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, ParameterGrid

from skdl import SearchSpaceDisplay
from skdl.exceptions import InvalidParameterError
from tests.made_up_results import cv_results, halving, odd, results

GRID = list(ParameterGrid({"net__rate": [0.001, 0.01, 0.1], "kind": ["x", "y"]}))
MEANS = [0.5, 0.8, 0.6, 0.4, 0.7, 0.3]


def drawn(panel, gid):
    """What is drawn under a name: points of shape (n, 2)."""
    points = [one.get_offsets() for one in panel.collections if one.get_gid() == gid]
    points += [one.get_xydata() for one in panel.lines if one.get_gid() == gid]
    return np.concatenate([np.empty((0, 2)), *points])


def test_every_candidate_is_drawn_at_its_mean_beside_its_value():
    display = SearchSpaceDisplay(results(GRID, MEANS)).plot()
    kind, rate = display.axes_
    assert (kind.get_xlabel(), rate.get_xlabel()) == ("kind", "rate")
    assert (kind.get_ylabel(), rate.get_ylabel()) == ("score", "")
    assert rate.get_xscale() == "log"
    np.testing.assert_allclose(drawn(rate, "candidates")[:, 1], MEANS)
    np.testing.assert_array_equal(
        np.round(np.log10(drawn(rate, "candidates")[:, 0])), [-3, -2, -1, -3, -2, -1]
    )
    np.testing.assert_array_equal(np.round(drawn(kind, "candidates")[:, 0]), [0, 0, 0, 1, 1, 1])
    np.testing.assert_allclose(drawn(rate, "best")[:, 1], [0.8])
    assert display.ax_ is kind
    assert display.figure_ is kind.figure


def test_the_means_of_a_grid_are_those_of_its_values():
    kind, rate = SearchSpaceDisplay(results(GRID, MEANS)).plot().axes_
    np.testing.assert_allclose(
        drawn(rate, "means"), [[0.001, 0.45], [0.01, 0.75], [0.1, 0.45]], rtol=1e-12
    )
    np.testing.assert_allclose(drawn(kind, "means"), [[0, 1.9 / 3], [1, 1.4 / 3]], rtol=1e-12)


def test_bars_are_the_spread_of_the_folds():
    display = SearchSpaceDisplay(results(GRID, MEANS, std=0.05)).plot()
    bars = display.axes_[0].collections[0].get_segments()
    np.testing.assert_allclose([np.ptp(bar[:, 1]) for bar in bars], 0.1)
    assert "mean ± std of 2 folds" in display.figure_.legends[0].get_texts()[0].get_text()


def test_one_split_has_no_bars():
    display = SearchSpaceDisplay(results(GRID, MEANS, n_splits=1)).plot()
    assert len(display.axes_[0].containers) == 0
    assert display.figure_.legends[0].get_texts()[0].get_text() == "candidate"


def test_a_thousand_candidates_are_pale_points():
    rng = np.random.default_rng(0)
    params = [{"a": value} for value in rng.uniform(size=1000)]
    (panel,) = SearchSpaceDisplay(results(params, rng.uniform(size=1000))).plot().axes_
    assert len(panel.containers) == 0
    (points,) = (one for one in panel.collections if one.get_gid() == "candidates")
    assert len(points.get_offsets()) == 1000
    assert points.get_alpha() == 0.2


def test_candidates_that_failed_or_lie_far_below_are_marks_at_the_bottom():
    means = [0.5, 0.8, np.nan, 0.4, -1e9, 0.3]
    kind, _ = SearchSpaceDisplay(results(GRID, means)).plot().axes_
    np.testing.assert_allclose(drawn(kind, "candidates")[:, 1], [0.5, 0.8, 0.4, 0.3])
    assert np.round(drawn(kind, "failed")[:, 0]).tolist() == [0]
    assert np.round(drawn(kind, "far below")[:, 0]).tolist() == [1]
    assert drawn(kind, "failed")[:, 1] < 0.05  # of the height of the axes
    np.testing.assert_allclose(drawn(kind, "means")[:, 1], [0.65, 0.35])
    assert kind.get_ylim()[0] > 0


def test_a_candidate_is_left_out_of_the_panel_of_what_it_does_not_have():
    display = SearchSpaceDisplay(results([{"a": 1}, {"a": 2, "b": 5}, {"b": 6}], [0.1, 0.2, 0.3]))
    a, b = display.plot().axes_
    assert (len(drawn(a, "candidates")), len(drawn(b, "candidates"))) == (2, 2)
    assert (len(drawn(a, "best")), len(drawn(b, "best"))) == (0, 1)
    assert display.frame()["value"].tolist() == [1, 2, 5, 6]


def test_the_frame_has_a_row_for_each_candidate_and_hyperparameter():
    found = SearchSpaceDisplay(results(GRID, MEANS, std=0.05)).frame()
    assert found["hyperparameter"].tolist() == ["kind"] * 6 + ["net__rate"] * 6
    assert found["candidate"].tolist() == [*range(6), *range(6)]
    assert found["value"].tolist() == ["x"] * 3 + ["y"] * 3 + [0.001, 0.01, 0.1] * 2
    np.testing.assert_allclose(found["mean_score"], MEANS * 2)
    np.testing.assert_allclose(found["std_score"], 0.05)
    assert found["best"].tolist() == [False, True, False, False, False, False] * 2
    assert not found["failed"].any()


def test_a_halving_has_a_panel_for_its_resources():
    display = SearchSpaceDisplay(halving()).plot()
    assert [panel.get_xlabel() for panel in display.axes_] == ["a", "b", "n_resources"]
    ((resources, score),) = drawn(display.axes_[2], "best")
    assert 17.5 <= resources <= 22.5  # beside the other candidate that had 20
    assert score == pytest.approx(0.8)


def test_axes_are_divided_or_used_as_they_are():
    display = SearchSpaceDisplay(results(GRID, MEANS))
    figure, given = plt.subplots(figsize=(6.4, 4.8), layout="constrained")
    display.plot(given)
    assert display.ax_ is given
    assert [panel.figure for panel in display.axes_] == [figure, figure]
    assert len(given.get_legend().get_texts()) == 3
    figure, pair = plt.subplots(1, 2)
    display.plot(pair)
    assert display.axes_.tolist() == pair.tolist()
    with pytest.raises(InvalidParameterError, match="Got 3 axes, expected 2"):
        display.plot(plt.subplots(1, 3)[1])


def test_odd_names_and_values_are_drawn_as_they_stand():
    display = SearchSpaceDisplay(odd()).plot()
    display.figure_.canvas.draw()
    texts = [label.get_text() for label in display.axes_[0].get_xticklabels()]
    assert r"\$x_1\$" in texts
    assert max(map(len, texts)) < 20
    assert len(display.frame()) == 3 * 40
    assert len(repr(display)) < 200


def test_it_is_made_from_a_search():
    X, y = [[0.0], [1.0], [2.0], [3.0]] * 3, [0, 0, 1, 1] * 3
    search = GridSearchCV(LogisticRegression(), {"C": [0.01, 1.0]}, cv=2).fit(X, y)
    display = SearchSpaceDisplay.from_search(search)
    assert display.axes_[0].get_ylabel() == "accuracy"
    again = SearchSpaceDisplay.from_cv_results(search.cv_results_)
    np.testing.assert_array_equal(
        again.frame()["mean_score"], search.cv_results_["mean_test_score"]
    )


def test_nothing_that_varies_is_an_error():
    with pytest.raises(InvalidParameterError, match="SearchSpaceDisplay: no hyperparameter varies"):
        SearchSpaceDisplay.from_cv_results(cv_results([{"a": 1}], [0.5]))


def test_negative_losses_that_spread_by_factors_have_a_log_axis():
    display = SearchSpaceDisplay(
        results([{"a": one} for one in range(3)], [-100.0, -1.0, -0.01], std=0)
    )
    (panel,) = display.plot().axes_
    assert panel.get_yscale() == "symlog"
    low, high = panel.get_ylim()
    assert low < -100 < -0.01 < high < 0
    # None of them is too far below to be shown.
    assert not [one for one in panel.collections if one.get_gid() == "far below"]


def test_the_name_of_a_score_is_as_long_as_its_panel():
    columns = {
        "params": [{"a" * 3: one % 5, "name": "x" * 20 + str(one)} for one in range(9)],
        "split0_test_neg_mean_squared_log_error": -1 - np.arange(9.0) / 9,
    }
    display = SearchSpaceDisplay.from_cv_results(columns)
    display.figure_.draw_without_rendering()
    label = display.axes_[0].yaxis.label.get_window_extent()
    assert 0 <= label.ymin < label.ymax <= display.figure_.bbox.height
