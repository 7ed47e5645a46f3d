"""Whether the loss that a user names is the one that a network was compiled with."""

from __future__ import annotations

import functools
import inspect
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras

# Keras chooses a crossentropy by the shapes of the target and the output.
_CHOSEN_BY_KERAS = ("crossentropy", "ce")
_CROSSENTROPIES = (
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
)
# What of a loss object does not say what it computes.
_BOOKKEEPING = ("name", "_dtype_policy", "_auto_config", "_lock", "_obj_type")


def contradicts(given: Any, compiled: Any) -> bool:
    """Whether a network that was compiled with the loss `compiled` does not minimise `given`.

    Parameters
    ----------
    given, compiled : str, class, function, functools.partial or keras.losses.Loss
        A name, a class and a function of Keras's leave the settings of a loss open; an object and a partial
        say them.

    Examples
    --------
    >>> import keras
    >>> contradicts("mse", keras.losses.MeanSquaredError()), contradicts("mse", "mae")
    (False, True)
    >>> contradicts("huber", keras.losses.Huber(delta=2.0))
    False
    >>> contradicts(keras.losses.Huber(delta=1.0), keras.losses.Huber(delta=2.0))
    True
    """
    if given is compiled:
        return False
    asked, found = _read(given), _read(compiled)
    if not any(_same(one, other) for one in asked.kinds[:1] for other in found.kinds):
        return not (_undecided(given, found) or _undecided(compiled, asked))
    return asked.settings is not None and not _same(asked.settings, found.all_settings)


def told(loss: Any) -> str:
    """What a loss is called in a message.

    Examples
    --------
    >>> import keras
    >>> told("mse"), told(keras.losses.Huber(delta=2.0)), told(lambda y, p: 0.0)
    ('mean_squared_error', 'Huber(delta=2.0)', '<lambda>')
    """
    keras = load_keras()
    if isinstance(loss, str):
        kind = _read(loss).kinds[0]
        return str(getattr(kind, "__name__", loss))
    if isinstance(loss, keras.losses.Loss):
        usual = _defaults(getattr(loss, "fn", None)) | {"reduction": "sum_over_batch_size"}
        read = _read(loss).all_settings
        shown = {n: v for n, v in read.items() if n in usual and not _same(v, usual[n])}
        return f"{type(loss).__name__}({', '.join(f'{n}={v!r}' for n, v in shown.items())})"
    if isinstance(loss, functools.partial):
        given = [*map(repr, loss.args), *(f"{n}={v!r}" for n, v in loss.keywords.items())]
        return f"{told(loss.func)}({', '.join(given)})"
    return str(getattr(loss, "__name__", repr(loss)))


@dataclass(frozen=True)
class _Loss:
    """What is known of a loss.

    Attributes
    ----------
    kinds : tuple of objects
        What computes it, and then what it is a variant of: functions, or classes of the user's own.
    all_settings : dict
        What it was told, defaults included.
    settings : dict or None
        The same; None where they are left open.
    """

    kinds: tuple[Any, ...]
    all_settings: Mapping[str, Any]
    settings: Mapping[str, Any] | None = None


def _read(loss: Any) -> _Loss:
    losses = load_keras().losses
    if isinstance(loss, str):
        if loss.lower() in _CHOSEN_BY_KERAS:
            return _Loss((loss.lower(),), {})
        found = _read(losses.get(loss))
        return _Loss(found.kinds, found.all_settings)
    if isinstance(loss, functools.partial):
        inner = _read(loss.func)
        settings = {**inner.all_settings, **loss.keywords, "args": loss.args}
        return _Loss(inner.kinds, settings, settings)
    if isinstance(loss, losses.Loss):
        kinds = tuple(_kind(base, loss) for base in type(loss).__mro__ if _computes(base))
        settings = {**_defaults(getattr(loss, "fn", None)), "args": (), **_own(loss)}
        return _Loss(kinds, settings, settings)
    if inspect.isclass(loss) and issubclass(loss, losses.Loss):
        if not _is_keras(loss):
            return _Loss((loss,), {})
        usual = _read(loss())
        return _Loss(usual.kinds, usual.all_settings)
    return _Loss((loss,), _defaults(loss) | {"args": (), "reduction": "sum_over_batch_size"})


def _computes(base: type) -> bool:
    """Whether a class among the bases of a loss says what that computes."""
    losses = load_keras().losses
    general = (losses.Loss, *losses.Loss.__mro__)
    return base not in general and issubclass(base, losses.Loss)


def _kind(base: type, loss: Any) -> Any:
    """The function that an object of `base`, a class of Keras's, calls; a class of the user's itself."""
    return getattr(loss, "fn", base) if _is_keras(base) else base


def _is_keras(kind: Any) -> bool:
    return str(kind.__module__).partition(".")[0] == "keras"


def _own(loss: Any) -> dict[str, Any]:
    """What a loss object was told; all that it holds where its class is of the user's own."""
    if _is_keras(type(loss)):
        return {"reduction": loss.reduction, **getattr(loss, "_fn_kwargs", {})}
    return {name: value for name, value in vars(loss).items() if name not in _BOOKKEEPING}


def _defaults(function: Any) -> dict[str, Any]:
    """The settings of a function of Keras's where nobody sets them."""
    if not isinstance(function, FunctionType):
        return {}
    arguments = inspect.signature(function).parameters.values()
    return {a.name: a.default for a in arguments if a.default is not a.empty}


def _undecided(loss: Any, other: _Loss) -> bool:
    """Whether `loss` leaves it to Keras which crossentropy it is, and `other` is one."""
    names = [*_CHOSEN_BY_KERAS, *_CROSSENTROPIES]
    return (
        isinstance(loss, str)
        and loss.lower() in _CHOSEN_BY_KERAS
        and any(getattr(kind, "__name__", kind) in names for kind in other.kinds)
    )


def _same(one: Any, other: Any, seen: frozenset[tuple[int, int]] = frozenset()) -> bool:
    """Whether two functions, or two settings of a loss, are equal in all that they compute with."""
    pair = id(one), id(other)
    if one is other or pair in seen:
        return True
    seen |= {pair}
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[n], other[n], seen) for n in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_same(a, b, seen) for a, b in pairs)
    if isinstance(one, FunctionType) and isinstance(other, FunctionType):
        return one.__code__ == other.__code__ and _same(_held(one), _held(other), seen)
    if isinstance(one, MethodType) and isinstance(other, MethodType):
        return _same(one.__func__, other.__func__, seen) and _same(
            one.__self__, other.__self__, seen
        )
    if isinstance(one, numbers.Number) and isinstance(other, numbers.Number):
        return bool(one == other)
    if hasattr(one, "__array__") and hasattr(other, "__array__"):
        return np.array_equal(np.asarray(one), np.asarray(other))
    if type(one) is not type(other):
        return False
    # What was copied with an estimator equals the user's own object by its attributes alone.
    return bool(one == other) or (
        hasattr(one, "__dict__")
        and not inspect.isclass(one)
        and _same(vars(one), vars(other), seen)
    )


def _held(function: FunctionType) -> list[Any]:
    """What a function computes with besides its code and its module."""
    cells = [cell for cell in function.__closure__ or () if cell != CellType()]
    contents = [cell.cell_contents for cell in cells]
    return [contents, function.__defaults__ or (), function.__kwdefaults__ or {}]
