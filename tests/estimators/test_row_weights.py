"""Weights of rows and of classes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdl.estimators.row_weights import class_weights, scale_weights
from skdl.exceptions import InvalidParameterError


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
