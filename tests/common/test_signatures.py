"""Arguments read once are those that `inspect.signature` gives, also after a function has changed."""

import functools
import gc
import inspect
import weakref

import keras
import pytest

from skdl.common.signatures import arguments_of


def plain(meta, units=8, *, rate=0.5, **further):
    """A function with every kind of argument but one."""


@functools.wraps(plain)
def wrapped(*args, **kwargs):
    """A function that shows another's arguments."""


class Build:
    def __call__(self, meta, depth=2):
        """An object that builds."""

    def method(self, meta, width=3):
        """A method that builds."""


@pytest.mark.parametrize(
    "function",
    [
        plain,
        wrapped,
        Build,
        Build(),
        Build().method,
        functools.partial(plain, units=4),
        keras.Model.fit,
        keras.optimizers.Adam,
        lambda meta: None,
    ],
)
def test_the_arguments_are_those_of_the_signature_also_when_asked_again(function):
    expected = inspect.signature(function).parameters
    assert arguments_of(function) == expected
    assert arguments_of(function) == expected


def test_new_defaults_are_seen():
    def build(meta, units=8, *, rate=0.5):
        pass

    assert arguments_of(build)["units"].default == 8
    build.__defaults__ = (16,)
    assert arguments_of(build)["units"].default == 16
    build.__kwdefaults__["rate"] = 0.25
    assert arguments_of(build)["rate"].default == 0.25
    build.__code__ = (lambda meta, layers=8, *, rate=0.5: None).__code__
    assert list(arguments_of(build)) == ["meta", "layers", "rate"]


def test_a_signature_that_was_set_counts():
    def build(*args):
        pass

    arguments_of(build)
    build.__signature__ = inspect.signature(plain)
    assert list(arguments_of(build)) == ["meta", "units", "rate", "further"]


def test_what_has_no_signature_is_an_error():
    with pytest.raises(TypeError, match="not a callable"):
        arguments_of(3)


def test_functions_are_not_kept():
    def build(meta):
        pass

    arguments_of(build)
    gone = weakref.ref(build)
    del build
    gc.collect()
    assert gone() is None
