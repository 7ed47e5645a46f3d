"""One display for all calls of the process, drawn by one thread that ends with the last of them."""

from __future__ import annotations

import io
import itertools
import re
import sys
import threading
import types

import joblib
import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from skopt import BayesSearchCV

from skdl.exceptions import InvalidParameterError
from skdl.parallel import progress_display, progress_screens
from skdl.parallel.progress import Tally
from skdl.parallel.progress_streams import Bell
from skdl.parallel.sklearn_tasks import Told


class Paper:
    """A screen that keeps what is drawn, and tells who waits."""

    delay = 0.0
    interval = 0.001
    tells_short_fits = True

    def __init__(self):
        self.bell = Bell()
        self.drawn = threading.Semaphore(0)
        self.words = []
        self.ended = []
        self.closed = 0

    def draw(self, rows):
        assert threading.current_thread().name == "skdl progress"
        self.words.append([shot.words(0.0).split(",")[0] for shot, _ in rows])
        self.ended.append([shot.words(0.0).split(",")[0] for shot, _ in rows if shot.ended])
        self.drawn.release()

    def close(self, rows):
        self.draw(rows)
        self.closed += 1

    def wait(self):
        """Return when it was drawn after this was called."""
        while self.drawn.acquire(blocking=False):
            pass
        for _ in range(2):
            assert self.drawn.acquire(timeout=60)


@pytest.fixture
def paper(monkeypatch):
    paper = Paper()
    monkeypatch.setattr(progress_display, "screen_for", lambda _: paper)
    yield paper
    assert progress_display._display is None
    assert [t for t in threading.enumerate() if t.name.startswith("skdl")] == []


def wait(paper):
    return delayed(lambda _: paper.wait())


def test_a_call_is_drawn_while_it_runs_and_once_more_at_its_end(paper):
    with parallel_config("skdl"):
        Parallel(n_jobs=1)([wait(paper)(i) for i in range(3)])
    assert ["0 of 3 tasks"] in paper.words
    assert paper.words[-1] == ["3 of 3 tasks"]
    assert paper.closed == 1


def test_calls_of_two_threads_share_a_display(paper):
    both = threading.Barrier(2)

    def call(n_tasks):
        with parallel_config("skdl"):
            Parallel(n_jobs=2)([delayed(both.wait)(60), wait(paper)(0)][: n_tasks + 1] * n_tasks)

    threads = [threading.Thread(target=call, args=(1,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(len(rows) for rows in paper.words) == 2
    assert paper.words[-1] in (["2 of 2 tasks"], ["2 of 2 tasks"] * 2)  # one may have ended before
    assert paper.closed == 1


def in_a_thread(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join()


def test_a_call_that_has_ended_is_drawn_once_more_and_then_no_more(paper):
    with parallel_config("skdl"):
        results = Parallel(n_jobs=2, return_as="generator", pre_dispatch=2)(
            [delayed(abs)(-1), *[delayed(spin)()] * 9]
        )
        next(results)
        paper.wait()
        for n_tasks in (3, 4):
            in_a_thread(Parallel(n_jobs=2, backend="skdl"), [wait(paper)(0)] * n_tasks)
        paper.wait()
        assert progress_display._display._hidden == []
        assert len(progress_display._display._visible) == 1
        with pytest.warns(UserWarning, match="tasks"):
            results.close()
    for n_tasks in (3, 4):
        ended = [rows for rows in paper.ended if f"{n_tasks} of {n_tasks} tasks" in rows]
        assert len(ended) == 1


@pytest.mark.further
def test_a_call_too_short_to_be_drawn_is_forgotten(paper, monkeypatch):
    with parallel_config("skdl"):
        results = Parallel(n_jobs=2, return_as="generator", pre_dispatch=2)(
            [delayed(abs)(-1), *[delayed(spin)()] * 9]
        )
        next(results)
        paper.wait()
        monkeypatch.setattr(Paper, "delay", 3600.0)
        for _ in range(5):
            in_a_thread(Parallel(n_jobs=2, backend="skdl"), [delayed(abs)(1)] * 3)
        paper.wait()
        assert progress_display._display._hidden == []
        with pytest.warns(UserWarning, match="tasks"):
            results.close()
    assert max(len(rows) for rows in paper.words) == 1


def test_who_ends_a_call_does_not_wait_for_ever_for_who_draws(paper, monkeypatch):
    go_on, closed = threading.Event(), threading.Event()

    def close(rows):
        go_on.wait(60)  # as for a lock that the thread has which ends the call
        closed.set()

    def call():
        with parallel_config("skdl"):
            Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(3))

    monkeypatch.setattr(progress_display, "_PATIENCE", 0.01)
    monkeypatch.setattr(paper, "close", close)
    caller = threading.Thread(target=call)
    caller.start()
    caller.join(30)
    waits = caller.is_alive()
    drawing = [thread for thread in threading.enumerate() if thread.name == "skdl progress"]
    go_on.set()
    for thread in (caller, *drawing):
        thread.join(60)
    assert not waits
    assert closed.is_set()


def test_the_collector_may_end_a_call_at_any_line_of_who_draws(paper):
    for line in range(200):
        tally, lines = Tally(), itertools.count()
        tally.begin_call(None)

        def trace(frame, event, _, tally=tally, lines=lines, line=line):
            if event == "line" and next(lines) == line:
                progress_display.hide(tally)
            return trace

        threading.settrace(trace)
        progress_display.show(tally, None)
        for thread in threading.enumerate():
            if thread.name == "skdl progress":
                thread.join(60)
                assert not thread.is_alive(), f"it hangs at line {line}"
        threading.settrace(None)
    assert paper.closed == 200


@pytest.mark.parametrize("progress", [None, True])
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_stream_of_ones_own_does_no_harm(name, progress, monkeypatch):
    class Tee:
        """What logs a session: it can write, and that is all."""

        def __init__(self):
            self.write = texts.append

    texts = []
    monkeypatch.setattr(f"sys.{name}", Tee())
    monkeypatch.setattr(progress_screens.Log, "delay", 0.0)
    with parallel_config("skdl", progress=progress):
        assert Parallel(n_jobs=2)([delayed(abs)(-i) for i in range(3)]) == [0, 1, 2]
    expected = bool(progress) and name == "stderr"
    assert any("3 of 3 tasks" in text for text in texts) == expected


def test_a_screen_that_cannot_be_had_does_no_harm(monkeypatch):
    class Odd:
        def isatty(self):
            raise RuntimeError("not you")

    monkeypatch.setattr("sys.stderr", Odd())
    with parallel_config("skdl"):
        assert Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(3)) == [0, 1, 2]


def test_calls_inside_of_tasks_are_not_drawn(paper):
    def inner():
        Parallel(n_jobs=2)([wait(paper)(0)] * 2)

    with parallel_config("skdl"):
        Parallel(n_jobs=2)(delayed(inner)() for _ in range(2))
    assert {len(rows) for rows in paper.words} == {1}
    assert paper.words[-1] == ["2 tasks"]


def test_the_rounds_of_a_search_and_what_it_computes_between_are_one_line(paper):
    X, y = [[float(i)] for i in range(12)], [0, 1] * 6
    search = BayesSearchCV(
        LogisticRegression(),
        {"C": (0.1, 10.0)},
        n_iter=4,
        cv=2,
        random_state=0,
        optimizer_kwargs={"n_initial_points": 2},
        refit=False,
    )
    with parallel_config("skdl"):
        search.fit(X, y)
    assert paper.words[-1] in (
        ["8 of 8 fits"],
        ["8 fits"],
    )  # scikit-learn 1.8 does not say who calls
    assert {len(rows) for rows in paper.words} == {1}
    assert paper.closed == 1


def spin():
    while True:
        pass


def fail():
    raise KeyError("a task")


@pytest.mark.parametrize("managed", [False, True])
def test_a_task_that_raises_ends_the_display(paper, managed):
    with parallel_config("skdl"):
        call = Parallel(n_jobs=2)
        if managed:
            with call, pytest.raises(KeyError):
                call([wait(paper)(0), delayed(fail)()])
        else:
            with pytest.raises(KeyError):
                call([wait(paper)(0), delayed(fail)()])
    assert paper.closed == 1


def test_a_limit_of_time_ends_the_display(paper):
    with parallel_config("skdl"), pytest.raises((TimeoutError, joblib.parallel.TimeoutError)):
        Parallel(n_jobs=2, timeout=0.2)([delayed(spin)()] * 2)
    assert paper.closed == 1


def test_a_generator_is_drawn_until_it_is_used_up_or_closed(paper):
    with parallel_config("skdl"):
        results = Parallel(n_jobs=2, return_as="generator", pre_dispatch=2)(
            [delayed(abs)(-1), *[delayed(spin)()] * 9]
        )
        assert next(results) == 1
        paper.wait()
        with pytest.warns(UserWarning, match="tasks"):
            results.close()
    assert paper.closed == 1


def test_a_screen_that_fails_does_no_harm(paper, monkeypatch):
    def draw(rows):
        raise BrokenPipeError("nobody reads")

    monkeypatch.setattr(paper, "draw", draw)
    with parallel_config("skdl"):
        assert Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(9)) == list(range(9))


@pytest.mark.parametrize("progress", [False, 0, np.False_])
def test_false_draws_nothing(progress, paper, monkeypatch):
    asked = []
    monkeypatch.setattr(progress_display, "screen_for", asked.append)
    with parallel_config("skdl", progress=progress):
        assert Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(9)) == list(range(9))
    with parallel_config("skdl"):
        alone = Parallel(n_jobs=2, backend="skdl", progress=progress)
        assert alone(delayed(abs)(-i) for i in range(9)) == list(range(9))
    assert asked == []


def test_a_loop_on_one_core_is_drawn(paper):
    with parallel_config("skdl", n_jobs=-1000), Parallel() as call:
        for _ in range(2):
            call([wait(paper)(i) for i in range(3)])
    with parallel_config("skdl", n_jobs=-1000):
        Parallel()([delayed(Parallel(n_jobs=1))([wait(paper)(0)])])
    assert {len(rows) for rows in paper.words} == {1}
    assert ["6 tasks"] in paper.ended
    assert paper.words[-1] == ["1 of 1 tasks"]
    assert paper.closed == 2


def test_true_draws_where_a_number_says_so(paper):
    with parallel_config("skdl", progress=1):
        assert Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(9)) == list(range(9))
    assert paper.closed == 1


@pytest.mark.parametrize("progress", ["yes", 2, 0.5])
def test_other_values_are_refused(progress):
    with pytest.raises(InvalidParameterError, match=f"Got progress={progress!r}, expected True"):
        parallel_config("skdl", progress=progress)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "term", "progress", "screen"),
    [
        (Terminal(), "xterm", None, progress_screens.Terminal),
        (Terminal(), "xterm", True, progress_screens.Terminal),
        (Terminal(), "xterm", False, None),
        (Terminal(), "dumb", None, None),
        (Terminal(), "dumb", True, progress_screens.Log),
        (Terminal(), "unknown", True, progress_screens.Log),
        (io.StringIO(), "xterm", None, None),
        (io.StringIO(), "xterm", True, progress_screens.Log),
        (None, "xterm", None, None),
    ],
)
def test_where_progress_is_shown(stream, term, progress, screen, monkeypatch):
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("TERM", term)
    found = progress_display.screen_for(progress)
    assert found is None if screen is None else type(found) is screen


def test_in_a_log_there_is_a_line_at_the_end(monkeypatch):
    text = io.StringIO()
    monkeypatch.setattr("sys.stderr", text)
    X, y = [[float(i)] for i in range(12)], [0, 1] * 6
    with parallel_config("skdl", progress=True):
        cross_val_score(LogisticRegression(), X, y, cv=3)
        Parallel()(delayed(abs)(i) for i in range(3))  # too short to speak of
    (line,) = text.getvalue().splitlines()
    assert re.fullmatch(r"skdl: 3 fits, in 0:\d\d", line)


def test_in_a_log_there_is_a_line_in_each_interval(monkeypatch):
    text = io.StringIO()
    monkeypatch.setattr("sys.stderr", text)
    monkeypatch.setattr(progress_screens.Log, "delay", 0.0)
    monkeypatch.setattr(progress_screens.Log, "interval", 0.01)

    def see(before):
        while len(text.getvalue().splitlines()) < before + 2:
            pass

    with parallel_config("skdl", progress=True):
        Parallel(n_jobs=1, pre_dispatch="all")([delayed(see)(0)])
    lines = text.getvalue().splitlines()
    assert set(lines[:-1]) == {"skdl: 0 of 1 tasks"}
    assert re.fullmatch(r"skdl: 1 of 1 tasks, in 0:\d\d", lines[-1])


def test_a_bayesian_search_with_several_spaces_says_how_many_fits_it_makes():
    from skdl.parallel.sklearn_tasks import _n_fits

    def of(spaces):
        return _n_fits(BayesSearchCV(LogisticRegression(), spaces, n_iter=7), 5)

    space = {"C": (0.1, 1.0)}
    assert (of(space), of([space, (space, 3)]), of([(space, 2)])) == (35, 50, 10)
    assert _n_fits(LogisticRegression(), 5) is None
    assert Told().n_fits is None


@pytest.fixture
def outputs(monkeypatch):
    """What a notebook shows; IPython is none of the packages that the tests need."""
    found = []

    class Handle:
        def __init__(self, number):
            self.number = number

        def update(self, shown, *, raw):
            assert raw
            found[self.number] = shown["text/plain"]

    def show(shown, *, raw, display_id):
        assert raw
        assert display_id
        found.append(shown["text/plain"])
        return Handle(len(found) - 1)

    package, module = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    package.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    module.display = show
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr(progress_screens.Notebook, "delay", 0.0)
    monkeypatch.setattr(progress_screens.Notebook, "interval", 0.01)
    return found


def test_in_a_notebook_one_output_is_written_anew(outputs):
    def see(before):
        while not outputs:
            pass

    with parallel_config("skdl"):
        Parallel(n_jobs=1)([delayed(see)(0)] * 3)
    (output,) = outputs
    assert re.fullmatch(r"3 of 3 tasks, in 0:\d\d", output)


def test_in_ipython_on_a_terminal_nothing_is_shown_as_in_a_notebook(outputs):
    sys.modules["IPython"].get_ipython = lambda: types.SimpleNamespace()
    assert progress_display.screen_for(None) is None


def test_in_a_notebook_the_last_calls_that_ended_stay(outputs, monkeypatch):
    from skdl.parallel.progress import Snapshot

    monkeypatch.setattr(progress_screens, "_ENDED_IN_A_NOTEBOOK", 2)
    notebook = progress_screens.Notebook()

    def row(done, ended):
        return Snapshot("fits", done, 9, 1, 0, None, None, 1.0, ended), 0.0

    notebook.draw([])
    assert outputs == []
    for done in (1, 2, 3):
        notebook.draw([row(done, True), row(0, False)])
    notebook.close([row(9, True)])
    assert outputs == ["3 of 9 fits, in 0:01\n9 of 9 fits, in 0:01"]
