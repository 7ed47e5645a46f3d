"""One notion of identity: an object is its class, its code and all of its state."""

from __future__ import annotations

import collections
import contextvars
import enum
import functools
import inspect
import logging
import math
import re
import statistics
import threading
import weakref
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

from skdl.engine.identity.reader import Reader, fingerprint, why_unread


class Private:
    def __init__(self, value):
        self._value = value


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left, self.right = left, right


class OwnList(list):
    def __init__(self, parts, note):
        super().__init__(parts)
        self.note = note


class OwnFloat(float):
    pass


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def adapted(values):
    layer = keras.layers.IntegerLookup(name="lookup")
    layer.adapt(np.array(values))
    return layer


def normalizing(value):
    layer = keras.layers.Normalization(name="statistics")
    layer.adapt(np.array([[value], [value + 1.0]]))
    return layer


def dense(value):
    layer = keras.layers.Dense(1, kernel_initializer="zeros", bias_initializer="zeros", name="d")
    layer.build((None, 2))
    layer.kernel.assign([[value], [0.0]])
    return layer


def with_default(value):
    def function(x, factor=value):
        return x * factor

    return function


class Tagged(np.ndarray):
    """An array with an attribute."""


def tagged(value):
    made = np.zeros(2).view(Tagged)
    made.note = value
    return made


def thread_local(value):
    made = threading.local()
    made.value = value
    return made


def context_variable(value):
    made = contextvars.ContextVar("value")
    made.set(value)
    return made


@functools.cache
def kept(value):
    """`value`, which is not let go."""
    return value


# Each makes an object from a value: equal for equal values, another for another one.
KINDS = {
    "float": float,
    "numpy scalar": np.float32,
    "array": lambda v: np.array([0.0, v]),
    "array of objects": lambda v: np.array([None, v], dtype=object),
    "masked array": lambda v: np.ma.masked_array([1.0, 2.0], mask=[v > 2, False]),
    "structured array": lambda v: np.array([(1, v)], dtype=[("a", int), ("b", float)]),
    "tensor": lambda v: tf.constant([v]),
    "sparse tensor": lambda v: tf.SparseTensor([[0]], [v], [1]),
    "ragged tensor": lambda v: tf.ragged.constant([[v], [1.0, 2.0]]),
    "variable of Keras": lambda v: keras.Variable([v], name="v"),
    "list": lambda v: [v, [v]],
    "tuple": lambda v: (v,),
    "set": lambda v: {v, "a"},
    "dict": lambda v: {"a": {"b": v}},
    "default dict": lambda v: collections.defaultdict(list, a=v),
    "deque": lambda v: collections.deque([v]),
    "named tuple": lambda v: collections.namedtuple("Point", "x")(v),
    "view of a dict": lambda v: {"a": v}.items(),
    "range": lambda v: range(int(v)),
    "slice": lambda v: slice(v),
    "bytes": lambda v: bytearray([int(v)]),
    "decimal": lambda v: Decimal(v),
    "date": lambda v: datetime(2020, 1, int(v)),
    "path": lambda v: Path(f"{v}"),
    "pattern": lambda v: re.compile(f"{v}"),
    "frame": lambda v: pd.DataFrame({"a": [1, v], "b": ["x", "y"]}),
    "series": lambda v: pd.Series([1, v], index=["x", "y"]),
    "timestamp": lambda v: pd.Timestamp(2020, 1, int(v)),
    "categories": lambda v: pd.Categorical(["a"], categories=["a", f"{v}"]),
    "tree": lambda v: DecisionTreeClassifier().fit([[1.0], [v]], [0, 1]),
    "fill value": lambda v: np.ma.masked_array([1.0], fill_value=v),
    "attribute of an array": tagged,
    "signature": lambda v: inspect.signature(with_default(np.arange(5000) + v)),
    "member of an enum": lambda v: enum.Enum("Size", {"BIG": v}).BIG,
    "enum": lambda v: enum.Enum("Size", {"BIG": v}),
    "slots of a known package": lambda v: statistics.NormalDist(0.0, v),
    "thread local": thread_local,
    "context variable": context_variable,
    "weak reference": lambda v: weakref.ref(kept(Private(v))),
    "exception": lambda v: ValueError(v),
    "private attribute": Private,
    "nested object": lambda v: Private(Private([v])),
    "slots": lambda v: Slotted(1, v),
    "own list": lambda v: OwnList([1], v),
    "own list's parts": lambda v: OwnList([v], 1),
    "own float": lambda v: OwnFloat(v),
    "regularizer": keras.regularizers.L2,
    "initializer": lambda v: keras.initializers.RandomNormal(0.0, v, seed=1),
    "unseeded initializer": lambda v: keras.initializers.RandomNormal(0.0, v),
    "loss": lambda v: keras.losses.Huber(v),
    "optimizer": lambda v: keras.optimizers.SGD(v),
    "schedule": lambda v: keras.optimizers.schedules.ExponentialDecay(v, 10, 0.5),
    "vocabulary": lambda v: adapted([v, v, 7]),
    "statistics": normalizing,
    "weights of a layer": dense,
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_is_all_of_its_state(kind):
    make = KINDS[kind]
    one, again, other = (fingerprint(make(value)) for value in (2.0, 2.0, 3.0))
    assert one is not None, why_unread(make(2.0))
    assert one == again
    assert one != other


DIFFERENT = {
    "types of numbers": [1, 1.0, True, np.float32(1), np.float64(1), OwnFloat(1), "1", b"1", 1j],
    "zeros": [0.0, -0.0, np.zeros(1), -np.zeros(1)],
    "containers": [[1], (1,), {1}, frozenset([2]), {1: 1}, collections.deque([1])],
    "shapes": [np.zeros((2, 1)), np.zeros((1, 2)), np.zeros(2), np.zeros(2, np.float32)],
    "nothing and names": [None, "None", ..., NotImplemented, float, "float"],
    "members": [Colour.RED, Colour.BLUE, 1],
    "functions": [math.exp, math.log, np.exp, keras.activations.relu, keras.activations.relu6],
    "classes": [keras.layers.Dense, keras.layers.Dropout, Private, Slotted],
    "partials": [functools.partial(max), functools.partial(min)],
    "orders": [{"a": 1, "b": 2}, {"b": 2, "a": 1}],
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_is_not_the_same_has_another_fingerprint(case):
    prints = [fingerprint(value) for value in DIFFERENT[case]]
    assert None not in prints
    assert len(set(prints)) == len(prints)


UNREAD = {
    "an iterator": iter([1]),
    "a generator": (i for i in range(3)),
    "a generator of random numbers": np.random.default_rng(0),
    "an object without a state": object(),
    "an object that holds one": Private([object()]),
    "a variable of TensorFlow's": tf.Variable(1.0),
}


@pytest.mark.parametrize("case", UNREAD)
def test_what_cannot_be_read_to_its_end_has_no_fingerprint(case):
    assert fingerprint(UNREAD[case]) is None
    assert why_unread(UNREAD[case])


def test_what_cannot_be_read_is_itself():
    sentinel = object()
    one, two = Reader(), Reader()
    assert one.value([sentinel]) == two.value([sentinel])
    assert one.opaque == two.opaque


def test_what_computes_nothing_is_read_though_it_holds_much():
    for value in (logging.getLogger("some.module"), threading.Lock(), threading.RLock()):
        assert fingerprint(value) is not None


def test_a_list_that_holds_itself_ends():
    holds_itself = [1]
    holds_itself.append(holds_itself)
    assert fingerprint(holds_itself) is not None


def test_a_model_is_its_graph_its_weights_and_what_it_was_compiled_with():
    def made(units=2, loss="mse", change=0.0, twice=False):
        x = keras.Input((2,), name="x")
        layer = keras.layers.Dense(units, kernel_initializer="zeros", name="layer")
        y = layer(x)
        model = keras.Model(x, y + (y if twice else x if units == 2 else 0.0), name="model")
        model.compile(keras.optimizers.SGD(0.1), loss)
        layer.kernel.assign_add(np.full((2, units), change))
        return model

    variants = [{}, {"loss": "mae"}, {"change": 1.0}, {"twice": True}]
    prints = [fingerprint(made(**one)) for one in variants]
    assert None not in prints
    assert len(set(prints)) == len(prints)


def test_a_text_grows_with_what_is_read_and_not_with_its_depth():
    value, sizes = "'", []
    for _ in range(12):
        value = Private(Private(value))
        sizes.append(len(Reader().value(value)))
    steps = np.diff(sizes)
    assert steps.max() < 2 * steps.min()


def test_what_reaches_too_much_is_the_same_as_nothing():
    assert fingerprint([[i] for i in range(30_000)]) is None


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=12,
)


@given(PLAIN, PLAIN)
def test_plain_values_have_equal_fingerprints_exactly_where_their_reprs_are_equal(one, other):
    assert (fingerprint(one) == fingerprint(other)) is (repr(one) == repr(other))
