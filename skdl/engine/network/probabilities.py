"""Which outputs of a network are probabilities, where no activation tells: those bound to 0 and 1."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.keras_parts.walk import noise_generators
from skdl.engine.rows.arrays import Arrays, map_arrays

if TYPE_CHECKING:
    import keras

# Made-up weights and rows under which an output shows whether it is bound to 0 and 1: their size, and the
# least weight as a part of it. Some layers take positive weights alone, as those that take a root of them.
_MADE_UP = tuple(product((0.1, 1.0, 10.0, 100.0), (-1.0, 0.0)))
# What half precision rounds off of probabilities; scores of the larger sizes lie far beyond.
_ROUNDING = 1e-3


def are_probabilities(model: keras.Model, x: Arrays, n_outputs: int) -> list[bool]:
    """Which outputs of a built `model` lie between 0 and 1 whatever its weights are.

    The weights of a build are random, so that its outputs would tell by chance. Here weights and rows are the
    same in every process, and the answer depends on the network alone.
    """
    told, bound = [False] * n_outputs, [True] * n_outputs
    for seed, (size, low) in enumerate(_MADE_UP):
        for index, values in enumerate(_outputs_of_made_up(model, x, seed, size, low)):
            known = values[~np.isnan(values)]  # a softmax that somebody wrote out overflows
            told[index] |= known.size > 0
            bound[index] &= bool(((known >= -_ROUNDING) & (known <= 1 + _ROUNDING)).all())
        if not any(bound):
            break
    return [one and other for one, other in zip(told, bound, strict=True)]


def _outputs_of_made_up(
    model: keras.Model, x: Arrays, seed: int, size: float, low: float
) -> list[np.ndarray]:
    """The outputs under made-up weights from `low` times `size` to `size`; empty where none can be had."""
    keras = load_keras()
    generator = np.random.default_rng(seed)

    def drawn(shape: tuple[int, ...], low: float) -> np.ndarray:
        return size * (low + (1 - low) * generator.random(shape, np.float32))

    def indexes(array: np.ndarray) -> np.ndarray:
        if array.dtype.kind not in "fiub":
            return array  # text, which has a vocabulary of its own
        rows = (np.arange(len(array)) % 2).reshape(-1, *[1] * (array.ndim - 1))
        return np.broadcast_to(rows, array.shape).astype(array.dtype)

    def noise(array: np.ndarray) -> np.ndarray:
        if array.dtype.kind != "f":
            return indexes(array)
        return drawn(array.shape, -1.0).astype(array.dtype)

    # Nothing is written into the variables: a layer may be the user's, and at work in another thread.
    state: list[tuple[Any, Any]] = [
        # What no training changes may be variances, which are not negative.
        (variable, drawn(tuple(variable.shape), low if variable.trainable else 0.0))
        for variable in model.variables
        if keras.backend.is_float_dtype(variable.dtype)
    ]
    state += [(one.state, np.arange(2).astype(one.state.dtype)) for one in noise_generators(model)]
    # Floats may stand for token ids: noise is none, and 0 and 1 are in most vocabularies.
    for rows in (map_arrays(noise, x), map_arrays(indexes, x), x):
        try:
            with keras.StatelessScope(state, collect_losses=True, initialize_variables=False):
                parts = keras.tree.flatten(model(rows, training=False))
            return [np.asarray(part, np.float64) for part in parts]
        except Exception:  # whatever a layer of the user's raises for what it is not made for
            continue
    return []
