"""The library by which the kernel multiplies matrices: SciPy's BLAS."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import scipy

from skdl.engine.kernel.pieces import INTERPRETED, Inlined


@functools.cache
def obstacle_of_blas() -> str | None:
    """Why the kernel does not run with SciPy's BLAS, as the second half of a sentence; None where it does.

    That the bits of a product below a certain size depend on no number of threads is known of OpenBLAS.

    Examples
    --------
    >>> obstacle_of_blas() is None or "OpenBLAS" in obstacle_of_blas()
    True
    """
    name = str(scipy.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"])
    if "openblas" in name.lower():
        return None
    return f"SciPy multiplies by {name}, and the native kernel was tested with OpenBLAS"


@functools.cache
def gemm_address(dtype: str) -> int:
    """Where BLAS's product of matrices for a float type is in this process."""
    if INTERPRETED:
        return 0
    from scipy.linalg import cython_blas

    capsule = cython_blas.__pyx_capi__[{"float32": "sgemm", "float64": "dgemm"}[dtype]]
    name, pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(pointer(capsule, name(capsule)))


def _product(
    address: int, a: Any, b: Any, out: Any, p: int, q: int, n: int, a_turned: int, b_turned: int
) -> None:
    """out = a b, for flat arrays of matrices with p rows, q columns and n terms."""
    left = a[: p * n].reshape((n, p)).T if a_turned else a[: p * n].reshape((p, n))
    right = b[: n * q].reshape((q, n)).T if b_turned else b[: n * q].reshape((n, q))
    out[: p * q] = (left @ right).reshape(-1)


product = Inlined(_product, "product")
