"""On a real terminal there is one line, what tasks print stands above it, and all is put back at the end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap

import pytest

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

import fcntl
import pty
import struct
import termios

COMMON = """
    import os, signal, sys, threading, warnings
    import joblib
    from joblib import Parallel, delayed
    import skdl  # noqa: F401 - makes the backend known
    from skdl.parallel import progress_screens

    warnings.filterwarnings("ignore", "[0-9]+ tasks ")
    streams = sys.stdout, sys.stderr
    drawn = threading.Semaphore(0)
    draw = progress_screens.Terminal.draw

    def draw_and_tell(self, rows):
        draw(self, rows)
        drawn.release()

    progress_screens.Terminal.draw = draw_and_tell
    progress_screens.Terminal.delay, progress_screens.Terminal.interval = 0.0, 0.001

    def wait(*_):
        while drawn.acquire(blocking=False):
            pass
        for _ in range(2):
            assert drawn.acquire(timeout=60)

    def spin():
        while True:
            pass

    def report():
        threads = [thread.name for thread in threading.enumerate() if "skdl" in thread.name]
        print("after", threads, (sys.stdout, sys.stderr) == streams)
"""
AFTER = "after [] True"
# A worker of the tests says how wide its own output is, which a terminal says for itself.
SURROUNDINGS = {
    name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")
}


def on_terminal(code, columns=100, stdout=None):
    """What a process writes to a terminal of that width, and its exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(COMMON) + textwrap.dedent(code)],
        stdin=theirs,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        env={**SURROUNDINGS, "TERM": "xterm"},
    )
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # so a terminal tells that nobody has it open
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    return b"".join(parts).decode(), process.wait(60)


def screen(written, columns=100):
    """The lines that a terminal of that width shows after `written`; fails at a code that is not known."""
    rows, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", written):
        if token == "\r":
            column = 0
        elif token == "\n":
            row += 1
            rows += [""] * (row == len(rows))
        elif token == "\x1b[2K":
            rows[row] = ""
        elif token == "\x1b[1A":
            row -= 1
        elif token.startswith("\x1b"):
            assert token.endswith("m"), f"{token!r} is no colour"
        else:
            for letter in token:
                # A terminal begins a new line for what has no room, and not before.
                if column == columns:
                    row, column = row + 1, 0
                    rows += [""] * (row == len(rows))
                if letter == "\t":
                    column += 8 - column % 8
                    continue
                line = rows[row].ljust(column)
                rows[row] = line[:column] + letter + line[column + 1 :]
                column += 1
    return [line.rstrip() for line in rows]


def last_of(written):
    *_, last, after, end = screen(written)
    assert (after, end) == (AFTER, "")
    return last


def test_one_line_with_a_bar_is_left():
    written, code = on_terminal(
        """
        with joblib.parallel_config("skdl"):
            Parallel(n_jobs=2)([delayed(wait)()] * 3)
        report()
        """
    )
    assert code == 0
    assert re.fullmatch("━{20} 3 of 3 tasks, in 0:[0-9]{2}", last_of(written))
    assert len(screen(written)) == 3
    assert "0 of 3 tasks" in written


@pytest.mark.further
@pytest.mark.parametrize("columns", [30, 60])
def test_a_narrow_terminal_has_no_bar_and_no_second_line(columns):
    written, _ = on_terminal(
        """
        from sklearn.datasets import load_iris
        from sklearn.dummy import DummyClassifier
        from sklearn.model_selection import GridSearchCV

        class Waiting(DummyClassifier):
            def fit(self, X, y):
                wait()
                return super().fit(X, y)

        search = GridSearchCV(
            Waiting(), {"constant": [0]}, cv=2, scoring=["accuracy", "f1_macro"], refit=False
        )
        with joblib.parallel_config("skdl"):
            search.fit(*load_iris(return_X_y=True))
        report()
        """,
        columns,
    )
    last = last_of(written)
    assert len(last) <= columns
    assert last.startswith("2 of 2 fits, in 0:")
    assert last.endswith("…" if columns == 30 else "best accuracy 0.3333")
    assert len(screen(written)) == 3


def test_what_threads_print_stands_in_whole_lines_above():
    written, _ = on_terminal(
        """
        both = threading.Barrier(2)

        def say(i):
            wait()
            for part in ("one ", "line ", "of "):
                print(part, end="", flush=True)
                both.wait(60)
            print(i)
            print("a \\x1b[31mcoloured\\x1b[0m warning", file=sys.stderr)
            wait()

        with joblib.parallel_config("skdl"):
            Parallel(n_jobs=2)([delayed(say)(i) for i in range(2)])
        report()
        """
    )
    *above, last, after, end = screen(written)
    assert sorted(above) == ["a coloured warning"] * 2 + ["one line of 0", "one line of 1"]
    assert "2 of 2 tasks" in last
    assert (after, end) == (AFTER, "")
    assert "\x1b[31mcoloured" in written


def test_a_line_that_was_begun_is_written_at_the_end():
    written, _ = on_terminal(
        """
        def say():
            wait()
            print("no end", end="")

        with joblib.parallel_config("skdl"):
            Parallel(n_jobs=1)([delayed(say)()])
        report()
        """
    )
    assert screen(written)[-3:] == ["no end", AFTER, ""]


def test_ctrl_c_puts_the_terminal_back():
    written, code = on_terminal(
        """
        def interrupt(i):
            wait()
            if i == 0:
                os.kill(os.getpid(), signal.SIGINT)
            spin()

        try:
            with joblib.parallel_config("skdl"):
                Parallel(n_jobs=2)(delayed(interrupt)(i) for i in range(9))
        except KeyboardInterrupt:
            report()
        """
    )
    assert code == 0
    assert "0 tasks" in last_of(written)


@pytest.mark.parametrize(
    "code",
    [
        'Parallel(n_jobs=2)([delayed(wait)(), delayed(int)("no")])',
        "Parallel(n_jobs=2, timeout=0.5)([delayed(spin)()] * 2)",
    ],
)
def test_an_error_puts_the_terminal_back(code):
    written, _ = on_terminal(
        f"""
        try:
            with joblib.parallel_config("skdl"):
                {code}
        except Exception:
            report()
        """
    )
    assert "of 2 tasks, in 0:" in last_of(written)


def test_a_generator_that_is_never_closed_ends_with_the_process():
    written, code = on_terminal(
        """
        with joblib.parallel_config("skdl"):
            results = Parallel(n_jobs=2, return_as="generator")(delayed(wait)() for i in range(3))
            next(results)
        keep = [results]
        keep.append(keep)
        """
    )
    assert code == 0
    assert screen(written)[-1] == ""


@pytest.mark.further
def test_nothing_is_drawn_where_scikit_learn_draws():
    pytest.importorskip("sklearn.callback")
    written, code = on_terminal(
        """
        from sklearn.callback import ProgressBar
        from sklearn.datasets import load_iris
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV

        class Waiting(LogisticRegression):
            def fit(self, X, y):
                wait()
                return super().fit(X, y)

        search = GridSearchCV(Waiting(), {"C": [0.1, 1.0]}, cv=2, refit=False, n_jobs=2)
        search.set_callbacks(ProgressBar())
        with joblib.parallel_config("skdl"):
            search.fit(*load_iris(return_X_y=True))
        """
    )
    assert code == 0
    assert "of 4 fits" not in written
    assert "GridSearchCV - fit" in written


def test_what_goes_to_a_file_goes_to_the_file(tmp_path):
    path = tmp_path / "out.txt"
    with path.open("w") as file:
        written, _ = on_terminal(
            """
            def say():
                wait()
                print("to the file")

            with joblib.parallel_config("skdl"):
                Parallel(n_jobs=1)([delayed(say)()])
            """,
            stdout=file,
        )
    assert path.read_text() == "to the file\n"
    assert "1 of 1 tasks" in written


@pytest.mark.further
def test_a_pipe_has_no_codes():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import joblib, skdl\nfor progress in (None, True):\n"
            '    with joblib.parallel_config("skdl", progress=progress):\n'
            "        from sklearn.model_selection import cross_val_score\n"
            "        from sklearn.dummy import DummyClassifier\n"
            "        cross_val_score(DummyClassifier(), [[0.0]] * 8, [0, 1] * 4, cv=2)\n",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "FORCE_COLOR": "1"},
    )
    assert done.stdout == ""
    assert re.fullmatch(r"skdl: 2 fits, in 0:\d\d\n", done.stderr)


def test_a_line_that_was_begun_before_stays():
    written, _ = on_terminal(
        """
        print("Fitting ...", end=" ", flush=True)
        with joblib.parallel_config("skdl"):
            Parallel(n_jobs=2)([delayed(wait)(i) for i in range(2)])
        report()
        """
    )
    first, last, after, end = screen(written)
    assert first == "Fitting ..."
    assert "2 of 2 tasks" in last
    assert (after, end) == (AFTER, "")


def test_nothing_stands_above_the_line_where_no_line_was_begun():
    written, _ = on_terminal(
        """
        with joblib.parallel_config("skdl"):
            Parallel(n_jobs=2)([delayed(wait)(i) for i in range(2)])
        """
    )
    last, end = screen(written)
    assert "2 of 2 tasks" in last
    assert end == ""


def test_what_is_printed_stays_as_it_is():
    written, _ = on_terminal(
        """
        def say():
            wait()
            print("a\\tb  \x1b[1m[red]bold[/]\x1b[0m\\n\\n" + 150 * "x")
            wait()

        with joblib.parallel_config("skdl"):
            Parallel(n_jobs=1)([delayed(say)()])
        """
    )
    assert "a\tb  \x1b[1m[red]bold[/]\x1b[0m\r\n\r\n" + 150 * "x" + "\r\n" in written
    *above, last, end = screen(written)
    assert above == ["a       b  [red]bold[/]", "", 100 * "x", 50 * "x"]
    assert "1 of 1 tasks" in last


def test_a_call_that_ends_before_another_leaves_its_line_above():
    written, _ = on_terminal(
        """
        import time

        def rest():
            while True:
                time.sleep(0.001)

        def other(n_tasks):
            with joblib.parallel_config("skdl"):
                Parallel(n_jobs=2)([delayed(wait)(), *[delayed(abs)(1)] * (n_tasks - 1)])

        with joblib.parallel_config("skdl"):
            results = Parallel(n_jobs=2, return_as="generator", pre_dispatch=2)(
                [delayed(abs)(1), *[delayed(rest)()] * 9]
            )
            next(results)
            wait()
            for n_tasks in range(3, 30):
                thread = threading.Thread(target=other, args=(n_tasks,))
                thread.start()
                thread.join()
                wait()
            results.close()
        report()
        """
    )
    *above, last, after, end = screen(written)
    # More than a terminal has room for.
    assert [line.partition(",")[0] for line in above] == [f"{n} of {n} tasks" for n in range(3, 30)]
    assert "1 of 10 tasks, in 0:" in last
    assert (after, end) == (AFTER, "")


def test_what_a_slow_terminal_has_not_taken_is_written_before_the_process_ends():
    written, _ = on_terminal(
        """
        import time
        from skdl.parallel import progress_display

        progress_display._PATIENCE = 0.0
        update = progress_screens.Terminal.close

        def close(self, rows):
            time.sleep(0.2)
            update(self, rows)

        progress_screens.Terminal.close = close
        with joblib.parallel_config("skdl"):
            Parallel(n_jobs=2)([delayed(wait)(i) for i in range(2)])
        print("the last words")
        """
    )
    assert "the last words" in screen(written)[-3]
    assert "2 of 2 tasks" in screen(written)[-2]


@pytest.mark.further
def test_tasks_that_print_faster_than_the_terminal_takes_it_wait_for_it():
    written, _ = on_terminal(
        """
        both, taken = threading.Barrier(2), [0]
        write = progress_screens.Terminal._write

        def measure_and_write(self, text):
            taken.append(len(text))
            write(self, text)

        progress_screens.Terminal._write = measure_and_write

        def say(i):
            wait()
            both.wait(60)
            progress_screens.Terminal.interval = 3600.0
            for number in range(500_000):
                print(f"{i} {number:0100}")

        with joblib.parallel_config("skdl"):
            Parallel(n_jobs=2)([delayed(say)(i) for i in range(2)])
        print("at once", max(taken))
        report()
        """
    )
    for i in range(2):
        numbers = re.findall(rf"{i} ([0-9]{{100}})\r\n", written)
        assert list(map(int, numbers)) == list(range(500_000))
    # Of 103 MB: what was taken at once is all that was kept.
    (most,) = re.findall("at once ([0-9]+)", written)
    assert int(most) < 2 * 2**16
    assert AFTER in written


def test_a_copy_of_the_process_writes_for_itself():
    written, _ = on_terminal(
        """
        def say():
            wait()
            child = os.fork()
            if not child:
                print("of the copy", flush=True)
                os._exit(0)
            os.waitpid(child, 0)

        with joblib.parallel_config("skdl"):
            Parallel(n_jobs=1)([delayed(say)()])
        report()
        """
    )
    assert "of the copy" in written
    assert AFTER in written
