"""Networks of several inputs and outputs, through encoders of X and of the target."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras.layers import Concatenate, Dense
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import FunctionTransformer

from skdl import KerasClassifier, KerasRegressor
from skdl.exceptions import IncompatibleNetworkError
from tests.tolerances import FUNCTION, assert_within_rounding
from tests.wrappers.small_networks import (
    NUMBERS,
    QUICK,
    ROWS,
    TWO_COLUMNS,
    ColumnTargets,
    Recorder,
    TwoColumns,
    X,
    assert_trained_alike,
    build_linear,
    build_softmax,
    build_two_outputs,
    sums_of_one_layer,
    weights,
)


class SplitColumns(TransformerMixin, BaseEstimator):
    """The columns of X in two parts."""

    def __init__(self, form=list):
        self.form = form

    def fit(self, X, y=None):
        self.first_ = X.shape[1] - 3
        return self

    def transform(self, X):
        first, rest = X[:, : self.first_], X[:, self.first_ :]
        return {"first": first, "rest": rest} if self.form is dict else self.form([first, rest])

    def get_metadata(self):
        return {"widths_": (self.first_, 3)}


class TwoInputs(KerasRegressor):
    form = list

    @property
    def feature_encoder(self):
        return SplitColumns(self.form)


class TwoInputsTuple(TwoInputs):
    form = tuple


class TwoInputsDict(TwoInputs):
    form = dict


def build_two_inputs(meta):
    first, rest = meta["widths_"]
    inputs = [keras.Input((first,), name="first"), keras.Input((rest,), name="rest")]
    return keras.Model(inputs, Dense(1)(Concatenate()(inputs)))


def build_two_named_inputs(meta):
    first, rest = meta["widths_"]
    inputs = {
        "first": keras.Input((first,), name="first"),
        "rest": keras.Input((rest,), name="rest"),
    }
    return keras.Model(inputs, Dense(1)(Concatenate()([inputs["first"], inputs["rest"]])))


class SubclassedOfTwo(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = Dense(1)

    def call(self, inputs):
        first, rest = inputs
        return self.out(keras.ops.concatenate([first, rest], axis=-1))


@pytest.fixture(scope="module")
def one_input():
    return KerasRegressor(build_linear, epochs=2, **QUICK).fit(X, NUMBERS)


@pytest.mark.usefixtures("program_of_tensorflow")
@pytest.mark.parametrize(
    ("wrapper", "build"),
    [
        (TwoInputs, build_two_inputs),
        (TwoInputsTuple, build_two_inputs),
        (TwoInputsDict, build_two_inputs),
        (TwoInputsDict, build_two_named_inputs),
        (TwoInputs, lambda: SubclassedOfTwo()),
    ],
    ids=["list", "tuple", "dict by name", "dict of a dict", "subclassed"],
)
def test_two_inputs_joined_equal_one(wrapper, build, one_input):
    reg = wrapper(build, epochs=2, **QUICK).fit(X, NUMBERS)
    np.testing.assert_array_equal(weights(reg), weights(one_input))
    np.testing.assert_array_equal(reg.predict(X), one_input.predict(X))
    assert reg.score(X, NUMBERS) == one_input.score(X, NUMBERS)
    assert reg.n_features_in_ == 4


def test_metadata_of_the_feature_encoder():
    reg = TwoInputs(build_two_inputs, **QUICK).initialize(X, NUMBERS)
    assert reg.widths_ == (1, 3)
    assert reg.feature_encoder_.first_ == 1


def test_columns_as_vectors():
    class Vectors(KerasRegressor):
        @property
        def feature_encoder(self):
            return FunctionTransformer(lambda X: [X[:, 0], X[:, 1]])

    def build():
        inputs = [keras.Input((1,)), keras.Input((1,))]
        return keras.Model(inputs, Dense(1)(Concatenate()(inputs)))

    reg = Vectors(build, **QUICK).fit(X, NUMBERS)
    assert reg.predict(X).shape == (ROWS,)


def test_all_rows_at_once_with_two_inputs():
    recorder = Recorder()
    reg = TwoInputs(build_two_inputs, callbacks=recorder, batch_size=-1, predict__batch_size=-1)
    reg.set_params(**QUICK).fit(np.tile(X, (2, 1)), np.tile(NUMBERS, 2)).predict(X)
    assert recorder.log == ["train", 0, "step", "predict", "predict step"]


def test_a_validation_split_and_weights_with_two_inputs():
    two = TwoInputs(build_two_inputs, validation_split=0.25, **QUICK)
    one = KerasRegressor(build_linear, validation_split=0.25, **QUICK)
    weight = 1.0 + np.arange(ROWS)
    assert two.fit(X, NUMBERS, weight).history_ == one.fit(X, NUMBERS, weight).history_


class TwoColumnsDict(TwoColumns):
    form = dict


class TwoColumnsTuple(TwoColumns):
    form = tuple


def build_named_outputs(meta):
    model = build_two_outputs(meta)
    return keras.Model(model.inputs[0], {"kind": model.outputs[1], "flag": model.outputs[0]})


@pytest.fixture(scope="module")
def two_outputs():
    return TwoColumns(build_two_outputs, epochs=2, optimizer="sgd", **QUICK).fit(X, TWO_COLUMNS)


def test_two_outputs(two_outputs):
    assert set(two_outputs.history_) == {"loss", "flag_loss", "kind_loss"}
    predicted = two_outputs.predict(X)
    assert predicted.shape == TWO_COLUMNS.shape
    proba = two_outputs.predict_proba(X)
    assert proba.shape == (ROWS, 1 + 3)
    np.testing.assert_array_equal(predicted[:, 0], proba[:, 0] > 0.5)
    np.testing.assert_array_equal(predicted[:, 1], proba[:, 1:].argmax(axis=1))
    parts = [accuracy_score(TWO_COLUMNS[:, i], predicted[:, i]) for i in range(2)]
    assert two_outputs.score(X, TWO_COLUMNS) == np.mean(parts)


def test_metadata_of_the_target_encoder(two_outputs):
    assert two_outputs.n_kinds_ == 3
    assert two_outputs.n_outputs_expected_ == 2
    assert isinstance(two_outputs.target_encoder_, ColumnTargets)


@pytest.mark.parametrize(
    ("wrapper", "build"),
    [(TwoColumnsTuple, build_two_outputs), (TwoColumnsDict, build_named_outputs)],
    ids=["tuple", "dict"],
)
def test_two_outputs_in_another_form(wrapper, build, two_outputs):
    clf = wrapper(build, epochs=2, optimizer="sgd", **QUICK).fit(X, TWO_COLUMNS)
    assert set(clf.history_) == {"loss", "flag_loss", "kind_loss"}
    terms, sizes = sums_of_one_layer(clf)
    losses = (fit.history_["flag_loss"] for fit in (clf, two_outputs))
    assert_within_rounding(*losses, *terms, FUNCTION, ROWS, scale=sizes)
    np.testing.assert_array_equal(clf.predict(X), two_outputs.predict(X))


def test_the_loss_is_the_sum_of_those_of_the_outputs(two_outputs):
    total = np.add(two_outputs.history_["flag_loss"], two_outputs.history_["kind_loss"])
    np.testing.assert_allclose(two_outputs.history_["loss"], total, rtol=1e-6)


def test_two_outputs_of_logits(two_outputs):
    clf = TwoColumns(build_two_outputs, ends=(None, None), epochs=2, optimizer="sgd", **QUICK).fit(
        X, TWO_COLUMNS
    )
    assert_trained_alike(clf, two_outputs, epochs=2)
    # The second step, too, has rounded the weights.
    terms, sizes = sums_of_one_layer(clf)
    found, expected = (fit.predict_proba(X) for fit in (clf, two_outputs))
    assert_within_rounding(found, expected, *terms, 2 * ROWS, scale=sizes)


class NumbersByName(BaseEstimator):
    """A target of three columns as arrays of one and of two columns; their names are not sorted."""

    def fit(self, y):
        return self

    def transform(self, y):
        return {"wide": y[:, :2], "narrow": y[:, 2:]}

    def inverse_transform(self, y):
        return np.hstack([y["wide"], y["narrow"]])


class OfThreeNumbers(KerasRegressor):
    @property
    def target_encoder(self):
        return NumbersByName()


def test_named_outputs_of_unequal_width():
    def build():
        inputs = keras.Input((4,))
        wide, narrow = Dense(2, name="wide")(inputs), Dense(1, name="narrow")(inputs)
        return keras.Model(inputs, {"wide": wide, "narrow": narrow})

    y = X[:, :3]
    reg = OfThreeNumbers(build, **QUICK).fit(X, y)
    assert set(reg.history_) == {"loss", "wide_loss", "narrow_loss"}
    predicted = reg.predict(X)
    assert predicted.shape == y.shape
    outputs = reg.model_.predict(X, verbose=0)
    terms, sizes = sums_of_one_layer(reg)
    expected = np.hstack([outputs["wide"], outputs["narrow"]])
    assert_within_rounding(predicted, expected, *terms, scale=sizes)


def test_partial_fit_with_two_outputs(two_outputs):
    clf = TwoColumns(build_two_outputs, optimizer="sgd", **QUICK)
    clf.partial_fit(X, TWO_COLUMNS).partial_fit(X, TWO_COLUMNS)
    np.testing.assert_array_equal(weights(clf), weights(two_outputs))


@pytest.mark.parametrize(
    ("wrapper", "build", "y", "words"),
    [
        (TwoColumns, build_softmax, TWO_COLUMNS, "Got 1 outputs, expected 2"),
        (KerasClassifier, None, TWO_COLUMNS[:, 1], "Got 2 outputs, expected 1"),
        (KerasRegressor, None, NUMBERS, "Got 2 outputs, expected 1"),
    ],
    ids=["too few", "too many", "regressor"],
)
def test_another_number_of_outputs(wrapper, build, y, words):
    def build_two():
        inputs = keras.Input((4,))
        return keras.Model(inputs, [Dense(1)(inputs), Dense(3, activation="softmax")(inputs)])

    recorder = Recorder()
    est = wrapper(build or build_two, callbacks=recorder, **QUICK)
    with pytest.raises(IncompatibleNetworkError, match=words):
        est.fit(X, y)
    assert recorder.log == []


def test_an_encoder_that_loses_rows():
    class Shorter(KerasRegressor):
        @property
        def feature_encoder(self):
            return FunctionTransformer(lambda X: [X[:, :1], X[1:, 1:]])

    def build():
        inputs = [keras.Input((1,)), keras.Input((3,))]
        return keras.Model(inputs, Dense(1)(Concatenate()(inputs)))

    recorder = Recorder()
    with pytest.raises(ValueError, match="rows"):
        Shorter(build, callbacks=recorder).fit(X, NUMBERS)
    assert recorder.log == []
