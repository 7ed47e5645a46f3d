"""Worker processes compute with the parent's number of threads, and the first use of them prints a hint."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from skdl.estimators.worker_processes import (
    HINT,
    arrival,
    configure_worker,
    departure,
    inside_worker,
)

TRAVELLER = """
    from joblib.externals.loky import get_reusable_executor
    from skdl.estimators import worker_processes

    class Traveller:
        def __getstate__(self):
            return {"kept": 1, **worker_processes.departure()}

        def __setstate__(self, state):
            worker_processes.arrival(state)
            self.state = state

    def look(traveller):
        worker_processes.configure_worker()
        import tensorflow as tf
        tf.config.list_logical_devices()  # starts TensorFlow
        options = tf.config.threading
        return (
            worker_processes.inside_worker(),
            traveller.state,
            options.get_intra_op_parallelism_threads(),
            options.get_inter_op_parallelism_threads(),
        )

    def search():
        # What joblib's default backend runs on, with one worker where that has two or more.
        return get_reusable_executor(max_workers=1).submit(look, Traveller()).result()
"""


def run(code):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(TRAVELLER) + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def test_this_is_no_worker():
    assert not inside_worker()
    configure_worker()  # a started TensorFlow would refuse another number of threads


def test_what_is_pickled_for_a_file_takes_nothing_along():
    assert departure() == {}


def test_an_arrival_takes_its_entry_and_no_other():
    state = {"units": 8}
    arrival(state)
    assert state == {"units": 8}


def test_workers_keep_the_number_of_threads_and_one_hint_is_printed():
    done = run(
        """
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(3)
        expected = (True, {"kept": 1}, 3, 1)
        assert search() == expected
        assert search() == expected  # the workers' TensorFlow has started
        """
    )
    assert done.stderr.count(HINT) == 1
    assert done.stdout == ""


def test_the_hint_names_the_two_lines():
    assert 'with joblib.parallel_config("skdl"):\n        GridSearchCV(...).fit(X, y)' in HINT
