"""Compiled calls of single functions of the kernel, as numba makes them for tests."""

from __future__ import annotations

import functools

import numba
import numpy as np

from skdl.engine.kernel.compiling import native
from skdl.engine.kernel.primitives import call, part

OPTIONS = {"error_model": "numpy"}


@numba.njit
def _call_one(address, arguments):
    call(address, arguments)


def run_piece(piece, *arrays):
    """Run a piece on arrays, compiled for the type of the first one."""
    _call_one(piece.address(arrays[0].dtype.name), arrays)


@functools.cache
def over(function, dtype):
    """A function of one number, as a function of arrays that is compiled as in the pieces of the kernel."""
    made = native(function, dtype)

    @numba.njit(**OPTIONS)
    def loop(x, y):
        for i in range(x.shape[0]):
            y[i] = made(x[i])

    def values(x):
        found = np.empty_like(x)
        loop(x, found)
        return found

    return values


__all__ = ["OPTIONS", "call", "native", "over", "part", "run_piece"]
