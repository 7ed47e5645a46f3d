"""The orders, rates and blends that the epochs of a call are given."""

from dataclasses import replace

import numpy as np
import pytest

from skdl.engine.fit_options import Course
from skdl.engine.plan.plan import make_plan
from skdl.engine.program.call import OWN_RATE
from skdl.engine.program.epochs import EpochInputs
from skdl.engine.random import batch_order
from skdl.engine.rows.mixup import blend_of_epoch
from tests.engine.jobs import job

pytestmark = pytest.mark.usefixtures("programs_of_tensorflow")

ROWS, STEPS, BATCH = 50, 4, 16
PLAIN = job(epochs=6)
FORM = make_plan(PLAIN, kernel=False).form


def inputs(form=FORM, **changes):
    one = replace(PLAIN, **changes)
    return EpochInputs(one, form, Course.of(one)), one


def test_there_is_room_for_the_epochs_of_a_call():
    given = inputs()[0].blank()
    assert given.order.shape == (FORM.epochs, 256)
    assert given.rates.shape == (FORM.epochs, 256 // BATCH)
    assert (given.rates == np.float32(OWN_RATE)).all()
    assert given.blend is None


def test_without_buckets_there_is_room_for_the_rows_alone():
    given = inputs(replace(FORM, masked=False).as_graph())[0].blank()
    assert given.order.shape == (FORM.epochs, ROWS)
    assert given.rates.shape == (FORM.epochs, STEPS)


@pytest.mark.parametrize("shuffle", [True, False])
def test_each_epoch_has_the_order_of_its_number(shuffle):
    made, one = inputs(shuffle=shuffle, initial_epoch=2, trained_epochs=7)
    given = made.of(3, 2)
    for row, number in enumerate((8, 9)):  # seven before this fit, and one of this fit
        order = batch_order(one.seed, number, ROWS) if shuffle else np.arange(ROWS)
        np.testing.assert_array_equal(given.order[row, :ROWS], order)
        assert not given.order[row, ROWS:].any()
    assert not given.order[2:].any()


def test_parts_of_the_data_share_one_order():
    made, one = inputs(options={"steps_per_epoch": 2})
    given = made.of(1, 2)
    np.testing.assert_array_equal(given.order[0, : ROWS - 32], batch_order(one.seed, 0, ROWS)[32:])
    np.testing.assert_array_equal(given.order[1, :32], batch_order(one.seed, 1, ROWS)[:32])


def test_each_step_has_its_rate():
    rates = np.arange(6.0 * STEPS)
    given = inputs(rates=rates, initial_epoch=1)[0].of(2, 2)
    np.testing.assert_array_equal(given.rates[0, :STEPS], rates[STEPS : 2 * STEPS])
    np.testing.assert_array_equal(given.rates[1, :STEPS], rates[2 * STEPS : 3 * STEPS])
    assert (given.rates[:, STEPS:] == np.float32(OWN_RATE)).all()


def test_blends_follow_the_number_of_the_epoch():
    made, one = inputs(replace(FORM, mixes=True), mixup=0.4, trained_epochs=3)
    given = made.of(1, 1)
    expected = blend_of_epoch(one.seed, 4, ROWS, 0.4)
    np.testing.assert_array_equal(given.blend.partners[0, :ROWS], expected.partners)
    np.testing.assert_array_equal(given.blend.shares[0, :ROWS], np.float32(expected.shares))
    assert (given.blend.shares[1:] == 1).all()
