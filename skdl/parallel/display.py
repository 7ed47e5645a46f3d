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
from typing import Any, Protocol

from skdl.engine import stats
from skdl.parallel.progress import Snapshot, Tally

# Seconds over which epochs are counted for what is shown of their speed.
_WINDOW = 5.0


class Screen(Protocol):
    """Something to show progress on; only one thread draws."""

    delay: float
    interval: float
    tells_short_fits: bool  # whether calls of fits that end before `delay` are told of

    def draw(self, rows: Sequence[tuple[Snapshot, float]]) -> None:
        """Show the numbers of each call, with the epochs per second."""

    def close(self, rows: Sequence[tuple[Snapshot, float]]) -> None:
        """Show the last numbers, and leave everything as it was."""


def screen_for(progress: bool | None) -> Screen | None:
    """Where to show progress; None shows it on a terminal and in a notebook alone, True everywhere."""
    if progress is False:
        return None
    from skdl.parallel import screens

    shell = _notebook()
    if shell is not None:
        return screens.Notebook()
    if _is_terminal(sys.stderr):
        return screens.Terminal()
    return screens.Log() if progress else None


def _notebook() -> Any:
    """The shell of Jupyter that this process works for; None elsewhere."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None


def _is_terminal(stream: Any) -> bool:
    if stream is None or stream.closed or os.environ.get("TERM") == "dumb":
        return False
    return bool(stream.isatty())


class Display:
    """Shows the calls that are under way, from the first to the end of the last.

    Parameters
    ----------
    screen : Screen
    """

    def __init__(self, screen: Screen):
        self._screen = screen
        # Those under way; those that are not drawn, and those that are, in their order.
        self._open: list[Tally] = []
        self._hidden: list[Tally] = []
        self._visible: list[Tally] = []
        self._ended = threading.Event()
        self._epochs: deque[tuple[float, float]] = deque([(time.perf_counter(), stats().epochs)])
        self._first = self._epochs[0]
        self._thread = threading.Thread(target=self._work, name="skdl progress", daemon=True)

    def add(self, tally: Tally) -> None:
        """Show `tally` too, unless it is only what a search that is shown computes between its fits."""
        if not tally.of_fits and any(one.thread == tally.thread for one in self._open):
            return
        self._open.append(tally)
        self._hidden.append(tally)
        if self._thread.ident is None:
            self._thread.start()

    def remove(self, tally: Tally) -> bool:
        """Count `tally` out; True if it was the last that is under way."""
        if tally not in self._open:
            return False
        self._open.remove(tally)
        return not self._open

    def end(self) -> None:
        """Draw the last numbers and wait for that."""
        self._ended.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _work(self) -> None:
        wait = self._screen.delay
        # Who takes the screen away while a search runs, such as a closed terminal, does not stop the search.
        with contextlib.suppress(OSError, ValueError):
            try:
                while not self._ended.wait(wait):
                    self._screen.draw(self._rows())
                    wait = self._screen.interval
            finally:
                self._screen.close(self._rows())

    def _rows(self) -> list[tuple[Snapshot, float]]:
        now = time.perf_counter(), stats().epochs
        self._epochs.append(now)
        while len(self._epochs) > 2 and self._epochs[1][0] < now[0] - _WINDOW:
            self._epochs.popleft()
        lately, altogether = _rate(self._epochs[0], now), _rate(self._first, now)
        for tally in tuple(self._hidden):
            shot = tally.snapshot()
            # A short call that came while another was shown is not worth a line.
            if shot.seconds >= self._screen.delay or (
                shot.ended and tally.of_fits and self._screen.tells_short_fits
            ):
                self._hidden.remove(tally)
                self._visible.append(tally)
        shots = [tally.snapshot() for tally in self._visible]
        return [(shot, altogether if shot.ended else lately) for shot in shots]


def _rate(before: tuple[float, float], now: tuple[float, float]) -> float:
    seconds = now[0] - before[0]
    return (now[1] - before[1]) / seconds if seconds > 0 else 0.0


# One display for the process. The lock can be taken twice because the collector may end a call at any line.
_lock = threading.RLock()
_display: Display | None = None


def show(tally: Tally, progress: bool | None) -> None:
    """Show a call that has begun, until it is hidden."""
    global _display
    with _lock:
        if _display is None:
            screen = screen_for(progress)
            if screen is None:
                return
            _display = Display(screen)
            atexit.register(_display.end)
        _display.add(tally)


def hide(tally: Tally) -> None:
    """End a call; the display ends with the last of them."""
    global _display
    with _lock:
        tally.end()
        display = _display
        if display is None or not display.remove(tally):
            return
        _display = None
        atexit.unregister(display.end)
    display.end()
