"""The noise of `engine/keras_parts/noise_functions.py`, bit for bit, for the kernel."""

from __future__ import annotations

import numpy as np

from skdl.engine.kernel.pieces import Inlined, inlined

_LOW = np.uint64(0xFFFFFFFF)


def _low_sum(x: np.uint32, y: np.uint32) -> np.uint32:
    return np.uint32((np.uint64(x) + np.uint64(y)) & _LOW)


def _low_product(x: np.uint32, y: np.uint32) -> np.uint32:
    return np.uint32((np.uint64(x) * np.uint64(y)) & _LOW)


low_sum = Inlined(_low_sum, "low_sum")
low_product = Inlined(_low_product, "low_product")


@inlined
def lowbias32(x):
    """A bijection of 32 bits with good avalanche (Wellons, Prospecting for hash functions, 2018)."""
    x = np.uint32(x ^ np.uint32(x >> np.uint32(16)))
    x = low_product(x, np.uint32(0x7FEB352D))
    x = np.uint32(x ^ np.uint32(x >> np.uint32(15)))
    x = low_product(x, np.uint32(0x846CA68B))
    return np.uint32(x ^ np.uint32(x >> np.uint32(16)))


@inlined
def keys_of(seed, counter):
    """The two keys of one call of a noise layer, from its seed and the number of the call."""
    s, c = np.uint32(seed), np.uint32(counter)
    first = lowbias32(low_sum(lowbias32(s), c))
    second = lowbias32(np.uint32(lowbias32(low_sum(s, np.uint32(0x9E3779B9))) ^ c))
    return first, second


@inlined
def bits_at(position, first, second):
    """The 32 random bits of the element at a position of an array, by the keys of the call."""
    return lowbias32(np.uint32(lowbias32(low_sum(np.uint32(position), first)) ^ second))
