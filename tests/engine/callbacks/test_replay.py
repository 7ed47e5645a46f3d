"""What is told of epochs that are over: in Keras's order, and only where somebody listens."""

from __future__ import annotations

import keras
import pytest

from skdl.engine.callbacks.base import Rule
from skdl.engine.callbacks.replay import Replay
from skdl.engine.network.network import Network
from tests.engine.jobs import job


class Recording(Rule):
    """Notes in a list what it is told."""

    def __init__(self, name, said, *, heard=False):
        super().__init__(keras.callbacks.Callback())
        self.name, self.said, self._heard = name, said, heard

    @property
    def heard(self):
        return self._heard

    def on_epoch_end(self, state, memory, logs, epoch, optimizer):
        raise AssertionError("a program calls this, and nobody else")

    def replay_train_begin(self):
        self.said.append((self.name, "train begins"))

    def replay_epoch_begin(self, epoch, model):
        self.said.append((self.name, "begins", epoch, model.optimizer.learning_rate))

    def replay_epoch_end(self, epoch, logs, model, memory):
        self.said.append((self.name, "ends", epoch, dict(logs), memory))
        logs[self.name] = epoch


@pytest.fixture(scope="module")
def one():
    return Network(lambda: compiled(keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])))


def compiled(model):
    model.compile("sgd", "mse")
    return model


def replay(one, rules, verbose=0):
    return Replay(job(one, verbose=verbose, epochs=5), rules, steps=7, state_of=lambda kept: None)


def test_nobody_listens(one, capsys):
    said = []
    quiet = replay(one, [Recording("a", said), Recording("b", said)])
    assert not quiet.needed
    quiet.epoch(0, {"loss": 1.0}, [[], []])
    assert said == []
    assert capsys.readouterr().out == ""


def test_a_reader_sees_a_line_for_each_epoch(one, capsys):
    told = replay(one, [], verbose=1)
    assert told.needed
    told.epoch(2, {"loss": 0.123456, "learning_rate": 0.5}, [])
    assert capsys.readouterr().out == "Epoch 3/5\n7/7 - loss: 0.1235 - learning_rate: 0.5\n"


def test_where_one_rule_is_heard_all_are_told_in_their_order(one):
    said = []
    rules = [Recording("a", said), Recording("b", said, heard=True)]
    told = replay(one, rules)
    assert told.needed
    assert said == [("a", "train begins"), ("b", "train begins")]
    said.clear()
    told.begin(0.25)
    logs = {"loss": 1.0, "learning_rate": 0.25}
    told.epoch(3, logs, [["of a"], ["of b"]])
    assert said == [
        ("a", "begins", 3, 0.25),
        ("b", "begins", 3, 0.25),
        # Keras has no rate at the end of an epoch; callbacks add theirs one after the other.
        ("a", "ends", 3, {"loss": 1.0}, ["of a"]),
        ("b", "ends", 3, {"loss": 1.0, "a": 3}, ["of b"]),
    ]
    assert logs == {"loss": 1.0, "learning_rate": 0.25}
