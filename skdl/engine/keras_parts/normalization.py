"""The statistics of adapted Normalization layers as inputs of a program.

Keras keeps them twice: as variables of the layer, and as tensors that `call` computes with. Traced as they
are, the tensors would be constants of the program, and the next network with other statistics would run by
them.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.keras_parts.walk import walk_layers

if TYPE_CHECKING:
    import keras


def statistics_of(layer: Any) -> tuple[str, ...]:
    """The attributes of `layer` that follow from its variables, and that a program takes from there.

    Examples
    --------
    >>> import keras, numpy as np
    >>> layer = keras.layers.Normalization()
    >>> layer.adapt(np.array([[1.0], [3.0]]))
    >>> statistics_of(layer)
    ('mean', 'variance')
    >>> statistics_of(keras.layers.Normalization(mean=2.0, variance=1.0))
    ()
    """
    kind = load_keras().layers.Normalization
    if type(layer) is not kind or layer.input_mean is not None or not layer.built:
        return ()
    pairs = ((layer.mean, layer.adapt_mean), (layer.variance, layer.adapt_variance))
    # Whoever sets the one without the other has a layer that computes by its tensors alone.
    return ("mean", "variance") if all(_follows(*pair) for pair in pairs) else ()


def _follows(tensor: Any, variable: Any) -> bool:
    import tensorflow as tf

    with tf.init_scope():  # also asked while a graph is traced
        given = tf.cast(variable.value, tensor.dtype)
        return np.array_equal(np.ravel(tensor.numpy()), np.ravel(given.numpy()), equal_nan=True)


@contextlib.contextmanager
def statistics_as_inputs(model: keras.Model) -> Iterator[None]:
    """Let the adapted Normalization layers of `model` compute by their variables during the block.

    The model belongs to the caller during the block.
    """
    found = [layer for layer in walk_layers(model) if statistics_of(layer)]
    kind = load_keras().layers.Normalization
    for layer in found:
        object.__setattr__(layer, "__class__", _by_variables())
    try:
        yield
    finally:
        for layer in found:
            object.__setattr__(layer, "__class__", kind)


@contextlib.contextmanager
def statistics_follow(model: keras.Model) -> Iterator[None]:
    """Let the tensors of adapted Normalization layers follow what the block assigns to their variables."""
    found = [layer for layer in walk_layers(model) if statistics_of(layer)]
    yield
    for layer in found:
        layer.finalize_state()


@functools.cache
def _by_variables() -> type:
    keras = load_keras()

    class Normalization(keras.layers.Normalization):  # type: ignore[name-defined]
        @property
        def mean(self) -> Any:
            return self._shaped(self.adapt_mean)

        @property
        def variance(self) -> Any:
            return self._shaped(self.adapt_variance)

        def _shaped(self, variable: Any) -> Any:
            shaped = keras.ops.reshape(variable, self._broadcast_shape)
            return keras.ops.cast(shaped, self.compute_dtype)

    Normalization.__module__ = keras.layers.Normalization.__module__
    return Normalization
