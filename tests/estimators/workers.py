"""Ways to worker processes, and what a task finds there."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import joblib
from joblib.parallel import ParallelBackendBase

from skdl.estimators import worker_processes as processes

__all__ = [
    "Elsewhere",
    "ProcessPoolExecutor",
    "Traveller",
    "by_executor",
    "by_loky",
    "by_multiprocessing",
    "by_pool",
    "get_context",
    "joblib",
    "look",
    "look_at_file",
    "look_at_file_in_threads",
    "pickle",
    "processes",
    "same",
    "tell_threads",
    "threads_of_a_daemon",
]


class Traveller:
    """As much of an estimator as travels."""

    def __getstate__(self):
        return {"kept": 1, **processes.departure()}

    def __setstate__(self, state):
        processes.arrival(state)
        self.state = state


def tell_threads(number):
    """Tell TensorFlow how many threads compute one operation."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(number)


def look(traveller):
    """Whether a task is in a worker, what came with it, and TensorFlow's threads."""
    inside = processes.inside_worker()
    processes.configure_worker()
    import tensorflow as tf

    tf.config.list_logical_devices()  # starts TensorFlow
    options = tf.config.threading
    return (
        inside,
        traveller.state,
        options.get_intra_op_parallelism_threads(),
        options.get_inter_op_parallelism_threads(),
    )


def look_at_file(path):
    """The same for what a file holds."""
    with open(path, "rb") as file:
        return look(pickle.load(file))


def look_at_file_in_threads(path):
    """The same in a thread of joblib's."""
    with joblib.parallel_config("skdl"):
        return joblib.Parallel(n_jobs=2)([joblib.delayed(look_at_file)(path)])[0]


def threads_of_a_daemon(results):
    """Whether tasks in the threads of a process of the user's take it for a worker."""
    with joblib.parallel_config("threading"):
        calls = [joblib.delayed(processes.inside_worker)()] * 2
        results.put((joblib.Parallel(n_jobs=2)(calls), processes.departure()))


def same(traveller):
    """What came, sent back."""
    return traveller


def by_loky():
    """`look` in joblib's default backend."""
    return joblib.Parallel(n_jobs=2)([joblib.delayed(look)(Traveller())] * 2)[0]


def by_multiprocessing():
    """`look` in joblib's backend of that name."""
    calls = [joblib.delayed(look)(Traveller())] * 2
    return joblib.Parallel(n_jobs=2, backend="multiprocessing")(calls)[0]


def by_pool():
    """`look` in a pool of Python's."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(look, (Traveller(),))


def by_executor():
    """`look` in an executor of Python's."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(look, Traveller()).result()


class Elsewhere(ParallelBackendBase):
    """A backend of joblib whose tasks run in processes that `multiprocessing` knows nothing of.

    They get plain pickles, as from a cluster's scheduler.
    """

    supports_retrieve_callback = True

    def __init__(self, told="1", **options):
        super().__init__(**options)
        self._told, self._waits = told, ThreadPoolExecutor(1)

    def effective_n_jobs(self, n_jobs):
        return n_jobs

    def submit(self, func, callback=None):
        future = self._waits.submit(self._run, pickle.dumps(func.items))
        future.add_done_callback(callback)
        return future

    def retrieve_result_callback(self, out):
        return out.result()

    def terminate(self):
        self._waits.shutdown()

    def _run(self, sent):
        code = (
            "import pickle, sys\n"
            "items = pickle.load(sys.stdin.buffer)\n"
            "found = [task(*args, **kwargs) for task, args, kwargs in items]\n"
            "sys.stdout.buffer.write(pickle.dumps(found))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=sent,
            capture_output=True,
            check=True,
            env={**os.environ, processes.SETTING: self._told},
        )
        return pickle.loads(done.stdout)
