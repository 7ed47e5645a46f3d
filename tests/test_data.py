"""Targets are written for a network and read back; splits and seeds are what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdl._data import ClassTarget, class_weights, draw_seed, scale_weights, split_rows
from skdl.exceptions import InvalidParameterError


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
    np.testing.assert_array_equal(target.encode(y), codes)
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
    np.testing.assert_array_equal(target.encode(np.array([2, 1])), [2, 1])
    with pytest.raises(ValueError, match=r"not among the classes: \[9\]"):
        target.encode(np.array([9]))
    with pytest.raises(ValueError, match="expected one label a row"):
        target.encode(np.array([[0, 1]]))


def test_several_labels_of_several_classes_are_refused_with_a_way_out():
    with pytest.raises(ValueError, match="MultiOutputClassifier"):
        ClassTarget.of("Net", np.array([[1, 2], [3, 1]]))


@given(
    rows=st.integers(2, 120),
    fraction=st.floats(0.01, 0.9),
    shuffle=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_split_parts_the_rows_and_holds_out_what_was_asked(rows, fraction, shuffle, seed):
    y = np.arange(rows) % 2
    train, held_out = split_rows(y, fraction, shuffle=shuffle, stratify=True, seed=seed)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, held_out])), np.arange(rows))
    assert len(held_out) == max(1, int(rows * fraction))
    if not shuffle:
        assert held_out[0] == len(train)


def test_a_stratified_split_keeps_the_classes_shares_and_repeats_itself():
    y = np.repeat([0, 1, 2], [60, 30, 10])
    train, held_out = split_rows(y, 0.2, shuffle=True, stratify=True, seed=4)
    assert np.bincount(y[held_out]).tolist() == [12, 6, 2]
    again = split_rows(y, 0.2, shuffle=True, stratify=True, seed=4)
    np.testing.assert_array_equal(held_out, again[1])
    other = split_rows(y, 0.2, shuffle=True, stratify=True, seed=5)
    assert not np.array_equal(held_out, other[1])


def test_a_class_of_one_row_is_split_without_strata():
    y = np.array([0] * 9 + [1])
    train, held_out = split_rows(y, 0.3, shuffle=True, stratify=True, seed=0)
    assert len(train) == 7


def test_a_split_that_leaves_nothing_to_train_on_is_an_error():
    with pytest.raises(ValueError, match="n_samples=1 leaves no row to train on"):
        split_rows(np.zeros(1), 0.5, shuffle=True, stratify=False, seed=0)


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=20))
def test_scaled_weights_have_a_mean_of_one_and_keep_their_ratios(weights):
    weights = np.array(weights)
    scaled = scale_weights(weights)
    np.testing.assert_allclose(scaled.mean(), 1)
    np.testing.assert_allclose(scaled * weights[0], weights * scaled[0])
    assert scale_weights(None) is None


def test_class_weights_are_scikit_learns():
    y = np.array(["a", "a", "a", "b"])
    np.testing.assert_allclose(class_weights("Net", "balanced", y), [2 / 3] * 3 + [2])
    np.testing.assert_allclose(class_weights("Net", {"a": 1, "b": 5}, y), [1, 1, 1, 5])


@pytest.mark.parametrize("value", [-5.0, np.nan, np.inf])
def test_class_weights_that_are_no_weights_are_refused(value):
    with pytest.raises(InvalidParameterError, match="class_weight=.* is out of range"):
        class_weights("Net", {0: value, 1: 1.0}, np.array([0, 1]))
    with pytest.raises(InvalidParameterError, match="all zero"):
        class_weights("Net", {0: 0.0, 1: 0.0}, np.array([0, 1]))


def test_seeds_are_taken_drawn_or_fresh():
    assert draw_seed("Net", 7) == 7
    assert draw_seed("Net", np.int64(2**32 - 1)) == 2**32 - 1
    state = np.random.RandomState(3)
    before = state.get_state()[1].copy()
    assert draw_seed("Net", state) == draw_seed("Net", state)
    np.testing.assert_array_equal(state.get_state()[1], before)
    assert draw_seed("Net", None) != draw_seed("Net", None)
    assert draw_seed("Net", np.random) == draw_seed("Net", np.random)


@pytest.mark.parametrize("value", [-1, 2**32, "0", 1.0, True, np.random.default_rng(0)])
def test_other_seeds_are_refused(value):
    with pytest.raises(InvalidParameterError, match="Net: random_state="):
        draw_seed("Net", value)
