"""The recorder of one parallel call: each of its tasks, with the fits that it ran."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from skdl.parallel.progress import Tally
from skdl.parallel.sklearn_tasks import Given, Told, read_result, read_task
from skdl.recording.records import FitRecord, TaskRecord, recorded, told_fits
from skdl.recording.same_values import kept
from skdl.recording.store import CallRecord, RecordStore, Weight, store


class Recording:
    """Writes down what the tasks of one call do.

    A task that `tasks` knows, and whose time it knows, has a record. Any other, such as the fit of a single
    network of an ensemble, is part of the task of another call that it is inside of: its fits are handed on
    to that when the call ends, in the order of the tasks. Calls that are nested too deep for the backend
    count for the task that they are inside of, too.

    Parameters
    ----------
    records : RecordStore, default=store
        Where a call goes that has ended well.
    tally : Tally, default=None
        Counts for a display.
    """

    def __init__(self, records: RecordStore = store, tally: Tally | None = None):
        self._tally = tally
        self._records = records
        # Who makes the call may run inside of a task.
        self._outer = told_fits()
        self._lock = threading.Lock()
        self._n_tasks = self._n_done = 0
        self._timed = True
        self._tasks: list[TaskRecord] = []
        self._weight = Weight()
        self._too_large = self._failed = False

    def wrap(
        self, task: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
        """The next task of the call, as one that writes itself down."""
        position, self._n_tasks = self._n_tasks, self._n_tasks + 1
        told = read_task(task, kwargs)
        if self._tally is not None:
            self._tally.begin_task(told)
        return self._run, (position, told, task, args, kwargs), {}

    def wrap_in_loop(
        self, task: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[Callable[..., Any], tuple[Any, ...], Mapping[str, Any]]:
        """The next task of a call that runs its tasks one after the other in the thread that makes it.

        One that is not known is left alone: what it trains belongs to the task around the call, and that is
        told of it where it stands.
        """
        if read_task(task, kwargs) is None:
            return task, args, kwargs
        return self.wrap(task, args, kwargs)

    def fail(self) -> None:
        """Forget the call: it gives no result."""
        self._failed = True

    def end(self) -> None:
        """Keep what was written down, if the call ended well and a task of it is known."""
        with self._lock:
            tasks, self._tasks = sorted(self._tasks, key=lambda task: task.position), []
        if self._failed:
            return
        if not (self._n_done and self._timed):
            if self._outer is not None:
                self._outer.extend(fit for task in tasks for fit in task.fits)
        elif self._too_large:
            self._records.refuse()
        elif self._n_done == self._n_tasks:
            self._records.add(CallRecord(tuple(tasks)), self._weight)

    def _run(
        self,
        position: int,
        told: Told | None,
        task: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        fits = list[FitRecord]()
        started = time.perf_counter()
        with recorded(fits):
            result = task(*args, **kwargs)
        ended = time.perf_counter()
        known = Told() if told is None else told
        given = Given() if told is None else read_result(result)
        if self._tally is not None:
            self._tally.end_task(position, told, given)
        self._note(
            told,
            TaskRecord(
                position=position,
                started=started,
                ended=ended,
                fits=tuple(fits),
                parameters=kept(known.parameters),
                split=known.split,
                n_splits=known.n_splits,
                n_candidates=known.n_candidates,
                **vars(given),
            ),
        )
        return result

    def _note(self, told: Told | None, record: TaskRecord) -> None:
        with self._lock:
            self._n_done += 1
            # A search and `cross_validate` hand out times, by which they are found. What does not, such as a
            # learning curve, would be kept for nobody.
            self._timed &= record.fit_time is not None
            if told is None and not record.fits:
                return  # one of the thousand predictions of a forest, say
            self._weight += Weight.of(record)
            if not self._too_large and self._records.takes(self._weight):
                self._tasks.append(record)
            else:
                self._too_large = True
                self._tasks.clear()
