"""Values of hyperparameters, and any other text, in one line: short, and distinct where they have to be."""

from __future__ import annotations

import os.path
import reprlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skdl.results.scales import is_number

# Longer texts leave their middle out, on axes and in tables.
LONGEST_TEXT = 40
# Longer texts of values end here in the exported columns too.
LONGEST_VALUE = 300

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = _repr.maxlong = LONGEST_TEXT


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


def one_line(text: object, longest: int = LONGEST_VALUE) -> str:
    r"""Any text in one line without control characters, cut where it is too long.

    Examples
    --------
    >>> one_line("a\n  b"), one_line("abcdef", 4)
    ('a b', 'abc…')
    """
    line = in_one_line(str(text))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def capital(text: str) -> str:
    """A text that begins a sentence."""
    return text[:1].upper() + text[1:]


def uncapital(text: str) -> str:
    """A text that no longer begins one."""
    return text[:1].lower() + text[1:]


def number_texts(numbers: np.ndarray) -> list[str]:
    """Distinct numbers as distinct texts, with three digits where these are enough.

    Examples
    --------
    >>> number_texts(np.array([0.001, 0.5, 4096])), number_texts(np.array([0.10001, 0.10002]))
    (['0.001', '0.5', '4096'], ['0.10001', '0.10002'])
    """
    whole = [int(one) if one.is_integer() and abs(one) < 1e6 else one for one in numbers.tolist()]
    texts = [text_of(one) for one in whole]
    digits = 4
    while len(set(texts)) < len(texts) and digits <= 17:
        texts = [f"{one:.{digits}g}" for one in whole]
        digits += 1
    return texts
