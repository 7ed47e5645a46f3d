"""Objects as text that is equal where they are the same: the one notion of identity.

An object is its class, its code and *all* of its state: private attributes, arrays and tensors by content,
containers, nested objects, closures, defaults, and the values that its code names in modules and classes.
What cannot be read to its end is the same as itself alone (`Opaque`), or as nothing where it may change.

`reader_of_code.py` reads functions and classes, `keras_state.py` says what of Keras's objects is state, and
`foreign_state.py` what objects hold that are written in C.
"""

from __future__ import annotations

import collections
import collections.abc
import enum
import functools
import hashlib
import inspect
import itertools
import logging
import re
import sys
import threading
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skdl.engine.identity.code_reads import reads_of
from skdl.engine.identity.foreign_state import has_hidden_state, own_content, pickled_content
from skdl.engine.identity.keras_state import (
    compiled_with,
    excluded_by,
    input_names,
    is_of_keras,
    names_of,
    state_of,
    table_content,
    tensor_content,
    variable_content,
)
from skdl.engine.identity.known_code import is_known
from skdl.engine.identity.reader_of_code import ReaderOfCode, listed, name_of

_VIEWS = (collections.abc.KeysView, collections.abc.ItemsView, collections.abc.ValuesView)
_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented))
# What a fit computes does not depend on these.
_LOCKS = (type(threading.Lock()), type(threading.RLock()))
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


def digest(text: str) -> str:
    """A short text in the place of a long one."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass
class Reader(ReaderOfCode):
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
    of_users : bool
        Whether code, objects or arrays of the user's were met, which may change.
    """

    in_graph: bool = False
    opaque: list[Opaque] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    layers: list[Any] = field(default_factory=list)
    of_users: bool = False
    _open: set[int] = field(default_factory=set)
    _texts: set[str] = field(default_factory=set)
    _met: dict[int, tuple[int, Any]] = field(default_factory=dict)
    _nodes: dict[tuple[int, int], int] = field(default_factory=dict)
    _count: int = 0

    def itself(self, value: Any, reason: str | None = None) -> str:
        """A place for what cannot be read, which is the same as itself."""
        self.opaque.append(Opaque(value))
        self.reasons.append(reason or f"{name_of(type(value))} cannot be read")
        return f"#{len(self.opaque)}"

    def nothing_else(self, reason: str) -> str:
        """A place for what may be something else at each call: the same as nothing."""
        return self.itself(object(), reason)

    def value(self, value: Any) -> str:
        """Any object as text."""
        kind = type(value)
        if kind in _PLAIN:
            if kind is str and not self.in_graph:
                self.file(value)
            return f"{kind.__name__}:{value!r}"
        if str(kind.__module__).startswith("keras.src.dtype_policies"):
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
        if isinstance(value, (slice, range)):
            ends = (value.start, value.stop, value.step)
            return f"{type(value).__name__}({','.join(map(self.value, ends))})"
        if isinstance(value, inspect.Signature):
            told = [(one.name, int(one.kind), one.default) for one in value.parameters.values()]
            return f"signature{self.value(told)}"
        if isinstance(value, logging.Logger):
            return f"logger:{value.name}"
        if isinstance(value, _LOCKS):
            return "lock"
        if isinstance(value, re.Pattern):
            return f"pattern({self.value(value.pattern)}{value.flags})"
        if isinstance(value, enum.Enum):
            return f"member({self.value(type(value))}{self._attributes(value)})"
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
        elif isinstance(value, (list, tuple, collections.deque, *_VIEWS)):
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
        self.of_users = True
        text = f"array{value.shape}{value.dtype.str}"
        if type(value) is not np.ndarray:
            text = f"{self.value(type(value))}{text}{self._attributes(value)}"
        mask = getattr(value, "mask", None) if isinstance(value, np.ma.MaskedArray) else None
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
        module = str(kind.__module__)
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
            if kind.__name__ == "name_scope_v2":
                return kind.__name__  # a name computes nothing
            return self.itself(value)
        if isinstance(value, collections.abc.Iterator):
            return self.nothing_else(f"{name_of(kind)} gives something else at each call")
        if module.startswith("numpy.random") and not self.in_graph:
            return self.nothing_else(f"{name_of(kind)} gives other numbers at each call")
        found = own_content(value)
        if found is not None:
            label, parts = found
            return f"{label}({','.join(map(self.value, parts))})"
        return None

    def _object(self, value: Any) -> str:
        """An object by its class and all its attributes."""
        kind: Any = type(value)
        if not is_of_keras(kind):
            self.of_users = True
        if kind is object:
            return self.itself(value)  # it has no content, and is there to be told from all others
        if has_hidden_state(kind):
            found = pickled_content(value)
            if found is None:
                return self.nothing_else(f"{name_of(kind)} cannot be read")
            label, parts = found
            return f"{label}({','.join(map(self.value, parts))}){self._attributes(value)}"
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
        graph = self._graph(value) if isinstance(value, keras.Function) else ""
        return f"{graph}{self.value(input_names(value))}"

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
            beside = (names_of(value), compiled_with(value), excluded_by(value))
            return [*state_of(value), *itertools.chain(*beside)]
        return [*getattr(value, "__dict__", {}).items(), *_slots(value)]


_MISSING = object()


def _slots(value: Any) -> Iterator[tuple[str, Any]]:
    for kind in type(value).__mro__:
        for name, part in vars(kind).items():
            if inspect.ismemberdescriptor(part):
                with_default = getattr(value, name, _MISSING)
                if with_default is not _MISSING:
                    yield name, with_default


def _is_tracked(kind: type) -> bool:
    """Whether Keras or TensorFlow put a list or dict of theirs in the place of the user's."""
    return kind.__module__.partition(".")[0] in ("keras", "tensorflow", "builtins")
