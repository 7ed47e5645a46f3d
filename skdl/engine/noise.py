"""Noise layers that draw from an integer hash.

TensorFlow's own generators are slow inside an XLA program, and Keras's noise layers compare their rate in
Python, so that it could not be an input of a program. For the time of a fit the layers of a model get
another class, whose random bits are a hash of (seed, counter, position of the element): elementwise,
cheap, and the same in a compiled program, in a graph and in eager code.
"""

from __future__ import annotations

import contextlib
import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from skdl._startup import load_keras
from skdl.engine.layers import walk_layers
from skdl.engine.random import Stream, derive_seed

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

Noise = Callable[[Any, Any, Any], Any]  # layer, inputs, state -> outputs


@contextlib.contextmanager
def replaced_noise(model: keras.Model) -> Iterator[None]:
    """Let every noise layer inside `model` draw from the hash for the time of the block.

    The layers of `noise_layers` and the cells of `noise_cells` get a subclass of their class, and their
    own class back at the end. The model belongs to one caller during the block: another thread would see
    the other classes.

    A replaced layer

    - takes its rate (see `rate_name`) as a number or as a scalar tensor, 0 included; only its value as a
      float32 counts, so that both give the same noise (XLA may round Gaussian noise and AlphaDropout
      otherwise in the last place where the number is a constant of the program);
    - advances the counter of its generator once a call in training, at rate 0 too, and never otherwise;
      one that has no generator (rate 0) passes its inputs on;
    - takes in the attribute ``_columns`` a scalar integer tensor, the true size of the last axis where
      units are padded: the true units then get the bits that they get without padding. Rows behind the
      true ones need nothing: they change no bits of the rows before them.

    A replaced cell advances its counter once for each mask, in training only (Keras's cells draw, and
    advance, in inference too). That its rate is 0, positive or 1 stays structure, for Keras compares it;
    a positive number gives way to ``_dropout_rate`` and ``_recurrent_dropout_rate`` where these are scalar
    tensors, which may be 0. All these are set by ``object.__setattr__``, past Keras's tracking.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5, seed=2)])
    >>> x = keras.ops.ones((2, 4))
    >>> with replaced_noise(model):
    ...     print(model(x, training=True).numpy().tolist())
    [[2.0, 2.0, 0.0, 0.0], [0.0, 2.0, 0.0, 2.0]]
    >>> type(model.layers[0]) is keras.layers.Dropout
    True
    """
    replacements = _replacements()
    swapped = [(layer, type(layer)) for layer in walk_layers(model) if type(layer) in replacements]
    try:
        for layer, kind in swapped:
            object.__setattr__(layer, "__class__", replacements[kind])
        yield
    finally:
        for layer, kind in swapped:
            object.__setattr__(layer, "__class__", kind)


def noise_layers(model: keras.Model) -> list[keras.Layer]:
    """The noise layers inside `model`, in the order of its layers, those with rate 0 included.

    They are matched by exact class: Dropout, SpatialDropout1D, 2D and 3D, GaussianNoise,
    GaussianDropout, AlphaDropout, Attention and AdditiveAttention.
    """
    return [layer for layer in walk_layers(model) if _own_class(layer) in _rate_names()]


def noise_cells(model: keras.Model) -> list[keras.Layer]:
    """The cells, by exact class, of SimpleRNN, GRU, LSTM and ConvLSTM1D, 2D and 3D inside `model`."""
    return [layer for layer in walk_layers(model) if _own_class(layer) in _cells()]


def rate_name(layer: keras.Layer) -> str:
    """The attribute of a noise layer that says how much noise: ``rate``, ``stddev`` or ``dropout``."""
    return _rate_names()[_own_class(layer)]


def ensure_generators(model: keras.Model, seed: int) -> None:
    """Give a generator to every layer of `noise_layers` that Keras made without one, for its rate is 0.

    A program serves other rates too and needs a state for each layer. The generator is hidden from
    Keras: ``model.variables`` stays as it is. Where the user gave a layer no seed, it follows from `seed`.
    """
    keras = load_keras()
    for index, layer in enumerate(noise_layers(model)):
        if getattr(layer, "seed_generator", None) is None:
            own = derive_seed(seed, Stream.NOISE, index) if layer.seed is None else layer.seed
            # A name that Keras makes up would count up its names for the whole process.
            generator = keras.random.SeedGenerator(own, name="seed_generator")
            object.__setattr__(layer, "seed_generator", generator)


def noise_states(model: keras.Model) -> list[Any]:
    """The state of each of `noise_layers`, in their order: a variable of shape (2,), seed and counter.

    Raises
    ------
    ValueError
        If a layer has no generator.
    """
    states = []
    for layer in noise_layers(model):
        generator = getattr(layer, "seed_generator", None)
        if generator is None:
            raise ValueError(
                f"The noise layer {layer.name!r} has no state. Got {rate_name(layer)}=0, for which Keras "
                "makes no generator, expected one for each noise layer: call ensure_generators first."
            )
        states.append(generator.state)
    return states


def fixed_variables(model: keras.Model) -> list[Any]:
    """What changes in training without a gradient: statistics, then the states of noise.

    The states of noise are in the order of their layers, whether Keras counts them among the model's
    variables or, of a rate of 0, knows nothing of them.
    """
    ensure_generators(model, 0)
    noise = noise_states(model)
    of_noise = {id(state) for state in noise}
    return [v for v in model.non_trainable_variables if id(v) not in of_noise] + noise


def foreign_generators(model: keras.Model) -> list[tuple[keras.Layer, Any]]:
    """The generators of noise that `replaced_noise` leaves to Keras, each with its layer.

    Those of random augmentation layers and of the user's own layers, subclasses of Keras's included.
    Their noise follows from a generator's state too, by TensorFlow's stateless and slow functions.
    """
    ours = {**_rate_names(), **dict.fromkeys(_cells())}
    found: dict[int, tuple[keras.Layer, Any]] = {}
    for layer in walk_layers(model):
        if _own_class(layer) not in ours:
            for generator in getattr(layer, "_seed_generators", ()):
                found.setdefault(id(generator), (layer, generator))
    return list(found.values())


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


def _dropped(inputs: Any, state: Any, rate: Any, shape: Any = None, columns: Any = None) -> Any:
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
    return _dropped(inputs, state, layer.rate, layer.noise_shape, layer._columns)


def _spatial_dropout(layer: Any, inputs: Any, state: Any) -> Any:
    return _dropped(inputs, state, layer.rate, layer._get_noise_shape(inputs), layer._columns)


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
    dropped = -1.6732632423543772 * 1.0507009873554805  # SELU's limit at minus infinity
    scale = 1 / tf.sqrt((1 - rate) * (1 + rate * dropped**2))
    shift = -scale * dropped * rate
    keep = _keep(inputs, state, layer.rate, layer.noise_shape, layer._columns)
    kept = tf.where(keep, inputs, tf.cast(dropped, inputs.dtype))
    return tf.cast(scale, inputs.dtype) * kept + tf.cast(shift, inputs.dtype)


@functools.cache
def _noise() -> dict[type, Noise]:
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


@functools.cache
def _rate_names() -> dict[type, str]:
    layers = load_keras().layers
    return {
        **dict.fromkeys(_noise(), "rate"),
        layers.GaussianNoise: "stddev",
        layers.Attention: "dropout",
        layers.AdditiveAttention: "dropout",
    }


@functools.cache
def _cells() -> tuple[type, ...]:
    from keras.src.layers.rnn.conv_lstm import ConvLSTMCell  # Keras exports its layers only

    layers = load_keras().layers
    return (layers.SimpleRNNCell, layers.GRUCell, layers.LSTMCell, ConvLSTMCell)


def _own_class(layer: keras.Layer) -> type:
    """The class of `layer` outside `replaced_noise`."""
    return getattr(type(layer), "_replaces", type(layer))


@functools.cache
def _replacements() -> dict[type, type]:
    layers = load_keras().layers
    made = {kind: _noise_class(kind, noise) for kind, noise in _noise().items()}
    made |= {kind: _attention_class(kind) for kind in (layers.Attention, layers.AdditiveAttention)}
    made |= {kind: _cell_class(kind) for kind in _cells()}
    for kind, replacement in made.items():
        # A callback may save or copy the model inside the block: it finds Keras's class by these.
        for name in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(replacement, name, getattr(kind, name))
        replacement._replaces = kind  # type: ignore[attr-defined]
        replacement.from_config = kind.from_config  # type: ignore[attr-defined]
    return made


def _noise_class(kind: Any, noise: Noise) -> type:
    class Noisy(kind):
        _columns = None

        def call(self, inputs: Any, training: Any = False) -> Any:
            generator = getattr(self, "seed_generator", None)
            if not training or generator is None:
                return inputs
            return noise(self, inputs, generator.next())

    return Noisy


def _attention_class(kind: Any) -> type:
    class Attention(kind):
        def _apply_scores(
            self, scores: Any, value: Any, scores_mask: Any = None, training: Any = False
        ) -> Any:
            result, weights = super()._apply_scores(scores, value, scores_mask, training=False)
            generator = getattr(self, "seed_generator", None)
            if not training or generator is None:
                return result, weights
            weights = _dropped(weights, generator.next(), self.dropout)
            return load_keras().ops.matmul(weights, value), weights

    return Attention


def _cell_class(kind: Any) -> type:
    class Cell(kind):
        _dropout_rate = None
        _recurrent_dropout_rate = None

        def get_dropout_mask(self, step_input: Any) -> Any:
            return self._mask("dropout", step_input)

        def get_recurrent_dropout_mask(self, step_input: Any) -> Any:
            return self._mask("recurrent_dropout", step_input)

        def _mask(self, name: str, step_input: Any) -> Any:
            # The recurrent layer asks for masks before its loop and does not say what for.
            if not self._get_call_context().get_value("training"):
                return None
            mask = getattr(self, f"_{name}_mask", None)  # of an earlier step in time
            own_rate, rate = getattr(self, name), getattr(self, f"_{name}_rate")
            if mask is None and own_rate > 0:
                rate = own_rate if rate is None else rate
                ones = load_keras().ops.ones_like(step_input)
                count = getattr(self, "dropout_mask_count", None)
                states = [self.seed_generator.next() for _ in range(count or 1)]
                masks = [_dropped(ones, state, rate) for state in states]
                mask = masks[0] if count is None else masks
                setattr(self, f"_{name}_mask", mask)
            return mask

    return Cell
