"""The threads that run the tasks of one parallel call."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import sys
import threading
import time
import traceback
import types
import warnings
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import joblib

from skdl.parallel.caller_context import Caller

# Seconds that the end of a call waits for tasks which it has interrupted. One that is inside of compiled
# code for longer is left to its thread, which takes no other task.
_PATIENCE = 1.0
# Seconds that it waits for one that imports a module, and the interpreter at its end for any that was left:
# TensorFlow crashes when it is taken apart while a graph runs. Not without limit, because a task may hang.
_PATIENCE_AT_MOST = 30.0
# A thread that is interrupted in these modules can leave a lock behind that nobody opens, or drops the
# interruption; this one looks for itself whether it is wanted.
_LET_PASS = ("_weakrefset", "contextlib", "logging", "queue", "threading", "weakref", __name__)

# One lock for all calls: it is held for moments, and to cancel a call is to cancel those inside of it. It can
# be taken twice because the collector may close a forgotten generator, which ends its call, at any line.
_lock = threading.RLock()
_here = threading.local()
_struck: set[int] = set()  # threads on their way out of a task
_given_up: set[threading.Thread] = set()

_raise_in_thread = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.py_object)(
    ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
)


class Abandoned(BaseException):
    """Raised inside a task whose result nobody waits for any more."""


@dataclass(frozen=True)
class Outcome:
    """What became of a task: a value, or the error that it raised."""

    value: Any = None
    error: BaseException | None = None

    def get(self) -> Any:
        """Return the value or raise the error."""
        if self.error is not None:
            raise self.error
        return self.value


class Call:
    """One parallel call: its tasks, the threads that run them, and who made it.

    Threads start when there are tasks for them and end when there are none, so that nothing idles and
    nothing is left behind.

    Parameters
    ----------
    n_threads : int
        The most tasks to run at once.
    caller_waits : bool
        The caller does nothing until the call is done. One that is inside a task of another call then
        runs tasks itself, so that it never depends on a free thread; others join it only while fewer
        than one a core are at work.
    stop_with : callable
        Takes an error of a callback; must let the caller know.
    """

    def __init__(
        self,
        n_threads: int,
        *,
        caller_waits: bool,
        stop_with: Callable[[BaseException], None],
    ) -> None:
        self._n_threads = n_threads
        self._caller_waits = caller_waits
        self._outer: Call | None = getattr(_here, "call", None)
        self._caller_works = caller_waits and self._outer is not None
        self._stop_with = stop_with
        self.caller = Caller()
        self._tasks: deque[tuple[Callable[[], Any], Callable[[Outcome], object]]] = deque()
        self._threads: set[threading.Thread] = set()
        # Those that will look for a task without being told. Tasks beyond their number need a thread.
        self._looking = int(self._caller_works)
        self._unfinished = 0
        self._running: set[int] = set()
        self._cancelled = False
        self._cores: int = joblib.cpu_count()  # reads files, so not for each task
        self._changed = threading.Condition(_lock)
        self._telling = threading.RLock()
        self._inner: set[Call] = set()
        if self._outer is not None:
            with _lock:
                self._outer._inner.add(self)
            check_wanted()

    def submit(self, task: Callable[[], Any], callback: Callable[[Outcome], object]) -> None:
        """Queue `task`; `callback` takes its outcome in the thread that ran it."""
        with _lock:
            if self._cancelled:
                return
            self._tasks.append((task, callback))
            self._unfinished += 1
            if len(self._tasks) > self._looking and self._may_grow():
                self._add_thread()
            if self._caller_works:
                self._changed.notify_all()

    def wait(self) -> None:
        """Return when every task is done or one has failed, if the caller has nothing else to do."""
        while self._caller_waits:
            with _lock:
                if self._cancelled or not self._unfinished:
                    break
                item = self._next() if self._caller_works else None
                if item is None:
                    # Woken now and then because a wait without limit hears no Ctrl-C on Windows.
                    self._changed.wait(0.5)
                    continue
            self._run(*item)
        check_wanted()

    def cancel(self) -> None:
        """Drop the tasks that wait, interrupt those that run, and do the same to calls made inside them."""
        with _lock:
            if self._cancelled:
                return
            self._cancelled = True
            dropped, self._tasks = self._tasks, deque()
            for call in tuple(self._inner):
                call.cancel()
            self._strike(force=False)
            self._changed.notify_all()
        dropped.clear()

    def end(self) -> None:
        """Cancel what is left and wait for the threads, within reason."""
        self.cancel()
        start = time.monotonic()
        while threads := self._others():
            importing = self._strike(force=False)
            if time.monotonic() > start + (_PATIENCE_AT_MOST if importing else _PATIENCE):
                break
            threads[0].join(0.01)
        with _lock:
            self._strike(force=True)
            for thread in tuple(self._threads):
                _give_up(thread)
                self._forget(thread)
            if self._outer is not None:
                self._outer._inner.discard(self)

    def _others(self) -> list[threading.Thread]:
        """The living threads of this call but the one that asks."""
        return [
            thread
            for thread in tuple(self._threads)
            # One without an identity was not started: Ctrl-C came in between.
            if thread.ident not in (None, threading.get_ident()) and thread.is_alive()
        ]

    def _strike(self, force: bool) -> bool:
        """Interrupt the tasks that run, with `force` also inside of code that handles locks.

        Returns whether one imports a module. That is never interrupted: half a TensorFlow cannot be
        imported again.
        """
        importing = False
        with _lock:
            for call in tuple(self._inner):
                importing |= call._strike(force)
            frames = sys._current_frames()
            for thread in self._running - _struck - {threading.get_ident()}:
                frame = frames.get(thread)
                if _imports(frame):
                    importing = True
                elif force or frame is None or frame.f_globals.get("__name__") not in _LET_PASS:
                    _struck.add(thread)
                    _raise_in_thread(thread, Abandoned)
        return importing

    def _may_grow(self) -> bool:
        here, everywhere = len(self._threads), len(_filters.threads)
        if here >= self._n_threads - int(self._caller_works):
            return False
        if not here and not self._caller_works:
            return True
        return everywhere < (4 if self._outer is None else 1) * self._cores

    def _add_thread(self) -> None:
        thread = threading.Thread(target=self._work, name="skdl", daemon=True)
        try:
            self._threads.add(thread)
            _filters.enter(thread)
            thread.start()
        except BaseException:
            self._forget(thread)
            raise
        self._looking += 1

    def _forget(self, thread: threading.Thread) -> None:
        self._threads.discard(thread)
        _filters.leave(thread)

    def _work(self) -> None:
        """Run tasks until there are none."""
        with _lock:
            if threading.current_thread() not in self._threads:
                return  # Ctrl-C struck whoever was starting this thread
        while True:
            with _lock:
                item = self._next()
                if item is None:
                    self._looking -= 1
                    self._forget(threading.current_thread())
                    _given_up.discard(threading.current_thread())
                    return
            with contextlib.suppress(Abandoned):
                self._run(*item)
            del item

    def _next(self) -> tuple[Callable[[], Any], Callable[[Outcome], object]] | None:
        if not self._tasks:
            return None
        self._looking -= 1
        return self._tasks.popleft()

    def _run(self, task: Callable[[], Any], callback: Callable[[Outcome], object]) -> None:
        outer, _here.call = getattr(_here, "call", None), self
        try:
            outcome = self._outcome(task)
            with _lock:
                # The callback may submit the next task, which this thread will take.
                self._looking += 1
            if outcome is not None:
                self._tell(callback, outcome)
        finally:
            _here.call = outer
            with _lock:
                self._unfinished -= 1
                if not self._unfinished:
                    self._changed.notify_all()

    def _outcome(self, task: Callable[[], Any]) -> Outcome | None:
        """Run `task`, which `cancel` may interrupt; None if it did.

        The interruption can strike until it has been met, which is why that is done twice: it strikes once,
        so either the first try or the second is left alone.
        """
        me = threading.get_ident()
        try:
            try:
                with _lock:
                    if self._cancelled:
                        return None
                    self._running.add(me)
                return self._attempt(task)
            finally:
                self._settle(me)
        except Abandoned:
            self._settle(me)
            return None

    def _settle(self, thread: int) -> None:
        with _lock:
            struck = thread in self._running and thread in _struck
            self._running.discard(thread)
            if struck:
                _struck.remove(thread)
        if struck:
            # Nobody knows whether it has come. To take it back would leave a flag of the interpreter up, at
            # which Python 3.11 runs for ever in every thread that is traced: by a debugger, say.
            with contextlib.suppress(Abandoned):
                _raise_in_thread(thread, Abandoned)
                while True:
                    pass

    def _attempt(self, task: Callable[[], Any]) -> Outcome:
        try:
            return Outcome(value=self.caller.run(task))
        except Abandoned:
            raise
        except BaseException as error:
            # joblib removes the traceback of an error that comes from another thread.
            lines = "".join(traceback.format_exception(error))
            error.add_note(f"Raised in a thread of the 'skdl' backend:\n{lines}")
            return Outcome(error=error)

    def _tell(self, callback: Callable[[Outcome], object], outcome: Outcome) -> None:
        # One at a time: joblib takes an iterable that has raised in one thread, and is asked for a task by
        # another before the error is noted, for one that has come to its end.
        with self._telling:
            try:
                self.caller.run(callback, outcome)
            except Abandoned:
                raise
            except BaseException as error:
                outcome = Outcome(error=error)
                self._stop_with(error)
        if outcome.error is not None:
            self.cancel()


def check_wanted() -> None:
    """Raise `Abandoned` if this thread is inside of a task that was abandoned."""
    call: Call | None = getattr(_here, "call", None)
    if call is not None and call._cancelled:
        raise Abandoned


def _imports(frame: types.FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib."):
            return True
        frame = frame.f_back
    return False


def _give_up(thread: threading.Thread) -> None:
    # Registered now and not at import: what was registered last runs first, so before TensorFlow's part.
    if not _given_up:
        atexit.register(_await_given_up)
    _given_up.add(thread)


def _await_given_up() -> None:
    deadline = time.monotonic() + _PATIENCE_AT_MOST
    for thread in tuple(_given_up):
        if thread.ident is not None:
            thread.join(max(0.0, deadline - time.monotonic()))


class _Filters:
    """Keeps the filters of warnings as they were before the first of the threads that are at work.

    ``warnings.catch_warnings``, which scikit-learn enters in every task, puts back what it found; of two
    threads, the one that leaves last puts back the filters of the other.
    """

    def __init__(self) -> None:
        self.threads: set[threading.Thread] = set()
        self._found: object = None
        self._before: warnings.catch_warnings[None] | None = None

    def enter(self, thread: threading.Thread) -> None:
        if not self.threads:
            self._found = warnings.filters
            before = warnings.catch_warnings()
            before.__enter__()
            self._before = before
        self.threads.add(thread)

    def leave(self, thread: threading.Thread) -> None:
        """Count `thread` out; restore after the last, and after any that was given up and has ended."""
        self.threads.discard(thread)
        if self._before is None or self.threads or warnings.filters is self._found:
            return
        self._before.__exit__(None, None, None)


_filters = _Filters()
