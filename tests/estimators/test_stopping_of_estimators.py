"""Why and when the fits of estimators end, and which epoch was the best."""

import keras
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

import skdl.engine
from skdl.engine.job import StopReason
from skdl.exceptions import InvalidParameterError
from tests.conftest import RATE, make
from tests.engine_of_graphs import without_xla

COLUMNS = "categorical_crossentropy"


@pytest.fixture(autouse=True)
def _as_graphs(monkeypatch):
    without_xla(monkeypatch)


def first(y, y_pred):
    return y_pred[:, 0]


@pytest.mark.usefixtures("program_of_tensorflow")
def test_it_is_keras_own_early_stopping_and_plateau(kind, data_of):
    X, y = data_of(kind)
    shared = {"epochs": 8, "validation_split": 0.25, "random_state": 2, RATE[kind]: 0.05}
    ours = make(
        kind,
        early_stopping=True,
        patience=2,
        min_delta=0.05,
        start_from_epoch=1,
        reduce_lr_patience=0,
        reduce_lr_factor=0.5,
        min_learning_rate=0.01,
        **shared,
    ).fit(X, y)
    of_keras = [
        keras.callbacks.ReduceLROnPlateau(patience=0, factor=0.5, min_delta=0.05, min_lr=0.01),
        keras.callbacks.EarlyStopping(
            patience=2, min_delta=0.05, start_from_epoch=1, restore_best_weights=True
        ),
    ]
    theirs = make(kind, callbacks=of_keras, **shared).fit(X, y)
    assert ours.history_ == theirs.history_
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    assert len(set(ours.history_["learning_rate"])) > 1


def test_the_best_weights_are_those_of_the_best_epoch(classes_data):
    X, y = classes_data
    settings = {"learning_rate": 0.5, "validation_split": 0.25, "early_stopping": True}
    stopped = make("MLPClassifier", epochs=30, patience=2, **settings).fit(X, y)
    assert stopped.stop_reason_ is StopReason.NO_IMPROVEMENT
    assert stopped.best_epoch_ == np.argmin(stopped.history_["val_loss"])
    assert stopped.n_epochs_ == stopped.best_epoch_ + 3
    so_far = make("MLPClassifier", epochs=stopped.best_epoch_ + 1, **settings).fit(X, y)
    np.testing.assert_array_equal(stopped.predict_proba(X), so_far.predict_proba(X))
    kept = make("MLPClassifier", epochs=30, patience=2, restore_best_weights=False, **settings)
    kept.fit(X, y)
    assert kept.history_ == stopped.history_
    assert (kept.predict_proba(X) != stopped.predict_proba(X)).any()


@pytest.mark.parametrize(
    ("params", "reason", "message"),
    [
        (
            {"epochs": 5},
            StopReason.STILL_IMPROVING,
            "ran all 5 epochs and was still improving: raise",
        ),
        ({"epochs": 5, "learning_rate": 1e-9}, StopReason.EPOCHS_DONE, "ran all 5 epochs"),
        (
            {"epochs": 5, "early_stopping": True, "patience": 0, "min_delta": 9.0},
            StopReason.NO_IMPROVEMENT,
            "no longer improved for as many epochs as patience says",
        ),
        (
            {"epochs": 5, "max_seconds": 1e-9},
            StopReason.TIME_IS_UP,
            "max_seconds were over before the last epoch: raise max_seconds",
        ),
        (
            {
                "epochs": 5,
                "callbacks": [keras.callbacks.EarlyStopping("loss", patience=0, min_delta=9.0)],
            },
            StopReason.STOPPED_EARLY,
            "a callback stopped training before the last epoch",
        ),
    ],
    ids=lambda value: value.name if isinstance(value, StopReason) else "",
)
def test_reasons_and_what_to_do(params, reason, message, classes_data):
    clf = make("MLPClassifier", **params).fit(*classes_data)
    assert clf.stop_reason_ is reason
    assert clf.stop_message_.startswith(message)


@pytest.mark.further
def test_a_metric_that_should_rise_is_watched_upwards(kind, data_of):
    X, y = data_of(kind)
    metric = "accuracy" if kind.endswith("Classifier") else "r2_score"
    fit = make(
        kind,
        epochs=6,
        metrics=[metric],
        monitor=f"val_{metric}",
        early_stopping=True,
        validation_split=0.25,
        **{RATE[kind]: 0.05},
    ).fit(X, y)
    assert fit.best_epoch_ == np.argmax(fit.history_[f"val_{metric}"])


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"monitor": "val_los"}, "monitor='val_los' is not known.*Did you mean 'val_loss'"),
        ({"monitor": "accuracy"}, "expected one of 'loss', 'val_loss'"),
        (
            {"monitor": "val_loss", "validation_split": 0.0},
            "Pass validation_split, or X_val and y_val",
        ),
        (
            {"monitor": "val_f1_score", "metrics": [keras.metrics.F1Score()], "loss": COLUMNS},
            "expected one of 'loss', 'val_loss'",
        ),
        (
            {"monitor": "val_mine", "metrics": [keras.metrics.MeanMetricWrapper(first, "mine")]},
            "Keras does not know whether it should rise",
        ),
    ],
)
def test_what_nobody_can_watch_is_an_error_before_any_compile(params, words, classes_data):
    before = skdl.engine.stats().programs
    params = {"early_stopping": True, "validation_split": 0.25, **params}
    with pytest.raises(InvalidParameterError, match=words):
        make("MLPClassifier", **params).fit(*classes_data)
    assert skdl.engine.stats().programs == before


def test_partial_fit_watches_and_stops_nothing(kind, data_of):
    X, y = data_of(kind)
    estimator = make(kind, early_stopping=True, patience=0, reduce_lr_patience=0, min_delta=9.0)
    for _ in range(3):
        estimator.partial_fit(X, y)
    assert estimator.stop_reason_ is StopReason.EPOCHS_DONE
    assert estimator.n_epochs_ == 3
    assert estimator.best_epoch_ == np.argmin(estimator.history_["loss"])


@pytest.mark.further
def test_a_search_over_patience_and_plateaus_compiles_one_program(classes_data):
    X, y = classes_data
    base = make("MLPClassifier", early_stopping=True, reduce_lr_patience=3, epochs=4)
    base.fit(X, y).predict(X)
    grid = {
        "patience": [0, 2],
        "min_delta": [0.0, 0.1],
        "reduce_lr_patience": [0, 1],
        "reduce_lr_factor": [0.2, 0.5],
        "warmup": [None, 1],
        "start_from_epoch": [0, 1],
    }
    before = skdl.engine.stats()
    GridSearchCV(base, grid, cv=2, error_score="raise", refit=False).fit(X, y)
    after = skdl.engine.stats()
    assert after.programs == before.programs
    assert after.fits - before.fits == 64 * 2


def test_the_best_epoch_is_an_epoch_also_where_few_are_validated(classes_data):
    X, y = classes_data
    clf = make("KerasClassifier", epochs=6, validation_split=0.25, fit__validation_freq=[2, 5])
    clf.fit(X, y)
    assert clf.best_epoch_ == [1, 4][np.argmin(clf.history_["val_loss"])]
