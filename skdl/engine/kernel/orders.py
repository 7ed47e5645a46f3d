"""The orders of `engine/random.py`, drawn by compiled code: NumPy's shuffle by its generator Philox.

A fit draws an order for each epoch. Drawn by NumPy, each order would wait for the interpreter, which other
fits hold.
"""

from __future__ import annotations

import functools

import numpy as np

from skdl.engine.kernel.pieces import Inlined, inlined
from skdl.engine.random import Stream, seed_sequence

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_ZERO, _ONE = np.uint64(0), np.uint64(1)
# Constants of Philox 4x64 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011).
_FIRST_FACTOR, _SECOND_FACTOR = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_FIRST_STEP, _SECOND_STEP = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)


def keys_of_orders(seed: int, first: int, count: int) -> np.ndarray:
    """The keys of the generators of `count` epochs from `first` on, ndarray of shape (2 * count,), int64."""
    found = [
        seed_sequence(seed, Stream.BATCH_ORDER, epoch).generate_state(2, np.uint64)
        for epoch in range(first, first + count)
    ]
    return np.array(found, np.uint64).reshape(-1).view(np.int64)


@inlined
def _high(a, b):
    """The upper 64 bits of a product."""
    low, other = a & _LOW, b & _LOW
    up, across = a >> _HALF, b >> _HALF
    middle = up * other + ((low * other) >> _HALF)
    second = low * across + (middle & _LOW)
    return up * across + (middle >> _HALF) + (second >> _HALF)


@inlined
def _philox(count, first, second):
    """Block number `count` of four random numbers of 64 bits, by the two keys."""
    a, b, c, d = count, _ZERO, _ZERO, _ZERO
    for _ in range(10):
        one, other = _high(_FIRST_FACTOR, a), _high(_SECOND_FACTOR, c)
        low, other_low = _FIRST_FACTOR * a, _SECOND_FACTOR * c
        a, b, c, d = other ^ b ^ first, other_low, one ^ d ^ second, low
        first, second = first + _FIRST_STEP, second + _SECOND_STEP
    return a, b, c, d


@inlined
def _shuffle(order, first_key, second_key):
    """Fill `order` with a permutation as `Generator.permutation` does: by Fisher, Yates and rejection."""
    first, second = np.uint64(first_key), np.uint64(second_key)
    n = order.shape[0]
    for i in range(n):
        order[i] = i
    count, used = _ZERO, 8  # a block has eight halves
    a, b, c, d = count, count, count, count
    for i in range(n - 1, 0, -1):
        mask = i
        for shift in (1, 2, 4, 8, 16):
            mask |= mask >> shift
        j = np.int64(i + 1)
        while j > i:
            if used == 8:
                count, used = count + _ONE, 0
                a, b, c, d = _philox(count, first, second)
            word = a if used < 2 else b if used < 4 else c if used < 6 else d
            j = np.int64((word >> _HALF if used % 2 else word) & _LOW) & mask
            used += 1
        order[i], order[j] = order[j], order[i]


def _shuffle_by_numpy(order: np.ndarray, first_key: int, second_key: int) -> None:
    key = np.array([first_key, second_key], np.int64).view(np.uint64)
    order[:] = np.random.Generator(np.random.Philox(key=key)).permutation(len(order))


shuffle = Inlined(_shuffle_by_numpy, _shuffle)


@functools.cache
def obstacle_of_orders() -> str | None:
    """Why the kernel cannot draw orders, as the second half of a sentence; None where it can.

    A later version of NumPy may shuffle otherwise.
    """
    keys = keys_of_orders(0, 0, 1)
    drawn, wanted = np.empty(40, np.int64), np.empty(40, np.int64)
    with np.errstate(over="ignore"):
        _shuffle(drawn, *keys.view(np.uint64))
    _shuffle_by_numpy(wanted, *keys)
    return None if np.array_equal(drawn, wanted) else "this version of NumPy shuffles otherwise"
