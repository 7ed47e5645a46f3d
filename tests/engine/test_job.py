"""The nouns of the engine are records that nobody changes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from skdl.engine.job import FitResult, StopReason
from tests.engine.jobs import job

ONE = np.ones((4, 1))


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
