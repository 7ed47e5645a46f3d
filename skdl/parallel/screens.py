"""The screens of `display.py`, made of rich's parts."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID
from rich.table import Column
from rich.text import Text

from skdl.parallel.progress import Snapshot
from skdl.parallel.tasks import scikit_learn_draws

Row = tuple[Snapshot, float]

# Seconds that a call lasts before anything is drawn, and between two drawings: each takes 1 ms from those who
# wait for the interpreter.
DELAY = 0.5
INTERVAL = 0.5
# Seconds between two lines of a log.
INTERVAL_OF_LOG = 10.0

# A terminal narrower than this has no room for a bar.
_WIDTH_WITH_BAR = 72


class _Words(ProgressColumn):
    """The words of a row, cut where the terminal ends."""

    def __init__(self) -> None:
        super().__init__(Column(no_wrap=True, overflow="ellipsis"))

    def render(self, task: Task) -> Text:
        return Text(task.fields["words"])


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
            _Words(),
            console=self._console,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._rows: list[TaskID] = []
        self._above: list[_Above] = []
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
            self._drawn = True
            self._above = [
                _Above(name, self._console)
                for name in ("stdout", "stderr")
                if (stream := getattr(sys, name)) is not None and stream.isatty()
            ]
            self._progress.start()
        self._update(rows)
        self._progress.refresh()

    def close(self, rows: Sequence[Row]) -> None:
        """Draw the last time, if it was drawn at all."""
        if self._drawn and not self._gave_way:
            self._update(rows)
        self._give_back()

    def _update(self, rows: Sequence[Row]) -> None:
        for number, (shot, epochs) in enumerate(rows):
            if number == len(self._rows):
                self._rows.append(self._progress.add_task("", total=None, words=""))
            # Without a total rich draws a bar that moves; one that has ended stands still.
            total = shot.done if shot.ended and shot.total is None else shot.total
            self._progress.update(
                self._rows[number],
                completed=shot.done,
                total=total,
                words=shot.words(epochs),
            )

    def _give_back(self) -> None:
        try:
            if self._drawn:
                self._progress.stop()
        finally:
            self._drawn = False
            for above in self._above:
                above.end()


class _Above:
    """Stands in for a stream of `sys` and writes whole lines above the display.

    Lines of several threads are not mixed. What others have kept of it still works after its end.
    """

    def __init__(self, name: str, console: Console):
        self._name = name
        self._stream = getattr(sys, name)
        self._console: Console | None = console
        self._lock = threading.RLock()
        self._begun: dict[int, str] = {}  # lines by thread
        setattr(sys, name, self)

    def write(self, text: str) -> int:
        """Write the lines that `text` ends; the last one waits for its end."""
        with self._lock:
            if self._console is None:
                self._stream.write(text)
                return len(text)
            me = threading.get_ident()
            *lines, rest = (self._begun.pop(me, "") + text).split("\n")
            if rest:
                self._begun[me] = rest
            if lines:
                # A line that is longer than the terminal is for the terminal to break.
                self._console.print(
                    Text.from_ansi("\n".join(lines)), soft_wrap=True, highlight=False
                )
        return len(text)

    def writelines(self, lines: Sequence[str]) -> None:
        """Write each of `lines`."""
        for line in lines:
            self.write(line)

    def end(self) -> None:
        """Give the stream back, with the lines that were begun."""
        with self._lock:
            self._console = None
            if getattr(sys, self._name) is self:
                setattr(sys, self._name, self._stream)
            for rest in self._begun.values():
                self._stream.write(rest + "\n")
            self._begun.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Notebook:
    """An output of the cell that is written anew each time."""

    delay = DELAY
    interval = INTERVAL
    tells_short_fits = False

    def __init__(self) -> None:
        self._handle: Any = None

    def draw(self, rows: Sequence[Row]) -> None:
        """Show a line for each call."""
        display = import_module("IPython.display").display
        shown = {"text/plain": "\n".join(shot.words(epochs) for shot, epochs in rows)}
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
        self._told: set[int] = set()  # the numbers of those that have ended

    def draw(self, rows: Sequence[Row]) -> None:
        """Write a line for each call that is under way or has ended since."""
        for number, (shot, epochs) in enumerate(rows):
            if number in self._told or sys.stderr is None:
                continue
            sys.stderr.write(f"skdl: {shot.words(epochs)}\n")
            sys.stderr.flush()
            if shot.ended:
                self._told.add(number)

    def close(self, rows: Sequence[Row]) -> None:
        """Write the last line of each call."""
        self.draw(rows)
