"""A task finds what its caller has set, and what it sets itself stays with it."""

from __future__ import annotations

import contextvars
import threading

import keras
import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config

import skdl  # noqa: F401 - makes the backend known
from skdl.parallel import caller_context


@pytest.fixture(autouse=True)
def backend():
    with parallel_config("skdl"):
        yield


class Mine:
    """A custom object."""


COLOUR = contextvars.ContextVar("colour", default="none")


def test_a_task_has_the_context_of_the_caller_and_changes_only_its_own():
    def task():
        seen = COLOUR.get(), np.geterr()["over"]
        COLOUR.set("spilt")
        np.seterr(over="print")
        return seen

    def tasks():
        for _ in range(50):
            made_in.add(COLOUR.get())
            yield delayed(task)()

    made_in = set()
    token = COLOUR.set("green")
    with np.errstate(over="raise"):
        found = Parallel(n_jobs=2, pre_dispatch=2)(tasks())
    assert set(found) == {("green", "raise")}
    assert made_in == {"green"}
    assert COLOUR.get() == "green"
    COLOUR.reset(token)


def keras_settings():
    return (
        keras.config.dtype_policy().name,
        keras.saving.get_registered_object("mine") is Mine,
        keras.config.is_interactive_logging_enabled(),
    )


@pytest.mark.parametrize("inner_jobs", [None, 2])
def test_a_task_has_the_keras_settings_of_the_caller(inner_jobs):
    outside = keras_settings()
    meet = threading.Barrier(2, timeout=60)

    def task():
        seen = keras_settings()
        keras.config.set_dtype_policy("float16")
        return seen

    def inner():
        meet.wait()
        keras.config.set_dtype_policy("mixed_bfloat16")
        first = Parallel(n_jobs=inner_jobs)(delayed(keras_settings)() for _ in range(3))
        Parallel(n_jobs=2)(delayed(task)() for _ in range(3))
        return first

    def tasks():
        for _ in range(50):
            made_with.add(keras_settings())
            yield delayed(task)()

    made_with = set()
    keras.config.set_dtype_policy("float64")
    try:
        with keras.saving.custom_object_scope({"mine": Mine}):
            expected = ("float64", True, outside[2])
            found = Parallel(n_jobs=2, pre_dispatch=2)(tasks())
            nested = Parallel(n_jobs=2)(delayed(inner)() for _ in range(2))
            assert keras_settings() == expected
    finally:
        keras.config.set_dtype_policy(outside[0])
    assert made_with == set(found) == {expected}
    assert nested == [[("mixed_bfloat16", True, outside[2])] * 3] * 2
    assert keras_settings() == outside


def test_keras_that_another_thread_is_importing_is_not_asked(monkeypatch, float64):
    found = caller_context._keras_settings()
    assert found["dtype_policy"].name == "float64"
    monkeypatch.setattr(keras.__spec__, "_initializing", True, raising=False)
    assert set(caller_context._keras_settings().values()) == {None}
    caller_context._set_keras({"dtype_policy": "never set"})
    monkeypatch.undo()
    assert caller_context._keras_settings() == found
