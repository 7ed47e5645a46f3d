"""Layers that a build function does not make, but takes from a global, a closure or a parameter.

Whoever trained such a layer where it stands would change it for the user and for all later fits. A network
gets a copy of it, with the weights that it has when the network is built. Weights that the function makes and
then sets itself are noted too: no initializer made them.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.engine.copies.live_copies import copy_live
from skdl.engine.keras_parts.walk import walk_layers
from skdl.engine.rows.arrays import are_same_bits
from skdl.exceptions import IncompatibleNetworkError

if TYPE_CHECKING:
    import keras

# The variables of TensorFlow's that build functions have made, by their id. A layer that the user made and
# never called gets its weights inside the first build.
_made: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()


@dataclass(frozen=True)
class Surroundings:
    """What is known of the objects that a build function can reach.

    Attributes
    ----------
    readable : bool
        Whether all that the function asks for is known.
    layers : tuple of keras.Layer
        The layers and models that it can reach.
    """

    readable: bool
    layers: tuple[Any, ...]

    def and_reached(self, readable: bool, layers: tuple[Any, ...]) -> Surroundings:
        """These and further ones."""
        return Surroundings(self.readable and readable, (*self.layers, *layers))


@dataclass(frozen=True)
class Origins:
    """Where the values of a network's variables come from.

    Attributes
    ----------
    given : frozenset of int
        The positions of variables that somebody else gave their values, before the network was built.
    assigned : frozenset of int
        The positions of variables that do not have the value any more that they were made with.
    """

    given: frozenset[int] = frozenset()
    assigned: frozenset[int] = frozenset()


# The variables that one call of a build function made, by their id, with the values that they had then.
# TensorFlow shares the memory of such a value with the variable until the variable gets another one.
Notes = dict[int, tuple[Any, Any]]


@contextlib.contextmanager
def noting_variables() -> Iterator[Notes]:
    """Remember the variables that are made in the block, in this thread, as made by a build function."""
    import tensorflow as tf

    notes: Notes = {}

    def make(make_variable: Any, **settings: Any) -> Any:
        made = make_variable(**settings)
        _made[id(made)] = made
        # In a graph, or while a saved model is read, a variable has no value yet.
        if tf.executing_eagerly() and made.is_initialized():
            notes[id(made)] = (made, made.value())
        return made

    with tf.variable_creator_scope(make):
        yield notes


def is_given(variable: Any) -> bool:
    """Whether a variable of Keras's existed before any build function was called."""
    return _made.get(id(variable.value)) is not variable.value


def _is_as_made(variable: Any, notes: Notes) -> bool:
    made, value = notes.get(id(variable.value), (None, None))
    if made is None or made is not variable.value:
        return False
    # An array of Keras's own variable would be a copy.
    return are_same_bits(np.asarray(made.value()), np.asarray(value))


def taken_in(
    model: keras.Model, extra: Any, around: Surroundings, notes: Notes
) -> tuple[keras.Model, Any, Origins]:
    """A built `model` with copies of the layers that its build function did not make.

    Parameters
    ----------
    model : keras.Model
        As the build function returned it.
    extra : object
        What else the function made, which may hold parts of the model.
    around : Surroundings
    notes : dict
        As `noting_variables` gave them for this build.

    Returns
    -------
    model : keras.Model
    extra : object
    origins : Origins

    Raises
    ------
    IncompatibleNetworkError
        A layer from outside cannot be copied.
    """
    variables = list(enumerate(model.variables))
    origins = Origins(
        frozenset(place for place, one in variables if is_given(one)),
        frozenset(place for place, one in variables if not _is_as_made(one, notes)),
    )
    reached = {id(layer) for layer in around.layers}
    outside = [layer for layer in walk_layers(model) if id(layer) in reached]
    if not origins.given and not outside and around.readable:
        return model, extra, origins
    try:
        model, extra = copy_live((model, extra))
    except TypeError as error:
        names = ", ".join(repr(layer.name) for layer in outside) or "some of its layers"
        raise IncompatibleNetworkError(
            f"The build function takes {names} from outside, or may do so, and the network cannot be copied: "
            f"{error} Make all layers inside the build function."
        ) from error
    return model, extra, origins
