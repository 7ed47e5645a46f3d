"""What a checkpoint keeps of a program's epochs, and what is written when they are over."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdl.engine.callbacks import Checkpoint
from skdl.engine.callbacks.model_stand_in import StandIn
from tests.engine.rule_steps import model, run, state

CURVE = [3.0, 1.0, 2.0, 1.0, 4.0]


def rule_of(path="file.keras", **settings):
    return Checkpoint(keras.callbacks.ModelCheckpoint(path, "loss", **settings), model())


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({}, 4),
        ({"save_best_only": True}, 1),
        ({"save_best_only": True, "mode": "max"}, 4),
        ({"save_best_only": True, "initial_value_threshold": 0.5}, None),
    ],
    ids=str,
)
def test_it_keeps_what_keras_would_have_saved_last(settings, kept):
    (counts, _, weight, *_), _, _ = run(rule_of(**settings), CURVE)
    assert counts[1] == (-1 if kept is None else kept)
    assert weight == (0 if kept is None else kept)


def test_the_best_value_of_an_earlier_fit_counts():
    rule = rule_of(save_best_only=True)
    rule.callback.best = 1.5
    memory = rule.start(state())
    assert memory[0].tolist() == [1, -1]
    assert memory[1] == 1.5


def test_only_what_decides_is_watched():
    assert rule_of().watches is None
    assert rule_of().key == ("Checkpoint",)
    assert rule_of(save_best_only=True).watches == "loss"
    assert rule_of(save_best_only=True).key != rule_of(save_best_only=True, mode="max").key


@pytest.mark.parametrize(
    ("path", "alone"),
    [("file.keras", False), ("{epoch}.keras", True), ("{loss:.2f}-{{}}.keras", True)],
)
def test_a_file_for_each_epoch_needs_calls_of_one_epoch(path, alone):
    assert rule_of(path).one_epoch_a_call is alone


def test_only_the_epoch_that_is_kept_is_written():
    rule, shown, saved = rule_of(save_weights_only=False), StandIn(), []
    shown.save = lambda path, overwrite: saved.append((path, shown.kept))
    memory = [tf.constant([1, 2]), tf.constant(0.5), np.float32(7)]
    assert rule.heard
    for epoch in range(3):
        rule.replay_epoch_end(epoch, {"loss": 1.0}, shown, memory)
    assert saved == [("file.keras", None)] * 2 + [("file.keras", [7])]
    assert rule.callback.model is None
