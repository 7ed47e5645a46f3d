"""Objects whose attributes do not tell their state count by what they hold now."""

from __future__ import annotations

import contextvars
import itertools
import random
import threading

import numpy as np
import pytest

from skdl.engine.identity.reader import Reader


def thread_local(value):
    made = threading.local()
    made.value = value
    return made


def context_variable(value):
    made = contextvars.ContextVar("value")
    made.set(value)
    return made


CHANGING = {
    "an iterator": (lambda: itertools.count(), next),
    "a generator": (lambda: (i for i in range(3)), next),
    "random": (lambda: random.Random(0), lambda made: made.random()),
    "NumPy's generator": (lambda: np.random.default_rng(0), lambda made: made.random()),
    "NumPy's old one": (lambda: np.random.RandomState(0), lambda made: made.rand()),
    "its bits": (lambda: np.random.PCG64(0), lambda made: made.random_raw()),
    "a context variable": (lambda: context_variable(1), lambda made: made.set(2)),
    "a thread's own": (lambda: thread_local(1), lambda made: setattr(made, "value", 2)),
}


@pytest.mark.parametrize("in_graph", [False, True])
@pytest.mark.parametrize("case", CHANGING)
def test_an_object_that_has_changed_is_another(case, in_graph):
    make, change = CHANGING[case]
    made, readers = make(), [Reader(in_graph) for _ in range(2)]
    before = readers[0].value(made), readers[0].opaque
    change(made)
    assert (readers[1].value(made), readers[1].opaque) != before
