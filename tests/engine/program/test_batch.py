"""The rows of a batch, in each form of a program."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from skdl.engine.plan.plan import make_plan
from skdl.engine.program.batch import pick
from skdl.engine.rows.mixup import Blend
from skdl.engine.rows.tensors import Data
from tests.engine.jobs import job

pytestmark = pytest.mark.usefixtures("programs_of_tensorflow")

ROWS = 5
FORM = make_plan(job(), kernel=False).form
DATA = Data(
    tf.constant(np.arange(ROWS)[:, None] * 10.0),
    tf.range(ROWS * 1.0) * 100,
    tf.range(ROWS * 1.0) + 1,
)
ORDER = tf.constant([3, 1, 4, 0, 2, 0])
BLEND = Blend(
    tf.constant([0, 0, 1, 1, 2, 2]), tf.constant([1.0, 0.5, 0.5, 0.0, 1.0, 1.0], tf.float64)
)


def picked(start, data=DATA, order=ORDER, *, size, masked, blend=None):
    form = replace(FORM, masked=masked)
    batch = pick(data, order, start, ROWS, 2, size=size, form=form, blend=blend)
    return [None if part is None else np.asarray(part).ravel().tolist() for part in batch]


@pytest.mark.parametrize(
    ("start", "size", "masked", "rows", "valid"),
    [
        (0, 2, True, [3, 1], [True, True]),
        (4, 2, True, [2, 2], [True, False]),  # the row that fills up is a real one
        (2, 2, False, [4, 0], None),
        (4, 0, False, [2], None),
    ],
)
def test_rows_in_order(start, size, masked, rows, valid):
    x, y, weight, found = picked(start, size=size, masked=masked)
    assert x == [row * 10 for row in rows]
    assert y == [row * 100 for row in rows]
    assert weight == [row + 1 for row in rows]
    assert found == valid


def test_without_an_order_rows_lie_as_they_are():
    x, *_ = picked(2, Data(DATA.x, DATA.y, None), None, size=0, masked=False)
    assert x == [20, 30]


@pytest.mark.parametrize(("size", "masked"), [(2, True), (2, False), (0, False)])
def test_blended_rows(size, masked):
    data = Data(DATA.x, DATA.y, None)
    x, y, weight, _ = picked(0, data, size=size, masked=masked, blend=BLEND)
    assert x == [30, 0.5 * 10 + 0.5 * 0]
    assert y == [300, 50]
    assert weight is None


def test_a_target_has_the_shares_of_the_weights():
    _, y, weight, _ = picked(0, size=2, masked=True, blend=BLEND)
    # Row 1 weighs 2 and row 0 weighs 1, half of each.
    assert weight == [4, 1.5]
    np.testing.assert_allclose(y, [300, 100 * (0.5 * 2) / 1.5])


def test_targets_of_several_outputs_are_blended_with_one_weight():
    data = Data(DATA.x, {"a": DATA.y, "b": DATA.y * 2}, DATA.weight)
    batch = pick(data, ORDER, 0, ROWS, 2, size=2, form=FORM, blend=BLEND)
    np.testing.assert_allclose(batch.y["b"], 2 * batch.y["a"])
