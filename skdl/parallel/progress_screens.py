"""The screens of `progress_display.py`, made of rich's parts."""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.segment import Segment, Segments
from rich.table import Column

from skdl.parallel.progress import Snapshot
from skdl.parallel.progress_streams import Above, Bell, is_terminal
from skdl.parallel.sklearn_tasks import scikit_learn_draws

Row = tuple[Snapshot, float]

# Seconds that a call lasts before anything is drawn, and between two drawings: each takes 1 ms from those who
# wait for the interpreter.
DELAY = 0.5
INTERVAL = 0.5
# Seconds between two lines of a log.
INTERVAL_OF_LOG = 10.0

_ENDED_IN_A_NOTEBOOK = 20

# A terminal narrower than this has no room for a bar.
_WIDTH_WITH_BAR = 72


class _Console(Console):
    """A console that leaves the cursor alone: one that was hidden stays so when a process is killed."""

    def show_cursor(self, show: bool = True) -> bool:
        return False


class Terminal:
    """One line for each call, at the bottom of the terminal; what tasks print appears above it."""

    delay = DELAY
    interval = INTERVAL
    tells_short_fits = False

    def __init__(self) -> None:
        self._console = _Console(file=sys.stderr)
        self._progress = Progress(
            *([BarColumn(bar_width=20)] if self._console.width >= _WIDTH_WITH_BAR else []),
            # Cut where the terminal ends.
            TextColumn(
                "{task.fields[words]}",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis"),
            ),
            console=self._console,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self.bell = Bell()
        self._above: Above | None = None
        self._drawn = self._gave_way = False

    def draw(self, rows: Sequence[Row]) -> None:
        """Draw; where scikit-learn draws bars of its own, two displays would spoil each other."""
        if self._gave_way:
            return
        if scikit_learn_draws():
            self._gave_way = True
            self._give_back()
            return
        if not self._drawn:
            if not rows:
                return
            self._begin()
        ended = [f"{shot.words(epochs)}\n" for shot, epochs in rows if shot.ended]
        self._set([row for row in rows if not row[0].ended])
        self._write("".join([self._taken(), *ended]))

    def close(self, rows: Sequence[Row]) -> None:
        """Draw the last time, if it was drawn at all."""
        try:
            if self._drawn and not self._gave_way:
                self._set(rows)
                self._write(self._taken())
        finally:
            self._give_back()

    def _begin(self) -> None:
        self._drawn = True
        names = [name for name in ("stdout", "stderr") if is_terminal(getattr(sys, name))]
        self._above = Above(names, self._console.file, self.bell.ring)
        if not self._console.legacy_windows:
            # Nobody knows where the cursor is. As many spaces as a line has end the line that was begun, if
            # one was, and are nothing to see otherwise.
            self._console.file.write(f"{' ' * self._console.width}\r")
        self._progress.start()

    def _set(self, rows: Sequence[Row]) -> None:
        for number in self._progress.task_ids[len(rows) :]:
            self._progress.remove_task(number)
        for _ in rows[len(self._progress.task_ids) :]:
            self._progress.add_task("", total=None, words="")
        for line, (shot, epochs) in zip(self._progress.tasks, rows, strict=True):
            # Without a total rich draws a bar that moves; one that has ended stands still.
            # Its `update` takes None for a total that is not given.
            line.total = shot.done if shot.ended and shot.total is None else shot.total
            self._progress.update(line.id, completed=shot.done, words=shot.words(epochs))

    def _write(self, text: str) -> None:
        """Write `text` above the lines, and these anew: in one go, so that no other output comes between."""
        if text:
            # As it is, tabs and codes included.
            self._console.print(Segments([Segment(text)]), soft_wrap=True)
        else:
            self._progress.refresh()

    def _taken(self) -> str:
        return "" if self._above is None else self._above.take()

    def _give_back(self) -> None:
        try:
            if self._drawn:
                self._progress.stop()
        finally:
            self._drawn = False
            if self._above is not None:
                # The stream may be what fails.
                with contextlib.suppress(OSError, ValueError):
                    self._above.end()


class Notebook:
    """An output of the cell that is written anew each time."""

    delay = DELAY
    interval = INTERVAL
    tells_short_fits = False

    def __init__(self) -> None:
        self.bell = Bell()
        self._handle: Any = None
        # The words for calls that have ended, of which the last ones stay above those under way.
        self._ended: deque[str] = deque(maxlen=_ENDED_IN_A_NOTEBOOK)

    def draw(self, rows: Sequence[Row]) -> None:
        """Show a line for each call."""
        self._ended.extend(shot.words(epochs) for shot, epochs in rows if shot.ended)
        lines = [*self._ended, *(shot.words(epochs) for shot, epochs in rows if not shot.ended)]
        if not lines:
            return
        display = import_module("IPython.display").display
        shown = {"text/plain": "\n".join(lines)}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)

    def close(self, rows: Sequence[Row]) -> None:
        """Show the last numbers, if any were shown."""
        if self._handle is not None:
            self.draw(rows)


class Log:
    """Lines on the standard error output, which stay readable in a file."""

    delay = interval = INTERVAL_OF_LOG
    tells_short_fits = True

    def __init__(self) -> None:
        self.bell = Bell()

    def draw(self, rows: Sequence[Row]) -> None:
        """Write a line for each call that is under way or has ended since."""
        if sys.stderr is None:
            return
        for shot, epochs in rows:
            sys.stderr.write(f"skdl: {shot.words(epochs)}\n")
        with contextlib.suppress(AttributeError):  # what stands in for a stream may have no `flush`
            sys.stderr.flush()

    def close(self, rows: Sequence[Row]) -> None:
        """Write the last line of each call."""
        self.draw(rows)
