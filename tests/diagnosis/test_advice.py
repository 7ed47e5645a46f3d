"""Advice names parameters with usual values, in the order of the literature, and nothing in use."""

from __future__ import annotations

import re

import pytest

from skdl.diagnosis.advice import (
    Setup,
    against_divergence,
    against_failed_candidates,
    against_few_epochs,
    against_instability,
    against_overfitting,
    against_underfitting,
)
from skdl.networks.mlp import OF_REGRESSOR

ALL = [
    against_divergence,
    against_failed_candidates,
    against_few_epochs,
    against_instability,
    against_overfitting,
    against_underfitting,
]
DEFAULTS = OF_REGRESSOR.defaults
# Every means is in use, as far as it goes.
ALL_IN_USE = {
    **DEFAULTS,
    "early_stopping": True,
    "reduce_lr_patience": 5,
    "warmup": 0.1,
    "clipnorm": 1.0,
    "learning_rate_schedule": "cosine",
    "batch_size": 256,
    "dropout": 0.5,
    "weight_decay": 0.1,
    "gaussian_noise": 0.1,
    "mixup": 0.2,
    "label_smoothing": 0.1,
}


def heads(advice):
    """The first word of each piece of advice: mostly a parameter."""
    return [re.split(r"[= ]", line)[0] for line in advice]


@pytest.mark.parametrize("advise", ALL)
def test_every_parameter_that_is_named_exists(advise):
    known = {*DEFAULTS, "label_smoothing"}
    others = {"StandardScaler()", "TransformedTargetRegressor(...,", "less", "more"}
    for params in ({}, DEFAULTS, ALL_IN_USE, {**DEFAULTS, "hidden_layer_sizes": (64, 32)}):
        for setup in (Setup(params), Setup(params, classifier=False, y_is_scaled=False)):
            assert set(heads(advise(setup))) <= known | others | {"units"}


def test_the_learning_rate_comes_first():
    for advise in (against_divergence, against_instability, against_underfitting):
        assert heads(advise(Setup(DEFAULTS)))[0] == "learning_rate"


def test_the_order_against_overfitting():
    assert heads(
        against_overfitting(Setup({**DEFAULTS, "label_smoothing": 0.0, "n_layers": 2}))
    ) == [
        "early_stopping",
        "dropout",
        "weight_decay",
        "gaussian_noise",
        "mixup",
        "label_smoothing",
        "more",
        "units",
        "n_layers",
    ]


def test_what_is_in_use_is_not_recommended():
    setup = Setup(ALL_IN_USE, scaled=True)
    assert heads(against_divergence(setup)) == ["learning_rate"]
    assert heads(against_instability(setup)) == ["learning_rate"]
    assert heads(against_few_epochs(setup)) == ["epochs", "learning_rate"]
    assert heads(against_overfitting(setup)) == ["more", "units"]
    assert heads(against_underfitting(setup)) == ["learning_rate", "less", "units", "n_layers"]


def test_regularisation_in_use_is_lowered_before_the_network_grows():
    advice = against_underfitting(Setup({**DEFAULTS, "l2": 0.3, "dropout": 0.5}))
    assert advice[1] == "less regularisation: dropout=0.2 or 0 (now 0.5), l2=0.03 or 0 (now 0.3)"


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (10.0, "learning_rate=0.003 to 0.03 (now 10)"),
        (0.03, "learning_rate=0.001 to 0.01 (now 0.03)"),
        (0.002, "learning_rate=0.0001 to 0.1 on a log scale (now 0.002)"),
        (1e-5, "learning_rate=3e-05 to 0.03 on a log scale (now 1e-05)"),
    ],
)
def test_a_rate_is_lowered_raised_or_searched_by_where_it_is(rate, said):
    assert against_underfitting(Setup({"learning_rate": rate}))[0].startswith(said)


def test_more_dropout_and_decay_go_on_from_what_is_there():
    advice = against_overfitting(Setup({**DEFAULTS, "dropout": 0.2, "weight_decay": 0.001}))
    assert "dropout=0.3 to 0.5 (now 0.2)" in advice
    assert "weight_decay=0.01 (now 0.001)" in advice


def test_sizes_of_layers_are_changed_where_they_are_given():
    setup = Setup({**DEFAULTS, "hidden_layer_sizes": (64, 1)})
    assert "hidden_layer_sizes=(32, 1) (now (64, 1))" in against_overfitting(setup)
    assert any(
        line.startswith("hidden_layer_sizes=(128, 2)") for line in against_underfitting(setup)
    )


def test_a_build_function_is_advised_by_its_own_names():
    setup = Setup(
        {"model__units": 16, "optimizer__learning_rate": 0.1, "early_stopping": False},
        ready=False,
    )
    assert against_divergence(setup)[0].startswith(
        "optimizer__learning_rate=0.003 to 0.03 (now 0.1)"
    )
    rate, *advice = against_overfitting(setup)
    assert rate.startswith("optimizer__learning_rate=")  # so high a one is the first suspect
    assert advice[0].startswith("early_stopping=True with patience=10 and validation_split=0.2")
    assert advice[1].startswith("a keras.layers.Dropout")
    assert "optimizer__weight_decay=0.0001 to 0.1" in advice
    assert "model__units=4 to 8 (now 16)" in advice
    assert not any("gaussian_noise" in line or "label_smoothing" in line for line in advice)


def test_the_rate_of_a_made_optimizer_is_known_too():
    setup = Setup({}, ready=False, given_rate=0.5)
    assert against_instability(setup)[0].startswith(
        "optimizer__learning_rate=0.003 to 0.03 (now 0.5)"
    )


def test_a_target_far_from_scale_one_is_scaled_first():
    setup = Setup(DEFAULTS, classifier=False, y_is_scaled=False)
    assert heads(against_underfitting(setup))[:2] == [
        "TransformedTargetRegressor(...,",
        "learning_rate",
    ]


def test_time_that_was_up_is_raised_and_not_the_epochs():
    setup = Setup({**DEFAULTS, "max_seconds": 2.0}, timed_out=True)
    assert against_few_epochs(setup)[0] == "max_seconds higher (now 2), or None"


def test_nothing_is_known_of_a_search_whose_rates_do_not_tell():
    assert against_failed_candidates(Setup())[0] == "learning_rate lower in the search"
