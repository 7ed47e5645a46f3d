"""Declarations give checks, defaults and docstrings; a constructor stores what it was given."""

import pytest

from skdl.common.declarations import (
    Declaration,
    Declarations,
    Group,
    advice_on,
    store_parameters,
)
from skdl.common.parameter_checks import NONE, Number
from skdl.exceptions import InvalidParameterError

UNITS = Declaration(
    "units", 8, (Number(1, integer=True),), "int", "int", "Units of a layer.", "4 to 64"
)
RATE = Declaration("rate", None, (Number(0), NONE), "float | None", "float", "A rate.")
NAME = Declaration("name", "adam", (), "str", "str", "A name.")
DECLARED = Declarations(
    Group("Network", (UNITS,)), Group("Training", (RATE,)), Group("Network", (NAME,))
)


class Net:
    def __init__(self, units=8, *, name="adam", rate=None, **kwargs):
        store_parameters(self, locals())


def test_groups_of_one_title_are_one_group():
    assert [(group.title, group.names) for group in DECLARED.groups] == [
        ("Network", ("units", "name")),
        ("Training", ("rate",)),
    ]
    assert DECLARED.names == ("units", "name", "rate")
    assert DECLARED.defaults == {"units": 8, "name": "adam", "rate": None}
    assert DECLARED["rate"] is RATE


def test_the_section_of_a_docstring():
    assert DECLARED.section.splitlines() == [
        "units : int, default=8",
        "        Units of a layer. Usual: 4 to 64.",
        '    name : str, default="adam"',
        "        A name.",
        "    rate : float, default=None",
        "        A rate.",
    ]


def test_long_texts_are_broken_between_words():
    long = RATE.but(text="word " * 60)
    lines = long.entry.splitlines()
    assert max(map(len, lines)) <= 100
    assert " ".join(lines[1:]).split() == ["word"] * 60


def test_values_are_checked_by_their_rules():
    DECLARED.check("Net", {"units": 1, "rate": None, "name": object(), "other": -1})
    with pytest.raises(InvalidParameterError, match="Net: units=0 is out of range.*of at least 1"):
        DECLARED.check("Net", {"units": 0})


def test_the_values_of_an_estimator():
    assert DECLARED.values_of(Net(3, rate=0.5)) == {"units": 3, "name": "adam", "rate": 0.5}


def test_a_constructor_stores_its_arguments_and_nothing_else():
    assert vars(Net(3, more=1)) == {"units": 3, "name": "adam", "rate": None}


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("max_iter", "scikit-learn's 'max_iter' is called 'epochs' here."),
        (
            "alpha",
            "scikit-learn's 'alpha' is called 'l2' here, with l2 = alpha / (2 * batch_size).",
        ),
        ("epoch", "Did you mean 'epochs'?"),
        # The counterpart is no parameter here.
        ("solver", "Known names: epochs, l2."),
    ],
)
def test_advice_on_a_name_that_is_unknown(name, advice):
    assert advice_on(name, ["epochs", "l2"]) == advice
