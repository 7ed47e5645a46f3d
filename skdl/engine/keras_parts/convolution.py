"""Convolution as one matrix product, and pooling as a maximum or a mean of slices.

XLA has no fast convolution on a CPU: the gradient for the kernel of a 3x3 convolution of 32 images of
13x13x16 took it 13 ms where TensorFlow's own operation takes 0.4, and a matrix product of the patches 0.3.
Large images are another matter: there the copies of the patches cost more than the operations' dispatch.

The layers keep their variables and their meaning; only their class changes, for the time of a block.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.keras_parts.walk import walk_layers

if TYPE_CHECKING:
    import keras

    Tensor = Any


@contextlib.contextmanager
def as_matmul(model: keras.Model) -> Iterator[None]:
    """Let the convolutions and poolings of `model` compute by slices and matrix products in a block.

    The results are those of Keras up to the rounding of sums. Layers inside nested models and wrappers
    are replaced too. `model` must belong to the caller: other threads would see the replaced layers.

    Parameters
    ----------
    model : keras.Model

    Examples
    --------
    >>> import keras
    >>> from skdl.engine.keras_parts.convolution import as_matmul
    >>> model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3)])
    >>> with as_matmul(model):
    ...     type(model.layers[0]) is keras.layers.Conv2D
    False
    >>> type(model.layers[0]) is keras.layers.Conv2D
    True
    """
    originals: list[tuple[keras.Layer, Any]] = []
    try:
        for layer in walk_layers(model):
            if replaceable(layer):
                originals.append((layer, type(layer)))
                _set_class(layer, _replacement(originals[-1][1]))
        yield
    finally:
        for layer, kind in originals:
            _set_class(layer, kind)


def replaceable(layer: keras.Layer) -> bool:
    """Whether `as_matmul` replaces `layer`: of exactly a class of Keras's own, with the channels last.

    A subclass may compute something else. A call with an image of unknown size goes to Keras.
    """
    return (
        type(layer) in _families()
        and layer.data_format == "channels_last"
        and min(layer.strides) > 0
    )


class MatmulCost(NamedTuple):
    """What a replaced layer computes and copies for one image.

    Attributes
    ----------
    multiply_adds : int
        Of the forward pass; 0 for a pooling.
    patch_values : int
        Numbers copied into patches; 0 for poolings, depthwise kernels and kernels of one pixel.
    """

    multiply_adds: int
    patch_values: int


def matmul_cost(layer: keras.Layer, input_shape: Sequence[int | None]) -> MatmulCost:
    """Count what one forward pass of `layer`, were it replaced, costs for one image.

    Parameters
    ----------
    layer : keras.Layer
        A layer that is `replaceable`; it need not be built.
    input_shape : sequence of int or None
        The shape of its input. Only the first axis, that of the batch, may be None.

    Raises
    ------
    ValueError
        If the layer is not replaceable or the shape leaves a size open.

    Examples
    --------
    >>> import keras
    >>> from skdl.engine.keras_parts.convolution import matmul_cost
    >>> matmul_cost(keras.layers.Conv2D(16, 3), (None, 8, 8, 1))
    MatmulCost(multiply_adds=5184, patch_values=324)
    """
    sizes = [size for size in input_shape[1:] if size is not None]
    if not replaceable(layer) or len(sizes) != len(input_shape) - 1:
        raise ValueError(
            f"Got {type(layer).__name__} and input_shape={tuple(input_shape)}, expected a layer that "
            "is replaceable and known sizes: leave the others to Keras."
        )
    if (family := _families()[type(layer)]) == "pooling":
        return MatmulCost(0, 0)
    *outputs, filters = layer.compute_output_shape((1, *sizes))[1:]
    n_pixels, channels, n_places = math.prod(outputs), sizes[-1], math.prod(layer.kernel_size)
    if family in ("depthwise", "separable"):
        pointwise = filters if family == "separable" else 0
        features = channels * layer.depth_multiplier
        return MatmulCost(n_pixels * features * (n_places + pointwise), 0)
    if family == "transposed":
        # A patch of the output for each pixel of the input.
        patches, width = math.prod(sizes[:-1]) * n_places * filters, channels
    else:
        patches, width = n_pixels * n_places * channels, filters // layer.groups
    return MatmulCost(patches * width, patches if n_places > 1 else 0)


def _set_class(layer: keras.Layer, kind: type) -> None:
    # Keras tracks what is set on a layer; its class is none of that.
    object.__setattr__(layer, "__class__", kind)


@dataclass(frozen=True)
class _Windows:
    """Where the windows of a convolution or pooling lie in an image, axis by axis."""

    sizes: tuple[int, ...]
    window: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str

    @property
    def pads(self) -> tuple[tuple[int, int], ...]:
        return tuple(map(self._pads_of_axis, self.sizes, self._reach, self.strides))

    def _pads_of_axis(self, size: int, reach: int, stride: int) -> tuple[int, int]:
        if self.padding == "causal":
            return reach - 1, 0
        if self.padding == "valid":
            return 0, 0
        total = max((math.ceil(size / stride) - 1) * stride + reach - size, 0)
        return total // 2, total - total // 2

    @property
    def padded(self) -> tuple[int, ...]:
        return tuple(size + sum(pad) for size, pad in zip(self.sizes, self.pads, strict=True))

    @property
    def outputs(self) -> tuple[int, ...]:
        axes = zip(self.padded, self._reach, self.strides, strict=True)
        return tuple((size - reach) // stride + 1 for size, reach, stride in axes)

    @property
    def apart(self) -> bool:
        """Whether each pixel lies in at most one window, and none between two."""
        return self.window == self.strides

    @property
    def block_axes(self) -> list[int]:
        """The axes within a window of an image cut into blocks."""
        return list(range(2, 2 * len(self.window) + 1, 2))

    @property
    def _reach(self) -> tuple[int, ...]:
        return tuple((n - 1) * step + 1 for n, step in zip(self.window, self.dilation, strict=True))

    def slices(self) -> Iterator[tuple[slice, ...]]:
        """For each place in the window the pixels of the padded image it meets, in row-major order."""
        for place in np.ndindex(*self.window):
            starts = [at * step for at, step in zip(place, self.dilation, strict=True)]
            yield tuple(
                slice(start, start + (n - 1) * stride + 1, stride)
                for start, n, stride in zip(starts, self.outputs, self.strides, strict=True)
            )

    def shifted(self, images: Tensor, fill: float = 0.0) -> list[Tensor]:
        """The padded images once for each place in the window, of shape (n, *outputs, channels)."""
        images = _pad(images, self.pads, fill)
        return [images[(slice(None), *one, slice(None))] for one in self.slices()]


def _pad(images: Tensor, pads: Sequence[tuple[int, int]], fill: float = 0.0) -> Tensor:
    import tensorflow as tf

    if not any(map(any, pads)):
        return images
    return tf.pad(images, [(0, 0), *pads, (0, 0)], constant_values=tf.cast(fill, images.dtype))


def _windows_of(layer: keras.Layer, images: Tensor, family: str) -> _Windows | None:
    """The windows of a call, or None where it is for Keras: an unknown size, an error to be raised."""
    sizes = tuple(images.shape[1:-1])
    window = layer.pool_size if family == "pooling" else layer.kernel_size
    if len(sizes) != len(window) or None in sizes or not images.dtype.is_floating:
        return None
    transposed = family == "transposed"
    dilation = 1 if family == "pooling" else layer.dilation_rate
    windows = _Windows(
        sizes=tuple(layer.compute_output_shape(images.shape)[1:-1]) if transposed else sizes,
        window=tuple(window),
        strides=tuple(layer.strides),
        dilation=(dilation,) * len(sizes) if isinstance(dilation, int) else tuple(dilation),
        padding=layer.padding.lower(),
    )
    possible = windows.outputs == sizes if transposed else min(windows.outputs) > 0
    return windows if possible else None


def _convolve(images: Tensor, kernel: Tensor, windows: _Windows) -> Tensor:
    import tensorflow as tf

    *_, depth, filters = kernel.shape
    groups = images.shape[-1] // depth
    parts = windows.shifted(images)
    patches = tf.concat(parts, axis=-1) if len(parts) > 1 else parts[0]
    if groups == 1:
        rows = tf.reshape(patches, (-1, len(parts) * depth))
        outputs = tf.matmul(rows, tf.reshape(kernel, (-1, filters)))
    else:
        rows = tf.reshape(patches, (-1, len(parts), groups, depth))
        blocks = tf.reshape(kernel, (len(parts), depth, groups, filters // groups))
        outputs = tf.einsum("ntgd,tdgf->ngf", rows, blocks)
    return tf.reshape(outputs, (-1, *windows.outputs, filters))


def _convolve_depthwise(images: Tensor, kernel: Tensor, windows: _Windows) -> Tensor:
    import tensorflow as tf

    *_, depth, multiplier = kernel.shape
    taps = tf.unstack(tf.reshape(kernel, (-1, depth, multiplier)))
    parts = [tf.expand_dims(part, -1) for part in windows.shifted(images)]
    outputs = tf.add_n([part * tap for part, tap in zip(parts, taps, strict=True)])
    return tf.reshape(outputs, (-1, *windows.outputs, depth * multiplier))


def _convolve_transposed(images: Tensor, kernel: Tensor, windows: _Windows) -> Tensor:
    """The gradient of a convolution for its input: each pixel spreads its patch over the output."""
    import tensorflow as tf

    *_, filters, depth = kernel.shape
    rows = tf.matmul(
        tf.reshape(images, (-1, depth)), tf.reshape(kernel, (-1, depth)), transpose_b=True
    )
    n_places = math.prod(windows.window)
    patches = tf.reshape(rows, (-1, *windows.outputs, n_places * filters))
    padded = (tf.shape(images)[0], *windows.padded, filters)
    batch_and_channels = 1 | 1 << len(windows.window) + 1  # masks: these axes are taken whole
    spread = [
        tf.raw_ops.StridedSliceGrad(
            shape=padded,
            begin=[0, *(one.start for one in place), 0],
            end=[0, *(one.stop for one in place), 0],
            strides=[1, *(one.step for one in place), 1],
            dy=part,
            begin_mask=batch_and_channels,
            end_mask=batch_and_channels,
        )
        for part, place in zip(tf.split(patches, n_places, axis=-1), windows.slices(), strict=True)
    ]
    pads = zip(windows.pads, windows.sizes, strict=True)
    inner = [slice(before, before + size) for (before, _), size in pads]
    return tf.add_n(spread)[(slice(None), *inner, slice(None))]


def _maximum(images: Tensor, windows: _Windows) -> Tensor:
    import tensorflow as tf

    if windows.apart:
        return _maximum_of_blocks(_blocks(images, windows, -math.inf), windows)
    # The gradient of `tf.maximum` goes to its first argument where both are equal, so that of the
    # chain to the first maximum of the window, as in TensorFlow's own pooling.
    return functools.reduce(tf.maximum, windows.shifted(images, -math.inf))


def _maximum_of_blocks(blocks: Tensor, windows: _Windows) -> Tensor:
    import tensorflow as tf

    axes = windows.block_axes
    n_places = math.prod(windows.window)
    shape = [1, *itertools.chain.from_iterable((1, n) for n in windows.window), 1]
    places = np.arange(n_places, dtype=np.int32).reshape(shape)

    @tf.custom_gradient
    def maximum(blocks: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        highest = tf.reduce_max(blocks, axes, keepdims=True)

        def gradient(upstream: Tensor) -> Tensor:
            # `tf.reduce_max` would share the gradient among equals, which after a relu are many.
            first = tf.reduce_min(
                tf.where(tf.equal(blocks, highest), places, n_places), axes, keepdims=True
            )
            upstream = tf.reshape(upstream, tf.shape(first))
            return tf.where(tf.equal(first, places), upstream, tf.zeros((), upstream.dtype))

        return tf.squeeze(highest, axes), gradient

    return maximum(blocks)


def _mean(images: Tensor, windows: _Windows) -> Tensor:
    import tensorflow as tf

    if windows.apart and len(windows.sizes) < 3:  # TensorFlow broadcasts over six axes, not eight
        total = tf.reduce_sum(_blocks(images, windows), windows.block_axes)
    else:
        total = tf.add_n(windows.shifted(images))
    inside = np.pad(np.ones(windows.sizes), windows.pads)
    n_pixels = sum(inside[one] for one in windows.slices())  # without the padding
    return total / tf.constant(np.asarray(n_pixels)[..., None], total.dtype)


def _blocks(images: Tensor, windows: _Windows, fill: float = 0.0) -> Tensor:
    """The image cut into windows that do not overlap, of shape (n, rows, window rows, ..., channels)."""
    import tensorflow as tf

    used = [n * step for n, step in zip(windows.outputs, windows.strides, strict=True)]
    inside = (slice(None), *(slice(0, n) for n in used), slice(None))
    images = _pad(images, windows.pads, fill)[inside]
    pairs = itertools.chain.from_iterable(zip(windows.outputs, windows.window, strict=True))
    return tf.reshape(images, (-1, *pairs, images.shape[-1]))


def _value(variable: Any) -> Tensor:
    # Through Keras, which has its say about stateless scopes and mixed precision.
    return load_keras().ops.convert_to_tensor(variable)


def _linear(layer: keras.Layer, images: Tensor, windows: _Windows, family: str) -> Tensor:
    """What a convolution computes before its bias and activation."""
    if family == "convolution":
        return _convolve(images, _value(layer.kernel), windows)
    if family == "transposed":
        return _convolve_transposed(images, _value(layer.kernel), windows)
    if family == "depthwise":
        return _convolve_depthwise(images, _value(layer.kernel), windows)
    features = _convolve_depthwise(images, _value(layer.depthwise_kernel), windows)
    ones = (1,) * len(windows.sizes)
    one_pixel = _Windows(windows.outputs, ones, ones, ones, "valid")
    return _convolve(features, _value(layer.pointwise_kernel), one_pixel)


def _call(layer: keras.Layer, images: Tensor, windows: _Windows, family: str) -> Tensor:
    import tensorflow as tf

    if family == "pooling":
        return (_maximum if layer.pool_mode == "max" else _mean)(images, windows)
    outputs = _linear(layer, images, windows, family)
    if layer.use_bias:
        # The operation that Keras's addition comes to; its gradient sums halves in another way than `+`.
        outputs = tf.nn.bias_add(outputs, _value(layer.bias))
    return outputs if layer.activation is None else layer.activation(outputs)


@functools.cache
def _families() -> dict[type, str]:
    """The classes of Keras's that are replaced, each with the way it computes."""
    names = {
        "convolution": "Conv1D Conv2D Conv3D",
        "depthwise": "DepthwiseConv1D DepthwiseConv2D",
        "separable": "SeparableConv1D SeparableConv2D",
        "transposed": "Conv1DTranspose Conv2DTranspose Conv3DTranspose",
        # Not MaxPooling3D: of equal maxima TensorFlow gives the gradient to all, XLA to the first.
        "pooling": "MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D AveragePooling3D",
    }
    layers = load_keras().layers
    return {getattr(layers, name): family for family in names for name in names[family].split()}


@functools.cache
def _replacement(kind: Any) -> type:
    family = _families()[kind]

    class AsMatmul(kind):
        def call(self, inputs: Tensor) -> Tensor:
            windows = _windows_of(self, inputs, family)
            if windows is None:
                return super().call(inputs)
            return _call(self, inputs, windows, family)

    AsMatmul.__name__ = AsMatmul.__qualname__ = f"{kind.__name__}AsMatmul"
    return AsMatmul
