"""What the engine has done in this process, counted under a lock."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Stats:
    """What the engine did in this process; read it with `skdl.engine.stats`.

    Attributes
    ----------
    programs : int
        Programs compiled so far, those that train and those that predict.
    kept : int
        Programs in the cache now.
    seconds_compiling : float
        Seconds of compiling programs, and functions of the native kernel, summed over threads.
    seconds_training : float
        Summed over threads.
    fits : int
        Fits run by programs or by the native kernel.
    kernel_fits : int
        Those that the native kernel ran.
    epochs : int
        Epochs trained, counted while fits run, also those of fits that went through the Keras loop.
    rows, rows_padded : int
        Rows that fits trained on by step, and the rows among them that only filled up a batch.
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
    kernel_fits: int = 0
    epochs: int = 0
    rows: int = 0
    rows_padded: int = 0
    fallbacks: dict[str, int] = field(default_factory=dict)

    @property
    def padding(self) -> float:
        """The share of the rows computed that only filled up a batch."""
        return self.rows_padded / self.rows if self.rows else 0.0


class Ledger:
    """Counts under a lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stats = Stats()
        self._fallbacks: Counter[str] = Counter()

    def add(self, **amounts: float) -> None:
        """Add to the counts of these names."""
        with self._lock:
            for name, amount in amounts.items():
                setattr(self._stats, name, getattr(self._stats, name) + amount)

    def fell_back(self, reason: str) -> bool:
        """Count a fallback; True for the first of its reason."""
        with self._lock:
            self._fallbacks[reason] += 1
            return self._fallbacks[reason] == 1

    def read(self, kept: int) -> Stats:
        """The counts so far; `kept` programs are in the caches."""
        with self._lock:
            return Stats(**{**vars(self._stats), "kept": kept, "fallbacks": dict(self._fallbacks)})


ledger = Ledger()
