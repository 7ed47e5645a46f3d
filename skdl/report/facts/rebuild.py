"""Python code that makes an estimator again, from its parameters.

scikit-learn's `repr` of an estimator is for reading: it leaves out elements of long lists, sorts the entries
of dicts, rounds the numbers of kernels, and does not say where a class is from. Here each value becomes a
node of rich's, which lays them out.
"""

from __future__ import annotations

import builtins
import cmath
import inspect
import keyword
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.pretty import Node
from sklearn.base import BaseEstimator

from skdl.results.value_texts import one_line, text_of

# With room for the name before it.
_WIDTH = 76
_OWN = "__main__"


@dataclass(frozen=True)
class RebuildCode:
    """The code of an estimator.

    Attributes
    ----------
    source : str
        Python that defines ``estimator``.
    complete : bool
        Whether all of it could be written; what could not is named in comments.
    seeds : tuple of (str, str)
        The parameters that seed it, with their values.
    """

    source: str
    complete: bool
    seeds: tuple[tuple[str, str], ...]


class _NotCode(Exception):
    """Something has no expression that makes it again; its text says what it is."""


@dataclass
class _Writer:
    """Writes values as their code, and collects what they import and what they leave out."""

    # The names of the parameters of estimators, by the identity of what they hold.
    places: Mapping[int, str] = field(default_factory=dict, compare=False)
    # From a name to its module: nothing takes the name of another.
    homes: dict[str, str] = field(
        default_factory=lambda: dict.fromkeys(dir(builtins), builtins.__name__)
    )
    modules: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)  # names of the user's own program
    missing: list[str] = field(default_factory=list)

    def write(self, value: Any) -> Node:
        """The code of `value`."""
        kind = type(value)
        if isinstance(value, BaseEstimator) and not isinstance(value, type):
            # The wishes that clone takes along, and that are no parameters.
            container = getattr(value, "_sklearn_output_config", {}).get("transform")
            end = ")" if container is None else f").set_output(transform={container!r})"
            return self._call(value, value.get_params(deep=False), end)
        if isinstance(value, np.generic):
            plain = value.item()
            # A long double, which Python has no number for; a time in nanoseconds comes as an int.
            if isinstance(plain, np.generic) or kind in (np.datetime64, np.timedelta64):
                raise _NotCode(f"a {kind.__name__}")
            return self.write(plain)
        if kind in (float, complex) and not cmath.isfinite(value):
            return Node(value_repr=f"{kind.__name__}({str(value)!r})")
        if value is None or value is ... or kind in (bool, int, float, complex, str, bytes):
            return Node(value_repr=repr(value))
        if kind is list:
            return _bracketed("[", map(self.write, value), "]")
        if kind is tuple:
            return _bracketed("(", map(self.write, value), ")", is_tuple=True)
        if kind in (set, frozenset):
            items = map(self.write, sorted(value, key=repr))
            return _bracketed(f"{kind.__name__}([", items, "])")
        if kind is dict:
            entries = ((str(self.write(key)), held) for key, held in value.items())
            return _bracketed(
                "{", (_under(key, ": ", self.write(held)) for key, held in entries), "}"
            )
        if kind in (slice, range):
            parts = map(self.write, (value.start, value.stop, value.step))
            return _bracketed(f"{kind.__name__}(", parts, ")")
        if (
            isinstance(value, (type, np.ufunc))
            or callable(value)
            and hasattr(value, "__qualname__")
        ):
            return Node(value_repr=self._name(value))
        if _tells_its_arguments(value):
            arguments = inspect.signature(kind).parameters
            return self._call(value, {n: held for n, held in vars(value).items() if n in arguments})
        raise _NotCode(f"a {kind.__name__}")

    def _call(self, value: Any, params: Mapping[str, Any], end: str = ")") -> Node:
        """A call of the class of `value` with the arguments that are not its defaults."""
        name = self._name(type(value))
        defaults = {
            key: parameter.default
            for key, parameter in inspect.signature(type(value)).parameters.items()
        }
        # What a signature does not name comes by way of **kwargs, in the order of names.
        keys = [key for key in defaults if key in params]
        keys += sorted(key for key in params if key not in defaults)
        written = []
        for key in keys:
            if key in defaults and _same(params[key], defaults[key]):
                continue
            try:
                argument = self.write(params[key])
            except _NotCode as reason:
                place = one_line(f"{self.places.get(id(value), '')}{key}", 80)
                self.missing.append(f"{place}: {reason}, which cannot be written as code")
                continue
            if key.isidentifier() and not keyword.iskeyword(key):
                written.append(_under(key, "=", argument))
            else:
                written.append(_bracketed("**{", [_under(repr(key), ": ", argument)], "}"))
        return _bracketed(f"{name}(", written, end)

    def _name(self, value: Any) -> str:
        """The name of a class or function, which is imported."""
        name = str(getattr(value, "__qualname__", value.__name__))
        module = getattr(value, "__module__", "numpy" if isinstance(value, np.ufunc) else None)
        if name.endswith("<lambda>"):
            raise _NotCode("a lambda")
        if not isinstance(module, str) or not all(part.isidentifier() for part in name.split(".")):
            # A function inside of another, a method of an object.
            raise _NotCode(f"{one_line(name or text_of(value), 80)}, which no module holds")
        home = _OWN if module == _OWN else _public_home(module, name, value)
        if home == _OWN:
            self.own.add(name.split(".")[0])
        if home is None:
            raise _NotCode(f"{one_line(name, 80)}, which {one_line(module, 80)} does not hold")
        if self.homes.setdefault(name.split(".")[0], home) != home:
            # Two classes of one name, such as the MLPClassifier of scikit-learn beside that of skdl.
            self.modules.add(home)
            return f"{home}.{name}"
        return name


def rebuild_code(estimator: Any) -> RebuildCode:
    """The code that makes an unfitted `estimator` again, by the parameters that are not its defaults."""
    inside = sorted(estimator.get_params().items())
    writer = _Writer({id(value): f"{name}__" for name, value in inside})
    try:
        expression = writer.write(estimator).render(_WIDTH)
    except _NotCode as reason:
        return RebuildCode(
            f"# The estimator is {reason}, which cannot be written as code.", False, ()
        )
    homes = writer.homes
    imports = [f"import {module}" for module in sorted(writer.modules - {_OWN})]
    for module in sorted(set(homes.values()) - {builtins.__name__, _OWN}):
        names = sorted(name for name, home in homes.items() if home == module)
        imports.append(f"from {module} import {', '.join(names)}")
    told = [f"{name} is defined in your own program: bring it here." for name in sorted(writer.own)]
    told += [
        f"{one_line(name, 80)} was fitted before the search: this makes it unfitted."
        for name, value in inside
        if _keeps_its_fit(value)
    ]
    # Such as sample weights.
    told += [
        f"{one_line(name, 80)} asks for metadata by set_*_request: ask for them again."
        for name, value in [("estimator", estimator), *inside]
        if isinstance(value, BaseEstimator) and hasattr(value, "_metadata_request")
    ]
    told += writer.missing
    lines = [*imports, *[""][: len(imports)], *(f"# {one}" for one in told)]
    source = "\n".join([*lines, f"estimator = {expression}", ""])
    return RebuildCode(source, not told, _seeds(inside))


def _seeds(inside: list[tuple[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (one_line(name, 120), text_of(value))
        for name, value in inside
        if name.rpartition("__")[2] == "random_state"
    )


def _bracketed(start: str, parts: Iterable[Node], end: str, *, is_tuple: bool = False) -> Node:
    parts = list(parts)
    for part in parts:
        part.last = part is parts[-1]
    return Node(
        open_brace=start, close_brace=end, empty=start + end, children=parts, is_tuple=is_tuple
    )


def _under(key: str, separator: str, node: Node) -> Node:
    node.key_repr, node.key_separator = key, separator
    return node


def _same(value: Any, default: Any) -> bool:
    """Whether a parameter has its default, as far as that can be told."""
    if value is default:
        return True
    if type(value) is not type(default):
        return False
    one, other = _Writer(), _Writer()
    try:
        same = one.write(value) == other.write(default)
    except _NotCode:
        return False
    return same and one == other and not one.missing


def _public_home(module: str, name: str, value: Any) -> str | None:
    """The shortest module, of those that hold it, without an underscore in its name."""
    parts = module.split(".")
    homes = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
    open_ = [home for home in homes if not any(part.startswith("_") for part in home.split("."))]
    for home in [*open_, module]:
        found: Any = sys.modules.get(home)
        try:
            for part in name.split("."):
                found = getattr(found, part)
        except AttributeError:
            continue
        if found is value:
            return home
    return None


def _tells_its_arguments(value: Any) -> bool:
    """Whether an object of scikit-learn keeps each argument of its constructor under its name."""
    if not type(value).__module__.startswith("sklearn.") or not hasattr(value, "__dict__"):
        return False
    parameters = inspect.signature(type(value)).parameters.values()
    return all(
        parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and parameter.name in vars(value)
        for parameter in parameters
    )


def _keeps_its_fit(value: Any) -> bool:
    """Whether `value` is an estimator that was fitted; what is cloned is not."""
    return isinstance(value, BaseEstimator) and any(
        name.endswith("_") and not name.startswith("_") for name in vars(value)
    )
