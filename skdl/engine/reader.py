"""Objects as text that is equal where they are the same: the one notion of identity.

An object is its class, its code and *all* of its state: private attributes, arrays and tensors by content,
containers, nested objects, closures, defaults, and the values that its code names in modules and classes.
What cannot be read to its end is the same as itself alone (`Opaque`). Code that looks at files, the
environment, a clock or random numbers may do something else at each call, and is the same as nothing.

What of Keras's own objects is state is in `keras_state.py`.
"""

from __future__ import annotations

import collections
import enum
import functools
import hashlib
import inspect
import re
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skdl.engine.code_reads import Read, reads_of
from skdl.engine.keras_state import (
    compiled_with,
    is_of_keras,
    names_of,
    state_of,
    table_content,
    tensor_content,
    variable_content,
)
from skdl.engine.known_code import changes, is_found_by_name, is_known

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented))
# Values of the standard library that say by `__reduce_ex__` all that they are.
_REDUCED = frozenset(
    {
        *("datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta"),
        *("datetime.timezone", "decimal.Decimal", "fractions.Fraction", "uuid.UUID", "array.array"),
        *(
            "_collections._tuplegetter",
            "operator.itemgetter",
            "operator.attrgetter",
            "operator.methodcaller",
        ),
        *("pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib.WindowsPath"),
        *("pathlib.PureWindowsPath", "pathlib._local.PosixPath", "zoneinfo.ZoneInfo"),
        *("builtins.range", "builtins.slice", "builtins.bytearray"),
    }
)
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
# More objects than this are not read for one key.
MOST_OBJECTS = 20_000


@dataclass(frozen=True, eq=False)
class Opaque:
    """An object that equals itself alone, and stays alive as long as a key names it."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opaque) and self.value is other.value

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
    reader = Reader()
    text = reader.value(value)
    return None if reader.opaque else digest(text)


def why_unread(value: Any) -> str | None:
    """What keeps `value` from having a fingerprint, as the second half of a sentence; None if it has one.

    Examples
    --------
    >>> why_unread([1, object()])
    'builtins.object cannot be read'
    """
    reader = Reader()
    reader.value(value)
    return reader.reasons[0] if reader.reasons else None


def listed(texts: Iterable[str]) -> str:
    """Texts as one: their sum, since the repr of a list would double the backslashes of each level."""
    return f"[{','.join(texts)}]"


def digest(text: str) -> str:
    """A short text in the place of a long one."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass
class Reader:
    """Turns objects into text, and keeps those that cannot be turned.

    Attributes
    ----------
    in_graph : bool
        Whether what is read runs while a graph is traced: random numbers are then part of the graph.
    opaque : list of Opaque
        What could not be read.
    reasons : list of str
        Why, for each of them.
    layers : list of keras.Layer
        The layers and models that were met.
    """

    in_graph: bool = False
    opaque: list[Opaque] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    layers: list[Any] = field(default_factory=list)
    _open: set[int] = field(default_factory=set)
    _met: dict[int, tuple[int, Any]] = field(default_factory=dict)
    _nodes: dict[tuple[int, int], int] = field(default_factory=dict)
    _count: int = 0

    def itself(self, value: Any, reason: str | None = None) -> str:
        """A place for what cannot be read, which is the same as itself."""
        self.opaque.append(Opaque(value))
        self.reasons.append(reason or f"{_name_of(type(value))} cannot be read")
        return f"#{len(self.opaque)}"

    def nothing_else(self, reason: str) -> str:
        """A place for what may be something else at each call: the same as nothing."""
        return self.itself(object(), reason)

    def value(self, value: Any) -> str:
        """Any object as text."""
        kind = type(value)
        if kind in _PLAIN:
            return f"{kind.__name__}:{value!r}"
        if kind.__module__.startswith("keras.src.dtype_policies"):
            # A value: that two layers have one object of it says nothing.
            told = [f"{name}={self.value(part)}" for name, part in sorted(state_of(value))]
            return f"{kind.__qualname__}{listed(told)}"
        if id(value) in self._met:
            return f"met:{self._met[id(value)][0]}"
        if id(value) in self._open:
            return "again"
        self._count += 1
        if self._count > MOST_OBJECTS:
            if self._count == MOST_OBJECTS + 1:
                self.nothing_else(f"it reaches more than {MOST_OBJECTS} objects")
            return "and more"
        if not isinstance(value, (np.ndarray, np.generic, list, tuple, set, frozenset)):
            # Objects name one another: each is read once. It is kept, so that no other gets its id.
            self._met[id(value)] = (len(self._met), value)
            return self._value(value)
        self._open.add(id(value))
        try:
            return self._value(value)
        finally:
            self._open.discard(id(value))

    def _value(self, value: Any) -> str:
        if isinstance(value, np.dtype):
            return f"dtype:{value.str}{value.descr if value.names else ''}"
        if isinstance(value, np.generic):
            return f"{value.dtype.str}:{value!r}"
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, types.ModuleType):
            return self._module(value)
        if inspect.isclass(value):
            return self._class(value)
        if isinstance(value, (types.GenericAlias, types.UnionType)):
            return f"alias:{value!r}"
        if inspect.isfunction(value):
            return self._function(value)
        if inspect.ismethod(value):
            return f"method({self.value(value.__self__)}.{self.value(value.__func__)})"
        if isinstance(value, np.ufunc):
            known = getattr(np, value.__name__, None) is value
            return f"ufunc:{value.__name__}" if known else self.itself(value)
        if inspect.isbuiltin(value):
            return self._builtin(value)
        if inspect.ismethoddescriptor(value) and hasattr(value, "__objclass__"):
            return f"descriptor({self.value(value.__objclass__)}.{value.__name__})"
        if isinstance(value, (staticmethod, classmethod)):
            return f"{type(value).__name__}({self.value(value.__func__)})"
        if isinstance(value, property):
            parts = [self.value(part) for part in (value.fget, value.fset, value.fdel)]
            return f"property{listed(parts)}"
        if inspect.ismemberdescriptor(value) or inspect.isgetsetdescriptor(value):
            return f"slot:{value.__name__}"
        if isinstance(value, functools.partial):
            inside = (value.func, value.args, value.keywords)
            return f"partial({','.join(map(self.value, inside))}{self._attributes(value)})"
        if isinstance(value, functools.cached_property):
            return f"cached({self.value(value.func)})"
        if hasattr(value, "cache_info") and hasattr(value, "__wrapped__"):
            return f"lru_cache({self.value(value.__wrapped__)})"
        if isinstance(value, types.CodeType):
            return f"code:{reads_of(value).digest}"
        if isinstance(value, inspect.Signature):
            return f"signature:{value}"
        if isinstance(value, re.Pattern):
            return f"pattern({self.value(value.pattern)}{value.flags})"
        if isinstance(value, enum.Enum):
            return f"member({self.value(type(value))}.{value.name})"
        plain: Any = next((base for base in _PLAIN if isinstance(value, base)), None)
        if plain is not None:  # of a class of the user's, made from one of Python's
            label = f"{self.value(type(value))}{plain.__repr__(value)}"
            return f"{label}{self._attributes(value)}"
        return self._container(value) or self._foreign(value) or self._object(value)

    def _container(self, value: Any) -> str | None:
        """A container by what is in it, and by what else a class of the user's keeps there."""
        kind = type(value)
        if isinstance(value, (Mapping, types.MappingProxyType)):
            inside = ",".join(f"{self.value(k)}:{self.value(v)}" for k, v in value.items())
            text = f"{{{inside}}}"
            if isinstance(value, collections.defaultdict):
                text += self.value(value.default_factory)
        elif isinstance(value, (set, frozenset)):
            text = f"set[{','.join(sorted([self.value(part) for part in value]))}]"
        elif isinstance(value, (list, tuple, collections.deque)):
            text = (
                f"{self._kind_of_sequence(value)}[{','.join(self.value(part) for part in value)}]"
            )
            if isinstance(value, collections.deque):
                text += f"{value.maxlen}"
        else:
            return None
        if is_known(kind.__module__):
            return f"{'' if _is_tracked(kind) else kind.__qualname__}{text}"
        return f"{self.value(kind)}{text}{self._attributes(value)}"

    @staticmethod
    def _kind_of_sequence(value: Any) -> str:
        return "tuple" if isinstance(value, tuple) else "list"

    def _array(self, value: np.ndarray) -> str:
        label = "" if type(value) is np.ndarray else self.value(type(value))
        mask = getattr(value, "mask", None) if isinstance(value, np.ma.MaskedArray) else None
        text = f"{label}array{value.shape}{value.dtype.str}"
        if value.dtype.hasobject:
            return f"{text}{self.value(value.tolist())}"
        if value.dtype.names:
            text += f"{value.dtype.descr}"
        content = np.ascontiguousarray(value.view(np.ndarray))
        text += hashlib.sha256(content.tobytes()).hexdigest()
        return text if mask is None else f"{text}{self.value(np.asarray(mask))}"

    def _foreign(self, value: Any) -> str | None:
        """Objects of other libraries that say in a way of their own what they hold."""
        kind = type(value)
        module = kind.__module__
        keras = sys.modules.get("keras")
        if keras is not None and isinstance(value, keras.KerasTensor):
            return self._symbolic(value)
        for read in (tensor_content, table_content, variable_content):
            found = read(value)
            if found is not None:
                label, parts = found
                return f"{label}({','.join(map(self.value, parts))})"
        if module.startswith("tensorflow."):
            wrapped = getattr(value, "python_function", None)
            if inspect.isfunction(wrapped):  # a function that the user decorated with `tf.function`
                return f"tf_function({self.value(wrapped)})"
            if kind.__name__ in ("DType", "TensorShape", "TensorSpec"):
                return f"{kind.__name__}:{value!r}"
            return self.itself(value)
        if f"{module}.{kind.__qualname__}" in _REDUCED:
            return f"{module}.{kind.__qualname__}{self.value(list(value.__reduce_ex__(2)))}"
        if module.partition(".")[0] == "pandas":
            return self._frame(value)
        if module.startswith("numpy.random"):
            return self.itself(value, f"{_name_of(kind)} gives other numbers at each call")
        return None

    def _frame(self, value: Any) -> str:
        label = f"pandas.{type(value).__qualname__}"
        if hasattr(value, "columns"):
            columns = [value.iloc[:, place].to_numpy() for place in range(value.shape[1])]
            types_ = [str(one) for one in value.dtypes]
            parts = (value.columns.to_numpy(), value.index.to_numpy(), types_, columns)
            return f"{label}({','.join(map(self.value, parts))})"
        if hasattr(value, "to_numpy"):
            index = value.index.to_numpy() if hasattr(value, "index") and label != "Index" else None
            named = [getattr(value, "name", None), str(value.dtype)]
            return f"{label}({self.value(value.to_numpy())}{self.value(index)}{self.value(named)})"
        return self.itself(value)

    def _object(self, value: Any) -> str:
        """An object by its class and all its attributes."""
        kind: Any = type(value)
        if _has_hidden_state(kind):
            return self.itself(value)
        around, ours = self.in_graph, is_of_keras(kind)
        self.in_graph = around or ours
        try:
            graph = self._of_keras(value) if ours else ""
            return f"object({self.value(kind)}{self._attributes(value)}{graph})"
        finally:
            self.in_graph = around

    def _of_keras(self, value: Any) -> str:
        """What of an object of Keras's is in none of its attributes: the graph of a functional model."""
        keras = sys.modules["keras"]
        if isinstance(value, keras.Layer):
            self.layers.append(value)
        return self._graph(value) if isinstance(value, keras.Function) else ""

    def _graph(self, function: Any) -> str:
        """The operations of a functional model in their order, and what each is called with."""
        calls = []
        for operation in function._operations:
            for place, node in enumerate(operation._inbound_nodes):
                if f"{id(operation)}_ib-{place}" in function._nodes:
                    self._nodes[id(operation), place] = len(self._nodes)
                    calls.append((operation, node))
        told = [
            f"{self.value(operation)}({self.value(node.arguments.args)},"
            f"{self.value(dict(node.arguments.kwargs))})"
            for operation, node in calls
        ]
        ends = (function._inputs_struct, function._outputs_struct)
        return f"{listed(told)}{listed(self.value(part) for part in ends)}"

    def _symbolic(self, tensor: Any) -> str:
        """A tensor without a value, by the call that it comes from."""
        operation, node, number = getattr(tensor, "_keras_history", (None, 0, 0))
        place = self._nodes.get((id(operation), node))
        kinds = getattr(tensor, "sparse", False), getattr(tensor, "ragged", False)
        come = "" if place is None else f"{place}.{number}"
        return f"tensor{self.shape_of(tensor)}{tensor.dtype}{kinds}{come}"

    def shape_of(self, tensor: Any) -> Any:
        """What of the shape of a symbolic tensor counts."""
        return tuple(tensor.shape)

    def _attributes(self, value: Any) -> str:
        found = self.attributes_of(value)
        return listed(f"{name}={self.value(part)}" for name, part in sorted(found))

    def attributes_of(self, value: Any) -> Iterable[tuple[str, Any]]:
        """The attributes of an object that are its state, by their names."""
        if is_of_keras(type(value)):
            return [*state_of(value), *names_of(value), *compiled_with(value)]
        return [*getattr(value, "__dict__", {}).items(), *_slots(value)]

    def _module(self, module: types.ModuleType) -> str:
        # A module that is handed on: anything in it may be asked for.
        if is_known(module.__name__):
            return f"module:{module.__name__}"
        return self.nothing_else(f"the module {module.__name__} is used as a whole")

    def _class(self, kind: type) -> str:
        label = f"class:{kind.__module__}.{kind.__qualname__}"
        if is_found_by_name(kind) or (is_known(kind.__module__) and not _is_python(kind)):
            if changes(kind.__module__, kind.__qualname__, in_graph=self.in_graph):
                return self.nothing_else(f"it uses {kind.__module__}.{kind.__qualname__}")
            return label
        if not is_known(kind.__module__) and changes(kind.__module__):
            # A class of the standard library: its objects are read by what they hold.
            return label
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
        return f"function({name},{self._code(function, cells)},{own})"

    def _code(self, function: Any, cells: Mapping[str, Any]) -> str:
        """The code of a function, with what the names in it stand for now."""
        name, found = function.__name__, reads_of(function.__code__)
        if found.gets_unknown_names and not self.in_graph:
            return self.nothing_else(f"{name} asks by getattr for a name that a variable holds")
        if found.reads_files:
            return self.nothing_else(f"{name} may read a file")
        for module in found.imports:
            if module.startswith(".") or not is_known(module) or changes(module):
                return self.nothing_else(f"{name} imports {module}")
        told = []
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
                # It asks the facts that a build function is told, past the notes that they take.
                return self.nothing_else(f"{function.__name__} uses dict.{read.attributes[0]}")
        else:
            return "nothing"
        for attribute in read.attributes:
            if not isinstance(value, types.ModuleType):
                break
            module = value.__name__
            if changes(module, attribute, in_graph=self.in_graph):
                return self.nothing_else(f"{function.__name__} uses {module}.{attribute}")
            value = getattr(value, attribute, _MISSING)
        if isinstance(value, types.ModuleType) and changes(value.__name__):
            return self.nothing_else(f"{function.__name__} uses {value.__name__}")
        if inspect.isclass(value) and changes(value.__module__, in_graph=self.in_graph):
            # An object of this class is what it holds; its class methods may look at a clock.
            return self.nothing_else(f"{function.__name__} uses {_name_of(value)}")
        return "nothing" if value is _MISSING else self.value(value)


_MISSING = object()


def _is_full(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - reading it is the question
    except ValueError:
        return False
    return True


def _slots(value: Any) -> Iterator[tuple[str, Any]]:
    for kind in type(value).__mro__:
        for name, part in vars(kind).items():
            if inspect.ismemberdescriptor(part) and not is_known(kind.__module__):
                with_default = getattr(value, name, _MISSING)
                if with_default is not _MISSING:
                    yield name, with_default


def _is_tracked(kind: type) -> bool:
    """Whether Keras or TensorFlow put a list or dict of theirs in the place of the user's."""
    return kind.__module__.partition(".")[0] in ("keras", "tensorflow", "builtins")


def _is_python(kind: type) -> bool:
    """Whether a class was written in Python."""
    return any(inspect.isfunction(part) for part in vars(kind).values()) or "__dict__" in vars(kind)


@functools.lru_cache(maxsize=1024)
def _has_hidden_state(kind: Any) -> bool:
    """Whether objects of `kind` may hold more than attributes: those of extensions in C do."""
    if kind is object:
        return True  # it has no state, and is used to be told from all others
    if issubclass(kind, BaseException):
        return True
    room = object.__basicsize__
    for base in kind.__mro__:
        room += 8 * sum(inspect.ismemberdescriptor(part) for part in vars(base).values())
    # Where these are negative, Python keeps them in front of the object.
    room += 8 * (kind.__weakrefoffset__ > 0) + 8 * (kind.__dictoffset__ > 0)
    return kind.__basicsize__ > room or kind.__itemsize__ > 0


def _name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
