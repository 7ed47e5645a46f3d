"""Numbers are said with the digits that mean something."""

import math

import numpy as np
import pytest

from skdl.report.words import (
    count_text,
    decimals_of,
    decimals_of_ends,
    number_text,
    plain_value,
    seconds_text,
    spread_text,
)
from skdl.results.hyperparameters import MISSING
from tests.hostile_texts import Silent


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [
        (0.9725, 0.0081, "0.973 ± 0.008"),
        (0.99961, 0.00021, "0.9996 ± 0.0002"),
        (-54.31, 2.14, "-54.3 ± 2.1"),
        (-3120.4, 250.0, "-3120 ± 250"),
        (1.0, 0.0, "1.00 ± 0.00"),
        (0.0, 0.0, "0.000 ± 0.000"),
        (1 / 3, 5.6e-17, "0.333 ± 0.000"),
        (0.5, math.nan, "0.500"),
        (math.nan, math.nan, "–"),
    ],
)
def test_a_score_has_the_digits_that_its_spread_leaves(mean, std, text):
    assert spread_text(mean, std) == text


def test_digits_have_a_limit():
    assert decimals_of(1e-12) == 6
    assert number_text(1e-12, 6) == "1e-12"
    assert number_text(-1e-4, 2) == "0.00"
    assert number_text(5.6e-17, 3) == "0.000"
    assert number_text(-30261849952512081920.0, 0) == "-3.026e+19"
    assert number_text(-9876543210.0, 0) == "-9876543210"
    assert number_text(math.inf, 2) == "–"


@pytest.mark.parametrize(
    ("low", "high", "ends"),
    [
        (0.00041, 0.0012, ("0.0004", "0.0012")),
        (-0.0004, 0.02, ("-0.0004", "0.0200")),
        (0.97121, 0.97134, ("0.9712", "0.9713")),
        (0.1, 0.2, ("0.100", "0.200")),
        (0.0, 0.0, ("0.000", "0.000")),
        (1e-9, 0.5, ("1e-09", "0.500000")),
    ],
)
def test_the_ends_of_an_interval_are_told_from_each_other_and_from_zero(low, high, ends):
    decimals = decimals_of_ends(low, high, 3)
    assert (number_text(low, decimals), number_text(high, decimals)) == ends


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 ms"),
        (0.0994, "99 ms"),
        (0.0996, "0.1 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3569.0, "59 min 29 s"),
        (3571.0, "1 h 0 min"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_seconds_have_the_unit_that_suits_them(seconds, text):
    assert seconds_text(seconds) == text


def test_counts_agree_with_their_nouns():
    assert count_text(0, "fit") == "0 fits"
    assert count_text(1, "class", "classes") == "1 class"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float64(0.1), 0.1),
        (np.int64(3), 3),
        (np.True_, True),
        (2**53, 2**53),
        (2**53 + 1, "9007199254740993"),
        (10**400, "1" + "0" * 298 + "…"),
        (math.inf, "inf"),
        (math.nan, "nan"),
        ("relu", "relu"),
        ((64, 32), "(64, 32)"),
        (None, "None"),
        (MISSING, None),
        (Silent(), "Silent"),
        ((Silent(),), "tuple"),
    ],
)
def test_values_become_numbers_truth_values_or_texts(value, plain):
    found = plain_value(value)
    assert (found, type(found)) == (plain, type(plain))
