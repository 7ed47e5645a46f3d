"""The reasons of failed fits: as the backend has kept them, or as they were noted in this process."""

from __future__ import annotations

import warnings

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import FitFailedWarning
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline

from skdl import KerasClassifier, MLPClassifier, MLPRegressor, diagnose
from skdl.diagnosis.findings import Fault
from skdl.recording.failed_fits import failed_fits

X = np.random.default_rng(0).normal(size=(24, 3))
Y = np.arange(24) % 2
SPLITS = 3


class Choosy(TransformerMixin, BaseEstimator):
    """Takes no rows at all where it is told to."""

    def __init__(self, refuse=False):
        self.refuse = refuse

    def fit(self, X, y=None):
        if self.refuse:
            raise KeyError("refused")
        return self

    def transform(self, X):
        return X


def build(meta, act="relu", rate=0.01):
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, act), keras.layers.Dense(1)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(rate), loss)
    return model


def network(**params):
    return MLPClassifier(**{"units": 4, "epochs": 2, "random_state": 0, **params})


def searched(estimator, grid, **params):
    search = GridSearchCV(estimator, grid, cv=SPLITS, **params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitFailedWarning)
        warnings.filterwarnings("ignore", message="One or more of the test scores are non-finite")
        return search.fit(X, Y)


@pytest.fixture(params=["skdl", "threading", None])
def within(request):
    if request.param is None:
        yield
    else:
        with joblib.parallel_config(request.param, n_jobs=2):
            yield


def failures(found):
    (finding,) = [one for one in diagnose(found).findings if one.kind is Fault.FAILED]
    return finding


def test_errors_are_grouped_and_told_apart_from_divergence(within):
    grid = {"act": ["relu", "rleu", "rilu"], "rate": [0.01, 1e38]}
    search = searched(KerasClassifier(build, epochs=2, random_state=0), grid)
    diagnosis = diagnose(search)
    lost = 2 * 2 * SPLITS
    assert diagnosis.findings[0].evidence == (
        f"{lost // 2} fits failed: ValueError: Could not interpret activation function identifier: rleu; "
        f"{lost // 2} fits failed: ValueError: Could not interpret activation function identifier: rilu."
    )
    diverged = diagnosis.findings[1]
    assert diverged.kind is Fault.DIVERGED
    assert diverged.evidence.startswith("1 of 6 candidates")
    assert diverged.numbers["failed_candidates"] == 5


@pytest.mark.further
def test_values_in_a_message_do_not_tell_reasons_apart():
    search = searched(network(), {"units": [4, -1, -2]})
    assert failures(search).evidence.startswith(
        f"{2 * SPLITS} fits failed: InvalidParameterError: "
    )


def test_the_rate_from_which_on_all_diverged():
    grid = [{"learning_rate": [0.01, 1e30], "optimizer": ["sgd"]}, {"units": [-1]}]
    diagnosis = diagnose(searched(network(), grid))
    assert [finding.kind for finding in diagnosis.findings[:2]] == [Fault.FAILED, Fault.DIVERGED]


@pytest.mark.further
def test_folds_of_the_best_candidate():
    far = X.copy()
    far[-1] *= 1e20
    reg = MLPRegressor(units=4, epochs=5, random_state=1)
    search = GridSearchCV(reg, {"units": [4]}, cv=SPLITS, refit=False)
    with pytest.warns(FitFailedWarning), pytest.warns(UserWarning, match="non-finite"):
        search.fit(far, X[:, 0])
    finding = diagnose(search).findings[0]
    assert finding.kind is Fault.DIVERGED
    assert finding.evidence.startswith("2 of 3 folds have no score")


def test_an_error_outside_of_the_network(within):
    grid = {"choosy__refuse": [False, True]}
    with joblib.parallel_config("skdl"):
        search = searched(make_pipeline(Choosy(), network()), grid)
    assert failures(search).evidence == f"{SPLITS} fits failed: KeyError: 'refused'."


def test_an_error_that_nobody_kept():
    search = searched(make_pipeline(Choosy(), network()), {"choosy__refuse": [False, True]})
    finding = failures(search)
    assert finding.evidence == f"{SPLITS} fits without a score, and nobody kept why."
    assert len(finding.advice) == 2


def nothing(y_true, y_pred):
    return np.nan


def test_a_score_that_is_no_number():
    with joblib.parallel_config("skdl"):
        search = searched(network(), {"units": [4]}, scoring=make_scorer(nothing), refit=False)
    assert "the fit succeeded, and its score is no finite number" in failures(search).evidence


def test_folds_of_a_cross_validation(within):
    far = X.copy()
    far[-1] *= 1e20
    reg = MLPRegressor(units=4, epochs=5, random_state=1)
    with pytest.warns(FitFailedWarning):
        result = cross_validate(reg, far, X[:, 0], cv=SPLITS, return_estimator=True)
    diagnosis = diagnose(result)
    assert diagnosis.findings[0].kind is Fault.DIVERGED
    assert "of 3 folds have no score, as their fits diverged" in diagnosis.findings[0].evidence


def test_only_fits_with_the_same_parameters_count():
    for units in (-7, -8, -7):
        with pytest.raises(ValueError, match="units"):
            network(units=units).fit(X, Y)
    assert [str(why)[-60:] for why in failed_fits.of(network(units=-7))] == 2 * [
        str(failed_fits.of(network(units=-7))[0])[-60:]
    ]
    assert len(failed_fits.of(network(units=-8))) == 1
    assert failed_fits.of(network(units=-9)) == []


def test_a_fit_that_is_interrupted_did_not_fail():
    class Interrupted(MLPClassifier):
        def _make_network(self, X, y, **told):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Interrupted(units=3).fit(X, Y)
    assert failed_fits.of(Interrupted(units=3)) == []
