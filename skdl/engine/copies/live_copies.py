"""Copies of live models: every object that a model holds, whether or not Keras could save it.

Keras copies a model through the file it saves, which holds configs and weights: a lambda, a partial, a
callable object or an attribute set later is lost. Here the objects themselves are copied. A copy shares no
variable and nothing that can be changed with the original; what cannot be copied raises an error.
"""

from __future__ import annotations

import copy
import copyreg
import enum
import functools
import inspect
import threading
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np

from skdl.common.keras_import import start_devices
from skdl.engine.copies.keras_bookkeeping import Bookkeeping, is_transient, made_anew
from skdl.engine.identity.keras_state import is_of_keras
from skdl.engine.keras_parts.variables import one_name_for_variables

_T = TypeVar("_T")
# Nothing can change these.
_VALUES = (
    *(type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented)),
    *(type, np.generic, np.dtype, enum.Enum, range, slice, property, staticmethod, classmethod),
    *(types.ModuleType, types.CodeType, types.MappingProxyType),
    *(inspect.Signature, types.WrapperDescriptorType, types.MethodWrapperType),
    *(types.MethodDescriptorType, types.GenericAlias, np.ufunc),
)
# Of these an object keeps what each copy has to make for itself.
_LOCKS = {type(threading.Lock()): threading.Lock, type(threading.RLock()): threading.RLock}
_MEMO = "copies of live models"


def copy_live(value: _T, memo: dict[Any, Any] | None = None) -> _T:
    """A copy of `value`, which may be a model, another object of Keras's, or hold such objects.

    Parameters
    ----------
    value : object
    memo : dict, optional
        That of `copy.deepcopy`: what was copied before in the same call is not copied again.

    Raises
    ------
    TypeError
        `value` holds an object that cannot be copied, such as an open file.
    """
    memo = {} if memo is None else memo
    copier = memo.setdefault(_MEMO, _Copier(memo))
    start_devices()
    with one_name_for_variables():
        found: _T = copier.run(value)
        return found


def reaches_keras(value: Any) -> bool:
    """Whether `value` is an object of Keras's or TensorFlow's that has a state, or holds one."""
    seen: set[int] = set()
    kept, waiting = [], [value]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or _is_value(one):
            continue
        seen.add(id(one))
        kept.append(one)  # so that no other object gets its id
        if is_of_keras(type(one)) or _is_of_tensorflow(type(one)):
            return True
        waiting.extend(_parts(one))
    return False


def _is_of_tensorflow(kind: type) -> bool:
    return any(str(base.__module__).partition(".")[0] == "tensorflow" for base in kind.__mro__)


def _is_value(one: Any) -> bool:
    if isinstance(one, _VALUES) or type(one) in _LOCKS:
        return True
    if isinstance(one, types.BuiltinFunctionType):
        return one.__self__ is None or isinstance(one.__self__, types.ModuleType)
    return isinstance(one, np.ndarray) and one.dtype.kind != "O"


def _parts(one: Any) -> Iterator[Any]:
    """What `one` holds."""
    if isinstance(one, dict):
        yield from one.keys()
        yield from one.values()
    elif isinstance(one, (list, tuple, set, frozenset, deque)):
        yield from one
    elif isinstance(one, types.FunctionType):
        yield from _cells(one)
        yield from (one.__defaults__ or ())
        yield from (one.__kwdefaults__ or {}).values()
    elif isinstance(one, (types.MethodType, types.BuiltinFunctionType)):
        yield one.__self__
    elif isinstance(one, functools.partial):
        yield from (one.func, *one.args, *one.keywords.values())
    elif isinstance(one, np.ndarray):
        yield from one.flat
    yield from attributes_of(one).values()


def _cells(function: types.FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            continue  # a name that has no value yet


def attributes_of(one: Any) -> dict[str, Any]:
    """The attributes of `one`, those in slots too."""
    found = {
        name: getattr(one, name)
        for name in copyreg._slotnames(type(one))  # type: ignore[attr-defined]
        if hasattr(one, name)
    }
    return {**found, **getattr(one, "__dict__", {})}


class _Copier:
    """One call of `copy.deepcopy`, or of `copy_live`."""

    def __init__(self, memo: dict[Any, Any]):
        self._memo = memo
        self._kept: list[Any] = []  # originals, so that no other object gets the id of one
        # What is filled later: objects are many, and would go deeper than Python's stack.
        self._open: deque[tuple[tuple[str, ...], Callable[[], None]]] = deque()
        # After them: a key may need the attributes of its object for its hash.
        self._hashed: deque[tuple[tuple[str, ...], Callable[[], None]]] = deque()
        self._path: tuple[str, ...] = ()  # to what is copied now, for messages
        self._books = Bookkeeping(self._copy, self._known, self._drain)

    def run(self, value: Any) -> Any:
        found = self._copy(value)
        self._drain()
        self._books.settle()
        return found

    def _known(self, value: Any) -> Any:
        """The copy that there is of `value`, or None."""
        return self._memo.get(id(value))

    def _drain(self) -> None:
        while self._open or self._hashed:
            self._path, fill = (self._open or self._hashed).popleft()
            fill()

    def _note(self, value: Any, made: _T) -> _T:
        self._memo[id(value)] = made
        self._kept.append(value)
        return made

    def _copy(self, value: Any) -> Any:
        if id(value) in self._memo:
            return self._memo[id(value)]
        kind = type(value)
        if kind in _LOCKS:
            return self._note(value, _LOCKS[kind]())
        if _is_value(value):
            return self._note(value, value.copy("K")) if isinstance(value, np.ndarray) else value
        for base, method in self._methods.items():
            if issubclass(kind, base):
                return method(self, value)
        special = made_anew(value, self._copy)
        if special is not None:
            return self._note(value, special)
        if is_of_keras(kind):
            return self._instance(value)
        if _is_of_tensorflow(kind):
            return self._of_tensorflow(value)
        return self._other(value)

    # Containers, also of classes made from them.

    def _list(self, value: list[Any]) -> Any:
        made = self._note(value, type(value).__new__(type(value)))
        self._later(lambda: list.extend(made, [self._copy(part) for part in value]))
        self._fill_attributes(value, made)
        return made

    def _dict(self, value: dict[Any, Any]) -> Any:
        made: Any = self._note(value, type(value).__new__(type(value)))
        if isinstance(value, defaultdict):
            made.default_factory = self._copy(value.default_factory)
        put = OrderedDict.__setitem__ if isinstance(value, OrderedDict) else dict.__setitem__

        def fill() -> None:
            pairs = [(self._copy(key), self._copy(part)) for key, part in value.items()]
            if all(isinstance(key, (str, int)) for key in value):
                fill_hashed(pairs)
            else:
                self._hashed.append((self._path, lambda: fill_hashed(pairs)))

        def fill_hashed(pairs: list[tuple[Any, Any]]) -> None:
            for key, part in pairs:
                put(made, key, part)

        self._later(fill)
        self._fill_attributes(value, made)
        return made

    def _set(self, value: set[Any]) -> Any:
        made = self._note(value, type(value).__new__(type(value)))

        def fill() -> None:
            parts = [self._copy(part) for part in value]
            self._hashed.append((self._path, lambda: set.update(made, parts)))

        self._later(fill)
        self._fill_attributes(value, made)
        return made

    def _tuple(self, value: Any) -> Any:
        base = tuple if isinstance(value, tuple) else frozenset
        parts = [self._copy(part) for part in value]
        if id(value) in self._memo:  # it holds what holds it
            return self._memo[id(value)]
        if type(value) is base and all(a is b for a, b in zip(parts, value, strict=True)):
            return value
        made = self._note(value, base.__new__(type(value), parts))
        self._fill_attributes(value, made)
        return made

    # What can be called.

    def _function(self, value: types.FunctionType) -> Any:
        if not any(map(reaches_keras, _parts(value))):
            return value  # as `copy.deepcopy` has it
        cells = tuple(types.CellType() for _ in value.__closure__ or ())
        defaults = self._copy(value.__defaults__)
        made = types.FunctionType(
            value.__code__, value.__globals__, value.__name__, defaults, cells or None
        )
        made.__qualname__, made.__module__ = value.__qualname__, value.__module__
        made.__doc__, made.__annotations__ = value.__doc__, value.__annotations__
        self._note(value, made)

        def fill() -> None:
            made.__kwdefaults__ = self._copy(value.__kwdefaults__)
            vars(made).update({name: self._copy(part) for name, part in vars(value).items()})
            for cell, given in zip(cells, value.__closure__ or (), strict=True):
                try:
                    found = given.cell_contents
                except ValueError:
                    continue
                cell.cell_contents = self._copy(found)

        self._later(fill)
        return made

    def _method(self, value: types.MethodType) -> Any:
        made = types.MethodType(self._copy(value.__func__), self._copy(value.__self__))
        return self._note(value, made)

    def _builtin_method(self, value: types.BuiltinFunctionType) -> Any:
        return self._note(value, getattr(self._copy(value.__self__), value.__name__))

    def _partial(self, value: Any) -> Any:
        made = self._note(value, functools.partial.__new__(type(value), lambda: None))

        def fill() -> None:
            state = (value.func, value.args, value.keywords, vars(value))
            made.__setstate__(tuple(self._copy(part) for part in state))

        self._later(fill)
        return made

    # Objects.

    def _instance(self, value: Any) -> Any:
        made = self._note(value, object.__new__(type(value)))
        self._books.note(value, made)
        self._fill_attributes(value, made)
        return made

    def _fill_attributes(self, value: Any, made: Any) -> None:
        attributes = attributes_of(value)
        if not attributes:
            return

        def fill() -> None:
            path = (_called(value),) if _has_name(value) else self._path
            for name, part in attributes.items():
                if not is_transient(value, name):
                    self._path = (*path, name)
                    # The classes of Keras count and wrap what is set on them.
                    object.__setattr__(made, name, self._copy(part))

        self._later(fill)

    def _of_tensorflow(self, value: Any) -> Any:
        import tensorflow as tf

        fixed = (tf.Tensor, tf.SparseTensor, tf.RaggedTensor, tf.DType, tf.TensorShape)
        if isinstance(value, (*fixed, tf.TypeSpec, tf.distribute.Strategy)):
            return value
        if type(value).__name__ in ("_DictWrapper", "_TupleWrapper"):
            return self._proxy(value)
        # In objects of this package TensorFlow notes which variables an object of Keras's has.
        noted = type(value).__module__.startswith("tensorflow.python.trackable.")
        if noted or isinstance(value, (tf.Module, tf.name_scope)):
            return self._instance(value)
        if isinstance(value, tf.types.experimental.PolymorphicFunction):
            # What it has traced, it traces again.
            return self._note(value, value._clone(self._copy(value.python_function)))
        raise self._refusal(value)

    def _proxy(self, value: Any) -> Any:
        """What TensorFlow puts in the place of a dict or tuple that is set on an object."""
        made = self._note(value, type(value)(self._copy(value.__wrapped__)))
        try:
            attributes = object.__getattribute__(value, "__dict__")
        except AttributeError:  # that of a tuple, which has none
            attributes = {}

        def fill() -> None:
            for name, part in attributes.items():
                if name.startswith("_self_"):  # the others are those of what is inside
                    setattr(made, name, self._copy(part))

        self._later(fill)
        return made

    def _other(self, value: Any) -> Any:
        """An object of a class that is neither Keras's nor TensorFlow's."""
        kind = type(value)
        if not reaches_keras(value):
            try:
                return copy.deepcopy(value, self._memo)
            except (TypeError, copy.Error) as error:
                raise self._refusal(value) from error
        own = hasattr(kind, "__deepcopy__") or kind in copyreg.dispatch_table
        reduced = None if own else value.__reduce_ex__(4)
        if not isinstance(reduced, tuple) or reduced[0] is not copyreg.__newobj__:  # type: ignore[attr-defined]
            raise self._refusal(value)
        _, (_, *arguments), state, *_ = (*reduced, None)
        made = kind.__new__(kind, *[self._copy(part) for part in arguments])
        self._note(value, made)
        if not hasattr(kind, "__setstate__") and _is_default_state(kind):
            self._fill_attributes(value, made)
        else:
            self._later(lambda: self._set_state(made, self._copy(state)))
        return made

    def _set_state(self, made: Any, state: Any) -> None:
        if hasattr(made, "__setstate__"):
            # It may look at what it is given, so that must be complete.
            self._hashed.append((self._path, lambda: made.__setstate__(state)))
        elif isinstance(state, dict):
            self._later(lambda: vars(made).update(state))
        elif state is not None:
            raise self._refusal(made)

    def _later(self, fill: Callable[[], None]) -> None:
        self._open.append((self._path, fill))

    def _refusal(self, value: Any) -> TypeError:
        name, *attributes = self._path or ("",)
        place = f" in {name}, at {'.'.join(attributes)}" if attributes else ""
        return TypeError(
            f"A network cannot be copied. Got {type(value).__name__}{place}, which has a state of its own "
            "that no copy of it can have; expected numbers, arrays, functions, and objects that "
            "copy.deepcopy takes: give the estimator a function that builds the network, or leave that "
            "object away."
        )

    _methods: dict[type, Callable[..., Any]] = {
        list: _list,
        dict: _dict,
        set: _set,
        tuple: _tuple,
        frozenset: _tuple,
        types.FunctionType: _function,
        types.MethodType: _method,
        types.BuiltinFunctionType: _builtin_method,
        functools.partial: _partial,
    }


def _is_default_state(kind: Any) -> bool:
    return bool(kind.__getstate__ is object.__getstate__)


def _has_name(owner: Any) -> bool:
    return is_of_keras(type(owner)) and isinstance(getattr(owner, "name", None), str)


def _called(owner: Any) -> str:
    return f"{type(owner).__name__} {owner.name!r}"
