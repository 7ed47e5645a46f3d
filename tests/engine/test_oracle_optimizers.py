"""Every optimizer of Keras's and what it can be given: compiled, and in float64 as the Keras loop."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.network.network import Network
from skdl.engine.network.state import NetworkState
from tests.engine.oracle import ROWS, assert_agree, both, job_of, numbers
from tests.engine_of_graphs import without_xla
from tests.selection import some

schedules = keras.optimizers.schedules


def network(optimizer, **settings):
    """A network with a bias before its normalization, and a penalty."""

    def build():
        model = keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(
                    5, activation="tanh", kernel_regularizer=keras.regularizers.L2(0.01)
                ),
                keras.layers.LayerNormalization(),
                keras.layers.Dense(2),
            ]
        )
        model.compile(optimizer(), "mse", **settings)
        return model

    return build


def train(optimizer, **changes):
    return both(network(optimizer), numbers(ROWS, 4), numbers(ROWS, 2, seed=1), **changes)


OPTIMIZERS = {
    "SGD": ({}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}),
    "RMSprop": ({}, {"momentum": 0.9, "centered": True}),
    "Adam": ({}, {"amsgrad": True}),
    "AdamW": ({"weight_decay": 0.1},),
    "Nadam": ({},),
    "Adamax": ({},),
    "Adagrad": ({},),
    "Adadelta": ({"learning_rate": 1.0},),
    "Ftrl": ({"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.01},),
    "Lion": ({},),
    "Lamb": ({},),
    "Adafactor": ({},),
    "Muon": ({},),
}
ROWS_OF_OPTIMIZERS = [(name, settings) for name, rows in OPTIMIZERS.items() for settings in rows]
# tests/engine/optimizers/test_pure_optimizer.py has the steps of all of them.
NUMBERS = [
    ({"learning_rate": 0.1}, {"learning_rate": 0.2}),
    ({"beta_1": 0.8, "epsilon": 1e-6}, {"beta_1": 0.7, "epsilon": 1e-5}),
    ({"clipnorm": 0.1}, {"clipnorm": 0.2}),
    ({"weight_decay": 0.1}, {"weight_decay": 0.2}),
    ({"use_ema": True, "ema_momentum": 0.9}, {"use_ema": True, "ema_momentum": 0.8}),
]
OPTIONS = [
    {"clipnorm": 0.01},
    {"clipvalue": 0.01},
    {"global_clipnorm": 0.01},
    {"weight_decay": 0.1},
    {"use_ema": True, "ema_momentum": 0.9},
    {"use_ema": True, "ema_overwrite_frequency": 2},
    {"gradient_accumulation_steps": 2},
    {"gradient_accumulation_steps": 4, "use_ema": True, "clipnorm": 0.1},
]
SCHEDULES = {
    "CosineDecay": lambda: schedules.CosineDecay(0.1, 7, warmup_target=0.2, warmup_steps=2),
    "CosineDecayRestarts": lambda: schedules.CosineDecayRestarts(0.1, 4),
    "ExponentialDecay": lambda: schedules.ExponentialDecay(0.1, 3, 0.5, staircase=True),
    "InverseTimeDecay": lambda: schedules.InverseTimeDecay(0.1, 3, 0.5),
    "PiecewiseConstantDecay": lambda: schedules.PiecewiseConstantDecay([3, 5], [0.1, 0.05, 0.01]),
    "PolynomialDecay": lambda: schedules.PolynomialDecay(0.1, 6),
}


@pytest.fixture
def fast(float64, monkeypatch):
    """Double precision, and graphs where XLA would run too."""
    without_xla(monkeypatch)


@pytest.mark.parametrize(
    ("name", "settings"), some(ROWS_OF_OPTIMIZERS, ("Adam", {"amsgrad": True}), mark="oracle")
)
def test_optimizers(fast, name, settings):
    settings = {"learning_rate": 0.02, **settings}
    assert_agree(train(lambda: getattr(keras.optimizers, name)(**settings)))


@pytest.mark.parametrize("settings", some(OPTIONS, OPTIONS[0], mark="oracle"), ids="-".join)
def test_what_every_optimizer_can_be_given(fast, settings):
    assert_agree(train(lambda: keras.optimizers.Adam(0.02, **settings)))


@pytest.mark.oracle
@pytest.mark.parametrize(
    "name",
    SCHEDULES,
)
def test_schedules(fast, name):
    pair = train(lambda: keras.optimizers.SGD(SCHEDULES[name]()))
    # Keras computes schedules in single precision, whatever the network's.
    assert_agree(pair, rtol=1e-6)


def test_every_optimizer_and_schedule_of_keras_is_in_a_table():
    given = {name for name, kind in vars(keras.optimizers).items() if inspect.isclass(kind)}
    wrappers = {"LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"}
    assert given == {*OPTIMIZERS, *wrappers, "ScheduleFreeAdamW", "Optimizer"}
    given = {name for name, kind in vars(schedules).items() if inspect.isclass(kind)}
    assert given == {*SCHEDULES, "LearningRateSchedule"}


@pytest.mark.oracle
def test_an_average_that_begins_at_the_weights(fast):
    one = Network(network(lambda: keras.optimizers.ScheduleFreeAdamW(0.02, warmup_steps=2)))
    variables = one.initial_state(1).variables
    # `keras.Model.fit` begins the average at zero where it builds the optimizer itself.
    start = NetworkState(variables, one.fresh_optimizer(variables))
    assert_agree(both(one, numbers(ROWS, 4), numbers(ROWS, 2, seed=1), start=start))


@pytest.mark.oracle
def test_several_optimizers_for_one_network(fast):
    def optimizer():
        chosen = keras.optimizers.OptimizerMap(default_optimizer=keras.optimizers.SGD(0.1))
        chosen["dense"] = keras.optimizers.Adam(0.01)
        return keras.optimizers.MultiOptimizer(chosen)

    assert_agree(train(optimizer))


@pytest.mark.oracle
def test_a_scaled_loss_skips_steps_whose_gradients_are_not_finite(fast):
    largest = np.float64(2.0**1023)  # TensorFlow takes Python's floats up to those of float32 alone

    def optimizer():
        inner = keras.optimizers.SGD(0.1, momentum=0.9)
        return keras.optimizers.LossScaleOptimizer(inner, initial_scale=largest)

    pair = train(optimizer)
    assert_agree(pair)
    assert float(pair.compiled.end.optimizer[2]) < largest
    assert np.isfinite(pair.compiled.end.variables[0]).all()


@pytest.fixture
def half():
    """Keras computes in float16 and keeps weights in float32, and afterwards as before."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy(policy)


def whole(draw, unit, *shape):
    """Minus one, zero or one times `unit`."""
    return (unit * draw.integers(-1, 2, shape)).astype(np.float32)


def step_without_rounding():
    """One step of eight rows in which float16 holds every sum, and each part of it, in full.

    So no processor rounds at all, whether it sums in half or in single precision: both engines have to give
    the same bits. float16 counts to 2,048 units, up to 65,504. Inputs are -1, 0 or 1, weights -1/4, 0 or
    1/4, hence the units of the hidden layer at most 4 quarters, and outputs less targets at most 20
    sixteenths. Half of the sum of 16 squares, scaled by Keras's 2 ** 15, gives gradients of at most 20
    times 256; their sums over the rows, times the hidden layer, are at most 640 times 64. The learning rate
    is a power of two.
    """

    def build():
        layers = [keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)]
        model = keras.Sequential([keras.Input((4,)), *layers])
        model.compile(keras.optimizers.SGD(0.125), "mse")
        return model

    draw = np.random.default_rng(0)
    one = Network(build)
    variables = [whole(draw, 0.25, *v.shape) for v in one.initial_state(1).variables]
    start = NetworkState(variables, one.fresh_optimizer(variables))
    x, y = whole(draw, 1.0, 8, 4), whole(draw, 0.25, 8, 2)
    return both(one, x, y, start=start, epochs=1, batch_size=8), variables


@pytest.mark.oracle
@pytest.mark.parametrize("xla", [False, True])
def test_mixed_precision_wraps_the_optimizer(half, monkeypatch, xla):
    if not xla:
        without_xla(monkeypatch)
    pair, start = step_without_rounding()
    assert_agree(pair, rtol=0, atol=0)
    assert pair.masked
    assert pair.compiled.plan.startswith("Compiled with XLA." if xla else "Compiled")
    scale = next(float(v) for v in pair.compiled.end.optimizer if float(v.max()) == 2.0**15)
    assert scale == 2.0**15  # no step was skipped
    for after, before in zip(pair.compiled.end.variables, start, strict=True):
        assert not np.array_equal(after, before)


def programs_for(*optimizers):
    """How many programs fits with these optimizers compile."""
    before = stats().programs
    for optimizer in optimizers:
        build = network(optimizer, loss_weights=[0.5])
        CompiledEngine().train(job_of(Network(build), numbers(ROWS, 4), numbers(ROWS, 2)))
    return stats().programs - before


@pytest.mark.parametrize(
    ("one", "two"),
    some(NUMBERS, NUMBERS[1], mark="oracle"),
    ids="-".join,
)
def test_numbers_of_an_optimizer_share_a_program(fast, one, two):
    many = [lambda s=settings: keras.optimizers.Adam(**s) for settings in (one, two)]
    assert programs_for(*many) <= 1


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["clipnorm", "weight_decay", "global_clipnorm"])
def test_none_and_a_number_are_two_structures(fast, name):
    many = [lambda s=setting: keras.optimizers.Adam(**{name: s}) for setting in (None, 0.5)]
    one, two = (Network(network(make, loss_weights=[0.5])).training_structure for make in many)
    assert one != two
    assert programs_for(*many) <= 2
    assert programs_for(*many) == 0
