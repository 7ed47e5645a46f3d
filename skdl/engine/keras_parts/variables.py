"""Variables of which TensorFlow keeps nothing more when they are gone.

TensorFlow keeps what makes a variable under the variable's name, about 35 kB, until the process ends.
Keras numbers the names of layers and models, so that each network has new ones: a search over learning
rates, whose networks are many and short-lived, would grow by 0.2 MB with each.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def one_name_for_variables() -> Iterator[None]:
    """Let TensorFlow make all variables of this thread in the block under one name.

    What they say their name is stays as it would be: Keras's optimizers look for names in it.

    Examples
    --------
    >>> import keras
    >>> from skdl.engine.keras_parts.variables import one_name_for_variables
    >>> with one_name_for_variables():
    ...     variable = keras.Variable([1.0], name="scale")
    >>> variable.name, variable.value.name
    ('scale', 'scale:0')
    """
    import tensorflow as tf

    def make(make_variable: Callable[..., Any], **settings: Any) -> Any:
        scope, name = tf.get_current_name_scope(), settings.get("name") or "Variable"
        with tf.name_scope(""):
            made = make_variable(**{**settings, "name": "variable"})
        # A strategy of TensorFlow's has variables of another kind.
        if hasattr(made, "_handle_name"):
            made._handle_name = f"{scope}/{name}:0" if scope else f"{name}:0"
        return made

    with tf.variable_creator_scope(make):
        yield
