"""A program of the kernel: what it prints, counts and obeys."""

from __future__ import annotations

import numpy as np
import pytest

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.job import Stopping, StopReason
from skdl.engine.rows.arrays import Samples
from tests.engine.kernel.cases import dense, real, stack
from tests.engine.oracle import by_kernel, job_of, numbers

NETWORK = stack(dense(3, "tanh"), dense(2), metrics=["mae"])


def job(**changes):
    return job_of(NETWORK, numbers(20, 4), real(20), **{"epochs": 3, **changes})


def test_verbose_prints_what_a_program_of_tensorflows_prints(capsys):
    asked = job(verbose=1, validation=Samples(numbers(6, 4), real(6), None), rates=np.full(9, 0.05))
    by_kernel(asked)
    ours = capsys.readouterr().out.splitlines()
    CompiledEngine(kernel=False).train(asked)
    theirs = capsys.readouterr().out.splitlines()
    assert len(ours) == len(theirs) == 6
    for one, other in zip(ours, theirs, strict=True):
        # Sums in another order may round the last digit to its neighbour.
        assert [part.split(": ")[0] for part in one.split(" - ")] == [
            part.split(": ")[0] for part in other.split(" - ")
        ]
    assert ours[0] == "Epoch 1/3"
    assert ours[1].startswith("3/3 - loss: ")


def test_fits_epochs_and_rows_are_counted():
    before = stats()
    by_kernel(job(epochs=4))
    after = stats()
    assert after.fits - before.fits == after.kernel_fits - before.kernel_fits == 1
    assert after.epochs - before.epochs == 4
    assert after.rows - before.rows == 80
    assert (after.rows_padded, after.programs) == (before.rows_padded, before.programs)


def test_seconds_that_are_over_end_a_fit_after_an_epoch():
    result = by_kernel(job(epochs=500, max_seconds=1e-9))
    assert result.n_epochs == 1
    assert result.stop_reason is StopReason.TIME_IS_UP


def test_weights_that_are_no_numbers_are_a_result():
    result = by_kernel(job(training=Samples(numbers(20, 4), real(20) * np.float32(1e38), None)))
    assert result.stop_reason is StopReason.DIVERGED


def test_an_observer_may_stop_and_sees_the_state_of_each_epoch():
    seen = []

    class Observer:
        def on_epoch_begin(self, epoch):
            seen.append(epoch)

        def on_epoch_end(self, epoch, state):
            seen.append(state().variables[0].copy())
            return epoch == 1

    result = CompiledEngine().train(job(epochs=9), Observer())
    assert [seen[0], seen[2]] == [0, 1]
    assert len(seen) == 4
    np.testing.assert_array_equal(seen[3], result.end.variables[0])
    assert result.stop_reason is StopReason.STOPPED_EARLY


@pytest.mark.parametrize("restores", [True, False])
def test_the_best_weights_are_those_of_the_best_epoch(restores):
    stopping = Stopping(
        "val_loss", early_stopping=True, patience=3, restore_best_weights=restores, min_delta=0.03
    )
    held_out = Samples(numbers(9, 4, seed=8), real(9), None)
    result = by_kernel(job(epochs=30, stopping=stopping, validation=held_out))
    assert result.stop_reason is StopReason.NO_IMPROVEMENT
    epochs = result.best_epoch + 1 if restores else result.n_epochs
    plain = by_kernel(job(epochs=epochs, validation=held_out))
    for one, other in zip(result.end.variables, plain.end.variables, strict=True):
        np.testing.assert_array_equal(one, other)


def test_ctrl_c_is_heard_between_calls(monkeypatch):
    monkeypatch.setattr("skdl.engine.kernel.program.SECONDS_PER_CALL", 1e-6)
    calls = []

    class Stops:
        def on_epoch_begin(self, epoch):
            calls.append(epoch)
            if epoch == 2:
                raise KeyboardInterrupt

        def on_epoch_end(self, epoch, state):
            return False

    with pytest.raises(KeyboardInterrupt):
        CompiledEngine().train(job(epochs=10_000), Stops())
    assert calls == [0, 1, 2]
