"""Any program serves that begins, runs, ends and predicts: one of NumPy's too, where TensorFlow is absent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skdl.engine.job import FitJob, StopReason
from skdl.engine.network.state import NetworkState
from skdl.engine.rows.arrays import Samples
from tests.engine.numpy_program import PLAN, NumpyEngine

ROOT = Path(__file__).parents[2]


def linear_job(epochs=20, **changes):
    """A job of twenty rows of y = x @ (1, -2) + 3."""
    x = np.random.default_rng(0).normal(size=(20, 2))
    y = x @ np.array([[1.0], [-2.0]]) + 3
    start = NetworkState((np.zeros((2, 1)), np.zeros(1)))
    settings = {"start": start, "training": Samples(x, y), "seed": 1, **changes}
    return FitJob(
        network=None,
        validation=None,
        epochs=epochs,
        batch_size=5,
        validation_batch_size=5,
        **settings,
    )


def test_a_program_of_numpys_learns_and_predicts():
    job = linear_job(epochs=200)
    result = NumpyEngine().train(job)
    assert (result.n_epochs, result.stop_reason, result.plan) == (200, StopReason.EPOCHS_DONE, PLAN)
    assert len(result.history["loss"]) == 200
    weights, bias = result.end.variables
    np.testing.assert_allclose(weights, [[1.0], [-2.0]], atol=1e-3)
    np.testing.assert_allclose(bias, [3.0], atol=1e-3)
    predicted = NumpyEngine().predict(None, result.end, job.training.x)
    np.testing.assert_allclose(predicted, job.training.y, atol=1e-2)


def test_it_is_resumed_and_observed_like_any_other():
    heard = []

    class Observer:
        def on_epoch_begin(self, epoch):
            heard.append(epoch)

        def on_epoch_end(self, epoch, state):
            heard.append(state().variables[0].shape)
            return epoch == 2

    engine = NumpyEngine()
    whole = engine.train(linear_job())
    first = engine.train(linear_job(epochs=7, keep_last=True))
    rest = engine.train(linear_job(resume=first.last))
    assert rest.history == whole.history
    for one, two in zip(rest.end.all, whole.end.all, strict=True):
        np.testing.assert_array_equal(one, two)
    stopped = engine.train(linear_job(), Observer())
    assert heard == [0, (2, 1), 1, (2, 1), 2, (2, 1)]
    assert (stopped.n_epochs, stopped.stop_reason) == (3, StopReason.STOPPED_EARLY)


def test_weights_that_are_not_finite_are_a_result():
    job = linear_job(epochs=3)
    job.training.y[0] = np.inf
    with np.errstate(invalid="ignore"):
        assert NumpyEngine().train(job).stop_reason is StopReason.DIVERGED


@pytest.mark.processes
def test_it_runs_where_tensorflow_is_absent():
    # A module that is None in `sys.modules` cannot be imported.
    code = """
import sys
from pathlib import Path
absent = ("tensorflow", "keras", "sklearn", "scikeras")
sys.modules.update(dict.fromkeys(absent))
from tests.engine.numpy_program import NumpyEngine
from tests.engine.test_run import linear_job
import pytest
result = NumpyEngine().train(linear_job(epochs=60, keep_last=True))
assert result.last.epoch == 60
assert not any(sys.modules[name] for name in absent)
print(result.history["loss"][-1])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    expected = NumpyEngine().train(linear_job(epochs=60)).history["loss"][-1]
    assert float(done.stdout) == expected
