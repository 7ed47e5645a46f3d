"""Which callbacks run inside a program, and why others do not."""

from __future__ import annotations

import keras
import pytest

from skdl.engine.callbacks import (
    Checkpoint,
    ReduceRate,
    ScheduleRate,
    StopAtNaN,
    StopEarly,
    one_epoch_a_call,
    rules_of,
)
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
