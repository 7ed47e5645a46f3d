"""Which loss fits which target, and whether a network's output and loss fit the target at hand."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdl._startup import load_keras
from skdl.exceptions import IncompatibleNetworkError

# Losses that compare class numbers with one score a class.
_SPARSE = {"sparse_categorical_crossentropy"}
# Losses that compare one column a class with one score a class.
_COLUMNS = {"categorical_crossentropy", "categorical_focal_crossentropy", "categorical_hinge"}
# Losses of probabilities against zeros and ones.
_BINARY = {"binary_crossentropy", "binary_focal_crossentropy"}
# Losses that compare numbers one by one: output and target must have the same shape.
_ELEMENTWISE = _BINARY | {
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
    "poisson",
    "hinge",
    "squared_hinge",
    "kl_divergence",
}
_BOUNDS = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0)}


@dataclass(frozen=True)
class Output:
    """One output of a network: its name, its units and the activation it ends in, where known."""

    name: str
    units: int
    activation: str | None


def loss_name(loss: Any) -> str | None:
    """A loss's name in snake case, or None for one that Keras does not know.

    Examples
    --------
    >>> loss_name("mse"), loss_name("BinaryCrossentropy")
    ('mean_squared_error', 'binary_crossentropy')
    >>> loss_name(lambda y, p: 0.0) is None
    True
    """
    keras = load_keras()
    if inspect.isclass(loss):
        name = loss.__name__
    elif isinstance(loss, str):
        found = keras.losses.get(loss)
        name = getattr(found, "__name__", type(found).__name__)
    elif isinstance(loss, keras.losses.Loss):
        name = type(loss).__name__
    else:
        name = getattr(loss, "__name__", "")
    snake = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
    snake = {"k_l_divergence": "kl_divergence"}.get(snake, snake)
    return snake if snake in _SPARSE | _COLUMNS | _ELEMENTWISE else None


def loss_class(name: str) -> Any:
    """The class of a loss by any of its names, or what Keras knows under a name without a class."""
    keras = load_keras()
    found = keras.losses.get(name)
    if isinstance(found, keras.losses.Loss):
        return type(found)
    wanted = loss_name(found)
    for candidate in vars(keras.losses).values():
        if inspect.isclass(candidate) and wanted is not None and loss_name(candidate) == wanted:
            return candidate
    return found


def is_columns_loss(loss: Any) -> bool:
    """Whether `loss` wants one target column a class."""
    return loss_name(loss) in _COLUMNS


def link_of(loss: Any) -> str | None:
    """What makes probabilities of a network's scores under `loss`; None where they are probabilities."""
    if not getattr(loss, "from_logits", False):
        return None
    return "sigmoid" if loss_name(loss) in _BINARY else "softmax"


def infer_loss(output: Output, target: np.ndarray, *, classification: bool) -> Any:
    """The loss for one output, where the user named none.

    Parameters
    ----------
    output : Output
    target : ndarray of shape (n_rows,) or (n_rows, n_columns)
        As encoded for the network.
    classification : bool

    Returns
    -------
    str, or a keras.losses.Loss where the output ends in no activation and gives logits
    """
    keras = load_keras()
    if not classification:
        return "mean_squared_error"
    logits = output.activation == "linear"
    columns = 1 if target.ndim == 1 else target.shape[1]
    if output.units == 1 or (columns > 1 and output.activation != "softmax"):
        return (
            keras.losses.BinaryCrossentropy(from_logits=True) if logits else "binary_crossentropy"
        )
    if columns > 1:
        return "categorical_crossentropy"
    if logits:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return "sparse_categorical_crossentropy"


def check_output(
    output: Output,
    loss: Any,
    target: np.ndarray,
    *,
    classification: bool,
    n_classes: int | None,
) -> None:
    """Raise where `output` under `loss` cannot fit `target`.

    Parameters
    ----------
    output : Output
    loss : str, callable or keras.losses.Loss
    target : ndarray of shape (n_rows,) or (n_rows, n_columns)
        As encoded for the network: class numbers, columns of zeros and ones, or numbers.
    classification : bool
    n_classes : int or None
        The number of classes of a single-label target.
    """
    name = loss_name(loss)
    columns = 1 if target.ndim == 1 else int(np.prod(target.shape[1:]))
    where = f"output {output.name!r} ({output.units} units, activation {output.activation or 'unknown'})"
    if name is None:
        return
    if name in _SPARSE:
        if not classification:
            raise IncompatibleNetworkError(
                f"The loss {name} takes class numbers. Got a continuous target, expected a classifier's: "
                "use loss='mean_squared_error', or KerasClassifier."
            )
        if columns > 1:
            raise IncompatibleNetworkError(
                f"The loss {name} takes one class number a row. Got a target of {columns} columns: use "
                "loss='categorical_crossentropy' for one-hot columns, 'binary_crossentropy' for labels."
            )
        if n_classes is not None and output.units < max(n_classes, 2) and n_classes > 1:
            raise IncompatibleNetworkError(
                f"The {where} cannot tell {n_classes} classes apart under the loss {name}. Expected at "
                f"least {n_classes} units: end the network in Dense({n_classes}, activation='softmax')"
                + (" or use loss='binary_crossentropy'." if n_classes == 2 else ".")
            )
        return
    if name in _COLUMNS and (columns != output.units or (columns == 1 and n_classes != 1)):
        raise IncompatibleNetworkError(
            f"The loss {name} takes one target column a unit. Got a target of {columns} column(s) and "
            f"{where}: give the last layer one unit a class"
            + (", or use loss='binary_crossentropy'." if columns == 1 else ".")
        )
    if name in _ELEMENTWISE and columns != output.units:
        raise IncompatibleNetworkError(
            f"The loss {name} compares each unit with a target column. Got a target of {columns} "
            f"column(s) and {where}: "
            + (
                f"end the network in Dense({n_classes}, activation='softmax') and use "
                "loss='sparse_categorical_crossentropy'."
                if classification and columns == 1 and (n_classes or 0) > 2
                else f"give the last layer {columns} unit(s)."
            )
        )
    if name in _ELEMENTWISE and classification and columns == 1 and (n_classes or 0) > 2:
        raise IncompatibleNetworkError(
            f"The loss {name} on one unit cannot tell {n_classes} classes apart: end the network in "
            f"Dense({n_classes}, activation='softmax') and use loss='sparse_categorical_crossentropy'."
        )
    if output.activation == "softmax" and output.units == 1 and (n_classes or 2) > 1:
        raise IncompatibleNetworkError(
            f"The {where} is always 1, whatever the weights: use "
            + (
                "activation='sigmoid' for two classes."
                if classification
                else "no activation for a continuous target."
            )
        )
    if not classification:
        _check_range(where, name, output.activation, target)


def _check_range(where: str, name: str, activation: str | None, target: np.ndarray) -> None:
    low, high = float(np.min(target)), float(np.max(target))
    if name in _BINARY and (low < 0 or high > 1):
        raise IncompatibleNetworkError(
            f"The loss {name} takes targets from 0 to 1. Got a target from {low:g} to {high:g}: use "
            "loss='mean_squared_error', or scale the target."
        )
    if activation in _BOUNDS:
        bound = _BOUNDS[activation]
        if low < bound[0] or high > bound[1]:
            raise IncompatibleNetworkError(
                f"The {where} stays between {bound[0]:g} and {bound[1]:g}. Got a target from {low:g} to "
                f"{high:g}: end the network without an activation, or scale the target "
                "(sklearn.compose.TransformedTargetRegressor)."
            )


def per_output(losses: Any, outputs: Sequence[Output]) -> list[Any]:
    """The loss of each output, from one loss for all of them, a list, or a dict by name."""
    if isinstance(losses, Mapping):
        return [losses.get(output.name) for output in outputs]
    if isinstance(losses, (list, tuple)):
        return [losses[i] if i < len(losses) else None for i in range(len(outputs))]
    return [losses] * len(outputs)
