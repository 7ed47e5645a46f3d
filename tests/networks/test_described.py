"""Networks described from hyperparameters are those that Keras builds from the same hyperparameters."""

from __future__ import annotations

import functools
import pickle
from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdl import MLPClassifier, MLPRegressor
from skdl.engine.kernel.network import DescribedNetwork, restored_network
from skdl.engine.kernel.reading import description_of
from skdl.engine.plan.curve_names import curve_names, should_rise
from skdl.estimators.fit_settings import Validation
from skdl.exceptions import IncompatibleNetworkError
from skdl.networks.dense import build_dense
from tests.selection import some

X = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
TWO, THREE = np.arange(12) % 2, np.arange(12) % 3
LABELS = np.stack([TWO, THREE > 0], axis=1).astype(int)
NUMBERS = X[:, :1] * 2 + 1


def job(estimator, y, sample_weight=None):
    training = estimator._training_of_fit()
    return estimator._describe(X, y, sample_weight, Validation(), training, anew=True).job


def assert_as_keras_builds(job):
    """The description, and what a fit begins with, are those of the network that Keras builds."""
    ours = job.network
    assert isinstance(ours, DescribedNetwork)
    theirs = ours.by_keras
    assert not isinstance(theirs, DescribedNetwork)
    theirs.meet(job.training.x, job.training.y, job.training.weight)
    read = theirs.answer(description_of)
    assert ours.plain.description == read
    for seed in (0, 3):
        assert_same_arrays(ours.initial_state(seed).variables, theirs.initial_state(seed).variables)
    begun = ours.initial_state(0).variables
    assert_same_arrays(ours.fresh_optimizer(begun), theirs.fresh_optimizer(begun))
    assert ours.learning_rate == theirs.learning_rate
    assert ours.last_bias == theirs.last_bias
    assert ours.layout.weights == theirs.layout.weights
    assert ours.layout.trainable == theirs.layout.trainable
    assert (ours.batch_rows, ours.is_stateful) == (theirs.batch_rows, theirs.is_stateful)


def assert_same_arrays(ours, theirs):
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        np.testing.assert_array_equal(one, other)


CASES = {
    "the defaults": {},
    "no hidden layer": {"hidden_layer_sizes": ()},
    "three layers": {"n_layers": 3, "units": 8, "units_decay": 0.5},
    "layers of all kinds": {
        "hidden_layer_sizes": (7, 5),
        "normalization": "batch",
        "dropout": 0.2,
        "gaussian_noise": 0.1,
        "l1": 1e-3,
        "l2": 0.01,
        "max_norm": 2.0,
        "activation": "elu",
    },
    "layer normalization": {"normalization": "layer", "activation": "selu"},
    "automatic initializers": {"kernel_initializer": "auto", "activation": "gelu", "n_layers": 2},
    "a normal initializer": {"kernel_initializer": "he_normal"},
    "an initializer of one width": {"kernel_initializer": "random_uniform"},
    "adam with all": {
        "beta_1": 0.8,
        "beta_2": 0.99,
        "epsilon": 1e-5,
        "weight_decay": 0.01,
        "clipnorm": 0.5,
        "ema_momentum": 0.9,
    },
    "adamw": {"optimizer": "adamw", "weight_decay": 0.1},
    "adamw without decay": {"optimizer": "adamw"},
    "adamax": {"optimizer": "adamax", "n_layers": 2},
    "nadam": {"optimizer": "nadam", "n_layers": 2, "beta_1": 0.8},
    "lion": {"optimizer": "lion", "beta_2": 0.95, "weight_decay": 0.1},
    "ftrl": {"optimizer": "ftrl", "learning_rate": 0.1},
    "adagrad": {"optimizer": "adagrad", "ema_momentum": 0.9},
    "adadelta": {"optimizer": "adadelta", "rho": 0.8},
    "sgd": {"optimizer": "sgd", "learning_rate": 0.1},
    "sgd with momentum": {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
    "sgd with an average": {"optimizer": "sgd", "momentum": 0.9, "ema_momentum": 0.5},
    "rmsprop": {"optimizer": "rmsprop"},
    "rmsprop with momentum": {"optimizer": "rmsprop", "momentum": 0.5, "rho": 0.95},
    "errors": {"metrics": ["mse", "mean_absolute_error"]},
    "accuracy": {"metrics": ["accuracy"]},
}


@pytest.mark.parametrize("name", some(CASES, *list(CASES)[::4]))
@pytest.mark.parametrize(("kind", "y"), [("classes", THREE), ("numbers", NUMBERS)])
def test_hyperparameters(name, kind, y):
    estimator = (MLPClassifier if kind == "classes" else MLPRegressor)(**CASES[name])
    if kind == "classes" and name == "errors":
        y = LABELS  # an error against numbers of classes means nothing
    if kind == "numbers" and name == "accuracy":
        estimator.set_params(metrics=["mae"])
    assert_as_keras_builds(job(estimator, y))


@pytest.mark.parametrize("y", [TWO, THREE, LABELS], ids=["two", "three", "labels"])
@pytest.mark.parametrize("weight", [None, np.linspace(0.5, 1.5, 12)], ids=["plain", "weighted"])
@pytest.mark.parametrize("more", [{}, {"label_smoothing": 0.1}, {"mixup": 0.2}], ids=str)
def test_targets(y, weight, more):
    assert_as_keras_builds(job(MLPClassifier(metrics=["accuracy"], **more), y, weight))


@pytest.mark.parametrize("loss", ["mse", "mean_absolute_error", "log_cosh"])
def test_losses_of_numbers(loss):
    assert_as_keras_builds(job(MLPRegressor(loss=loss), NUMBERS))


def test_double_precision(float64):
    assert_as_keras_builds(job(MLPClassifier(dropout=0.2, l2=0.1), THREE))


@pytest.mark.further
@settings(max_examples=60, deadline=None)
@given(
    widths=st.lists(st.integers(2, 9), max_size=3),
    activation=st.sampled_from(["relu", "tanh", "elu", "leaky_relu", "softmax", "linear"]),
    normalization=st.sampled_from([None, "batch", "layer"]),
    dropout=st.sampled_from([0.0, 0.3]),
    noise=st.sampled_from([0.0, 0.1]),
    l2=st.sampled_from([0.0, 1e-3]),
    max_norm=st.sampled_from([None, 1.5]),
    optimizer=st.sampled_from(["adam", "sgd", "rmsprop", "adagrad"]),
    average=st.sampled_from([None, 0.9]),
    y=st.sampled_from([0, 1, 2]),
)
def test_any_hyperparameters(
    widths, activation, normalization, dropout, noise, l2, max_norm, optimizer, average, y
):
    estimator = MLPClassifier(
        hidden_layer_sizes=tuple(widths),
        activation=activation,
        normalization=normalization,
        dropout=dropout,
        gaussian_noise=noise,
        l2=l2,
        max_norm=max_norm,
        optimizer=optimizer,
        ema_momentum=average,
    )
    assert_as_keras_builds(job(estimator, (TWO, THREE, LABELS)[y]))


NOT_DESCRIBED = {
    "a function as activation": {"activation": keras.activations.relu},
    "an activation that the kernel lacks": {"activation": "glu"},
    "an initializer object": {"kernel_initializer": keras.initializers.HeNormal()},
    "an orthogonal initializer": {"kernel_initializer": "orthogonal"},
    "an optimizer object": {"optimizer": keras.optimizers.Adam(), "learning_rate": 2e-3},
    "an optimizer without description": {"optimizer": "adafactor"},
    "a metric object": {"metrics": [keras.metrics.CategoricalAccuracy()]},
    "a metric without description": {"metrics": ["top_k_categorical_accuracy"]},
    "a softmax of one, of which Keras warns": {"activation": "softmax", "units": 1},
    "half precision": {"precision": "mixed_bfloat16"},
    "a focal loss": {"loss": "categorical_focal_crossentropy"},
}


@pytest.mark.parametrize("name", NOT_DESCRIBED)
def test_keras_builds_the_rest(name):
    found = job(MLPClassifier(**{"units": 4, **NOT_DESCRIBED[name]}), THREE)
    assert not isinstance(found.network, DescribedNetwork)


class OwnLayers(MLPClassifier):
    """A class of a user's whose networks are others."""

    @staticmethod
    @functools.wraps(build_dense)
    def _build(**settings):
        model = build_dense(**settings)
        return keras.Sequential([*model.layers[:-1], keras.layers.Dropout(0.5), model.layers[-1]])


def test_a_subclass_that_builds_other_layers_is_not_described():
    found = job(OwnLayers(units=4), THREE)
    assert not isinstance(found.network, DescribedNetwork)
    assert len(found.network.template.layers) == 3


@pytest.mark.parametrize("given", [{"learning_rate": 1}, {"momentum": 1}], ids=str)
def test_whole_numbers_that_keras_refuses_are_refused(given):
    with pytest.raises(ValueError, match="float"):
        MLPClassifier(optimizer="sgd", **given).fit(X, THREE)


def test_an_error_of_numbers_of_classes_goes_as_keras_has_it():
    found = job(MLPClassifier(metrics=["mse"]), THREE)
    assert not isinstance(found.network, DescribedNetwork)


def test_the_model_is_built_for_the_precision_of_its_fit():
    clf = MLPClassifier(units=4, epochs=1, random_state=0).fit(X, THREE)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert clf.model_.layers[0].compute_dtype == "float32"
    finally:
        keras.config.set_dtype_policy(before)


def test_a_small_number_that_has_changed_since_is_an_error():
    clf = MLPClassifier(units=4, epochs=1, random_state=0).fit(X, THREE)
    before = keras.config.epsilon()
    keras.config.set_epsilon(1e-4)
    try:
        with pytest.raises(IncompatibleNetworkError, match="set them back with keras.config"):
            clf.model_  # noqa: B018 - it is built here
    finally:
        keras.config.set_epsilon(before)


def test_a_pickle_of_another_format_is_an_error():
    network = job(MLPClassifier(units=4), THREE).network
    with pytest.raises(IncompatibleNetworkError, match="Got format 0, expected 2"):
        restored_network(0, network.plain, None)


@pytest.mark.parametrize("kind", [keras.layers.Dense, keras.optimizers.Adam])
def test_a_method_put_into_a_class_of_keras_is_kerass_to_run(kind, monkeypatch):
    monkeypatch.setattr(kind, "get_config", lambda self: {})
    assert not isinstance(job(MLPClassifier(), THREE).network, DescribedNetwork)


def test_a_name_that_the_user_has_registered_is_kerass_to_find():
    with keras.saving.custom_object_scope({"tanh": lambda x: 2 * x}):
        found = job(MLPClassifier(activation="tanh"), THREE)
        assert not isinstance(found.network, DescribedNetwork)
    assert isinstance(job(MLPClassifier(activation="tanh"), THREE).network, DescribedNetwork)


@pytest.mark.parametrize("metrics", [["accuracy"], ["mse", "mae"]], ids=str)
def test_the_curves_and_which_way_is_up_are_those_of_keras(metrics):
    y = THREE if metrics == ["accuracy"] else LABELS
    ours = job(MLPClassifier(metrics=metrics, validation_split=0.25), y)
    theirs = replace(ours, network=ours.network.by_keras)
    names = curve_names(theirs)
    assert curve_names(ours) == names
    for name in names:
        assert should_rise(name, ours.network) is should_rise(name, theirs.network)


def test_a_fitted_estimator_is_pickled_without_its_model_and_goes_on_as_it_was():
    clf = MLPClassifier(units=4, epochs=2, dropout=0.2, random_state=0, warm_start=True)
    twin = pickle.loads(pickle.dumps(clf.fit(X, THREE)))
    np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))
    for one in (clf, twin):
        one.partial_fit(X, THREE)
    np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))


def test_the_model_of_keras_predicts_what_the_estimator_does():
    clf = MLPClassifier(units=4, epochs=2, random_state=0, normalization="batch").fit(X, THREE)
    ours = clf.predict_proba(X)
    np.testing.assert_allclose(clf.model_.predict(X, verbose=0), ours, rtol=1e-5, atol=1e-6)
