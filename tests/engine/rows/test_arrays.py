"""Rows in any nesting keep their structure and their type."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from skdl.engine.rows.arrays import (
    Samples,
    content_of,
    few_rows,
    leaves,
    map_arrays,
    n_rows,
    network_array,
    take_rows,
)

ROWS = 11
X = np.arange(ROWS * 3, dtype=np.float32).reshape(ROWS, 3)
Y = np.arange(ROWS, dtype=np.float32)
ONE, TWO, THREE = (np.full((4, n), float(n)) for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.float64, np.float32),
        (np.float16, np.float32),
        (np.float32, np.float32),
        (np.uint8, np.uint8),
        (np.int64, np.int64),
    ],
)
def test_floats_take_the_default_float_type_and_integers_stay(given, expected):
    assert network_array(np.ones((2, 2), given)).dtype == expected


def test_network_array_copies_nothing_that_fits():
    assert network_array(X) is X
    matrix = sparse.csr_array(X)
    assert np.shares_memory(network_array(matrix).data, matrix.data)


def test_take_rows_and_map_arrays_keep_the_structure():
    parts = {"a": X, "b": [sparse.csr_array(X), Y]}
    taken = take_rows(parts, np.array([2, 0]))
    np.testing.assert_array_equal(taken["a"], X[[2, 0]])
    assert isinstance(taken["b"], tuple)
    np.testing.assert_array_equal(taken["b"][0], X[[2, 0]])
    assert map_arrays(lambda a: a.shape[0], parts) == {"a": ROWS, "b": (ROWS, ROWS)}


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        (ONE, [ONE]),
        ((TWO, ONE), [TWO, ONE]),
        ([ONE, (TWO, THREE)], [ONE, TWO, THREE]),
        ({"b": TWO, "a": ONE}, [ONE, TWO]),
        ({"z": ONE, "c": {"y": THREE, "x": TWO}}, [TWO, THREE, ONE]),
    ],
)
def test_leaves_come_in_the_order_of_keras(arrays, found):
    import keras

    assert all(a is b for a, b in zip(leaves(arrays), found, strict=True))
    assert all(a is b for a, b in zip(keras.tree.flatten(arrays), found, strict=True))
    assert n_rows(arrays) == Samples(arrays, ONE).n_rows == 4


def test_a_sparse_matrix_is_one_leaf():
    rows = sparse.csr_array(np.eye(3))
    assert leaves(rows)[0] is rows
    assert n_rows(rows) == 3


def test_few_rows_are_two():
    x, y, weight = few_rows(Samples(X, Y, np.ones(ROWS)))
    assert (len(x), len(y), len(weight)) == (2, 2, 2)


@pytest.mark.parametrize(
    "other",
    [
        X + 1,
        X[::-1],
        X.T,
        X[:-1],
        X.astype(np.float64),
        X.astype(">f4"),
        X.view(np.int32),
        sparse.csr_matrix(X),
        X.astype(object),
        X.astype(str),
        (X,),
        {"a": X},
        None,
    ],
)
def test_another_array_has_another_content(other):
    assert content_of(other) != content_of(X)
    assert content_of(other) == content_of(other)


def test_equal_arrays_have_one_content_wherever_they_lie():
    wide = np.zeros((ROWS, 6), np.float32)
    wide[:, ::2] = X
    for same in (X.copy(), np.asfortranarray(X), wide[:, ::2]):
        assert content_of(same) == content_of(X)
    assert content_of(sparse.csr_matrix(X)) == content_of(sparse.csr_matrix(X.copy()))
    words = np.array(["one", b"two", 3, None], object)
    assert content_of(words) == content_of(words.copy())
    assert content_of({"a": X, "b": Y}) == content_of({"b": Y, "a": X})
    assert content_of((X, None)) == content_of([X, None])
    assert content_of((X, (Y,))) != content_of((X, Y))
    assert content_of(np.zeros((0, 3))) != content_of(np.zeros((0, 2)))
