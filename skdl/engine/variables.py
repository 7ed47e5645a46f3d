"""Variables that TensorFlow forgets when they are gone.

TensorFlow keeps what made a variable under the variable's name, about 35 kB, until the process ends.
Keras numbers the names of layers and models, so that each network has new ones: a search over learning
rates, whose networks are many and short-lived, would grow by 0.2 MB with each.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def one_name_for_variables() -> Iterator[None]:
    """Give the variables that this thread makes in the block one name with TensorFlow.

    The names and paths that Keras shows are its own and stay what they are.

    Examples
    --------
    >>> import keras
    >>> from skdl.engine.variables import one_name_for_variables
    >>> with one_name_for_variables():
    ...     variable = keras.Variable([1.0], name="scale")
    >>> variable.name, variable.value.name
    ('scale', 'variable:0')
    """
    import tensorflow as tf

    def make(make_variable: Callable[..., Any], **settings: Any) -> Any:
        with tf.name_scope(""):
            return make_variable(**{**settings, "name": "variable"})

    with tf.variable_creator_scope(make):
        yield
