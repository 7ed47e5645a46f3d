"""A classifier's target is written for a network and read back."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdl.networks.class_target import ClassTarget


@pytest.mark.parametrize(
    ("y", "kind", "codes"),
    [
        (["no", "yes", "no"], "binary", [0, 1, 0]),
        ([-3, 7, 2], "multiclass", [0, 2, 1]),
        ([True, False, True], "binary", [1, 0, 1]),
        ([5, 5, 5], "binary", [0, 0, 0]),
        (["c", "a", "b"], "multiclass", [2, 0, 1]),
    ],
)
def test_labels_are_encoded_in_the_order_of_the_classes_and_read_back(y, kind, codes):
    y = np.array(y)
    target = ClassTarget.of("Net", y)
    assert target.kind == kind
    np.testing.assert_array_equal(target.encode(y), np.array(codes)[:, None])
    certain = np.eye(len(target.classes))[codes]
    np.testing.assert_array_equal(target.labels(certain), y)


def test_two_classes_take_one_unit_and_give_two_columns():
    target = ClassTarget.of("Net", np.array([0, 1]))
    assert target.n_units == 1
    np.testing.assert_array_equal(
        target.probabilities(np.array([[0.25], [1.0]])), [[0.75, 0.25], [0, 1]]
    )


def test_one_class_is_certain():
    target = ClassTarget.of("Net", np.array(["only"] * 3))
    np.testing.assert_array_equal(target.probabilities(np.array([[0.9], [0.1]])), [[1], [1]])
    assert target.labels(np.ones((2, 1))).tolist() == ["only", "only"]


@given(
    st.lists(
        st.lists(st.floats(0.015625, 1, width=32), min_size=3, max_size=3), min_size=1, max_size=9
    )
)
def test_probabilities_of_several_classes_sum_to_one_in_float64(rows):
    target = ClassTarget.of("Net", np.array([0, 1, 2]))
    found = target.probabilities(np.array(rows, np.float32))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-14)


def test_an_indicator_matrix_is_labels_of_their_own():
    y = np.array([[1, 0, 1], [0, 0, 0]])
    target = ClassTarget.of("Net", y)
    assert target.n_units == 3
    np.testing.assert_array_equal(target.encode(y), y)
    np.testing.assert_array_equal(target.labels(np.array([[0.6, 0.5, 0.9]])), [[1, 0, 1]])
    with pytest.raises(ValueError, match="expected an indicator matrix of 3 columns"):
        target.encode(y[:, :2])


def test_classes_may_be_more_than_a_first_part_of_the_data_shows():
    target = ClassTarget.of("Net", np.array([1, 0]), classes=[2, 0, 1])
    assert target.kind == "multiclass"
    np.testing.assert_array_equal(target.encode(np.array([2, 1])), [[2], [1]])
    columns = replace(target, takes_class_numbers=False)
    np.testing.assert_array_equal(columns.encode(np.array([2, 1])), [[0, 0, 1], [0, 1, 0]])
    with pytest.raises(ValueError, match=r"not among the classes: \[9\]"):
        target.encode(np.array([9]))
    with pytest.raises(ValueError, match="expected one label a row"):
        target.encode(np.array([[0, 1]]))


def test_several_labels_of_several_classes_are_refused_with_a_way_out():
    with pytest.raises(ValueError, match="MultiOutputClassifier"):
        ClassTarget.of("Net", np.array([[1, 2], [3, 1]]))
