"""Declarations of hyperparameters: name, default, allowed values, type and text of each, in one place.

A class lists its declarations in groups. From these follow what `fit` checks, what messages say of an unknown
name, and the Parameters section of the docstring. The signature of a class repeats names, defaults and
annotations, because people, editors and mypy read it; a test compares it with the declarations.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from skdl.common.parameter_checks import Rule, check_parameters, did_you_mean

WIDTH = 100
# What scikit-learn's neural networks call a hyperparameter, and what skdl calls it.
OF_SKLEARN = {
    "max_iter": ("epochs",),
    "solver": ("optimizer",),
    "alpha": ("l2",),
    "learning_rate_init": ("learning_rate", "optimizer__learning_rate"),
    "n_iter_no_change": ("patience",),
    "tol": ("min_delta",),
    "validation_fraction": ("validation_split",),
    "nesterovs_momentum": ("nesterov", "optimizer__nesterov"),
}
# Where a value of scikit-learn's is another value here.
CONVERTED = {"alpha": "l2 = alpha / (2 * batch_size)"}


@dataclass(frozen=True)
class Declaration:
    """One hyperparameter.

    Attributes
    ----------
    name : str
    default : object
        The default of the constructor.
    rules : tuple of Rule
        What `fit` accepts: a value that one of them accepts. Without rules anything passes.
    annotation : str
        The type in the signature, as Python code.
    kind : str
        The type in the docstring, such as "float in [0, 1)".
    text : str
        What the hyperparameter is; reStructuredText.
    usual : str
        The range in which people tune it, as a part of a sentence.
    """

    name: str
    default: Any
    rules: tuple[Rule, ...]
    annotation: str
    kind: str
    text: str
    usual: str = ""

    def but(self, **changes: Any) -> Declaration:
        """The declaration with other values of some attributes."""
        return replace(self, **changes)

    @property
    def entry(self) -> str:
        """The lines of the hyperparameter in a Parameters section."""
        head = f"{self.name} : {self.kind}, default={_as_code(self.default)}"
        usual = f" Usual: {self.usual}." if self.usual else ""
        body = textwrap.wrap(
            f"{self.text}{usual}", WIDTH - 4, break_long_words=False, break_on_hyphens=False
        )
        return "\n".join([head, *(f"    {line}" for line in body)])


@dataclass(frozen=True)
class Group:
    """Hyperparameters of one matter.

    Attributes
    ----------
    title : str
        The heading of the group on the page of a class.
    declarations : tuple of Declaration
        In the order of the signature.
    """

    title: str
    declarations: tuple[Declaration, ...]

    def __iter__(self) -> Iterator[Declaration]:
        return iter(self.declarations)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the hyperparameters."""
        return tuple(declaration.name for declaration in self)

    @property
    def defaults(self) -> dict[str, Any]:
        """The defaults by name."""
        return {declaration.name: declaration.default for declaration in self}


class Declarations:
    """All hyperparameters of a class.

    Parameters
    ----------
    *groups : Group
        In the order of the signature; two groups of one title become one.

    Examples
    --------
    >>> units = Declaration("units", 8, (), "int", "int", "Units of the layer.", "4 to 64")
    >>> declared = Declarations(Group("Network", (units,)))
    >>> declared.names, declared.defaults
    (('units',), {'units': 8})
    >>> print(declared.section)
    units : int, default=8
            Units of the layer. Usual: 4 to 64.
    """

    def __init__(self, *groups: Group):
        joined: dict[str, tuple[Declaration, ...]] = {}
        for group in groups:
            joined[group.title] = (*joined.get(group.title, ()), *group)
        self.groups = tuple(Group(title, found) for title, found in joined.items())
        self._by_name = {one.name: one for group in self.groups for one in group}

    def __iter__(self) -> Iterator[Declaration]:
        return iter(self._by_name.values())

    def __getitem__(self, name: str) -> Declaration:
        return self._by_name[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the hyperparameters."""
        return tuple(self._by_name)

    @property
    def defaults(self) -> dict[str, Any]:
        """The defaults by name."""
        return {one.name: one.default for one in self}

    @property
    def section(self) -> str:
        """The entries of a Parameters section, to stand in a docstring of a class."""
        return textwrap.indent("\n".join(one.entry for one in self), "    ").lstrip()

    def values_of(self, estimator: Any) -> dict[str, Any]:
        """The values that `estimator` has, by name.

        A subclass may take fewer arguments than its base; what it does not take counts too.
        """
        return {name: getattr(estimator, name) for name in self._by_name}

    def check(self, owner: str, values: Mapping[str, Any]) -> None:
        """Raise `InvalidParameterError` where a hyperparameter does not accept its value among `values`."""
        check_parameters(owner, values, {one.name: one.rules for one in self if one.rules})


def store_parameters(estimator: Any, arguments: Mapping[str, Any]) -> None:
    """Set each argument of a constructor as an attribute of its name.

    Parameters
    ----------
    estimator : object
    arguments : mapping of str to object
        ``locals()`` of the constructor, asked for before any other line. The dict of further keywords is
        left out.

    Examples
    --------
    >>> class Network:
    ...     def __init__(self, units=8, *, dropout=0.0, **kwargs):
    ...         store_parameters(self, locals())
    >>> vars(Network(16, seed=1))
    {'units': 16, 'dropout': 0.0}
    """
    for name, value in arguments.items():
        if name not in ("self", "kwargs", "__class__"):
            setattr(estimator, name, value)


def advice_on(name: str, known: Iterable[str]) -> str:
    """A sentence on a name that is none of the `known` ones: its counterpart here, or the nearest name.

    Examples
    --------
    >>> advice_on("max_iter", ["epochs", "units"])
    "scikit-learn's 'max_iter' is called 'epochs' here."
    >>> advice_on("unit", ["epochs", "units"])
    "Did you mean 'units'?"
    """
    known = list(known)
    for counterpart in OF_SKLEARN.get(name, ()):
        if counterpart in known:
            value = f", with {CONVERTED[name]}" if name in CONVERTED else ""
            return f"scikit-learn's {name!r} is called {counterpart!r} here{value}."
    return did_you_mean(name, known)


def _as_code(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
