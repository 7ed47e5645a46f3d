"""scikeras replaces five methods in Keras. Importing skdl undoes that, and leaves a user's own import be."""

from __future__ import annotations

import subprocess
import sys

import pytest

OWNERS = """
import keras
METHODS = [(keras.Model, "__reduce__"), (keras.Model, "__deepcopy__"), (keras.Loss, "__reduce__"),
           (keras.Metric, "__reduce__"), (keras.Optimizer, "__reduce__")]
def now():
    return [(name in vars(owner), getattr(owner, name, None)) for owner, name in METHODS]
"""
PROGRAMS = {
    "skdl alone": OWNERS
    + """
import sys
before = now()
import skdl.wrappers.keras_estimators
assert "scikeras" in sys.modules
assert now() == before, now()
assert all("scikeras" not in str(getattr(method, "__module__", "")) for _, method in now())
""",
    "scikeras first": OWNERS
    + """
before = now()
import scikeras.wrappers
patched = now()
assert patched != before
assert all(own and method.__module__.startswith("scikeras") for own, method in patched)
import skdl.wrappers.keras_estimators
assert now() == patched, now()
""",
}


@pytest.fixture(scope="module")
def finished():
    """Both programs, each in a Python of its own, at the same time."""
    running = {
        name: subprocess.Popen(
            [sys.executable, "-c", program],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, program in PROGRAMS.items()
    }
    return {name: (*process.communicate(), process.returncode) for name, process in running.items()}


@pytest.mark.processes
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_methods_of_keras(name, finished):
    _, errors, code = finished[name]
    assert code == 0, errors
