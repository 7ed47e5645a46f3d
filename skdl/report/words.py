"""Numbers, times, counts and lists as a report says them; nothing of HTML or Markdown."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from skdl.results.hyperparameters import MISSING
from skdl.results.scales import is_number
from skdl.results.value_texts import full_text_of, one_line

# Smaller numbers, and larger ones, are written with a power of ten.
MOST_DECIMALS = 6
SCIENTIFIC = 1e10


def decimals_of(mean: float, std: float = math.nan) -> int:
    """How many decimals tell a score: three digits of it, and one at least of its spread.

    Examples
    --------
    >>> decimals_of(0.972, 0.008), decimals_of(0.99961, 0.0002), decimals_of(-3120.4, 25.0)
    (3, 4, 0)
    """
    digits = 3
    if math.isfinite(mean) and mean:
        digits = 2 - math.floor(math.log10(abs(mean)))
    # Equal scores have a spread of rounding alone.
    if math.isfinite(std) and std > 1e-12 * abs(mean):
        digits = max(digits, -math.floor(math.log10(std)))
    return min(max(digits, 0), MOST_DECIMALS)


def decimals_of_ends(low: float, high: float, decimals: int) -> int:
    """As many more decimals as it takes to tell the ends of an interval from each other and from zero.

    Examples
    --------
    >>> decimals_of_ends(0.00004, 0.001, 3), decimals_of_ends(-0.02, 0.03, 3), decimals_of_ends(0.0, 0.0, 3)
    (5, 3, 3)
    """
    ends = {low, high, 0.0}
    while decimals < MOST_DECIMALS and len({number_text(end, decimals) for end in ends}) < len(
        ends
    ):
        decimals += 1
    return decimals


def number_text(value: float, decimals: int) -> str:
    """A number with as many decimals; what is no number, and what is absent, is a dash.

    Examples
    --------
    >>> number_text(0.97251, 3), number_text(-0.0001, 2), number_text(float("nan"), 3)
    ('0.973', '0.00', '–')
    """
    if not math.isfinite(value):
        return "–"
    if value and abs(value) < 10.0**-MOST_DECIMALS and decimals >= MOST_DECIMALS:
        return f"{value:.2g}"
    if abs(value) >= SCIENTIFIC:
        return f"{value:.4g}"
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def spread_text(mean: float, std: float) -> str:
    """A mean and its standard deviation.

    Examples
    --------
    >>> spread_text(0.97251, 0.00812)
    '0.973 ± 0.008'
    """
    decimals = decimals_of(mean, std)
    if not math.isfinite(std):
        return number_text(mean, decimals)
    return f"{number_text(mean, decimals)} ± {number_text(std, decimals)}"


def seconds_text(seconds: float | None) -> str:
    """A time in the unit that suits it.

    Examples
    --------
    >>> [seconds_text(t) for t in (0.00041, 0.0123, 3.21, 48.2, 754.0, 8100.0)]
    ['0.4 ms', '12 ms', '3.2 s', '48 s', '12 min 34 s', '2 h 15 min']
    """
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 0.0995:
        return f"{1000 * seconds:.{0 if seconds >= 0.00095 else 1}f} ms"
    if seconds < 59.5:
        return f"{seconds:.{1 if seconds < 9.95 else 0}f} s"
    if seconds < 3570:
        whole = round(seconds)
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def count_text(count: int, one: str, several: str | None = None) -> str:
    """A number of things.

    Examples
    --------
    >>> count_text(1, "fit"), count_text(1200, "fit"), count_text(2, "class", "classes")
    ('1 fit', '1,200 fits', '2 classes')
    """
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def list_text(parts: Iterable[str]) -> str:
    """Words in a row.

    Examples
    --------
    >>> list_text(["a", "b", "c"])
    'a, b and c'
    """
    words = list(parts)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def plain_value(value: Any) -> Any:
    """A value of a hyperparameter as a number, a truth value or a text; None where it is absent.

    Examples
    --------
    >>> plain_value(0.1), plain_value(True), plain_value((64, 32)), plain_value(None)
    (0.1, True, '(64, 32)', 'None')
    """
    if value is MISSING:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return value
    if is_number(value):
        if not isinstance(value, numbers.Integral):
            return float(value)
        # A page's script has floats alone, in which larger integers lose digits.
        whole = int(value)
        return whole if abs(whole) <= 2**53 else str(whole)
    return one_line(full_text_of(value))
