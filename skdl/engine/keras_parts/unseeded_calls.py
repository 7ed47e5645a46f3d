"""The generator of Keras's from which calls of `keras.random` without a seed draw.

Keras makes one for each thread when it is first asked for, by a number from Python's `random`, and no network
has it among its variables. What skdl runs draws from another one, so that the draws of the user stay as
they would be, and a generator that is made while a graph is traced is not left behind without its state.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from skdl.common.keras_import import load_keras
from skdl.engine.keras_parts.variables import one_name_for_variables

if TYPE_CHECKING:
    import keras

_lock = threading.Lock()
# A graph holds the variables that it reads by weak references alone, and needs them as long as it is used.
_of_looks: list[Any] = []
# What Keras has traced for a model goes on to draw from the generator that it was traced with.
_of_models: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


@contextlib.contextmanager
def drawing_for(model: keras.Model, seed: int) -> Iterator[Any]:
    """Let calls without a seed, in this thread, draw from a generator of `model` that begins with `seed`.

    The block gets this generator. At the end Keras's own generator is what it was before, unless somebody has
    set another one meanwhile, as `keras.utils.set_random_seed` does. Enter the block before a graph is begun.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    >>> for _ in range(2):
    ...     with drawing_for(model, seed=3):
    ...         print(int(keras.random.randint((), 0, 100)))
    88
    88
    """
    with _lock:
        generator = _of_models.get(model)
        if generator is None:
            generator = _of_models[model] = _made()
    generator.state.assign([seed, 0])
    with _lent(generator):
        yield generator


@contextlib.contextmanager
def drawing_apart() -> Iterator[None]:
    """The same for what skdl traces or tries for itself, of which no number comes into a result."""
    with _lock:
        if not _of_looks:
            _of_looks.append(_made())
    with _lent(_of_looks[0]):
        yield


def _made() -> Any:
    with one_name_for_variables():
        # With a name of its own it takes no number from those that Keras counts.
        return load_keras().random.SeedGenerator(0, name="unseeded_calls")


@contextlib.contextmanager
def _lent(generator: Any) -> Iterator[None]:
    # Keras exports neither the place of the generator nor its name.
    from keras.src.backend.common.global_state import get_global_attribute, set_global_attribute
    from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR

    before = get_global_attribute(GLOBAL_SEED_GENERATOR)
    set_global_attribute(GLOBAL_SEED_GENERATOR, generator)
    try:
        yield
    finally:
        if get_global_attribute(GLOBAL_SEED_GENERATOR) is generator:
            set_global_attribute(GLOBAL_SEED_GENERATOR, before)
