"""Weights of rows and of classes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdl.estimators.row_weights import RowWeights, class_weights, scale_weights
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


Y, OWN = np.array([0, 0, 0, 1]), np.array([1.0, 1.0, 2.0, 2.0])


@pytest.mark.parametrize(
    ("class_weight", "weight", "trained", "held_out"),
    [
        (None, None, None, None),
        (None, OWN, OWN, [3.0, 4.0, 5.0]),
        ({0: 1.0, 1: 5.0}, None, [1, 1, 1, 5], [1, 5, 1]),
        ({0: 1.0, 1: 5.0}, OWN, [1, 1, 2, 10], [3, 20, 5]),
        # Rows of weight 4 and of weight 2: as 6 / (2 * 4) and 6 / (2 * 2). A class that is new weighs one.
        ("balanced", OWN, [0.75, 0.75, 1.5, 3], [2.25, 6, 5]),
    ],
)
def test_the_weights_of_a_fit(class_weight, weight, trained, held_out):
    weights = RowWeights("Net", class_weight, Y, np.arange(len(Y)), weight)
    own = None if weight is None else np.array([3.0, 4.0, 5.0])
    y_val = np.array([0, 1, 2 if class_weight == "balanced" else 0])
    for found, expected in (
        (weights.of_training(), trained),
        (weights.of_held_out(y_val, own), held_out),
    ):
        if expected is None:
            assert found is None
        else:
            np.testing.assert_allclose(found, expected)
    np.testing.assert_array_equal(OWN, [1, 1, 2, 2])
