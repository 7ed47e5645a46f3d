"""Models of one noise layer, and the hash written out once more in NumPy."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from skdl.engine.keras_parts.noise import (
    ensure_generators,
    noise_layers,
    noise_states,
    rate_name,
    replaced_noise,
)

layers = keras.layers
RNG = np.random.default_rng(0)

# One of each kind with rate or stddev as its only number, and the shape of an input.
KINDS = {
    "Dropout": (layers.Dropout, (6, 5)),
    "SpatialDropout1D": (layers.SpatialDropout1D, (6, 4, 5)),
    "SpatialDropout2D": (layers.SpatialDropout2D, (6, 3, 4, 5)),
    "SpatialDropout3D": (layers.SpatialDropout3D, (6, 2, 3, 2, 5)),
    "GaussianNoise": (layers.GaussianNoise, (6, 5)),
    "GaussianDropout": (layers.GaussianDropout, (6, 5)),
    "AlphaDropout": (layers.AlphaDropout, (6, 5)),
}
EXACT = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")


def one_layer(layer, *shape, **settings):
    """A model of one layer, any number of rows."""
    model = keras.Sequential([keras.Input(shape, **settings), layer])
    ensure_generators(model, 0)
    return model


def example(kind, rate=0.3, **settings):
    """A model of one layer of `kind` with seed 7, and an input for it."""
    make, shape = KINDS[kind]
    x = RNG.normal(size=shape).astype(np.float32)
    return one_layer(make(rate, seed=7, **settings), *shape[1:]), x


def noisy(model, x, state=(7, 0), how=lambda function: function):
    """The training output of `model` from `state` of its only noise layer, called through `how`."""
    noise_states(model)[0].assign(state)
    with replaced_noise(model):
        return np.asarray(how(lambda x: model(x, training=True))(tf.constant(x)))


def set_rate(model, value):
    layer = noise_layers(model)[0]
    object.__setattr__(layer, rate_name(layer), value)


def graph(function):
    return tf.function(function)


def xla(function):
    return tf.function(function, jit_compile=True)


def unknown_shape(function):
    """A graph that knows the rank of its input and the last axis alone."""

    def call(x):
        signature = tf.TensorSpec([None] * (x.ndim - 1) + [x.shape[-1]], x.dtype)
        return tf.function(function, input_signature=[signature])(x)

    return call


def lowbias32(x):
    x = np.asarray(x, np.uint64) % 2**32
    x ^= x >> 16
    x = x * 0x7FEB352D % 2**32
    x ^= x >> 15
    x = x * 0x846CA68B % 2**32
    return x ^ (x >> 16)


def expected_bits(seed, counter, index):
    first = lowbias32(lowbias32(seed) + counter)
    second = lowbias32(lowbias32(seed + 0x9E3779B9) ^ np.uint64(counter))
    return lowbias32(lowbias32(index + first) ^ second)


def expected_kept(seed, counter, shape, rate):
    bits = expected_bits(seed, counter, np.arange(np.prod(shape), dtype=np.uint64)).reshape(shape)
    return bits // 256 / 2**24 >= np.float32(rate)
