"""Each hyperparameter of training: compiled as through Keras, once for all values, wrong ones told."""

import keras
import numpy as np
import pytest

import skdl.engine
from skdl.exceptions import InvalidParameterError
from tests.conftest import make
from tests.engine_of_graphs import without_xla
from tests.selection import some
from tests.tolerances import assert_outputs_within_rounding

OTHER_CURVE = {"early_stopping": True, "monitor": "val_mae", "metrics": ["mae"]}


DECAY = keras.optimizers.schedules.CosineDecay(0.1, 10)


def inverse(step):
    return 0.1 / (1 + step)


# What is set, and to what else without another program. Values of None, or zero, may be structure.
TUNED = [
    ({"learning_rate_schedule": "cosine"}, {"learning_rate_schedule": "constant"}),
    ({"learning_rate_schedule": "step", "warmup": 0.3}, {"warmup": 2}),
    ({"learning_rate_schedule": inverse}, {"learning_rate_schedule": "constant"}),
    (
        {"reduce_lr_patience": 0, "min_delta": 9.0},
        {"reduce_lr_factor": 0.7, "min_learning_rate": 0.02},
    ),
    ({"reduce_lr_patience": 0, "min_delta": 9.0, "warmup": 1}, {"warmup": None}),
    ({"early_stopping": True, "patience": 0, "min_delta": 9.0}, {"patience": 2}),
    (
        {"early_stopping": True, "patience": 0, "min_delta": 9.0, "start_from_epoch": 1},
        {"start_from_epoch": 0},
    ),
    (
        {"early_stopping": True, "patience": 0, "restore_best_weights": False, "min_delta": 9.0},
        {"patience": 2},
    ),
    ({**OTHER_CURVE, "patience": 0, "min_delta": 9.0}, {"patience": 2}),
    ({"gaussian_noise": 0.1, "dropout": 0.2}, {"gaussian_noise": 0.3, "dropout": 0.3}),
    ({"max_norm": 0.5, "l1": 0.05, "l2": 0.1}, {"max_norm": 0.7, "l1": 0.1, "l2": 0.2}),
    ({"optimizer": "adamw", "weight_decay": 0.1}, {"weight_decay": 0.0}),
    ({"clipnorm": 0.1}, {"clipnorm": 0.2}),
    ({"ema_momentum": 0.9}, {"ema_momentum": 0.5}),
    ({"mixup": 0.2}, {"mixup": 0.4}),
    ({"momentum": 0.9, "nesterov": True}, {"momentum": 0.5}),
    ({"optimizer": "adam", "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}, {"beta_1": 0.7}),
    ({"optimizer": "rmsprop", "rho": 0.8, "momentum": 0.5}, {"rho": 0.9, "momentum": 0.4}),
    ({"kernel_initializer": "orthogonal"}, {"kernel_initializer": "lecun_uniform"}),
    ({"batch_size": 0.3}, {"learning_rate": 0.01}),
]


def assert_same(one, other):
    assert set(one.history_) == set(other.history_)
    for name, curve in other.history_.items():
        np.testing.assert_allclose(one.history_[name], curve, rtol=1e-8, err_msg=name)
    assert one.stop_reason_ is other.stop_reason_
    assert one.best_epoch_ == other.best_epoch_


@pytest.mark.parametrize(
    ("params", "other"),
    some(TUNED, TUNED[0], TUNED[6], mark="oracle"),
    ids=lambda row: " ".join(row),
)
def test_compiled_as_through_keras_and_once(params, other, numbers_data, float64, monkeypatch):
    without_xla(monkeypatch)
    X, y = numbers_data
    base = {"optimizer": "sgd", "learning_rate": 0.05, "validation_split": 0.25, "epochs": 4}
    if callable(params.get("learning_rate_schedule")):
        del base["learning_rate"]
    first = make("MLPRegressor", engine="compiled", **{**base, **params}).fit(X, y)
    programs = skdl.engine.stats().programs
    second = make("MLPRegressor", engine="compiled", **{**base, **params, **other}).fit(X, y)
    assert skdl.engine.stats().programs == programs
    loop = make("MLPRegressor", engine="keras", **{**base, **params, **other}).fit(X, y)
    assert_same(second, loop)
    np.testing.assert_allclose(second.predict(X), loop.predict(X), rtol=1e-8)
    changed = first.history_ != second.history_
    assert changed or not np.array_equal(first.predict(X), second.predict(X))


OF_CLASSIFIERS = [
    ({"label_smoothing": 0.1}, {"label_smoothing": 0.2}),
    ({"label_smoothing": 0.1, "mixup": 0.3}, {"label_smoothing": 0.2}),
    ({"class_weight": {0: 1, 1: 5, 2: 2}}, {"class_weight": "balanced"}),
]


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("params", "other"),
    OF_CLASSIFIERS,
    ids=lambda row: " ".join(row),
)
@pytest.mark.parametrize("data", ["classes_data", "binary_data"])
def test_what_classifiers_have_too(params, other, data, request, float64, monkeypatch):
    without_xla(monkeypatch)
    X, y = request.getfixturevalue(data)
    if data == "binary_data" and "class_weight" in params:
        params = {"class_weight": {0: 1, 1: 5}}
    base = {"learning_rate": 0.05, "validation_split": 0.25, "metrics": ["accuracy"]}
    make("MLPClassifier", engine="compiled", **{**base, **params}).fit(X, y)
    programs = skdl.engine.stats().programs
    second = make("MLPClassifier", engine="compiled", **{**base, **params, **other}).fit(X, y)
    assert skdl.engine.stats().programs == programs
    loop = make("MLPClassifier", engine="keras", **{**base, **params, **other}).fit(X, y)
    assert_same(second, loop)
    np.testing.assert_allclose(second.predict_proba(X), loop.predict_proba(X), rtol=1e-8)


SHARED = [
    {"learning_rate_schedule": "one_cycle", "mixup": 0.3, "batch_size": 0.5},
    {
        "warmup": 1,
        "reduce_lr_patience": 0,
        "min_delta": 9.0,
        "early_stopping": True,
        "patience": 1,
        "validation_split": 0.25,
    },
]


@pytest.mark.parametrize(
    "params",
    some(SHARED, SHARED[1], mark="oracle"),
    ids=lambda row: " ".join(row),
)
def test_every_estimator_has_them(params, kind, data_of, float64, monkeypatch):
    without_xla(monkeypatch)
    X, y = data_of(kind)
    fits = [make(kind, engine=name, **params).fit(X, y) for name in ("compiled", "keras")]
    assert_same(*fits)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"reduce_lr_factor": 1.0}, "reduce_lr_factor=1.0 is out of range"),
        ({"reduce_lr_patience": -1}, "reduce_lr_patience=-1 is out of range"),
        ({"min_learning_rate": -1}, "min_learning_rate=-1 is out of range"),
        ({"min_delta": -0.1}, "min_delta=-0.1 is out of range"),
        ({"patience": 1.5}, "patience=1.5 is out of range.*an int of at least 0"),
        ({"start_from_epoch": -1}, "start_from_epoch=-1 is out of range"),
        ({"restore_best_weights": "yes"}, "expected True or False"),
        ({"monitor": 3}, "monitor=3 is not accepted. Got int, expected a name"),
        ({"max_seconds": 0}, "max_seconds=0 is out of range.*above 0"),
        ({"max_seconds": float("nan")}, "max_seconds=nan is out of range"),
        ({"mixup": -1}, "mixup=-1 is out of range"),
        ({"precision": "mixed_float"}, "Did you mean 'mixed_float16'"),
        ({"batch_size": 1.5}, "batch_size=1.5 is out of range.*a fraction of the rows"),
        ({"batch_size": "ful"}, "Did you mean 'full'"),
        ({"learning_rate_schedule": 3}, "expected one of 'constant'.*a schedule or a function"),
        ({"learning_rate_schedule": keras.optimizers.schedules.CosineDecay}, "is not accepted"),
    ],
)
def test_wrong_values_are_errors_before_any_compile(params, words, kind, data_of):
    before = skdl.engine.stats().programs
    with pytest.raises(InvalidParameterError, match=words):
        make(kind, **params).fit(*data_of(kind))
    assert skdl.engine.stats().programs == before


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"max_norm": 0}, "max_norm=0 is out of range"),
        ({"gaussian_noise": -1}, "gaussian_noise=-1 is out of range"),
        ({"label_smoothing": 1.0}, "label_smoothing=1.0 is out of range.*below 1"),
        ({"clipnorm": 0}, "clipnorm=0 is out of range"),
        ({"ema_momentum": 1.0}, "ema_momentum=1.0 is out of range"),
        ({"beta_1": 1.0}, "beta_1=1.0 is out of range"),
        ({"rho": 0.9}, "rho=0.9 would have no effect.*'rmsprop', 'adadelta'"),
        ({"nesterov": True}, "nesterov=True would have no effect.*'sgd'"),
        ({"optimizer": "adan"}, "Did you mean 'adam'"),
        ({"kernel_initializer": "he_norm"}, "Did you mean 'he_normal'"),
        ({"activation": "rel"}, "Did you mean 'relu'"),
        (
            {"learning_rate_schedule": lambda step: 0.1, "learning_rate": 0.1},
            "learning_rate=0.1 would have no effect",
        ),
        ({"mixup": 0.1, "loss": "sparse_categorical_crossentropy"}, "leave loss away"),
        ({"ema_momentum": 0.9, "early_stopping": True}, "pass restore_best_weights=False"),
        (
            {"optimizer": keras.optimizers.SGD(DECAY), "reduce_lr_patience": 1},
            "reduce_lr_patience=1 has nothing to lower",
        ),
        ({"label_smoothing": 0.1, "loss": "sparse_categorical_crossentropy"}, "leave loss away"),
        ({"label_smoothing": 0.1, "loss": keras.losses.CategoricalCrossentropy()}, "no effect"),
    ],
)
def test_wrong_values_of_ready_networks_too(params, words, classes_data):
    before = skdl.engine.stats().programs
    with pytest.raises(InvalidParameterError, match=words):
        make("MLPClassifier", **params).fit(*classes_data)
    assert skdl.engine.stats().programs == before


@pytest.mark.further
@pytest.mark.parametrize("going_on", ["warm_start", "partial_fit"])
def test_class_numbers_are_not_blended_in_a_network_that_goes_on(
    going_on, classifier_kind, classes_data
):
    X, y = classes_data
    clf = make(classifier_kind, epochs=1, warm_start=True).fit(X, y)
    clf.set_params(mixup=0.2)
    with pytest.raises(InvalidParameterError, match="takes the number of a class.*fit anew"):
        clf.fit(X, y) if going_on == "warm_start" else clf.partial_fit(X, y)
    clf.set_params(warm_start=False).fit(X, y)
    clf.set_params(warm_start=True, mixup=0.0).fit(X, y)
    assert len(clf.predict(X)) == len(X)


def test_smoothing_that_is_switched_on_later_leaves_a_network_as_it_is(classes_data):
    X, y = classes_data
    clf = make("MLPClassifier", epochs=1, warm_start=True).fit(X, y)
    clf.set_params(label_smoothing=0.2).fit(X, y)
    assert clf.model_.loss == "sparse_categorical_crossentropy"


@pytest.mark.further
@pytest.mark.parametrize(
    "kind",
    ["KerasClassifier", "KerasRegressor", "MLPRegressor"],
)
def test_whole_numbers_as_targets_are_blended_too(kind, classes_data):
    X, y = classes_data
    if kind == "KerasClassifier":
        y = np.eye(3, dtype=int)[y]
    assert make(kind, mixup=0.2, epochs=1).fit(X, y).n_epochs_ == 1


@pytest.mark.parametrize("batch_size", some(["full", 0.25, -1, None, 7], "full", 7))
def test_who_watches_predictions_sees_batches_of_such_sizes(batch_size, classes_data):
    X, y = classes_data
    clf = make("KerasClassifier", batch_size=batch_size, epochs=1).fit(X, y)
    by_keras = clf.predict_proba(X, steps=None)
    assert_outputs_within_rounding(by_keras, clf.predict_proba(X), clf.model_, X)
