"""Random weights drawn by NumPy for Keras's own initializers, from plain numbers.

A weight that Keras draws needs TensorFlow, a kernel launch for each array, and an initializer that is made
anew for each seed. What an initializer of Keras's draws follows from a few numbers, which a `Distribution`
holds, so that NumPy draws it from the job's own seed: for every engine, also where Keras is not imported.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.random import Stream, generator_of

# The standard deviation of a standard normal distribution that is cut off at two: Keras divides by it.
STDDEV_WITHIN_TWO = 0.87962566103423978
NAMES = (
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
)


@dataclass(frozen=True)
class Distribution:
    """What the entries of an array are drawn from.

    Attributes
    ----------
    kind : {"normal", "truncated normal", "uniform"}
        A truncated normal distribution holds no value further than two `spread` from `center`.
    center, spread : float
        The mean and the standard deviation before anything is cut off. Of a uniform distribution the middle
        and half the width.

    Examples
    --------
    >>> Distribution("uniform", 0.0, 0.5).draw((2,), seed=0, index=0).dtype
    dtype('float32')
    """

    kind: str
    center: float
    spread: float

    def draw(
        self, shape: tuple[int, ...], seed: int, index: int, dtype: str = "float32"
    ) -> np.ndarray:
        """Draw an array.

        Parameters
        ----------
        shape : tuple of int
        seed : int
            Of the job.
        index : int
            Which item of the stream of initial weights the array is.
        dtype : {"float32", "float64"}

        Returns
        -------
        ndarray of `shape` and `dtype`
        """
        generator = generator_of(seed, Stream.INITIAL_WEIGHTS, index)
        kind: Any = np.dtype(dtype).type
        if self.kind == "uniform":
            standard = 2 * generator.random(shape, dtype=kind) - kind(1)
        else:
            standard = generator.standard_normal(shape, dtype=kind)
            flat = standard.reshape(-1)
            far = np.flatnonzero(np.abs(flat) > 2) if self.kind == "truncated normal" else ()
            while len(far):
                flat[far] = generator.standard_normal(len(far), dtype=kind)
                far = far[np.abs(flat[far]) > 2]
        return np.asarray(kind(self.center) + kind(self.spread) * standard)


def variance_scaling(
    shape: tuple[int, ...], *, scale: float, mode: str, distribution: str, axes: Any = (None, None)
) -> Distribution:
    """The distribution of `keras.initializers.VarianceScaling` for a weight of `shape`.

    Parameters
    ----------
    shape : tuple of int
    scale : float
    mode : {"fan_in", "fan_out", "fan_avg"}
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
    axes : pair of (sequence of int or None)
        Which axes of `shape` are inputs and outputs. None is what Keras takes for kernels: the last axis but
        one and the last, times all others.

    References
    ----------
    Glorot and Bengio, Understanding the difficulty of training deep feedforward networks, 2010.

    Examples
    --------
    >>> variance_scaling((4, 2), scale=1.0, mode="fan_avg", distribution="uniform")
    Distribution(kind='uniform', center=0.0, spread=1.0)
    """
    fan_in, fan_out = _fans(shape, *axes)
    fan = {"fan_in": fan_in, "fan_out": fan_out}.get(mode, (fan_in + fan_out) / 2)
    variance = scale / max(1.0, fan)
    if distribution == "uniform":
        return Distribution("uniform", 0.0, math.sqrt(3 * variance))
    if distribution == "untruncated_normal":
        return Distribution("normal", 0.0, math.sqrt(variance))
    return Distribution("truncated normal", 0.0, math.sqrt(variance) / STDDEV_WITHIN_TWO)


def _fans(shape: tuple[int, ...], inputs: Any, outputs: Any) -> tuple[int, int]:
    if inputs is not None and outputs is not None:
        return math.prod(shape[axis] for axis in inputs), math.prod(shape[axis] for axis in outputs)
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def distribution_of(initializer: Any, shape: tuple[int, ...]) -> Distribution | None:
    """What an initializer of Keras's draws for a weight of `shape`; None where only the initializer knows.

    Classes are matched exactly, and an initializer with an attribute that its config does not give is none of
    these.
    """
    keras, kind = load_keras(), type(initializer)
    if kind not in [getattr(keras.initializers, name) for name in NAMES]:
        return None
    config = initializer.get_config()
    if vars(kind.from_config(config)).keys() != vars(initializer).keys():
        return None
    if kind is keras.initializers.RandomNormal:
        return Distribution("normal", config["mean"], config["stddev"])
    if kind is keras.initializers.TruncatedNormal:
        return Distribution("truncated normal", config["mean"], config["stddev"])
    if kind is keras.initializers.RandomUniform:
        low, high = config["minval"], config["maxval"]
        return Distribution("uniform", (low + high) / 2, (high - low) / 2)
    return variance_scaling(
        shape,
        scale=initializer.scale,
        mode=initializer.mode,
        distribution=initializer.distribution,
        axes=(getattr(initializer, "input_axes", None), getattr(initializer, "output_axes", None)),
    )
