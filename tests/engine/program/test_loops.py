"""The loops of a program, by calls that name a span of epochs and steps."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl.engine.job import Stopping
from skdl.engine.rows.arrays import Samples
from tests.engine.jobs import X, Y
from tests.engine.program.test_planned import STEPS, floats, program_of

pytestmark = pytest.mark.usefixtures("programs_of_tensorflow")

HELD_OUT = Samples(X[:9], Y[:9].astype(np.float32))


@pytest.fixture(scope="module")
def begin():
    """A fit that validates, and may stop; each call begins it anew."""
    one = floats(
        validation=HELD_OUT,
        stopping=Stopping("loss", early_stopping=True, patience=1, min_delta=1e9),
    )
    program = program_of(one)
    return lambda: program.begin(one)


def call(fit, epoch, count, steps=(0, STEPS), often=1):
    outcome = fit._call(fit._given(epoch, count), epoch, count, steps, often)
    done = int(outcome.n_epochs)
    return done, bool(outcome.stopped), outcome.curves.numpy()[:done]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.now().all, other.now().all, strict=True))


def test_a_call_of_no_epoch_changes_nothing(begin):
    fit = begin()
    assert call(fit, 0, 0)[0] == 0
    assert same(fit, begin())


def test_steps_of_an_epoch_may_be_several_calls(begin):
    whole, parts = begin(), begin()
    _, _, expected = call(whole, 0, 1)
    for steps in ((0, 1), (1, 3)):
        assert not call(parts, 0, 1, steps)[2].any()  # the epoch is not over
    np.testing.assert_array_equal(call(parts, 0, 1, (3, STEPS))[2], expected)
    assert same(parts, whole)


def test_epochs_end_where_a_rule_stops_them(begin):
    """Nothing is better by so much: the epoch after the first one is the last."""
    fit = begin()
    done, stopped, curves = call(fit, 0, 5)
    assert (done, stopped, len(curves)) == (2, True, 2)
    assert int(fit.now().optimizer[0]) == 2 * STEPS


def test_an_epoch_that_does_not_validate_has_zeros_there(begin):
    _, _, curves = call(begin(), 0, 2, often=2)
    assert curves.shape == (2, 5)  # accuracy and loss, the same of validation, and the rate
    assert not curves[0, 2:4].any()
    assert curves[1, 3] > 0


def test_the_rate_of_each_step_is_the_one_that_is_given():
    rates = np.zeros(6 * STEPS)
    one = floats(rates=rates)
    fit = program_of(one).begin(one)
    call(fit, 0, 1)
    # No step moves a weight at a rate of zero, and all are counted.
    for found, expected in zip(fit.now().variables, one.start.variables, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert int(fit.now().optimizer[0]) == STEPS


def test_a_loss_that_is_not_a_number_ends_the_epoch_at_its_step():
    x = X.copy()
    x[3] = np.nan
    one = floats(shuffle=False)
    object.__setattr__(one, "training", Samples(x, one.training.y))
    fit = program_of(one, (keras.callbacks.TerminateOnNaN(),)).begin(one)
    done, stopped, _ = call(fit, 0, 3)
    assert (done, stopped) == (1, True)
    assert int(fit.now().optimizer[0]) == 1
