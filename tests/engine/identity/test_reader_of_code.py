"""Code by what it does: its instructions, and what the names in it stand for now."""

from __future__ import annotations

import functools
import random
import sys
import types
from datetime import datetime

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdl.engine.identity.reader import Reader, fingerprint, why_unread


def class_with(**members):
    return type("Made", (), members)


def closing_over(value):
    return lambda x: x * value


def with_default(value):
    def function(x, factor=value):
        return x * factor

    return function


def with_attribute(value):
    def function(x):
        return x

    function.factor = value
    return function


def naming(value):
    """A function that names a global of its own module, which stands for `value`."""
    space = {"__name__": "somewhere"}
    exec("def function(x):\n    return x * factor", space)
    space["factor"] = value
    return space["function"]


def asking_a_module(value):
    module = types.ModuleType("settings_of_a_user")
    module.units = value
    space = {"__name__": "somewhere", "settings": module}
    exec("def function():\n    return settings.units", space)
    return space["function"]


def asking_a_class(value):
    space = {"__name__": "somewhere", "CFG": class_with(hidden=[value])}
    exec("def function():\n    return CFG.hidden[0]", space)
    return space["function"]


def calling_another(value):
    other = closing_over(value)
    return lambda x: other(x)


class Kept:
    def __init__(self, value):
        self._value = value


# Each makes code that depends on a value.
KINDS = {
    "class attribute": lambda v: class_with(size=v),
    "class attribute in a list": lambda v: class_with(sizes=[v]),
    "object of a class": lambda v: class_with(size=v)(),
    "property": lambda v: class_with(size=property(closing_over(v))),
    "static method": lambda v: class_with(size=staticmethod(closing_over(v))),
    "class method": lambda v: class_with(size=classmethod(closing_over(v))),
    "closure": closing_over,
    "default": with_default,
    "attribute of a function": with_attribute,
    "global": naming,
    "attribute of a module": asking_a_module,
    "attribute of a class": asking_a_class,
    "another function": calling_another,
    "partial": lambda v: functools.partial(max, v),
    "partial's keyword": lambda v: functools.partial(with_default(1), factor=v),
    "bound method": lambda v: Kept(v).__init__,
    "wrapped": lambda v: functools.lru_cache(closing_over(v)),
    "tf.function": lambda v: tf.function(closing_over(v)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_code_is_the_same_if_what_it_reads_is_the_same(kind):
    make = KINDS[kind]
    one, again, other = (fingerprint(make(value)) for value in (2.0, 2.0, 3.0))
    assert one is not None, why_unread(make(2.0))
    assert one == again
    assert one != other


def imports_numpy_inside():
    import numpy as inside

    return inside.load("x")


def imports_a_function_inside():
    from numpy import load as inside

    return inside("x")


def imports_and_hands_on():
    import numpy as inside

    return kept(inside)


def kept(value):
    return value


UNREAD = {
    "an open file": lambda: open("x"),  # noqa: SIM115 - its code is read, and not called
    "the environment": lambda: __import__("os").environ,
    "a random number": lambda: random.random(),
    "numpy's random numbers": lambda: np.random.rand(),  # noqa: NPY002 - old code has it
    "numpy's files": lambda: np.load("x"),
    "globals": lambda: globals()["x"],
    "eval": lambda: eval("1"),
    "a dict past its methods": lambda meta: dict.get(meta, "n_classes_"),
    "now": lambda: datetime.now(),
    "a method that reads a file": lambda path: path.read_text(),
    "weights from a file": lambda model: model.load_weights("x"),
    "keras's files": lambda: keras.saving.load_model("x"),
    "keras's random numbers": lambda: keras.random.normal((2,)),
    "a name in a variable": lambda x, name: getattr(x, name),
    "a module as a whole": lambda: vars(sys.modules["pytest"]),
    "numpy's files, imported inside": imports_numpy_inside,
    "a function of files, imported inside": imports_a_function_inside,
    "a module, imported inside and handed on": imports_and_hands_on,
    "numpy, handed on": lambda: kept(np),
    "the name of a file": lambda: keras.layers.StringLookup(vocabulary=__file__),
}


@pytest.mark.parametrize("case", UNREAD)
def test_code_that_cannot_be_read_to_its_end_has_no_fingerprint(case):
    assert fingerprint(UNREAD[case]) is None
    assert why_unread(UNREAD[case])


def imports_layers_inside():
    from keras import layers
    from keras.layers import Dense

    return layers.Dropout(Dense(3))


def imports_by_tensorflow_inside():
    import tensorflow
    from tensorflow.keras import layers
    from tensorflow.keras.models import Sequential

    return Sequential([layers.Dense(3), tensorflow.keras.layers.Dense(1)])


def imports_what_is_not_there():
    try:
        from keras import no_such_part
    except ImportError:
        return None
    return no_such_part


@pytest.mark.parametrize(
    "function", [imports_layers_inside, imports_by_tensorflow_inside, imports_what_is_not_there]
)
def test_code_may_import_what_does_not_change(function):
    assert fingerprint(function) is not None, why_unread(function)


def test_code_that_may_do_something_else_is_not_even_itself():
    def read():
        with open("x") as file:
            return file.read()

    one, two = Reader(), Reader()
    one.value(read)
    two.value(read)
    assert one.opaque != two.opaque


def test_a_method_that_somebody_puts_into_a_class_of_keras_counts(monkeypatch):
    layer = keras.layers.Dropout(0.5)
    before = fingerprint(layer)
    with monkeypatch.context() as changed:
        changed.setattr(keras.layers.Dropout, "call", lambda self, x, training=None: x)
        assert fingerprint(layer) != before
    assert fingerprint(layer) == before


def test_layers_may_draw_random_numbers_which_are_operations_of_their_graph():
    class Noisy(keras.layers.Layer):
        def call(self, x):
            return x + keras.random.normal((1,), seed=3) + tf.random.normal((1,))

    assert fingerprint(Noisy) is not None


def test_a_module_of_the_user_counts_by_what_is_asked_of_it():
    function = asking_a_module(1.0)
    before = fingerprint(function)
    function.__globals__["settings"].other = 2.0
    assert fingerprint(function) == before
    function.__globals__["settings"].units = 2.0
    assert fingerprint(function) != before


def test_a_module_that_is_handed_on_cannot_be_read():
    module = types.ModuleType("settings_of_a_user")
    space = {"__name__": "somewhere", "settings": module}
    exec("def function():\n    return helper(settings)\ndef helper(x):\n    return x", space)
    assert "settings_of_a_user" in why_unread(space["function"])


def test_functions_that_name_one_another_end():
    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    assert fingerprint(even) is not None
