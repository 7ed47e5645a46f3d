"""Layers that a build function takes from outside are copied, and stay as they are."""

from __future__ import annotations

import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score

from skdl import KerasClassifier
from skdl.engine.network.outside_layers import noting_variables
from skdl.exceptions import IncompatibleNetworkError
from tests.selection import some

X, Y = load_iris(return_X_y=True)
ENGINES = ["keras", "auto"]


def pretrained(units=5):
    base = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, "relu")], name="base")
    base.set_weights([np.linspace(-1, 1, 4 * units).reshape(4, units), np.zeros(units)])
    return base


def on_top_of(base):
    def build():
        head = keras.layers.Dense(3, "softmax")
        return keras.Sequential([keras.Input((4,)), base, head])

    return build


def classifier(build, engine, **settings):
    settings = {"epochs": 2, "random_state": 0, "optimizer": "sgd", **settings}
    return KerasClassifier(build, engine=engine, **settings)


@pytest.mark.parametrize("engine", some(ENGINES, "auto"))
def test_a_layer_of_the_user_is_never_trained(engine):
    base = pretrained()
    before = base.get_weights()
    clf = classifier(on_top_of(base), engine).fit(X, Y)
    proba = clf.predict_proba(X)
    assert not np.array_equal(clf.model_.get_weights()[0], before[0])  # the copy is trained
    clf.model_.set_weights([w * 0 for w in clf.model_.get_weights()])
    for weight, start in zip(base.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, start)
    np.testing.assert_array_equal(
        classifier(on_top_of(base), engine).fit(X, Y).predict_proba(X), proba
    )


@pytest.mark.parametrize("engine", some(ENGINES, "auto"))
def test_folds_do_not_leak_into_each_other(engine):
    clf = classifier(on_top_of(pretrained()), engine)
    one, two = (cross_val_score(clf, X, Y, cv=3) for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("engine", some(ENGINES, "auto"))
def test_a_fit_begins_with_the_weights_that_the_layer_has_then(engine):
    base = pretrained()
    clf = classifier(on_top_of(base), engine, optimizer__learning_rate=0.0)
    np.testing.assert_array_equal(clf.fit(X, Y).model_.get_weights()[0], base.get_weights()[0])
    base.set_weights([w + 1 for w in base.get_weights()])
    np.testing.assert_array_equal(clf.fit(X, Y).model_.get_weights()[0], base.get_weights()[0])


@pytest.mark.parametrize("engine", some(ENGINES, "auto"))
def test_a_frozen_layer_keeps_its_weights(engine):
    base = pretrained()
    base.trainable = False
    clf = classifier(on_top_of(base), engine).fit(X, Y)
    np.testing.assert_array_equal(clf.model_.get_weights()[0], base.get_weights()[0])


def test_a_layer_from_a_function_that_cannot_be_read_is_copied_too():
    base = pretrained()

    def build():
        globals()  # nobody can know what it reads there
        return on_top_of(base)()

    before = base.get_weights()
    clf = classifier(build, "keras").fit(X, Y)
    np.testing.assert_array_equal(base.get_weights()[0], before[0])
    assert clf.model_.layers[0] is not base


@pytest.mark.further
def test_a_layer_that_the_user_never_called_is_drawn_from_the_seed():
    def probabilities(layer):
        def build():
            stack = [keras.Input((4,)), layer, keras.layers.Dense(3, "softmax")]
            return keras.Sequential(stack)

        return classifier(build, "auto").fit(X, Y).predict_proba(X)

    layer = keras.layers.Dense(4)
    one, again = probabilities(layer), probabilities(layer)
    np.testing.assert_array_equal(one, again)
    np.testing.assert_array_equal(one, probabilities(keras.layers.Dense(4)))


def test_looking_at_one_model_changes_no_other():
    build = on_top_of(pretrained())
    one, two = classifier(build, "auto").fit(X, Y), classifier(build, "auto", epochs=5).fit(X, Y)
    first = one.model_
    before = one.predict_proba(X)
    two.model_  # noqa: B018 - looked at
    np.testing.assert_array_equal(one.predict_proba(X), before)
    assert first.layers[0] is not two.model_.layers[0]


def test_what_cannot_be_copied_is_refused_before_anything_is_trained():
    class Guarded(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.events = iter([1, 2])
            self.lock = threading.Event()

        def call(self, x):
            return x

    with pytest.raises(IncompatibleNetworkError, match="Make all layers inside the build function"):
        classifier(on_top_of(Guarded()), "auto").fit(X, Y)


def test_variables_that_have_no_value_yet_are_made_all_the_same(tmp_path):
    module = tf.Module()
    module.scale = tf.Variable([1.0, 2.0])
    tf.saved_model.save(module, str(tmp_path))
    with noting_variables() as notes:
        loaded = tf.saved_model.load(str(tmp_path))
        made = tf.Variable([3.0])
    np.testing.assert_array_equal(loaded.scale, [1.0, 2.0])
    assert [one is made for one, _ in notes.values()] == [True]
