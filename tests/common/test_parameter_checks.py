"""Messages about hyperparameters say what was got, what was expected and what to do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdl.common.parameter_checks import (
    BOOLEAN,
    NONE,
    Kind,
    Number,
    Options,
    check_parameter,
    check_parameters,
    did_you_mean,
)
from skdl.exceptions import InvalidParameterError


@given(st.floats(allow_nan=True), st.floats(-5, 5), st.floats(0, 5))
def test_a_closed_interval_accepts_exactly_its_finite_numbers(value, low, width):
    inside = math.isfinite(value) and low <= value <= low + width
    assert Number(low, low + width).accepts(value) is inside


@given(st.integers(-100, 100))
def test_open_ends_and_integers(value):
    assert Number(0, low_open=True).accepts(value) is (value > 0)
    assert Number(0, 10, high_open=True).accepts(float(value)) is (0 <= value < 10)
    assert Number(0, integer=True).accepts(np.int64(value)) is (value >= 0)


@pytest.mark.parametrize("value", [True, "1", None, 1.5, np.bool_(True), [1]])
def test_what_is_no_integer_is_refused(value):
    assert not Number(0, integer=True).accepts(value)


@pytest.mark.parametrize(
    ("value", "rules", "message"),
    [
        (
            0,
            [Number(1, integer=True)],
            "Net: size=0 is out of range. Got int, expected an int of at least 1. Pass for instance size=1.",
        ),
        (
            1.5,
            [Number(0, 1, high_open=True)],
            "Net: size=1.5 is out of range. Got float, expected a number of at least 0 and below 1. "
            "Pass for instance size=0.5.",
        ),
        (
            "ful",
            [Number(1, integer=True), Options(("full", "half"))],
            "Net: size='ful' is not accepted. Got str, expected an int of at least 1, or one of 'full', "
            "'half'. Did you mean 'full'?",
        ),
        (
            [],
            [NONE, BOOLEAN, Kind(callable, "a callable", "print")],
            "Net: size=[] is not accepted. Got list, expected None, or True or False, or a callable. "
            "Pass for instance size=None.",
        ),
    ],
)
def test_the_message_of_a_refused_value(value, rules, message):
    with pytest.raises(InvalidParameterError) as caught:
        check_parameter("Net", "size", value, rules)
    assert str(caught.value) == message
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, TypeError)


def test_all_parameters_with_rules_are_checked_and_others_left_alone():
    rules = {"a": [Number(0)], "b": [Number(0)]}
    check_parameters("Net", {"a": 1, "c": object()}, rules)
    with pytest.raises(InvalidParameterError, match="Net: b=-1"):
        check_parameters("Net", {"a": 1, "b": -1}, rules)


def test_the_nearest_name_is_offered_or_all_of_them():
    assert did_you_mean("dropot", ["dropout", "units"]) == "Did you mean 'dropout'?"
    assert did_you_mean("zzz", ["b", "a"]) == "Known names: a, b."
    assert did_you_mean("zzz", []) == "It takes no further parameters."
