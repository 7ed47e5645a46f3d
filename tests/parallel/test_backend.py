"""The backend is chosen by name and does what joblib.Parallel promises."""

from __future__ import annotations

import contextvars
import operator
import threading

import joblib
import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from joblib.parallel import BatchedCalls

from skdl.exceptions import InvalidParameterError
from skdl.parallel.backend import SkdlBackend
from tests.selection import some

CORES = joblib.cpu_count()


@pytest.fixture(autouse=True)
def backend():
    """Inside the backend, which leaves no thread behind."""
    with parallel_config("skdl"):
        yield
    assert [thread for thread in threading.enumerate() if thread.name == "skdl"] == []


@pytest.mark.parametrize(
    ("n_jobs", "outside", "inside"),
    [
        (None, CORES, 1),
        (1, CORES, 1),
        (-1, CORES, CORES),
        (2, 2, 2),
        (3, 3, 3),
        (-CORES - 5, 1, 1),
        (10_000, 4 * CORES, 4 * CORES),
    ],
)
def test_n_jobs_outside_and_inside_of_a_task(n_jobs, outside, inside):
    def effective():
        backend, _ = joblib.parallel.get_active_backend()
        return backend.effective_n_jobs(n_jobs)

    assert effective() == outside
    assert Parallel(n_jobs=2)(delayed(effective)() for _ in range(2)) == [inside, inside]


def test_no_jobs_at_all_is_an_error():
    with pytest.raises(ValueError, match="Got n_jobs=0, expected None, -1 or a positive integer"):
        Parallel(n_jobs=0)(delayed(abs)(i) for i in range(2))


@pytest.mark.parametrize("n_jobs", [None, 1, -1, 2, 3])
def test_so_many_tasks_run_at_once(n_jobs):
    threads = joblib.effective_n_jobs(n_jobs)
    together = threading.Barrier(threads, timeout=60)
    found = Parallel(n_jobs=n_jobs)(delayed(together.wait)() for _ in range(threads))
    assert sorted(found) == list(range(threads))


def test_n_jobs_of_the_block_counts_where_the_call_names_none():
    with parallel_config("skdl", n_jobs=3):
        together = threading.Barrier(3, timeout=60)
        assert sorted(Parallel()(delayed(together.wait)() for _ in range(3))) == [0, 1, 2]


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
@pytest.mark.parametrize("pre_dispatch", some([1, 2, "all", "2*n_jobs"], "2*n_jobs", 1))
@pytest.mark.parametrize("return_as", ["list", "generator", "generator_unordered"])
def test_a_thousand_tasks(n_jobs, pre_dispatch, return_as):
    call = Parallel(n_jobs=n_jobs, pre_dispatch=pre_dispatch, return_as=return_as)
    found = list(call(delayed(operator.neg)(i) for i in range(1000)))
    if return_as == "generator_unordered":
        found.sort(reverse=True)
    assert found == [-i for i in range(1000)]


@pytest.mark.parametrize("tasks", [0, 1])
@pytest.mark.parametrize("timeout", [None, 60])
def test_hardly_any_tasks(tasks, timeout):
    assert Parallel(timeout=timeout)(delayed(abs)(i) for i in range(tasks)) == list(range(tasks))


def test_one_parallel_object_makes_several_calls():
    with Parallel(n_jobs=2) as call:
        assert call(delayed(abs)(-i) for i in range(9)) == list(range(9))
        with pytest.raises(ZeroDivisionError):
            call(delayed(operator.truediv)(1, i) for i in range(9))
        assert call(delayed(abs)(-i) for i in range(9)) == list(range(9))


def test_a_call_runs_nothing_that_an_earlier_one_has_queued():
    with Parallel(n_jobs=2) as call:
        call._ready_batches.put(BatchedCalls([(abs, (-7,), {})], (call._backend, 2)))
        assert call(delayed(abs)(-i) for i in range(9)) == list(range(9))


def test_calls_of_one_block_may_overlap():
    open_call = Parallel(n_jobs=2, return_as="generator")(delayed(abs)(-i) for i in range(50))
    assert next(open_call) == 0
    assert Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(9)) == list(range(9))
    assert list(open_call) == list(range(1, 50))


def test_each_result_of_a_generator_comes_when_it_is_there():
    last = threading.Event()
    results = Parallel(n_jobs=2, return_as="generator")(
        [delayed(abs)(-1), delayed(last.wait)(60), delayed(abs)(-2)]
    )
    assert next(results) == 1
    last.set()
    assert list(results) == [True, 2]


def test_calls_inside_of_calls_inside_of_calls():
    def count(depth):
        if depth == 0:
            return 1
        return sum(Parallel(n_jobs=2)(delayed(count)(depth - 1) for _ in range(3)))

    assert count(5) == 3**5


@pytest.mark.parametrize("return_as", ["generator", "generator_unordered"])
def test_an_inner_generator_and_an_inner_limit_of_time_need_no_free_thread(return_as):
    def inner():
        unordered = Parallel(n_jobs=2, return_as=return_as)(delayed(abs)(-i) for i in range(5))
        limited = Parallel(n_jobs=2, timeout=60)(delayed(abs)(-i) for i in range(5))
        return sum(unordered), sum(limited)

    assert Parallel()(delayed(inner)() for _ in range(3 * CORES)) == [(10, 10)] * 3 * CORES


@pytest.mark.parametrize("return_as", ["list", "generator"])
@pytest.mark.parametrize(
    ("error", "seen", "message"),
    [
        (KeyError("row 9"), KeyError, "row 9"),
        (KeyboardInterrupt(), RuntimeError, "Got KeyboardInterrupt.. where the next task"),
    ],
)
def test_an_error_where_tasks_are_made_reaches_the_caller(return_as, error, seen, message):
    def tasks():
        for i in range(9):
            yield delayed(abs)(i)
        assert threading.current_thread() is not threading.main_thread()
        raise error

    with pytest.raises(seen, match=message):
        list(Parallel(n_jobs=2, pre_dispatch=2, return_as=return_as)(tasks()))


def test_a_task_is_never_handed_over_outside_of_a_call():
    with pytest.raises(RuntimeError, match="between start_call and stop_call"):
        SkdlBackend(nesting_level=0).submit(abs)


def in_a_task(function):
    return Parallel(n_jobs=2)([delayed(function)()])[0]


def on_one_core(function):
    with parallel_config("skdl", n_jobs=-CORES):
        return function()


# Where calls run their tasks one after the other, and the level that their own calls have.
LOOPS = pytest.mark.parametrize(("where", "n_jobs"), [(in_a_task, 1), (on_one_core, None)])


@LOOPS
@pytest.mark.parametrize("return_as", ["list", "generator"])
def test_a_loop_makes_each_task_right_before_it_runs(where, n_jobs, return_as):
    def loop():
        random, log = np.random.default_rng(0), []

        def task(number):
            log.append(f"run {number}")
            return number, random.random()

        def tasks():
            for number in range(9):
                log.append(f"make {number}")
                yield delayed(task)(random.integers(10))

        return list(Parallel(n_jobs=n_jobs, return_as=return_as)(tasks())), log

    with parallel_config("sequential"):
        assert where(loop) == loop()


@LOOPS
def test_a_loop_runs_in_the_context_of_who_calls(where, n_jobs):
    colour = contextvars.ContextVar("colour", default="none")

    def loop():
        Parallel(n_jobs=n_jobs)([delayed(colour.set)("green")])
        return colour.get(), threading.current_thread()

    def alone():
        return contextvars.copy_context().run(loop)

    seen, thread = where(alone)
    assert seen == "green"
    assert (thread is threading.main_thread()) == (where is on_one_core)


@LOOPS
def test_a_loop_raises_what_the_task_raises_and_nothing_is_added(where, n_jobs):
    def fail():
        raise KeyError("why")

    def loop():
        with pytest.raises(KeyError) as caught:
            Parallel(n_jobs=n_jobs)(delayed(fail)() for _ in range(2))
        return getattr(caught.value, "__notes__", [])

    assert where(loop) == []


def test_loops_inside_of_a_task_take_no_level():
    def level():
        return joblib.parallel.get_active_backend()[0].nesting_level

    def loop(depth):
        return Parallel(n_jobs=1)([delayed(loop)(depth - 1)])[0] if depth else level()

    assert in_a_task(lambda: loop(5)) == 1
    # Those outside of all tasks are what their calls are inside of.
    assert on_one_core(lambda: Parallel()([delayed(level)()])) == [1]


def test_a_loop_says_what_joblib_says_of_loops(capfd):
    in_a_task(lambda: Parallel(n_jobs=1, verbose=10)(delayed(abs)(i) for i in range(2)))
    assert "Using backend" not in capfd.readouterr().err


def test_one_loop_object_makes_several_calls():
    def loop():
        with Parallel(n_jobs=1) as call:
            first = call(delayed(abs)(-i) for i in range(3))
            with pytest.raises(ZeroDivisionError):
                call(delayed(operator.truediv)(1, i) for i in range(3))
            return first + call(delayed(abs)(-i) for i in range(3))

    assert in_a_task(loop) == on_one_core(loop) == [0, 1, 2] * 2


@pytest.mark.parametrize("progress", ["yes", 2])
def test_progress_may_be_named_in_a_single_call_and_is_checked_there(progress):
    call = Parallel(n_jobs=2, backend="skdl", progress=progress)
    with pytest.raises(InvalidParameterError, match=f"Got progress={progress!r}, expected True"):
        call([delayed(abs)(1)])
    assert Parallel(n_jobs=2, backend="skdl", progress=False)([delayed(abs)(1)]) == [1]
