"""Estimators of a user's own: a network in the class, hyperparameters in `__init__`, another score."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras.layers import Dense
from sklearn.base import TransformerMixin, clone
from sklearn.metrics import accuracy_score, balanced_accuracy_score, mean_absolute_error
from sklearn.model_selection import GridSearchCV

from skdl import KerasClassifier, KerasRegressor, diagnose
from skdl.exceptions import InvalidParameterError
from tests.tolerances import assert_outputs_within_rounding
from tests.wrappers.small_networks import (
    NUMBERS,
    QUICK,
    THREE,
    TWO,
    Recorder,
    X,
    build_hidden,
    build_linear,
    dense,
    weights,
)


class Dense2(KerasClassifier):
    """Arguments of its own before those of the wrapper, as scikeras's guide writes such classes."""

    def __init__(
        self, sizes=(3,), optimizer="sgd", optimizer__learning_rate=0.5, epochs=2, **kwargs
    ):
        super().__init__(**kwargs)
        self.sizes = sizes
        self.optimizer = optimizer
        self.optimizer__learning_rate = optimizer__learning_rate
        self.epochs = epochs

    def _keras_build_fn(self, compile_kwargs):
        binary = self.target_type_ == "binary"
        end = [1] if binary else [self.n_classes_]
        model = dense(
            *self.sizes,
            *end,
            activation="sigmoid" if binary else "softmax",
            inputs=self.n_features_in_,
        )
        model.compile(
            compile_kwargs["optimizer"],
            "binary_crossentropy" if binary else "sparse_categorical_crossentropy",
        )
        return model


class Whole(KerasClassifier):
    """No argument but its own: all others are its affair."""

    def __init__(self, units=3, epochs=2, random_state=0):
        super().__init__(
            epochs=epochs,
            random_state=random_state,
            loss=keras.losses.BinaryCrossentropy,
            loss__label_smoothing=0.25,
            optimizer="sgd",
            optimizer__learning_rate=0.5,
            metrics=["accuracy"],
            callbacks=Recorder,
            run_eagerly=True,
        )
        self.units = units

    def _keras_build_fn(self):
        return dense(self.units, 1, activation="sigmoid")


class FromMeta(KerasRegressor):
    """A build function that takes all it needs as arguments."""

    def _keras_build_fn(self, meta, units):
        return dense(units, meta["n_outputs_"], inputs=meta["n_features_in_"])


def test_arguments_of_the_subclass_are_parameters():
    clf = Dense2(sizes=(2, 5))
    assert clf.get_params()["sizes"] == (2, 5)
    assert clf.get_params()["epochs"] == 2
    assert clf.get_params()["optimizer__learning_rate"] == 0.5
    assert {"batch_size", "class_weight", "warm_start"} <= set(clf.get_params())


def test_the_network_of_the_subclass_is_trained():
    clf = Dense2(**QUICK).fit(X, THREE)
    assert [layer.units for layer in clf.model_.layers] == [3, 3]
    assert float(clf.model_.optimizer.learning_rate) == 0.5
    assert len(clf.history_["loss"]) == 2
    clf.set_params(sizes=(2, 5), optimizer__learning_rate=0.25, epochs=1).fit(X, TWO)
    assert [layer.units for layer in clf.model_.layers] == [2, 5, 1]
    assert float(clf.model_.optimizer.learning_rate) == 0.25
    assert len(clf.history_["loss"]) == 1


def test_a_clone_of_the_subclass_trains_to_the_same_bits():
    clf = Dense2(sizes=(2,), optimizer__learning_rate=0.125, **QUICK)
    again = clone(clf)
    assert again.get_params() == clf.get_params()
    np.testing.assert_array_equal(weights(clf.fit(X, TWO)), weights(again.fit(X, TWO)))


def test_a_subclass_without_further_arguments():
    clf = Whole(units=2).fit(X, TWO)
    own = ["epochs", "random_state", "units"]
    assert [name for name in clf.get_params() if "__" not in name] == own
    assert set(clf.history_) == {"loss", "accuracy"}
    assert len(clf.history_["loss"]) == 2
    assert float(clf.model_.optimizer.learning_rate) == 0.5
    assert clf.model_.loss.label_smoothing == 0.25
    again = clone(clf)
    assert again.get_params() == clf.get_params()
    assert again.get_params(deep=False) == {"units": 2, "epochs": 2, "random_state": 0}
    np.testing.assert_array_equal(weights(again.fit(X, TWO)), weights(clf))
    search = GridSearchCV(Whole(), {"units": [2, 4]}, cv=2).fit(X, TWO)
    assert search.best_estimator_.model_.layers[0].units in (2, 4)
    with pytest.raises(ValueError, match="Invalid parameter 'loss' for Whole"):
        clf.set_params(loss="mse")
    assert diagnose(clf).numbers["epochs"] == 2


@pytest.mark.further
def test_what_a_subclass_without_further_arguments_sets_later():
    class Bare(KerasRegressor):
        def __init__(self):
            super().__init__(random_state=0)

        def _keras_build_fn(self):
            return dense(1)

    reg = Bare().fit(X, NUMBERS)
    assert reg.model_.loss == "mean_squared_error"
    reg.loss, reg.optimizer = "mae", "sgd"
    reg.fit(X, NUMBERS)
    expected = KerasRegressor(build_linear, loss="mae", optimizer="sgd", random_state=0)
    np.testing.assert_array_equal(weights(reg), weights(expected.fit(X, NUMBERS)))


def test_the_name_of_an_estimator():
    assert (Whole().__name__, Whole.__name__) == ("Whole", "Whole")
    assert KerasRegressor(build_linear).__name__ == "KerasRegressor"


@pytest.mark.parametrize("name", ["model", "build_fn"])
@pytest.mark.parametrize("method", ["fit", "partial_fit", "initialize"])
def test_two_things_that_build_the_network(name, method):
    class Both(KerasRegressor):
        def _keras_build_fn(self):
            return dense(1)

    reg = Both(**{name: build_linear}, **QUICK)
    with pytest.raises(InvalidParameterError, match=f"Both: {name}=.*_keras_build_fn"):
        getattr(reg, method)(X, NUMBERS)


def test_a_build_method_takes_routed_arguments():
    reg = FromMeta(units=5, **QUICK).fit(X, NUMBERS)
    assert reg.model_.layers[0].units == 5
    reg = FromMeta(model__units=6, **QUICK).fit(X, NUMBERS)
    assert reg.model_.layers[0].units == 6


def test_a_scorer_of_ones_own():
    class Balanced(KerasClassifier):
        scorer = staticmethod(balanced_accuracy_score)

    clf = Balanced(build_hidden, **QUICK).fit(X, THREE)
    predicted = clf.predict(X[1:])
    expected = balanced_accuracy_score(THREE[1:], predicted)
    assert clf.score(X[1:], THREE[1:]) == expected != accuracy_score(THREE[1:], predicted)


def test_a_regressors_scorer_of_ones_own():
    class Absolute(KerasRegressor):
        @staticmethod
        def scorer(y_true, y_pred, **kwargs):
            return -mean_absolute_error(y_true, y_pred, **kwargs)

    reg = Absolute(build_linear, **QUICK).fit(X, NUMBERS)
    weight = 1 + THREE
    assert reg.score(X, NUMBERS, weight) == -mean_absolute_error(
        NUMBERS, reg.predict(X), sample_weight=weight
    )


class AutoEncoder(TransformerMixin, KerasRegressor):
    """The network's own inputs as its targets; the first half of the network transforms."""

    def _keras_build_fn(self, meta, code=2):
        features = meta["n_features_in_"]
        encoder = keras.Sequential([keras.Input((features,)), Dense(code)], name="encoder")
        decoder = keras.Sequential([keras.Input((code,)), Dense(features)], name="decoder")
        inputs = keras.Input((features,))
        return keras.Model(inputs, decoder(encoder(inputs)))

    def fit(self, X, y=None):
        return super().fit(X, X)

    def transform(self, X):
        return self.model_.get_layer("encoder").predict(X, verbose=0)

    def inverse_transform(self, codes):
        return self.model_.get_layer("decoder").predict(codes, verbose=0)

    def score(self, X, y=None):
        return super().score(X, X)


def test_an_autoencoder():
    coder = AutoEncoder(code=3, epochs=2, **QUICK)
    codes = coder.fit_transform(X)
    assert codes.shape == (len(X), 3)
    decoded = coder.inverse_transform(codes)
    assert_outputs_within_rounding(decoded, coder.predict(X), coder.model_, X)
    plain = KerasRegressor(coder._keras_build_fn, code=3, epochs=2, **QUICK).fit(X, X)
    np.testing.assert_array_equal(weights(coder), weights(plain))
    assert coder.score(X) == plain.score(X, X)
