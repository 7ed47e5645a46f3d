"""Worker processes compute with the parent's number of threads, and the first use of them prints a hint."""

from __future__ import annotations

import copy
import io
import os
import pickle
import subprocess
import sys
from multiprocessing.reduction import ForkingPickler

import joblib
import pytest

from skdl import MLPClassifier
from skdl.estimators.worker_processes import (
    HINT,
    arrival,
    configure_worker,
    departure,
    inside_worker,
)

COMMON = "from tests.estimators.workers import *\n"


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", COMMON + code],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
    )


def test_this_is_no_worker():
    assert not inside_worker()
    configure_worker()  # a started TensorFlow would refuse another number of threads


def test_an_arrival_takes_its_entry_and_no_other():
    state = {"units": 8, **departure()}
    arrival(state)
    assert state == {"units": 8}
    arrival(state)
    assert state == {"units": 8}


@pytest.mark.processes
def test_what_is_pickled_for_a_file_says_nothing_of_the_process():
    estimator = MLPClassifier(units=3)
    here = pickle.dumps(estimator)
    done = run(
        "import joblib, pickle\n"
        "from skdl import MLPClassifier\n"
        "print(pickle.dumps(MLPClassifier(units=3)).hex())\n"
        "print(joblib.hash(MLPClassifier(units=3)))\n"
    )
    assert done.stdout.split() == [here.hex(), joblib.hash(estimator)], done.stderr
    assert pickle.loads(pickle.dumps(departure())) == {"_departure": {}}


def test_what_is_sent_to_a_process_names_the_sender():
    stream = io.BytesIO()
    ForkingPickler(stream).dump(departure())
    sent = pickle.loads(stream.getvalue())["_departure"]
    assert sent == {"intra_op_threads": 0, "sender": os.getpid()}


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_no_arrival(copied):
    twin = copied(MLPClassifier(units=3))
    assert vars(twin) == vars(MLPClassifier(units=3))


@pytest.mark.processes
@pytest.mark.parametrize("way", ["loky", "pool", "executor"])
def test_workers_keep_the_number_of_threads_and_one_hint_is_printed(way):
    done = run(
        f"""
if __name__ == "__main__":
    tell_threads(3)
    expected = (True, {{"kept": 1}}, 3, 1)
    assert by_{way}() == expected, by_{way}()
    assert by_{way}() == expected  # the workers' TensorFlow may have started
"""
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr.count(HINT) == 1


@pytest.mark.processes
def test_workers_of_joblibs_multiprocessing_keep_the_number_of_threads():
    done = run(
        """
if __name__ == "__main__":
    tell_threads(3)
    assert by_multiprocessing() == (True, {"kept": 1}, 3, 1), by_multiprocessing()
"""
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.processes
@pytest.mark.parametrize(("told", "expected"), [("1", (True, 3, 1)), ("0", (False, 0, 0))])
def test_a_process_that_others_started_is_a_worker_where_it_is_told_so(told, expected):
    """As those of a cluster are: joblib's Dask and Ray backends send pickles to such processes."""
    done = run(
        f"""
if __name__ == "__main__":
    tell_threads(3)
    joblib.register_parallel_backend("elsewhere", Elsewhere)
    with joblib.parallel_config("elsewhere", told={told!r}):
        (found,) = joblib.Parallel(n_jobs=2)([joblib.delayed(look)(Traveller())])
    print(found)
"""
    )
    inside, intra, inter = expected
    assert done.stdout == f"{(inside, {'kept': 1}, intra, inter)}\n", done.stderr


@pytest.mark.processes
def test_a_process_of_the_user_is_no_worker_and_sends_results_without_a_hint():
    done = run(
        """
if __name__ == "__main__":
    context = get_context("spawn")
    results = context.Queue()
    process = context.Process(target=threads_of_a_daemon, args=(results,), daemon=True)
    process.start()
    found, entry = results.get(timeout=200)
    process.join()
    assert found == [False, False], found
    assert entry["_departure"]["sender"] == process.pid
"""
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.processes
def test_a_file_makes_no_worker_of_a_process(tmp_path):
    """Not of one that the process of the file has started, and not in joblib's threads."""
    path = tmp_path / "estimator"
    done = run(
        f"""
if __name__ == "__main__":
    tell_threads(3)
    with open({str(path)!r}, "wb") as file:
        pickle.dump(Traveller(), file)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        print(pool.submit(look_at_file, {str(path)!r}).result())
        print(pool.submit(look_at_file_in_threads, {str(path)!r}).result())
"""
    )
    assert done.stdout == f"{(False, {'kept': 1}, 0, 0)}\n" * 2, done.stderr
    assert HINT not in done.stderr


@pytest.mark.processes
def test_results_that_come_back_make_no_worker_of_the_process_that_searches():
    done = run(
        """
if __name__ == "__main__":
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        back = pool.submit(same, Traveller()).result()
    print(back.state, processes.inside_worker())
"""
    )
    assert done.stdout == "{'kept': 1} False\n", done.stderr
    assert done.stderr.count(HINT) == 1


def test_the_hint_names_the_two_lines():
    assert 'with joblib.parallel_config("skdl"):\n        GridSearchCV(...).fit(X, y)' in HINT
