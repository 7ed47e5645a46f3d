"""Fits with callbacks by both engines, and what the callbacks remember of them."""

from __future__ import annotations

import keras
import numpy as np

from skdl.engine.rows.arrays import Samples
from tests.engine.oracle import ROWS, assert_agree, both, numbers

MEMORY = ("wait", "best", "stopped_epoch", "best_epoch", "cooldown_counter", "best_weights")


def network(rate=0.6, **settings):
    """A network whose loss goes up and down at this learning rate."""

    def build():
        model = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(1)]
        )
        model.compile(keras.optimizers.SGD(rate, momentum=0.5), "mse", **settings)
        return model

    return build


def stopping_network():
    metrics = ["mae", keras.metrics.R2Score(name="r2")]
    return network(metrics=metrics)()


PLAIN = network()


def held_out(seed=7):
    return Samples(numbers(10, 4, seed=seed), numbers(10, 1, seed=seed + 1))


def train(make, build=None, epochs=8, **changes):
    """The results of both engines, and the callbacks of both."""
    made = []

    def given():
        made.append(make())
        return made[-1]

    x, y = numbers(ROWS, 4), numbers(ROWS, 1, seed=1)
    changes = {"validation": held_out(), "keras_runs": "kept", **changes}
    pair = both(build or PLAIN, x, y, callbacks=given, epochs=epochs, **changes)
    assert_agree(pair)
    ours, of_kernel, theirs = made
    if pair.kernel is not None:
        assert_same_memory(of_kernel, theirs)
    return pair, ours, theirs


def assert_same_memory(ours, theirs):
    for one, two in zip(ours, theirs, strict=True):
        for name in MEMORY:
            left, right = getattr(one, name, None), getattr(two, name, None)
            assert type(left) is type(right) or None not in (left, right), name
            if name == "best_weights" and right is not None:
                for a, b in zip(left, right, strict=True):
                    np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
            elif right is not None:
                np.testing.assert_allclose(left, right, rtol=1e-8, err_msg=name)
