"""What pictures share: texts that fit, scales that values ask for, room for legends."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.lines import Line2D

from skdl.displays.drawing.style import (
    bulk,
    faint,
    heighten,
    legend_above,
    letters,
    scale_of_scores,
    score_colours,
    wrapped,
)
from skdl.displays.drawing.ticks import inches


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


def test_texts_are_measured_in_inches():
    assert letters(0.0) == 8
    assert letters(5.2, points=10.0) == 72
    assert wrapped("one two three four five", 1.0) == "one two three\nfour five"


def test_words_with_hyphens_stay_whole():
    assert wrapped("a score that is out-of-bag", 1.5) == "a score that is\nout-of-bag"


def test_pale_marks_are_seen_on_a_dark_ground(ax):
    assert faint(ax, 0.25) == 0.25
    assert score_colours(ax)(0.0) == mpl.colormaps["cividis"](0.0)
    ax.set_facecolor("black")
    assert faint(ax, 0.25) == 0.5
    assert sum(score_colours(ax)(0.0)[:3]) > 1.0
    assert score_colours(ax)(1.0) == mpl.colormaps["cividis"](1.0)


def test_a_legend_leaves_half_of_the_room_to_the_picture(ax):
    names = [f"candidate {number:030}" for number in range(20)]
    height = legend_above(ax, [Line2D([], []) for _ in names], names, 2.5, 2.0)
    found = [text.get_text() for text in ax.get_legend().get_texts()]
    assert found == names[: len(found)]
    assert len(found) == 6
    assert height == pytest.approx(6 * 1.6 * 7 / 72)
    legend_above(ax, [Line2D([], []) for _ in names], names, 2.5)
    assert len(ax.get_legend().get_texts()) == 20


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
        3 * 1.6 * 7 / 72
    )


def test_a_figure_grows(ax):
    heighten(ax.figure, 0.5)
    assert ax.figure.get_figheight() == 3.5
