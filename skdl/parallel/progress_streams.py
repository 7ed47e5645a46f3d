"""The streams of `sys`, which may be anything that takes text, while something is drawn on a terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any

# What one thread may write before it waits for the thread that draws, and the longest line whose end is
# waited for: in bytes, of which a text has some of its own.
_MOST = 2**16
_BYTES_OF_A_TEXT = 128
# Seconds that it waits at a time, and not for ever: it may be the collector that prints, in a thread that has
# what the thread that draws waits for.
_PATIENCE = 1.0


def is_terminal(stream: Any) -> bool:
    """Whether `stream` is an open terminal.

    Programs put objects of their own in the place of `sys.stderr`, which have `write` and little else.

    Examples
    --------
    >>> import io
    >>> is_terminal(io.StringIO()), is_terminal(None), is_terminal(object())
    (False, False, False)
    """
    try:
        return bool(stream.isatty())
    except (AttributeError, TypeError, ValueError, OSError):  # none, or one that is closed
        return False


class Bell:
    """Wakes a thread that waits.

    Unlike an event of `threading` it has no lock that is held while lines of Python run, so that the
    collector may ring it at any of them, those of `wait` included.
    """

    def __init__(self) -> None:
        self._silent = threading.Lock()
        self._silent.acquire()

    def ring(self) -> None:
        """Wake the one who waits, or who will."""
        with contextlib.suppress(RuntimeError):  # it has rung, and nobody has heard it yet
            self._silent.release()

    def wait(self, seconds: float) -> bool:
        """Return when it has rung, or False after `seconds`."""
        return self._silent.acquire(timeout=seconds)


class Above:
    """Stands in for streams of `sys` and keeps what is written, for the thread that draws to write it.

    To keep a text takes no lock, so that the collector, which may end a call at any line of Python, finds
    nobody who holds what it needs. Lines of several threads are not mixed; the one that a thread has begun
    waits for its end, unless that is far. What one thread writes stays in its order, whichever of the streams
    it chooses. A thread that writes faster than the terminal waits for it, as it would without this.

    What others have kept of the streams still works after the end.

    Parameters
    ----------
    names : sequence of {"stdout", "stderr"}
    file : file
        Where it is written at the end.
    wake : callable
        Makes the thread that draws, which is the one that calls this, come and take.
    """

    def __init__(self, names: Sequence[str], file: IO[str], wake: Callable[[], object]):
        self._file = file
        self._wake = wake
        self._drawer = threading.get_ident()
        self._process = os.getpid()
        self._ended = False
        # By who takes alone: others only add to the texts, in one step that nothing comes between.
        self._texts: deque[tuple[int, str]] = deque()
        self._begun: dict[int, list[str]] = {}
        # How much each thread has written since the one before was rung.
        self._taken = Bell()
        self._since: dict[int, tuple[Bell, int]] = {}
        self._ending = threading.RLock()
        self._streams = [_Stream(name, self) for name in names]
        for stream in self._streams:
            setattr(sys, stream.name_in_sys, stream)

    def keep(self, text: str) -> bool:
        """Keep `text`; False where nobody will take it, since this has ended or the process is a copy."""
        if self._process != os.getpid():
            return False
        if self._ended:
            self._write_rest()
            return False
        me, taken = threading.get_ident(), self._taken
        self._texts.append((me, text))
        since, size = self._since.get(me, (taken, 0))
        size = _size(text) + (size if since is taken else 0)
        self._since[me] = taken, size
        if self._ended:
            self._write_rest()  # it came after `end` had looked
        elif size > _MOST and me != self._drawer:
            self._wake()
            if taken.wait(_PATIENCE):
                taken.ring()  # for the next one who waits
        return True

    def take(self, *, begun: bool = False) -> str:
        """The whole lines that have come since; with `begun` also the others, with an end."""
        taken, self._taken = self._taken, Bell()
        lines = []
        # Each is taken once, also where two take at the same time.
        with contextlib.suppress(IndexError):
            while True:
                thread, text = self._texts.popleft()
                whole, newline, rest = text.rpartition("\n")
                parts = self._begun.pop(thread, [])
                if newline:
                    lines += [*parts, whole, newline]
                    parts = []
                if rest:
                    parts.append(rest)
                if parts:
                    self._begun[thread] = parts
        for thread, parts in tuple(self._begun.items()):
            if begun or sum(map(_size, parts)) > _MOST:
                lines += [*self._begun.pop(thread, ()), "\n"]
        taken.ring()
        return "".join(lines)

    def end(self) -> None:
        """Give the streams back, and write what has come since, with the lines that were begun."""
        self._ended = True
        try:
            self._write_rest()
        finally:
            for stream in self._streams:
                stream.give_back()
            self._taken.ring()

    def _write_rest(self) -> None:
        # Who comes meanwhile has to wait, so that what it writes next comes next.
        mine = self._ending.acquire(timeout=_PATIENCE)
        try:
            if text := self.take(begun=True):
                self._file.write(text)
        finally:
            if mine:
                self._ending.release()


class _Stream:
    """What is found in the place of a stream of `sys` meanwhile."""

    def __init__(self, name: str, above: Above):
        self.name_in_sys = name
        self._above = above
        self._stream = getattr(sys, name)

    def write(self, text: str) -> int:
        """Keep `text`; after the end, write it."""
        # The stream has its own words for what is no text.
        if not isinstance(text, str) or not self._above.keep(text):
            self._stream.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Keep each of `lines`."""
        for line in lines:
            self.write(line)

    def give_back(self) -> None:
        """Put the stream back, unless others have put another in its place."""
        if getattr(sys, self.name_in_sys) is self:
            setattr(sys, self.name_in_sys, self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _size(text: str) -> int:
    return _BYTES_OF_A_TEXT + len(text)
