"""What was tried, as columns: names, texts, kinds of axes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdl.results.hyperparameters import MISSING, hyperparameters_of, short_names
from skdl.results.value_texts import LONGEST_TEXT
from tests.hostile_texts import Silent
from tests.made_up_results import column as tried


def column(*values):
    return hyperparameters_of([{"a": value} for value in values])[0]


@pytest.mark.parametrize(
    ("values", "numeric", "log"),
    [
        ((32, 64, 128, 256), True, True),
        ((1e-4, 1e-3, 1e-2), True, True),
        ((0.001, 0.01), True, True),
        ((1, 2, 3, 4, 5, 6, 7, 8, 9), True, False),
        ((0.0, 0.2, 0.4), True, False),
        ((0.0, 1e-5, 1e-3), False, False),  # zero has no place on an axis that shows the others
        ((np.float32(0.5), 1), True, False),
        ((True, False), False, False),
        ((1.0, None), False, False),
        ((1.0, float("nan")), False, False),
        (("relu", "tanh"), False, False),
        (((64,), (64, 32)), False, False),
        ((7,), True, False),
    ],
)
def test_the_values_say_which_axis_they_ask_for(values, numeric, log):
    found = column(*values)
    assert (found.numeric, found.log) == (numeric, log)
    if numeric:
        np.testing.assert_array_equal(found.numbers, np.asarray(values, np.float64))
    else:
        with pytest.raises(TypeError, match="not numbers on an axis"):
            _ = found.numbers


def test_numbers_come_first_and_by_size_among_categories():
    found = column("b", 10, None, 9, "a", 10)
    assert found.categories == ("9", "10", "None", "a", "b")
    assert found.codes.tolist() == [4, 1, 2, 0, 3, 1]
    assert found.n_distinct == 5


def test_values_that_look_alike_are_not_the_same():
    close = column(0.10001, 0.10002, 0.10001)
    assert close.texts == ("0.10001", "0.10002", "0.10001")
    assert (close.n_distinct, close.codes.tolist()) == (2, [0, 1, 0])
    long = column("a" * 50 + "b" + "a" * 50, "a" * 50 + "c" + "a" * 50)
    assert (long.n_distinct, long.codes.tolist()) == (2, [0, 1])


ALIKE = [
    [GradientBoostingClassifier(learning_rate=rate, max_depth=2) for rate in (0.001, 1.0)],
    [{place: 1 if place < 5 else weight for place in range(10)} for weight in (1, 1000)],
    [list(range(20)), [*range(19), 0]],
    [np.arange(2000), np.append(np.arange(1999), 0)],
    [lambda x: x, lambda x: -x],
    [make_pipeline(StandardScaler(with_mean=flag), Ridge()) for flag in (True, False)],
    [None, "None"],
    [2**53, 2**53 + 1],
    [(Silent(), 1), (Silent(), 1)],
]


@pytest.mark.parametrize("values", ALIKE, ids=lambda values: type(values[0]).__name__)
def test_values_are_told_apart_by_all_of_them(values):
    found = column(*values, values[0])
    assert (found.n_distinct, found.codes[2]) == (2, found.codes[0])
    assert found.texts[0] == found.texts[2] != found.texts[1]
    assert set(found.categories) == set(found.texts)
    assert max(map(len, found.texts)) <= LONGEST_TEXT


def test_the_text_of_a_long_value_shows_what_differs():
    assert column(*ALIKE[1]).texts == (
        "{0: 1, 1: …1, 6: 1, 7: 1, 8: 1, 9: 1}",
        "{0: 1, 1: …1000, 6: 1000, 7: 1000, 8: 1…",
    )
    assert column(*ALIKE[4]).texts == ("<lambda>", "<lambda> (2)")


def test_equal_containers_and_estimators_are_one_value():
    assert column([1, np.float64(2.0)], [np.int64(1), 2.0]).n_distinct == 1
    assert column({"a": 1, "b": 2}, {"b": 2, "a": 1}).n_distinct == 1
    assert column(np.arange(3), np.arange(3)).n_distinct == 1
    assert column(Ridge(alpha=2.0), Ridge(alpha=2.0)).n_distinct == 1
    assert column(Ridge(alpha=2.0).fit([[0.0], [1.0]], [0, 1]), Ridge(alpha=2.0)).n_distinct == 1


@given(st.lists(st.one_of(st.none(), st.text(), st.floats(), st.integers()), min_size=1))
def test_texts_are_as_many_as_values(values):
    found = column(*values)
    assert len(set(found.texts)) == found.n_distinct == found.codes.max() + 1


def test_an_integer_that_no_float_reaches_is_a_category():
    huge = column(10**400, 1)
    assert not huge.numeric
    assert huge.codes.tolist() == [1, 0]


def test_what_a_candidate_does_not_have_is_missing():
    one, two = hyperparameters_of([{"a": 1}, {"a": 2, "b": "x"}])
    assert one.present.all()
    assert two.values == (MISSING, "x")
    assert two.present.tolist() == [False, True]
    assert two.texts == ("", "x")
    assert two.codes.tolist() == [-1, 0]


@given(st.lists(st.from_regex(r"[ab](__[ab]){0,3}", fullmatch=True), min_size=1, unique=True))
def test_short_names_tell_all_names_apart(names):
    found = short_names(names)
    assert len(set(found.values())) == len(names)
    assert all(name == short or name.endswith("__" + short) for name, short in found.items())


def test_places_on_an_axis():
    np.testing.assert_array_equal(tried(3, None, 1).places, [3, np.nan, 1])
    np.testing.assert_array_equal(tried("b", "a", None).places, [1, 0, np.nan])


@pytest.mark.parametrize("values", [(1e-4, 1e-3, 1e-2, 1e-1), (1.0, 2.0, 3.0)])
def test_distances_on_an_axis_become_places_again(values):
    found = tried(*values)
    distances = found.on_scale(found.numbers)
    np.testing.assert_allclose(np.diff(distances), np.diff(distances)[0])
    np.testing.assert_allclose(found.from_scale(distances), values)


def test_what_a_grid_has_tried():
    assert tried(1, 1, 2, 2).of_grid
    assert not tried(1, 2, 3, 4).of_grid
    assert not tried(*range(20), *range(20)).of_grid
    assert tried(1, 2.0, None).whole
    assert not tried(1, 2.5).whole
