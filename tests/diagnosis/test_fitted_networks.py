"""`diagnose` finds the networks of wrappers and ensembles, and leaves them as they are."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.ensemble import BaggingClassifier
from sklearn.multiclass import OneVsRestClassifier

import skdl
from skdl import diagnose
from skdl.diagnosis import Fault
from skdl.diagnosis.fitted_networks import networks_in, setup_of
from tests import networks_for_tests
from tests.diagnosis.networks_for_diagnosis import digits, network, pipeline


def test_a_wrapper_is_advised_by_the_names_that_it_has():
    clf = skdl.KerasClassifier(
        networks_for_tests.build_classifier,
        optimizer="adam",
        model__units=1,
        epochs=40,
        validation_split=0.2,
        optimizer__learning_rate=0.01,
        random_state=0,
    ).fit(*digits())
    finding = diagnose(clf).findings[-1]
    assert finding.kind is Fault.UNDERFITTING
    assert finding.advice[0].startswith(
        "optimizer__learning_rate=0.0001 to 0.1 on a log scale (now 0.01)"
    )
    assert "model__units=2 to 32 (now 1)" in finding.advice


def test_a_rate_that_only_the_build_function_knows_is_known():
    clf = skdl.KerasClassifier(compiled_with_a_rate, epochs=1, random_state=0).fit(*digits())
    (found,) = networks_in(clf, None)
    assert setup_of(found).given_rate == 0.5


def compiled_with_a_rate(meta):
    import keras

    model = networks_for_tests.build_classifier(meta)
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    return model


def test_a_wrapper_that_went_on_by_partial_fit():
    X, y = digits()
    reg = skdl.KerasRegressor(
        networks_for_tests.build_regressor, optimizer="adam", model__units=8, random_state=0
    )
    for _ in range(3):
        reg.partial_fit(X, y.astype(float))
    assert diagnose(reg).numbers["epochs"] == 3


def test_the_networks_of_an_ensemble_are_several_fits():
    X, y = digits()
    bag = BaggingClassifier(pipeline(epochs=2)[-1], n_estimators=2, random_state=0).fit(X, y)
    diagnosis = diagnose(bag)
    assert diagnosis.faults[0] is Fault.TOO_FEW_EPOCHS
    assert (diagnosis.numbers["fits"], diagnosis.prefix) == (2, "estimator__")
    assert "(medians of 2 fits)" in diagnosis.findings[0].evidence
    each = OneVsRestClassifier(pipeline(epochs=2)[-1]).fit(X, y % 3)
    assert diagnose(each).numbers["fits"] == 3


def test_labels_that_several_may_have():
    X, y = digits()
    many = np.stack([y % 2, y > 4], axis=1)
    diagnosis = diagnose(network(epochs=10, validation_split=None).fit(X, many), X, many)
    assert diagnosis.numbers["chance_loss"] == pytest.approx(np.log(2))


def test_a_fitted_network_is_the_same_after_a_diagnosis_and_after_a_pickle():
    X, y = digits()
    clf = network(epochs=5, l2=0.01, early_stopping=True, class_weight="balanced").fit(X, y)
    before = clf.predict_proba(X[:50])
    first = diagnose(clf)
    assert first.numbers["penalty"] > 0
    np.testing.assert_array_equal(clf.predict_proba(X[:50]), before)
    assert diagnose(pickle.loads(pickle.dumps(clf))) == first


def test_the_members_of_an_ensemble_count_and_not_what_they_were_cloned_from():
    X, y = digits()
    template = network(epochs=1).fit(X, y)
    bag = BaggingClassifier(template, n_estimators=2, random_state=0).fit(X, y)
    assert [found.network for found in networks_in(bag)] == bag.estimators_
