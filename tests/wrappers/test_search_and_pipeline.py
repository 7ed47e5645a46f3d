"""Wrappers in scikit-learn's searches, pipelines and ensembles, with routed parameters."""

from __future__ import annotations

import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skdl import KerasClassifier, KerasRegressor
from tests.selection import some
from tests.wrappers.small_networks import (
    NUMBERS,
    QUICK,
    ROWS,
    THREE,
    TWO,
    Recorder,
    X,
    build_hidden,
    build_linear,
    build_sigmoid,
    weights,
)


@pytest.fixture(scope="module")
def search():
    clf = KerasClassifier(build_hidden, optimizer="sgd", power=1, **QUICK)
    grid = {
        "model__units": [2, 3],
        "optimizer": ["sgd", keras.optimizers.Adam],
        "optimizer__learning_rate": [0.5],
        "batch_size": [8],
    }
    return GridSearchCV(clf, grid, cv=2, scoring="neg_log_loss").fit(X, THREE)


def test_a_search_sets_routed_parameters(search):
    best = search.best_estimator_
    assert best.model_.layers[0].units == search.best_params_["model__units"]
    assert float(best.model_.optimizer.learning_rate) == 0.5
    kinds = {"sgd": keras.optimizers.SGD, keras.optimizers.Adam: keras.optimizers.Adam}
    assert isinstance(best.model_.optimizer, kinds[search.best_params_["optimizer"]])
    assert len(search.cv_results_["params"]) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_candidate_of_the_search_scores_as_alone(search):
    params = search.cv_results_["params"][-1]
    alone = clone(search.estimator).set_params(**params)
    scores = cross_val_score(alone, X, THREE, cv=2, scoring="neg_log_loss")
    found = [search.cv_results_[f"split{fold}_test_score"][-1] for fold in range(2)]
    np.testing.assert_array_equal(scores, found)


def test_the_best_estimator_is_refitted_on_all_rows(search):
    alone = clone(search.estimator).set_params(**search.best_params_).fit(X, THREE)
    np.testing.assert_array_equal(weights(alone), weights(search.best_estimator_))
    np.testing.assert_array_equal(alone.predict(X), search.predict(X))


def test_a_search_over_bare_names_and_numbers_of_training():
    clf = KerasClassifier(
        build_hidden,
        units=2,
        callbacks=keras.callbacks.EarlyStopping,
        callbacks__monitor="loss",
        **QUICK,
    )
    grid = {"units": [4], "epochs": [2], "callbacks__patience": [0], "loss": [None]}
    found = GridSearchCV(clf, grid, cv=2).fit(X, THREE).best_estimator_
    assert found.model_.layers[0].units == 4
    assert len(found.history_["loss"]) == 2


def test_a_pipeline_trains_on_what_its_steps_give():
    net = KerasRegressor(build_linear, **QUICK)
    pipe = Pipeline([("scale", StandardScaler()), ("net", net)]).fit(X, NUMBERS)
    scaled = StandardScaler().fit_transform(X)
    alone = clone(net).fit(scaled, NUMBERS)
    np.testing.assert_array_equal(pipe.predict(X), alone.predict(scaled))
    assert pipe.score(X, NUMBERS) == alone.score(scaled, NUMBERS)


def test_a_pipeline_passes_parameters_and_arguments_of_fit():
    recorder = Recorder()
    net = KerasClassifier(build_hidden, optimizer="sgd", callbacks=recorder, **QUICK)
    pipe = Pipeline([("scale", StandardScaler()), ("net", net)])
    pipe.set_params(net__model__units=5, net__optimizer__learning_rate=0.25)
    assert pipe.get_params()["net__model__units"] == 5
    pipe.fit(X, THREE, net__epochs=2, net__sample_weight=1.0 + np.arange(ROWS))
    assert recorder.epochs == [0, 1]
    assert pipe["net"].model_.layers[0].units == 5
    assert float(pipe["net"].model_.optimizer.learning_rate) == 0.25


def test_a_clone_has_the_same_parameters_and_no_network():
    clf = KerasClassifier(build_hidden, units=2, optimizer__learning_rate=0.5, **QUICK)
    again = clone(clf.fit(X, THREE))
    assert again.get_params() == clf.get_params()
    assert not again.initialized_
    np.testing.assert_array_equal(weights(again.fit(X, THREE)), weights(clf))


@pytest.mark.parametrize("make", some([AdaBoostClassifier, BaggingClassifier], BaggingClassifier))
def test_ensembles(make):
    clf = KerasClassifier(
        build_sigmoid, optimizer__learning_rate=0.1, batch_size=8, epochs=5, **QUICK
    )
    ensemble = make(clf, n_estimators=2, random_state=0).fit(X, TWO)
    first, second = ensemble.estimators_
    assert not np.array_equal(weights(first), weights(second))
    assert ensemble.predict_proba(X).shape == (ROWS, 2)


def test_a_pickled_estimator_predicts_and_trains_on():
    clf = KerasClassifier(
        build_hidden,
        optimizer="adam",
        metrics=[keras.metrics.SparseCategoricalAccuracy],
        callbacks=[keras.callbacks.EarlyStopping(monitor="loss")],
        **QUICK,
    ).fit(X, THREE)
    again = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
    assert again.history_ == clf.history_
    again.partial_fit(X, THREE)
    clf.partial_fit(X, THREE)
    np.testing.assert_array_equal(weights(again), weights(clf))
    assert again.history_ == clf.history_
