"""Where progress is shown: a line on the terminal, an output of a notebook, or lines for a log.

All that is drawn is drawn by one thread, which lives as long as a call that is shown. Calls of several
threads have a line each of the same display.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from skdl.engine import stats
from skdl.parallel.progress import Snapshot, Tally
from skdl.parallel.progress_streams import Bell, is_terminal

# Seconds over which epochs are counted for what is shown of their speed.
_WINDOW = 5.0
# Seconds that the end of the last call waits for its last numbers.
_PATIENCE = 1.0
# Seconds that the interpreter waits at its end for what a slow terminal has not taken yet.
_PATIENCE_AT_EXIT = 30.0


class Screen(Protocol):
    """Something to show progress on; only one thread draws."""

    delay: float
    interval: float
    bell: Bell  # rung by who wants it drawn before the interval is over
    tells_short_fits: bool  # whether calls of fits that end before `delay` are told of

    def draw(self, rows: Sequence[tuple[Snapshot, float]]) -> None:
        """Show the numbers of each call, with the epochs per second; one that has ended comes once."""

    def close(self, rows: Sequence[tuple[Snapshot, float]]) -> None:
        """Show the last numbers, and leave everything as it was."""


def screen_for(progress: bool | None) -> Screen | None:
    """Where to show progress; None shows it on a terminal and in a notebook alone, True everywhere."""
    if progress is False:
        return None
    from skdl.parallel.progress_screens import Log, Notebook, Terminal

    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if getattr(shell, "kernel", None) is not None:  # Jupyter's
        return Notebook()
    if os.environ.get("TERM", "").lower() not in ("dumb", "unknown") and is_terminal(sys.stderr):
        return Terminal()
    return Log() if progress else None


class Display:
    """Shows the calls that are under way, from the first to the end of the last.

    Parameters
    ----------
    screen : Screen
    """

    def __init__(self, screen: Screen):
        self._screen = screen
        self._open: list[_Line] = []  # of the calls that are under way
        # Those that are not drawn, and those that are, in their order. Only the thread takes one out.
        self._hidden: list[_Line] = []
        self._visible: list[_Line] = []
        self._ended = False
        self._epochs: deque[_Moment] = deque([_now()])
        self._thread = threading.Thread(target=self._work, name="skdl progress", daemon=True)

    def add(self, tally: Tally) -> None:
        """Show `tally` too, unless it is only what a search that is shown computes between its fits."""
        if not tally.of_fits and any(one.tally.thread == tally.thread for one in self._open):
            return
        line = _Line(tally, _now())
        self._open.append(line)
        self._hidden.append(line)
        if self._thread.ident is None:
            self._thread.start()

    def remove(self, tally: Tally) -> bool:
        """Count `tally` out; True if it was the last that is under way."""
        line = next((line for line in self._open if line.tally is tally), None)
        if line is None:
            return False
        self._open.remove(line)
        return not self._open

    def end(self, patience: float | None = None) -> bool:
        """Draw the last numbers and wait for that, for a moment.

        Not without limit: the collector ends a call that was forgotten at any line of Python, also where its
        thread has what the thread that draws waits for. The last numbers then come when it lets go.

        Returns whether all is drawn.
        """
        self._ended = True
        self._screen.bell.ring()
        if threading.current_thread() is not self._thread and self._thread.is_alive():
            self._thread.join(_PATIENCE if patience is None else patience)
        return not self._thread.is_alive()

    def _work(self) -> None:
        wait = self._screen.delay
        # What stands in for a stream may raise anything, and who takes the screen away while a search runs,
        # such as a closed terminal, does not stop the search.
        with contextlib.suppress(Exception):
            try:
                while True:
                    self._screen.bell.wait(wait)
                    if self._ended:
                        break
                    self._screen.draw(self._rows())
                    wait = self._screen.interval
            finally:
                self._screen.close(self._rows(closing=True))

    def _rows(self, *, closing: bool = False) -> list[tuple[Snapshot, float]]:
        now = _now()
        self._epochs.append(now)
        while len(self._epochs) > 2 and self._epochs[1].seconds < now.seconds - _WINDOW:
            self._epochs.popleft()
        lately = _rate(self._epochs[0], now)
        for line in tuple(self._hidden):
            shot = line.tally.snapshot()
            # A short call that came while another was shown is not worth a line.
            if shot.seconds >= self._screen.delay or (
                shot.ended and line.tally.of_fits and self._screen.tells_short_fits
            ):
                self._visible.append(line)
            elif not shot.ended:
                continue
            self._hidden.remove(line)
        rows = []
        for line in tuple(self._visible):
            shot = line.tally.snapshot()
            if shot.ended and not closing and not self._open:
                # The last call: what stays on the screen is for `close`, which comes now.
                shot = replace(shot, ended=False)
            elif shot.ended:
                self._visible.remove(line)
            # The speed of the whole, of a call that has ended.
            rows.append((shot, _rate(line.began, now) if shot.ended else lately))
        return rows


@dataclass(frozen=True)
class _Moment:
    """A time on the clock of ``time.perf_counter``, and the epochs of the process until then."""

    seconds: float
    epochs: int


@dataclass(frozen=True, eq=False)
class _Line:
    """A call that is shown, and when it began."""

    tally: Tally
    began: _Moment


def _now() -> _Moment:
    return _Moment(time.perf_counter(), stats().epochs)


def _rate(before: _Moment, now: _Moment) -> float:
    seconds = now.seconds - before.seconds
    return (now.epochs - before.epochs) / seconds if seconds > 0 else 0.0


# One display for the process. The lock can be taken twice because the collector may end a call at any line.
_lock = threading.RLock()
_display: Display | None = None


def show(tally: Tally, progress: bool | None) -> None:
    """Show a call that has begun, until it is hidden."""
    global _display
    # That nothing can be shown is no reason for a search to fail: a program may have put any object in the
    # place of a stream.
    with _lock, contextlib.suppress(Exception):
        if _display is None:
            screen = screen_for(progress)
            if screen is None:
                return
            _display = Display(screen)
            atexit.register(_display.end, _PATIENCE_AT_EXIT)
        _display.add(tally)


def hide(tally: Tally) -> None:
    """End a call; the display ends with the last of them."""
    global _display
    with _lock:
        display = _display
        last = display is not None and display.remove(tally)
        # Only now: who draws knows by those that are left whether an ended call was the last.
        tally.end()
        if display is None or not last:
            return
        _display = None
    if display.end():
        atexit.unregister(display.end)
