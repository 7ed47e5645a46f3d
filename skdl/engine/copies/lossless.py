"""Whether a model that came back from Keras's file is the one that was saved.

Keras saves what configs say and what variables hold. An attribute that was set later, a parameter that a
``get_config`` forgets or a function without a name is not in the file, and Keras does not say so.
"""

from __future__ import annotations

import builtins
import dis
import functools
import inspect
import types
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.common.signatures import arguments_of
from skdl.engine.copies.keras_bookkeeping import is_transient
from skdl.engine.copies.live_copies import attributes_of
from skdl.engine.identity.keras_state import is_of_keras
from skdl.engine.keras_parts.walk import is_keras, is_written_by_keras, loss_of, walk_layers

# Names that Keras numbers, seeds that it draws, and what it notes of the past of an object.
_NOTES = frozenset({"name", "seed", "built", "history", "stop_training", "optimizer", "state"})
_NOTHING = "nothing"
# Where an optimizer keeps what `exclude_from_weight_decay` was told.
_NOT_DECAYING = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")


def first_difference(one: Any, two: Any) -> str | None:
    """Where `two`, which came out of a file, is not what `one` is, in words; None where it is the same."""
    keras = load_keras()
    if not isinstance(one, keras.Model):
        return next(_differences([((type(one).__name__,), one, two)]), None)
    if len(one.variables) != len(two.variables):
        return (
            f"the model had {len(one.variables)} variables, and came back with {len(two.variables)}"
        )
    for mine, other in zip(one.variables, two.variables, strict=True):
        if np.asarray(mine).tobytes() != np.asarray(other).tobytes():
            return f"the values of {mine.path} came back changed"
    pairs = zip(walk_layers(one), walk_layers(two), strict=True)
    roots: list[tuple[tuple[str, ...], Any, Any]] = [(("",), mine, other) for mine, other in pairs]
    trained = [{id(variable) for variable in model.trainable_variables} for model in (one, two)]
    for mine, other in zip(one.variables, two.variables, strict=True):
        before, after = id(mine) in trained[0], id(other) in trained[1]
        if before != after:
            words = ("frozen", "trainable")
            return f"{mine.path} was {words[before]} and came back {words[after]}"
        for name in ("regularizer", "constraint"):
            roots.append(((mine.path, name), getattr(mine, name), getattr(other, name)))
    if one.compiled:
        told = (getattr(one.optimizer, "inner_optimizer", None), one.optimizer)
        if any(getattr(part, name, None) for part in told for name in _NOT_DECAYING):
            return "the optimizer was told which weights do not decay, which is not in the file"
        for name, part in _compiled(one).items():
            roots.append(((name,), part, _compiled(two)[name]))
    return next(_differences(roots), None)


def _compiled(model: Any) -> dict[str, Any]:
    metrics, losses = model._compile_metrics, model._compile_loss
    return {
        "loss": loss_of(model),
        "loss_weights": None if losses is None else losses._user_loss_weights,
        "optimizer": model.optimizer,
        "metrics": None if metrics is None else metrics._user_metrics,
        "weighted_metrics": None if metrics is None else metrics._user_weighted_metrics,
    }


def _differences(roots: Iterable[tuple[tuple[str, ...], Any, Any]]) -> Iterator[str]:
    seen: dict[int, int] = {}
    kept: list[Any] = []  # so that no other object gets the id of one
    waiting = deque(roots)
    while waiting:
        path, a, b = waiting.popleft()
        if a is b or seen.get(id(a)) == id(b):
            continue
        seen[id(a)] = id(b)
        kept += [a, b]
        parts = _parts(a, b)
        if parts is None:
            yield f"{_place(path)} was {_said(a)} and came back as {_said(b)}"
            continue
        if is_of_keras(type(a)) and isinstance(getattr(a, "name", None), str):
            path = (f"{type(a).__name__} {a.name!r}",)
        waiting.extend(((*path, name) if name else path, c, d) for name, c, d in parts)


def _place(path: tuple[str, ...]) -> str:
    name, *attributes = path
    return f"{'.'.join(attributes)} of {name}" if attributes else name


def _said(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _parts(a: Any, b: Any) -> list[tuple[str, Any, Any]] | None:
    """The parts of two objects that have to be the same; None where the objects differ already."""
    import tensorflow as tf

    keras = load_keras()
    if type(a) is not type(b):
        return None
    if isinstance(a, types.FunctionType):
        return _parts_of_functions(a, b)
    if isinstance(a, (keras.Variable, keras.KerasTensor)):
        return []  # the values of variables are compared by themselves
    if isinstance(a, tf.Tensor) and a.dtype == tf.resource:
        return []  # a table or variable of TensorFlow's, which its owner knows too
    if isinstance(a, (tf.Tensor, tf.Variable, np.ndarray, np.generic)):
        x, y = np.asarray(a), np.asarray(b)
        if (x.dtype, x.shape) != (y.dtype, y.shape):
            return None
        if x.dtype.kind == "O":
            return [("", c, d) for c, d in zip(x.flat, y.flat, strict=True)]
        return [] if x.tobytes() == y.tobytes() else None
    if isinstance(a, Mapping):
        if a.keys() != b.keys():
            return None
        return [(str(key), a[key], b[key]) for key in a]
    if isinstance(a, (list, tuple)):
        if len(a) != len(b):
            return None
        return [("", c, d) for c, d in zip(a, b, strict=True)]
    if isinstance(a, types.MethodType):
        return [("", a.__self__, b.__self__)] if a.__func__ is b.__func__ else None
    if isinstance(a, functools.partial):
        return [("", (a.func, a.args, a.keywords), (b.func, b.args, b.keywords))]
    if isinstance(a, tf.lookup.StaticHashTable):
        return [("", a.export(), b.export())]
    ours, theirs = _settings(a), _settings(b)
    if not ours and not theirs and not is_of_keras(type(a)):
        return [] if a == b or a != a else None
    return [
        (name, ours.get(name, _NOTHING), theirs.get(name, _NOTHING))
        for name in sorted(ours.keys() | theirs.keys())
    ]


def _parts_of_functions(
    a: types.FunctionType, b: types.FunctionType
) -> list[tuple[str, Any, Any]] | None:
    if a.__code__ != b.__code__:
        return None
    if is_written_by_keras(a):
        return []  # Keras puts such a function around each `build`
    parts = [("", a.__defaults__, b.__defaults__), ("", a.__kwdefaults__, b.__kwdefaults__)]
    # Keras saves a lambda without what the names in it mean.
    for name in _global_names(a.__code__):
        parts.append((name, _meaning(a, name), _meaning(b, name)))
    for one, two in zip(a.__closure__ or (), b.__closure__ or (), strict=True):
        parts.append(("", one.cell_contents, two.cell_contents))
    return parts


def _global_names(code: types.CodeType) -> set[str]:
    names = {part.argval for part in dis.get_instructions(code) if part.opname == "LOAD_GLOBAL"}
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            names |= _global_names(part)
    return names


def _meaning(function: types.FunctionType, name: str) -> Any:
    return function.__globals__.get(name, getattr(builtins, name, _NOTHING))


def _settings(value: Any) -> dict[str, Any]:
    """The attributes of `value` without those that Keras keeps for itself."""
    found = attributes_of(value)
    if not is_of_keras(type(value)):
        return found
    known = _known(type(value)) - _arguments(type(value))
    return {
        name: part
        for name, part in found.items()
        if not (name in _NOTES or name.startswith("_self_") or is_transient(value, name))
        # What Keras's code sets itself follows from arguments and variables; a function never does.
        and (name not in known or (name == "call" and inspect.isroutine(part)))
    }


def _arguments(kind: type) -> set[str]:
    """The names of all arguments of `kind` and the classes above it."""
    own = [vars(base)["__init__"] for base in kind.__mro__ if "__init__" in vars(base)]
    return {name for function in own for name in arguments_of(function)}


_known_names: WeakKeyDictionary[type, frozenset[str]] = WeakKeyDictionary()


def _known(kind: type) -> frozenset[str]:
    """The names that the code of Keras's classes above `kind` mentions."""
    if kind in _known_names:
        return _known_names[kind]
    names: set[str] = set()

    def read(code: types.CodeType) -> None:
        names.update(code.co_names)
        for part in code.co_consts:
            if isinstance(part, types.CodeType):
                read(part)

    for base in kind.__mro__:
        if is_keras(base):
            for part in vars(base).values():
                part = part.fget if isinstance(part, property) else part
                function: Any = getattr(part, "__func__", part)
                while hasattr(function, "__wrapped__"):
                    function = function.__wrapped__
                if isinstance(function, types.FunctionType):
                    read(function.__code__)
    return _known_names.setdefault(kind, frozenset(names))
