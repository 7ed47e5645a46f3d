"""The bound that the tolerances of other tests are made of holds for sums in any order and of any type."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tolerances import EPSILON, assert_within_rounding, rounding


def summed(products, dtype):
    total = dtype(0)
    for product in products:
        total = dtype(total + product)
    return float(total)


@given(st.lists(st.tuples(st.floats(-4, 4, width=16), st.floats(-4, 4, width=16)), max_size=40))
def test_sums_of_halves_forwards_backwards_and_in_single_precision_are_that_near(pairs):
    products = [np.float16(a) * np.float16(b) for a, b in pairs]
    wide = np.float16(sum(float(a) * float(b) for a, b in pairs))
    sizes = sum(abs(a * b) for a, b in pairs)
    # Products that are smaller than the smallest normal number have no relative accuracy.
    allowed = rounding("float16", len(pairs)) * sizes + len(pairs) * float(
        np.finfo(np.float16).tiny
    )
    forwards, backwards = summed(products, np.float16), summed(products[::-1], np.float16)
    assert abs(forwards - backwards) <= allowed
    assert abs(forwards - float(wide)) <= allowed


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_units_are_those_of_the_types(dtype):
    assert EPSILON[np.dtype(dtype).name] == np.finfo(dtype).eps
    assert rounding(np.dtype(dtype), 2, 3) == 5 * np.finfo(dtype).eps


def test_what_is_further_apart_is_told():
    one = np.array([1.0, 2.0])
    assert_within_rounding(one * (1 + 2.0**-23), one, 2)
    with pytest.raises(AssertionError, match="expected"):
        assert_within_rounding(one * (1 + 2.0**-20), one, 2)
    with pytest.raises(AssertionError, match="expected"):
        assert_within_rounding([1.0, np.nan], one, 2)
