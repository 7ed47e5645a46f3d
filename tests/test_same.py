"""Values of hyperparameters are the same where a user would say so."""

from __future__ import annotations

import pickle

import numpy as np
import pandas
import pytest
from sklearn.linear_model import Ridge
from sklearn.svm import SVC

from skdl._same import same

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
