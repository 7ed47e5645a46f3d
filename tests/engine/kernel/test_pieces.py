"""Pieces: compiled when they are needed, called by their address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest

from skdl.engine.kernel.arguments import FORWARD, N_SIZES
from skdl.engine.kernel.pieces import piece
from tests.engine.kernel.native import OPTIONS, call, part, run_piece

NONE = np.zeros(0), np.zeros(N_SIZES, np.int64)  # no numbers, and the sizes


def doubled(x, y, kept, w, f, numbers, sizes):
    for i in range(x.shape[0]):
        y[i] = x[i] + x[i]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_piece_runs_for_the_type_of_its_arrays(dtype):
    x, made = np.array([1.5, -2.0], dtype), piece(FORWARD)(doubled)
    y = np.empty_like(x)
    run_piece(made, x, y, x[:0], x[:0], x[:0], *NONE)
    assert y.tolist() == [3.0, -4.0]


def test_threads_that_ask_at_once_get_one_address():
    made = piece(FORWARD)(doubled)
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: made.address("float32"), range(32)))
    assert len(found) == 1


def test_one_compiled_loop_calls_any_piece():
    @numba.njit(**OPTIONS)
    def loop(addresses, x, y, kept, numbers, sizes):
        for address in addresses:
            none = part(kept, 0, 0)
            call(address, (x, y, kept, none, none, numbers, sizes))
            for i in range(x.shape[0]):
                x[i] = y[i]

    def shifted(x, y, kept, w, f, numbers, sizes):
        for i in range(x.shape[0]):
            y[i] = x[i] + x.dtype.type(1)

    one, two = piece(FORWARD)(doubled), piece(FORWARD)(shifted)
    x = np.array([1.0, 5.0], np.float32)
    for order, expected in (((one, two), [3.0, 11.0]), ((two, one, one), [8.0, 24.0])):
        given = x.copy()
        addresses = np.array([made.address("float32") for made in order])
        loop(addresses, given, x.copy(), x.copy(), *NONE)
        assert given.tolist() == expected


def test_a_part_is_a_view_and_may_be_empty():
    @numba.njit(**OPTIONS)
    def fill(array, start, stop):
        inside = part(array, start, stop)
        for i in range(inside.shape[0]):
            inside[i] = 1
        return inside.shape[0]

    values = np.zeros(5)
    assert fill(values, 1, 3) == 2
    assert fill(values, 5, 5) == 0
    assert values.tolist() == [0, 1, 1, 0, 0]


INTERPRETED = """
import json, sys
import keras
keras.config.set_floatx("float64"); keras.config.set_dtype_policy("float64")
from tests.engine.kernel.cases import CASES
from tests.engine.oracle import by_kernel, job_of
case = CASES[sys.argv[1]]
result = by_kernel(job_of(case.build, *case.rows(), **case.settings()))
assert "numba" not in sys.modules
print(json.dumps([result.history["loss"], [v.tolist() for v in result.end.variables]]))
"""


@pytest.mark.processes
@pytest.mark.parametrize("name", ["validation and noise", "sparse crossentropy", "stopping"])
def test_without_a_compiler_python_gives_the_same(float64, name):
    from tests.engine.kernel.cases import CASES
    from tests.engine.oracle import by_kernel, job_of

    path = os.pathsep.join(part for part in sys.path if part)
    names = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path}
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", INTERPRETED, name]
    done = subprocess.run(command, env=names, capture_output=True, text=True, check=True)
    losses, variables = json.loads(done.stdout.splitlines()[-1])
    case = CASES[name]
    result = by_kernel(job_of(case.build, *case.rows(), **case.settings()))
    np.testing.assert_allclose(losses, result.history["loss"], rtol=1e-12)
    for ours, theirs in zip(variables, result.end.variables, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)
