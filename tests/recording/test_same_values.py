"""Values of hyperparameters are the same where a user would say so, also what is kept of them."""

from __future__ import annotations

import gc
import pickle
from collections import OrderedDict

import numpy as np
import pandas
import pytest
from sklearn.linear_model import Ridge
from sklearn.svm import SVC

from skdl.recording.same_values import StandIn, kept, same

NAN = float("nan")


@pytest.mark.parametrize(
    "value",
    [
        1,
        None,
        "a",
        NAN,
        np.float64("nan"),
        (8, [NAN, {"a": NAN}]),
        np.array([1.0, NAN]),
        np.array([1, 2]),
        np.array([NAN, "a", Ridge()], dtype=object),
        Ridge(alpha=2.0),
        pandas.DataFrame({"a": [1, 2]}),
    ],
    ids=repr,
)
def test_a_copy_out_of_a_pickle_is_the_same(value):
    assert same(value, pickle.loads(pickle.dumps(value)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2),
        (1, 1.0),
        (0, False),
        (NAN, 1.0),
        ((8,), [8]),
        ((8,), (8, 8)),
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, {"a": 2}),
        (np.array([1.0]), np.array([2.0])),
        (np.array([1.0]), np.array([1])),
        (np.array([1, "a"], dtype=object), np.array([1, "b"], dtype=object)),
        (Ridge(), SVC()),
    ],
    ids=repr,
)
def test_others_are_not(one, other):
    assert not same(one, other)
    assert not same(other, one)


def test_objects_without_an_equality_of_one_class_are_taken_for_the_same():
    assert same(Ridge(alpha=1.0), Ridge(alpha=2.0))


class Thing:
    def __init__(self, number):
        self.number = number

    def __eq__(self, other):
        return self.number == other.number

    __hash__ = None


PLAIN = [
    None,
    True,
    1,
    0.5,
    float("nan"),
    1j,
    "text",
    b"bytes",
    np.float32(1),
    np.arange(3.0),
    (8, [4, {"a": None}]),
    OrderedDict(a=1, b=(2, 3)),
    Ridge,
]


@pytest.mark.parametrize("value", PLAIN, ids=str)
def test_plain_values_are_kept_themselves(value):
    found = kept(value)
    assert type(found) is type(value)
    assert same(found, value)
    for other in PLAIN:
        assert same(found, other) == (other is value)


def test_a_small_part_of_a_large_array_is_kept_alone():
    large = np.zeros(100_000)
    part = kept(large[:3])
    assert part.base is None
    assert isinstance(kept(large), StandIn)


@pytest.mark.parametrize(
    "value",
    [
        Ridge(),
        np.zeros(100_000),
        np.array([None, "a"], dtype=object),
        len,
        "x" * 100_000,
        list(range(10_000)),
        {1, 2},
    ],
    ids=lambda value: type(value).__name__,
)
def test_others_have_a_stand_in_that_knows_them(value):
    found = kept({"a": [value]})
    assert isinstance(found["a"][0], StandIn)
    assert same(found, {"a": [value]})
    assert same({"a": [value]}, found)
    assert same(found, kept({"a": [value]}))
    assert not same(found, {"a": [0]})


def test_while_an_object_lives_it_is_told_from_others_of_its_class():
    one, two = Thing(1), Thing(2)
    assert same(kept(one), Thing(1))
    assert not same(kept(one), two)
    assert not same(kept(one), kept(two))
    found = kept(one)
    del one
    gc.collect()
    assert same(found, two)
    assert not same(found, Ridge())


def test_a_list_that_holds_itself_does_no_harm():
    value = [1]
    value.append(value)
    assert kept(value)[0] == 1
