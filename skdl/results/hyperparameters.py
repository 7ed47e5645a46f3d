"""The hyperparameters of a search as columns: what was tried, what it is called, which axis it asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from skdl.results.scales import asks_for_log, is_number
from skdl.results.value_identity import identity_of
from skdl.results.value_texts import text_of, texts_apart

# Candidates share their values where each value has at least this many.
_SHARED_BY = 2.0
# The most distinct values of a hyperparameter that was searched by a grid.
_MOST_OF_GRID = 12

# What tells a value from others: numbers come first, by size.
_Key = tuple[int, float, str]


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
        """The values as short texts, distinct ones as distinct texts; empty where a candidate has none."""
        told = dict(self._distinct)
        return tuple("" if key is None else told[key] for key in self._keys)

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

    @property
    def places(self) -> np.ndarray:
        """Where the values lie on an axis: numbers, or 0, 1, ... for categories; nan where one is missing."""
        return self.numbers if self.numeric else np.where(self.present, self.codes, np.nan)

    @property
    def of_grid(self) -> bool:
        """Whether several candidates share each of a few values."""
        few = self.n_distinct <= _MOST_OF_GRID
        return few and bool(self.present.sum() >= _SHARED_BY * self.n_distinct)

    @property
    def whole(self) -> bool:
        """Whether all values are integers."""
        there = self.numbers[self.present]
        return bool((there == np.round(there)).all())

    def on_scale(self, places: np.ndarray) -> np.ndarray:
        """Places as distances on the axis: logarithms where the axis is logarithmic."""
        return np.log10(places) if self.log else np.asarray(places, dtype=np.float64)

    def from_scale(self, distances: np.ndarray) -> np.ndarray:
        """What `on_scale` makes, back as places."""
        return 10.0**distances if self.log else distances

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """The distinct values as distinct texts: numbers by size, then the others by name."""
        return tuple(text for _, text in self._distinct)

    @cached_property
    def codes(self) -> np.ndarray:
        """The place of each value among the `categories`, (n_candidates,); -1 where it is missing."""
        places = {key: place for place, (key, _) in enumerate(self._distinct)}
        return np.array([-1 if key is None else places[key] for key in self._keys], dtype=np.int64)

    @cached_property
    def _keys(self) -> tuple[_Key | None, ...]:
        """What tells each value from others; None where it is missing."""
        return tuple(None if value is MISSING else _key(value) for value in self.values)

    @cached_property
    def _distinct(self) -> list[tuple[_Key, str]]:
        """What tells each distinct value from the others, with its text, in order."""
        first: dict[_Key, Any] = {}
        for key, value in zip(self._keys, self.values, strict=True):
            if key is not None:
                first.setdefault(key, value)
        told = dict(zip(first, texts_apart(list(first.values())), strict=True))
        # Of two with one text the first that was tried stays the first.
        keys = sorted(first, key=lambda key: (key[:2], "" if key[0] == 0 else text_of(first[key])))
        return [(key, told[key]) for key in keys]

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


def _key(value: Any) -> _Key:
    """What tells a value from others: a number its size, everything else its `identity_of`."""
    if not is_number(value):
        return 1, 0.0, identity_of(value)
    size = float(value)
    # Of integers that share a float each is its own.
    return 0, size, "" if size == value else identity_of(value)
