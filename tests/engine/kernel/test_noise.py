"""The hash of the kernel is the hash of the programs, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from skdl.engine.keras_parts.noise_functions import random_bits
from skdl.engine.kernel import noise
from tests.engine.kernel.native import native

words = st.integers(0, 2**32 - 1)


def mixed(x):
    """lowbias32 in whole numbers of any size."""
    x ^= x >> 16
    x = x * 0x7FEB352D % 2**32
    x ^= x >> 15
    x = x * 0x846CA68B % 2**32
    return x ^ x >> 16


@given(words)
def test_the_bijection(x):
    expected = mixed(x)
    assert int(noise.lowbias32(np.uint32(x))) == expected
    assert int(native(noise.lowbias32, "float32")(np.uint32(x))) == expected


@given(seed=words, counter=words)
def test_keys(seed, counter):
    expected = (
        mixed((mixed(seed) + counter) % 2**32),
        mixed(mixed((seed + 0x9E3779B9) % 2**32) ^ counter),
    )
    assert tuple(map(int, noise.keys_of(seed, counter))) == expected
    assert tuple(map(int, native(noise.keys_of, "float32")(seed, counter))) == expected


@pytest.mark.parametrize("state", [(1, 0), (5, 2), (2**32 - 1, 2**32 - 1), (123456789, 1000)])
def test_bits_of_an_array_are_those_of_a_program(state):
    keys = noise.keys_of(*state)
    found = [int(noise.bits_at(place, *keys)) for place in range(35)]
    expected = random_bits(tf.constant(state, tf.int64), (5, 7)).numpy().reshape(-1)
    assert found == expected.tolist()
