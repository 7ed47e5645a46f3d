"""Calls of compiled functions from Python: all arrays by one table of addresses and lengths."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Any

import numpy as np

from skdl.engine.kernel.pieces import Arguments, Inlined, Piece

# A function that Python calls: the address of a table that has two entries for each array.
ENTRY = Arguments("table", table="integer")

# numba's convention: a status, where to write the result and the error, then the arguments. ctypes lets other
# threads run meanwhile.
_FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)


def run(piece: Piece, dtype: str, types: str, arrays: Iterable[np.ndarray]) -> None:
    """Call a piece with the arguments `ENTRY`.

    Parameters
    ----------
    piece : Piece
    dtype : {"float32", "float64"}
    types : str
        A letter for each array, as in `arrays_by_table.py`.
    arrays : iterable of ndarray
        Without gaps, in the order in which the piece reads its table.

    Raises
    ------
    TypeError
        An array has another type than its letter says, or gaps.
    RuntimeError
        The compiled code ended with an error of numba's.
    """
    known = {"i": np.dtype(np.int64), "f": np.dtype(np.float64), "r": np.dtype(dtype)}
    held = list(zip(types, arrays, strict=True))
    table = np.array([_place(array, known[letter]) for letter, array in held], np.int64)
    result, error = ctypes.c_void_p(), ctypes.c_void_p()
    status = _FUNCTION(piece.address(dtype))(
        ctypes.addressof(result), ctypes.addressof(error), table.ctypes.data
    )
    if status:
        raise RuntimeError(f"A compiled function of the native kernel ended with status {status}.")


def _place(array: np.ndarray, dtype: np.dtype) -> tuple[int, int]:
    if array.dtype != dtype or not array.flags.c_contiguous:
        raise TypeError(f"Got an array of {array.dtype}, expected one of {dtype} without gaps.")
    return array.__array_interface__["data"][0], array.size


def _only_compiled(*_: Any) -> Any:
    raise NotImplementedError("Only compiled code calls this.")


table_at = Inlined(_only_compiled, "table_at")
# The array at a place of a table: of int64, of float64, and of the float type in use.
integers_of = Inlined(_only_compiled, "integers_of")
floats_of = Inlined(_only_compiled, "floats_of")
reals_of = Inlined(_only_compiled, "reals_of")

# A decaying average ends among subnormal numbers, for which a processor takes a hundred times as long.
# TensorFlow lets them be 0 too. At the end of a call the thread gets its own setting back.
flush_subnormals = Inlined(_only_compiled, "flush_subnormals")
restore_floats = Inlined(_only_compiled, "restore_floats")
