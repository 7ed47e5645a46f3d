"""The state of an optimizer before its first step, shared by networks that differ in numbers."""

from collections import OrderedDict

import keras
import numpy as np
import pytest

from skdl.engine.network.network import Network
from skdl.engine.optimizers import first_state
from skdl.engine.optimizers.pure_optimizer import PureOptimizer

OPTIMIZERS = {
    "Adam": lambda rate: keras.optimizers.Adam(rate),
    "SGD, momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "Adagrad, other beginning": lambda rate: keras.optimizers.Adagrad(
        rate, initial_accumulator_value=rate
    ),
    "a schedule": lambda rate: keras.optimizers.Adam(
        keras.optimizers.schedules.ExponentialDecay(rate, 10, 0.9)
    ),
    "loss scaling": lambda rate: keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(rate), initial_scale=1 / rate
    ),
    "begins at the weights": lambda rate: keras.optimizers.ScheduleFreeAdamW(rate),
}


def network(optimizer, units=3):
    def build():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units)])
        model.compile(optimizer=optimizer(), loss="mse")
        return model

    return Network(build)


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=list(OPTIMIZERS))
def test_each_network_begins_as_its_own_optimizer_does(make):
    for rate in (0.01, 0.5, 0.01):
        for units in (3, 5):
            one = network(lambda rate=rate: make(rate), units)
            variables = one.initial_state(7).variables
            model = one.template
            expected = PureOptimizer(model.optimizer, model.trainable_variables).initial_state(
                variables
            )
            found = one.fresh_optimizer(variables)
            assert len(found) == len(expected)
            for ours, theirs in zip(found, expected, strict=True):
                assert ours.dtype == theirs.dtype
                np.testing.assert_array_equal(ours, theirs)


def test_the_state_belongs_to_the_caller():
    one = network(lambda: keras.optimizers.Adam(0.1))
    variables = one.initial_state(0).variables
    first = one.fresh_optimizer(variables)
    for part in first:
        part[...] = 5
    second = one.fresh_optimizer(variables)
    assert float(second[1]) == pytest.approx(0.1)
    assert not second[-1].any()


def test_networks_of_several_learning_rates_share_one_built_optimizer(monkeypatch):
    built = []

    class Counted(PureOptimizer):
        def __init__(self, *args):
            built.append(args)
            super().__init__(*args)

    monkeypatch.setattr(first_state, "PureOptimizer", Counted)
    for rate in (0.011, 0.012, 0.013):
        one = network(lambda rate=rate: keras.optimizers.Adam(rate, beta_1=0.777))
        one.fresh_optimizer(one.initial_state(0).variables)
    assert len(built) == 1


def test_the_optimizer_of_many_weights_is_not_kept(monkeypatch):
    # A Dense of 2 to 3 has 9 numbers of 4 bytes.
    monkeypatch.setattr(first_state, "MAX_BYTES", 40)
    monkeypatch.setattr(first_state, "_built", OrderedDict())
    for units, kept in ((3, 1), (4, 0)):
        before = len(first_state._built)
        one = network(lambda: keras.optimizers.Adam(0.1, beta_1=0.321), units)
        one.fresh_optimizer(one.initial_state(0).variables)
        assert len(first_state._built) == before + kept
