"""Copies, pickles and other processes: the same bits everywhere."""

from __future__ import annotations

import copy
import io
import multiprocessing
import pickle

import cloudpickle
import joblib
import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdl import KerasClassifier
from tests.networks_for_tests import build_classifier
from tests.selection import some


class Scaled(keras.layers.Layer):
    """A layer with a weight and a setting of its own, never registered with Keras."""

    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.shift = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="shift")

    def call(self, inputs):
        return inputs * self.factor + self.shift

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def build_scaled(meta, factor=3.0):
    return keras.Sequential(
        [
            keras.Input(meta["X_shape_"][1:]),
            Scaled(factor),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


def through_joblib(value):
    file = io.BytesIO()
    joblib.dump(value, file)
    file.seek(0)
    return joblib.load(file)


COPIES = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "joblib": through_joblib,
    "cloudpickle": lambda value: pickle.loads(cloudpickle.dumps(value)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@pytest.fixture(scope="session")
def fitted(classes_data, numbers_data):
    """``fitted(kind)``: one fitted estimator of each kind, made once and never changed."""
    from tests.conftest import REGRESSORS, make

    made = {}

    def of(kind):
        if kind not in made:
            data = numbers_data if kind in REGRESSORS else classes_data
            params = {"dropout": 0.2} if kind.startswith("MLP") else {"model__dropout": 0.2}
            made[kind] = make(kind, warm_start=True, **params).fit(*data)
        return made[kind]

    return of


def predict_in_a_new_process(packed, X):
    return predictions(pickle.loads(packed), X)


def predictions(estimator, X):
    return getattr(estimator, "predict_proba", estimator.predict)(X)


@pytest.mark.parametrize("way", some(COPIES, "pickle", "deepcopy", "copy"))
def test_a_copy_predicts_the_same_bits(kind, way, fitted, data_of, outputs):
    X, _ = data_of(kind)
    twin = COPIES[way](fitted(kind))
    np.testing.assert_array_equal(outputs(twin, X), outputs(fitted(kind), X))
    assert twin.history_ == fitted(kind).history_
    assert twin.seed_ == fitted(kind).seed_
    assert twin.n_epochs_ == fitted(kind).n_epochs_
    assert str(twin.parameter_table()) == str(fitted(kind).parameter_table())
    assert (twin.model_ is fitted(kind).model_) == (way == "copy")


@pytest.mark.parametrize("way", some(COPIES, "pickle"))
def test_a_copy_of_what_was_not_fitted_has_its_parameters(kind, way, make_estimator, data_of):
    original = make_estimator(kind, epochs=7)
    twin = COPIES[way](original)
    assert repr(twin) == repr(original)
    with pytest.raises(NotFittedError):
        twin.predict(data_of(kind)[0])


def test_a_clone_has_the_parameters_and_nothing_fitted(kind, fitted):
    twin = clone(fitted(kind))
    assert repr(twin.get_params()) == repr(fitted(kind).get_params())
    assert not [name for name in vars(twin) if name.endswith("_") and not name.startswith("_")]


def test_a_clone_fits_to_the_same_bits(kind, fitted, data_of, outputs):
    X, y = data_of(kind)
    np.testing.assert_array_equal(
        outputs(clone(fitted(kind)).fit(X, y), X), outputs(fitted(kind), X)
    )


@pytest.mark.parametrize(
    "way", some(["pickle", "joblib", "cloudpickle", "deepcopy"], "pickle", "deepcopy")
)
def test_training_goes_on_after_a_copy_as_without_one(
    way, fitted, make_estimator, data_of, outputs
):
    # Adam's moments, the noise of dropout and the order of the batches all have to come along.
    kind = "MLPClassifier"
    X, y = data_of(kind)
    straight = make_estimator(kind, warm_start=True, dropout=0.2).fit(X, y).fit(X, y)
    resumed = COPIES[way](fitted(kind)).fit(X, y)
    assert resumed.history_ == straight.history_
    np.testing.assert_array_equal(outputs(resumed, X), outputs(straight, X))


@pytest.mark.parametrize(
    "kind", some(["MLPRegressor", "KerasClassifier", "KerasRegressor"], "KerasRegressor")
)
def test_training_goes_on_after_a_pickle_as_without_one(
    kind, fitted, make_estimator, data_of, outputs
):
    X, y = data_of(kind)
    params = {"dropout": 0.2} if kind.startswith("MLP") else {"model__dropout": 0.2}
    straight = make_estimator(kind, warm_start=True, **params).fit(X, y).fit(X, y)
    resumed = COPIES["pickle"](fitted(kind)).fit(X, y)
    assert resumed.history_ == straight.history_
    np.testing.assert_array_equal(outputs(resumed, X), outputs(straight, X))


@pytest.mark.parametrize("way", ["pickle", "deepcopy"])
def test_training_a_copy_leaves_the_original_alone(way, fitted, data_of, outputs):
    X, y = data_of("MLPClassifier")
    before = outputs(fitted("MLPClassifier"), X)
    twin = COPIES[way](fitted("MLPClassifier")).fit(X, y)
    assert not np.array_equal(outputs(twin, X), before)
    np.testing.assert_array_equal(outputs(fitted("MLPClassifier"), X), before)


@pytest.mark.parametrize("way", some(["pickle", "joblib", "cloudpickle", "deepcopy"], "pickle"))
def test_layers_of_the_users_own_come_along(way, classes_data, outputs):
    X, y = classes_data
    clf = KerasClassifier(build_scaled, model__factor=1.5, epochs=1, random_state=0).fit(X, y)
    twin = COPIES[way](clf)
    assert type(twin.model_.layers[0]) is Scaled
    assert twin.model_.layers[0].factor == 1.5
    np.testing.assert_array_equal(outputs(twin, X), outputs(clf, X))


def test_a_build_function_that_no_module_has_crosses_by_cloudpickle(classes_data, outputs):
    X, y = classes_data

    def build(meta, units=4):
        return build_classifier(meta, units=units)

    clf = KerasClassifier(build, epochs=1, random_state=0).fit(X, y)
    twin = COPIES["cloudpickle"](clf)
    assert twin.get_params()["model__units"] == 4
    np.testing.assert_array_equal(outputs(twin, X), outputs(clf, X))


@pytest.mark.processes
def test_every_estimator_predicts_the_same_bits_in_a_fresh_process(fitted, data_of, classes_data):
    from tests.conftest import KINDS

    X, y = classes_data
    own = KerasClassifier(build_scaled, epochs=1, random_state=0).fit(X, y)
    pipe = make_pipeline(StandardScaler(), clone(fitted("MLPClassifier"))).fit(X, y)
    jobs = [(fitted(kind), data_of(kind)[0]) for kind in KINDS] + [(own, X), (pipe, X)]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.starmap(
            predict_in_a_new_process, [(pickle.dumps(estimator), rows) for estimator, rows in jobs]
        )
    for (estimator, rows), elsewhere in zip(jobs, found, strict=True):
        np.testing.assert_array_equal(elsewhere, predictions(estimator, rows))


@pytest.mark.processes
def test_every_estimator_fits_to_the_same_bits_in_a_worker_of_joblib(fitted, data_of):
    from tests.conftest import KINDS

    found = joblib.Parallel(n_jobs=2, backend="loky")(
        joblib.delayed(clone(fitted(kind)).fit)(*data_of(kind)) for kind in KINDS
    )
    for kind, estimator in zip(KINDS, found, strict=True):
        X, _ = data_of(kind)
        np.testing.assert_array_equal(predictions(estimator, X), predictions(fitted(kind), X))
