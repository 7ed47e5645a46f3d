"""The numbers of a Keras model and its optimizer: what is an input of a compiled program.

Two models that differ in these alone share a program. The program's own copies of the objects are traced
with tensors in the place of the numbers; the numbers of each fit are then handed to it.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.keras_parts.walk import loss_of, walk_layers
from skdl.engine.numbers.symbolic_float import SymbolicFloat, replacements
from skdl.engine.numbers.table import INPUTS, Input

if TYPE_CHECKING:
    import keras

# float32 counts in steps of 1 up to here.
_LARGEST_EXACT_INTEGER = 2**24


@dataclass(frozen=True, eq=False)
class Number:
    """A number of a Keras object that is an input of a program.

    Attributes
    ----------
    owner : object
        The Keras object: layer, regularizer, constraint, loss, optimizer or schedule.
    attribute : str
        Where the owner keeps it, or its replacement in a program reads it.
    value : float
        As it is now.
    key : str or int or None
        The entry of the attribute, where that is a dict or a list.
    tested : tuple of float
        The values that Keras compares it with in Python.
    """

    owner: Any
    attribute: str
    value: float
    key: str | int | None
    tested: tuple[float, ...]


def model_numbers(model: keras.Model) -> list[Number]:
    """The numbers of a model: of its layers, their regularizers and constraints, and its losses.

    Parameters
    ----------
    model : keras.Model
        A built model, compiled or not.

    Returns
    -------
    list of Number
        Of each object once, in an order that is a function of the model's structure.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential(
    ...     [keras.Input((3,)), keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.5))]
    ... )
    >>> [(number.attribute, number.value) for number in model_numbers(model)]
    [('l2', 0.5)]
    """
    return _numbers(parts_of_model(model))


def optimizer_numbers(optimizer: keras.Optimizer) -> list[Number]:
    """The numbers of an optimizer, of the optimizers that it wraps and of a schedule.

    A learning rate that is no schedule is a variable of the optimizer and not in the list.

    Parameters
    ----------
    optimizer : keras.Optimizer

    Returns
    -------
    list of Number

    Examples
    --------
    >>> import keras
    >>> sgd = keras.optimizers.SGD(0.1, momentum=0.9)
    >>> [(number.attribute, number.value) for number in optimizer_numbers(sgd)]
    [('momentum', 0.9), ('ema_momentum', 0.99)]
    """
    return _numbers(parts_of_optimizer(optimizer))


def numbers_of(parts: Iterable[Any]) -> list[Number]:
    """The numbers of Keras objects, of each object once, in the order of the objects.

    Parameters
    ----------
    parts : iterable of object
        Layers, regularizers and so on; what they hold is not looked into.
    """
    return _numbers(Part("", owner) for owner in parts)


def number_places(kind: type) -> Mapping[str, frozenset[str | None]]:
    """Where the objects of a class keep the settings that may be numbers.

    The key of a structure leaves these out and takes `structure_of` the object instead, which says what the
    numbers leave open.

    Parameters
    ----------
    kind : type
        The class itself, and not one derived from it, is looked up.

    Returns
    -------
    mapping of str to frozenset
        The attributes, each with the entries of a dict, or with None for the attribute as a whole.

    Examples
    --------
    >>> import keras
    >>> sorted(number_places(keras.regularizers.L1L2))
    ['l1', 'l2']
    >>> number_places(keras.losses.Huber)["_fn_kwargs"]
    frozenset({'delta'})
    """
    found: dict[str, frozenset[str | None]] = {}
    for one in _inputs().get(kind, ()):
        found[one.attribute] = found.get(one.attribute, frozenset()) | {one.key}
        # Some losses keep a setting once more under its own name, for their config.
        found.setdefault(one.argument, frozenset({None}))
    return found


def structure_of(owner: Any) -> tuple[tuple[str, str], ...]:
    """What the numbers of an object leave open: the settings of `number_places` that are none now.

    Parameters
    ----------
    owner : object
        A Keras object.

    Returns
    -------
    tuple of (str, str)
        Setting and value: that something is None, zero or not a number at all. For a loss also its
        settings of other kinds, which Keras keeps out of some losses' configs.

    Examples
    --------
    >>> import keras
    >>> structure_of(keras.optimizers.SGD(0.1, momentum=0.0, clipnorm=1.0, weight_decay=0.1))
    (('momentum', '0.0'), ('loss_scale_factor', 'None'), ('clipvalue', 'None'), ('global_clipnorm', 'None'))
    """
    found = []
    inputs = _inputs().get(type(owner), ())
    for one in inputs:
        value = _read(owner, one)
        count = len(_places(one, value))
        if one.each and count:
            found.append((one.argument, f"{count} numbers"))
        elif not count:
            found.append((one.argument, _describe(value)))
    if isinstance(owner, load_keras().Loss):
        named = {one.argument for one in inputs}
        settings: Mapping[str, Any] = vars(owner).get("_fn_kwargs", {})
        found += [
            (name, _describe(settings[name])) for name in sorted(settings) if name not in named
        ]
    return tuple(found)


def model_structure(model: keras.Model) -> tuple[tuple[Any, ...], ...]:
    """What the lists of `model_numbers` leave open: where each object is, its class, what two places share.

    Of two models with the same `model_structure` and layers the numbers correspond one to one.

    Parameters
    ----------
    model : keras.Model
        A built model, compiled or not.

    Returns
    -------
    tuple of tuple
        Hashable.
    """
    return _structure(parts_of_model(model))


def optimizer_structure(optimizer: keras.Optimizer) -> tuple[tuple[Any, ...], ...]:
    """The same as `model_structure` for an optimizer, its wrapped optimizers and its schedule."""
    return _structure(parts_of_optimizer(optimizer))


@contextlib.contextmanager
def taking(numbers: Sequence[Number], tensors: Sequence[Any]) -> Iterator[None]:
    """Let the owners of numbers compute with tensors, for the time of the block.

    Parameters
    ----------
    numbers : sequence of Number
        Each place at most once.
    tensors : sequence of tf.Tensor of shape ()
        One for each number. Of float64 they are as exact as Python's numbers; the owners take them to
        their own types, as they do with Python's.

    Raises
    ------
    ValueError
        There are more or fewer tensors than numbers.

    Notes
    -----
    The owners themselves are changed, so no other thread may use them meanwhile. All is as before when
    the block ends, by an exception too. Enter it outside of loops, for what is converted once is then
    converted outside. Noise layers keep their class here: see `skdl.engine.keras_parts.noise.replaced_noise`.
    """
    if len(numbers) != len(tensors):
        raise ValueError(
            f"Got {len(tensors)} tensors for {len(numbers)} numbers, expected one for each: list the "
            "numbers of the program's own objects again."
        )
    import tensorflow as tf

    with contextlib.ExitStack() as undo:
        for number, tensor in zip(numbers, tensors, strict=True):
            owner = number.owner
            if tf.executing_eagerly():
                held: float = float(tensor)
            else:
                held = SymbolicFloat(tensor, number.tested)
                kind = replacements().get(type(owner), type(owner))
                undo.callback(_set, owner, "__class__", type(owner))
                _set(owner, "__class__", kind)
            before = vars(owner).get(number.attribute, _MISSING)
            undo.callback(_set, owner, number.attribute, before)
            _set(owner, number.attribute, _with(before, number.key, held))
        yield


_MISSING = object()


def _set(owner: Any, attribute: str, value: Any) -> None:
    # Past Keras, which tracks what is set on its objects.
    if value is _MISSING:
        object.__delattr__(owner, attribute)
    else:
        object.__setattr__(owner, attribute, value)


def _with(before: Any, key: str | int | None, value: Any) -> Any:
    if key is None:
        return value
    if isinstance(key, str):
        return {**before, key: value}
    return [value if index == key else one for index, one in enumerate(before)]


@functools.cache
def _inputs() -> Mapping[type, tuple[Input, ...]]:
    from keras.src.layers.rnn import conv_lstm  # noqa: F401 - exported without its cell

    found = {}
    for name, inputs in INPUTS.items():
        place: Any = load_keras()
        for step in name.split("."):
            # A class that this version of Keras does not have.
            place = getattr(place, step, None)
        if place is not None:
            found[place] = inputs
    return found


def _read(owner: Any, one: Input) -> Any:
    value = getattr(owner, one.attribute)
    return value if one.key is None else value[one.key]


def _places(one: Input, value: Any) -> list[tuple[str | int | None, float]]:
    """The numbers in what an object keeps for a setting: entry and value."""
    if not one.each:
        number = _value(one, value)
        return [] if number is None else [(one.key, number)]
    parts = value if isinstance(value, (list, tuple)) else ()
    numbers = [number for part in parts if (number := _value(one, part)) is not None]
    # A list of which one element is no number is structure as a whole.
    return list(enumerate(numbers)) if len(numbers) == len(parts) else []


def _value(one: Input, value: Any) -> float | None:
    """The value, if it is a number now."""
    number = _as_number(value, integers=not one.floats)
    if number is None or number in one.apart or (one.positive and not number > 0):
        return None
    return number


def _as_number(value: Any, integers: bool = True) -> float | None:
    import tensorflow as tf

    if isinstance(value, (bool, np.bool_)):
        return None
    if isinstance(value, (int, np.integer)):
        exact = abs(int(value)) <= _LARGEST_EXACT_INTEGER
        return float(value) if integers and exact else None
    if isinstance(value, (float, np.floating)):
        return float(value)
    # Some regularizers keep their strength as a tensor.
    if tf.is_tensor(value) and value.dtype.is_floating and value.shape.rank == 0:
        return float(value)
    return None


def _describe(value: Any) -> str:
    import tensorflow as tf

    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_describe, value))}]"
    if isinstance(value, np.ndarray) or tf.is_tensor(value):
        return repr(np.asarray(value).tolist())
    return repr(float(value) if isinstance(value, (float, np.floating)) else value)


@dataclass(frozen=True)
class Part:
    """An object of a model and the place it was found in."""

    place: str
    owner: Any


def parts_of_model(model: keras.Model) -> Iterator[Part]:
    """The objects of a model that may have numbers, each with its place; some more than once."""
    keras = load_keras()
    kinds = (keras.regularizers.Regularizer, keras.constraints.Constraint)
    for layer in walk_layers(model):
        yield Part("layer", layer)
        for name, value in sorted(vars(layer).items()):
            yield from (Part(name, found) for found in _held(value, kinds))
        # What a layer gave to a variable and did not keep; and what is in force where the two differ.
        variables = [*layer._trainable_variables, *layer._non_trainable_variables]
        for index, variable in enumerate(variables):
            for name in ("regularizer", "constraint"):
                place = f"{name} of variable {index}"
                yield from (Part(place, found) for found in _held(getattr(variable, name), kinds))
    for loss in keras.tree.flatten(loss_of(model)) if model.compiled else ():
        if isinstance(loss, keras.Loss):
            yield Part("loss", loss)


def _held(value: Any, kinds: tuple[type, ...]) -> Iterator[Any]:
    # First what most attributes are: the question for a Mapping takes ten times as long.
    if isinstance(value, (str, int, float, NoneType)):
        return
    if isinstance(value, kinds):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _held(part, kinds)


def parts_of_optimizer(optimizer: keras.Optimizer) -> Iterator[Part]:
    """The same as `parts_of_model` for an optimizer, those that it wraps and its schedule."""
    keras = load_keras()
    yield Part("optimizer", optimizer)
    schedule = optimizer._learning_rate
    if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        yield Part("schedule", schedule)
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        yield from parts_of_optimizer(optimizer.inner_optimizer)
    if isinstance(optimizer, keras.optimizers.MultiOptimizer):
        for inner in optimizer.optimizers:
            yield from parts_of_optimizer(inner)


def _numbers(parts: Iterable[Part]) -> list[Number]:
    once: dict[int, Part] = {}
    for part in parts:
        once.setdefault(id(part.owner), part)
    found = []
    for part in once.values():
        for one in _inputs().get(type(part.owner), ()):
            if one.inside:
                continue  # listed with the object inside
            found += [
                Number(part.owner, one.target or one.attribute, number, key, one.tested)
                for key, number in _places(one, _read(part.owner, one))
            ]
    return found


def _structure(parts: Iterable[Part]) -> tuple[tuple[Any, ...], ...]:
    places: dict[int, int] = {}
    found: list[tuple[Any, ...]] = []
    for part in parts:
        kind = type(part.owner)
        if part.place == "layer" and kind not in _inputs():
            continue
        first = places.setdefault(id(part.owner), len(found))
        same = structure_of(part.owner) if first == len(found) else first
        found.append((part.place, f"{kind.__module__}.{kind.__qualname__}", same))
    return tuple(found)
