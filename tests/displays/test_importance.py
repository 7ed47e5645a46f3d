"""Importances are shown with what they are worth, and as too few to tell where they are worth nothing."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from skdl import ImportanceDisplay
from skdl.displays.drawing.style import BLUE
from skdl.displays.statistics.forest_importance import Evidence
from skdl.exceptions import InvalidParameterError
from tests.made_up_results import halving, odd, results


def params(n_candidates):
    rng = np.random.default_rng(0)
    return [
        {"net__rate": 10.0**rate, "units": int(units), "kind": str(kind)}
        for rate, units, kind in zip(
            rng.uniform(-4, 0, n_candidates),
            rng.integers(8, 256, n_candidates),
            rng.choice(list("xyz"), n_candidates),
            strict=True,
        )
    ]


@pytest.fixture(scope="module")
def clear():
    """The rate alone makes the score, but for one candidate that failed and one that diverged."""
    tried = params(40)
    means = np.array([-np.abs(np.log10(one["net__rate"]) + 2) for one in tried])
    means[7], means[11] = np.nan, -1e9
    return ImportanceDisplay(results(tried, means))


@pytest.fixture(scope="module")
def noise():
    return ImportanceDisplay(results(params(20), np.random.default_rng(1).random(20)))


def test_what_matters_is_told(clear):
    assert clear.enough
    assert clear.reason == ""
    assert [one.name for one in clear.hyperparameters_][0] == "net__rate"
    assert clear.told_.tolist() == [True, False, False]
    assert (clear.n_candidates_, clear.p_value_) == (39, 0.025)
    assert clear.importances_[0] > 0.5 > clear.chance_ > 0
    assert clear.explained_ > 0.5
    assert (np.diff(clear.importances_) <= 0).all()
    assert repr(clear) == ("ImportanceDisplay(told=['rate'], enough=True, method='permutation')")


def test_intervals_lie_about_the_importances(clear):
    np.testing.assert_allclose((clear.low_ + clear.high_) / 2, clear.importances_)
    assert (clear.low_ < clear.high_).all()
    assert clear.low_[0] > clear.high_[1]


@pytest.mark.further
def test_noise_is_too_few_to_tell(noise):
    assert not noise.enough
    assert noise.reason.startswith("too few to tell, or nothing matters: a forest explains")
    assert "of 20 candidates" in noise.reason
    assert not noise.told_.any()
    assert noise.p_value_ > 0.05


def test_bars_are_blue_where_they_are_told(clear):
    ax = clear.plot().ax_
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], clear.importances_)
    assert [to_hex(bar.get_facecolor()) == BLUE.lower() for bar in ax.patches] == [
        True,
        False,
        False,
    ]
    assert [text.get_text() for text in ax.get_yticklabels()][0] == "rate"
    (chance,) = (line for line in ax.lines if line.get_gid() == "chance")
    assert chance.get_xdata() == [clear.chance_] * 2
    assert ax.get_title(loc="left").startswith("A forest explains")


@pytest.mark.further
def test_there_are_no_bars_where_nothing_is_told(noise):
    ax = noise.plot().ax_
    assert not ax.patches
    title = ax.get_title(loc="left").replace("\n", " ")
    assert title.startswith("Too few to tell, or nothing matters (20 candidates, out-of-bag R²")
    assert f"p = {noise.p_value_:.2g}" in title


@pytest.mark.further
def test_the_frame_says_all_of_it(clear, noise):
    found = clear.frame()
    assert found["hyperparameter"].tolist() == [one.name for one in clear.hyperparameters_]
    for name in ("importance", "low", "high", "told"):
        attribute = {"importance": "importances_"}.get(name, f"{name}_")
        assert found[name].tolist() == getattr(clear, attribute).tolist()
    assert set(found["method"]) == {"permutation"}
    few = noise.frame()
    assert few["enough"].tolist() == [False] * 3
    assert few["reason"].tolist() == [noise.reason] * 3


@pytest.mark.further
def test_the_same_seed_gives_the_same_numbers():
    found = results(params(6), np.arange(6.0))
    one, same = ImportanceDisplay(found), ImportanceDisplay(found, random_state=0)
    np.testing.assert_array_equal(one.importances_, same.importances_)
    np.testing.assert_array_equal(one.low_, same.low_)
    other = ImportanceDisplay(found, random_state=1)
    assert other.explained_ != one.explained_


@pytest.mark.parametrize(
    ("tried", "means", "reason"),
    [
        (params(5), [0.5] * 5, "nothing to tell: all 5 candidates have the same score"),
        (params(2), [0.5, np.nan], "too few to tell: there is 1 candidate with a score"),
        (params(2), [0.5, 0.6], "too few to tell"),
        (
            [{"a": 1}, {"a": 1}, {"a": 2}],
            [0.1, 0.2, np.nan],
            "nothing to tell: 2 candidates without a failed fit have the same hyperparameters",
        ),
    ],
)
def test_very_few_have_a_reason_and_a_picture(tried, means, reason):
    display = ImportanceDisplay(results(tried, means)).plot()
    assert display.reason.startswith(reason)
    assert not display.told_.any()
    display.figure_.canvas.draw()
    assert len(display.frame()) == len(display.hyperparameters_)


@pytest.mark.further
def test_numbers_that_agree_in_three_digits_are_told():
    close = np.random.default_rng(0).permutation(np.linspace(100, 100.4, 12))
    found = ImportanceDisplay(results([{"a": float(one)} for one in close], close - 100))
    assert (found.enough, found.told_.tolist()) == (True, [True])


def test_a_value_that_only_failed_candidates_have_does_not_vary():
    tried = [{"a": 1}] * 6 + [{"a": 2}]
    found = ImportanceDisplay(results(tried, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, np.nan]))
    assert found.reason.startswith(
        "nothing to tell: 6 candidates without a failed fit have the same"
    )
    assert len(found.importances_) == 0


@pytest.mark.further
def test_of_a_halving_the_first_iteration_counts():
    assert ImportanceDisplay(halving()).n_candidates_ == 4


@pytest.mark.further
def test_odd_names_and_values_are_drawn_as_they_stand():
    _, ax = plt.subplots(figsize=(3.3, 2.6), layout="constrained")
    display = ImportanceDisplay(odd()).plot(ax)
    display.figure_.canvas.draw()
    assert display.ax_ is ax
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert max(map(len, names)) < 32
    assert any(r"\$odd\$" in name for name in names)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "fanowa"}, "Did you mean 'fanova'"),
        ({"random_state": None}, "random_state=None is not accepted"),
    ],
)
def test_wrong_options_are_errors(options, words):
    with pytest.raises(InvalidParameterError, match=words):
        ImportanceDisplay(halving(), **options)


def test_nothing_that_varies_is_an_error():
    with pytest.raises(InvalidParameterError, match="no hyperparameter varies"):
        ImportanceDisplay(results([{"a": 1}], [0.5]))


@pytest.mark.further
def test_five_candidates_have_no_intervals():
    display = ImportanceDisplay(results(params(5), np.arange(5.0))).plot()
    assert np.isnan(display.low_).all()
    assert np.isnan(display.high_).all()
    assert np.isfinite(display.importances_).all()


def test_a_forest_that_explains_nothing_is_not_said_to_be_no_better_than_chance():
    # Shuffled scores are explained even less well.
    evidence = Evidence(np.array([0.1]), -0.04, 0.025, 0.3, np.array([False]))
    assert ImportanceDisplay._reason(evidence, np.arange(15.0)) == (
        "too few to tell: a forest predicts the scores of 15 candidates no better than their mean does "
        "(out-of-bag R² = -0.04)"
    )
