"""Steps of an optimizer by Keras and as a function, on the same variables and gradients."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.optimizers import (
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Lamb,
    Lion,
    LossScaleOptimizer,
    MultiOptimizer,
    Muon,
    Nadam,
    OptimizerMap,
    RMSprop,
    ScheduleFreeAdamW,
    schedules,
)

from skdl.engine.optimizers.pure_optimizer import PureOptimizer

CASES = {
    "SGD": lambda: SGD(0.1),
    "SGD momentum": lambda: SGD(0.1, momentum=0.9),
    "SGD nesterov": lambda: SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    "RMSprop": lambda: RMSprop(0.1),
    "RMSprop centered": lambda: RMSprop(0.01, momentum=0.5, centered=True),
    "Adam": lambda: Adam(0.1),
    "Adam amsgrad": lambda: Adam(0.1, amsgrad=True, clipnorm=0.5),
    "AdamW": lambda: AdamW(0.1, weight_decay=0.1),
    "Adamax": lambda: Adamax(0.1, clipvalue=0.5),
    "Adagrad": lambda: Adagrad(0.1, global_clipnorm=0.5),
    "Adadelta": lambda: Adadelta(0.1),
    "Ftrl": lambda: Ftrl(
        0.1, l1_regularization_strength=0.01, l2_shrinkage_regularization_strength=0.1
    ),
    "Lion": lambda: Lion(0.1),
    "Nadam": lambda: Nadam(0.1),
    "Nadam accumulation": lambda: Nadam(0.1, gradient_accumulation_steps=2),
    "Adafactor": lambda: Adafactor(0.1, weight_decay=0.1),
    "Lamb": lambda: Lamb(0.1),
    "Muon": lambda: Muon(0.1, exclude_layers=["bias"]),
    "Muon embedding": lambda: Muon(0.1, exclude_embeddings=False),
    "ScheduleFreeAdamW": lambda: ScheduleFreeAdamW(0.1, warmup_steps=2),
    "MultiOptimizer": lambda: MultiOptimizer(
        OptimizerMap(
            Adam(0.1, use_ema=True, ema_momentum=0.5),
            {".*bias": SGD(0.1, momentum=0.9, gradient_accumulation_steps=2)},
        )
    ),
    "EMA": lambda: Adam(0.1, use_ema=True, ema_momentum=0.5),
    "EMA overwriting": lambda: SGD(0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2),
    "EMA and accumulation": lambda: AdamW(
        0.1,
        use_ema=True,
        ema_momentum=0.5,
        ema_overwrite_frequency=2,
        gradient_accumulation_steps=2,
        global_clipnorm=0.5,
    ),
    "schedule": lambda: SGD(schedules.CosineDecay(0.1, 10, warmup_steps=2), momentum=0.5),
    "schedule and accumulation": lambda: SGD(
        schedules.PiecewiseConstantDecay([2, 4], [0.1, 0.2, 0.3]), gradient_accumulation_steps=3
    ),
    "LossScaleOptimizer": lambda: scaling(Adam(0.1)),
    "LossScaleOptimizer accumulation": lambda: scaling(
        RMSprop(0.1, gradient_accumulation_steps=2, use_ema=True, ema_overwrite_frequency=2)
    ),
}
STEPS = 6

# Compiled within other rows.
PARTS_OF_OTHERS = {
    *("SGD", "SGD momentum", "RMSprop", "Adam", "AdamW", "Nadam", "Muon", "EMA", "EMA overwriting"),
    *("schedule and accumulation", "LossScaleOptimizer"),
}


def scaling(inner):
    return LossScaleOptimizer(inner, initial_scale=4.0, dynamic_growth_steps=2)


def make_variables():
    """Weights of an embedding, of a layer with a constraint, and some that no loss depends on."""
    draw = np.random.default_rng(0).normal
    shapes = {"embeddings": (5, 2), "kernel": (3, 2), "bias": (2,), "unused": (2,)}
    variables = [
        keras.Variable(draw(size=shape), dtype=keras.config.floatx(), name=name)
        for name, shape in shapes.items()
    ]
    variables[1].constraint = keras.constraints.MaxNorm(1.2)
    return variables


def make_gradients():
    """For each step; the embedding's are slices, two of them of the same row."""
    draw = np.random.default_rng(1).normal
    slices = draw(size=(STEPS, 4, 2))
    rows = np.array([[0, 2, 2, 3], [1, 1, 1, 1], [4, 0, 2, 2], [0, 1, 2, 3], [3, 3, 0, 0], [2] * 4])
    return [slices, rows, draw(size=(STEPS, 3, 2)), draw(size=(STEPS, 2))]


def at(gradients, step):
    """The gradients of one step, which may be a tensor."""
    values, rows, kernel, bias = (tf.gather(part, step) for part in gradients)
    return [tf.IndexedSlices(values, rows, tf.constant([5, 2], tf.int64)), kernel, bias, None]


def numbers_of(gradients):
    floats = keras.config.floatx()
    return [tf.constant(part, floats if part.dtype.kind == "f" else "int64") for part in gradients]


def values_of(variables):
    return [variable.numpy() for variable in variables]


def keras_steps(optimizer, variables, gradients, steps=range(STEPS)):
    for step in steps:
        optimizer.apply_gradients(zip(at(gradients, step), variables, strict=True))


RUNNERS = {
    "eager": lambda function: function,
    "graph": tf.function,
    "XLA": lambda function: tf.function(function, jit_compile=True),
}


def pure_steps(pure, state, weights, gradients, runner, first=0):
    """The steps as one loop: state, weights, and weights at the end of training."""

    def body(step, state, weights):
        return step + 1, *pure.apply(state, at(gradients, step), weights)

    def run(state, weights):
        _, state, weights = tf.while_loop(
            lambda step, *_: step < STEPS, body, (tf.constant(first), state, weights)
        )
        return state, weights, pure.finalize(state, weights)

    begin = [[tf.convert_to_tensor(value) for value in values] for values in (state, weights)]
    return [values_of(part) for part in RUNNERS[runner](run)(*begin)]


def assert_equal(got, expected, tolerance):
    for one, other in zip(got, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def assert_same_steps(make_optimizer, gradients, tolerance, runners):
    """State, weights and final weights are those of Keras, and so is the state returned."""
    optimizer, variables = make_optimizer(), make_variables()
    pure = PureOptimizer(optimizer, variables)
    state, begin = pure.initial_state(), values_of(variables)
    keras_steps(optimizer, variables, gradients)
    expected = [values_of(optimizer.variables), values_of(variables)]
    optimizer.finalize_variable_values(variables)
    expected.append(values_of(variables))
    for runner in runners:
        got = pure_steps(pure, state, begin, gradients, runner)
        for one, other in zip(got, expected, strict=True):
            assert_equal(one, other, tolerance)
    return expected[0]


ignoring_none = pytest.mark.filterwarnings(
    "ignore:Gradients do not exist for variables:UserWarning"
)
