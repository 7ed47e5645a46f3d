"""The programs of this process: compiled once, shared by all threads, the least recently used let go."""

from __future__ import annotations

import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from skdl.engine.ledger import Stats, ledger

MAX_PROGRAMS = 64
# TensorFlow keeps what XLA compiled for the life of the process, whatever is let go here; at 350 programs of
# three hidden layers there is no room for more (xla_memory.py).
WARN_AT = 300

_P = TypeVar("_P")


class ProgramCache(Generic[_P]):
    """Programs by key. Two threads that need the same one compile it once.

    Parameters
    ----------
    size : int
        How many are kept.
    warn_at : int, default=None
        After how many compiled programs that stay to warn, once, of the memory that they take.
    stays : callable
        Whether TensorFlow keeps what it compiled for a program.
    """

    def __init__(
        self,
        size: int = MAX_PROGRAMS,
        *,
        warn_at: int | None = None,
        stays: Callable[[_P], bool] = lambda _: True,
    ):
        self._size = size
        self._warn_at = warn_at
        self._stays = stays
        self._n_made = 0
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry[_P]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable, make: Callable[[], _P]) -> _P:
        """The program for `key`, from `make` if there is none yet.

        An exception of `make` reaches its caller and leaves nothing behind; a None is remembered, as
        that there is no program.
        """
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        with entry.lock:
            if not entry.made:
                start = time.perf_counter()
                try:
                    entry.program = make()
                except BaseException:
                    with self._lock:
                        if self._entries.get(key) is entry:
                            del self._entries[key]
                    raise
                entry.made = True
                seconds = time.perf_counter() - start
                if entry.program is not None:
                    ledger.add(programs=1, seconds_compiling=seconds)
                    if self._stays(entry.program):
                        self._count()
            return entry.program  # type: ignore[return-value]

    def forget(self, key: Hashable) -> None:
        """Let the program for `key` go, if there is one, or that there is none."""
        with self._lock:
            self._entries.pop(key, None)

    def _count(self) -> None:
        with self._lock:
            self._n_made += 1
            warn = self._n_made == self._warn_at
        if warn:
            warnings.warn(
                f"This process has compiled {self._warn_at} training programs by XLA. TensorFlow keeps up "
                "to 15 MB for each until the process ends, and after some 350 there is room for no more. "
                "Search over so many structures in parts, each in a process that ends, or tune numbers "
                "such as learning rates and dropout rates, which share programs.",
                UserWarning,
                stacklevel=2,
            )

    def clear(self) -> None:
        """Let all programs go; fits that run keep theirs."""
        with self._lock:
            self._entries.clear()


class _Entry(Generic[_P]):
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made = False
        self.program: _P | None = None


training_programs: ProgramCache[Any] = ProgramCache(
    warn_at=WARN_AT, stays=lambda program: program.form.needs_xla
)
prediction_programs: ProgramCache[Any] = ProgramCache()


def stats() -> Stats:
    """What the engine has done in this process so far.

    Returns
    -------
    Stats

    Examples
    --------
    >>> import skdl
    >>> skdl.engine.stats().programs >= 0
    True
    """
    return ledger.read(len(training_programs) + len(prediction_programs))
