"""Keras classes of the user's own go wherever an estimator goes, registered or not."""

from __future__ import annotations

import pickle

import keras
import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score

from skdl import KerasClassifier, MLPClassifier
from tests.selection import some

X, Y = load_iris(return_X_y=True)


class MyLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


class MyMetric(keras.metrics.SparseCategoricalAccuracy):
    pass


class MySGD(keras.optimizers.SGD):
    pass


class MyLayer(keras.layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x):
        return x * self.scale


class NoConfig(keras.Model):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, x):
        return self.layer(x)

    def get_config(self):
        return {}


def build():
    return keras.Sequential(
        [keras.Input((4,)), MyLayer(), keras.layers.Dense(3, activation="softmax")]
    )


def build_without_config():
    return NoConfig(keras.layers.Dense(3, activation="softmax"))


def ready():
    model = build()
    model.compile(MySGD(0.1), MyLoss(), metrics=[MyMetric()])
    return model


def estimators():
    return [
        KerasClassifier(
            build, loss=MyLoss(), optimizer=MySGD(0.1), metrics=[MyMetric()], random_state=0
        ),
        KerasClassifier(ready(), random_state=0),
        MLPClassifier(epochs=1, metrics=[MyMetric()], optimizer=MySGD(0.1), random_state=0),
    ]


@pytest.fixture(
    params=some(range(3), "ready model", ids=["build function", "ready model", "ready network"])
)
def estimator(request):
    return estimators()[request.param]


def test_clones_and_pickles_fit_the_same_bits(estimator):
    expected = clone(estimator).fit(X, Y).predict_proba(X)
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(again.fit(X, Y).predict_proba(X), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(again)).predict_proba(X), expected)
    np.testing.assert_array_equal(clone(again).fit(X, Y).predict_proba(X), expected)


@pytest.mark.processes
def test_cross_validation_takes_them_also_in_processes(estimator):
    alone = cross_val_score(estimator, X, Y, cv=2)
    np.testing.assert_array_equal(cross_val_score(estimator, X, Y, cv=2, n_jobs=2), alone)


@pytest.mark.processes
def test_a_fitted_one_comes_back_from_a_process(estimator):
    (fitted,) = Parallel(n_jobs=2)([delayed(estimator.fit)(X, Y)])
    np.testing.assert_array_equal(
        fitted.predict_proba(X), clone(estimator).fit(X, Y).predict_proba(X)
    )


def test_a_network_that_could_not_be_loaded_again_is_not_dumped():
    clf = KerasClassifier(build_without_config, random_state=0).fit(X, Y)
    assert clf.predict(X[:1]).shape == (1,)
    with pytest.raises(TypeError, match="NoConfig cannot be pickled.*get_config"):
        pickle.dumps(clf)
