"""Early stopping, epoch by epoch beside Keras's own callback."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from skdl.engine.callbacks import StopAtNaN, StopEarly
from tests.engine.rule_steps import OPTIMIZER, by_hand, logs_of, model, run, state

EarlyStopping = keras.callbacks.EarlyStopping
VALUES = st.floats(-2, 2, width=32) | st.sampled_from([0.5, float("nan"), float("inf")])
SETTINGS = st.fixed_dictionaries(
    {
        "patience": st.integers(0, 3),
        "min_delta": st.sampled_from([0.0, 0.25, 1.0]),
        "mode": st.sampled_from(["min", "max"]),
        "baseline": st.sampled_from([None, 0.5]),
        "start_from_epoch": st.integers(0, 2),
        "restore_best_weights": st.booleans(),
    }
)


@settings(max_examples=40, derandomize=True, database=None, deadline=None)
@given(SETTINGS, st.lists(VALUES, min_size=1, max_size=8), st.integers(0, 2))
def test_it_stops_where_keras_stops_and_remembers_the_same(given, curve, first_epoch):
    ours, theirs = EarlyStopping("loss", **given), EarlyStopping("loss", **given)
    rule = StopEarly(ours, model())
    memory, _, epochs = run(rule, curve, first_epoch=first_epoch)
    assert epochs == by_hand(theirs, curve, first_epoch=first_epoch)[1]
    end = (np.float32(-1), np.float32(0))
    weight, other = rule.after(memory, end, [0])
    for name in ("wait", "stopped_epoch", "best_epoch"):
        assert getattr(ours, name) == getattr(theirs, name), name
    np.testing.assert_equal(ours.best, theirs.best)
    if given["restore_best_weights"] and theirs.best_weights is not None:
        assert weight == theirs.best_weights[0] == ours.best_weights[0]
    else:
        assert weight == end[0]
    assert other == end[1]


@pytest.mark.parametrize(("loss", "stops"), [(1.0, False), (np.nan, True), (np.inf, True)])
def test_a_loss_that_is_no_finite_number_stops(loss, stops):
    rule = StopAtNaN(keras.callbacks.TerminateOnNaN())
    given = state()
    after, memory, stop = rule.on_epoch_end(
        given, [], logs_of(loss=loss), tf.constant(0), OPTIMIZER
    )
    assert after is given
    assert memory == []
    assert bool(stop) is stops
