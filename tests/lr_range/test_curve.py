"""What a range test makes of its losses: exact answers on curves that are made up, and a picture of them."""

import builtins
import pickle

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdl import LRRangeTest
from skdl.exceptions import InvalidParameterError

RATES = np.logspace(-4, 0, 21)


def summary(*losses, rates=RATES, smoothing=0.0, **settings):
    return LRRangeTest(learning_rates=rates, losses=losses, smoothing=smoothing, **settings)


def falling(start=2.0, lowest=1.0, up=5):
    """Flat for five steps, ten steps down, and up again by 0.1 a step."""
    return np.concatenate(
        [np.full(5, start), np.linspace(start, lowest, 11), lowest + 0.1 * np.arange(1, up + 1)]
    )


def test_the_suggestion_is_at_four_fifths_of_the_fall():
    test = summary(falling())
    assert test.suggestion_ == RATES[5 + 8]
    assert test.diverged_at_ is None
    assert test.advice_ == ""
    np.testing.assert_array_equal(test.smoothed_loss_, falling())


@pytest.mark.parametrize("start", [1.0, 0.0, -1.0, 1e6])
def test_it_asks_for_differences_alone(start):
    assert summary(falling(start, start - 1)).suggestion_ == RATES[13]


def test_a_rise_before_the_fall_is_no_part_of_it():
    hump = falling()
    hump[1:4] = 2.5
    assert summary(hump).suggestion_ == RATES[13]


def test_the_mean_of_repeats_decides():
    test = summary(falling() + 0.5, falling() - 0.5)
    np.testing.assert_allclose(test.smoothed_loss_, falling())
    assert test.suggestion_ == RATES[13]


def test_smoothing_weighs_neighbours_of_both_sides():
    rng = np.random.default_rng(0)
    losses = 10 + rng.normal(size=(3, 21))
    distance = np.abs(np.subtract.outer(np.arange(21), np.arange(21)))
    weights = 0.7**distance
    expected = weights @ losses.mean(axis=0) / weights.sum(axis=1)
    np.testing.assert_allclose(summary(*losses, smoothing=0.7).smoothed_loss_, expected)


def test_the_smoothed_curve_does_not_lag():
    line = np.linspace(3, 1, 201)
    test = summary(line, rates=np.geomspace(1e-4, 1, 201), smoothing=0.8)
    np.testing.assert_allclose(test.smoothed_loss_[50:-50], line[50:-50], rtol=1e-4)


@pytest.mark.parametrize("start", [1.0, -1.0])
def test_a_loss_diverges_when_it_exceeds_its_start_by_three_times_its_size(start):
    losses = falling(start, start - 0.5)
    losses[18:] = start + 3.0
    assert summary(losses).diverged_at_ is None
    losses[20] += 1e-9
    test = summary(losses)
    # It began with the first step that was above the start.
    assert test.diverged_at_ == RATES[18]
    assert np.isnan(test.losses_[0, 18:]).all()
    np.testing.assert_array_equal(test.losses_[0, :18], losses[:18])
    assert summary(losses, stop_factor=5.0).diverged_at_ is None
    assert summary(losses, stop_factor=1.1).diverged_at_ == RATES[18]


@pytest.mark.parametrize("last", [np.nan, np.inf, 1e300])
def test_a_loss_that_is_no_number_has_diverged(last):
    losses = falling()
    losses[19:] = last
    test = summary(losses)
    assert test.diverged_at_ == RATES[19]
    assert test.suggestion_ == RATES[13]


def test_one_high_batch_is_no_divergence():
    losses = falling()
    losses[12] = 15.0
    assert summary(losses, smoothing=0.8).diverged_at_ is None


def test_the_curve_ends_where_the_first_repeat_does():
    first, second = falling(), falling()
    first[19:], second[17:] = np.inf, np.inf
    test = summary(first, second)
    assert test.diverged_at_ == RATES[17]
    assert np.isnan(test.smoothed_loss_[17:]).all()
    assert np.isfinite(test.smoothed_loss_[:17]).all()
    assert np.isfinite(test.losses_).sum(axis=1).tolist() == [19, 17]


@pytest.mark.parametrize(
    ("losses", "advice"),
    [
        (np.full(21, 2.0), "raise max_lr; if"),
        (np.linspace(1, 3, 21), "raise max_lr; if"),
        (np.full(21, np.nan), "lower min_lr; if"),
        (2.0 ** np.arange(21), "lower min_lr; if"),
        (np.random.default_rng(0).normal(2, 1, 21), "raise max_lr; if"),
    ],
    ids=["flat", "rising", "nothing", "diverging", "noise"],
)
def test_without_a_fall_there_is_no_suggestion(losses, advice):
    test = summary(losses, smoothing=0.8)
    assert np.isnan(test.suggestion_)
    assert test.advice_.startswith(advice)


def test_a_range_that_ends_in_the_middle_of_the_fall():
    test = summary(falling(up=0), rates=RATES[:16])
    assert test.advice_ == "raise max_lr"
    assert test.suggestion_ == RATES[13]
    ended = np.append(falling(up=0), [1.0, 0.999])
    assert summary(ended, rates=RATES[:18]).advice_ == ""


@given(
    st.lists(
        st.floats(-1e3, 1e3) | st.sampled_from([np.nan, np.inf, 1e30]), min_size=20, max_size=60
    ),
    st.sampled_from([0.0, 0.5, 0.9]),
    st.floats(0.5, 100),
)
def test_whatever_the_losses(values, smoothing, scale):
    losses = np.array(values[: len(values) // 2 * 2]).reshape(2, -1)
    rates = np.geomspace(1e-5, 1, losses.shape[1])
    test = summary(*losses, rates=rates, smoothing=smoothing)
    kept = np.isfinite(test.losses_)
    assert (np.diff(kept.astype(int), axis=1) <= 0).all()
    np.testing.assert_array_equal(test.losses_[kept], losses[kept])
    assert (np.isfinite(test.smoothed_loss_) == kept.all(axis=0)).all()
    assert np.isnan(test.suggestion_) == test.advice_.startswith(("raise max_lr;", "lower min_lr;"))
    if test.suggestion_ > 0:
        lowest = rates[np.nanargmin(test.smoothed_loss_)]
        assert test.suggestion_ <= lowest < (test.diverged_at_ or np.inf)
    # Powers of two leave all bits of a fraction as they are.
    factor = 2.0 ** round(np.log2(scale))
    scaled = summary(*(losses * factor), rates=rates, smoothing=smoothing)
    np.testing.assert_array_equal(scaled.suggestion_, test.suggestion_)


@pytest.fixture
def drawn():
    backend = mpl.get_backend()
    mpl.use("agg")
    second = falling() + 0.2
    second[18:] = np.inf
    yield summary(falling(), second)
    plt.close("all")
    mpl.use(backend)


def test_the_picture_shows_the_numbers(drawn):
    test = drawn.plot()
    assert test is drawn
    assert test.figure_ is test.ax_.figure
    first, second, mean, suggestion, diverged = test.ax_.lines
    for line, numbers in zip(
        (first, second, mean), (*test.losses_, test.smoothed_loss_), strict=True
    ):
        np.testing.assert_array_equal(line.get_xdata(), RATES)
        np.testing.assert_array_equal(line.get_ydata(), numbers)
    assert list(suggestion.get_xdata()) == [test.suggestion_] * 2
    assert list(diverged.get_xdata()) == [test.diverged_at_] * 2
    assert first.get_linewidth() < mean.get_linewidth()
    assert first.get_color() == second.get_color() != mean.get_color()
    assert test.ax_.get_xscale() == "log"
    assert test.ax_.get_xlim() == (RATES[0], RATES[-1])
    assert test.ax_.get_xlabel() == "learning rate"
    assert test.ax_.get_ylabel() == "training loss of a batch"
    assert [text.get_text() for text in test.ax_.get_legend().get_texts()] == [
        "each of 2 repeats",
        "smoothed mean",
        "suggestion: 0.04",
        "diverged at 0.4",
    ]


def test_what_explodes_leaves_the_picture_at_the_top(drawn):
    drawn.losses_[0, -1] = 1e9
    low, high = drawn.plot().ax_.get_ylim()
    assert low < 1.0
    assert 2.2 < high < 2.5


def test_it_draws_into_given_axes_and_without_a_suggestion(drawn):
    _, axes = plt.subplots(1, 2)
    assert drawn.plot(ax=axes[1]).ax_ is axes[1]
    assert not axes[0].lines
    flat = summary(np.full(21, 2.0)).plot(axes[0])
    assert len(flat.ax_.lines) == 2
    assert flat.ax_.get_legend().get_texts()[0].get_text() == "losses"
    assert len(plt.get_fignums()) == 1


def test_it_is_pickled_before_and_after_it_is_drawn(drawn):
    for _ in range(2):
        again = pickle.loads(pickle.dumps(drawn))
        assert again.suggestion_ == drawn.suggestion_
        np.testing.assert_array_equal(again.losses_, drawn.losses_)
        drawn.plot()


def test_the_table_has_a_row_for_each_step():
    pytest.importorskip("pandas")
    test = summary(falling(), falling() + 0.2)
    table = test.frame()
    assert table.columns.tolist() == ["learning_rate", "smoothed_loss", "loss_0", "loss_1"]
    np.testing.assert_array_equal(table["learning_rate"], RATES)
    np.testing.assert_array_equal(table["smoothed_loss"], test.smoothed_loss_)
    np.testing.assert_array_equal(table[["loss_0", "loss_1"]].to_numpy().T, test.losses_)


def test_a_table_without_pandas_says_what_to_do(monkeypatch):
    plain = builtins.__import__

    def without_pandas(name, *args, **kwargs):
        if name == "pandas":
            raise ImportError(name)
        return plain(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(ImportError, match="Got no pandas.*pip install pandas"):
        summary(falling()).frame()


def test_it_shows_itself():
    assert repr(summary(falling())) == (
        "LRRangeTest(suggestion_=0.0398, diverged_at_=None, n_repeats=1, n_steps=21)"
    )


def test_what_it_is_given_stays_as_it_is():
    losses = np.array([falling()])
    losses[0, -1] = np.inf
    before = losses.copy()
    LRRangeTest(learning_rates=RATES, losses=losses)
    np.testing.assert_array_equal(losses, before)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"losses": falling()}, r"Got the shapes \(21,\) and \(21,\).* a row of losses for each"),
        ({"losses": [falling()[:-1]]}, r"Got the shapes \(1, 20\) and \(21,\)"),
        ({"smoothing": -0.1}, "LRRangeTest: smoothing=-0.1 is out of range"),
        ({"stop_factor": "4"}, "LRRangeTest: stop_factor='4' is not accepted"),
    ],
)
def test_what_it_cannot_take(settings, words):
    with pytest.raises(InvalidParameterError, match=words):
        LRRangeTest(**{"learning_rates": RATES, "losses": [falling()], **settings})
