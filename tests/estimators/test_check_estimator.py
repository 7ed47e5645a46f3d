"""scikit-learn's own checks of what an estimator is."""

from __future__ import annotations

import os
from unittest import SkipTest

import pytest
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    estimator_checks_generator,
)

import skdl
from tests import networks_for_tests
from tests.selection import some

# The checks compare float32 predictions to a relative 1e-7, and minibatches of repeated rows are not
# those of weighted rows. In float64 and with one batch an epoch the two are equal to 1e-10: see
# test_sample_weight.py.
EXPECTED_TO_FAIL = {
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
}

# What scikit-learn skips by itself: there is no decision_function, and SciPy reads this variable when it
# is imported.
SKIPPED = {"check_classifiers_multilabel_output_format_decision_function"}
if os.environ.get("SCIPY_ARRAY_API") != "1":
    SKIPPED.add("check_array_api_input")

# With the width and the optimizer of the ready networks, the others share their programs; those that do
# stand side by side, for a process keeps the latest programs alone.
WHOLE = {
    "MLPClassifier": skdl.MLPClassifier(),
    "KerasClassifier": skdl.KerasClassifier(
        networks_for_tests.build_classifier,
        epochs=25,
        optimizer="adam",
        optimizer__learning_rate=0.03,
        model__units=128,
    ),
    "MLPRegressor": skdl.MLPRegressor(),
    "KerasRegressor": skdl.KerasRegressor(
        networks_for_tests.build_regressor,
        epochs=25,
        optimizer="adam",
        optimizer__learning_rate=0.03,
        model__units=128,
    ),
}

# The API checks do not ask for good predictions, so that one epoch will do.
PLAIN = {
    "KerasClassifier-plain": skdl.KerasClassifier(networks_for_tests.build_plain_classifier),
    "KerasRegressor-plain": skdl.KerasRegressor(networks_for_tests.build_plain_regressor),
}


def name_of(check):
    """The name of a check, which may be a partial function."""
    return getattr(check, "func", check).__name__


def checks_of(estimators, *, legacy):
    """Every estimator with every check of it, as parameters of a test.

    The estimators share the code that is checked: `make test` checks one, which trains for an epoch.
    """
    made = []
    for kind, whole in estimators.items():
        for estimator, check in estimator_checks_generator(whole, legacy=legacy, mark=None):
            name = name_of(check)
            marks = () if kind == "KerasClassifier-plain" else pytest.mark.further
            made.append(pytest.param(estimator, check, id=f"{kind}-{name}", marks=marks))
    return made


def outcome(estimator, check):
    """``"passed"``, ``"skipped"`` by scikit-learn, or ``"unequal"`` for what may fail."""
    try:
        check(estimator)
    except SkipTest:
        return "skipped"
    except AssertionError:
        if name_of(check) not in EXPECTED_TO_FAIL:
            raise
        return "unequal"
    return "passed"


@pytest.mark.parametrize(
    ("estimator", "check"),
    [*checks_of(WHOLE, legacy=True), *checks_of(PLAIN, legacy=False)],
)
def test_an_estimator_passes_every_check_of_scikit_learn(estimator, check):
    found = outcome(estimator, check)
    assert (found == "skipped") == (name_of(check) in SKIPPED)


@pytest.mark.further
@pytest.mark.parametrize("kind", WHOLE)
def test_column_names_are_kept_and_checked(kind):
    # scikit-learn runs this check on its own estimators and not in `check_estimator`.
    check_dataframe_column_names_consistency(kind, WHOLE[kind])


@pytest.mark.parametrize("kind", some(WHOLE, "MLPClassifier"))
def test_the_checks_are_those_of_a_whole_estimator(kind):
    names = {name_of(check) for _, check in estimator_checks_generator(WHOLE[kind], mark=None)}
    role = "classifiers" if kind.endswith("Classifier") else "regressors"
    assert {
        f"check_{role}_train",
        "check_estimator_cloneable",
        "check_estimator_sparse_array",
        "check_fit2d_1sample",
        "check_no_attributes_set_in_init",
        "check_sample_weights_not_overwritten",
        *EXPECTED_TO_FAIL,
    } <= names
