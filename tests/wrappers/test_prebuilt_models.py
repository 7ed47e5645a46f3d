"""Ready Keras models: each fit trains a copy, from the weights that the model was given with."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras.layers import Dense
from sklearn.base import clone

from skdl import KerasClassifier, KerasRegressor
from skdl.exceptions import IncompatibleNetworkError, InvalidParameterError
from tests.wrappers.small_networks import (
    NUMBERS,
    QUICK,
    THREE,
    TWO,
    Recorder,
    X,
    build_linear,
    build_softmax,
    dense,
    weights,
)


def compiled(optimizer="sgd", build=build_softmax, loss="sparse_categorical_crossentropy"):
    model = build()
    model.compile(optimizer, loss, run_eagerly=True)
    return model


def trained(optimizer):
    model = compiled(optimizer)
    model.fit(X, THREE, verbose=0)
    return model


@keras.saving.register_keras_serializable("tests")
class Registered(keras.Model):
    """A network written as a class that Keras can save."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.out = Dense(units, activation="softmax")

    def call(self, inputs):
        return self.out(inputs)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Unregistered(Registered):
    """The same without Keras knowing its name."""


def built(kind):
    model = kind()
    model(X)
    return model


@pytest.mark.parametrize(
    "make",
    [
        build_softmax,
        compiled,
        lambda: compiled("adam"),
        lambda: trained("sgd"),
        lambda: trained("adam"),
        lambda: built(Registered),
        lambda: built(Unregistered),
    ],
    ids=[
        "bare",
        "compiled sgd",
        "compiled adam",
        "trained sgd",
        "trained adam",
        "registered",
        "own",
    ],
)
def test_the_users_model_is_not_trained(make):
    model = make()
    before, state = weights(model), bool(model.compiled)
    clf = KerasClassifier(model, **QUICK).fit(X, THREE)
    assert clf.model_ is not model
    np.testing.assert_array_equal(weights(model), before)
    assert not np.array_equal(weights(clf), before)
    assert model.compiled is state
    if state:
        steps = int(model.optimizer.iterations)
        assert int(clf.model_.optimizer.iterations) == steps + 1


def test_each_fit_starts_from_the_given_weights():
    model = build_softmax()
    clf = KerasClassifier(model, **QUICK)
    first = weights(clf.fit(X, THREE))
    np.testing.assert_array_equal(weights(clf.fit(X, THREE)), first)
    np.testing.assert_array_equal(weights(clone(clf).fit(X, THREE)), first)


def test_the_copy_starts_from_the_given_weights_whatever_the_random_state():
    model = build_softmax()
    for random_state in (0, 1, None):
        clf = KerasClassifier(model, random_state=random_state).initialize(X, THREE)
        np.testing.assert_array_equal(weights(clf), weights(model))


def test_the_copy_trains_as_keras_would_train_the_model():
    model = compiled("adam")
    clf = KerasClassifier(model, shuffle=False, batch_size=8, epochs=2, random_state=0)
    clf.fit(X, THREE)
    model.fit(X, THREE, shuffle=False, batch_size=8, epochs=2, verbose=0)
    np.testing.assert_array_equal(weights(clf), weights(model))


def test_the_state_of_a_trained_optimizer_is_taken_over():
    model = trained("adam")
    clf = KerasClassifier(model, shuffle=False, random_state=0).fit(X, THREE)
    model.fit(X, THREE, shuffle=False, verbose=0)
    np.testing.assert_array_equal(weights(clf), weights(model))


def test_a_bare_model_is_compiled_with_the_parameters():
    clf = KerasClassifier(
        build_softmax(),
        optimizer="sgd",
        optimizer__learning_rate=0.125,
        metrics=["accuracy"],
        **QUICK,
    ).fit(X, THREE)
    assert float(clf.model_.optimizer.learning_rate) == 0.125
    assert set(clf.history_) == {"loss", "accuracy"}


def test_a_saved_model_predicts_after_initialize(tmp_path):
    reg = KerasRegressor(build_linear, **QUICK).fit(X, NUMBERS)
    reg.model_.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    again = KerasRegressor(model).initialize(X, NUMBERS)
    np.testing.assert_array_equal(again.predict(X), reg.predict(X))
    assert again.score(X, NUMBERS) == reg.score(X, NUMBERS)


def test_partial_fit_of_a_ready_model_goes_on():
    model = build_softmax()
    clf = KerasClassifier(model, optimizer="sgd", **QUICK)
    clf.partial_fit(X, THREE).partial_fit(X, THREE)
    whole = KerasClassifier(model, optimizer="sgd", epochs=2, **QUICK).fit(X, THREE)
    np.testing.assert_array_equal(weights(clf), weights(whole))


def test_a_frozen_layer_stays_as_it_is():
    model = dense(5, 3, activation="softmax")
    model.layers[0].trainable = False
    clf = KerasClassifier(model, **QUICK).fit(X, THREE)
    for mine, given in zip(clf.model_.layers[0].weights, model.layers[0].weights, strict=True):
        np.testing.assert_array_equal(mine, given)
    assert clf.n_parameters_ == 5 * 3 + 3


def test_a_model_without_an_input_is_built_by_the_data():
    model = keras.Sequential([Dense(3, activation="softmax")])
    first = KerasClassifier(model, **QUICK).fit(X, THREE)
    again = KerasClassifier(model, **QUICK).fit(X, THREE)
    assert not model.built
    np.testing.assert_array_equal(weights(first), weights(again))


def test_a_model_as_a_parameter_is_kept():
    model = build_softmax()
    clf = KerasClassifier(model, **QUICK)
    assert clf.model is model
    assert clf.get_params()["model"] is model
    assert clf.fit(X, THREE).model is model


def test_a_ready_model_has_no_further_parameters():
    with pytest.raises(InvalidParameterError, match="Did you mean 'epochs'?"):
        KerasClassifier(build_softmax(), epoch=3)
    with pytest.raises(InvalidParameterError, match="model__units"):
        KerasClassifier(build_softmax(), model__units=3)
    with pytest.raises(InvalidParameterError, match="Did you mean 'epochs'?"):
        KerasClassifier(build_softmax()).set_params(epoch=3)


def test_a_ready_model_that_does_not_fit_the_target():
    recorder = Recorder()
    with pytest.raises(IncompatibleNetworkError, match="cannot tell 3 classes apart"):
        KerasClassifier(dense(2, activation="softmax"), callbacks=recorder).fit(X, THREE)
    with pytest.raises(IncompatibleNetworkError, match="loss='mse' has no effect"):
        KerasClassifier(compiled(), loss="mse", callbacks=recorder).fit(X, TWO)
    assert recorder.log == []
