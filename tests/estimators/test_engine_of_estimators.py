"""The engine of an estimator: chosen by a parameter, explained without training, the same fit by either."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score

from skdl import KerasClassifier, KerasRegressor, MLPClassifier, MLPRegressor
from skdl.engine import stats
from skdl.exceptions import InvalidParameterError, NotCompilableError
from tests.networks_for_tests import build_classifier, build_regressor
from tests.tolerances import assert_outputs_within_rounding

X, y = load_iris(return_X_y=True)


class Watching(keras.callbacks.Callback):
    """A callback that only Python can run."""


@pytest.mark.oracle
def test_both_engines_train_the_same_network(float64):
    fits = [
        MLPClassifier(
            hidden_layer_sizes=(7,),
            epochs=3,
            dropout=0.2,
            optimizer="sgd",
            random_state=0,
            engine=name,
        ).fit(X, y)
        for name in ("compiled", "keras")
    ]
    one, two = (fit.predict_proba(X) for fit in fits)
    np.testing.assert_allclose(one, two, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(fits[0].history_["loss"], fits[1].history_["loss"], rtol=1e-8)


def test_a_search_over_numbers_and_widths_compiles_one_program():
    base = MLPClassifier(hidden_layer_sizes=(6,), activation="tanh", l2=1e-3, dropout=0.1, epochs=1)
    base.fit(X, y)
    grid = {
        "learning_rate": [1e-3, 1e-2],
        "dropout": [0.1, 0.5],
        "l2": [1e-4, 1e-2],
        "hidden_layer_sizes": [(6,), (11,)],
        "epochs": [1, 2],
    }
    before = stats()
    GridSearchCV(base, grid, cv=2, scoring=lambda *_: 0.0, refit=False).fit(X, y)
    after = stats()
    assert after.programs == before.programs
    assert after.fits - before.fits == 64
    assert after.fallbacks == before.fallbacks


@pytest.mark.further
@pytest.mark.parametrize(
    ("ready", "wrapper", "build", "target"),
    [
        (MLPClassifier, KerasClassifier, build_classifier, y),
        (MLPClassifier, KerasClassifier, build_classifier, y > 0),
        (MLPRegressor, KerasRegressor, build_regressor, y),
        (MLPRegressor, KerasRegressor, build_regressor, y[:, None] * [1.0, 2.0]),
    ],
    ids=["classes", "two classes", "whole numbers", "columns"],
)
def test_a_ready_network_and_the_same_one_of_the_users_own_share_a_program(
    ready, wrapper, build, target
):
    ready(hidden_layer_sizes=(9,), epochs=1).fit(X, target)
    before = stats().programs
    wrapper(build, model__units=9, optimizer="adam", batch_size=32).fit(X, target)
    assert stats().programs == before


def test_a_search_has_the_scores_of_fits_alone():
    clf = MLPClassifier(hidden_layer_sizes=(6,), epochs=2, random_state=3)
    once = cross_val_score(clf, X, y, cv=3)
    MLPClassifier(hidden_layer_sizes=(6,), epochs=2, random_state=5).fit(X[::2], y[::2])
    np.testing.assert_array_equal(cross_val_score(clf, X, y, cv=3), once)


class Twice(keras.layers.Layer):
    """A layer of the user's own, which may mix rows for all that skdl knows."""

    def call(self, x):
        return 2 * x


@pytest.mark.further
def test_folds_of_a_graph_share_a_program_too():
    def build(meta):
        return keras.Sequential(
            [keras.Input((4,)), Twice(), keras.layers.Dense(3, activation="softmax")]
        )

    clf = KerasClassifier(build, loss="sparse_categorical_crossentropy", engine="compiled")
    assert clf.explain_plan(X, y).startswith("Compiled with XLA, the last batch of an epoch as a")
    before = stats().programs
    for rows in (149, 120, 40):
        clf.fit(X[:rows], y[:rows], X_val=X[: rows // 4], y_val=y[: rows // 4])
    assert stats().programs - before == 1


@pytest.mark.parametrize(
    ("estimator", "sentence"),
    [
        (MLPClassifier(), "Native kernel."),
        (KerasClassifier(build_classifier), "Native kernel."),
        (MLPClassifier(engine="keras"), "Keras loop: one call of keras.Model.fit."),
        (
            MLPClassifier(callbacks=[Watching()]),
            "Keras loop, because the callback Watching runs in Python.",
        ),
        (
            KerasClassifier(build_classifier, fit__steps_per_epoch=7),
            "Keras loop, because steps_per_epoch=7 does not divide the number of batches, 5.",
        ),
    ],
)
def test_the_plan_is_explained_and_nothing_trained(estimator, sentence):
    before = stats().fits
    assert estimator.explain_plan(X, y) == sentence
    assert stats().fits == before
    assert not estimator.__sklearn_is_fitted__()


@pytest.mark.parametrize(
    "kind", [MLPClassifier, lambda **p: KerasClassifier(build_classifier, **p)]
)
def test_compiled_or_an_error_that_names_the_obstacle(kind):
    clf = kind(callbacks=[Watching()], engine="compiled")
    with pytest.raises(NotCompilableError, match="the callback Watching runs in Python"):
        clf.fit(X, y)
    assert not clf.__sklearn_is_fitted__()


@pytest.mark.parametrize(
    "kind", [MLPClassifier, lambda **p: KerasClassifier(build_classifier, **p)]
)
def test_an_unknown_engine_is_an_error(kind):
    with pytest.raises(InvalidParameterError, match="engine='fast'"):
        kind(engine="fast").fit(X, y)


@pytest.mark.oracle
def test_early_stopping_runs_inside_the_program_and_stops_where_keras_does(float64):
    fits = [
        MLPRegressor(
            hidden_layer_sizes=(5,),
            epochs=40,
            early_stopping=True,
            patience=2,
            optimizer="sgd",
            learning_rate=0.05,
            random_state=0,
            engine=name,
        ).fit(X, y)
        for name in ("compiled", "keras")
    ]
    assert fits[0].n_epochs_ == fits[1].n_epochs_ < 40
    np.testing.assert_allclose(fits[0].predict(X), fits[1].predict(X), rtol=1e-8, atol=1e-10)


@pytest.mark.further
def test_going_on_continues_the_streams_and_the_optimizer():
    whole = MLPClassifier(hidden_layer_sizes=(7,), dropout=0.3, epochs=4, random_state=0).fit(X, y)
    parts = MLPClassifier(
        hidden_layer_sizes=(7,), dropout=0.3, epochs=2, random_state=0, warm_start=True
    )
    parts.fit(X, y).fit(X, y)
    steps = MLPClassifier(hidden_layer_sizes=(7,), dropout=0.3, epochs=4, random_state=0)
    for _ in range(4):
        steps.partial_fit(X, y)
    for other in (parts, steps):
        np.testing.assert_array_equal(other.predict_proba(X), whole.predict_proba(X))
    steps = MLPClassifier(hidden_layer_sizes=(7,), dropout=0.3, epochs=4, random_state=0)
    for _ in range(4):
        steps.partial_fit(X, y)
        assert steps.model_.built  # the model is looked at between, and is the truth from then on
    np.testing.assert_array_equal(steps.predict_proba(X), whole.predict_proba(X))


def test_the_model_is_the_truth_once_it_is_looked_at():
    clf = MLPClassifier(hidden_layer_sizes=(7,), epochs=2, random_state=1).fit(X, y)
    before = clf.predict_proba(X)
    assert clf.model_ is clf.model_
    np.testing.assert_array_equal(clf.predict_proba(X), before)
    assert_outputs_within_rounding(
        clf.model_.predict(X.astype(np.float32), verbose=0), before, clf.model_, X
    )
    clf.model_.layers[-1].bias.assign([9.0, 0.0, 0.0])
    assert clf.predict_proba(X)[:, 0].min() > 0.9
