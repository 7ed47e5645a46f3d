"""What worker processes need so that a fit has the bits there that it has here, and the hint about them.

joblib's default backend sends estimators to worker processes. The number of threads that TensorFlow
computes one operation with changes bits, so it travels inside the pickled estimator::

    __getstate__    state = {**state, **departure()}     in the process that searches
    __setstate__    arrival(state)                       takes its entry out again, in the worker
    before a fit    configure_worker()                   before TensorFlow starts its threads
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import warnings
from typing import Any

from skdl.common.keras_import import load_keras, quiet_start

HINT = """\
skdl: these fits run in worker processes, each of which imports TensorFlow and compiles for itself.
Threads of one process share all that and give the same bits:

    with joblib.parallel_config("skdl"):
        GridSearchCV(...).fit(X, y)
"""

_ENTRY = "_intra_op_threads"

_lock = threading.Lock()
_hinted = False
_found_devices = False
_wanted = 0


def inside_worker() -> bool:
    """Whether this process is one that joblib started to run tasks in."""
    return type(multiprocessing.current_process()).__name__.startswith("Loky")


def departure() -> dict[str, int]:
    """What a pickled estimator takes along: nothing, unless it is on its way to another process.

    The first departure of a process prints `HINT`.

    Examples
    --------
    >>> departure()  # this thread pickles for a file, say
    {}
    """
    global _hinted
    # So is the thread called that pickles the tasks of a queue between processes: joblib's and Python's own.
    if threading.current_thread().name != "QueueFeederThread":
        return {}
    with _lock:
        first, _hinted = not _hinted, True
    if first and not inside_worker() and sys.stderr is not None:
        print(HINT, file=sys.stderr, flush=True)
    return {_ENTRY: intra_op_threads()}


def arrival(state: dict[str, Any]) -> None:
    """Take out of `state` what `departure` put there, for `configure_worker`."""
    global _wanted
    _wanted = state.pop(_ENTRY, _wanted)


def intra_op_threads() -> int:
    """How many threads TensorFlow was told to compute one operation with; 0 leaves it to TensorFlow.

    Left to TensorFlow the number follows from the machine and the environment, which a worker shares.
    """
    global _found_devices
    tf = sys.modules.get("tensorflow")
    if tf is None:
        return 0
    with _lock:
        if _found_devices:
            return int(tf.config.threading.get_intra_op_parallelism_threads())
        with quiet_start():
            _found_devices = True
            return int(tf.config.threading.get_intra_op_parallelism_threads())


def configure_worker() -> None:
    """Give TensorFlow the threads that it has in the process that searches, if this is a worker of it.

    The number of threads for one operation is kept, as bits depend on it. Operations that run side by
    side do not change bits: a worker runs one task, so one thread is enough for them and the workers
    do not crowd the machine. A number in ``TF_NUM_INTEROP_THREADS`` has precedence.

    Warns
    -----
    UserWarning
        If TensorFlow has started in this worker with another number of threads.
    """
    if not inside_worker():
        return
    load_keras()
    import tensorflow as tf

    threading_options = tf.config.threading
    try:
        if "TF_NUM_INTEROP_THREADS" not in os.environ:
            threading_options.set_inter_op_parallelism_threads(1)
        threading_options.set_intra_op_parallelism_threads(_wanted)
    except RuntimeError:
        found = intra_op_threads()
        if found != _wanted:
            warnings.warn(
                f"Got a worker process whose TensorFlow runs with intra_op_parallelism_threads={found}, "
                f"expected {_wanted} as in the process that searches: results can differ in their "
                "last bits. Set the number before the first search.",
                stacklevel=2,
            )
