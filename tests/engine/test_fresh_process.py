"""A fit gives what it gives in a process that has fitted nothing before, bit for bit."""

from __future__ import annotations

import logging
import os
import random
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.engine.fresh_process import FreshProcesses
from tests.engine.identity_build_cases import FOLDER, Config, dense, regressor
from tests.engine.identity_cases import ENGINES, all_cases, numbers, outcome
from tests.selection import some

ARRAY = Path(FOLDER.name) / "array.npy"


class Fresh:
    """What the fits of cases give in a process of their own, each case once."""

    def __init__(self, server):
        self._server, self._known = server, {}

    def outcomes(self, name):
        case = all_cases()[name]
        key = case.like or name, 1, case.engines
        if key not in self._known:
            self._known[key] = self._server.outcomes(*key)
        return self._known[key]


@pytest.fixture(scope="module")
def fresh():
    with FreshProcesses() as server:
        yield Fresh(server)


def assert_same(one, other):
    """Two outcomes are equal bit for bit."""
    assert one.keys() == other.keys()
    for part in one:
        ours, theirs = (keras.tree.flatten(outcome[part]) for outcome in (one, other))
        assert len(ours) == len(theirs), part
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b, err_msg=part, strict=True)


def assert_close(one, other):
    """Two outcomes are equal but for rounding."""
    for ours, theirs in zip(one["weights"], other["weights"], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(one["predictions"], other["predictions"], rtol=1e-3, atol=1e-4)


@pytest.mark.thorough
@pytest.mark.parametrize("name", all_cases())
def test_a_fit_is_what_it_is_in_a_process_of_its_own(name, fresh):
    case, found = all_cases()[name], {}
    for engine in ENGINES:
        if engine in case.first_by:
            outcome(name, 0, engine)
        found[engine] = outcome(name, 1, engine)
    for engine, expected in fresh.outcomes(name).items():
        assert_same(found[engine], expected)
    # What both lose, a process of its own loses too.
    assert_close(found["auto"], found["keras"])


OUTSIDE = {
    "time": lambda: time.time(),
    "random": lambda: random.random(),
    "np.random": lambda: np.random.random(),  # noqa: NPY002 - what a user may read
    "os.environ": lambda: os.environ.get("UNITS"),
    "os.getenv": lambda: os.getenv("UNITS"),
    "open": lambda: open(__file__).close(),
    "Path": lambda: Path(__file__).read_text(),
    "np.load": lambda: np.load(ARRAY),
    "getattr": lambda: getattr(Config, "".join(["un", "its"])),
    "globals": lambda: globals()["ARRAY"],
    "eval": lambda: eval("ARRAY"),
}


@pytest.mark.parametrize("name", some(OUTSIDE, "time"))
def test_a_function_that_cannot_be_read_to_its_end_is_called_at_every_fit(name, caplog):
    read = OUTSIDE[name]

    def build(meta):
        logging.getLogger("built").info("built")
        read()
        return dense(4)

    np.save(ARRAY, 0)
    X, y = numbers()
    with caplog.at_level(logging.INFO, logger="built"):
        for _ in range(2):
            caplog.clear()
            regressor(build).fit(X, y)
            assert [record.message for record in caplog.records if record.name == "built"]
