"""Fits whose networks follow from what a build function reads: here, there and from the data."""

from __future__ import annotations

import contextlib
import copy
import importlib
import json
import os
import sys
import tempfile
import types
from pathlib import Path
from unittest.mock import patch

import keras
import numpy as np

from skdl import KerasClassifier, KerasRegressor
from tests.engine.identity_cases import OPTIONS, Case, classes

layers = keras.layers
# The cases that others equal.
PLAINLY, BY_META = "units by an argument", "columns by meta.[]"


def dense(units):
    return keras.Sequential(
        [keras.Input((6,)), layers.Dense(units, "tanh"), layers.Dense(1, "sigmoid")]
    )


def regressor(build, **parameters):
    return KerasRegressor(build, loss="mse", optimizer="sgd", **OPTIONS, **parameters)


def by_place(name, build, place, settings=(4, 7)):
    """A case of a function that finds its setting somewhere outside."""
    return Case(name, lambda setting: regressor(build), settings, place, like=PLAINLY)


def by_making(name, make, settings=(4, 7)):
    """A case of a function that is made for its setting."""
    return Case(name, lambda setting: regressor(make(setting)), settings, like=PLAINLY)


def put(owner, name, wrap=lambda setting: setting):
    """A context manager that sets an attribute of `owner`."""
    return lambda setting: patch.object(owner, name, wrap(setting))


# Where build functions read: a class, a module, a function, globals, files.


class Config:
    units = 0
    hidden = [0]
    nested = {"a": [0]}

    @classmethod
    def width(cls):
        return cls.units


class Derived(Config):
    pass


class Options:
    """An object with a setting in private."""

    def __init__(self, units=0):
        self._units = units

    @property
    def units(self):
        return self._units

    def width(self):
        return self._units


module = types.ModuleType("settings_of_identity_cases")
module.UNITS = 0
sys.modules[module.__name__] = module
SPACE = types.ModuleType("globals_of_identity_cases")
SPACE.dense = dense
SOURCE = """
UNITS = 0
TABLE = {"units": [0]}
def helper(): return UNITS
def build_by_global(meta): return dense(UNITS)
def build_by_table(meta): return dense(TABLE["units"][0])
def build_by_helper(meta): return dense(helper())
def build_by_globals(meta): return dense(globals()["UNITS"])
def build_by_eval(meta): return dense(eval("UNITS"))
"""
exec(SOURCE, vars(SPACE))
OBJECT = Options()
FOLDER = tempfile.TemporaryDirectory()
ARRAY = Path(FOLDER.name) / "array.npy"
FILE = os.path.join(FOLDER.name, "settings.json")
VARIABLE = "UNITS_OF_AN_IDENTITY_CASE"


def by_class(meta):
    return dense(Config.units)


def by_container_of_class(meta):
    return dense(Config.hidden[0])


def by_nested_container_of_class(meta):
    return dense(Config.nested["a"][0])


def by_inheritance(meta):
    return dense(Derived.units)


def by_class_method(meta):
    return dense(Derived.width())


def by_getattr(meta):
    return dense(getattr(Config, "".join(["un", "its"])))


def by_vars(meta):
    return dense(vars(Config)["units"])


def by_module(meta):
    return dense(module.UNITS)


def by_import(meta):
    import settings_of_identity_cases

    return dense(settings_of_identity_cases.UNITS)


def by_import_of_a_name(meta):
    from settings_of_identity_cases import UNITS

    return dense(UNITS)


def by_import_module(meta):
    return dense(importlib.import_module("settings_of_identity_cases").UNITS)


def by_attribute(meta):
    return dense(by_attribute.units)


by_attribute.units = 0


def by_object(meta):
    return dense(OBJECT.units)


def by_method(meta):
    return dense(OBJECT.width())


def by_json(meta):
    with open(FILE) as file:
        return dense(json.load(file)["units"])


def by_text(meta):
    return dense(json.loads(Path(FILE).read_text())["units"])


def by_environ(meta):
    return dense(int(os.environ[VARIABLE]))


def by_getenv(meta):
    return dense(int(os.getenv(VARIABLE)))


def by_numpy_imported_inside(meta):
    import numpy as inside

    return dense(int(inside.load(ARRAY)))


def by_load_imported_inside(meta):
    from numpy import load

    return dense(int(load(ARRAY)))


def saved(setting):
    np.save(ARRAY, setting)
    return contextlib.nullcontext()


class Sizes:
    def __init__(self, units):
        self.units = units


class Times(layers.Layer):
    def __init__(self, sizes):
        super().__init__()
        self._sizes = sizes

    def call(self, x):
        return x * self._sizes.units


def by_object_in_layer(meta):
    parts = [layers.Dense(4, "tanh"), Times(SPACE.SIZES), layers.Dense(1, "sigmoid")]
    return keras.Sequential([keras.Input((6,)), *parts])


@contextlib.contextmanager
def changed_later(setting):
    """An object that is in use when somebody changes it, and puts a new one in its place."""
    SPACE.SIZES = Sizes(setting)
    yield
    SPACE.SIZES.units = 9


def by_registered_object(meta):
    return dense(keras.saving.get_registered_object("width")())


def in_registry(setting):
    return patch.dict(keras.saving.get_custom_objects(), {"width": lambda: setting})


def in_scope(setting):
    return keras.saving.custom_object_scope({"width": lambda: setting})


@contextlib.contextmanager
def in_file(setting):
    Path(FILE).write_text(json.dumps({"units": setting}))
    yield


def in_environ(setting):
    return patch.dict(os.environ, {VARIABLE: str(setting)})


def by_place_cases():
    yield by_place("units by a class attribute", by_class, put(Config, "units"))
    in_list, in_dict = (
        put(Config, "hidden", lambda s: [s]),
        put(Config, "nested", lambda s: {"a": [s]}),
    )
    yield by_place("units in a list of a class", by_container_of_class, in_list)
    yield by_place("units in containers of a class", by_nested_container_of_class, in_dict)
    yield by_place("units of a base class", by_inheritance, put(Config, "units"))
    yield by_place("units by a class method", by_class_method, put(Config, "units"))
    yield by_place("units by getattr", by_getattr, put(Config, "units"))
    yield by_place("units by vars", by_vars, put(Config, "units"))
    yield by_place("units of a module", by_module, put(module, "UNITS"))
    yield by_place("units of an imported module", by_import, put(module, "UNITS"))
    yield by_place("units imported by name", by_import_of_a_name, put(module, "UNITS"))
    yield by_place("units by import_module", by_import_module, put(module, "UNITS"))
    yield by_place(
        "units by an attribute of the function", by_attribute, put(by_attribute, "units")
    )
    yield by_place("units of an object", by_object, put(OBJECT, "_units"))
    yield by_place("units by a method of an object", by_method, put(OBJECT, "_units"))
    yield by_place("units by a global", SPACE.build_by_global, put(SPACE, "UNITS"))
    table = put(SPACE, "TABLE", lambda s: {"units": [s]})
    yield by_place("units in containers of a global", SPACE.build_by_table, table)
    yield by_place("units by a helper's global", SPACE.build_by_helper, put(SPACE, "UNITS"))
    other = put(SPACE, "helper", lambda s: lambda: s)
    yield by_place("units by another helper", SPACE.build_by_helper, other)
    yield by_place("units by globals()", SPACE.build_by_globals, put(SPACE, "UNITS"))
    yield by_place("units by eval", SPACE.build_by_eval, put(SPACE, "UNITS"))
    yield by_place("units by a module imported inside", by_numpy_imported_inside, saved)
    yield by_place("units by a function imported inside", by_load_imported_inside, saved)
    yield Case(
        "an object that changed after its fit",
        lambda setting: regressor(by_object_in_layer),
        (3, 3),
        place=changed_later,
    )
    yield by_place("units by json.load", by_json, in_file)
    yield by_place("units by read_text", by_text, in_file)
    yield by_place("units by a registered object", by_registered_object, in_registry)
    yield by_place("units by an object of a scope", by_registered_object, in_scope)
    yield by_place("units by os.environ", by_environ, in_environ)
    yield by_place("units by os.getenv", by_getenv, in_environ)


# Functions that are made for their setting.


def closing(wrap, read):
    def make(setting):
        kept = wrap(setting)

        def build(meta):
            return dense(read(kept))

        return build

    return make


def with_default(setting):
    def build(meta, units=setting):
        return dense(units)

    return build


def with_keyword_default(setting):
    def build(meta, *, units=[setting]):  # noqa: B006 - the default is the setting
        return dense(units[0])

    return build


def nested(setting):
    def inner():
        return setting

    def build(meta):
        def width():
            return inner()

        return dense(width())

    return build


class Builder:
    """A callable object."""

    def __init__(self, units):
        self._units = units

    def __call__(self, meta):
        return dense(self._units)

    def build(self, meta):
        return dense(self._units)


def anew(setting):
    """A function that is defined anew under one name, as in a cell of a notebook."""
    exec(f"def build(meta): return dense({setting})", vars(SPACE))
    return SPACE.build


def class_anew(setting):
    source = f"""
class Width:
    units = {setting}
def build_by_width(meta): return dense(Width.units)
"""
    exec(source, vars(SPACE))
    return SPACE.build_by_width


def decorated(setting):
    def decorate(function):
        def build(meta):
            return function(meta, setting)

        return build

    @decorate
    def build(meta, units):
        return dense(units)

    return build


def by_making_cases():
    yield by_making("units by a closure", closing(lambda s: s, lambda k: k))
    yield by_making(
        "units by containers of a closure", closing(lambda s: {"a": [s]}, lambda k: k["a"][0])
    )
    yield by_making("units by an object of a closure", closing(Options, lambda k: k.units))
    yield by_making("units by a function of a closure", closing(lambda s: lambda: s, lambda k: k()))
    yield by_making("units by an array of a closure", closing(np.array, int))
    yield by_making("units by a default", with_default)
    yield by_making("units by a keyword default", with_keyword_default)
    yield by_making("units by nested functions", nested)
    yield by_making("units by a callable object", Builder)
    yield by_making("units by a bound method", lambda setting: Builder(setting).build)
    yield by_making("units by a function defined anew", anew)
    yield by_making("units by a class defined anew", class_anew)
    yield by_making("units by a decorator", decorated)


# What a build function reads of the data.


def softmax(n_classes):
    return keras.Sequential([keras.Input((6,)), layers.Dense(n_classes, "softmax")])


def given(meta):
    """What keywords get of `meta`."""

    def build(n_classes_, **others):
        return softmax(n_classes_)

    return build(**meta)


READS = {
    "[]": lambda meta: softmax(meta["n_classes_"]),
    "get": lambda meta: softmax(meta.get("n_classes_")),
    "pop": lambda meta: softmax(meta.pop("n_classes_")),
    "setdefault": lambda meta: softmax(meta.setdefault("n_classes_", 2)),
    "popitem": lambda meta: softmax(dict([meta.popitem() for _ in list(meta)])["n_classes_"]),
    "|": lambda meta: softmax((meta | {})["n_classes_"]),
    "reversed": lambda meta: softmax({k: meta[k] for k in reversed(meta)}["n_classes_"]),
    "values": lambda meta: softmax(max(v for v in meta.values() if type(v) is int and v < 6)),
    "items": lambda meta: softmax(dict(meta.items())["n_classes_"]),
    "**": given,
    "dict.get": lambda meta: softmax(dict.get(meta, "n_classes_")),
    "copy": lambda meta: softmax(copy.copy(meta)["n_classes_"]),
    "deepcopy": lambda meta: softmax(copy.deepcopy(meta)["n_classes_"]),
    "classes_": lambda meta: softmax(len(meta["classes_"])),
}


def by_meta(name, read):
    def estimator(setting):
        loss = "sparse_categorical_crossentropy"
        return KerasClassifier(read, loss=loss, optimizer="sgd", **OPTIONS)

    # Of more classes first, as a network of fewer fails for more.
    return Case(f"columns by meta.{name}", estimator, (5, 3), rows=classes, like=BY_META)


def by_argument(meta, units):
    return dense(units)


class Unseeded(layers.Layer):
    """Draws by the generator of Keras's that a thread has, or has not yet."""

    def __init__(self, stddev):
        super().__init__()
        self.stddev = stddev

    def call(self, x, training=False):
        noise = keras.random.normal(keras.ops.shape(x), stddev=self.stddev)
        return x + noise if training else x


def unseeded(meta, stddev):
    return keras.Sequential([keras.Input((6,)), Unseeded(stddev), layers.Dense(1, "sigmoid")])


BUILDS = [
    Case(PLAINLY, lambda setting: regressor(by_argument, model__units=setting), (4, 7)),
    *by_place_cases(),
    *by_making_cases(),
    *(by_meta(name, read) for name, read in READS.items()),
    Case("noise without a seed", lambda s: regressor(unseeded, model__stddev=s), (0.5, 1.0)),
]
