"""Which callbacks run inside a program, why others do not, and which a job asks for."""

from __future__ import annotations

import keras
import pytest

from skdl.engine.callbacks import (
    Checkpoint,
    ReduceRate,
    ScheduleRate,
    StopAtNaN,
    StopEarly,
    callbacks_of,
    one_epoch_a_call,
    rules_of,
)
from skdl.engine.job import Stopping
from tests.engine.rule_steps import model

callbacks = keras.callbacks


def plateau():
    return callbacks.ReduceLROnPlateau("loss")


def schedule():
    return callbacks.LearningRateScheduler(lambda epoch: 0.1)


def test_every_kind_has_its_rule_and_keeps_its_place():
    given = (
        plateau(),
        callbacks.EarlyStopping("loss"),
        callbacks.TerminateOnNaN(),
        schedule(),
        callbacks.ModelCheckpoint("file.keras"),
    )
    rules = rules_of(given, model())
    kinds = [ReduceRate, StopEarly, StopAtNaN, ScheduleRate, Checkpoint]
    assert [type(rule) for rule in rules] == kinds
    assert [rule.callback for rule in rules] == list(given)
    assert rules_of((), model()) == []


class Mine(callbacks.EarlyStopping):
    """Whatever it does."""


@pytest.mark.parametrize(
    ("callback", "reason"),
    [
        (Mine("loss"), "the callback Mine runs in Python"),
        (callbacks.Callback(), "the callback Callback runs in Python"),
        (callbacks.TerminateOnNaN(raise_error=True), "the callback TerminateOnNaN runs in Python"),
        (
            callbacks.ModelCheckpoint("file.keras", save_freq=3),
            "ModelCheckpoint saves in the middle of an epoch",
        ),
    ],
)
def test_what_only_python_can_run_is_named(callback, reason):
    assert rules_of((plateau(), callback), model()) == reason


@pytest.mark.parametrize(
    ("given", "alone"),
    [
        ([plateau], False),
        ([schedule], False),
        ([schedule, plateau], True),
        ([lambda: callbacks.ModelCheckpoint("{epoch}.keras")], True),
        ([lambda: callbacks.ModelCheckpoint("file.keras"), schedule], False),
    ],
)
def test_when_python_acts_between_epochs(given, alone):
    assert one_epoch_a_call(rules_of(tuple(make() for make in given), model())) is alone


def test_nothing_is_asked_of_keras_unless_it_is_on():
    assert callbacks_of(None) == callbacks_of(Stopping("loss")) == ()


@pytest.mark.parametrize(("rises", "mode"), [(False, "min"), (True, "max")])
def test_the_callbacks_of_a_job_have_its_settings(rises, mode):
    plateau, stop = callbacks_of(
        Stopping(
            "val_mae",
            rises=rises,
            early_stopping=True,
            patience=3,
            min_delta=0.25,
            start_from_epoch=2,
            restore_best_weights=False,
            reduce_lr_patience=1,
            reduce_lr_factor=0.5,
            min_learning_rate=0.125,
        )
    )
    assert type(plateau) is keras.callbacks.ReduceLROnPlateau
    assert type(stop) is keras.callbacks.EarlyStopping
    for one in (plateau, stop):
        assert (one.monitor, one.mode, one.min_delta) == ("val_mae", mode, 0.25)
    assert (plateau.patience, plateau.factor, plateau.min_lr) == (1, 0.5, 0.125)
    assert (stop.patience, stop.start_from_epoch, stop.restore_best_weights) == (3, 2, False)
