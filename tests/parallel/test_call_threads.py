"""The threads of a call: how many, in whose name they work, and how they end."""

from __future__ import annotations

import multiprocessing
import threading
import traceback
import warnings

import joblib
import pytest
from joblib import Parallel, delayed, parallel_config

import skdl  # noqa: F401 - makes the backend known
from skdl.parallel import call_threads

CORES = joblib.cpu_count()


def workers():
    return [thread for thread in threading.enumerate() if thread.name == "skdl"]


@pytest.fixture(autouse=True)
def backend():
    """Inside the backend, which leaves neither threads nor filters of warnings behind."""
    before, show = list(warnings.filters), warnings.showwarning
    with parallel_config("skdl"):
        yield
    assert workers() == []
    assert list(warnings.filters) == before
    assert warnings.showwarning is show


class Spinning:
    """Tasks that run until they are abandoned, and how many have begun and ended."""

    def __init__(self, expected):
        self.begun = threading.Barrier(expected, timeout=60)
        self.ended = []

    def task(self):
        try:
            self.begun.wait()
            while True:
                pass
        except BaseException as error:
            self.ended.append(type(error))
            raise

    def fail(self):
        self.begun.wait()
        raise ValueError("one of many")


def test_a_task_that_raises_ends_its_siblings_at_once():
    spinning = Spinning(3)
    tasks = [delayed(spinning.task)(), delayed(spinning.fail)(), delayed(spinning.task)()]
    with pytest.raises(ValueError, match="one of many"):
        Parallel(n_jobs=3)(tasks)
    assert spinning.ended == [call_threads.Abandoned] * 2
    assert workers() == []


def test_an_error_shows_where_in_the_task_it_was_raised():
    def fail():
        raise ValueError("deep inside")

    with pytest.raises(ValueError, match="deep inside") as caught:
        Parallel(n_jobs=2)(delayed(fail)() for _ in range(2))
    text = "".join(traceback.format_exception(caught.value))
    assert "Raised in a thread of the 'skdl' backend" in text
    assert 'raise ValueError("deep inside")' in text


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_a_task_raises_is_what_the_caller_gets(error):
    def fail():
        raise error

    with pytest.raises(error):
        Parallel(n_jobs=2)(delayed(fail)() for _ in range(2))


@pytest.mark.parametrize("inner_jobs", [None, 2])
def test_a_failing_inner_call_ends_healthy_ones(inner_jobs):
    spinning = Spinning(2)

    def inner(task):
        return Parallel(n_jobs=inner_jobs)([delayed(abs)(1), delayed(task)(), delayed(abs)(2)])

    with pytest.raises(ValueError, match="one of many"):
        Parallel(n_jobs=2)([delayed(inner)(spinning.task), delayed(inner)(spinning.fail)])
    assert spinning.ended == [call_threads.Abandoned]
    assert workers() == []


def test_a_limit_of_time_ends_what_runs():
    spinning = Spinning(2)
    with pytest.raises(multiprocessing.TimeoutError):
        Parallel(n_jobs=2, timeout=0.05)(delayed(spinning.task)() for _ in range(5))
    assert workers() == []


def test_a_generator_that_is_closed_ends_what_runs():
    spinning = Spinning(3)  # both tasks and this thread
    results = Parallel(n_jobs=2, return_as="generator")(
        [delayed(spinning.task)(), delayed(spinning.task)()]
    )
    spinning.begun.wait()
    with pytest.warns(UserWarning, match="2 tasks which were still being processed"):
        results.close()
    assert spinning.ended == [call_threads.Abandoned] * 2


def test_a_half_used_generator_that_is_forgotten_ends():
    spinning = Spinning(2)
    results = Parallel(n_jobs=2, return_as="generator")(
        [delayed(abs)(-1), delayed(spinning.task)(), delayed(abs)(-2)]
    )
    assert next(results) == 1
    spinning.begun.wait()
    with pytest.warns(UserWarning, match="still being processed by the workers"):
        del results
    assert spinning.ended == [call_threads.Abandoned]


def test_a_task_that_cannot_be_interrupted_is_left_behind_and_spoils_nothing(monkeypatch):
    monkeypatch.setattr(call_threads, "_PATIENCE", 0.01)
    go_on, left = threading.Event(), []

    def stuck():
        left.append(threading.current_thread())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            go_on.wait(60)

    before = list(warnings.filters)
    with pytest.raises(multiprocessing.TimeoutError):
        Parallel(n_jobs=2, timeout=0.05)(delayed(stuck)() for _ in range(2))
    assert list(warnings.filters) == before
    assert Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(5)) == list(range(5))
    go_on.set()
    for thread in left:
        thread.join(60)
    assert list(warnings.filters) == before


def test_a_debugger_works_after_tasks_were_interrupted():
    spinning = Spinning(2)
    with pytest.raises(ValueError, match="one of many"):
        Parallel(n_jobs=2)([delayed(spinning.task)(), delayed(spinning.fail)()])
    threading.settrace(lambda *_: None)
    thread = threading.Thread(target=abs, args=(1,), daemon=True)
    thread.start()
    thread.join(60)
    threading.settrace(None)
    assert not thread.is_alive()


def test_an_abandoned_task_makes_no_more_calls():
    spinning, seen = Spinning(2), []

    def stubborn():
        try:
            spinning.task()
        except call_threads.Abandoned:
            seen.append("interrupted")
        seen.append(Parallel(n_jobs=2)(delayed(abs)(i) for i in range(2)))

    with pytest.raises(ValueError, match="one of many"):
        Parallel(n_jobs=2)([delayed(stubborn)(), delayed(spinning.fail)()])
    assert seen == ["interrupted"]


class Most:
    """The most tasks that ran at once, and by how many threads there were more than before."""

    def __init__(self):
        self.lock = threading.Lock()
        self.inside = self.tasks = self.threads = 0
        self.before = threading.active_count()

    def look(self, _):
        with self.lock:
            self.inside += 1
            self.tasks = max(self.tasks, self.inside)
            self.threads = max(self.threads, threading.active_count() - self.before)
        with self.lock:
            self.inside -= 1


@pytest.mark.parametrize("inner_jobs", [None, 1, 2, -1])
def test_inner_calls_add_no_threads_where_every_core_has_one(inner_jobs):
    most = Most()

    def inner():
        Parallel(n_jobs=inner_jobs)(delayed(most.look)(i) for i in range(10))

    Parallel()(delayed(inner)() for _ in range(4 * CORES))
    assert 1 <= most.tasks <= CORES


def test_an_inner_call_is_joined_by_threads_that_have_nothing_else_to_do():
    together = threading.Barrier(CORES, timeout=60)

    def inner():
        return Parallel(n_jobs=-1)(delayed(together.wait)() for _ in range(CORES))

    found = Parallel(n_jobs=2)([delayed(inner)()])
    assert sorted(found[0]) == list(range(CORES))


def test_an_inner_call_that_names_no_number_runs_in_its_own_thread():
    def inner():
        return set(Parallel()(delayed(threading.get_ident)() for _ in range(20)))

    assert [len(threads) for threads in Parallel()(delayed(inner)() for _ in range(5))] == [1] * 5


def test_no_number_makes_more_than_four_threads_a_core():
    most = Most()
    deep = [
        delayed(Parallel(n_jobs=50))(delayed(most.look)(j) for j in range(50)) for _ in range(50)
    ]
    Parallel(n_jobs=1000)(deep)
    assert 1 <= most.tasks <= 4 * CORES
    assert most.threads <= 4 * CORES


@pytest.mark.parametrize("return_as", ["list", "generator"])
def test_filters_are_as_before_when_threads_leave_catch_warnings_in_the_wrong_order(return_as):
    first_in, second_in, first_out = (threading.Event() for _ in range(3))

    def first():
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("error")
            first_in.set()
            second_in.wait(60)
        first_out.set()

    def second():
        first_in.wait(60)
        with warnings.catch_warnings():  # puts back what it found: the filters of "first"
            second_in.set()
            first_out.wait(60)

    before = list(warnings.filters)
    list(Parallel(n_jobs=2, return_as=return_as)([delayed(first)(), delayed(second)()]))
    assert list(warnings.filters) == before
    with pytest.warns(UserWarning, match="seen"):
        warnings.warn("seen", stacklevel=1)
