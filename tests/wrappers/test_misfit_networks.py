"""Networks and losses that cannot fit the target, and names that reach nothing: refused before training."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skdl import KerasClassifier, KerasRegressor
from skdl.exceptions import IncompatibleNetworkError, InvalidParameterError
from tests.wrappers.small_networks import (
    LABELS,
    NUMBERS,
    QUICK,
    THREE,
    TWO,
    Recorder,
    X,
    build_hidden,
    build_linear,
    build_softmax,
    dense,
)

BOTH = np.column_stack([NUMBERS, NUMBERS])
# The last layer, the loss, the target, and what the message says of them.
CLASSIFIERS = {
    "one unit for three classes": (
        (1, "sigmoid"),
        None,
        THREE,
        r"cannot tell 3 classes apart.*Dense\(3, activation='softmax'\)",
    ),
    "two units for three classes": (
        (2, "softmax"),
        None,
        THREE,
        r"2 units, activation softmax.*cannot tell 3 classes apart.*Dense\(3, activation='softmax'\)",
    ),
    "binary loss for three classes": (
        (3, "softmax"),
        "binary_crossentropy",
        THREE,
        "binary_crossentropy.*3 units.*loss='sparse_categorical_crossentropy'",
    ),
    "squared error on one unit for three classes": (
        (1, None),
        "mse",
        THREE,
        "mean_squared_error.*3 classes",
    ),
    "sparse loss on one unit": (
        (1, "sigmoid"),
        "sparse_categorical_crossentropy",
        TWO,
        "cannot tell 2 classes apart.*loss='binary_crossentropy'",
    ),
    "binary loss on two units": (
        (2, "softmax"),
        "binary_crossentropy",
        TWO,
        r"binary_crossentropy.*1 column\(s\).*2 units",
    ),
    "columns loss on too many units": (
        (4, "softmax"),
        "categorical_crossentropy",
        THREE,
        r"categorical_crossentropy.*3 column\(s\).*4 units.*one unit a class",
    ),
    "sparse loss for labels": (
        (3, "sigmoid"),
        "sparse_categorical_crossentropy",
        LABELS,
        "sparse_categorical_crossentropy.*3 columns.*'binary_crossentropy' for labels",
    ),
    "too few units for labels": (
        (2, "sigmoid"),
        None,
        LABELS,
        r"3 column\(s\).*2 units.*3 unit\(s\)",
    ),
}
REGRESSORS = {
    "one unit for two numbers": (
        (1, None),
        None,
        BOTH,
        r"mean_squared_error.*2 column\(s\).*1 units.*2 unit\(s\)",
    ),
    "two units for one number": (
        (2, None),
        "mae",
        NUMBERS,
        r"mean_absolute_error.*1 column\(s\).*2 units",
    ),
    "a sigmoid for numbers out of its reach": (
        (1, "sigmoid"),
        None,
        NUMBERS,
        "stays between 0 and 1.*TransformedTargetRegressor",
    ),
    "a tanh for numbers out of its reach": (
        (1, "tanh"),
        None,
        5 * NUMBERS,
        "stays between -1 and 1",
    ),
    "class numbers expected": (
        (1, None),
        "sparse_categorical_crossentropy",
        NUMBERS,
        "takes class numbers.*KerasClassifier",
    ),
    "zeros and ones expected": (
        (1, None),
        "binary_crossentropy",
        NUMBERS,
        "takes targets from 0 to 1",
    ),
}


def refuse(wrapper, last, loss, y, words):
    recorder = Recorder()
    units, activation = last
    est = wrapper(
        lambda: dense(units, activation=activation), loss=loss, callbacks=recorder, **QUICK
    )
    with pytest.raises(IncompatibleNetworkError, match=words):
        est.fit(X, y)
    assert recorder.log == []


@pytest.mark.parametrize("case", CLASSIFIERS)
def test_a_classifiers_network_that_cannot_fit(case):
    refuse(KerasClassifier, *CLASSIFIERS[case])


@pytest.mark.parametrize("case", REGRESSORS)
def test_a_regressors_network_that_cannot_fit(case):
    refuse(KerasRegressor, *REGRESSORS[case])


def test_a_compiled_loss_that_cannot_fit():
    def build():
        model = dense(1, activation="sigmoid")
        model.compile("sgd", "binary_crossentropy")
        return model

    recorder = Recorder()
    with pytest.raises(IncompatibleNetworkError, match="3 classes"):
        KerasClassifier(build, callbacks=recorder).fit(X, THREE)
    assert recorder.log == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"unit": 3}, "Invalid parameter 'unit' for KerasClassifier.*Did you mean 'units'?"),
        ({"model__unit": 3}, "Did you mean 'model__units'?"),
        ({"epoch": 3}, "Did you mean 'epochs'?"),
        ({"optimiser": "sgd"}, "Did you mean 'optimizer'?"),
        ({"optimiser__learning_rate": 1}, "Did you mean 'optimizer__learning_rate'?"),
        ({"callback__patience": 1}, "Did you mean 'callbacks__patience'?"),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_a_misspelt_parameter(given, words):
    with pytest.raises(InvalidParameterError, match=words):
        KerasClassifier(build_hidden, **given)
    clf = KerasClassifier(build_hidden, units=2)
    before = clf.get_params()
    with pytest.raises(ValueError, match=words):
        clf.set_params(epochs=9, **given)
    assert clf.get_params() == before


@pytest.mark.parametrize("compiles", [True, False])
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"optimizer": None}, "optimizer=None trains nothing.*provide an optimizer"),
        ({"loss": [None]}, r"loss=\[None\] names nothing to minimise.*provide a loss"),
    ],
    ids=["optimizer", "loss"],
)
def test_nothing_to_train_with(compiles, given, words):
    def build(compile_kwargs):
        model = build_linear()
        if compiles:
            model.compile(**{"loss": "mse", **compile_kwargs, **given})
        return model

    with pytest.raises(InvalidParameterError, match=words):
        KerasRegressor(build, **given, **QUICK).fit(X, NUMBERS)


def test_no_optimizer_for_a_network_that_has_one():
    def build():
        model = build_linear()
        model.compile("sgd", "mse")
        return model

    reg = KerasRegressor(build, optimizer=None, **QUICK).fit(X, NUMBERS)
    assert isinstance(reg.model_.optimizer, keras.optimizers.SGD)


def test_a_build_function_that_misses_an_argument():
    def build(units):
        return dense(units, 1)

    with pytest.raises(TypeError, match="units"):
        KerasRegressor(build).fit(X, NUMBERS)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score", "parameter_table"])
def test_before_a_fit(method):
    clf = KerasClassifier(build_softmax)
    given = {"score": (X, THREE), "parameter_table": ()}.get(method, (X,))
    with pytest.raises(NotFittedError, match="KerasClassifier"):
        getattr(clf, method)(*given)


def test_a_continuous_target_for_a_classifier():
    recorder = Recorder()
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        KerasClassifier(build_softmax, callbacks=recorder).fit(X, NUMBERS)
    assert recorder.log == []


def test_labels_of_several_columns_need_an_encoder():
    recorder = Recorder()
    clf = KerasClassifier(build_softmax, callbacks=recorder)
    with pytest.raises(ValueError, match="target_encoder|MultiOutputClassifier"):
        clf.fit(X, np.column_stack([THREE, THREE]))
    assert recorder.log == []


def test_rows_of_another_width():
    reg = KerasRegressor(build_linear, **QUICK).fit(X, NUMBERS)
    with pytest.raises(ValueError, match="X has 3 features, but KerasRegressor is expecting 4"):
        reg.predict(X[:, :3])
    with pytest.raises(ValueError, match="X has 3 features, but KerasRegressor is expecting 4"):
        reg.score(X[:, :3], NUMBERS)


class Doubled(keras.Model):
    """A functional model whose outputs its graph does not tell."""

    def call(self, inputs, training=None):
        outputs = super().call(inputs, training=training)
        return keras.ops.concatenate([outputs, outputs], -1)


def build_doubled():
    inputs = keras.Input((4,))
    return Doubled(inputs, keras.layers.Dense(3)(inputs))


def test_the_outputs_of_a_class_of_the_users_are_those_that_it_gives():
    x, y = np.zeros((8, 4), np.float32), np.zeros((8, 6), np.float32)
    assert KerasRegressor(build_doubled, loss="mse").fit(x, y).predict(x).shape == (8, 6)
