"""Layers that a build function does not make, but takes from a global, a closure or a parameter.

Whoever trained such a layer where it stands would change it for the user and for all later fits. A network
gets a copy of it, with the weights that it has when the network is built.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skdl.engine.layers import walk_layers
from skdl.engine.live_copies import copy_live
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


@contextlib.contextmanager
def noting_variables() -> Iterator[None]:
    """Remember the variables that are made in the block, in this thread, as made by a build function."""
    import tensorflow as tf

    def make(make_variable: Any, **settings: Any) -> Any:
        made = make_variable(**settings)
        _made[id(made)] = made
        return made

    with tf.variable_creator_scope(make):
        yield


def is_given(variable: Any) -> bool:
    """Whether a variable of Keras's existed before any build function was called."""
    return _made.get(id(variable.value)) is not variable.value


def taken_in(
    model: keras.Model, extra: Any, around: Surroundings
) -> tuple[keras.Model, Any, frozenset[int]]:
    """A built `model` with copies of the layers that its build function did not make.

    Parameters
    ----------
    model : keras.Model
        As the build function returned it.
    extra : object
        What else the function made, which may hold parts of the model.
    around : Surroundings

    Returns
    -------
    model : keras.Model
    extra : object
    given : frozenset of int
        Which of its variables have weights that somebody else gave them.

    Raises
    ------
    IncompatibleNetworkError
        A layer from outside cannot be copied.
    """
    given = frozenset(place for place, one in enumerate(model.variables) if is_given(one))
    reached = {id(layer) for layer in around.layers}
    outside = [layer for layer in walk_layers(model) if id(layer) in reached]
    if not given and not outside and around.readable:
        return model, extra, given
    try:
        model, extra = copy_live((model, extra))
    except TypeError as error:
        names = ", ".join(repr(layer.name) for layer in outside) or "some of its layers"
        raise IncompatibleNetworkError(
            f"The build function takes {names} from outside, or may do so, and the network cannot be copied: "
            f"{error} Make all layers inside the build function."
        ) from error
    return model, extra, given
