"""The hyperparameters of a search as columns: what was tried, what it is called, which axis it asks for."""

from __future__ import annotations

import math
import numbers
import os.path
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from skdl.report.identity import identity_of

# What tells a value from others: numbers come first, by size.
_Key = tuple[int, float, str]
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


def text_of(value: Any) -> str:
    """A value of a hyperparameter as a short text of one line; never raises.

    Examples
    --------
    >>> text_of(0.00123456), text_of("relu"), text_of((64, 32)), text_of(None), text_of(len)
    ('0.00123', 'relu', '(64, 32)', 'None', 'len')
    """
    if isinstance(value, (tuple, list, dict, set)):
        text = in_one_line(repr_of(value, _repr.repr))
    else:
        text = full_text_of(value)
    if len(text) <= LONGEST_TEXT:
        return text
    half = LONGEST_TEXT // 2
    return f"{text[: half - 1]}…{text[-half:]}"


def full_text_of(value: Any) -> str:
    """A value of a hyperparameter as a text of one line, however long; never raises.

    Examples
    --------
    >>> len(text_of("a" * 100)), len(full_text_of("a" * 100))
    (40, 100)
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        text = value
    elif isinstance(value, float):
        text = f"{value:.3g}"
    elif isinstance(value, type) or callable(value) and hasattr(value, "__name__"):
        text = str(value.__name__)
    else:
        text = repr_of(value)
    return in_one_line(text)


def repr_of(value: Any, make: Callable[[Any], str] = repr) -> str:
    """The repr of a value, or the name of its class where that raises."""
    try:
        return make(value)
    except Exception:  # whatever a repr of the user's raises, the table goes on
        return type(value).__name__


def in_one_line(text: str) -> str:
    """`text` without line breaks and control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def is_number(value: Any) -> bool:
    """Whether `value` is a finite number, and no boolean."""
    if not isinstance(value, numbers.Real) or isinstance(value, (bool, np.bool_)):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:  # an int that no float reaches
        return False


def texts_apart(values: Sequence[Any]) -> list[str]:
    """Distinct values as distinct short texts: those of `text_of`, and more where these agree.

    Numbers get more digits, and what is cut is cut around the first difference. Where nothing shows, as
    between two lambdas, they are counted.

    Examples
    --------
    >>> texts_apart([0.5, 0.10001, 0.10002])
    ['0.5', '0.10001', '0.10002']
    >>> texts_apart([lambda x: x, lambda x: -x])
    ['<lambda>', '<lambda> (2)']
    """
    texts = list(map(text_of, values))
    for places in _agreeing(texts):
        among = [values[place] for place in places]
        if all(map(is_number, among)):
            finer = _finer_numbers(among)
        else:
            finer = _around_difference(list(map(full_text_of, among)), LONGEST_TEXT)
        for place, text in zip(places, finer, strict=True):
            texts[place] = text
    return counted_apart(texts, LONGEST_TEXT)


def cut_apart(texts: Sequence[str], longest: int) -> list[str]:
    """Texts of at most `longest` letters, all distinct, with an ellipsis for what is left out.

    That is the end, where the beginnings tell them apart; otherwise what they have in common.

    Examples
    --------
    >>> cut_apart(["units=64, rate=0.001, dropout=0.5"], 22)
    ['units=64, rate=0.001,…']
    >>> cut_apart(["units=64, rate=0.001, dropout=0.5", "units=64, rate=0.001, dropout=0.1"], 22)
    ['units…dropout=0.5', 'units…dropout=0.1']
    """
    short = [_cut(text, longest) for text in texts]
    # Those that agree after their first difference are told apart by the next, and so on.
    for _ in texts:
        before = list(short)
        for places in _agreeing(short):
            finer = _around_difference([texts[place] for place in places], longest)
            for place, text in zip(places, finer, strict=True):
                short[place] = text
        if short == before:
            break
    return counted_apart(short, longest)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def counted_apart(texts: Sequence[str], longest: int) -> list[str]:
    """Texts that are no longer than `longest`, with a number behind those that agree with an earlier one.

    Examples
    --------
    >>> counted_apart(["abcdef", "xyz", "abcdef"], 6)
    ['abcdef', 'xyz', 'ab (2)']
    """
    apart, taken = list(texts), set(texts)
    for places in _agreeing(texts):
        count = 1
        for place in places[1:]:
            while apart[place] in taken:
                count += 1
                room = longest - len(f" ({count})")
                apart[place] = f"{texts[place][:room].rstrip()} ({count})"
            taken.add(apart[place])
    return apart


def _agreeing(texts: Sequence[str]) -> list[list[int]]:
    """The places of texts that occur more than once, text by text."""
    places: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        places.setdefault(text, []).append(place)
    return [found for found in places.values() if len(found) > 1]


def _finer_numbers(values: Sequence[Any]) -> list[str]:
    """Numbers with as many digits as tell them apart, and no more than there are."""
    texts: list[str] = []
    for digits in range(4, 18):
        texts = [f"{float(value):.{digits}g}" for value in values]
        if len(set(texts)) == len(texts):
            break
    return texts


def _around_difference(whole: Sequence[str], longest: int) -> list[str]:
    """Whole texts, cut to where the first of their differences is."""
    same = len(os.path.commonprefix(list(whole)))
    # Begin with the word that differs, not inside of it.
    begin = max(whole[0].rfind(sign, 0, same) for sign in " ,([{") + 1
    head, room = longest // 4, longest - longest // 4 - 2
    # Where the end has room, all of it is shown, and otherwise as much before the difference as behind it.
    end = max(map(len, whole)) - room
    begin = max(begin, end if end <= same else same - room // 2)
    texts = []
    for text in whole:
        if begin > head + 1:
            text = f"{text[:head]}…{text[begin:]}"
        texts.append(_cut(text, longest))
    return texts


def _key(value: Any) -> _Key:
    """What tells a value from others: a number its size, everything else its `identity_of`."""
    if not is_number(value):
        return 1, 0.0, identity_of(value)
    size = float(value)
    # Of integers that share a float each is its own.
    return 0, size, "" if size == value else identity_of(value)


def asks_for_log(found: np.ndarray) -> bool:
    """Whether sorted positive numbers are spread more evenly by their logarithms."""
    if found[-1] < LEAST_SPAN_OF_LOG * found[0]:
        return False

    def off_centre(places: np.ndarray) -> float:
        return abs(float(((places - places[0]) / (places[-1] - places[0])).mean()) - 0.5)

    return off_centre(np.log(found)) <= off_centre(found) + 1e-9
