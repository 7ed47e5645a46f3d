"""The library by which the kernel multiplies matrices: SciPy's BLAS."""

from __future__ import annotations

import functools

import scipy


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
