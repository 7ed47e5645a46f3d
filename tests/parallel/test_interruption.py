"""Ctrl-C ends a call in each of its phases: a real signal, in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

from tests.selection import some

COMMON = """
    import os, signal, sys, threading, warnings
    import joblib
    from joblib import Parallel, delayed
    import skdl  # noqa: F401 - makes the backend known

    warnings.filterwarnings("ignore", "[0-9]+ tasks ")  # joblib tells of the tasks that it dropped
    before = list(warnings.filters)

    def interrupt(*_):
        os.kill(os.getpid(), signal.SIGINT)

    def spin(*_):
        while True:
            pass

    def report():
        threads = [thread for thread in threading.enumerate() if thread.name == "skdl"]
        print("interrupted", len(threads), list(warnings.filters) == before)
"""

PHASES = {
    "while the first tasks are made": """
        def tasks():
            yield delayed(spin)()
            interrupt()
            while True:
                yield delayed(abs)(1)

        Parallel(n_jobs=2, pre_dispatch=10**6)(tasks())
    """,
    "while tasks run": """
        both = threading.Barrier(2)

        def task(i):
            both.wait()
            if i == 0:
                interrupt()
            spin()

        Parallel(n_jobs=2)(delayed(task)(i) for i in range(50))
    """,
    "while a thread makes the next task": """
        def tasks():
            yield delayed(spin)()
            yield delayed(abs)(1)
            interrupt()
            yield delayed(spin)()

        Parallel(n_jobs=2, pre_dispatch=2)(tasks())
    """,
    "while a call with a limit of time waits": """
        Parallel(n_jobs=2, timeout=600)([delayed(interrupt)(), delayed(spin)()])
    """,
    "while inner calls run": """
        both = threading.Barrier(2)

        def inner(i):
            both.wait()
            Parallel(n_jobs=2)([delayed(interrupt if i == 0 else abs)(1), delayed(spin)()])

        Parallel(n_jobs=2)(delayed(inner)(i) for i in range(2))
    """,
    "between the results of a generator": """
        tasks = [delayed(abs)(1), delayed(spin)(), delayed(spin)()]
        for _ in Parallel(n_jobs=2, return_as="generator")(tasks):
            interrupt()
    """,
    "while a search fits": """
        from sklearn.dummy import DummyClassifier
        from sklearn.model_selection import GridSearchCV

        before = list(warnings.filters)  # scikit-learn has some of its own
        once = threading.Lock()

        class Endless(DummyClassifier):
            def fit(self, X, y):
                if once.acquire(blocking=False):
                    interrupt()
                spin()

        GridSearchCV(Endless(), {"constant": [0, 1]}, cv=2).fit([[0.0]] * 8, [0, 1] * 4)
    """,
    "while a network trains": """
        from sklearn.model_selection import cross_val_score
        from skdl import KerasRegressor
        from skdl.common.keras_import import load_keras, start_devices

        keras = load_keras()
        start_devices()
        before = list(warnings.filters)
        once = threading.Lock()

        def build(meta):
            if once.acquire(blocking=False):
                interrupt()
            return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])

        endless = KerasRegressor(build, loss="mse", optimizer="sgd", epochs=10**6)
        cross_val_score(endless, [[0.0]] * 8, [0.0, 1.0] * 4, cv=2, error_score="raise")
    """,
}


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    "phase",
    some(PHASES, "while a search fits", "while inner calls run", mark="processes"),
)
def test_ctrl_c(phase):
    done = run(
        textwrap.dedent(COMMON)
        + 'try:\n    with joblib.parallel_config("skdl"):\n'
        + textwrap.indent(textwrap.dedent(PHASES[phase]), " " * 8)
        + "\nexcept KeyboardInterrupt:\n    pass\nreport()\n"
    )
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted 0 True\n", "", 0)


@pytest.mark.processes
def test_a_script_that_is_interrupted_ends_like_any_other():
    done = run(
        textwrap.dedent(COMMON)
        + 'with joblib.parallel_config("skdl"):\n'
        + "    Parallel(n_jobs=2)([delayed(interrupt)(), delayed(spin)()])\n"
    )
    assert done.returncode == -signal.SIGINT
    assert done.stderr.endswith("KeyboardInterrupt\n")
    assert done.stdout == ""
