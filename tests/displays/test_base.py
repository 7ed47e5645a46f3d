"""Displays show what varies, and say where there is nothing to show."""

import numpy as np
import pytest

from skdl.displays.base import columns_of
from skdl.exceptions import InvalidParameterError
from tests.made_up_results import halving, results


def test_only_what_varies_is_shown():
    found = results([{"a": 1, "b": 1}, {"a": 1, "b": 2}], [0.1, 0.2])
    assert [one.name for one in columns_of(found, "X")] == ["b"]


def test_the_resources_of_a_halving_are_a_column_where_they_are_asked_for():
    assert [one.name for one in columns_of(halving(), "X")] == ["a", "b"]
    found = columns_of(halving(), "X", resources=True)[-1]
    assert (found.name, found.values) == ("n_resources", (10, 10, 10, 10, 20, 20))


@pytest.mark.parametrize(
    ("params", "means", "words"),
    [
        ([{"a": 1}], [0.5], r"X: no hyperparameter varies\. Got 1 candidates.*of a, expected two"),
        ([{}, {}], [0.5, 0.6], "one value each of no hyperparameters"),
        (
            [{"a": 1}, {"a": 2}],
            [np.nan, np.nan],
            "2 candidates that all failed.*error_score='raise'",
        ),
    ],
)
def test_nothing_to_show_is_an_error(params, means, words):
    with pytest.raises(InvalidParameterError, match=words):
        columns_of(results(params, means), "X")
