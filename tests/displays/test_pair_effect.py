"""Two hyperparameters and the score: cells of a grid, a surface of samples, strips of categories."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from sklearn.model_selection import ParameterGrid

from skdl import PairEffectDisplay
from skdl.exceptions import InvalidParameterError
from tests.made_up_results import halving, odd, results

# In the order of the grid: "a" is the slowest and "seed" the fastest.
GRID = list(ParameterGrid({"a": [1, 2, 3], "net__rate": [0.01, 100.0], "seed": [0, 1]}))
MEANS = np.arange(12) / 20
RNG = np.random.default_rng(0)


def artist(display, gid):
    found = [one for one in display.ax_.collections if one.get_gid() == gid]
    return found[0] if found else None


def test_a_cell_is_the_mean_over_the_others():
    display = PairEffectDisplay(results(GRID, MEANS), pair=("a", "rate"))
    assert display.is_grid_
    expected = MEANS.reshape(3, 2, 2).mean(axis=2).T
    np.testing.assert_allclose(display.means_, expected)
    assert display.counts_.tolist() == [[2] * 3] * 2
    display.plot()
    assert display.ax_.get_title(loc="left") == "Each cell: mean of 2 candidates"
    (cells,) = (one for one in display.ax_.collections if one.get_array() is not None)
    np.testing.assert_allclose(cells.get_array(), expected)
    assert [text.get_text() for text in display.ax_.texts] == [
        f"{mean:.3f}" for mean in expected.ravel()
    ]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("a", "rate")
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == ["0.01", "100"]


def test_the_cell_of_the_best_candidate_is_marked():
    display = PairEffectDisplay(results(GRID, MEANS), pair=("a", "rate")).plot()
    x, y = artist(display, "best").get_offsets()[0]
    assert (round(x), round(y)) == (2, 1)
    bold = [text for text in display.ax_.texts if text.get_weight() == "bold"]
    assert [text.get_position() for text in bold] == [(2, 1)]


def test_numbers_stand_off_the_colours_of_their_cells():
    display = PairEffectDisplay(results(GRID, MEANS), pair=("a", "rate")).plot()
    colours = {text.get_text(): to_hex(text.get_color()) for text in display.ax_.texts}
    assert colours["0.025"] == "#ffffff"  # on the dark end of the colours
    assert colours["0.525"] == "#000000"


def test_cells_without_a_score_say_why():
    params = [{"a": a, "b": b} for a in ("x", "y") for b in ("u", "v")][:3]
    display = PairEffectDisplay(results(params, [0.5, np.nan, 0.7])).plot()
    np.testing.assert_allclose(display.means_, [[0.5, 0.7], [np.nan, np.nan]])
    # The one at (x, v) failed, the one at (y, v) was not tried.
    assert [text.get_text() for text in display.ax_.texts] == ["0.500", "0.700", "×"]
    found = display.frame()
    assert found["n_candidates"].tolist() == [1, 1, 0, 0]
    assert found["n_failed"].tolist() == [0, 0, 1, 0]


def test_the_frame_of_a_grid_has_a_row_for_each_cell():
    display = PairEffectDisplay(results(GRID, MEANS), pair=("a", "rate"))
    found = display.frame()
    assert found.columns.tolist() == [
        "param_a",
        "param_net__rate",
        "score",
        "n_candidates",
        "n_failed",
    ]
    assert found["param_a"].tolist() == [1, 2, 3] * 2
    assert found["param_net__rate"].tolist() == [0.01] * 3 + [100.0] * 3
    np.testing.assert_allclose(found["score"], display.means_.ravel())


def test_samples_are_points_over_a_surface():
    rates, units = 10 ** RNG.uniform(-4, 0, 40), RNG.uniform(10, 50, 40)
    params = [{"rate": rate, "units": unit} for rate, unit in zip(rates, units, strict=True)]
    means = np.log10(rates) + units / 10
    display = PairEffectDisplay(results(params, means)).plot()
    assert not display.is_grid_
    assert display.ax_.get_xscale() == "log"
    points = artist(display, "candidates")
    np.testing.assert_allclose(points.get_offsets(), np.column_stack([rates, units]))
    np.testing.assert_allclose(points.get_array(), means)
    assert artist(display, "surface") is not None
    assert display.frame()["candidate"].tolist() == list(range(40))


def test_samples_on_a_line_have_no_surface():
    params = [{"a": value, "b": 2 * value} for value in RNG.uniform(size=8)]
    display = PairEffectDisplay(results(params, np.arange(8.0))).plot()
    assert artist(display, "surface") is None
    assert len(artist(display, "candidates").get_offsets()) == 8


@pytest.mark.parametrize("pair", [("rate", "kind"), ("kind", "rate")])
def test_a_category_is_a_strip_along_the_other(pair):
    rates = 10 ** RNG.uniform(-4, 0, 21)
    params = [{"rate": rate, "kind": "xyz"[row % 3]} for row, rate in enumerate(rates)]
    # Linear in the logarithm: so is what is interpolated.
    means = 20 + np.log10(rates) * (1 + np.arange(21) % 3)
    display = PairEffectDisplay(results(params, means), pair=pair).plot()
    strips = [one for one in display.ax_.collections if one.get_gid() == "strip"]
    assert len(strips) == 3
    along = pair.index("rate")
    for code, strip in enumerate(strips):
        corners = strip.get_coordinates()
        edges = np.unique(corners[..., along])
        middles = np.sqrt(edges[1:] * edges[:-1])
        np.testing.assert_allclose(
            np.ravel(strip.get_array()), 20 + np.log10(middles) * (1 + code), rtol=1e-9
        )
        own = rates[code::3]
        np.testing.assert_allclose([edges[0], edges[-1]], [own.min(), own.max()])
        np.testing.assert_allclose(np.unique(corners[..., 1 - along]), [code - 0.4, code + 0.4])


def test_without_a_pair_it_shows_the_two_that_matter():
    params = [{"a": a, "b": b, "c": c} for a, b, c in RNG.uniform(size=(60, 3))]
    display = PairEffectDisplay(results(params, [one["c"] + one["b"] for one in params]))
    assert (display.x_.name, display.y_.name) == ("b", "c")
    noise = PairEffectDisplay(results(params, RNG.uniform(size=60)))
    assert (noise.x_.name, noise.y_.name) == ("a", "b")


def test_without_a_pair_it_shows_two_that_vary_together():
    # "a" decides nearly all and "c" the rest, and no candidate has both; "kind" does not vary beside them.
    first = [{"kind": "A", "a": a, "b": b} for a in (1, 2, 3, 4) for b in (1, 2, 3)]
    second = [{"kind": "C", "c": c} for c in range(12)]
    means = [one["a"] + 0.1 * one["b"] for one in first] + [0.3 * one["c"] for one in second]
    display = PairEffectDisplay(results(first + second, means))
    assert (display.x_.name, display.y_.name) == ("a", "b")


def test_of_a_halving_the_first_iteration_is_shown():
    display = PairEffectDisplay(halving()).plot()
    np.testing.assert_allclose(display.means_, [[0.1, 0.2], [0.3, 0.4]])
    # The best of all, (1, 0.2), got there with more resources.
    x, y = artist(display, "best").get_offsets()[0]
    assert (round(x), round(y)) == (0, 1)


def test_scores_far_below_do_not_rule_the_colours():
    means = np.linspace(0.5, 0.9, 12)
    means[0] = -1e9
    display = PairEffectDisplay(results(GRID, means), pair=("a", "seed")).plot()
    (cells,) = (one for one in display.ax_.collections if one.get_array() is not None)
    assert cells.norm.vmin > 0


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("a", "Got str, expected a tuple of two names"),
        (("a",), "Got tuple, expected a tuple of two names.*pair=\\('a', 'rate'\\)"),
        (("a", "rat"), "Got 'rat'.*Did you mean 'rate'"),
        (("a", "a"), "one hyperparameter twice"),
    ],
)
def test_a_wrong_pair_is_an_error(pair, words):
    with pytest.raises(InvalidParameterError, match=words):
        PairEffectDisplay(results(GRID, MEANS), pair=pair)


def test_two_of_different_grids_do_not_meet():
    found = results([{"a": 1}, {"a": 2}, {"b": 1}, {"b": 2}], [0.1, 0.2, 0.3, 0.4])
    with pytest.raises(InvalidParameterError, match="'a' and 'b' do not meet"):
        PairEffectDisplay(found)


def test_one_hyperparameter_is_an_error():
    with pytest.raises(InvalidParameterError, match="use SearchSpaceDisplay"):
        PairEffectDisplay(results([{"a": 1}, {"a": 2}], [0.1, 0.2]))


def test_odd_names_and_values_are_drawn_as_they_stand():
    display = PairEffectDisplay(odd(), pair=(odd().hyperparameters[0].name, "b")).plot()
    display.figure_.canvas.draw()
    assert r"\$x_1\$" in [text.get_text() for text in display.ax_.get_xticklabels()]
    assert np.isnan(display.means_).sum() == 1
    assert len(display.frame()) == 40


def test_samples_that_lie_close_are_no_grid():
    params = [{"a": 0.1 + a / 1000, "b": b} for a, b in RNG.uniform(size=(30, 2))]
    assert not PairEffectDisplay(results(params, np.arange(30.0))).is_grid_


def test_negative_losses_that_spread_by_factors_have_logarithmic_colours():
    losses = -(10.0 ** np.arange(-6, 6))
    cells = PairEffectDisplay(results(GRID, losses, std=0), pair=("a", "rate")).plot()
    (image,) = (one for one in cells.ax_.collections if one.get_array() is not None)
    assert (image.norm.vmin, image.norm.vmax) == (cells.means_.min(), cells.means_.max())
    assert [text.get_text() for text in cells.ax_.texts][:2] == ["-5.5e-06", "-0.055"]
    places = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.3, 0.9), (0.6, 0.2)]
    params = [{"a": a, "b": b} for a, b in places]
    # Its logarithm is a plane, and the surface is interpolated in it.
    plane = PairEffectDisplay(
        results(params, [-(10 ** (one["a"] * 4)) for one in params], std=0)
    ).plot()
    surface = artist(plane, "surface")
    middles = (np.arange(80) / 79)[None, :].repeat(80, axis=0)
    np.testing.assert_allclose(surface.get_array(), -(10 ** (4 * middles)), rtol=1e-9)


def test_the_name_of_a_score_is_as_long_as_its_bar():
    figure, ax = plt.subplots(figsize=(3.3, 2.6), layout="constrained")
    splits = {f"split{k}_test_neg_mean_squared_log_error": -MEANS for k in range(2)}
    columns = {"params": GRID, **splits}
    display = PairEffectDisplay.from_cv_results(columns, ax=ax)
    bar = figure.axes[1]
    figure.draw_without_rendering()
    label = bar.yaxis.label.get_window_extent()
    assert label.height <= figure.bbox.height
    assert bar.get_ylabel() == "negative mean squared log error,\nmean of 2 folds"
    assert display.ax_ is ax
