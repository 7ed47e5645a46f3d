"""Random numbers follow from seed and counter alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skdl.engine.random import Stream, batch_order, derive_seed

seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds, epoch=st.integers(0, 10_000), rows=st.integers(1, 300))
def test_a_batch_order_visits_each_row_once_and_repeats_itself(seed, epoch, rows):
    order = batch_order(seed, epoch, rows)
    assert order.dtype == np.int64
    np.testing.assert_array_equal(np.sort(order), np.arange(rows))
    np.testing.assert_array_equal(order, batch_order(seed, epoch, rows))


@given(seed=seeds, index=st.integers(0, 10_000))
def test_a_derived_seed_fits_a_signed_integer_of_32_bits(seed, index):
    for stream in Stream:
        assert 0 <= derive_seed(seed, stream, index) < 2**31


def test_seeds_streams_and_counters_do_not_repeat_one_another():
    found = [
        derive_seed(seed, stream, index)
        for seed in range(10)
        for stream in Stream
        for index in range(50)
    ]
    assert len(set(found)) == len(found)
    orders = {batch_order(seed, epoch, 50).tobytes() for seed in range(10) for epoch in range(20)}
    assert len(orders) == 200


def test_the_streams_are_those_of_every_release():
    """Recorded once: another order or another weight would make every stored result unrepeatable."""
    assert derive_seed(0, Stream.INITIAL_WEIGHTS) == 1805848317
    assert batch_order(0, 0, 8).tolist() == [4, 0, 1, 2, 5, 3, 7, 6]
