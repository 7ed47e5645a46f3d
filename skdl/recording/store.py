"""What is kept of finished parallel calls, so that a search can be looked into after it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from skdl.recording.records import TaskRecord
from skdl.recording.same_values import weight

# Of all calls together; the oldest leave first. A fit of 100 epochs with four curves has 3 kB.
MAX_FITS = 20_000
MAX_BYTES = 128 * 2**20
# What they weigh besides numbers, tracebacks and parameters, roughly.
_BYTES_OF_A_TASK = 1_000
_BYTES_OF_A_FIT = 1_000
_BYTES_OF_A_CURVE = 200
_BYTES_OF_A_SCORE = 120


@dataclass(frozen=True, eq=False)
class CallRecord:
    """One finished parallel call.

    Attributes
    ----------
    tasks : tuple of TaskRecord
        All of them, by position.
    """

    tasks: tuple[TaskRecord, ...]


class RecordStore:
    """The records of the last calls of this process.

    It keeps calls whole: a search with some of its curves would look like one that had no more. A call that
    alone is larger than the bounds is not kept.

    Parameters
    ----------
    max_fits, max_bytes : int
        Bounds on all calls together. A task counts as one fit at least. Bytes are those of curves, scores,
        tracebacks and parameters, and about a kilobyte for each task and fit.
    """

    def __init__(self, max_fits: int = MAX_FITS, max_bytes: int = MAX_BYTES):
        self._max_fits = max_fits
        self._max_bytes = max_bytes
        self._calls: deque[tuple[CallRecord, Weight]] = deque()
        self._weight = Weight()
        self._n_left = 0
        self._lock = threading.Lock()

    @property
    def n_left(self) -> int:
        """How many calls have left, or were too large to enter."""
        return self._n_left

    def takes(self, weight: Weight) -> bool:
        """Whether a call of that weight can be kept at all."""
        return weight.fits <= self._max_fits and weight.bytes <= self._max_bytes

    def add(self, call: CallRecord, weight: Weight) -> None:
        """Keep `call`; the oldest ones leave if need be."""
        with self._lock:
            self._calls.append((call, weight))
            self._weight += weight
            while not self.takes(self._weight):
                _, oldest = self._calls.popleft()
                self._weight -= oldest
                self._n_left += 1

    def refuse(self) -> None:
        """Count a call that was too large to be kept."""
        with self._lock:
            self._n_left += 1

    def calls(self) -> tuple[CallRecord, ...]:
        """What is kept, in the order in which the calls ended."""
        with self._lock:
            return tuple(call for call, _ in self._calls)


@dataclass(frozen=True)
class Weight:
    """How much is kept: a number of fits, and bytes."""

    fits: int = 0
    bytes: int = 0

    @classmethod
    def of(cls, task: TaskRecord) -> Weight:
        """That of one task."""
        fits = sum(
            _BYTES_OF_A_FIT + _BYTES_OF_A_CURVE * len(fit.history) + fit.nbytes for fit in task.fits
        )
        scores = task.test_scores, task.train_scores
        n_scores = sum(len(one) for one in scores if isinstance(one, dict))
        return cls(
            max(1, len(task.fits)),
            fits
            + _BYTES_OF_A_TASK
            + _BYTES_OF_A_SCORE * n_scores
            + weight(task.error)
            + weight(task.parameters),
        )

    def __add__(self, other: Weight) -> Weight:
        return Weight(self.fits + other.fits, self.bytes + other.bytes)

    def __sub__(self, other: Weight) -> Weight:
        return Weight(self.fits - other.fits, self.bytes - other.bytes)


store = RecordStore()
