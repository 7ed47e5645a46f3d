"""A fit tells its recorder what the estimator shows of it afterwards, and nobody where there is none."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skdl import KerasClassifier, StopReason
from skdl.exceptions import DivergedError
from skdl.recording.records import recorded, told_fits


def told_by(fit):
    fits = []
    with recorded(fits):
        fit()
    assert told_fits() is None
    return fits


def as_lists(record):
    return {name: curve.tolist() for name, curve in record.history.items()}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"validation_split": 0.2},
        {"validation_split": 0.2, "early_stopping": True, "patience": 1, "epochs": 20},
        {"engine": "keras"},
    ],
    ids=str,
)
def test_a_record_is_what_the_estimator_shows(kind, options, make_estimator, data_of):
    estimator = make_estimator(kind, **options)
    (record,) = told_by(lambda: estimator.fit(*data_of(kind)))
    assert as_lists(record) == estimator.history_
    assert record.estimator == kind
    assert (record.n_epochs, record.best_epoch, record.stop_reason) == (
        estimator.n_epochs_,
        estimator.best_epoch_,
        estimator.stop_reason_,
    )
    assert record.nbytes == 8 * record.n_epochs * len(estimator.history_)
    with pytest.raises(ValueError, match="read-only"):
        record.history["loss"][0] = 0.0


def test_a_fit_that_diverged_is_told_of(make_estimator, numbers_data):
    wild = make_estimator("MLPRegressor", optimizer="sgd", learning_rate=1e30)
    errors = []

    def fit():
        with pytest.raises(DivergedError) as caught:
            wild.fit(*numbers_data)
        errors.append(caught.value)

    (record,) = told_by(fit)
    np.testing.assert_equal(as_lists(record), errors[0].history)
    assert (record.stop_reason, record.best_epoch) == (StopReason.DIVERGED, None)
    with pytest.raises(NotFittedError):
        check_is_fitted(wild)


def test_each_call_of_partial_fit_is_a_fit_of_its_own(make_estimator, classes_data):
    clf = make_estimator("MLPClassifier")
    fits = told_by(lambda: clf.partial_fit(*classes_data).partial_fit(*classes_data))
    assert [fit.n_epochs for fit in fits] == [1, 1]
    assert [fit.best_epoch for fit in fits] == [0, 0]
    assert np.concatenate([fit.history["loss"] for fit in fits]).tolist() == clf.history_["loss"]


@pytest.mark.parametrize("freq", [2, [1, 3]])
def test_epochs_that_were_not_validated_are_nan(freq, make_estimator, classes_data):
    clf = make_estimator(
        "KerasClassifier", fit__validation_freq=freq, validation_split=0.2, epochs=4
    )
    (record,) = told_by(lambda: clf.fit(*classes_data))
    there = [epoch in freq if isinstance(freq, list) else epoch % 2 == 0 for epoch in (1, 2, 3, 4)]
    curve = record.history["val_loss"]
    assert np.isfinite(curve).tolist() == there
    assert curve[there].tolist() == clf.history_["val_loss"]
    assert record.best_epoch == clf.best_epoch_


class Sometimes(keras.callbacks.Callback):
    """Adds a curve that lacks an epoch, as nobody knows."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch:
            logs["late"] = 1.0


def test_a_curve_that_lacks_epochs_for_reasons_of_its_own_is_left_out(classes_data, make_estimator):
    clf = make_estimator("KerasClassifier", callbacks=Sometimes)
    assert isinstance(clf, KerasClassifier)
    (record,) = told_by(lambda: clf.fit(*classes_data))
    assert clf.history_["late"] == [1.0, 1.0]
    assert sorted(record.history) == sorted(set(clf.history_) - {"late"})
