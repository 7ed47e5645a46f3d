"""The streams of `sys`, which may be anything that takes text, while something is drawn on a terminal."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import deque
from collections.abc import Iterable
from typing import Any


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


class Above:
    """Stands in for a stream of `sys` and keeps what is written, for the thread that draws to write it.

    To keep a text takes no lock and no time: tasks that print do not wait for the terminal, and the
    collector, which may end a call at any line of Python, finds nobody who holds what it needs. Lines of
    several threads are not mixed; the one that a thread has begun waits for its end.

    What others have kept of it still works after its end.

    Parameters
    ----------
    name : {"stdout", "stderr"}
    """

    def __init__(self, name: str):
        self._name = name
        self._stream = getattr(sys, name)
        self._ended = False
        self._lines: deque[str] = deque()
        self._begun: dict[int, list[str]] = {}  # by thread, which alone adds to its own
        setattr(sys, name, self)

    def write(self, text: str) -> int:
        """Keep `text`; after the end, write it."""
        if self._ended:
            self._stream.write(text)
            return len(text)
        me = threading.get_ident()
        whole, newline, rest = text.rpartition("\n")
        if newline:
            self._lines.append("".join([*self._begun.pop(me, ()), whole, newline]))
        if rest:
            self._begun.setdefault(me, []).append(rest)
        if self._ended:
            # It came after `end` had looked.
            self._write_rest()
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Keep each of `lines`."""
        for line in lines:
            self.write(line)

    def take(self) -> str:
        """The whole lines that have come since."""
        taken = []
        # Each is taken once, also where two take at the same time.
        with contextlib.suppress(IndexError):
            while True:
                taken.append(self._lines.popleft())
        return "".join(taken)

    def end(self) -> None:
        """Give the stream back, and write what has come since, with the lines that were begun."""
        if getattr(sys, self._name) is self:
            setattr(sys, self._name, self._stream)
        self._ended = True
        self._write_rest()

    def _write_rest(self) -> None:
        text = self.take()
        for thread in tuple(self._begun):
            if parts := self._begun.pop(thread, None):
                text += "".join([*parts, "\n"])
        if text:
            self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
