"""The programs of this process: compiled once, shared by all threads, the least recently used let go."""

from __future__ import annotations

import threading
import time
import warnings
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

MAX_PROGRAMS = 64
# TensorFlow keeps what XLA compiled for the life of the process, whatever is let go here; at 350 programs of
# three hidden layers there is no room for more (xla_room.py).
WARN_AT = 300

_P = TypeVar("_P")


@dataclass
class Stats:
    """What the engine did in this process; read it with `skdl.engine.stats`.

    Attributes
    ----------
    programs : int
        Programs compiled so far, those that train and those that predict.
    kept : int
        Programs in the cache now.
    seconds_compiling, seconds_training : float
        Summed over threads.
    fits : int
        Fits run by programs.
    epochs : int
        Epochs trained, counted while fits run, also those of fits that went through the Keras loop.
    rows, rows_padded : int
        Rows that programs trained on by step, and the rows among them that only filled up a batch.
    fallbacks : dict of str to int
        Why fits went through the Keras loop instead, and how many.

    Examples
    --------
    >>> import skdl
    >>> before = skdl.engine.stats()
    >>> network = skdl.MLPClassifier(units=4, epochs=3, random_state=0)
    >>> _ = network.fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> skdl.engine.stats().fits - before.fits
    1
    """

    programs: int = 0
    kept: int = 0
    seconds_compiling: float = 0.0
    seconds_training: float = 0.0
    fits: int = 0
    epochs: int = 0
    rows: int = 0
    rows_padded: int = 0
    fallbacks: dict[str, int] = field(default_factory=dict)

    @property
    def padding(self) -> float:
        """The share of the rows computed that only filled up a batch."""
        return self.rows_padded / self.rows if self.rows else 0.0


class _Ledger:
    """Counts under a lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stats = Stats()
        self._fallbacks: Counter[str] = Counter()

    def add(self, **amounts: float) -> None:
        with self._lock:
            for name, amount in amounts.items():
                setattr(self._stats, name, getattr(self._stats, name) + amount)

    def fell_back(self, reason: str) -> bool:
        """Count a fallback; True for the first of its reason."""
        with self._lock:
            self._fallbacks[reason] += 1
            return self._fallbacks[reason] == 1

    def read(self, kept: int) -> Stats:
        with self._lock:
            return Stats(**{**vars(self._stats), "kept": kept, "fallbacks": dict(self._fallbacks)})


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


ledger = _Ledger()
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
