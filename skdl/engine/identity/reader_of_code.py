"""Functions, classes and modules as text: their code, and what the names in it stand for now.

The text of a function or class of a known package is its name. Code that looks at files, the environment, a
clock or random numbers may do something else at each call, and is the same as nothing.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import types
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from skdl.engine.identity.code_reads import Read, reads_of
from skdl.engine.identity.keras_state import is_of_keras
from skdl.engine.identity.known_code import changes, has_changing_parts, is_found_by_name, is_known

# What Python keeps about a class and no code of it asks for.
_OF_CLASSES = frozenset(
    {
        *("__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__annotations__"),
        *("__annotate__", "__annotate_func__", "__static_attributes__", "__firstlineno__"),
        *("__orig_bases__", "__parameters__", "__abstractmethods__", "_abc_impl"),
        *("__match_args__", "__dataclass_fields__", "__dataclass_params__", "__slots__"),
        *("_member_map_", "_value2member_map_", "_member_names_", "_unhashable_values_"),
        *("__classcell__", "__conditional_annotations__", "__annotations_cache__"),
        *("_hashable_values_", "_unhashable_values_map_", "__type_params__"),
    }
)

_MISSING = object()
# A longer text is not looked for among the files.
LONGEST_PATH = 300


def listed(texts: Iterable[str]) -> str:
    """Texts as one: their sum, since the repr of a list would double the backslashes of each level."""
    return f"[{','.join(texts)}]"


def name_of(kind: type) -> str:
    """The full name of a class."""
    return f"{kind.__module__}.{kind.__qualname__}"


class ReaderOfCode(ABC):
    """The part of a `Reader` that reads code.

    Attributes
    ----------
    in_graph : bool
        Whether what is read runs while a graph is traced: random numbers are then part of the graph.
    of_users : bool
        Whether code of the user's was met.
    """

    in_graph: bool
    of_users: bool
    _texts: set[str]

    @abstractmethod
    def value(self, value: Any) -> str:
        """Any object as text."""

    @abstractmethod
    def nothing_else(self, reason: str) -> str:
        """A place for what may be something else at each call."""

    def _module(self, module: types.ModuleType) -> str:
        # A module that is handed on: anything in it may be asked for.
        if is_known(module.__name__) and not has_changing_parts(module.__name__):
            return f"module:{module.__name__}"
        return self.nothing_else(f"the module {module.__name__} is used as a whole")

    def _class(self, kind: type) -> str:
        label = f"class:{kind.__module__}.{kind.__qualname__}"
        if is_found_by_name(kind) or (is_known(kind.__module__) and not _is_python(kind)):
            if changes(kind.__module__, kind.__qualname__, in_graph=self.in_graph):
                return self.nothing_else(f"it uses {name_of(kind)}")
            # A method that somebody has put into a class of a known package is code like any other.
            foreign = [f"{name}={self.value(part)}" for name, part in foreign_methods(kind)]
            return f"{label}{listed(foreign) if foreign else ''}"
        if not is_known(kind.__module__) and changes(kind.__module__):
            # A class of the standard library: its objects are read by what they hold.
            return label
        self.of_users = True
        around = self.in_graph
        self.in_graph = around or is_of_keras(kind)
        try:
            members = [
                f"{name}={self.value(part)}"
                for name, part in sorted(vars(kind).items())
                if name not in _OF_CLASSES
            ]
            bases = [self.value(base) for base in kind.__bases__]
            meta = "" if type(kind) is type else self.value(type(kind))
        finally:
            self.in_graph = around
        return f"{label}{listed(members)}{listed(bases)}{meta}"

    def _builtin(self, value: Any) -> str:
        owner = getattr(value, "__self__", None)
        module = value.__module__ or getattr(owner, "__name__", None)
        if owner is not None and not isinstance(owner, types.ModuleType):
            return f"builtin({self.value(owner)}.{value.__name__})"
        if changes(module, value.__name__, in_graph=self.in_graph):
            return self.nothing_else(f"it uses {module}.{value.__name__}")
        return f"builtin:{module}.{value.__qualname__}"

    def _function(self, function: Any) -> str:
        name, module = function.__name__, function.__module__
        if is_found_by_name(function):
            if changes(module, function.__qualname__, in_graph=self.in_graph):
                return self.nothing_else(f"it uses {module}.{function.__qualname__}")
            return f"function:{module}.{function.__qualname__}"
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        extra = {key: part for key, part in vars(function).items() if key != "__wrapped__"}
        own = f"{self.value(function.__defaults__)},{self.value(function.__kwdefaults__)}"
        if extra:
            own += f",{self.value(extra)}"
        home = function.__globals__.get("__name__", "")
        if is_known(home):
            # Code of a library around something of the user's, which it closes over.
            held = [self.value(cell.cell_contents) for cell in cells.values() if _is_full(cell)]
            return f"function:{home}.{function.__code__.co_qualname}({own},{listed(held)})"
        self.of_users = True
        return f"function({name},{self._code(function, cells)},{own})"

    def _code(self, function: Any, cells: Mapping[str, Any]) -> str:
        """The code of a function, with what the names in it stand for now."""
        name, found = function.__name__, reads_of(function.__code__)
        if found.gets_unknown_names and not self.in_graph:
            return self.nothing_else(f"{name} asks by getattr for a name that a variable holds")
        if found.reads_files:
            return self.nothing_else(f"{name} may read a file")
        told = []
        for one in found.imports:
            if one.module.startswith(".") or not is_known(one.module) or changes(one.module):
                return self.nothing_else(f"{name} imports {one.module}")
            if one.attributes is not None:
                told.append(f"{one}={self._asked(name, _imported(one.module), one.attributes)}")
        if not self.in_graph:
            for text in found.texts:
                self.file(text)
        for read in found.reads:
            where = "cell" if read.in_cell else "global"
            told.append(f"{where} {read.name}{read.attributes}={self._read(function, cells, read)}")
        return f"code({found.digest},{listed(told)})"

    def _read(self, function: Any, cells: Mapping[str, Any], read: Read) -> str:
        names, builtins = function.__globals__, sys.modules["builtins"]
        if read.in_cell:
            if not _is_full(cells[read.name]):
                return "not yet"
            value = cells[read.name].cell_contents
        elif read.name in names:
            value = names[read.name]
        elif hasattr(builtins, read.name):
            value = getattr(builtins, read.name)
            if read.name in ("vars", "dir", "getattr", "super"):
                return "builtin"
            if inspect.isbuiltin(value) and changes("builtins", read.name):
                return self.nothing_else(f"{function.__name__} uses {read.name}")
            if value is dict and read.attributes and read.attributes[0] != "fromkeys":
                # `dict.get(meta, name)` reads `meta` without the note that `meta.get(name)` takes.
                return self.nothing_else(f"{function.__name__} uses dict.{read.attributes[0]}")
        else:
            return "nothing"
        return self._asked(function.__name__, value, read.attributes)

    def _asked(self, who: str, value: Any, attributes: Iterable[str]) -> str:
        """What a function finds that asks `value`, which may be a module, for `attributes`."""
        for attribute in attributes:
            if not isinstance(value, types.ModuleType):
                break
            module = value.__name__
            if changes(module, attribute, in_graph=self.in_graph):
                return self.nothing_else(f"{who} uses {module}.{attribute}")
            value = getattr(value, attribute, _MISSING)
        if isinstance(value, types.ModuleType) and changes(value.__name__):
            return self.nothing_else(f"{who} uses {value.__name__}")
        if inspect.isclass(value) and changes(value.__module__, in_graph=self.in_graph):
            # An object of this class is what it holds; its class methods may look at a clock.
            return self.nothing_else(f"{who} uses {name_of(value)}")
        return "nothing" if value is _MISSING else self.value(value)

    def file(self, text: str) -> None:
        """Note a text that may be the name of a file, which may hold something else at each call."""
        known = text in self._texts
        self._texts.add(text)
        if known or not text or len(text) > LONGEST_PATH or "\n" in text or "\0" in text:
            return
        if os.path.isfile(text) or (os.path.sep in text and os.path.exists(text)):
            self.nothing_else(f"it names the file {text}")


def _imported(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:  # the code will see it too, and may be ready for it
        return _MISSING


def foreign_methods(kind: type) -> Iterator[tuple[str, Any]]:
    """The methods of `kind` and its bases that no known package has written."""
    for base in kind.__mro__:
        home = getattr(sys.modules.get(base.__module__), "__dict__", None)
        for name, part in vars(base).items():
            if type(part) is not types.FunctionType or part.__globals__ is home:
                continue
            if not is_known(part.__globals__.get("__name__", "")):
                yield name, part


def _is_full(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - reading it is the question
    except ValueError:
        return False
    return True


def _is_python(kind: type) -> bool:
    """Whether a class was written in Python."""
    return any(inspect.isfunction(part) for part in vars(kind).values()) or "__dict__" in vars(kind)
