"""What every engine promises, run over every engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from skdl.engine.compiled import CompiledEngine
from skdl.engine.job import StopReason
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.rows.arrays import Samples
from tests.engine.jobs import X, Y, network
from tests.engine.jobs import job as traced_job


@pytest.fixture(params=[KerasLoopEngine, CompiledEngine])
def engine(request):
    return request.param()


@pytest.fixture
def job(engine):
    """Jobs for `engine`; Keras runs a few steps faster than it traces them."""
    eagerly = isinstance(engine, KerasLoopEngine)

    def of(optimizer="adam", **changes):
        return traced_job(lambda: network(optimizer, run_eagerly=eagerly), **changes)

    return of


def test_a_job_gives_the_same_bits_each_time_and_two_halves_the_whole(engine, job):
    whole = engine.train(job(epochs=4))
    half = engine.train(job(epochs=2))
    rest = engine.train(job(start=half.end, epochs=4, initial_epoch=2, trained_epochs=2))
    again = engine.train(job(epochs=4))
    for one, two, three in zip(whole.end.all, rest.end.all, again.end.all, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)
    assert rest.n_epochs == 2
    assert whole.stop_reason is StopReason.EPOCHS_DONE


def test_the_end_counts_the_steps_and_the_network_of_the_job_stays_untrained(engine, job):
    one = job()
    before = [w.copy() for w in one.network.template.get_weights()]
    result = engine.train(one)
    assert int(result.end.optimizer[0]) == 2 * 4
    for kept, first in zip(one.network.template.get_weights(), before, strict=True):
        np.testing.assert_array_equal(kept, first)
    assert not np.array_equal(result.end.variables[0], before[0])


def test_an_observer_hears_each_epoch_and_may_stop(engine, job):
    class Observer:
        def __init__(self):
            self.heard = []

        def on_epoch_begin(self, epoch):
            self.heard.append(("begin", epoch))

        def on_epoch_end(self, epoch, state):
            self.heard.append(("end", epoch))
            self.state = state()
            return epoch == 1

    observer = Observer()
    result = engine.train(job(epochs=5), observer)
    assert observer.heard == [("begin", 0), ("end", 0), ("begin", 1), ("end", 1)]
    assert result.n_epochs == 2
    assert result.stop_reason is StopReason.STOPPED_EARLY
    for one, two in zip(observer.state.all, result.end.all, strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_diverged_network_is_a_result_that_says_so(engine, job):
    result = engine.train(job(keras.optimizers.SGD(1e38)))
    assert result.stop_reason is StopReason.DIVERGED
    assert not all(np.isfinite(w).all() for w in result.end.variables)


def test_arrays_of_the_job_are_only_read(engine, job):
    x, y, weight = X.copy(), Y.copy(), np.linspace(0.5, 1.5, len(X)).astype(np.float32)
    for array in (x, y, weight):
        array.flags.writeable = False
    engine.train(job(training=Samples(x, y, weight), validation=Samples(x, y, weight)))
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)


def test_jobs_at_once_give_the_bits_of_jobs_in_a_row(engine, job):
    jobs = [job(seed=seed) for seed in range(3)]
    in_a_row = [engine.train(one).end for one in jobs]
    with ThreadPoolExecutor(3) as pool:
        at_once = list(pool.map(lambda one: engine.train(one).end, jobs))
    for alone, beside in zip(in_a_row, at_once, strict=True):
        for one, two in zip(alone.all, beside.all, strict=True):
            np.testing.assert_array_equal(one, two)
    assert not np.array_equal(in_a_row[0].variables[0], in_a_row[1].variables[0])


def test_all_engines_predict_the_same_and_each_row_alone(engine):
    one = traced_job(epochs=1)
    found = engine.predict(one.network, one.start, X)
    expected = CompiledEngine().predict(one.network, one.start, X)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(engine.predict(one.network, one.start, X[7:8]), expected[7:8])
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)


def test_the_result_is_plain_numbers(engine):
    result = engine.train(traced_job(epochs=1))
    assert all(type(value) is np.ndarray for value in result.end.all)
    assert all(type(value) is float for curve in result.history.values() for value in curve)
    assert result.plan.endswith(".")
