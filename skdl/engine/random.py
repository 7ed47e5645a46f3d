"""Random numbers that follow from a job's own seed and a counter, and from nothing else."""

from __future__ import annotations

import enum

import numpy as np


class Stream(enum.IntEnum):
    """What a random number is for. Each purpose has a stream of its own."""

    VALIDATION_SPLIT = 0
    INITIAL_WEIGHTS = 1
    NOISE = 2
    BATCH_ORDER = 3
    MIXUP = 4
    UNSEEDED_CALLS = 5


def seed_sequence(seed: int, stream: Stream, index: int) -> np.random.SeedSequence:
    """What item `index` of a stream begins with."""
    return np.random.SeedSequence(seed, spawn_key=(int(stream), index))


def derive_seed(seed: int, stream: Stream, index: int = 0) -> int:
    """An integer in [0, 2**31) for item `index` of a stream; TensorFlow's seeds are signed 32-bit.

    Examples
    --------
    >>> derive_seed(0, Stream.NOISE) == derive_seed(0, Stream.NOISE)
    True
    >>> derive_seed(0, Stream.NOISE) == derive_seed(0, Stream.NOISE, 1)
    False
    """
    return int(seed_sequence(seed, stream, index).generate_state(1)[0]) & 0x7FFFFFFF


def generator_of(seed: int, stream: Stream, index: int = 0) -> np.random.Generator:
    """A generator that begins at item `index` of a stream."""
    return np.random.Generator(np.random.Philox(seed_sequence(seed, stream, index)))


def batch_order(seed: int, epoch: int, rows: int) -> np.ndarray:
    """The order in which epoch `epoch` visits `rows` rows, an ndarray of shape (rows,), int64.

    Examples
    --------
    >>> sorted(batch_order(seed=0, epoch=3, rows=4).tolist())
    [0, 1, 2, 3]
    """
    return generator_of(seed, Stream.BATCH_ORDER, epoch).permutation(rows)
