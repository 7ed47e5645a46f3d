"""The loss by name, class, object, function, list or dict, and what is routed to each of several."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Huber,
    SparseCategoricalCrossentropy,
)

from skdl import KerasClassifier, KerasRegressor
from skdl.exceptions import IncompatibleNetworkError, InvalidParameterError
from tests.selection import some
from tests.wrappers.small_networks import (
    LABELS,
    NUMBERS,
    QUICK,
    THREE,
    TWO,
    TWO_COLUMNS,
    TwoColumns,
    X,
    assert_trained_alike,
    build_linear,
    build_sigmoid,
    build_softmax,
    build_two_outputs,
    dense,
    weights,
)


def config(loss, name):
    return loss.get_config()[name]


@pytest.mark.parametrize(
    "loss",
    some(
        ["mse", "mean_squared_error", "MeanSquaredError", keras.losses.MeanSquaredError]
        + [keras.losses.MeanSquaredError(), keras.losses.mean_squared_error, None],
        "name",
        "class",
        ids=["short name", "name", "class name", "class", "object", "function", "None"],
    ),
)
def test_every_way_to_name_a_loss_trains_to_the_same_bits(loss):
    reg = KerasRegressor(build_linear, loss=loss, optimizer="sgd", **QUICK).fit(X, NUMBERS)
    named = KerasRegressor(build_linear, loss="mse", optimizer="sgd", **QUICK).fit(X, NUMBERS)
    np.testing.assert_array_equal(weights(reg), weights(named))


def test_a_function_of_the_users_own():
    def twice(y_true, y_pred):
        return 2 * keras.losses.mean_squared_error(y_true, y_pred)

    once = KerasRegressor(build_linear, loss="mse", shuffle=False, **QUICK).fit(X, NUMBERS)
    mine = KerasRegressor(build_linear, loss=twice, shuffle=False, **QUICK).fit(X, NUMBERS)
    assert mine.history_["loss"] == [2 * once.history_["loss"][0]]


def test_numbers_for_a_class():
    reg = KerasRegressor(build_linear, loss=Huber, loss__delta=0.25, **QUICK).fit(X, NUMBERS)
    made = KerasRegressor(build_linear, loss=Huber(delta=0.25), **QUICK).fit(X, NUMBERS)
    np.testing.assert_array_equal(weights(reg), weights(made))


@pytest.mark.parametrize("name", some(["huber", "Huber"], "huber"))
def test_numbers_for_a_name(name):
    reg = KerasRegressor(build_linear, loss=name, loss__delta=0.25, **QUICK).fit(X, NUMBERS)
    made = KerasRegressor(build_linear, loss=Huber(delta=0.25), **QUICK).fit(X, NUMBERS)
    np.testing.assert_array_equal(weights(reg), weights(made))


@pytest.mark.parametrize(
    "loss",
    [
        {"loss": "categorical_crossentropy"},
        {"loss": keras.losses.categorical_crossentropy},
        {"loss": CategoricalCrossentropy()},
        {"loss": CategoricalCrossentropy},
        {"loss": CategoricalCrossentropy, "loss__label_smoothing": 0.0},
    ],
    ids=["name", "function", "object", "class", "class with numbers"],
)
def test_categorical_crossentropy_takes_class_labels(loss):
    columns = KerasClassifier(build_softmax, optimizer="sgd", **loss, **QUICK).fit(X, THREE)
    numbers = KerasClassifier(build_softmax, optimizer="sgd", **QUICK).fit(X, THREE)
    assert_trained_alike(columns, numbers)
    np.testing.assert_array_equal(columns.predict(X), numbers.predict(X))


def test_categorical_crossentropy_takes_two_classes():
    def build():
        return dense(2, activation="softmax")

    columns = KerasClassifier(build, loss="categorical_crossentropy", optimizer="sgd", **QUICK).fit(
        X, TWO
    )
    numbers = KerasClassifier(build, optimizer="sgd", **QUICK).fit(X, TWO)
    assert_trained_alike(columns, numbers)
    np.testing.assert_array_equal(columns.predict(X), numbers.predict(X))


def test_label_smoothing_of_a_categorical_crossentropy():
    clf = KerasClassifier(
        build_softmax, loss=CategoricalCrossentropy, loss__label_smoothing=0.25, **QUICK
    ).fit(X, THREE)
    assert config(clf.model_.loss, "label_smoothing") == 0.25


ENDS = {"ends": (None, None)}  # both outputs give logits
PAIRS = {
    "list": {
        "loss": [BinaryCrossentropy, SparseCategoricalCrossentropy],
        "loss__0__label_smoothing": 0.25,
    },
    "dict": {
        "loss": {"flag": BinaryCrossentropy, "kind": SparseCategoricalCrossentropy},
        "loss__flag__label_smoothing": 0.25,
    },
    "objects": {
        "loss": [
            BinaryCrossentropy(from_logits=True, label_smoothing=0.25),
            SparseCategoricalCrossentropy(from_logits=True),
        ],
    },
}


def of_each(model):
    loss = model.loss
    return (loss["flag"], loss["kind"]) if isinstance(loss, dict) else tuple(loss)


@pytest.mark.parametrize("form", ["list", "dict"])
def test_a_loss_for_each_output(form):
    clf = TwoColumns(build_two_outputs, **ENDS, **PAIRS[form], loss__from_logits=True, **QUICK)
    flag, kind = of_each(clf.fit(X, TWO_COLUMNS).model_)
    assert isinstance(flag, BinaryCrossentropy)
    assert isinstance(kind, SparseCategoricalCrossentropy)
    assert config(flag, "label_smoothing") == 0.25
    assert config(flag, "from_logits") is config(kind, "from_logits") is True
    made = TwoColumns(build_two_outputs, **ENDS, **PAIRS["objects"], **QUICK).fit(X, TWO_COLUMNS)
    np.testing.assert_array_equal(weights(clf), weights(made))


@pytest.mark.parametrize(
    ("form", "routed"), [("list", "loss__0__from_logits"), ("dict", "loss__flag__from_logits")]
)
def test_a_number_for_one_output_counts_more_than_one_for_all(form, routed):
    clf = TwoColumns(
        build_two_outputs,
        ends=("sigmoid", None),
        **PAIRS[form],
        **{"loss__from_logits": True, routed: False},
        **QUICK,
    )
    flag, kind = of_each(clf.initialize(X, TWO_COLUMNS).model_)
    assert config(flag, "from_logits") is False
    assert config(kind, "from_logits") is True


@pytest.mark.parametrize(
    "loss",
    [
        ["binary_crossentropy", "sparse_categorical_crossentropy"],
        {"flag": "binary_crossentropy", "kind": "sparse_categorical_crossentropy"},
        None,
    ],
    ids=["list", "dict", "None"],
)
def test_names_for_each_output(loss):
    clf = TwoColumns(build_two_outputs, loss=loss, **QUICK).fit(X, TWO_COLUMNS)
    assert set(clf.history_) == {"loss", "flag_loss", "kind_loss"}
    compiled = TwoColumns(compiled_two_outputs, **QUICK).fit(X, TWO_COLUMNS)
    np.testing.assert_array_equal(weights(clf), weights(compiled))


def compiled_two_outputs(meta):
    model = build_two_outputs(meta)
    losses = ["binary_crossentropy", "sparse_categorical_crossentropy"]
    model.compile("rmsprop", losses, run_eagerly=True)
    return model


def test_one_loss_for_all_outputs():
    reg = KerasRegressor(lambda: dense(3), loss="mae", optimizer="sgd", **QUICK).fit(X, LABELS)
    assert reg.predict(X).shape == LABELS.shape


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        (BinaryCrossentropy, "loss__label_smothing"),
        ([BinaryCrossentropy], "loss__0__label_smothing"),
    ],
    ids=["class", "list"],
)
def test_a_misspelt_number(loss, name):
    clf = KerasClassifier(build_sigmoid, loss=loss, **{name: 0.1})
    with pytest.raises(InvalidParameterError, match="Did you mean 'label_smoothing'?"):
        clf.fit(X, TWO)


def test_numbers_for_a_loss_that_is_made_already():
    clf = KerasClassifier(build_sigmoid, loss=BinaryCrossentropy(), loss__label_smoothing=0.1)
    with pytest.raises(TypeError, match="does not accept parameters because it's not a class"):
        clf.fit(X, TWO)


def test_an_unknown_loss():
    with pytest.raises(ValueError, match="binary_crosentropy"):
        KerasClassifier(build_sigmoid, loss="binary_crosentropy").fit(X, TWO)


def test_a_dict_that_names_no_output_of_the_network():
    clf = KerasClassifier(build_sigmoid, loss={"nowhere": "binary_crossentropy"})
    with pytest.raises(ValueError, match="nowhere"):
        clf.fit(X, TWO)


def test_another_loss_than_the_compiled_one():
    def build():
        model = build_linear()
        model.compile("sgd", "mse")
        return model

    reg = KerasRegressor(build, loss="mae")
    with pytest.raises(
        IncompatibleNetworkError, match="loss='mae' has no effect.*mean_squared_error"
    ):
        reg.fit(X, NUMBERS)
    reg.set_params(loss="mean_squared_error", **QUICK).fit(X, NUMBERS)
    reg.set_params(loss=keras.losses.MeanSquaredError).fit(X, NUMBERS)


def compiled_with(loss):
    def build(meta):
        model = build_linear()
        model.compile("sgd", loss)
        return model

    return build


def cubed(y_true, y_pred):
    return keras.ops.mean(keras.ops.abs(y_true - y_pred) ** 3, axis=-1)


def quarter(y_true, y_pred):
    return cubed(y_true, y_pred) / 4


@pytest.mark.parametrize(
    ("given", "compiled", "named"),
    [
        ("cosine_similarity", "mae", "mean_absolute_error"),
        (keras.losses.CosineSimilarity, "mae", "mean_absolute_error"),
        (keras.losses.CosineSimilarity(), "mae", "mean_absolute_error"),
        ("mae", keras.losses.CosineSimilarity(), r"CosineSimilarity\(\)"),
        ("mae", quarter, "quarter"),
        (cubed, "mae", "mean_absolute_error"),
        (cubed, quarter, "quarter"),
        (Huber(delta=2.0), Huber(delta=3.0), r"Huber\(delta=3.0\)"),
    ],
)
def test_a_loss_that_has_no_effect(given, compiled, named):
    reg = KerasRegressor(compiled_with(compiled), loss=given, **QUICK)
    with pytest.raises(
        IncompatibleNetworkError, match=f"has no effect.*compiled with {named}, exp"
    ):
        reg.fit(X, NUMBERS)


@pytest.mark.parametrize(
    "loss",
    some([cubed, Huber(delta=2.0), "huber", keras.losses.LogCosh], "huber"),
)
def test_the_same_loss_as_the_compiled_one(loss):
    given = KerasRegressor(compiled_with(loss), loss=loss, random_state=0)
    plain = KerasRegressor(build_linear, loss=loss, optimizer="sgd", random_state=0)
    np.testing.assert_array_equal(weights(given.fit(X, NUMBERS)), weights(plain.fit(X, NUMBERS)))


def test_a_loss_that_has_no_effect_on_one_output():
    losses = {"flag": "binary_crossentropy", "kind": "sparse_categorical_crossentropy"}

    def build(meta):
        model = build_two_outputs(meta)
        model.compile("sgd", loss=losses)
        return model

    clf = TwoColumns(build, loss=losses, **QUICK).fit(X, TWO_COLUMNS)
    clf.set_params(loss=list(losses.values())).fit(X, TWO_COLUMNS)
    clf.set_params(loss={"kind": "sparse_categorical_crossentropy"}).fit(X, TWO_COLUMNS)
    for other in (losses | {"kind": "mse"}, ["binary_crossentropy", "mse"]):
        with pytest.raises(IncompatibleNetworkError, match="sparse_categorical_crossentropy"):
            clf.set_params(loss=other).fit(X, TWO_COLUMNS)
