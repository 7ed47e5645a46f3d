"""What is kept of parallel calls is bounded: whole calls, the oldest leave first."""

from __future__ import annotations

import gc
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from skdl import StopReason
from skdl.recording.records import FitRecord, TaskRecord
from skdl.recording.same_values import kept
from skdl.recording.store import MAX_BYTES, MAX_FITS, CallRecord, RecordStore, Weight


def fit(epochs=4):
    curves = {"loss": np.zeros(epochs)}
    return FitRecord("Network", curves, epochs, 0, StopReason.EPOCHS_DONE)


def task(position=0, fits=(), error=None):
    return TaskRecord(position, {}, 0, 1, 1, 0.0, 1.0, fits=tuple(fits), error=error)


def call(*tasks):
    return CallRecord(tasks), sum(map(Weight.of, tasks), Weight())


def test_a_task_weighs_what_it_holds():
    bare, fitted = Weight.of(task()), Weight.of(task(fits=[fit(), fit()]))
    assert (bare.fits, fitted.fits) == (1, 2)
    longer = Weight.of(task(fits=[fit(), fit(epochs=14)]))
    assert longer.bytes - fitted.bytes == 10 * 8
    assert Weight.of(task(error="12345")).bytes - Weight.of(task(error="")).bytes == 5
    assert fitted + bare - bare == fitted
    plain, large = ({"a": kept(np.zeros(n))} for n in (10, 1010))
    weights = [Weight.of(replace(task(), parameters=one)).bytes for one in (plain, large)]
    assert weights[1] - weights[0] == 1000 * 8


CURVES = [str(number) for number in range(20)]
KINDS = {
    "bare": lambda number: task(number),
    "long fit": lambda number: task(number, [fit(100)]),
    "short fit of many curves": lambda number: task(
        number,
        [replace(fit(), history={name: np.zeros(1) for name in CURVES})],
    ),
    "ensemble": lambda number: task(number, [fit() for _ in range(10)]),
    "many metrics": lambda number: replace(
        task(number), test_scores={name: number + int(name) / 2 for name in CURVES}
    ),
    "traceback": lambda number: task(number, error=2000 * "語" + str(number)),
    "text": lambda number: with_parameter(number, 8000 * "語" + str(number)),
    "list": lambda number: with_parameter(number, [number + i / 2 for i in range(1000)]),
    "large integer": lambda number: with_parameter(number, 10**20_000 + number),
    "array": lambda number: with_parameter(number, np.full(1000, number)),
    "bytes of NumPy": lambda number: with_parameter(number, np.void(10_000 * b"x")),
    "object": lambda number: with_parameter(number, fit()),
}


def with_parameter(number, value):
    return replace(task(number), parameters=kept({"name": value}))


@pytest.mark.further
@pytest.mark.parametrize("kind", KINDS)
def test_no_task_takes_more_memory_than_it_weighs(kind):
    gc.collect()
    tracemalloc.start()
    tasks = [KINDS[kind](number) for number in range(1000, 1500)]
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    stated = sum(Weight.of(one).bytes for one in tasks)
    assert taken <= stated <= 4 * taken


def test_the_oldest_calls_leave_when_there_are_too_many_fits():
    store = RecordStore(max_fits=4)
    calls = [call(task(0, [fit()]), task(1, [fit()])) for _ in range(4)]
    for one in calls:
        store.add(*one)
    assert store.calls() == (calls[2][0], calls[3][0])
    assert store.n_left == 2


def test_the_oldest_calls_leave_when_there_are_too_many_bytes():
    small, large = call(task(0, [fit()])), call(task(0, [fit(epochs=1000)]))
    store = RecordStore(max_bytes=large[1].bytes + small[1].bytes)
    for one in (small, small, large):
        store.add(*one)
    assert store.calls() == (small[0], large[0])


def test_a_call_that_is_larger_than_the_bounds_is_not_kept_and_drives_nobody_out():
    store = RecordStore(max_fits=3)
    small = call(task())
    store.add(*small)
    assert not store.takes(Weight(4, 0))
    store.refuse()
    assert store.calls() == (small[0],)
    assert store.n_left == 1


def test_threads_may_add_at_once():
    store = RecordStore(max_fits=50)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.add(*call(task())), range(500)))
    assert len(store.calls()) == 50
    assert store.n_left == 450


def test_the_bounds_are_those_of_the_documentation():
    assert (MAX_FITS, MAX_BYTES) == (20_000, 128 * 2**20)
