"""The hyperparameters of a search as columns: what was tried, what it is called, which axis it asks for."""

from __future__ import annotations

import math
import numbers
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

# Longer texts leave their middle out, on axes and in tables.
LONGEST_TEXT = 40
# Values that span less than this factor are as legible on a linear axis.
LEAST_SPAN_OF_LOG = 8.0

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = _repr.maxlong = LONGEST_TEXT


class Missing:
    """Stands where a candidate does not have a hyperparameter, as in a list of grids."""

    def __repr__(self) -> str:
        return ""


MISSING = Missing()


@dataclass(frozen=True, eq=False)
class Hyperparameter:
    """One hyperparameter over all candidates.

    Attributes
    ----------
    name : str
        As in ``get_params``.
    label : str
        The shortest end of `name` that no other hyperparameter of the search has.
    values : tuple
        One for each candidate; `MISSING` where a candidate does not have it.
    """

    name: str
    label: str
    values: tuple[Any, ...]

    @cached_property
    def present(self) -> np.ndarray:
        """Which candidates have it: booleans of shape (n_candidates,)."""
        return np.array([value is not MISSING for value in self.values], dtype=bool)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The values as short texts; empty where a candidate does not have it."""
        return tuple(map(text_of, self.values))

    @cached_property
    def numeric(self) -> bool:
        """Whether every value is a finite number, so that they lie on an axis."""
        there = [value for value in self.values if value is not MISSING]
        if not there or not all(map(is_number, there)):
            return False
        # Zero beside tiny numbers has no place on an axis that shows them: each value gets its own.
        found = np.unique(np.asarray(there, dtype=np.float64))
        positive = found[found > 0]
        lost = len(positive) < len(found) and len(positive) and asks_for_log(positive)
        return not (lost and len(found) <= 8)

    @cached_property
    def log(self) -> bool:
        """Whether the numbers ask for a logarithmic axis: positive, and spread by factors."""
        if not self.numeric:
            return False
        found = np.unique(self.numbers[self.present])
        return bool(found[0] > 0) and asks_for_log(found)

    @property
    def numbers(self) -> np.ndarray:
        """The numbers, of shape (n_candidates,); nan where a candidate does not have it.

        Raises
        ------
        TypeError
            If it is not `numeric`.
        """
        if not self.numeric:
            raise TypeError(f"The values of {self.name!r} are not numbers on an axis: use codes.")
        return np.array(
            [math.nan if value is MISSING else float(value) for value in self.values],
            dtype=np.float64,
        )

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """The distinct values as texts: numbers by size, then the others by name.

        Two that differ may have one text, as long ones that are shortened.
        """
        return tuple(text for _, text in self._distinct)

    @cached_property
    def codes(self) -> np.ndarray:
        """The place of each value among the `categories`, (n_candidates,); -1 where it is missing."""
        places = {key: place for place, (key, _) in enumerate(self._distinct)}
        pairs = zip(self.values, self.texts, strict=True)
        return np.array(
            [-1 if value is MISSING else places[_key(value, text)] for value, text in pairs],
            dtype=np.int64,
        )

    @cached_property
    def _distinct(self) -> list[tuple[tuple[int, float, str], str]]:
        """What tells each distinct value from the others, with its text, in order."""
        pairs = zip(self.values, self.texts, strict=True)
        found = {_key(value, text): text for value, text in pairs if value is not MISSING}
        return sorted(found.items())

    @property
    def n_distinct(self) -> int:
        """How many values were tried."""
        return len(self._distinct)


def hyperparameters_of(params: Sequence[Mapping[str, Any]]) -> tuple[Hyperparameter, ...]:
    """The hyperparameters of candidates, in the order in which they are first met.

    Examples
    --------
    >>> units, rate = hyperparameters_of([{"net__units": 8, "net__rate": 0.1}, {"net__units": 16}])
    >>> units.label, units.values, rate.values
    ('units', (8, 16), (0.1, ))
    """
    names = list(dict.fromkeys(name for one in params for name in one))
    labels = short_names(names)
    return tuple(
        Hyperparameter(name, labels[name], tuple(one.get(name, MISSING) for one in params))
        for name in names
    )


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Each of `names` with the shortest end that tells it from all others.

    Examples
    --------
    >>> short_names(["net__units", "a__dropout", "b__dropout"])
    {'net__units': 'units', 'a__dropout': 'a__dropout', 'b__dropout': 'b__dropout'}
    """
    found: dict[str, str] = {}
    for name in names:
        parts = str(name).split("__")
        ends = ["__".join(parts[-length:]) for length in range(1, len(parts) + 1)]
        others = [str(other) for other in names if other != name]
        alone = [
            end
            for end in ends
            if not any(other == end or other.endswith(f"__{end}") for other in others)
        ]
        found[name] = (alone or ends[-1:])[0]
    return found


def text_of(value: Any) -> str:
    """A value of a hyperparameter as a short text of one line; never raises.

    Examples
    --------
    >>> text_of(0.00123456), text_of("relu"), text_of((64, 32)), text_of(None), text_of(len)
    ('0.00123', 'relu', '(64, 32)', 'None', 'len')
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool) or value is None:
        text = str(value)
    elif isinstance(value, float):
        text = f"{value:.3g}"
    elif isinstance(value, type) or callable(value) and hasattr(value, "__name__"):
        text = str(value.__name__)
    else:
        try:
            text = _repr.repr(value) if isinstance(value, (tuple, list, dict, set)) else repr(value)
        except Exception:  # whatever a repr of the user's raises, the table goes on
            text = type(value).__name__
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(text) <= LONGEST_TEXT:
        return text
    half = LONGEST_TEXT // 2
    return f"{text[: half - 1]}…{text[-half:]}"


def is_number(value: Any) -> bool:
    """Whether `value` is a finite number, and no boolean."""
    if not isinstance(value, numbers.Real) or isinstance(value, (bool, np.bool_)):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:  # an int that no float reaches
        return False


def _key(value: Any, text: str) -> tuple[int, float, str]:
    """What tells a value from others: a number its size, a string all of its letters, the rest their text."""
    if is_number(value):
        return 0, float(value), ""
    return 1, 0.0, value if isinstance(value, str) else text


def asks_for_log(found: np.ndarray) -> bool:
    """Whether sorted positive numbers are spread more evenly by their logarithms."""
    if found[-1] < LEAST_SPAN_OF_LOG * found[0]:
        return False

    def off_centre(places: np.ndarray) -> float:
        return abs(float(((places - places[0]) / (places[-1] - places[0])).mean()) - 0.5)

    return off_centre(np.log(found)) <= off_centre(found) + 1e-9
