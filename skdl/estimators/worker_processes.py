"""What worker processes need so that a fit has the bits there that it has here, and the hint about them.

joblib's default backend sends estimators to worker processes. The number of threads that TensorFlow
computes one operation with changes bits, so it travels inside the pickled estimator::

    __getstate__    state = {**state, **departure()}     in the process that searches
    __setstate__    arrival(state)                       takes its entry out again, in the worker
    before a fit    configure_worker()                   before TensorFlow starts its threads

A worker is a process that got an estimator from the process which started it, or that runs tasks of joblib's
for it. Other processes, such as the workers of a cluster, count if ``SKDL_WORKER=1`` is in their environment.
An estimator that is read from a file makes no worker of a process.

That an estimator is sent to another process is told by the pickler: those of `multiprocessing` and of
joblib's loky have a table of how types are sent, and no other pickler looks there.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import warnings
from multiprocessing.reduction import ForkingPickler
from typing import Any

from joblib.externals.loky.backend import reduction as loky_reduction
from joblib.parallel import get_active_backend

from skdl.common.keras_import import load_keras, quiet_start, start_devices

HINT = """\
skdl: these fits run in worker processes. Each process loads the native kernel, or imports TensorFlow and
compiles for itself. Threads of one process share all that and give the same bits:

    with joblib.parallel_config("skdl"):
        GridSearchCV(...).fit(X, y)
"""
# "1" says that a process is a worker, whoever started it.
SETTING = "SKDL_WORKER"

_ENTRY = "_departure"
_THREADS, _SENDER = "intra_op_threads", "sender"

_lock = threading.Lock()
_hinted = False
_found_devices = False
_sent_here = False
_wanted: int | None = None


class _Departure:
    """What a pickle holds beside an estimator: a dict, which is made when it is pickled.

    In a file it says how many threads TensorFlow was told to use, if it was, and nothing of the process: a
    pickle, and a digest of one, is the same in all processes.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        threads = intra_op_threads()
        return dict, ({_THREADS: threads} if threads else {},)


def _sent(departure: _Departure) -> tuple[Any, ...]:
    """What travels with an estimator that is sent to another process; the first one prints `HINT`."""
    global _hinted
    with _lock:
        first, _hinted = not _hinted, True
    searches = multiprocessing.parent_process() is None and not inside_worker()
    if first and searches and sys.stderr is not None:
        print(HINT, file=sys.stderr, flush=True)
    return dict, ({_THREADS: intra_op_threads(), _SENDER: os.getpid()},)


ForkingPickler.register(_Departure, _sent)
loky_reduction.register(_Departure, _sent)


def inside_worker() -> bool:
    """Whether this process runs tasks for another one."""
    if os.environ.get(SETTING) == "1":
        return True
    if multiprocessing.parent_process() is None:
        return False
    if _sent_here:
        return True
    # joblib's backend "multiprocessing" has a pickler without such a table. Its workers are daemonic.
    inside_task = (get_active_backend()[0].nesting_level or 0) > 0
    # A daemonic process of the user's may run tasks in threads of its own.
    of_process = threading.current_thread() is threading.main_thread()
    return inside_task and of_process and multiprocessing.current_process().daemon


def departure() -> dict[str, Any]:
    """What the state of an estimator has beside its attributes, for whoever pickles it.

    Examples
    --------
    >>> import pickle
    >>> pickle.loads(pickle.dumps(departure()))  # nobody has told TensorFlow a number of threads
    {'_departure': {}}
    """
    return {_ENTRY: _Departure()}


def arrival(state: dict[str, Any]) -> None:
    """Take out of `state` what `departure` put there, for `configure_worker`."""
    global _wanted, _sent_here
    entry = state.pop(_ENTRY, None)
    if not isinstance(entry, dict):  # of a copy within the process
        return
    parent = multiprocessing.parent_process()
    sent = parent is not None and entry.get(_SENDER) == parent.pid
    if sent or not _sent_here:  # a file does not know better
        _wanted = entry.get(_THREADS, _wanted)
    _sent_here = _sent_here or sent


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


def start_tensorflow() -> None:
    """Import TensorFlow and let it look for its devices, with the threads of the process that searches."""
    configure_worker()
    start_devices()


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
    wanted = _wanted
    try:
        if "TF_NUM_INTEROP_THREADS" not in os.environ:
            threading_options.set_inter_op_parallelism_threads(1)
        if wanted is not None:
            threading_options.set_intra_op_parallelism_threads(wanted)
    except RuntimeError:
        found = intra_op_threads()
        if wanted not in (None, found):
            warnings.warn(
                f"Got a worker process whose TensorFlow runs with intra_op_parallelism_threads={found}, "
                f"expected {wanted} as in the process that searches: results can differ in their "
                "last bits. Set the number before the first search.",
                stacklevel=2,
            )
