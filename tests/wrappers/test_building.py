"""Candidates that differ in settings of training alone are compiled from the layers of one build."""

from __future__ import annotations

import logging
import pickle

import joblib
import keras
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skdl import KerasClassifier, KerasRegressor
from skdl.engine.network import cache
from tests.wrappers.small_networks import NUMBERS, THREE, X, dense

LOGGER = "test_building"
# A function that counted its calls in a global would change what it reads, and be called at every fit.
log = logging.getLogger(LOGGER)


def build(meta, units=5):
    log.info("built")
    return dense(units, 3, activation="softmax")


def build_dropout(meta, units=5):
    network = build(meta, units)
    layers = [keras.layers.Dropout(0.3), keras.layers.BatchNormalization()]
    return keras.Sequential(
        [keras.Input((4,)), network.layers[0], *layers, keras.layers.Dense(3, "softmax")]
    )


def build_functional(meta):
    log.info("built")
    rows = keras.Input((4,))
    hidden = keras.layers.Dense(5, "relu")(rows)
    return keras.Model(rows, keras.layers.Dense(3, "softmax")(hidden))


def build_large(meta, units=1200):
    """Products that the kernel leaves to XLA."""
    log.info("built")
    hidden = [keras.layers.Dense(units, "relu"), keras.layers.Dropout(0.3)]
    return keras.Sequential(
        [keras.Input((4,)), *hidden, keras.layers.Dense(600), keras.layers.Dense(3, "softmax")]
    )


RELU = keras.layers.ReLU()


def build_with_a_layer_from_outside(meta):
    log.info("built")
    return keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(5), RELU, keras.layers.Dense(3, "softmax")]
    )


def build_that_is_told(meta, compile=False):
    network = build(meta)
    if compile:
        network.compile("adam", "sparse_categorical_crossentropy")
    return network


def build_regressor(meta):
    log.info("built")
    return dense(6, 1)


def build_that_compiles(meta, units=5):
    network = build(meta, units)
    network.compile("adam", "sparse_categorical_crossentropy")
    return network


def build_for_settings(meta, compile_kwargs):
    return build(meta)


def build_for_params(meta, params):
    return build(meta)


def build_for_anything(meta, **others):
    return build(meta)


def build_by_epochs(meta, **others):
    """The width is a parameter of training, which only `params` tells."""
    log.info("built")
    return dense(others["params"]["epochs"], 3, activation="softmax")


class OwnLayer(keras.layers.Dense):
    """A layer of a class of the user's."""


def build_own_layer(meta):
    log.info("built")
    return keras.Sequential([keras.Input((4,)), OwnLayer(3, "softmax")])


class OwnModel(keras.Sequential):
    """A model of a class of the user's."""


def build_own_model(meta):
    log.info("built")
    return OwnModel([keras.Input((4,)), keras.layers.Dense(3, "softmax")])


class Reading(KerasClassifier):
    """Its build function looks at the optimizer."""

    def _keras_build_fn(self):
        units = 4 if self.optimizer == "sgd" else 5
        return build({}, units)


class Writing(KerasClassifier):
    """Its build function leaves something at the estimator."""

    def _keras_build_fn(self):
        self.note = "a note"
        return build({})


@pytest.fixture(autouse=True)
def nothing_built_before():
    cache._entries.clear()


@pytest.fixture
def calls(caplog):
    """How often build functions are called by fits of some estimators."""

    def count(*estimators, y=THREE):
        caplog.clear()
        with caplog.at_level(logging.INFO, logger=LOGGER):
            for estimator in estimators:
                estimator.fit(X, y)
        return sum(record.message == "built" for record in caplog.records)

    return count


def classifier(function, **settings):
    given = {"loss": "sparse_categorical_crossentropy", "epochs": 3, "random_state": 0}
    return KerasClassifier(function, **given | settings)


SETTINGS = [
    {"optimizer": "adam"},
    {"optimizer": "sgd", "optimizer__momentum": 0.9},
    {"optimizer": "sgd", "optimizer__learning_rate": 0.3},
    {"optimizer": keras.optimizers.RMSprop(0.01)},
    {"optimizer": "adamw", "optimizer__weight_decay": 0.1, "metrics": ["accuracy"]},
    {"metrics": ["accuracy"], "loss": None},
    {"compile__jit_compile": False},
    {"compile__run_eagerly": True},
    {"optimizer": "adam", "optimizer__clipnorm": 0.1, "epochs": 5, "batch_size": 7},
]


def results(estimator, X, y):
    """What a fit leaves, to the bit."""
    estimator.fit(X, y)
    weights = [np.asarray(one) for one in estimator.model_.get_weights()]
    return [*weights, estimator.predict(X), *map(np.asarray, estimator.history_.values())]


def assert_same_bits(given, expected):
    assert len(given) == len(expected)
    for one, other in zip(given, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("function", [build, build_dropout, build_functional])
def test_a_recompiled_network_trains_as_one_of_its_own(function, calls):
    first = classifier(function, optimizer="ftrl")
    assert calls(first, *(classifier(function, **one) for one in SETTINGS)) == 1
    for settings in SETTINGS:
        shared = results(classifier(function, **settings), X, THREE)
        own = results(classifier(function, reuse_build=False, **settings), X, THREE)
        assert_same_bits(shared, own)


def test_regressors_with_other_losses_share_one_build(calls):
    given = {"epochs": 3, "random_state": 0}
    losses = ("mean_squared_error", "mean_absolute_error", keras.losses.Huber(0.5), None)
    fits = [KerasRegressor(build_regressor, loss=loss, **given) for loss in losses]
    assert calls(*fits, y=NUMBERS) == 1
    for loss, shared in zip(losses, fits, strict=True):
        own = KerasRegressor(build_regressor, loss=loss, reuse_build=False, **given)
        assert_same_bits(results(shared, X, NUMBERS), results(own, X, NUMBERS))


def own_loss(y, p):
    return keras.losses.sparse_categorical_crossentropy(y, p) * 2


def test_a_loss_of_the_users_shares_the_layers_too(calls):
    losses = [own_loss, "sparse_categorical_crossentropy"]
    fits = [
        classifier(build, loss=loss, optimizer__learning_rate=rate)
        for loss in losses
        for rate in (0.1, 0.01)
    ]
    assert calls(*fits) == 1
    own = classifier(build, loss=own_loss, optimizer__learning_rate=0.01, reuse_build=False)
    assert_same_bits(results(fits[1], X, THREE), results(own, X, THREE))


def test_no_candidate_has_a_layer_of_the_users(calls):
    fits = [classifier(build_with_a_layer_from_outside, optimizer=name) for name in ("adam", "sgd")]
    assert calls(*fits) == 2
    for one in fits:
        assert not any(layer is RELU for layer in one._fitted.network.template.layers)


def test_a_build_argument_named_compile_makes_another_network(calls):
    fits = [classifier(build_that_is_told, compile=one, optimizer="adam") for one in (False, True)]
    assert calls(*fits) == 2


@pytest.mark.parametrize(
    "function",
    [
        *(build_that_compiles, build_for_settings, build_for_params, build_for_anything),
        *(build_own_layer, build_own_model),
    ],
)
def test_what_may_depend_on_the_settings_is_built_anew(function, calls):
    # skdl refuses compile__... for a model that its function compiled, and does not look at metrics.
    name = "compile__run_eagerly" if function is not build_that_compiles else "metrics"
    settings = [{name: None}, {name: [] if name == "metrics" else True}]
    assert calls(*(classifier(function, **one) for one in settings)) >= 2


def test_a_function_that_takes_any_argument_is_told_all_parameters(calls):
    fits = [classifier(build_by_epochs, epochs=epochs) for epochs in (2, 3)]
    assert calls(*fits) == 2
    assert [one.model_.layers[0].units for one in fits] == [2, 3]


def test_a_method_that_reads_or_writes_its_estimator_is_called_anew(calls):
    given = {"loss": "sparse_categorical_crossentropy", "epochs": 1}
    sgd, adam = Reading(optimizer="sgd", **given), Reading(optimizer="adam", **given)
    assert calls(sgd, adam) == 2
    assert [one.model_.layers[0].units for one in (sgd, adam)] == [4, 5]
    notes = Writing(optimizer="sgd", **given), Writing(optimizer="adam", **given)
    assert calls(*notes) == 2
    assert [one.note for one in notes] == ["a note"] * 2


def test_models_of_two_candidates_share_nothing():
    one = classifier(build, optimizer="adam").fit(X, THREE)
    other = classifier(build, optimizer="sgd").fit(X, THREE)
    before, weights = other.predict_proba(X), other.model_.get_weights()
    assert type(one.model_.optimizer) is keras.optimizers.Adam
    assert type(other.model_.optimizer) is keras.optimizers.SGD
    for variable in one.model_.variables:
        variable.assign(np.zeros(variable.shape))
    np.testing.assert_array_equal(other.predict_proba(X), before)
    assert_same_bits(other.model_.get_weights(), weights)
    assert_same_bits(classifier(build, optimizer="sgd").fit(X, THREE).model_.get_weights(), weights)


@pytest.mark.parametrize("function", [build, build_functional])
def test_a_checkpoint_holds_the_optimizer_of_its_own_candidate(function):
    fitted = [
        classifier(function, optimizer=name).fit(X, THREE) for name in ("adam", "sgd", "ftrl")
    ]
    for one in fitted:
        for model in (one.model_, one._fitted.network.template):
            assert model._trackable_children()["optimizer"] is model.optimizer
            functions = (vars(model)["build"], vars(model)["quantize"])
            owners = [cell.cell_contents for each in functions for cell in each.__closure__]
            assert {id(owner) for owner in owners if isinstance(owner, keras.Model)} == {id(model)}


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_recompiled_network_can_be_pickled_and_trained_further(optimizer):
    def trained(**settings):
        estimator = classifier(build, optimizer=optimizer, **settings).fit(X, THREE)
        estimator = pickle.loads(pickle.dumps(estimator))
        return estimator.partial_fit(X, THREE).predict_proba(X)

    classifier(build, optimizer="ftrl").fit(X, THREE)
    np.testing.assert_array_equal(trained(), trained(reuse_build=False))


@pytest.mark.further
@pytest.mark.parametrize(
    ("function", "units", "plan"),
    [
        (build, [3, 4], "Native kernel."),
        # A program of ftrl has no filled up widths, and traces the layers that all share.
        (build_large, [1190, 1200], "Compiled with XLA."),
    ],
)
def test_a_search_in_threads_has_the_bits_of_one_fit_alone(function, units, plan):
    grid = {
        "optimizer": ["adam", "ftrl"],
        "optimizer__learning_rate": [0.1, 0.01],
        "model__units": units,
    }
    scores = []
    for backend in ("skdl", "sequential"):
        estimator = classifier(function, reuse_build=backend == "skdl", epochs=2)
        search = GridSearchCV(estimator, grid, cv=2, scoring="neg_log_loss", error_score="raise")
        with joblib.parallel_config(backend, n_jobs=4 if backend == "skdl" else 1):
            scores.append(search.fit(X, THREE).cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*scores)
    assert search.best_estimator_.explain_plan(X, THREE) == plan


def test_a_wrong_setting_raises_as_for_a_network_of_its_own():
    classifier(build).fit(X, THREE)
    raised = []
    for reuse_build in (True, False):
        with pytest.raises(ValueError, match="none such") as found:
            classifier(build, optimizer="none such", reuse_build=reuse_build).fit(X, THREE)
        raised.append(str(found.value))
    assert raised[0] == raised[1]
