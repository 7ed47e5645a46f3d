"""Noise layers that draw from an integer hash.

TensorFlow's own generators are slow inside an XLA program, and Keras's noise layers compare their rate in
Python, so that it could not be an input of a program. For the time of a fit the layers of a model get
another class, whose random bits are a hash of (seed, counter, position of the element)
(`noise_functions.py`): elementwise, cheap, and the same in a compiled program, in a graph and in eager code.
"""

from __future__ import annotations

import contextlib
import functools
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from skdl.common.keras_import import load_keras
from skdl.engine.keras_parts.noise_functions import Noise, dropped, noise_functions
from skdl.engine.keras_parts.walk import walk_layers, with_globals
from skdl.engine.random import Stream, derive_seed

if TYPE_CHECKING:
    import keras


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

    AugMix keeps Keras's generator for how it changes images, and picks the changes by its own ``seed``: the
    same ones in every fit where it has none.

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


def traced_choice(layer: keras.Layer) -> int | None:
    """What a layer's noise is made of while it is traced; a number that is part of the structure."""
    if _own_class(layer) is load_keras().layers.AugMix:
        seed: int | None = layer.seed
        return seed or 0
    return None


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


@functools.cache
def _rate_names() -> dict[type, str]:
    layers = load_keras().layers
    return {
        **dict.fromkeys(noise_functions(), "rate"),
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
    made = {kind: _noise_class(kind, noise) for kind, noise in noise_functions().items()}
    made |= {kind: _attention_class(kind) for kind in (layers.Attention, layers.AdditiveAttention)}
    made |= {kind: _cell_class(kind) for kind in _cells()}
    made[layers.AugMix] = _augmentation_class(layers.AugMix)
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
            weights = dropped(weights, generator.next(), self.dropout)
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
                masks = [dropped(ones, state, rate) for state in states]
                mask = masks[0] if count is None else masks
                setattr(self, f"_{name}_mask", mask)
            return mask

    return Cell


def _augmentation_class(kind: Any) -> type:
    class Augmentation(kind):
        def get_random_transformation(
            self, data: Any, training: bool = True, seed: Any = None
        ) -> Any:
            # Keras picks its operations by the generator of the process, once for all steps of a traced
            # function. A program serves fits of any seed, so that only the layer's own can decide.
            picking = random.Random(traced_choice(self))
            pick = with_globals(kind.get_random_transformation, py_random=picking)
            return pick(self, data, training=training, seed=seed)

    return Augmentation
