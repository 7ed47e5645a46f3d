"""Where ticks stand and what they say."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from skdl.displays.drawing.ticks import (
    count_along,
    inches,
    log_axis,
    log_ticks,
    score_text,
    tick_texts,
    write_out,
)


@pytest.fixture
def ax():
    figure, ax = plt.subplots(figsize=(4, 3))
    yield ax
    plt.close(figure)


@given(st.floats(-30, 30), st.floats(0.9, 20))
def test_logarithmic_ticks_lie_inside_and_are_few(low, decades):
    ends = 10.0**low, 10.0 ** (low + decades)
    ticks = log_ticks(*ends)
    assert 2 <= len(ticks) <= 8
    assert ends[0] * (1 - 1e-8) <= ticks[0] < ticks[-1] <= ends[1] * (1 + 1e-8)


def test_axes_are_measured_in_inches():
    figure = Figure(figsize=(8, 3))
    assert inches(figure.subplots()) == pytest.approx((8 * 0.775, 3 * 0.77))
    # Of a part of a figure, not of the whole one.
    part = Figure(figsize=(8, 3)).subfigures(1, 2)[0]
    assert inches(part.subplots()) == pytest.approx((4 * 0.775, 3 * 0.77))


def test_positive_values_that_spread_by_factors_have_a_log_axis(ax):
    assert log_axis(ax.yaxis, np.array([1.0, 0.1, 0.01, np.nan]))
    assert not log_axis(ax.xaxis, np.array([0.0, 0.1, 10.0]))
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["1", "0.1", "0.01"]


def test_ticks_of_a_log_axis_have_room():
    ax = Figure(figsize=(1.6, 2)).subplots()
    log_axis(ax.xaxis, np.logspace(-5, 0, 6))
    assert [text.get_text() for text in ax.get_xticklabels()] == ["1", "0.001"]


@pytest.mark.parametrize("scores", [(0.99990, 0.99992), (-2.6e6, -2.4e6), (1e-9, 3e-9)])
def test_scores_stand_whole_at_their_ticks(ax, scores):
    ax.plot(scores)
    write_out(ax.yaxis)
    ax.figure.draw_without_rendering()
    texts = [text.get_text().replace("\N{MINUS SIGN}", "-") for text in ax.get_yticklabels()]
    np.testing.assert_allclose([float(text) for text in texts], ax.get_yticks(), rtol=1e-7)
    assert ax.yaxis.get_offset_text().get_text() == ""
    # Where the mouse is, between two ticks.
    assert ax.format_ydata(0.123456789) == "0.123457"


@pytest.mark.parametrize(
    ("ticks", "texts"),
    [
        ([0.8, 0.825, 0.85], ["0.800", "0.825", "0.850"]),
        ([0, 5, 10], ["0", "5", "10"]),
        ([-1e5, 0.0], ["-100000", "0"]),
        ([0.0, 2e-9], ["0e+00", "2e-09"]),
        ([0.7], ["0.7"]),
    ],
)
def test_ticks_have_the_digits_of_their_step(ticks, texts):
    assert tick_texts(ticks) == texts


def test_numbers_have_as_many_digits_as_tell_them_apart():
    assert score_text(0.91234, 0.5) == "0.91"
    assert score_text(0.91234, 0.01) == "0.912"
    assert score_text(1234.5, 900) == "1234"
    assert score_text(1e9, 1e9) == "1e+09"
    assert score_text(0.5, 0.0) == "0.5"
    # Large ones that differ little, and such as differ by less than a millionth.
    assert [score_text(one, 3000.0) for one in (-2400000.0, -2401000.0)] == [
        "-2.4e+06",
        "-2.401e+06",
    ]
    assert [score_text(one, 3e-7) for one in (0.9, 0.9000001)] == ["0.9", "0.9000001"]


@pytest.mark.parametrize(("last", "ticks"), [(1, [1]), (2, [1, 2]), (9, [2, 4, 6, 8])])
def test_trials_and_epochs_are_whole(ax, last, ticks):
    ax.plot(np.arange(1, last + 1), np.ones(last))
    count_along(ax, last)
    low, high = ax.get_xlim()
    assert [tick for tick in ax.get_xticks() if low <= tick <= high] == ticks
