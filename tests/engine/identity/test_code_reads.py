"""What code asks for outside of itself."""

from __future__ import annotations

import functools
import types

import pytest

from skdl.engine.identity.code_reads import Read, attributes_set_by, reads_of

SOURCE = """
def chain():
    return package.module.name(other)

def closure(size):
    def inner():
        return size + size.start
    return inner

def attribute_that_is_written(x):
    return getattr(x.part, "units", None)

def attribute_in_a_variable(x, name):
    return getattr(x, name)

def attribute_with_a_default(x, default):
    return getattr(x, "units", default)

def attribute_that_is_joined(x):
    return getattr(x, "".join(["un", "its"]))

def attribute_that_is_added(x, y):
    return getattr(x, "un" + y)

def attribute_of_an_entry(x, y):
    return getattr(x["units"], y)

def attribute_of_a_call(x):
    return getattr(chain(), "units")

def handed_on(x):
    return map(getattr, x)

def imports():
    import os.path
    from .near import thing
    return os, thing

def reads(path):
    return path.read_text()

def nested():
    return [lambda: far for _ in range(3)]
"""


@pytest.fixture(scope="module")
def reads():
    space = {}
    exec(SOURCE, space)
    return lambda name: reads_of(space[name].__code__)


def test_a_name_comes_with_the_attributes_that_are_asked_for_at_once(reads):
    assert reads("chain").reads == (
        Read("package", False, ("module", "name")),
        Read("other", False, ()),
    )


def test_names_of_the_function_around_are_told_from_globals():
    def around(size):
        return lambda: size.start

    assert reads_of(around(3).__code__).reads == (Read("size", True, ("start",)),)


def test_what_an_inner_function_asks_for_counts_and_its_own_names_do_not(reads):
    assert Read("far", False, ()) in reads("nested").reads
    assert reads("closure").reads == ()


@pytest.mark.parametrize(
    ("name", "unknown"),
    [
        ("attribute_that_is_written", False),
        ("attribute_with_a_default", False),
        ("attribute_in_a_variable", True),
        ("attribute_that_is_joined", True),
        ("attribute_that_is_added", True),
        ("attribute_of_an_entry", True),
        ("attribute_of_a_call", True),
        ("handed_on", True),
        ("chain", False),
    ],
)
def test_it_knows_attributes_that_are_not_written_down(reads, name, unknown):
    assert reads(name).gets_unknown_names is unknown


def test_imports_are_named_with_their_level(reads):
    assert {one.module for one in reads("imports").imports} == {"os", "os.path", ".near"}


def test_methods_that_read_files_are_known_by_their_names(reads):
    assert reads("reads").reads_files
    assert not reads("chain").reads_files


def test_constants_of_other_types_are_other_code():
    def code(text):
        return reads_of(compile(f"def f():\n    return {text}", "f", "exec").co_consts[0]).digest

    assert code("1") == code("1")
    values = ["1", "1.0", "True", "(1,)", "(1.0,)", "'1'", "b'1'", "0.0", "-0.0"]
    assert len({code(value) for value in values}) == len(values)


def test_where_code_stands_does_not_count():
    one, two = (
        next(c for c in compile(f"{lines}def f(x): return x", "f", "exec").co_consts if _is_code(c))
        for lines in ("", "\n\n")
    )
    assert reads_of(one).digest == reads_of(two).digest


def _is_code(value):
    return isinstance(value, types.CodeType)


def wraps(function):
    @functools.wraps(function)
    def around(self):
        return function(self)

    return around


class Sets:
    def plain(self):
        self.one = self.never_set

    @wraps
    def wrapped(self):
        def inner():
            self.two = 2

        inner()

    @property
    def three(self):
        self._three = 3
        return self._three

    @three.setter
    def three(self, value):
        self._set = value

    @classmethod
    def of_class(cls):
        cls.four = 4


def test_a_class_sets_what_its_methods_store():
    inherited = type("Inherits", (Sets,), {})
    assert attributes_set_by(inherited) == {"one", "two", "_three", "_set", "four"}


def test_a_method_with_many_names_stores_the_last_of_them_too():
    space = {}
    lines = "".join(f"  self.a{i} = 0\n" for i in range(600))
    exec(f"def method(self):\n{lines}", space)
    stored = attributes_set_by(type("Many", (), {"method": space["method"]}))
    assert stored == {f"a{i}" for i in range(600)}
