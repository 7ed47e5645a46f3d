"""Mixup: each row of a batch is blended with another row, inputs and targets alike (Zhang et al. 2018)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.random import Stream, generator_of
from skdl.engine.rows.arrays import leaves


class Blend(NamedTuple):
    """Which rows are blended with which, and how; arrays or tensors, an entry for each row of an epoch.

    Attributes
    ----------
    partners : int
        The number of the other row.
    shares : float in [0, 1]
        What is left of the row itself.
    """

    partners: Any
    shares: Any


def blend_of_epoch(seed: int, epoch: int, rows: int, alpha: float) -> Blend:
    """The blend of an epoch of `rows` rows: partners at random, shares from Beta(alpha, alpha).

    Examples
    --------
    >>> blend = blend_of_epoch(seed=0, epoch=3, rows=4, alpha=0.2)
    >>> sorted(blend.partners.tolist()), blend.shares.shape
    ([0, 1, 2, 3], (4,))
    """
    generator = generator_of(seed, Stream.MIXUP, epoch)
    return Blend(generator.permutation(rows), generator.beta(alpha, alpha, rows))


def blended(
    own: tuple[Any, Any, Any], other: tuple[Any, Any, Any], shares: Any
) -> tuple[Any, Any, Any]:
    """Rows blended with others, as tensors.

    The loss of a blended row is the same blend of two losses, each with the weight of its row: exactly so
    for losses that are linear in the target, as cross-entropy is.

    Parameters
    ----------
    own, other : tuple of x, y and weight
        Some rows and their partners, each a tensor, or a tuple or dict of them; no weights are None.
    shares : tensor of shape (n_rows,)
    """
    import tensorflow as tf

    tree = load_keras().tree
    (x, y, weight), (other_x, other_y, other_weight) = own, other

    def blend(one: Any, other: Any, part: Any = shares) -> Any:
        share = tf.reshape(tf.cast(part, one.dtype), (-1,) + (1,) * (len(one.shape) - 1))
        return share * one + (1 - share) * other

    x = tree.map_structure(blend, x, other_x)
    if weight is None:
        return x, tree.map_structure(blend, y, other_y), None
    heavier = tree.map_structure(blend, weight, other_weight)
    # Of a row's weight after blending, the part that is its own.
    kept = tree.map_structure(
        lambda before, after: tf.math.divide_no_nan(tf.cast(shares, before.dtype) * before, after),
        weight,
        heavier,
    )
    targets, parts = tree.flatten(y), tree.flatten(kept)
    parts = parts if len(parts) == len(targets) else parts * len(targets)
    mixed = map(blend, targets, tree.flatten(other_y), parts)
    return x, tree.pack_sequence_as(y, list(mixed)), heavier


def obstacle_to_mixup(samples: Any) -> str | None:
    """Why rows cannot be blended, as the second half of a sentence."""
    for name, arrays in (("inputs", samples.x), ("targets", samples.y)):
        for leaf in leaves(arrays):
            if np.dtype(leaf.dtype).kind != "f":
                return f"the {name} are of type {leaf.dtype}, and only floats can be blended"
    return None
