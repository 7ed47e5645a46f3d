"""What noise layers do to their inputs, as functions of a rate and of bits that are a hash."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from skdl.common.keras_import import load_keras

if TYPE_CHECKING:
    import tensorflow as tf

Noise = Callable[[Any, Any, Any], Any]  # layer, inputs, state -> outputs


def random_bits(
    state: tf.Tensor, shape: Sequence[int | tf.Tensor], columns: tf.Tensor | None = None
) -> tf.Tensor:
    """Random integers that follow from `state` and an element's position.

    With ``m`` for lowbias32, ``(s, c)`` for the state and ``i`` for the position, all modulo 2**32, the
    bits are ``m(m(i + a) ^ b)`` with the keys ``a = m(m(s) + c)`` and ``b = m(m(s + g) ^ c)``, where
    ``g = 0x9E3779B9``. With one key, one in a million other calls for 2,048 elements would repeat bits
    of this one, shifted.

    Parameters
    ----------
    state : tf.Tensor of shape (2,)
        Integers: seed and counter.
    shape : sequence of int or scalar tensor
    columns : scalar integer tensor, optional
        The true size of the last axis where it is padded. The position of an element is the one that it
        has in an array with that many columns.

    Returns
    -------
    tf.Tensor of shape `shape`, uint32

    References
    ----------
    Chris Wellons, "Prospecting for Hash Functions", 2018, https://nullprogram.com/blog/2018/07/31/:
    lowbias32, a bijection of 32 bits with two multiplications, found by a search for good avalanche.

    Examples
    --------
    >>> random_bits([1, 0], (2, 2)).numpy().tolist()
    [[654481792, 736662471], [1463508996, 155098915]]
    """
    import tensorflow as tf

    seed, counter = tf.unstack(tf.cast(state, tf.uint32))
    first = _lowbias32(_lowbias32(seed) + counter)
    second = _lowbias32(_lowbias32(seed + 0x9E3779B9) ^ counter)
    *leading, width = shape or (1,)
    rows = tf.cast(tf.range(functools.reduce(operator.mul, leading, 1)), tf.uint32)[:, None]
    index = rows * tf.cast(width if columns is None else columns, tf.uint32)
    index += tf.cast(tf.range(width), tf.uint32)
    return tf.reshape(_lowbias32(_lowbias32(index + first) ^ second), shape)


def _lowbias32(x: Any) -> Any:
    x = (x ^ _shifted(x, 16)) * 0x7FEB352D
    x = (x ^ _shifted(x, 15)) * 0x846CA68B
    return x ^ _shifted(x, 16)


def _shifted(bits: Any, count: int) -> Any:
    import tensorflow as tf

    return tf.bitwise.right_shift(bits, tf.constant(count, tf.uint32))


def _keep(inputs: Any, state: Any, rate: Any, noise_shape: Any = None, columns: Any = None) -> Any:
    """True with probability 1 - `rate`, in the noise shape."""
    import tensorflow as tf

    shape = load_keras().ops.shape(inputs)
    if noise_shape is not None:
        drawn = [shape[i] if size is None else size for i, size in enumerate(noise_shape)]
        if not drawn or (isinstance(drawn[-1], int) and drawn[-1] == 1):
            columns = None  # one number for the whole axis, the padding too
        elif columns is not None:
            drawn[-1] = shape[-1]  # the user's own number there is the true size
        shape = tuple(drawn)
    bits = _shifted(random_bits(state, shape, columns), 8)
    # Whole numbers below 2**24, a threshold of 2**24 for rate 1: floats of 24 bits compared exactly.
    threshold = tf.math.ceil(tf.cast(rate, tf.float32) * 2.0**24)
    return tf.cast(bits, tf.int32) >= tf.cast(threshold, tf.int32)


def dropped(inputs: Any, state: Any, rate: Any, shape: Any = None, columns: Any = None) -> Any:
    """`inputs` with some of them zero and the others scaled, as `keras.layers.Dropout` has it."""
    import tensorflow as tf

    if not inputs.dtype.is_floating:
        raise ValueError(
            f"Dropout scales its inputs. Got {inputs.dtype.name}, expected floats: cast them before it."
        )
    # 0 and not infinity at rate 1, which would make the gradient of what is dropped NaN.
    scale = tf.math.divide_no_nan(tf.constant(1, _real(inputs)), 1 - _number(rate, inputs))
    scaled = inputs * tf.cast(scale, inputs.dtype)
    keep = _keep(inputs, state, rate, shape, columns)
    return tf.where(keep, scaled, tf.zeros((), inputs.dtype))


def _normal(inputs: Any, state: Any, columns: Any) -> Any:
    """Standard normal numbers in the shape of `inputs`."""
    import tensorflow as tf

    bits = random_bits(state, load_keras().ops.shape(inputs), columns)
    # The middles of 2**23 equal parts of (-1, 1): neither end is met, and TensorFlow's erfinv, which asks
    # for (x + 1) / 2 in the type of x, gets each of them exactly in float32 too.
    odd = 2 * tf.cast(_shifted(bits, 9), tf.int32) + 1
    return tf.math.erfinv(tf.cast(odd - 2**23, _real(inputs)) * 2.0**-23) * 2**0.5


def _number(value: Any, inputs: Any) -> Any:
    """A rate as a scalar tensor: a float32's value in the type that numbers are computed in."""
    import tensorflow as tf

    return tf.cast(tf.cast(value, tf.float32), _real(inputs))


def _real(inputs: Any) -> Any:
    """The type to compute in: types of 16 bits are too coarse for scales and logarithms."""
    import tensorflow as tf

    return tf.float64 if inputs.dtype == tf.float64 else tf.float32


def _dropout(layer: Any, inputs: Any, state: Any) -> Any:
    return dropped(inputs, state, layer.rate, layer.noise_shape, layer._columns)


def _spatial_dropout(layer: Any, inputs: Any, state: Any) -> Any:
    return dropped(inputs, state, layer.rate, layer._get_noise_shape(inputs), layer._columns)


def _gaussian_noise(layer: Any, inputs: Any, state: Any) -> Any:
    import tensorflow as tf

    noise = _number(layer.stddev, inputs) * _normal(inputs, state, layer._columns)
    return inputs + tf.cast(noise, inputs.dtype)


def _gaussian_dropout(layer: Any, inputs: Any, state: Any) -> Any:
    import tensorflow as tf

    rate = _number(layer.rate, inputs)
    factor = 1 + tf.sqrt(rate / (1 - rate)) * _normal(inputs, state, layer._columns)
    return inputs * tf.cast(factor, inputs.dtype)


def _alpha_dropout(layer: Any, inputs: Any, state: Any) -> Any:
    import tensorflow as tf

    rate = _number(layer.rate, inputs)
    limit = -1.6732632423543772 * 1.0507009873554805  # of SELU at minus infinity
    scale = 1 / tf.sqrt((1 - rate) * (1 + rate * limit**2))
    shift = -scale * limit * rate
    keep = _keep(inputs, state, layer.rate, layer.noise_shape, layer._columns)
    kept = tf.where(keep, inputs, tf.cast(limit, inputs.dtype))
    return tf.cast(scale, inputs.dtype) * kept + tf.cast(shift, inputs.dtype)


@functools.cache
def noise_functions() -> dict[type, Noise]:
    """What takes the place of the calls of noise layers, by their class."""
    layers = load_keras().layers
    return {
        layers.Dropout: _dropout,
        layers.SpatialDropout1D: _spatial_dropout,
        layers.SpatialDropout2D: _spatial_dropout,
        layers.SpatialDropout3D: _spatial_dropout,
        layers.GaussianNoise: _gaussian_noise,
        layers.GaussianDropout: _gaussian_dropout,
        layers.AlphaDropout: _alpha_dropout,
    }
