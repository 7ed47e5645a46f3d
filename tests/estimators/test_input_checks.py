"""Seeds are taken, drawn or fresh, and targets are of the kind that scikit-learn says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.multiclass import type_of_target

from skdl.estimators.input_checks import check_y, draw_seed, kind_of_target
from skdl.exceptions import InvalidParameterError


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


@given(st.lists(st.integers(0, 3), min_size=1, max_size=8), st.sampled_from("lBH?"))
def test_the_kind_of_whole_numbers_is_that_of_scikit_learn(labels, dtype):
    y = np.array(labels).astype(dtype)
    assert kind_of_target(y) == type_of_target(y)


class Classifier:
    _estimator_kind = "classifier"


@pytest.mark.parametrize("y", [np.array([0.5, 1.5]), np.array([], int), np.array([0.1] * 3)])
def test_other_targets_are_those_of_scikit_learn(y):
    assert kind_of_target(y) == type_of_target(y)
    if type_of_target(y) == "continuous":
        with pytest.raises(ValueError, match="Unknown label type: continuous"):
            check_y(Classifier(), y)


def test_almost_as_many_classes_as_rows_are_warned_of_as_in_scikit_learn():
    with pytest.warns(UserWarning, match="number of unique classes is greater than 50%"):
        check_y(Classifier(), np.arange(50))
