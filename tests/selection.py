"""Which cases of a test `make test` runs; docs/architecture.rst says what the markers mean."""

from __future__ import annotations

import pytest

PARAMETER = type(pytest.param())
# The markers of what `make test` leaves out.
LEFT_OUT = ("oracle", "further", "processes", "docs", "thorough")


def some(cases, *kept, mark="further", ids=None):
    """`cases` as parameters of a test, all but those `kept` with the `mark` that `make test` leaves out.

    `kept` has ids of cases, or the cases themselves where these have no id of their own. `ids` are as for
    `pytest.mark.parametrize`: texts in the order of the cases, or a function of a case.
    """
    left, made, named = list(kept), [], callable(ids)
    for case, given in zip(cases, ids if ids and not named else [None] * len(cases), strict=True):
        known = isinstance(case, PARAMETER)
        values = case.values if known else case if isinstance(case, tuple) else (case,)
        name = case.id if known else ids(case) if named else given
        keep = (case if name is None else name) in left
        if keep:
            left.remove(case if name is None else name)
        marks = (*(case.marks if known else ()), *(() if keep else (getattr(pytest.mark, mark),)))
        made.append(pytest.param(*values, id=name, marks=marks))
    if left:
        raise ValueError(f"Got {left} to be kept, but expected some of {list(cases)}.")
    return made
