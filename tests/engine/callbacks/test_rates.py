"""Callbacks that set the learning rate, epoch by epoch beside Keras's own."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from skdl.engine.callbacks import ReduceRate, ScheduleRate
from skdl.engine.callbacks.model_stand_in import StandIn
from tests.engine.rule_steps import OPTIMIZER, by_hand, logs_of, model, run, state

callbacks = keras.callbacks
SETTINGS = st.fixed_dictionaries(
    {
        "patience": st.integers(0, 3),
        "factor": st.sampled_from([0.1, 0.5]),
        "cooldown": st.integers(0, 2),
        "min_delta": st.sampled_from([0.0, 0.25]),
        "min_lr": st.sampled_from([0.0, 0.1, 0.5]),
        "mode": st.sampled_from(["min", "max"]),
    }
)
VALUES = st.floats(-2, 2, width=32) | st.sampled_from([0.5, float("nan")])


@pytest.mark.oracle
@settings(max_examples=40, derandomize=True, database=None, deadline=None)
@given(SETTINGS, st.lists(VALUES, min_size=1, max_size=8))
def test_the_rate_falls_where_keras_s_falls(given, curve):
    ours = callbacks.ReduceLROnPlateau("loss", **given)
    theirs = callbacks.ReduceLROnPlateau("loss", **given)
    rule = ReduceRate(ours, model())
    memory, rates, _ = run(rule, curve)
    np.testing.assert_allclose(rates, by_hand(theirs, curve)[0], rtol=1e-6)
    rule.after(memory, (), [])
    assert (ours.wait, ours.cooldown_counter) == (theirs.wait, theirs.cooldown_counter)
    np.testing.assert_equal(ours.best, theirs.best)


def test_the_rate_of_an_epoch_is_in_the_curves():
    logs = logs_of(loss=1.0)
    rule = ScheduleRate(callbacks.LearningRateScheduler(lambda epoch: 0.1))
    given = state(rate=0.25)
    after, memory, stop = rule.on_epoch_end(given, [], logs, tf.constant(0), OPTIMIZER)
    assert after is given
    assert (memory, bool(stop), float(logs["learning_rate"])) == ([], False, 0.25)


@pytest.mark.parametrize(
    ("schedule", "rate"), [(lambda epoch, rate: rate / epoch, 0.125), (lambda epoch: 0.25, 0.25)]
)
def test_a_schedule_may_take_the_rate_before(schedule, rate):
    assert ScheduleRate(callbacks.LearningRateScheduler(schedule)).rate_of(4, 0.5) == rate


def test_a_schedule_that_gives_no_float_is_an_error():
    rule = ScheduleRate(callbacks.LearningRateScheduler(lambda epoch: 1))
    with pytest.raises(ValueError, match=r"gave 1 for epoch 2. Got int, expected a float"):
        rule.rate_of(2, 0.5)


def test_a_schedule_is_asked_once_for_each_epoch(capsys):
    asked = []

    def schedule(epoch):
        asked.append(epoch)
        return 0.1 * (epoch + 1)

    rule = ScheduleRate(callbacks.LearningRateScheduler(schedule, verbose=1))
    rates = [rule.rate_of(epoch, 0.5) for epoch in range(2)]
    shown, told = StandIn(), {}
    for epoch in range(2):
        rule.replay_epoch_begin(epoch, shown)
        rule.replay_epoch_end(epoch, told, shown, [])
        assert shown.optimizer.learning_rate == rates[epoch]
    assert asked == [0, 1]
    assert capsys.readouterr().out.count("setting learning rate to") == 2
