"""Schedules of the user's own: Keras's as Keras computes them, functions step by step."""

import keras
import numpy as np
import pytest

from skdl.exceptions import InvalidParameterError
from skdl.training.given_schedules import GivenSchedule, schedule_of
from skdl.training.schedules import SCHEDULE, Schedule
from tests.tolerances import FUNCTION, assert_within_rounding

kinds = keras.optimizers.schedules
OF_KERAS = [
    kinds.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=4),
    # Restarts fall between steps: on which side of one a step is would hang on the last place of a logarithm.
    kinds.CosineDecayRestarts(0.1, 4.5),
    kinds.ExponentialDecay(0.1, 3, 0.5, staircase=True),
    kinds.InverseTimeDecay(0.1, 3, 0.5),
    kinds.PiecewiseConstantDecay([3, 7], [0.1, 0.05, 0.01]),
    kinds.PolynomialDecay(0.1, 8, cycle=True),
    kinds.CosineDecay(0.1, np.int64(10)),
    kinds.PiecewiseConstantDecay(np.array([3, 7]), [0.1, 0.05, 0.01]),
]


class Twice(kinds.LearningRateSchedule):
    """A schedule whose config tells nothing."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, step):
        return 2 * self.rate * keras.ops.cast(step, "float32")

    def get_config(self):
        return {}


@pytest.mark.parametrize("schedule", [*OF_KERAS, Twice(0.5)], ids=lambda s: type(s).__name__)
def test_keras_schedules_are_computed_as_keras_does(schedule):
    ours = GivenSchedule(schedule).rates(1.0, 20, 5)
    theirs = [float(schedule(step)) for step in range(20)]
    # In float32: a function, the rounding of its argument, six products and sums. A cosine may cancel.
    assert_within_rounding(ours, theirs, FUNCTION, 8, scale=max(theirs))


def test_schedules_of_one_class_are_told_apart():
    for rate in (0.5, 0.25):
        made = kinds.ExponentialDecay(rate, 3, 0.5), Twice(rate)
        for schedule in made:
            ours = GivenSchedule(schedule).rates(1.0, 2, 1)
            theirs = [float(schedule(0)), float(schedule(1))]
            assert_within_rounding(ours, theirs, FUNCTION, 3)


def test_a_warmup_comes_before():
    ours = GivenSchedule(lambda step: 0.5 - 0.1 * step, warmup=2).rates(1.0, 6, 2)
    np.testing.assert_allclose(ours, [0, 0.125, 0.25, 0.375, 0.5, 0.4])
    assert GivenSchedule(lambda step: 0.5, warmup=1.0).rates(1.0, 2, 1).tolist() == [0, 0.25]


@pytest.mark.parametrize("value", [-1, np.inf, np.nan, "x", None, [1, 2]])
def test_what_is_no_rate_is_an_error_that_names_the_step(value):
    def wrong(step):
        return value if step == 3 else 0.1

    with pytest.raises(InvalidParameterError, match=r"=wrong cannot be used.*for step 3, expected"):
        GivenSchedule(wrong).rates(1.0, 5, 1)


def test_negative_rates_of_keras_are_errors_too():
    schedule = kinds.PiecewiseConstantDecay([1], [0.1, -0.1])
    with pytest.raises(InvalidParameterError, match="PiecewiseConstantDecay.*for step 2"):
        GivenSchedule(schedule).rates(1.0, 4, 1)


def test_which_schedule_the_parameters_say():
    params = SCHEDULE.defaults
    assert schedule_of({**params, "learning_rate_schedule": "constant"}) is None
    assert schedule_of({**params, "learning_rate_schedule": "step"}) == Schedule("step")
    warm = {**params, "learning_rate_schedule": "constant", "warmup": 1}
    assert schedule_of(warm) == Schedule("constant", warmup=1)
    assert schedule_of({**params, "learning_rate_schedule": max}) == GivenSchedule(max)
