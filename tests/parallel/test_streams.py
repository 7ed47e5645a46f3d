"""What is written while something is drawn is kept in whole lines, and nothing of it is lost."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from skdl.parallel.streams import Above, is_terminal


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
    """Put a terminal in the place of the standard output; not before the test, since pytest does so too."""

    def terminal():
        stream = Terminal()
        monkeypatch.setattr("sys.stdout", stream)
        return stream

    return terminal


def test_whole_lines_are_kept_until_they_are_taken(terminal):
    stream = terminal()
    above = Above("stdout")
    assert sys.stdout is above
    assert above.write("a\tb\n\nc") == 6
    assert above.take() == "a\tb\n\n"
    above.writelines(["d", "\n"])
    assert (above.take(), above.take(), stream.getvalue()) == ("cd\n", "", "")
    above.end()
    assert sys.stdout is stream
    assert above.isatty()


def test_lines_of_threads_are_not_mixed(terminal):
    terminal()
    above, both = Above("stdout"), threading.Barrier(2)

    def say(name):
        for part in (name, " says", " so\n"):
            both.wait(60)
            above.write(part)

    threads = [threading.Thread(target=say, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(above.take().splitlines()) == ["a says so", "b says so"]


def test_at_the_end_all_is_written_and_later_text_goes_through(terminal):
    stream = terminal()
    above = Above("stdout")
    above.write("one\ntwo")
    above.end()
    above.write("three")
    assert stream.getvalue() == "one\ntwo\nthree"


def test_a_stream_that_others_have_replaced_since_is_theirs(terminal, monkeypatch):
    terminal()
    above, other = Above("stdout"), io.StringIO()
    monkeypatch.setattr("sys.stdout", other)
    above.end()
    assert sys.stdout is other


def test_nothing_is_lost_by_who_writes_while_it_ends(terminal):
    stream = terminal()
    for _ in range(200):
        above, begun = Above("stdout"), threading.Event()

        def write(above=above, begun=begun):
            for number in range(50):
                above.write(f"{number}")
                above.write("\n")
                begun.set()

        thread = threading.Thread(target=write)
        thread.start()
        begun.wait(60)
        above.end()
        thread.join()
        assert sorted(map(int, stream.getvalue().split())) == list(range(50))
        stream.truncate(0)
        stream.seek(0)
