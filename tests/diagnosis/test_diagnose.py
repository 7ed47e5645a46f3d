"""`diagnose` finds in real networks on real data the fault that they were made to have, and no other cause.

The fits are real and small; each is far beyond its threshold, so that another machine finds the same.
"""

from __future__ import annotations

import pickle

import keras
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl
from skdl import MLPClassifier, StopReason, diagnose
from skdl.diagnosis import Fault
from skdl.exceptions import DivergedError
from tests import networks_for_tests
from tests.diagnosis.networks_for_diagnosis import diabetes, digits, network, regressor
from tests.selection import some


def faults(fitted, *data):
    return diagnose(fitted, *data).faults


# Each fault, made on purpose.


def test_steps_that_are_far_too_long_diverge():
    wild = network(optimizer="sgd", learning_rate=1e3, epochs=5, validation_split=None)
    with pytest.raises(DivergedError) as error:
        wild.fit(*digits())
    diagnosis = diagnose(error.value)
    assert diagnosis.faults == (Fault.DIVERGED,)
    assert diagnosis.missing == ()
    assert diagnosis.findings[0].advice[0].startswith("learning_rate=")
    assert str(diagnose(pickle.loads(pickle.dumps(error.value)))) == str(diagnosis)


def test_a_rate_that_is_too_high_is_unstable():
    clf = network(learning_rate=0.3, epochs=40).fit(*digits())
    diagnosis = diagnose(clf)
    assert diagnosis.faults[0] is Fault.UNSTABLE
    assert diagnosis.findings[0].advice[0].startswith("learning_rate=0.003 to 0.03 (now 0.3)")
    assert diagnose(clf.set_params(learning_rate=0.01).fit(*digits())).healthy


def test_two_epochs_are_too_few_and_many_are_not():
    clf = network(epochs=2).fit(*digits())
    diagnosis = diagnose(clf)
    assert diagnosis.faults[0] is Fault.TOO_FEW_EPOCHS
    assert diagnosis.findings[0].advice[0] == "epochs=10 or more (now 2)"
    assert clf.stop_reason_ is StopReason.STILL_IMPROVING
    assert diagnose(clf.set_params(epochs=60).fit(*digits())).healthy


def test_one_unit_underfits():
    clf = network(units=1, learning_rate=0.01, epochs=80, random_state=1).fit(*digits())
    diagnosis = diagnose(clf)
    assert diagnosis.faults == (Fault.UNDERFITTING,)
    assert "units=2 to 32 (now 1)" in diagnosis.findings[0].advice
    assert diagnosis.numbers["learnt_in_training"] < 0.45


REGULARISED = [
    {"l2": 1.0, "learning_rate": 0.005, "class_weight": "balanced"},
    {"dropout": 0.95, "units": 8, "patience": 60},
]


@pytest.mark.further
@pytest.mark.parametrize("params", REGULARISED, ids=str)
def test_too_much_regularisation_underfits(params):
    clf = network(**{"epochs": 100, "early_stopping": True, **params}).fit(*digits())
    diagnosis = diagnose(clf)
    assert Fault.UNDERFITTING in diagnosis.faults
    assert Fault.OVERFITTING not in diagnosis.faults
    assert f"{next(iter(params))}=" in diagnosis.findings[-1].advice[1]


def test_a_network_on_sixty_rows_overfits():
    X, y = digits(600)
    clf = network(epochs=60).fit(X[:60], y[:60], X_val=X[60:260], y_val=y[60:260])
    diagnosis = diagnose(clf)
    assert diagnosis.faults == (Fault.OVERFITTING,)
    assert diagnosis.findings[0].advice[0].startswith("early_stopping=True")


@pytest.mark.further
def test_wrong_labels_that_are_learnt_by_heart_are_overfitting():
    X, y = digits(600)
    wrong = np.where(np.arange(len(y)) % 3 == 0, (y + 3) % 10, y)
    data = {"X_val": X[240:300], "y_val": wrong[240:300]}
    clf = network(epochs=150).fit(X[:240], wrong[:240], **data)
    diagnosis = diagnose(clf)
    assert diagnosis.faults == (Fault.OVERFITTING,)
    assert diagnosis.findings[0].numbers["val_rise"] > 0.1
    # Early stopping went back to the best epoch, and that one is judged.
    kept = {"patience": 5, "restore_best_weights": True}
    callback = keras.callbacks.EarlyStopping("val_loss", **kept)
    for means in ({"early_stopping": True, **kept}, {"callbacks": [callback]}):
        clf = network(epochs=150, dropout=0.1, **means).fit(X[:240], wrong[:240], **data)
        assert clf.n_epochs_ < 150
        assert diagnose(clf).numbers["val_rise"] == 0.0


GOOD = [
    {"dropout": 0.2},
    {"dropout": 0.5},  # a training loss above that of validation
    {"mixup": 0.2, "label_smoothing": 0.1, "monitor": "val_accuracy", "metrics": ["accuracy"]},
    {"l2": 0.003, "learning_rate": 0.005, "class_weight": "balanced"},
]


@pytest.mark.parametrize("params", some(GOOD, GOOD[2]), ids=str)
def test_a_good_network_is_healthy(params):
    diagnosis = diagnose(network(epochs=100, early_stopping=True, **params).fit(*digits()))
    assert diagnosis.healthy, str(diagnosis)
    assert diagnosis.numbers["learnt_in_validation"] > 0.7


# Numbers.


@pytest.mark.further
def test_a_regressor_is_judged_by_its_curves_and_wholly_with_its_target():
    reg = regressor().fit(*diabetes())
    diagnosis = diagnose(reg)
    assert diagnosis.faults == ()
    assert diagnosis.missing == (
        "Whether it underfits and whether it overfits: pass X and y to diagnose, which tell how far a "
        "trivial baseline gets.",
    )
    assert diagnose(reg, *diabetes()).healthy


@pytest.mark.further
def test_faults_of_regressors():
    X, y = diabetes()
    free = {"dropout": 1e-6, "l2": 1e-9, "start_from_epoch": 149}
    learnt_by_heart = regressor(**free, epochs=150, learning_rate=0.005).fit(X, y)
    assert faults(learnt_by_heart, X, y) == (Fault.OVERFITTING,)
    held_back = regressor(l2=3.0, epochs=150).fit(X, y)
    assert faults(held_back, X, y) == (Fault.UNDERFITTING,)


def test_a_target_far_from_scale_one_is_to_be_scaled():
    X, y = diabetes()[0], load_diabetes().target[:300]
    reg = regressor(epochs=20).fit(X, y)
    assert any(
        "TransformedTargetRegressor" in line for line in diagnose(reg, X, y).findings[0].advice
    )
    whole = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), regressor()), transformer=StandardScaler()
    ).fit(X, y)
    diagnosis = diagnose(whole, X, y)
    assert diagnosis.prefix == "regressor__mlpregressor__"
    assert diagnosis.numbers["chance_loss"] == pytest.approx(1.0)


@pytest.mark.further
def test_a_network_without_a_known_loss_of_chance():
    clf = network(loss="categorical_focal_crossentropy", epochs=20).fit(*digits())
    assert "pass X and y to diagnose" in diagnose(clf).missing[0]
    diagnosis = diagnose(clf, *digits())
    assert diagnosis.numbers["learnt_by_rows"] > 0.8
    assert "cross_validate" in diagnosis.missing[0]


# What nobody can tell.


@pytest.mark.further
def test_without_validation_nobody_says_that_it_does_not_overfit():
    clf = network(epochs=60, validation_split=None).fit(*digits())
    diagnosis = diagnose(clf)
    assert diagnosis.faults == ()
    assert not diagnosis.healthy
    (missing,) = diagnosis.missing
    assert missing.startswith("Whether it overfits: pass validation_split=0.2")
    # Rows may be those of training: they show overfitting, never its absence.
    assert diagnose(clf, *digits()).missing == (missing,)


@pytest.mark.further
def test_rows_that_the_network_does_not_know_show_overfitting():
    X, y = digits(600)
    clf = network(epochs=60, validation_split=None).fit(X[:40], y[:40])
    assert faults(clf, X[40:], y[40:]) == (Fault.OVERFITTING,)


def test_rows_tell_what_is_trivial():
    X, y = digits()
    one = (y == 1).astype(int)
    clf = network(epochs=10, validation_split=None).fit(X, one)
    share = one.mean()
    expected = -share * np.log(share) - (1 - share) * np.log(1 - share)
    assert diagnose(clf).numbers["chance_loss"] == pytest.approx(np.log(2))
    assert diagnose(clf, X, one).numbers["chance_loss"] == pytest.approx(expected)


# Errors.


class Foreign(BaseEstimator):
    """An estimator of somebody else."""


@pytest.mark.parametrize(
    "fresh",
    [
        MLPClassifier(),
        make_pipeline(StandardScaler(), MLPClassifier()),
        GridSearchCV(MLPClassifier(), {"units": [8]}),
        BaggingClassifier(MLPClassifier()),
    ],
)
def test_what_is_not_fitted_is_to_be_fitted(fresh):
    with pytest.raises(NotFittedError, match="not fitted, expected one with .* call fit first"):
        diagnose(fresh)


def test_a_network_that_was_only_initialized_is_not_fitted():
    reg = skdl.KerasRegressor(networks_for_tests.build_regressor, optimizer="adam")
    with pytest.raises(NotFittedError, match="call fit first"):
        diagnose(reg.initialize(*digits()))


@pytest.mark.parametrize(
    "thing",
    [
        Foreign(),
        LogisticRegression(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        3,
        None,
        [1.0],
        "mlp",
        MLPClassifier,
        ValueError("other"),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_what_has_no_network_is_a_type_error_that_says_what_has(thing):
    with pytest.raises(
        TypeError, match="without a network of skdl in it, expected .* pass one of these"
    ):
        diagnose(thing)


def test_a_search_and_a_cross_validation_of_others_are_type_errors():
    X, y = digits()
    search = GridSearchCV(LogisticRegression(), {"C": [1e-3]}, cv=2).fit(X, y)
    with pytest.raises(TypeError, match="Got GridSearchCV without a network of skdl"):
        diagnose(search)
    result = cross_validate(LogisticRegression(C=1e-3), X, y, cv=2, return_estimator=True)
    with pytest.raises(TypeError, match="Got LogisticRegression without a network of skdl"):
        diagnose(result)


@pytest.mark.parametrize("wrong", [{}, {"fit_time": [1.0]}])
def test_a_dict_without_scores_is_an_error(wrong):
    with pytest.raises(
        ValueError, match="expected what .*cross_validate returns, with 'test_score'"
    ):
        diagnose(wrong)


def test_X_and_y_come_together():
    X, y = digits()
    with pytest.raises(ValueError, match="Got X without y, expected both or neither: pass y too"):
        diagnose(MLPClassifier(), X)
    with pytest.raises(ValueError, match="Got y without X"):
        diagnose(MLPClassifier(), y=y)
