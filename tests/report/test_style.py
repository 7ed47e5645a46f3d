"""What pictures share: texts that fit, scales that values ask for, room for legends."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.lines import Line2D

from skdl.report.style import (
    bulk,
    heighten,
    inches,
    legend_above,
    letters,
    log_axis,
    scale_of_scores,
    wrapped,
)


@pytest.fixture
def ax():
    with mpl.rc_context({"backend": "agg"}):
        figure, ax = plt.subplots(figsize=(4, 3))
    yield ax
    plt.close(figure)


def test_a_few_scores_far_below_are_left_out_of_the_range():
    scores = np.linspace(0.5, 0.9, 20)
    assert bulk(scores) == (0.5, 0.9)
    assert bulk(np.append(scores, [-1e6, np.nan])) == (0.5, 0.9)
    assert bulk(np.array([0.7])) == (0.7, 0.7)


def test_negative_losses_of_many_sizes_are_drawn_by_their_size(ax):
    assert scale_of_scores(ax, np.array([-100.0, -10.0, -1.0, np.nan]), axes="xy")
    assert ax.get_xscale() == ax.get_yscale() == "symlog"


@pytest.mark.parametrize("scores", [[-3.0, -2.0], [0.1, 0.9], [-10.0, 0.0], [-1.0]])
def test_other_scores_are_not(ax, scores):
    assert not scale_of_scores(ax, np.array(scores))
    assert ax.get_yscale() == "linear"


def test_positive_values_that_spread_by_factors_have_a_log_axis(ax):
    log_axis(ax.yaxis, np.array([1.0, 0.1, 0.01, np.nan]))
    log_axis(ax.xaxis, np.array([0.0, 0.1, 10.0]))
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")


def test_texts_are_measured_in_inches(ax):
    assert inches(ax) == pytest.approx((4 * 0.775, 3 * 0.77))
    assert letters(0.0) == 8
    assert letters(5.2, points=10.0) == 72
    assert wrapped("one two three four five", 1.0) == "one two three\nfour five"


def test_a_legend_above_takes_height_and_no_width(ax):
    before = inches(ax)
    names = ["_a", "$b$", "c" * 20]
    height = legend_above(ax, [Line2D([], []) for _ in names], names, 3.1)
    ax.figure.draw_without_rendering()
    legend = ax.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [" _a", r"\$b\$", "c" * 20]
    assert not legend.get_in_layout()
    assert legend._ncols == 3
    assert height == pytest.approx(1.6 * 8.3 / 72)
    assert inches(ax) == before
    assert legend_above(ax, [Line2D([], []) for _ in names], names, 1.0) == pytest.approx(
        3 * height
    )


def test_a_figure_grows(ax):
    heighten(ax.figure, 0.5)
    assert ax.figure.get_figheight() == 3.5
