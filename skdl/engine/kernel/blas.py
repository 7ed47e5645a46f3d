"""The library by which the kernel multiplies matrices: SciPy's BLAS."""

from __future__ import annotations

import ctypes
import functools
import platform
from typing import Any

import numpy as np
import scipy

from skdl.engine.kernel.pieces import INTERPRETED, Inlined, inlined, part

# SciPy's BLAS uses one thread for products of at most this many multiplications. Above, the bits of a product
# would depend on the number of its threads, and two fits would hinder each other. Larger products are cut
# into blocks. On ARM, OpenBLAS computes some products of 125,000 multiplications on several threads.
_IS_X86 = platform.machine().lower() in ("x86_64", "amd64")
LARGEST_PRODUCT = 2**19 - 1 if _IS_X86 else 124_999


@functools.cache
def obstacle_of_blas() -> str | None:
    """Why the kernel does not run with SciPy's BLAS, as the second half of a sentence; None where it does.

    That the bits of a product below a certain size depend on no number of threads is known of OpenBLAS.

    Examples
    --------
    >>> obstacle_of_blas() is None or "SciPy" in obstacle_of_blas()
    True
    """
    name = str(scipy.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"])
    if "openblas" not in name.lower():
        return f"SciPy multiplies by {name}, and the native kernel was tested with OpenBLAS"
    told = {_gemm(name)[0] for name in ("sgemm", "dgemm")}
    if all("int *" in one and "int64" not in one and "long" not in one for one in told):
        return None
    return f"SciPy's products take arguments of other types, {sorted(told)}"


@functools.cache
def blas_name() -> str:
    """The BLAS library that multiplies, with its version and the processor that it has code for.

    The bits of a fit depend on all three.

    Examples
    --------
    >>> isinstance(blas_name(), str)
    True
    """
    from scipy.linalg import cython_blas  # noqa: F401 - which loads the library
    from threadpoolctl import threadpool_info

    found = [one for one in threadpool_info() if one["user_api"] == "blas"]
    # NumPy may have a library of its own.
    own = [one for one in found if "scipy" in one["filepath"].rpartition("site-packages")[2]]
    own = [one for one in own if "numpy" not in one["filepath"].rpartition("site-packages")[2]]
    names = {
        f"{one['internal_api']} {one['version']} for {one.get('architecture', 'any processor')}"
        for one in own or found
    }
    return " and ".join(sorted(names))


@functools.cache
def gemm_address(dtype: str) -> int:
    """Where BLAS's product of matrices for a float type is in this process."""
    if INTERPRETED:
        return 0
    return _gemm({"float32": "sgemm", "float64": "dgemm"}[dtype])[1]


def _gemm(function: str) -> tuple[str, int]:
    """The signature of a function of BLAS's, and its address."""
    from scipy.linalg import cython_blas

    # Prototypes of our own: argument types set on `ctypes.pythonapi` change the calls of all libraries.
    api = ctypes.pythonapi
    name_of = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", api))
    kind = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
    pointer_of = kind(("PyCapsule_GetPointer", api))
    capsule = cython_blas.__pyx_capi__[function]
    name = name_of(capsule)
    return name.decode(), int(pointer_of(capsule, name))


def _product(
    address: int,
    a: Any,
    b: Any,
    out: Any,
    p: int,
    q: int,
    n: int,
    a_turned: int,
    b_turned: int,
    a_stride: int,
    b_stride: int,
    out_stride: int,
    adds: int,
) -> None:
    """out = a b, or out += a b, for flat arrays of matrices with p rows, q columns and n terms."""
    left = _matrix(a, (n, p) if a_turned else (p, n), a_stride)
    right = _matrix(b, (q, n) if b_turned else (n, q), b_stride)
    found = (left.T if a_turned else left) @ (right.T if b_turned else right)
    into = _matrix(out, (p, q), out_stride)
    into[...] = into + found if adds else found


def _matrix(flat: Any, shape: tuple[int, int], stride: int) -> Any:
    """A matrix in a flat array; its rows lie `stride` numbers apart."""
    size = flat.itemsize
    return np.lib.stride_tricks.as_strided(flat, shape, (stride * size, size))


product = Inlined(_product, "product")

# From about this size on OpenBLAS may compute a product with a vector on several threads.
_LARGE_VECTOR = 9216


@inlined
def multiply(address, a, b, out, p, q, n, a_turned, b_turned):
    """out = a b, in blocks whose bits depend on no number of threads.

    a has p rows and n columns, b has n rows and q columns. A matrix that is turned lies as its transpose.
    """
    if (p == 1 or q == 1) and p * q * n >= _LARGE_VECTOR:
        for i in range(p):
            for j in range(q):
                total = out.dtype.type(0)
                for k in range(n):
                    of_a = a[k * p + i] if a_turned else a[i * n + k]
                    total += of_a * (b[j * n + k] if b_turned else b[k * q + j])
                out[i * q + j] = total
        return
    # The longest side is cut. Blocks along another side would be thin, and BLAS would take up to 2.4 times as
    # long (benchmarks/results.md).
    longest = max(p, q, n)
    most = max(1, LARGEST_PRODUCT // (p * q * n // longest))
    count = (longest + most - 1) // most
    p_start, q_start, n_start, p_stop, q_stop, n_stop = 0, 0, 0, p, q, n
    for number in range(count):
        start, stop = number * longest // count, (number + 1) * longest // count
        if q == longest:
            q_start, q_stop = start, stop
        elif n == longest:
            n_start, n_stop = start, stop
        else:
            p_start, p_stop = start, stop
        product(
            address,
            part(a, n_start * p + p_start if a_turned else p_start * n + n_start, a.shape[0]),
            part(b, q_start * n + n_start if b_turned else n_start * q + q_start, b.shape[0]),
            part(out, p_start * q + q_start, out.shape[0]),
            p_stop - p_start,
            q_stop - q_start,
            n_stop - n_start,
            a_turned,
            b_turned,
            p if a_turned else n,
            n if b_turned else q,
            q,
            n_start,  # BLAS adds each block of terms after the first one to out
        )
