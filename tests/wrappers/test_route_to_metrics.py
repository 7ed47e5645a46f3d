"""Metrics by name, class, object, list or dict, what is routed to them, and their curves in `history_`."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras.metrics import (
    AUC,
    BinaryAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
)

from skdl import KerasClassifier, KerasRegressor
from tests.selection import some
from tests.tolerances import rounding
from tests.wrappers.small_networks import (
    NUMBERS,
    QUICK,
    ROWS,
    THREE,
    TWO,
    TWO_COLUMNS,
    TwoColumns,
    X,
    build_linear,
    build_sigmoid,
    build_softmax,
    build_two_outputs,
    weights,
)

OF_KIND = [SparseCategoricalAccuracy, SparseTopKCategoricalAccuracy]


def curves(metrics, build=build_sigmoid, y=TWO, **params):
    clf = KerasClassifier(build, metrics=metrics, **params, **QUICK).fit(X, y)
    return clf.history_


@pytest.mark.parametrize(
    "metrics",
    [
        "binary_accuracy",
        ["binary_accuracy"],
        BinaryAccuracy,
        [BinaryAccuracy],
        [BinaryAccuracy()],
        [keras.metrics.binary_accuracy],
    ],
    ids=["name", "list of names", "class", "list of classes", "object", "function"],
)
def test_every_way_to_name_a_metric_gives_the_same_curve(metrics):
    found = curves(metrics)
    assert set(found) == {"loss", "binary_accuracy"}
    assert found["binary_accuracy"] == curves(["binary_accuracy"])["binary_accuracy"]


@pytest.mark.parametrize("name", ["accuracy", "acc"])
def test_accuracy_is_that_of_the_loss(name):
    found = curves([name], build_softmax, THREE)
    key = (set(found) - {"loss"}).pop()
    assert key in ("accuracy", "acc")
    exact = curves(["sparse_categorical_accuracy"], build_softmax, THREE)
    assert found[key] == exact["sparse_categorical_accuracy"]


def test_numbers_for_a_class():
    nobody = curves(BinaryAccuracy, metrics__threshold=1.0)["binary_accuracy"]
    assert nobody == [pytest.approx(1 - TWO.mean(), rel=1e-6)]


def test_numbers_for_one_of_a_list():
    found = curves([BinaryAccuracy, AUC], metrics__0__threshold=1.0, metrics__1__name="area")
    assert set(found) == {"loss", "binary_accuracy", "area"}
    assert found["binary_accuracy"] == [pytest.approx(1 - TWO.mean(), rel=1e-6)]


def test_numbers_for_one_of_a_list_count_more_than_those_for_all():
    found = curves(
        [BinaryAccuracy, BinaryAccuracy],
        metrics__threshold=1.0,
        metrics__0__name="first",
        metrics__1__name="second",
        metrics__1__threshold=0.0,
    )
    assert found["first"] == [pytest.approx(1 - TWO.mean(), rel=1e-6)]
    assert found["second"] == [pytest.approx(TWO.mean(), rel=1e-6)]


@pytest.mark.parametrize(
    "params",
    [
        {
            "metrics": {"flag": BinaryAccuracy, "kind": OF_KIND},
            "metrics__flag__threshold": 1.0,
            "metrics__kind__1__k": 3,
        },
        {
            "metrics": [[BinaryAccuracy], OF_KIND],
            "metrics__0__threshold": 1.0,
            "metrics__1__1__k": 3,
        },
    ],
    ids=["dict", "list"],
)
def test_metrics_of_each_output(params):
    found = TwoColumns(build_two_outputs, **params, **QUICK).fit(X, TWO_COLUMNS).history_
    assert set(found) == {
        "loss",
        "flag_loss",
        "kind_loss",
        "flag_binary_accuracy",
        "kind_sparse_categorical_accuracy",
        "kind_sparse_top_k_categorical_accuracy",
    }
    assert found["flag_binary_accuracy"] == [pytest.approx(1 - TWO.mean(), rel=1e-6)]
    assert found["kind_sparse_top_k_categorical_accuracy"] == [1.0]


def test_metrics_do_not_touch_the_training():
    with_one = KerasClassifier(build_sigmoid, metrics=["AUC"], **QUICK).fit(X, TWO)
    without = KerasClassifier(build_sigmoid, **QUICK).fit(X, TWO)
    np.testing.assert_array_equal(weights(with_one), weights(without))


def test_a_metric_of_columns_takes_a_target_of_one_number_a_row():
    reg = KerasRegressor(build_linear, metrics=[keras.metrics.R2Score], **QUICK)
    found = reg.fit(X, NUMBERS).history_
    assert set(found) == {"loss", "r2_score"}
    mean_square = ((NUMBERS - NUMBERS.mean()) ** 2).mean()
    part = found["loss"][0] / mean_square
    # Sums of squares over the rows, in the metric, in the loss and here, of outputs that both have alike.
    near = rounding("float32", 3 * ROWS, 6) * (1 + part)
    assert found["r2_score"] == [pytest.approx(1 - part, rel=0, abs=float(near))]


def test_the_users_metric_is_not_updated():
    mine = BinaryAccuracy()
    clf = KerasClassifier(build_sigmoid, metrics=[mine], **QUICK).fit(X, TWO)
    assert [float(v.numpy().sum()) for v in mine.variables] == [0.0, 0.0]
    first = clf.history_["binary_accuracy"]
    assert clf.fit(X, TWO).history_["binary_accuracy"] == first


@pytest.mark.parametrize(
    "metrics",
    some(
        [
            ["mae"],
            ["MAE", "mean_absolute_error", "MeanAbsoluteError"],
            ["mse", keras.metrics.mean_absolute_error, keras.metrics.R2Score()],
            {"output": ["mae", "mse"]},
        ],
        "objects",
        ids=["name", "names", "objects", "by output"],
    ),
)
def test_the_history_has_the_names_that_keras_gives_the_metrics(metrics):
    def plain(meta):
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="output")])

    def compiled(meta):
        model = plain(meta)
        model.compile("sgd", "mse", metrics=metrics)
        return model

    model = compiled(None)
    names = set(model.fit(X, NUMBERS[:, None], verbose=0).history)
    given = KerasRegressor(plain, optimizer="sgd", metrics=metrics, **QUICK)
    for reg in (given, KerasRegressor(compiled, **QUICK)):
        assert set(reg.fit(X, NUMBERS).history_) == names
        for name in names:
            assert len(reg.partial_fit(X, NUMBERS).history_[name]) > 1


def test_a_metric_is_watched_by_the_name_that_was_given():
    reg = KerasRegressor(
        build_linear,
        metrics="mae",
        early_stopping=True,
        monitor="val_mae",
        validation_split=0.25,
        epochs=3,
        **QUICK,
    )
    assert {"mae", "val_mae"} <= set(reg.fit(X, NUMBERS).history_)


def test_the_build_function_gets_the_names_that_were_given():
    got = []

    def build(compile_kwargs):
        got.append(compile_kwargs["metrics"])
        return build_linear()

    KerasRegressor(build, metrics=["mae", keras.metrics.MeanSquaredError], **QUICK).fit(X, NUMBERS)
    assert got[0][0] == "mae"
    assert isinstance(got[0][1], keras.metrics.MeanSquaredError)


def test_curves_are_lists_of_floats_by_epoch():
    reg = KerasRegressor(build_linear, metrics=["mae"], epochs=3, validation_split=0.25, **QUICK)
    history = reg.fit(X, NUMBERS).history_
    assert {name for name in history if name.startswith("val_")} == {
        f"val_{name}" for name in history if not name.startswith("val_")
    }
    for curve in history.values():
        assert [type(value) for value in curve] == [float] * 3


def test_a_function_of_the_users_own():
    def half(y_true, y_pred):
        return 0.5 * keras.ops.ones_like(y_pred[:, 0])

    assert curves([half])["half"] == [0.5]


def test_an_unknown_metric():
    with pytest.raises(ValueError, match="binary_acuracy"):
        KerasClassifier(build_sigmoid, metrics=["binary_acuracy"]).fit(X, TWO)


def test_a_misspelt_number():
    clf = KerasClassifier(build_sigmoid, metrics=BinaryAccuracy, metrics__treshold=0.5)
    with pytest.raises(TypeError, match="Did you mean 'threshold'?"):
        clf.fit(X, TWO)


def test_numbers_for_a_metric_that_is_no_class():
    clf = KerasClassifier(build_sigmoid, metrics=["accuracy"], metrics__0__threshold=0.5)
    with pytest.raises(TypeError, match="does not accept parameters because it's not a class"):
        clf.fit(X, TWO)
