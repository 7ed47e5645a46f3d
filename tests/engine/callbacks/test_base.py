"""What every rule has in common, and how one watches a curve."""

from __future__ import annotations

import keras
import pytest
import tensorflow as tf

from skdl.engine.callbacks import ScheduleRate, StopAtNaN, StopEarly
from skdl.exceptions import NotCompilableError
from tests.engine.rule_steps import OPTIMIZER, logs_of, model, state

callbacks = keras.callbacks


def test_a_rule_says_nothing_and_remembers_nothing_unless_it_must():
    rule = StopAtNaN(callbacks.TerminateOnNaN())
    assert rule.key == ("StopAtNaN",)
    assert rule.watches is None
    assert not rule.heard
    assert not rule.one_epoch_a_call
    assert rule.start(state()) == []
    variables = (1, 2)
    assert rule.after([], variables, [0]) is variables


def test_a_rule_is_heard_where_its_callback_prints():
    assert ScheduleRate(callbacks.LearningRateScheduler(lambda epoch: 0.1, verbose=1)).heard


@pytest.mark.parametrize(
    ("monitor", "mode", "rises"),
    [("val_loss", "auto", False), ("loss", "max", True), ("mae", "min", False)],
)
def test_the_direction_is_structure_and_patience_is_not(monitor, mode, rises):
    one = StopEarly(callbacks.EarlyStopping(monitor, mode=mode, patience=3), model())
    two = StopEarly(callbacks.EarlyStopping(monitor, mode=mode, patience=5), model())
    assert one.watches == monitor
    assert one.key == two.key
    assert one.key[:3] == ("StopEarly", monitor, rises)


def test_a_callback_keeps_no_model():
    callback = callbacks.EarlyStopping("loss")
    StopEarly(callback, model())
    assert callback.model is None


def test_a_direction_that_keras_cannot_tell_is_keras_s_error():
    callback = callbacks.EarlyStopping("mystery")
    with pytest.raises(ValueError, match=r"isn't able to .* whether that metric should be"):
        StopEarly(callback, model())
    assert callback.model is None


@pytest.mark.parametrize(
    ("logs", "message"),
    [
        (logs_of(mae=1.0), "watches loss, which is not among the curves"),
        (logs_of(loss=[1.0, 2.0]), "watches loss, which has several values an epoch"),
    ],
)
def test_what_cannot_be_watched_is_said_while_a_program_is_made(logs, message):
    rule = StopEarly(callbacks.EarlyStopping("loss"), model())
    memory = [tf.constant(part) for part in rule.start(state())]
    with pytest.raises(NotCompilableError, match=f"EarlyStopping {message}"):
        rule.on_epoch_end(state(), memory, logs, tf.constant(0), OPTIMIZER)
