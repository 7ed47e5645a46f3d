"""What is written while something is drawn is kept in whole lines, and nothing of it is lost."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from skdl.parallel import progress_streams
from skdl.parallel.progress_streams import Above, Bell, is_terminal


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Odd:
    isatty = None


def test_what_is_a_terminal(tmp_path):
    closed = (tmp_path / "closed").open("w")
    closed.close()
    assert is_terminal(Terminal())
    for stream in (None, io.StringIO(), closed, Odd(), object()):
        assert not is_terminal(stream)


@pytest.fixture
def terminal(monkeypatch):
    """Put a terminal in the place of both streams; not before the test, since pytest does so too."""

    def terminal():
        stream = Terminal()
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setattr("sys.stderr", stream)
        return stream

    return terminal


def above(terminal, wake=lambda: None):
    """The stand-in for both streams, and the terminal."""
    stream = terminal()
    return Above(("stdout", "stderr"), stream, wake), stream


def in_a_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


def test_whole_lines_are_kept_until_they_are_taken(terminal):
    kept, stream = above(terminal)
    assert sys.stdout is not stream
    assert sys.stdout.write("a\tb\n\nc") == 6
    assert kept.take() == "a\tb\n\n"
    sys.stdout.writelines(["d", "\n"])
    assert (kept.take(), kept.take(), stream.getvalue()) == ("cd\n", "", "")
    assert sys.stdout.isatty()
    kept.end()
    assert sys.stdout is stream


def test_lines_of_threads_are_not_mixed(terminal):
    kept, _ = above(terminal)
    both = threading.Barrier(2)

    def say(name):
        for part in (name, " says", " so\n"):
            both.wait(60)
            sys.stdout.write(part)

    threads = [threading.Thread(target=say, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kept.take().splitlines()) == ["a says so", "b says so"]


def test_what_one_thread_writes_to_both_streams_keeps_its_order(terminal):
    kept, _ = above(terminal)
    sys.stdout.write("one\ntwo, ")
    sys.stderr.write("three\n")
    sys.stdout.write("four\n")
    assert kept.take() == "one\ntwo, three\nfour\n"


def test_at_the_end_all_is_written_and_later_text_goes_through(terminal):
    kept, stream = above(terminal)
    before = sys.stdout
    before.write("one\ntwo")
    kept.end()
    before.write("three")
    assert stream.getvalue() == "one\ntwo\nthree"


def test_a_stream_that_others_have_replaced_since_is_theirs(terminal, monkeypatch):
    (kept, _), other = above(terminal), io.StringIO()
    monkeypatch.setattr("sys.stdout", other)
    kept.end()
    assert sys.stdout is other


def test_what_is_no_text_is_refused_as_the_stream_does(terminal):
    kept, _ = above(terminal)
    with pytest.raises(TypeError, match="string argument expected, got 'bytes'"):
        sys.stdout.write(b"bytes")
    assert kept.take() == ""


def test_nothing_is_lost_or_put_before_by_who_writes_while_it_ends(terminal):
    for _ in range(200):
        (kept, stream), begun = above(terminal), threading.Event()

        def write(begun=begun):
            for number in range(50):
                sys.stdout.write(f"{number}")
                begun.set()
                sys.stdout.write("\n" if number % 2 else " ")

        thread = threading.Thread(target=write)
        thread.start()
        begun.wait(60)
        taken = kept.take()
        kept.end()
        thread.join()
        assert list(map(int, (taken + stream.getvalue()).split())) == list(range(50))


def test_a_thread_that_writes_much_waits_until_it_is_taken(terminal):
    called = Bell()
    kept, stream = above(terminal, called.ring)
    lines = [f"{number} {'x' * 100}\n" for number in range(10_000)]

    def write():
        for line in lines:
            sys.stdout.write(line)

    thread = threading.Thread(target=write)
    thread.start()
    parts = []
    for _ in range(20):
        assert called.wait(60)
        parts.append(kept.take())
    kept.end()
    thread.join()
    assert "".join(parts) + stream.getvalue() == "".join(lines)
    assert max(map(len, parts)) <= 2**16


def test_nobody_waits_for_ever(terminal, monkeypatch):
    """The collector may print in the thread that draws, or in one that has what that waits for."""
    monkeypatch.setattr(progress_streams, "_PATIENCE", 0.001)
    calls = []
    kept, _ = above(terminal, lambda: calls.append(threading.current_thread()))
    text = 2**16 * "x" + "\n"
    sys.stdout.write(text)  # this is the thread that draws
    assert calls == []
    in_a_thread(lambda: [sys.stdout.write(text), sys.stdout.write("more\n")])
    assert len(calls) == 2
    assert kept.take() == 2 * text + "more\n"


def test_a_line_that_does_not_end_is_cut(terminal):
    kept, _ = above(terminal)
    taken = ""
    for _ in range(1000):
        sys.stdout.write("\r" + 999 * "x")
        taken += kept.take()
    whole = taken.splitlines(keepends=True)
    assert "".join(taken.split("\n")) + kept.take(begun=True) == 1000 * ("\r" + 999 * "x") + "\n"
    assert max(map(len, taken.split("\n"))) <= 2**16 + 1000
    assert len(whole) > 10
