"""Python code that makes an estimator again, from its parameters."""

from __future__ import annotations

import inspect
import keyword
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skdl.results.value_texts import one_line, text_of

WIDTH = 88


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
    """Writes expressions, and collects what they import and what they leave out."""

    imports: dict[str, str] = field(default_factory=dict)  # from name to module
    modules: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    complete: bool = True

    def write(self, value: Any, indent: int) -> str:
        """The expression of `value`, whose later lines are indented by `indent`."""
        kind = type(value)
        if isinstance(value, BaseEstimator) and not isinstance(value, type):
            return self._estimator(value, indent)
        if isinstance(value, np.generic):
            plain = value.item()
            if isinstance(plain, np.generic):  # a long double, which Python has no number for
                raise _NotCode(f"a {kind.__name__}")
            return self.write(plain, indent)
        if kind is float and not math.isfinite(value):
            return f'float("{value}")'
        if value is None or value is ... or kind in (bool, int, float, complex, str, bytes):
            return _text(value)
        if kind in (list, tuple, set, frozenset):
            return self._sequence(value, indent)
        if kind is dict:
            return self._dict(value, indent)
        if kind in (slice, range):
            parts = [self.write(getattr(value, name), indent) for name in ("start", "stop", "step")]
            return f"{kind.__name__}({', '.join(parts)})"
        if isinstance(value, np.ufunc):
            return self._ufunc(value)
        if isinstance(value, type) or callable(value) and hasattr(value, "__qualname__"):
            return self._named(value)
        if _tells_its_arguments(value):
            return self._call(value, vars(value), indent)
        raise _NotCode(f"a {kind.__name__}")

    def _ufunc(self, value: np.ufunc) -> str:
        name = value.__name__
        if getattr(np, name, None) is not value:
            raise _NotCode(f"the ufunc {one_line(name, 80)}")
        self.modules.add("numpy")
        return f"numpy.{name}"

    def _estimator(self, value: BaseEstimator, indent: int) -> str:
        written = self._call(value, value.get_params(deep=False), indent)
        # The wishes that clone takes along, and that are no parameters.
        container = getattr(value, "_sklearn_output_config", {}).get("transform")
        if container is not None:
            written += f".set_output(transform={_text(container)})"
        return written

    def _call(self, value: Any, params: dict[str, Any], indent: int) -> str:
        """A call of the class of `value` with the arguments that are not its defaults."""
        name = self._named(type(value))
        defaults = {
            key: parameter.default
            for key, parameter in inspect.signature(type(value)).parameters.items()
        }
        # What a signature does not name comes by way of **kwargs, in the order of names.
        keys = [key for key in defaults if key in params]
        keys += sorted(key for key in params if key not in defaults)
        written: list[str] = []
        for key in keys:
            if key in defaults and _same(params[key], defaults[key]):
                continue
            try:
                argument = self.write(params[key], indent + 4)
            except _NotCode as reason:
                self.complete = False
                written.append(f"# {one_line(key, 60)}: {reason}, which cannot be written as code")
                continue
            if key.isidentifier() and not keyword.iskeyword(key):
                written.append(f"{key}={argument},")
            else:
                written.append(f"**{{{_text(key)}: {argument}}},")
        return _bracketed(f"{name}(", written, ")", indent)

    def _sequence(self, value: Iterable[Any], indent: int) -> str:
        items = list(value)
        if isinstance(value, (set, frozenset)):
            items.sort(key=repr)
            if not items:
                return f"{type(value).__name__}()"
        brackets = {list: "[]", tuple: "()", set: "{}", frozenset: "{}"}[type(value)]
        written = [f"{self.write(item, indent + 4)}," for item in items]
        text = _bracketed(brackets[0], written, brackets[1], indent, one=isinstance(value, tuple))
        return f"frozenset({text})" if isinstance(value, frozenset) else text

    def _dict(self, value: dict[Any, Any], indent: int) -> str:
        written = [
            f"{self.write(key, indent + 4)}: {self.write(held, indent + 4)},"
            for key, held in value.items()
        ]
        return _bracketed("{", written, "}", indent)

    def _named(self, value: Any) -> str:
        """The name of a class or function, which is imported."""
        module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
        if name == "<lambda>":
            raise _NotCode("a lambda")
        if not isinstance(module, str) or not all(part.isidentifier() for part in name.split(".")):
            # A function inside of another, a method of an object.
            raise _NotCode(f"{one_line(name or text_of(value), 80)}, which no module holds")
        outer = name.split(".")[0]
        if module == "__main__":
            self.own.add(outer)
            return name
        if module == "builtins":
            return name
        home = _public_home(module, name, value)
        if home is None:
            raise _NotCode(f"{one_line(name, 80)}, which {one_line(module, 80)} does not hold")
        if self.imports.setdefault(outer, home) != home:
            # Two classes of one name, such as the MLPClassifier of scikit-learn beside that of skdl.
            self.modules.add(home)
            return f"{home}.{name}"
        return name


def rebuild_code(estimator: Any) -> RebuildCode:
    """The code that makes an unfitted `estimator` again, by the parameters that are not its defaults."""
    writer = _Writer()
    try:
        expression = writer.write(estimator, 0)
    except _NotCode as reason:
        return RebuildCode(
            f"# The estimator is {reason}, which cannot be written as code.", False, ()
        )
    lines = [f"import {module}" for module in sorted(writer.modules)]
    for module in sorted(set(writer.imports.values())):
        names = sorted(name for name, home in writer.imports.items() if home == module)
        lines.append(f"from {module} import {', '.join(names)}")
    if lines:
        lines.append("")
    for name in sorted(writer.own):
        lines.append(f"# {name} is defined in your own program: bring it here.")
    fitted = sorted(name for name, value in estimator.get_params().items() if _keeps_its_fit(value))
    for name in fitted:
        lines.append(
            f"# {one_line(name, 80)} was fitted before the search: this makes it unfitted."
        )
    routed = _routed(estimator)
    for name in routed:
        lines.append(f"# {name} asks for metadata by set_*_request: ask for them again.")
    lines.append(f"estimator = {expression}")
    complete = writer.complete and not (writer.own or fitted or routed)
    return RebuildCode("\n".join(lines) + "\n", complete, _seeds(estimator))


def _routed(estimator: Any) -> list[str]:
    """The estimator and those in it that ask for metadata, such as sample weights."""
    inside = sorted(estimator.get_params().items())
    return [
        one_line(name, 80)
        for name, value in [("estimator", estimator), *inside]
        if isinstance(value, BaseEstimator) and hasattr(value, "_metadata_request")
    ]


def _seeds(estimator: Any) -> tuple[tuple[str, str], ...]:
    return tuple(
        (one_line(name, 120), text_of(value))
        for name, value in sorted(estimator.get_params().items())
        if name.rpartition("__")[2] == "random_state"
    )


def _text(value: Any) -> str:
    """The literal of a value, in double quotes where it is a text."""
    text = "..." if value is ... else repr(value)
    if isinstance(value, str) and text[0] == "'" and '"' not in text and "\\" not in text:
        return f'"{text[1:-1]}"'
    return text


def _bracketed(start: str, parts: list[str], end: str, indent: int, *, one: bool = False) -> str:
    """`parts`, which end in commas or are comments, on one line where there is room."""
    if not parts:
        return start + end
    inline = start + " ".join(parts)
    if not (one and len(parts) == 1):
        inline = inline.removesuffix(",")
    inline += end
    comments = any(part.startswith("#") for part in parts)
    # Room for a name before it and a comma behind.
    if not comments and "\n" not in inline and indent + len(inline) <= WIDTH - 24:
        return inline
    margin = " " * (indent + 4)
    return "\n".join([start, *(margin + part for part in parts), " " * indent + end])


def _same(value: Any, default: Any) -> bool:
    """Whether a parameter has its default, as far as that can be told."""
    if value is default:
        return True
    if type(value) is not type(default):
        return False
    if isinstance(value, float) and math.isnan(value) and math.isnan(default):
        return True
    if isinstance(value, (list, tuple, dict, set, BaseEstimator)):
        return repr(value) == repr(default)
    try:
        return bool(value == default)
    except Exception:  # such as arrays, which have no single truth value
        return False


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
