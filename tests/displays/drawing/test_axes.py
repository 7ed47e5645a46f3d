"""Hyperparameters have places, ticks and limits on axes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skdl.displays.drawing.axes import (
    set_axis,
    shortened,
    spread,
    text_colour,
    ticks_of,
)
from skdl.results.hyperparameters import hyperparameters_of
from tests.made_up_results import column


@pytest.fixture
def ax():
    figure, ax = plt.subplots(figsize=(4, 3))
    yield ax
    plt.close(figure)


def test_candidates_that_share_a_value_stand_beside_each_other():
    shared = column(1, 1, 1, 2, 2, 2)
    found = spread(shared, 0.4)
    # Half of 0.4 of the gap to either side, in places that are far from those of their neighbours.
    np.testing.assert_allclose(sorted(found[:3]), [0.8, 1.0, 1.2])
    np.testing.assert_allclose(sorted(found[3:]), [1.8, 2.0, 2.2])
    np.testing.assert_array_equal(found, spread(shared, 0.4))


def test_they_do_so_on_a_logarithmic_axis_and_among_categories():
    rates = spread(column(0.001, 0.001, 0.1, 0.1), 0.5)
    np.testing.assert_allclose(sorted(np.log10(rates)), [-3.5, -2.5, -1.5, -0.5])
    names = spread(column("x", "y", None, "x"), 0.5)
    np.testing.assert_allclose(names, [-0.25, 1, np.nan, 0.25])


def test_samples_stay_where_they_are():
    values = np.random.default_rng(0).uniform(size=20)
    np.testing.assert_array_equal(spread(column(*values)), values)


def test_each_value_of_a_grid_has_a_tick():
    places, texts = ticks_of(column(16, 32, 64, 128, 4096))
    assert (places.tolist(), texts) == (
        [16, 32, 64, 128, 4096],
        ["16", "32", "64", "128", "4096"],
    )
    assert ticks_of(column(1e-4, 0.01))[1] == ["0.0001", "0.01"]


def test_many_values_have_round_ticks():
    assert ticks_of(column(*np.linspace(0, 1, 20)))[0] is None
    places, texts = ticks_of(column(*np.logspace(-4.2, -0.9, 20)))
    np.testing.assert_allclose(places, [1e-4, 1e-3, 1e-2, 0.1])
    assert texts == ["0.0001", "0.001", "0.01", "0.1"]


def test_an_axis_has_the_scale_the_ticks_and_the_name_of_a_hyperparameter(ax):
    set_axis(ax, "x", column(0.001, 0.01, 0.1))
    set_axis(ax, "y", column("$a$", "b", "b"))
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert ax.get_xlabel() == "a"
    assert [text.get_text() for text in ax.get_yticklabels()] == [r"\$a\$", "b"]
    assert ax.get_ylim() == (-0.6, 1.6)


def test_categories_without_room_are_left_out(ax):
    set_axis(ax, "x", column(*[f"name {number:03}" for number in range(200)]))
    texts = [text.get_text() for text in ax.get_xticklabels()]
    assert 5 < len(texts) < 40
    assert texts[0] == "name 000"


def test_cells_stand_at_whole_numbers(ax):
    set_axis(ax, "x", column(0.001, 0.01), cells=["0.001", "0.01"])
    assert (ax.get_xscale(), ax.get_xlim()) == ("linear", (-0.5, 1.5))
    assert ax.get_xticks().tolist() == [0, 1]


def test_a_text_stands_off_its_colour():
    assert [text_colour(colour) for colour in ("white", "black", "#00204c", "#ffe945")] == [
        "black",
        "white",
        "white",
        "black",
    ]


def test_long_texts_lose_their_middle():
    assert shortened("abcdefghij", 5) == "ab…ij"
    assert shortened("abc", 5) == "abc"


def test_names_that_are_cut_stay_apart(ax):
    places, texts = ticks_of(column("DecisionTree(seed=0)", "DecisionTree(seed=1)", "Forest()"), 12)
    assert (places.tolist(), texts) == ([0, 1, 2], ["Dec…seed=0)", "Dec…seed=1)", "Forest()"])
    set_axis(ax, "y", column("LogisticRegression(C=1)", "SVC(C=1)"))
    assert [text.get_text() for text in ax.get_yticklabels()] == ["LogisticRegre…", "SVC(C=1)"]


def test_a_label_is_as_long_as_its_axis():
    figure, axes = plt.subplots(1, 2, figsize=(3, 2))
    set_axis(axes[0], "x", hyperparameters_of([{"a" * 40: one} for one in (1, 2, 5)])[0])
    assert axes[0].get_xlabel() == f"{'a' * 8}…{'a' * 9}"
    plt.close(figure)


def test_large_numbers_stand_whole_at_their_ticks(ax):
    set_axis(ax, "x", column(*range(2147483640, 2147483660)))
    ax.set_xlim(2147483640, 2147483660)
    ax.figure.draw_without_rendering()
    assert [text.get_text() for text in ax.get_xticklabels()] == [
        "2147483640",
        "2147483650",
        "2147483660",
    ]
    assert ax.xaxis.get_offset_text().get_text() == ""
