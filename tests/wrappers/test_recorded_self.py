"""What a subclass reads from its estimator while it builds, and what it sets there."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from sklearn.base import TransformerMixin, clone
from sklearn.datasets import make_classification

from skdl import KerasClassifier, KerasRegressor
from skdl.engine.network.facts import Facts
from skdl.wrappers.recorded_self import recorded_method
from tests.selection import some

X = np.random.default_rng(0).uniform(size=(60, 4)).astype(np.float32)
R = X[:, 0]


class Estimator:
    def __init__(self):
        self.units = 3
        self.other = 4

    @property
    def double(self):
        return 2 * self.units

    def build(self, look):
        return look(self)


@pytest.mark.parametrize(
    ("look", "names"),
    [
        (lambda self: self.units, {"units"}),
        (lambda self: self.double, {"units"}),
        (lambda self: getattr(self, "other", None), {"other"}),
        (lambda self: hasattr(self, "missing"), {"missing", "_routed"}),
        (lambda self: vars(self)["units"], {"units", "other"}),
        (lambda self: isinstance(self, Estimator), set()),
        (lambda self: setattr(self, "made", 1), set()),
        (lambda self: (setattr(self, "units", 1), self.units), set()),
    ],
)
def test_it_notes_what_is_read(look, names):
    estimator = Estimator()
    read, written = Facts(vars(estimator)), {}
    before = dict(vars(estimator))
    found = recorded_method(estimator.build, estimator, read, written)(look)
    assert found == look(Estimator())
    assert read.read == names
    assert vars(estimator) == before


def test_what_is_set_is_given_to_the_caller_and_not_to_the_estimator():
    estimator, written = Estimator(), {}
    look = recorded_method(estimator.build, estimator, Facts(vars(estimator)), written)
    look(lambda self: setattr(self, "made_", 5))
    assert written == {"made_": 5}
    assert not hasattr(estimator, "made_")


def test_a_function_that_is_no_method_of_the_estimator_is_left_alone():
    def build():
        return 1

    assert recorded_method(build, Estimator(), Facts({}), {}) is build


def dense(units, outputs=1, activation=None):
    return keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(units), keras.layers.Dense(outputs, activation)]
    )


class FromClasses(KerasClassifier):
    def _keras_build_fn(self):
        return dense(3, self.n_classes_, "softmax")


@pytest.mark.further
@pytest.mark.parametrize("classes", [(3, 5, 3), (5, 3, 4)])
def test_the_network_has_the_classes_of_this_fit(classes):
    for k in classes:
        data, y = make_classification(
            90, 4, n_informative=4, n_redundant=0, n_classes=k, n_clusters_per_class=1
        )
        clf = FromClasses(loss="sparse_categorical_crossentropy", random_state=0).fit(data, y)
        assert clf.predict_proba(data).shape == (90, k)


class LearnsFirst(KerasRegressor):
    def fit(self, X, y, **kwargs):
        self.width_ = len(X) // 10
        self.seen = X
        return super().fit(X, y, **kwargs)

    def _keras_build_fn(self):
        layer = keras.layers.Normalization()
        layer.adapt(self.seen)
        return keras.Sequential([keras.Input((4,)), layer, *dense(self.width_).layers])


def test_what_is_learnt_before_the_fit_stays_and_counts():
    reg = LearnsFirst(loss="mse", random_state=0)
    for rows in (60, 30, 60):
        model = reg.fit(X[:rows] + rows, R[:rows]).model_
        assert reg.width_ == rows // 10
        assert model.layers[1].units == rows // 10
        np.testing.assert_allclose(
            model.layers[0].mean[0], (X[:rows] + rows).mean(axis=0), rtol=1e-5
        )


class KeepsAPart(TransformerMixin, KerasRegressor):
    def _keras_build_fn(self, size):
        x = keras.Input((4,))
        inner = keras.Model(x, keras.layers.Dense(size, use_bias=False)(x))
        self.encoder_model_ = inner
        self.note_ = {"size": size}
        return keras.Model(x, keras.layers.Dense(4)(inner(x)))

    def fit(self, X, y=None):
        return super().fit(X, X)

    def transform(self, X):
        return self.encoder_model_.predict(X, verbose=0)


@pytest.mark.parametrize("engine", some(["keras", "auto"], "auto"))
def test_a_part_that_the_build_function_keeps_shares_its_layers_with_the_model(engine):
    reg = KeepsAPart(loss="mse", size=2, epochs=3, random_state=0, engine=engine, optimizer="adam")
    for _ in range(2):
        coded = reg.fit(X).transform(X)
        kernel = reg.encoder_model_.get_weights()[0]
        np.testing.assert_array_equal(kernel, reg.model_.get_weights()[0])
        np.testing.assert_allclose(coded, X @ kernel, rtol=1e-4, atol=1e-5)
        assert reg.note_ == {"size": 2}
    other = clone(reg).fit(X)
    assert other.encoder_model_ is not reg.encoder_model_
    np.testing.assert_array_equal(other.transform(X), coded)
    reg.partial_fit(X, X)
    np.testing.assert_array_equal(reg.encoder_model_.get_weights()[0], reg.model_.get_weights()[0])
