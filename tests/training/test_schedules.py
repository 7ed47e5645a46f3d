"""Schedules are Keras's where Keras has the same one, and have exact values where it has not."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdl.training.schedules import CYCLE_END, CYCLE_START, NAMES, Schedule
from tests.tolerances import FUNCTION, assert_within_rounding

STEPS, PER_EPOCH, RATE = 60, 6, 0.3


def of_keras(schedule):
    return [float(schedule(step)) for step in range(STEPS)]


def rates(name, **settings):
    return Schedule(name, **settings).rates(RATE, STEPS, PER_EPOCH)


kinds = keras.optimizers.schedules
# Cycles of this many epochs restart between two steps: at a step, which cycle Keras takes it for may hang
# on the last place of a logarithm in single precision.
LENGTH = 2.2


@pytest.mark.parametrize(
    ("ours", "keras_has"),
    [
        (
            rates("step", decay_factor=0.5, decay_epochs=3),
            kinds.PiecewiseConstantDecay([17, 35, 53], [RATE * 0.5**drops for drops in range(4)]),
        ),
        (
            rates("step", decay_factor=0.5, decay_epochs=3),
            kinds.ExponentialDecay(RATE, 18, 0.5, staircase=True),
        ),
        (rates("exponential", decay_factor=0.2), kinds.ExponentialDecay(RATE, STEPS, 0.2)),
        (
            rates("exponential", decay_factor=0.2, decay_epochs=2),
            kinds.ExponentialDecay(RATE, 2 * PER_EPOCH, 0.2),
        ),
        (
            rates("polynomial", decay_power=2.0, end_factor=0.1),
            kinds.PolynomialDecay(RATE, STEPS, RATE * 0.1, power=2.0),
        ),
        (rates("cosine"), kinds.CosineDecay(RATE, STEPS)),
        (rates("cosine", end_factor=0.2), kinds.CosineDecay(RATE, STEPS, alpha=0.2)),
        (
            rates("cosine", warmup=2),
            kinds.CosineDecay(
                0.0, STEPS - 2 * PER_EPOCH, warmup_target=RATE, warmup_steps=2 * PER_EPOCH
            ),
        ),
        (
            rates("cosine_restarts", decay_epochs=LENGTH, end_factor=0.1, cycle_factor=0.8),
            kinds.CosineDecayRestarts(RATE, LENGTH * PER_EPOCH, t_mul=2.0, m_mul=0.8, alpha=0.1),
        ),
        (
            rates("cosine_restarts", decay_epochs=LENGTH, cycle_growth=1.0),
            kinds.CosineDecayRestarts(RATE, LENGTH * PER_EPOCH, t_mul=1.0),
        ),
        (
            rates("cosine_restarts", decay_epochs=LENGTH / 2, cycle_growth=1.5),
            kinds.CosineDecayRestarts(RATE, LENGTH / 2 * PER_EPOCH, t_mul=1.5),
        ),
    ],
)
def test_schedules_that_keras_has(ours, keras_has):
    # Keras computes in single precision: a function, the rounding of its argument, which is up to five
    # radians or the number of a cycle, and six products and sums. A cosine may cancel with what is added to
    # it.
    assert_within_rounding(ours, of_keras(keras_has), FUNCTION, 5, 6, scale=RATE)


def test_a_constant_rate():
    assert rates("constant").tolist() == [RATE] * STEPS


def test_one_cycle_rises_to_its_peak_and_falls():
    ours = rates("one_cycle")
    peak = int(0.3 * STEPS)
    assert ours.argmax() == peak
    assert ours[peak] == RATE
    assert ours[0] == pytest.approx(RATE * CYCLE_START)
    assert ours[-1] == pytest.approx(RATE * CYCLE_END)
    assert (np.diff(ours[: peak + 1]) > 0).all()
    assert (np.diff(ours[peak:]) < 0).all()
    halfway = RATE * (1 + CYCLE_START) / 2
    assert ours[peak // 2] == pytest.approx(halfway)
    assert rates("one_cycle", warmup=5).argmax() == 5 * PER_EPOCH


@pytest.mark.parametrize("name", [name for name in NAMES if name != "one_cycle"])
@pytest.mark.parametrize("warmup", [4, 0.4])
def test_warmup_is_a_straight_line_and_the_schedule_follows(name, warmup):
    rise = 24
    ours = rates(name, warmup=warmup)
    np.testing.assert_allclose(ours[:rise], RATE * np.arange(rise) / rise)
    after = Schedule(name).rates(RATE, STEPS - rise, PER_EPOCH)
    np.testing.assert_allclose(ours[rise:], after)


def test_a_cycle_begins_at_its_step():
    ours = rates("cosine_restarts", decay_epochs=2, cycle_factor=0.5)
    assert ours[[0, 12, 36]].tolist() == [RATE, RATE / 2, RATE / 4]
    assert (ours[[11, 35]] < RATE / 50).all()


def test_three_cycles_where_their_length_is_not_given():
    ours = Schedule("cosine_restarts").rates(1.0, 70, 1)
    assert np.flatnonzero(np.diff(ours) > 0).tolist() == [9, 29]


def test_three_steps_where_their_length_is_not_given():
    ours = Schedule("step").rates(1.0, 30, 1)
    assert np.flatnonzero(np.diff(ours)).tolist() == [9, 19]


@given(
    st.sampled_from(NAMES),
    st.integers(1, 300),
    st.integers(1, 50),
    st.one_of(st.none(), st.integers(0, 10), st.floats(0, 1)),
    st.one_of(st.none(), st.floats(0.1, 20)),
    st.floats(1.0, 3.0),
)
def test_a_rate_for_every_step_and_never_more_than_the_first(
    name, n_steps, per_epoch, warmup, decay_epochs, growth
):
    schedule = Schedule(name, warmup, decay_epochs=decay_epochs, cycle_growth=growth)
    ours = schedule.rates(RATE, n_steps, per_epoch)
    assert ours.shape == (n_steps,)
    assert np.isfinite(ours).all()
    assert (ours >= 0).all()
    assert ours.max() <= RATE * (1 + 1e-12)
