"""The functions of the kernel in single precision, over their whole range, against double precision."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from skdl.engine.kernel import functions
from tests.engine.kernel.native import over

# For each function the bound of its error, in units of the last place, and a range of arguments.
CASES = {
    "exp": (np.exp, 2, -110, 95),
    "expm1": (np.expm1, 2, -20, 95),
    "log": (np.log, 2, 0, 3e38),
    "log1p": (np.log1p, 2, -1, 3e38),
    "tanh": (np.tanh, 2, -12, 12),
    "inverse_erf": (special.erfinv, 4, -1, 1),  # of noise alone
}


def compiled(name, dtype):
    """A function of arrays of a type."""
    return over(getattr(functions, name), np.dtype(dtype).name)


def arguments(low, high):
    """Numbers that fill a range evenly, and by their bits, which meets small and large ones alike."""
    whole = np.random.default_rng(0).integers(0, 2**32, 400_000, dtype=np.uint64)
    drawn = whole.astype(np.uint32).view(np.float32)
    even = np.linspace(max(low, -1e4), min(high, 1e4), 200_001, dtype=np.float32)
    drawn = drawn[np.isfinite(drawn)]
    return np.concatenate([even, drawn[(drawn > low) & (drawn < high)]])


@pytest.mark.parametrize("name", CASES)
def test_single_precision_within_units_of_the_last_place(name):
    exact, bound, low, high = CASES[name]
    x = arguments(low, high)
    if name == "inverse_erf":
        x = x[np.abs(x) < 1]
    with np.errstate(all="ignore"):
        wanted = exact(x.astype(np.float64))
        nearest = wanted.astype(np.float32)
    found = compiled(name, np.float32)(x)
    finite = np.isfinite(nearest)
    np.testing.assert_array_equal(np.isfinite(found), finite)
    np.testing.assert_array_equal(found[~finite], nearest[~finite])
    # Below the smallest normal number the last place is that of the smallest one.
    unit = np.spacing(np.maximum(np.abs(nearest[finite]), np.finfo(np.float32).tiny)).astype(float)
    assert (np.abs(found[finite] - wanted[finite]) / unit).max() <= bound


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "tanh"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_infinities_zeros_and_nan(name, dtype):
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, -1.0, 1e-40, -1e-40], dtype)
    with np.errstate(all="ignore"):
        wanted = CASES[name][0](x.astype(np.float64)).astype(dtype)
    found = compiled(name, dtype)(x)
    np.testing.assert_allclose(found, wanted, rtol=3e-7)
    np.testing.assert_array_equal(np.signbit(found[3:5]), np.signbit(wanted[3:5]))


@pytest.mark.parametrize("name", CASES)
def test_double_precision_is_that_of_the_library(name):
    x = np.linspace(0.01, 0.99, 99)
    np.testing.assert_allclose(compiled(name, np.float64)(x), CASES[name][0](x), rtol=4e-15)
