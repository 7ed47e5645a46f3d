"""What is kept of a fit that has ended, and what is written down of it."""

import keras
import numpy as np
import pytest

from skdl.engine.job import FitResult, Stopping, StopReason
from skdl.engine.network.state import NetworkState
from skdl.estimators.fit_outcome import LastFit, check_finite, outcome_of, record
from skdl.exceptions import DivergedError
from tests.engine.jobs import X, Y, job, network

JOB = job(stopping=Stopping("loss"), epochs=3, initial_epoch=1)


def result(reason=StopReason.EPOCHS_DONE, **history):
    return FitResult(NetworkState(()), history, len(history["loss"]), reason, "plan")


class Net:
    def __repr__(self):
        return "Net"


def test_how_a_fit_went():
    found = outcome_of(JOB, result(loss=(3.0, 1.0)))
    assert found.history == {"loss": [3.0, 1.0]}
    assert (found.n_epochs, found.best_epoch) == (2, 1)
    assert found.stop_reason is StopReason.STILL_IMPROVING
    assert found.stop_message == "ran all 2 epochs and was still improving: raise epochs"


def test_more_training_goes_on_with_the_curves():
    first = outcome_of(JOB, result(loss=(3.0, 2.0)))
    found = outcome_of(JOB, result(loss=(1.0, 4.0), other=(0.5,)), first.history)
    assert found.history == {"loss": [3.0, 2.0, 1.0, 4.0], "other": [0.5]}
    assert (found.n_epochs, found.best_epoch) == (4, 2)
    assert found.stop_message.startswith("ran all 2 epochs")
    assert first.history == {"loss": [3.0, 2.0]}


def test_a_record_has_a_row_for_each_epoch():
    sparse = job(stopping=Stopping("val_loss"), epochs=5, options={"validation_freq": 2})
    history = {"loss": (5.0, 4.0, 3.0, 2.0, 1.0), "val_loss": (0.5, 0.25), "text": ("a",) * 5}
    found = record("Net", sparse, result(**history))
    assert (found.estimator, found.n_epochs, found.best_epoch) == ("Net", 5, 3)
    assert list(found.history) == ["loss", "val_loss"]
    np.testing.assert_array_equal(found.history["val_loss"], [np.nan, 0.5, np.nan, 0.25, np.nan])
    assert not found.history["loss"].flags.writeable


def test_a_curve_that_lacks_epochs_is_left_out():
    assert list(record("Net", JOB, result(loss=(2.0, 1.0), other=(1.0,))).history) == ["loss"]


def test_a_fit_that_diverged_has_no_best_epoch():
    found = record("Net", JOB, result(StopReason.DIVERGED, loss=(2.0, np.nan)))
    assert (found.best_epoch, found.stop_reason) == (None, StopReason.DIVERGED)


def test_the_last_fit_is_noted_as_keras_notes_it():
    model, given = network(run_eagerly=True), {"batch_size": 16, "verbose": 0}
    history = model.fit(X, Y, epochs=3, initial_epoch=1, **given)
    twin = network()
    LastFit.of(JOB, result(**{name: tuple(c) for name, c in history.history.items()})).note_on(twin)
    assert type(twin.history) is keras.callbacks.History
    assert twin.history.history == history.history
    assert (twin.history.epoch, twin.history.params) == (history.epoch, history.params)
    assert twin.history.model is twin


def test_numbers_that_are_not_finite_are_an_error_with_the_curves():
    with pytest.raises(DivergedError, match="^Net diverged: after 2 epochs its loss") as caught:
        check_finite(Net(), result(StopReason.DIVERGED, loss=(2.0, np.nan)))
    np.testing.assert_array_equal(caught.value.history["loss"], [2.0, np.nan])
    check_finite(Net(), result(loss=(2.0, 1.0)))
