"""The joblib backend ``"skdl"``: tasks in threads of this process, which share compiled programs."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import joblib
from joblib.parallel import (
    AutoBatchingMixin,
    FallbackToBackend,
    ParallelBackendBase,
    SequentialBackend,
)

from skdl.exceptions import InvalidParameterError
from skdl.parallel.call_threads import Call, Outcome, check_wanted
from skdl.parallel.progress import Tally
from skdl.parallel.progress_display import hide, show
from skdl.parallel.task_recorder import Recording

# Calls nested deeper than this run in the thread that makes them, so that the number of threads is bounded.
_DEEPEST = 3

_Task = tuple[Callable[..., Any], tuple[Any, ...], Mapping[str, Any]]


class SkdlBackend(AutoBatchingMixin, ParallelBackendBase):
    """Run the tasks of ``joblib.Parallel`` in threads of this process.

    Chosen by name, ``joblib.parallel_config("skdl")``. TensorFlow releases the interpreter while a
    program runs, so threads are enough to use every core, and what one thread compiled serves all.

    The outermost call uses every core for ``n_jobs`` None, 1 and -1 and k threads for k > 1, at most
    four a core. A call inside one of its tasks means by ``n_jobs`` what it says: None and 1 run in the
    thread that calls, and give the bits of a plain loop; -1 and k > 1 are joined by threads while
    fewer than one a core are at work.

    A task sees the context variables and the Keras settings of the thread that made the call. When a
    task raises, when a limit of time runs out, at Ctrl-C and when a generator is closed, tasks that
    wait are dropped and tasks that run are interrupted at their next line of Python.

    Parameters
    ----------
    nesting_level : int, default=None
        How many parallel calls this one is inside of; joblib fills it in.
    progress : bool, default=None
        Show what is done, how fast, the best score so far, failures and the time left: with None on a
        terminal and in Jupyter, with True everywhere, with False nowhere.

    Raises
    ------
    InvalidParameterError
        If `progress` is none of these.

    Examples
    --------
    >>> import joblib
    >>> import skdl
    >>> with joblib.parallel_config("skdl"):
    ...     joblib.Parallel()(joblib.delayed(abs)(number) for number in (-1, -2, -3))
    [1, 2, 3]
    """

    supports_retrieve_callback = True
    supports_sharedmem = True
    uses_threads = True

    # Seconds between which joblib keeps a batch of tasks: tasks as short as what it costs to hand one over,
    # such as the predictions of single trees, go together, and no fit waits behind another.
    MIN_IDEAL_BATCH_DURATION = 0.002
    MAX_IDEAL_BATCH_DURATION = 0.02

    parallel: Any = None
    _n_threads = 1
    _call: Call | None = None
    _recording: Recording | None = None
    _tally: Tally | None = None
    _shown = False

    def __init__(
        self, nesting_level: int | None = None, progress: bool | None = None, **options: Any
    ) -> None:
        if not (progress is None or progress in (True, False)):
            raise InvalidParameterError(
                f'Got progress={progress!r}, expected True, False or None: call parallel_config("skdl") '
                "without it to see progress on a terminal and in Jupyter alone."
            )
        super().__init__(nesting_level=nesting_level, **options)
        self._progress = None if progress is None else bool(progress)

    @property
    def default_n_jobs(self) -> int:
        """What ``n_jobs=None`` means: all cores outside, the calling thread inside of a task."""
        return 1 if self.nesting_level else -1

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """How many tasks run at once.

        Raises
        ------
        ValueError
            If `n_jobs` is 0.
        """
        if n_jobs == 0:
            raise ValueError("Got n_jobs=0, expected None, -1 or a positive integer.")
        if n_jobs is None:
            n_jobs = self.default_n_jobs
        if n_jobs == 1 and self.nesting_level:
            return 1
        cores: int = joblib.cpu_count()
        # A search whose n_jobs is None hands joblib a 1, so outside of a task the two cannot differ.
        if n_jobs == 1:
            return cores
        if n_jobs < 0:
            return max(cores + 1 + n_jobs, 1)
        return min(n_jobs, 4 * cores)

    def configure(self, n_jobs: int | None = 1, parallel: Any = None, **settings: Any) -> int:
        """Bind a backend to one ``Parallel`` object and return how many of its tasks run at once.

        A ``parallel_config`` block has one backend for all that is called inside of it. Two calls may
        overlap there (a generator that is not used up, and a search), and joblib does not say which
        one it ends: so each ``Parallel`` object gets a backend of its own.
        """
        if parallel is not self.parallel:
            # joblib hands the options of `Parallel(backend="skdl", ...)` over here.
            progress = settings.get("progress", self._progress)
            own = type(self)(nesting_level=self.nesting_level, progress=progress)
            own.parallel = parallel
            raise FallbackToBackend(own)
        self._n_threads = self.effective_n_jobs(n_jobs)
        # joblib runs one task at a time in a loop of its own and asks no backend, so that nobody would know
        # of the tasks. What is set here stands before the method of the class; were there none of that name,
        # nothing would be recorded.
        parallel._get_sequential_output = self._loop
        return self._n_threads

    def start_call(self) -> None:
        """Remember who calls, and drop what is left in joblib's queue of a call that failed."""
        with contextlib.suppress(queue.Empty):
            while True:
                self.parallel._ready_batches.get_nowait()
        self._call = Call(
            self._n_threads,
            # A generator and a limit of time need a caller who is free while tasks run.
            caller_waits=not self.parallel.return_generator and self.parallel.timeout is None,
            stop_with=self._stop_with,
        )
        self._recording = self._record()

    def submit(self, func: Any, callback: Callable[[Outcome], object] | None = None) -> None:
        """Queue a batch of tasks, joblib's `BatchedCalls`; `callback` takes its outcome where it ran."""
        if self._call is None or self._recording is None or callback is None:
            raise RuntimeError(
                "submit() is called by joblib.Parallel, between start_call and stop_call."
            )
        func.items = [self._recording.wrap(*item) for item in func.items]
        # Not before there is a task: joblib ends calls alone that have come so far.
        self._show()
        if len(func.items) > 1:
            # What one task of a batch does to its context is not for the next to see.
            func.items = [
                (self._call.caller.run, (task, *args), kwargs) for task, args, kwargs in func.items
            ]
        self._call.submit(func, callback)

    def retrieve_result_callback(self, out: Outcome) -> Any:
        """The result of a batch, or its error raised."""
        return out.get()

    @contextlib.contextmanager
    def retrieval_context(self) -> Iterator[None]:
        """Wait until all is done, where joblib would look every 10 ms."""
        if self._call is not None:
            self._call.wait()
        yield

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Drop the tasks that wait and interrupt those that run."""
        if self._recording is not None:
            self._recording.fail()
        if self._call is not None:
            self._call.cancel()

    def stop_call(self) -> None:
        """See the threads of the call off."""
        call, self._call = self._call, None
        recording, self._recording = self._recording, None
        if call is not None:
            call.end()
        if recording is not None:
            recording.end()

    def terminate(self) -> None:
        """Forget how long tasks took, and show no more."""
        tally, self._tally, self._shown = self._tally, None, False
        if tally is not None:
            hide(tally)
        self.reset_batch_stats()

    def get_nested_backend(self) -> tuple[ParallelBackendBase, None]:
        """The backend of the calls that a task makes."""
        level = (self.nesting_level or 0) + 1
        kind = type(self) if level < _DEEPEST else SequentialBackend
        return kind(nesting_level=level), None

    def _record(self) -> Recording:
        # Calls inside of a task are part of what the outermost one shows.
        if not self.nesting_level and self._progress is not False:
            self._tally = self._tally or Tally()
            self._tally.begin_call(self.parallel.n_tasks)
        return Recording(tally=self._tally)

    def _show(self) -> None:
        if self._tally is not None and not self._shown:
            self._shown = True
            show(self._tally, self._progress)

    def _loop(self, tasks: Iterable[_Task]) -> Iterator[Any]:
        """The loop of joblib, in which each task is made, run and recorded before the next is made.

        It runs in the context of the caller: what a task changes there, and the random numbers that it
        takes, the next one meets, as without the backend.
        """
        recording = self._record()
        try:
            yield from type(self.parallel)._get_sequential_output(
                self.parallel, self._recorded(tasks, recording)
            )
        except BaseException:
            recording.fail()
            raise
        finally:
            recording.end()
            # joblib does so for calls that were started, or at the end of `with Parallel()`.
            if not self.parallel._managed_backend:
                self.terminate()

    def _recorded(self, tasks: Iterable[_Task], recording: Recording) -> Iterator[_Task]:
        for task, args, kwargs in tasks:
            check_wanted()
            if self.nesting_level:
                yield recording.wrap_in_loop(task, args, kwargs)
            else:
                self._show()
                yield self._run_inside, recording.wrap(task, args, kwargs), {}

    def _run_inside(
        self, task: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        """Run `task` as one whose calls are inside of it, as joblib does with those that it hands over."""
        backend, n_jobs = self.get_nested_backend()
        with joblib.parallel_config(backend, n_jobs=n_jobs):
            return task(*args, **kwargs)

    def _stop_with(self, error: BaseException) -> None:
        """Let the caller of ``Parallel`` meet an error that came from between its tasks.

        joblib reports an ``Exception`` of the caller's iterable, and would wait for ever after any
        other error there.
        """

        def failing() -> Iterator[Any]:
            if isinstance(error, Exception):
                raise error
            raise RuntimeError(
                f"Got {error!r} where the next task of a parallel call was made, expected a task."
            ) from error
            yield

        while self.parallel.dispatch_one_batch(failing()):
            pass
