"""Objects as text, which is equal where they do the same.

Numbers that a program takes as inputs are left out, as are initial weights and the names that Keras
generates. Functions and classes of the user's own count by what they do: code, closure, defaults and the
globals they name. What cannot be read that way counts as itself.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import re
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skdl._startup import load_keras
from skdl.engine.layers import is_keras, is_written_by_keras
from skdl.engine.numbers import number_names

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))
# Classes and functions of these packages are known by their names.
_KNOWN = ("keras", "builtins", "tensorflow", "numpy", "skdl", "abc", "typing", "sklearn", "scipy")
# Keras writes the names of layers at these places of a config.
_NAME_LISTS = ("input_layers", "output_layers")


@dataclass(frozen=True, eq=False)
class Same:
    """An object that equals itself alone, and stays alive as long as a key names it."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def fingerprint(value: Any) -> str | None:
    """A text that equal values share, numbers and names included; None where there is none.

    Examples
    --------
    >>> fingerprint({"units": 3}) == fingerprint({"units": 3})
    True
    >>> fingerprint({"units": 3}) == fingerprint({"units": 4})
    False
    >>> fingerprint(object()) is None
    True
    """
    reader = Reader(exact=True)
    text = reader.value(value)
    return None if reader.parts else text


@dataclass
class Reader:
    """Turns objects into text, and keeps those that cannot be turned.

    An exact reader leaves nothing out.
    """

    exact: bool = False
    owners: frozenset[int] = frozenset()  # the objects whose numbers are inputs, by identity
    _inside_own: bool = False  # the config of a class of the user's own, which keeps its numbers
    parts: list[Same] = field(default_factory=list)
    _open: set[int] = field(default_factory=set)
    _met: dict[int, tuple[int, Any]] = field(default_factory=dict)
    _names: dict[str, int] = field(default_factory=dict)
    _layers: set[str] = field(default_factory=set)

    def itself(self, value: Any) -> str:
        """A place for what cannot be read."""
        self.parts.append(Same(value))
        return f"#{len(self.parts)}"

    def config(self, value: Any) -> str:
        """A config of Keras's without numbers, initial weights and generated names."""
        if isinstance(value, Mapping):
            if "class_name" in value and "config" in value:
                return self._object(value)
            return self._mapping(value, ())
        if isinstance(value, (list, tuple)):
            return f"[{','.join(self.config(part) for part in value)}]"
        return self.value(value)

    def _object(self, value: Mapping[str, Any]) -> str:
        kind = value["class_name"]
        if isinstance(kind, str) and str(value.get("module")).partition(".")[0] == "keras":
            kind = getattr(importlib.import_module(value["module"]), kind, kind)
        of_keras = inspect.isclass(kind) and is_keras(kind)
        numbers = number_names(kind) if of_keras and not self._inside_own else ()
        config, around = value["config"], self._inside_own
        if inspect.isclass(kind) and isinstance(config, Mapping):
            if issubclass(kind, load_keras().Optimizer):
                config = {key: part for key, part in config.items() if key != "name"}
            elif issubclass(kind, load_keras().Metric) and not self.exact:
                config = {**config, "name": _given_name(config.get("name"))}
        self._inside_own = around or not of_keras
        inner = (
            self._mapping(config, numbers) if isinstance(config, Mapping) else self.value(config)
        )
        self._inside_own = around
        nodes = self.config(value.get("inbound_nodes", []))
        name = self._name(value["name"]) if "inbound_nodes" in value else ""
        label = kind.__name__ if inspect.isclass(kind) else kind
        return f"{value.get('module')}.{label}({name}{inner}{nodes})"

    def _mapping(self, value: Mapping[str, Any], numbers: tuple[str, ...]) -> str:
        parts = []
        for key in value:
            if self.exact:
                parts.append(f"{key}={self.config(value[key])}")
                continue
            if key in numbers:
                continue
            if not self._inside_own and (key == "seed" or str(key).endswith("_initializer")):
                continue
            if key == "name" and value[key] in self._layers:
                parts.append(f"name={self._name(value[key])}")
            elif key == "keras_history":
                layer, *place = value[key]
                parts.append(f"history({self._name(layer)},{place})")
            elif key in _NAME_LISTS:
                parts.append(f"{key}={self._layer_names(value[key])}")
            elif key in ("batch_shape", "batch_input_shape", "build_config"):
                parts.append(f"{key}={'' if key == 'build_config' else value[key][1:]}")
            else:
                parts.append(f"{key}={self.config(value[key])}")
        return f"{{{','.join(parts)}}}"

    def _name(self, name: Any) -> str:
        return f"@{self._names.setdefault(str(name), len(self._names))}"

    def _layer_names(self, value: Any) -> str:
        if isinstance(value, Mapping):
            return f"{{{','.join(f'{k}:{self._layer_names(v)}' for k, v in value.items())}}}"
        if isinstance(value, (list, tuple)):
            if len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int):
                return f"({self._name(value[0])},{value[1]},{value[2]})"
            return f"[{','.join(self._layer_names(part) for part in value)}]"
        return self.value(value)

    def value(self, value: Any) -> str:
        """Any object as text."""
        if isinstance(value, _PLAIN):
            return f"{type(value).__name__}:{value!r}"
        if id(value) in self._met:
            return f"met:{self._met[id(value)][0]}"
        if id(value) in self._open:
            return "again"
        if inspect.isfunction(value) or inspect.isclass(value):
            # Functions name one another: each is read once, or the text would grow without bound. The
            # object is kept, so that no other gets its id.
            self._met[id(value)] = (len(self._met), value)
        self._open.add(id(value))
        try:
            return self._value(value)
        finally:
            self._open.discard(id(value))

    def _value(self, value: Any) -> str:
        keras = load_keras()
        if isinstance(value, np.dtype):
            return f"dtype:{value.str}"
        if isinstance(value, np.generic):
            return f"{value.dtype}:{value!r}"
        if isinstance(value, np.ndarray) and value.dtype != object:
            digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
            return f"array{value.shape}{value.dtype}{digest}"
        if isinstance(value, types.ModuleType):
            return f"module:{value.__name__}"
        if isinstance(value, Mapping):
            return f"{{{','.join(f'{self.value(k)}:{self.value(v)}' for k, v in value.items())}}}"
        if isinstance(value, (list, tuple, set, frozenset)):
            parts = [self.value(part) for part in value]
            inside = ",".join(sorted(parts) if isinstance(value, (set, frozenset)) else parts)
            return f"{type(value).__name__}[{inside}]"
        if isinstance(value, functools.partial):
            return f"partial({self.value(value.func)},{self.value(value.args)},{self.value(value.keywords)})"
        if inspect.isfunction(value):
            return self._function(value)
        if inspect.ismethod(value):
            return f"method({self.value(value.__self__)}.{value.__func__.__qualname__})"
        if inspect.isclass(value):
            return self._class(value)
        if inspect.isbuiltin(value) or type(value).__module__ == "builtins":
            return f"{value!r}" if inspect.isbuiltin(value) else self.itself(value)
        kinds: tuple[Any, ...] = (
            keras.Loss,
            keras.Metric,
            keras.regularizers.Regularizer,
            keras.constraints.Constraint,
            keras.optimizers.schedules.LearningRateSchedule,
            keras.DTypePolicy,
        )
        if self.exact:
            kinds = (*kinds, keras.Optimizer, keras.initializers.Initializer)
        if isinstance(value, kinds):
            return self._keras_object(value)
        return self.itself(value)

    def _keras_object(self, value: Any) -> str:
        keras = load_keras()
        try:
            config = value.get_config()
        except NotImplementedError:
            return self.itself(value)
        around, self._inside_own = self._inside_own, id(value) not in self.owners
        text = self._object({"class_name": type(value), "config": config, "module": "object"})
        self._inside_own = around
        held = [
            f"{key}={self.value(part)}"
            for key, part in sorted(vars(value).items())
            if inspect.isfunction(part)
        ]
        if isinstance(value, keras.Loss) and (self.exact or id(value) not in self.owners):
            # Keras leaves these out of the configs of some losses.
            held.append(self.value(vars(value).get("_fn_kwargs")))
        if not is_keras(type(value)):
            held += [
                f"{key}={self.value(part)}"
                for key, part in sorted(vars(value).items())
                if not key.startswith("_")
                and key != "name"
                and not isinstance(part, keras.Variable)
            ]
        return f"{self.value(type(value))}{text}{held}"

    def _class(self, kind: type) -> str:
        if kind.__module__.partition(".")[0] in _KNOWN:
            return f"class:{kind.__module__}.{kind.__qualname__}"
        members = [
            f"{name}={self.value(getattr(part, '__func__', part))}"
            for name, part in sorted(vars(kind).items())
            if inspect.isfunction(getattr(part, "__func__", part)) or isinstance(part, _PLAIN)
        ]
        properties = [
            f"{name}={self.value(part.fget)}"
            for name, part in sorted(vars(kind).items())
            if isinstance(part, property)
        ]
        bases = [self.value(base) for base in kind.__bases__]
        return f"class:{kind.__module__}.{kind.__qualname__}{members}{properties}{bases}"

    def _function(self, function: Any) -> str:
        if is_written_by_keras(function) or _is_of_a_package(function):
            return f"function:{function.__module__}.{function.__qualname__}"
        cells = [cell.cell_contents for cell in function.__closure__ or () if _is_full(cell)]
        return (
            f"function({self._code(function.__code__, function.__globals__)},"
            f"{self.value(function.__defaults__)},{self.value(function.__kwdefaults__)},"
            f"{[self.value(cell) for cell in cells]})"
        )

    def _code(self, code: types.CodeType, names: Mapping[str, Any]) -> str:
        constants = [
            self._code(part, names) if isinstance(part, types.CodeType) else self.value(part)
            for part in code.co_consts
        ]
        used = [
            f"{name}={self.value(names[name])}" if name in names else name for name in code.co_names
        ]
        return f"code({code.co_code.hex()},{constants},{used},{code.co_varnames})"


def _given_name(name: Any) -> str:
    """A name without the number that Keras gives each further object of a class."""
    return re.sub(r"_\d+$", "", str(name))


def _is_of_a_package(function: Any) -> bool:
    """Whether one of the known packages has `function` under its name: its code need not be read."""
    module = function.__module__ or ""
    return (
        module.partition(".")[0] in _KNOWN
        and getattr(sys.modules.get(module), function.__qualname__, None) is function
    )


def _is_full(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - reading it is the question
    except ValueError:
        return False
    return True
