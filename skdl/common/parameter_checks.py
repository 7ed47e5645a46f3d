"""Checks of hyperparameters: what was got, what was expected, and what to do."""

from __future__ import annotations

import difflib
import inspect
import math
import numbers
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdl.common.keras_import import is_keras_there, load_keras
from skdl.exceptions import InvalidParameterError


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """A sentence that names the nearest of the `known` names, or the first of them where none is near."""
    names = sorted(set(known))
    if not names:
        return "It takes no further parameters."
    near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"Known names: {', '.join(names)}."


def plain(value: Any) -> Any:
    """A NumPy number as Python's own, which Keras asks for in many places; anything else as it is.

    Examples
    --------
    >>> plain(np.float32(0.5)), plain((np.int64(8), 4)), plain("adam")
    (0.5, (8, 4), 'adam')
    """
    if type(value) in (list, tuple):
        return type(value)(plain(part) for part in value)
    return value.item() if isinstance(value, (np.number, np.bool_)) else value


@dataclass(frozen=True)
class Number:
    """A real number or an integer in an interval."""

    low: float
    high: float = math.inf
    integer: bool = False
    low_open: bool = False
    high_open: bool = False

    def accepts(self, value: Any) -> bool:
        """Whether `value` passes."""
        if isinstance(value, (bool, np.bool_)):
            return False
        if not isinstance(value, numbers.Integral if self.integer else numbers.Real):
            return False
        number = float(value)
        if not math.isfinite(number):
            return False
        above = number > self.low if self.low_open else number >= self.low
        below = number < self.high if self.high_open else number <= self.high
        return above and below

    def describe(self) -> str:
        """What passes, as a part of a message."""
        kind = "an int" if self.integer else "a number"
        low = f"above {self.low:g}" if self.low_open else f"of at least {self.low:g}"
        if math.isinf(self.high):
            return f"{kind} {low}"
        return f"{kind} {low} and {'below' if self.high_open else 'at most'} {self.high:g}"

    def example(self) -> str:
        """A value that passes, as code."""
        bounded = math.isfinite(self.high)
        value = (self.low + self.high) / 2 if bounded else max(self.low, 1)
        return repr(int(value)) if self.integer else f"{value:g}"


@dataclass(frozen=True)
class Options:
    """One of some names."""

    names: tuple[str, ...]

    def accepts(self, value: Any) -> bool:
        """Whether `value` passes."""
        return isinstance(value, str) and value in self.names

    def describe(self) -> str:
        """What passes, as a part of a message."""
        return "one of " + ", ".join(repr(name) for name in self.names)

    def example(self) -> str:
        """A value that passes, as code."""
        return repr(self.names[0])


@dataclass(frozen=True)
class Kind:
    """Anything that a test accepts."""

    test: Callable[[Any], bool]
    text: str
    sample: str

    def accepts(self, value: Any) -> bool:
        """Whether `value` passes."""
        return self.test(value)

    def describe(self) -> str:
        """What passes, as a part of a message."""
        return self.text

    def example(self) -> str:
        """A value that passes, as code."""
        return self.sample


# Names that need no import of Keras to be known.
_OF_EVERY_KERAS = {
    "activations": (
        *("relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "celu", "silu", "mish", "tanh"),
        *("sigmoid", "hard_sigmoid", "softmax", "softplus", "softsign", "exponential", "linear"),
    ),
    "initializers": (
        *("glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform"),
        *("lecun_normal", "random_uniform", "random_normal", "truncated_normal"),
    ),
    "losses": (
        *("sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy"),
        *("mean_squared_error", "mean_absolute_error", "mse", "mae", "log_cosh"),
    ),
}


@dataclass(frozen=True)
class KerasName:
    """A name that Keras knows.

    Attributes
    ----------
    place : str
        The module of Keras that knows it, such as "activations".
    sample : str
        A name that passes, as code.
    more : tuple of str
        Further names that pass.
    """

    place: str
    sample: str
    more: tuple[str, ...] = ()

    def accepts(self, value: Any) -> bool:
        """Whether `value` passes."""
        if not isinstance(value, str):
            return False
        if value in self.more or value in _OF_EVERY_KERAS.get(self.place, ()):
            return True
        try:
            getattr(load_keras(), self.place).get(value)
        except ValueError:
            return False
        return True

    @property
    def names(self) -> tuple[str, ...]:
        """The names that Keras lists; Keras knows some others too."""
        known = vars(getattr(load_keras(), self.place))
        functions = {"get", "serialize", "deserialize"}
        return (*self.more, *(n for n in known if n[0].islower() and n not in functions))

    def describe(self) -> str:
        """What passes, as a part of a message."""
        return f"a name of keras.{self.place}"

    def example(self) -> str:
        """A value that passes, as code."""
        return self.sample


Rule = Number | Options | Kind | KerasName


def of_keras(path: str) -> Kind:
    """Instances of one of Keras's base classes, and its subclasses; `path` is its place in Keras."""

    def test(value: Any) -> bool:
        if not is_keras_there():
            return False  # nor is any object of its classes
        base = operator.attrgetter(path)(load_keras())
        return isinstance(value, base) or (inspect.isclass(value) and issubclass(value, base))

    return Kind(test, f"a keras.{path} or a class of it", "None")


BOOLEAN = Kind(lambda value: isinstance(value, (bool, np.bool_)), "True or False", "True")
CALLABLE = Kind(callable, "a callable", "None")
NONE = Kind(lambda value: value is None, "None", "None")


def check_parameters(
    owner: str, params: Mapping[str, Any], rules: Mapping[str, Sequence[Rule]]
) -> None:
    """Raise where a value of `params` is accepted by none of its rules."""
    for name, alternatives in rules.items():
        if name in params:
            check_parameter(owner, name, params[name], alternatives)


def check_parameter(owner: str, name: str, value: Any, alternatives: Sequence[Rule]) -> None:
    """Raise where `value` is accepted by none of the `alternatives`."""
    if any(rule.accepts(value) for rule in alternatives):
        return
    in_type = any(
        isinstance(rule, Number)
        and isinstance(value, numbers.Real)
        and not isinstance(value, (bool, np.bool_))
        for rule in alternatives
    )
    trouble = "is out of range" if in_type else "is not accepted"
    expected = ", or ".join(rule.describe() for rule in alternatives)
    named = [rule for rule in alternatives if isinstance(rule, (Options, KerasName))]
    if isinstance(value, str) and named:
        fix = did_you_mean(value, [known for rule in named for known in rule.names])
    else:
        fix = f"Pass for instance {name}={alternatives[0].example()}."
    raise InvalidParameterError(
        f"{owner}: {name}={value!r} {trouble}. "
        f"Got {type(value).__name__}, expected {expected}. {fix}"
    )
