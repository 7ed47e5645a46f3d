"""Curves are read from estimators, from the record of a search, and from a saved table, all alike."""

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl
from skdl import MLPClassifier
from skdl.displays.statistics.fitted_curves import (
    curves_of_estimator,
    curves_of_frame,
    curves_of_search,
    mean_curve,
)
from skdl.engine.job import StopReason
from skdl.exceptions import HistoriesNotFoundError, InvalidParameterError
from skdl.recording.histories import record_of

X, Y = load_iris(return_X_y=True)
NETWORK = MLPClassifier(units=4, epochs=2, batch_size=32, random_state=0)


@pytest.fixture(scope="module")
def search():
    with joblib.parallel_config("skdl"):
        return GridSearchCV(NETWORK, {"learning_rate": [0.01, 0.1]}, cv=2).fit(X, Y)


def test_a_network_in_a_pipeline():
    model = make_pipeline(StandardScaler(), clone(NETWORK)).fit(X, Y)
    (found,) = curves_of_estimator(model)
    network = model[-1]
    assert (found.candidate, found.split, found.network) == (0, 0, "MLPClassifier")
    assert found.curves["loss"].tolist() == network.history_["loss"]
    assert (found.best_epoch, found.stop_reason) == (network.best_epoch_, network.stop_reason_)
    assert found.n_epochs == 2


def test_a_search_gives_its_best_estimator(search):
    (found,) = curves_of_estimator(search)
    assert found.curves["loss"].tolist() == search.best_estimator_.history_["loss"]


@pytest.mark.further
def test_the_networks_of_an_ensemble_are_numbered():
    bags = BaggingClassifier(NETWORK, n_estimators=2, random_state=0).fit(X, Y)
    names = [found.network for found in curves_of_estimator(bags)]
    assert names == ["MLPClassifier 1", "MLPClassifier 2"]
    voting = VotingClassifier([("a", NETWORK), ("b", LogisticRegression(max_iter=500))]).fit(X, Y)
    assert [found.network for found in curves_of_estimator(voting)] == ["MLPClassifier"]


def test_a_curve_without_an_entry_for_each_epoch_is_left_out():
    network = clone(NETWORK).set_params(validation_split=0.2).fit(X, Y)
    network.set_params(validation_split=0.0).partial_fit(X, Y)
    assert len(network.history_["val_loss"]) < network.n_epochs_
    (found,) = curves_of_estimator(network)
    assert list(found.curves) == ["loss"]
    assert found.n_epochs == network.n_epochs_


def test_what_has_no_network_is_named():
    with pytest.raises(InvalidParameterError, match="Got a LogisticRegression without a network"):
        curves_of_estimator(LogisticRegression().fit(X > 1, Y))
    with pytest.raises(NotFittedError, match="MLPClassifier that is not fitted.*call fit first"):
        curves_of_estimator(clone(NETWORK))


def test_the_splits_of_candidates_come_from_the_record(search):
    found = curves_of_search(search, [1, 0])
    assert [(one.candidate, one.split) for one in found] == [(1, 0), (1, 1), (0, 0), (0, 1)]
    tasks = record_of(search).tasks
    for one in found:
        (fit,) = tasks[one.candidate, one.split].fits
        np.testing.assert_array_equal(one.curves["loss"], fit.history["loss"])
        assert (one.best_epoch, one.stop_reason) == (fit.best_epoch, fit.stop_reason)


def test_a_cross_validation_has_a_record_too():
    with joblib.parallel_config("skdl"):
        result = cross_validate(NETWORK, X, Y, cv=2)
    found = curves_of_search(result, [0])
    assert [one.split for one in found] == [0, 1]


def test_without_a_record_the_words_of_histories_are_said():
    plain = GridSearchCV(NETWORK, {"learning_rate": [0.01]}, cv=2, refit=False).fit(X, Y)
    with pytest.raises(
        HistoriesNotFoundError, match="Nothing is known of the fits.*Run the search again"
    ):
        curves_of_search(plain, [0])


def test_a_saved_table_gives_the_same_curves(search):
    frame = skdl.training_histories(search).sample(frac=1, random_state=0)
    for saved, recorded in zip(
        sorted(curves_of_frame(frame, [0, 1]), key=lambda one: (one.candidate, one.split)),
        curves_of_search(search, [0, 1]),
        strict=True,
    ):
        assert (saved.candidate, saved.split, saved.network) == (
            recorded.candidate,
            recorded.split,
            recorded.network,
        )
        np.testing.assert_array_equal(saved.curves["loss"], recorded.curves["loss"])
        assert saved.best_epoch is saved.stop_reason is None
    assert curves_of_frame(frame, [7]) == ()


@pytest.mark.parametrize("table", [None, {"loss": [1.0]}])
def test_what_is_no_such_table_is_named(table):
    with pytest.raises(InvalidParameterError, match="expected what skdl.training_histories gives"):
        curves_of_frame(table, [0])


def test_a_table_that_lacks_columns_is_named(search):
    with pytest.raises(InvalidParameterError, match="a DataFrame with 'candidate', 'network'"):
        curves_of_frame(skdl.training_histories(search).drop(columns="split"), [0])


def test_the_mean_is_that_of_the_fits_that_still_train():
    curves = [np.array([1.0, 3.0, np.inf, np.nan]), np.array([3.0]), np.array([2.0, 5.0, 4.0])]
    found = mean_curve(curves)
    assert found.count.tolist() == [3, 2, 1, 0]
    np.testing.assert_array_equal(found.mean, [2.0, 4.0, 4.0, np.nan])
    np.testing.assert_allclose(found.std, [np.sqrt(2 / 3), 1.0, 0.0, np.nan])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_a_fit_that_diverged_has_its_reason():
    model = GridSearchCV(
        skdl.MLPRegressor(units=4, epochs=2, optimizer="sgd", random_state=0),
        {"learning_rate": [1e30, 0.01]},
        cv=2,
        refit=False,
    )
    with joblib.parallel_config("skdl"):
        model.fit(X, Y)
    found = curves_of_search(model, [0])
    assert {one.stop_reason for one in found} == {StopReason.DIVERGED}
    assert {one.best_epoch for one in found} == {None}
