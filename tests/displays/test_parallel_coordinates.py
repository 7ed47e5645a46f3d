"""Each candidate is a line over the axes of its hyperparameters and of its score."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skdl import ParallelCoordinatesDisplay
from skdl.displays.parallel_coordinates import BELOW
from skdl.exceptions import InvalidParameterError
from tests.made_up_results import halving, odd, results

SAMPLES = [{"rate": 1e-4, "units": 8}, {"rate": 1e-2, "units": 20}, {"rate": 1e-1, "units": 16}]


def lines(display, gid):
    (found,) = (one for one in display.ax_.collections if one.get_gid() == gid)
    return np.array(found.get_segments())


def test_lines_cross_the_axes_at_their_values():
    display = ParallelCoordinatesDisplay(results(SAMPLES, [0.5, 0.7, 0.6]))
    np.testing.assert_allclose(
        display.heights_, [[0, 0, 0], [2 / 3, 1, 1], [1, 8 / 12, 0.5]], atol=1e-12
    )
    display.plot()
    # The best lies over the others.
    np.testing.assert_allclose(
        lines(display, "candidates")[:, :, 1], display.heights_[[0, 2, 1]], atol=1e-12
    )
    (best,) = (line for line in display.ax_.lines if line.get_gid() == "best")
    np.testing.assert_allclose(best.get_ydata(), display.heights_[1])
    names = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert names == ["rate", "units", "mean score"]


def test_colours_are_the_scores():
    display = ParallelCoordinatesDisplay(results(SAMPLES, [0.5, 0.7, 0.6])).plot()
    (found,) = (one for one in display.ax_.collections if one.get_gid() == "candidates")
    np.testing.assert_allclose(found.get_array(), [0.5, 0.6, 0.7])
    np.testing.assert_allclose(found.get_clim(), (0.5, 0.7))


def test_candidates_of_a_grid_pass_a_value_beside_each_other():
    params = [{"a": a, "b": b} for a in (1, 2) for b in ("x", "y")]
    found = ParallelCoordinatesDisplay(results(params, [0.1, 0.2, 0.3, 0.4])).heights_
    assert len(np.unique(found[:, 0])) == len(np.unique(found[:, 1])) == 4
    # The strips of two values do not meet.
    assert found[:2, 0].max() < 0.4 < 0.6 < found[2:, 0].min()


def test_what_is_absent_or_failed_is_below():
    params = [{"a": 1, "b": 1}, {"a": 2}, {"a": 3, "b": 4}]
    display = ParallelCoordinatesDisplay(results(params, [0.1, 0.2, np.nan])).plot()
    np.testing.assert_allclose(display.heights_[:, 1], [0, BELOW, 1])
    np.testing.assert_allclose(display.heights_[:, 2], [0, 1, BELOW])
    assert len(lines(display, "failed")) == 1
    texts = [text.get_text() for text in display.ax_.texts]
    assert texts.count("absent") == texts.count("failed") == 1


def test_scores_far_below_stand_at_the_bottom():
    means = [0.5, 0.7, 0.6, 0.65, -1e9]
    params = [{"a": value} for value in (0.1, 0.25, 0.3, 0.42, 0.9)]
    found = ParallelCoordinatesDisplay(results(params, means)).heights_[:, -1]
    np.testing.assert_allclose(found, [0, 1, 0.5, 0.75, 0])


def test_equal_scores_are_in_the_middle():
    display = ParallelCoordinatesDisplay(results(SAMPLES, [0.5, 0.5, 0.5])).plot()
    np.testing.assert_allclose(display.heights_[:, -1], 0.5)
    display.figure_.canvas.draw()


def test_ticks_say_the_values():
    display = ParallelCoordinatesDisplay(results(SAMPLES, [0.5, 0.7, 0.6])).plot()
    places = {text.get_text(): text.xy for text in display.ax_.texts}
    assert places["0.0001"] == (0, 0)
    assert places["0.1"] == (0, 1)
    assert places["20"] == (1, 1)


def test_a_thousand_candidates_are_pale_and_thin():
    rng = np.random.default_rng(0)
    params = [{"a": a, "b": b} for a, b in rng.uniform(size=(1000, 2))]
    display = ParallelCoordinatesDisplay(results(params, rng.uniform(size=1000))).plot()
    (found,) = (one for one in display.ax_.collections if one.get_gid() == "candidates")
    assert len(found.get_segments()) == 1000
    assert found.get_alpha() == 0.25
    assert found.get_linewidths() == [0.6]


def test_the_frame_has_a_row_for_each_candidate():
    params = [{"a": (1, 2), "b": 1}, {"a": (3, 4)}, {"a": None, "b": 4}]
    found = ParallelCoordinatesDisplay(results(params, [0.1, 0.2, np.nan])).frame()
    assert found.columns.tolist() == ["candidate", "param_a", "param_b", "score", "failed", "best"]
    assert found["param_a"].tolist() == [(1, 2), (3, 4), None]
    assert found["param_b"].tolist() == [1, None, 4]
    assert found["failed"].tolist() == [False, False, True]
    assert found["best"].tolist() == [False, True, False]


def test_a_halving_has_an_axis_for_its_resources():
    display = ParallelCoordinatesDisplay(halving())
    assert [one.name for one in display.hyperparameters_] == ["a", "b", "n_resources"]
    assert display.frame()["param_n_resources"].tolist() == [10, 10, 10, 10, 20, 20]


def test_it_draws_where_it_is_told_to():
    _, ax = plt.subplots()
    display = ParallelCoordinatesDisplay(results(SAMPLES, [0.5, 0.7, 0.6])).plot(ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


def test_odd_names_and_values_are_drawn_as_they_stand():
    display = ParallelCoordinatesDisplay(odd()).plot()
    display.figure_.canvas.draw()
    assert any(r"\$x_1\$" in text.get_text() for text in display.ax_.texts)
    assert len(display.frame()) == 40


def test_nothing_to_show_is_an_error():
    with pytest.raises(InvalidParameterError, match="no hyperparameter varies"):
        ParallelCoordinatesDisplay(results([{"a": 1}], [0.5]))
    with pytest.raises(InvalidParameterError, match="all failed"):
        ParallelCoordinatesDisplay(results(SAMPLES, [np.nan] * 3))


def test_negative_losses_that_spread_by_factors_are_equally_far():
    losses = [-100.0, -1.0, -0.01]
    display = ParallelCoordinatesDisplay(results([{"a": one} for one in range(3)], losses, std=0))
    np.testing.assert_allclose(display.heights_[:, -1], [0, 0.5, 1])


def test_texts_end_before_the_next_axis():
    params = [{"name" + str(axis): "x" * 9 + str(one) for axis in range(5)} for one in range(3)]
    figure, ax = plt.subplots(figsize=(3.3, 2.6), layout="constrained")
    ParallelCoordinatesDisplay(results(params, [0.1, 0.2, 0.3])).plot(ax=ax)
    texts = [text.get_text() for text in ax.texts][:3]
    assert texts == ["x…xxx0", "x…xxx1", "x…xxx2"]
    assert figure is ax.figure
