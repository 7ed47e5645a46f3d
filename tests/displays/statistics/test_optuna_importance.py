"""Optuna's importances are those that Optuna computes, where it is installed."""

import logging
import sys

import numpy as np
import pytest

from skdl import ImportanceDisplay
from skdl.displays.statistics.optuna_importance import best_part, optuna_importances
from skdl.exceptions import InvalidParameterError
from tests.made_up_results import results

RNG = np.random.default_rng(0)
PARAMS = [
    {"rate": 10.0**rate, "units": int(units), "kind": str(kind)}
    for rate, units, kind in zip(
        RNG.uniform(-4, 0, 30), RNG.integers(8, 256, 30), RNG.choice(list("xyz"), 30), strict=True
    )
]
MEANS = np.array([-np.abs(np.log10(one["rate"]) + 2) for one in PARAMS])


def test_without_optuna_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"pip install 'skdl\[optuna\]'.*method='permutation'"):
        ImportanceDisplay(results(PARAMS, MEANS), method="fanova")


@pytest.fixture
def optuna():
    return pytest.importorskip("optuna")


def by_hand(optuna, evaluator):
    """The importances of a study that has the same trials, its rates as logarithms."""
    distributions = {
        "rate": optuna.distributions.FloatDistribution(-4, 0),
        "units": optuna.distributions.IntDistribution(8, 256),
        "kind": optuna.distributions.CategoricalDistribution(["x", "y", "z"]),
    }
    logs = np.log10([one["rate"] for one in PARAMS])
    units = [one["units"] for one in PARAMS]
    distributions["rate"] = optuna.distributions.FloatDistribution(logs.min(), logs.max())
    distributions["units"] = optuna.distributions.FloatDistribution(min(units), max(units))
    study = optuna.create_study(direction="maximize")
    for one, mean in zip(PARAMS, MEANS, strict=True):
        study.add_trial(
            optuna.trial.create_trial(
                params={**one, "rate": float(np.log10(one["rate"]))},
                distributions=distributions,
                value=mean,
            )
        )
    return optuna.importance.get_param_importances(study, evaluator=evaluator)


@pytest.mark.further
def test_fanova_is_optunas(optuna):
    expected = by_hand(optuna, optuna.importance.FanovaImportanceEvaluator(seed=3))
    display = ImportanceDisplay(results(PARAMS, MEANS), method="fanova", random_state=3)
    found = {
        one.name: value
        for one, value in zip(display.hyperparameters_, display.importances_, strict=True)
    }
    assert found == pytest.approx(expected)
    assert found["rate"] > 0.8
    assert np.isnan(display.low_).all()
    # What is told is the forest's, which knows what chance does.
    assert display.told_.tolist() == [True, False, False]


@pytest.mark.further
def test_ped_anova_is_optunas(optuna):
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=5 / 30)
    expected = by_hand(optuna, evaluator)
    display = ImportanceDisplay(results(PARAMS, MEANS), method="ped_anova")
    found = {
        one.name: value
        for one, value in zip(display.hyperparameters_, display.importances_, strict=True)
    }
    assert found == pytest.approx(expected)
    assert display.hyperparameters_[0].name == "rate"
    assert (display.low_ < display.importances_).all()
    assert "best 17%" in display.plot().ax_.get_xlabel().replace("\n", " ")


@pytest.mark.further
def test_noise_is_too_few_to_tell_by_optuna_too(optuna):
    noise = np.random.default_rng(1).random(12)
    display = ImportanceDisplay(results(PARAMS[:12], noise), method="ped_anova")
    assert display.importances_.sum() == pytest.approx(1)
    assert not display.enough


def test_optuna_keeps_its_level_of_logging_and_says_nothing(optuna, capfd):
    before = optuna.logging.get_verbosity()
    found = results(PARAMS, MEANS)
    optuna_importances("ped_anova", found.varied, np.arange(30), MEANS, 0)
    assert optuna.logging.get_verbosity() == before == logging.INFO
    assert capfd.readouterr() == ("", "")


@pytest.mark.further
def test_categories_may_be_absent_and_numbers_may_not(optuna):
    absent = [{**one, "more": row % 2} if row % 3 else one for row, one in enumerate(PARAMS)]
    with pytest.raises(InvalidParameterError, match="cannot use 'more'.*method='permutation'"):
        ImportanceDisplay(results(absent, MEANS), method="ped_anova")
    words = [{**one, "more": "ab"[row % 2]} if row % 3 else one for row, one in enumerate(PARAMS)]
    display = ImportanceDisplay(results(words, MEANS), method="ped_anova")
    assert len(display.importances_) == 4


def test_the_best_are_at_least_five():
    assert [best_part(count) for count in (200, 50, 25, 6)] == [0.1, 0.1, 0.2, 0.5]
