"""Values and other texts stand in one line, short and distinct."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from skdl.results.value_texts import LONGEST_TEXT, cut_apart, number_texts, one_line, text_of
from tests.hostile_texts import Silent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float64(0.1), "0.1"),
        (np.int64(3), "3"),
        (True, "True"),
        (Silent(), "Silent"),
        (Ridge(alpha=2.0), "Ridge(alpha=2.0)"),
        (Ridge, "Ridge"),
        ("a\nb\x00c", "a b c"),
        ("<script>$x$", "<script>$x$"),
    ],
)
def test_texts_of_values(value, text):
    assert text_of(value) == text


@given(st.text())
def test_texts_are_one_short_line(value):
    assert len(text_of(value)) <= LONGEST_TEXT
    assert text_of(value).isprintable()


def test_texts_that_are_cut_stay_apart():
    assert cut_apart(["abcdefghij", "xyz"], 5) == ["abcd…", "xyz"]
    # After the first difference there may be another one.
    grid = [
        f"clf=DecisionTreeClassifier(), criterion={a}, max_depth={b}" for a in "xy" for b in (1, 2)
    ]
    assert cut_apart(grid, 24) == [
        "clf=De…n=x, max_depth=1",
        "clf=De…n=x, max_depth=2",
        "clf=De…n=y, max_depth=1",
        "clf=De…n=y, max_depth=2",
    ]
    assert cut_apart(["same", "same"], 8) == ["same", "same (2)"]


@given(st.lists(st.text("ab,=", max_size=12), max_size=6), st.integers(6, 12))
def test_cut_texts_are_short_and_distinct(texts, longest):
    found = cut_apart(texts, longest)
    assert len(set(found)) == len(texts)
    assert all(len(text) <= longest for text in found)


def test_any_text_is_one_line_of_bounded_length():
    assert one_line("a\r\n\tb\x00\x1b[31mc") == "a b [31mc"
    assert one_line("‮abc") == "abc"  # would turn the letters around
    assert len(one_line("x" * 1000)) == 300


def test_distinct_numbers_have_distinct_texts():
    assert number_texts(np.array([16.0, 4096.0])) == ["16", "4096"]
    assert number_texts(np.array([0.10001, 0.10002])) == ["0.10001", "0.10002"]
