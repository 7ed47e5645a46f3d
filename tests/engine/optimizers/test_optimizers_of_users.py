"""Optimizers and schedules of the user's own, and what cannot be a pure function."""

from __future__ import annotations

from types import SimpleNamespace

import keras
import pytest
import tensorflow as tf
from keras.optimizers import (
    SGD,
    Adam,
    MultiOptimizer,
    Nadam,
    schedules,
)

from skdl.engine.optimizers.pure_optimizer import PureOptimizer, obstacle
from tests.engine.optimizer_steps import CASES, assert_equal, make_variables, scaling, values_of


class Halving(schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.5 ** keras.ops.cast(step, "float32")

    def get_config(self):
        return {}


class Own(keras.Optimizer):
    """As Keras's guide writes an optimizer; its slots begin at the weights."""

    def build(self, variables):
        super().build(variables)
        self.slots = self.add_optimizer_variables(variables, "slot")
        for slot, variable in zip(self.slots, variables, strict=True):
            slot.assign(variable)

    def update_step(self, gradient, variable, learning_rate):
        slot = self.slots[self._get_variable_index(variable)]
        self.assign(slot, 0.5 * slot + gradient)
        variable.assign_sub(learning_rate * slot)


class OwnStep(Adam):
    def apply(self, grads, trainable_variables=None):
        return super().apply(grads, trainable_variables)


class TwoSettings(SGD):
    def __init__(self, first, second):
        super().__init__(first * second)


class Raw(keras.Optimizer):
    def build(self, variables):
        super().build(variables)
        self.counter = tf.Variable(0.0)


class Hidden(keras.Optimizer):
    def __init__(self, learning_rate=0.1, name="hidden", **kwargs):
        super().__init__(learning_rate, name=name, **kwargs)
        self.held = SimpleNamespace(count=keras.Variable(0.0))

    def update_step(self, gradient, variable, learning_rate):
        self.held.count.assign_add(1.0)


def test_optimizers_and_schedules_of_the_users_own():
    variables = make_variables()[2:3]
    optimizer = Own(learning_rate=Halving())
    pure = PureOptimizer(optimizer, variables)
    gradients = [tf.constant([1.0, -2.0])]
    weights = values_of(variables)
    assert_equal(pure.initial_state([weights[0] + 1])[-1:], [weights[0] + 1], 0)
    state = pure.initial_state()
    for _ in range(3):
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        state, weights = pure.apply(state, gradients, weights)
    assert_equal(values_of(state), values_of(optimizer.variables), 1e-6)
    assert_equal(values_of(weights), values_of(variables), 1e-6)


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        ("adam", "'adam' is not an optimizer of Keras"),
        (
            OwnStep(),
            "OwnStep has its own apply, where a program needs Keras's: it may define build",
        ),
        (SGD(lambda: 0.1), "the learning rate of SGD is a function"),
        (scaling(SGD(lambda: 0.1)), "the learning rate of SGD is a function"),
        (scaling(Nadam()), "does not count all variables of Nadam among its own"),
        (MultiOptimizer(lambda variable: SGD()), "by a function, .* use OptimizerMap"),
        (TwoSettings(0.5, 0.5), "TwoSettings cannot be copied and built: .*unexpected keyword"),
        (Raw(0.1), "Raw.counter that is a variable of TensorFlow's.*add_variable"),
    ],
)
def test_what_cannot_be_pure_says_why(optimizer, words):
    with pytest.raises(ValueError, match=words):
        PureOptimizer(optimizer, make_variables())
    assert obstacle(optimizer)


def test_a_variable_that_is_changed_and_not_counted_is_an_error():
    variables = make_variables()[2:3]
    pure = PureOptimizer(Hidden(), variables)
    with pytest.raises(ValueError, match="Hidden that changes a variable.*add_variable"):
        pure.apply(pure.initial_state(), [tf.ones(2)], values_of(variables))


def test_no_obstacle_is_found_where_there_is_none():
    assert [obstacle(make()) for make in CASES.values()] == [None] * len(CASES)
    assert obstacle(Own(learning_rate=Halving())) is None
