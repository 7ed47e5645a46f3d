"""The nouns of the engine: rows in any nesting, and records that nobody changes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import sparse

from skdl.engine.job import FitResult, Samples, StopReason, leaves, n_rows
from tests.engine.jobs import job

ONE, TWO, THREE = (np.full((4, n), float(n)) for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        (ONE, [ONE]),
        ((TWO, ONE), [TWO, ONE]),
        ([ONE, (TWO, THREE)], [ONE, TWO, THREE]),
        ({"b": TWO, "a": ONE}, [ONE, TWO]),
        ({"z": ONE, "c": {"y": THREE, "x": TWO}}, [TWO, THREE, ONE]),
    ],
)
def test_leaves_come_in_the_order_of_keras(arrays, found):
    import keras

    assert all(a is b for a, b in zip(leaves(arrays), found, strict=True))
    assert all(a is b for a, b in zip(keras.tree.flatten(arrays), found, strict=True))
    assert n_rows(arrays) == Samples(arrays, ONE).n_rows == 4


def test_a_sparse_matrix_is_one_leaf():
    rows = sparse.csr_array(np.eye(3))
    assert leaves(rows)[0] is rows
    assert n_rows(rows) == 3


def test_a_job_is_changed_by_nobody():
    one = job()
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.epochs = 5
    with pytest.raises(TypeError, match="does not support item assignment"):
        one.options["steps_per_epoch"] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.training.x = ONE


def test_jobs_are_compared_as_objects_and_not_by_their_rows():
    one = job()
    same = dataclasses.replace(one)
    assert one == one
    assert one != same
    assert len({one, same, one.training, same.training}) == 3


def test_a_result_is_a_record_too():
    result = FitResult(None, {"loss": (1.0,)}, 1, StopReason.EPOCHS_DONE, "a plan")
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.n_epochs = 2
