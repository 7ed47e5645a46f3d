"""Which loss fits which target, and whether a network's output and loss fit the target at hand."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras
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
_KNOWN = _SPARSE | _COLUMNS | _ELEMENTWISE
# Other names that Keras has for them.
_ALIASES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
}
_HINGES = {"hinge", "squared_hinge", "categorical_hinge"}
# Activations that give probabilities.
_LINKS = {"sigmoid", "softmax", "hard_sigmoid"}
_BOUNDS = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0)}


@dataclass(frozen=True)
class Output:
    """One output of a network.

    Attributes
    ----------
    name : str
    units : int
    activation : str or None
        What it ends in, where that is known.
    probable : bool
        Whether it lies between 0 and 1 whatever the weights are; asked where the activation does not tell.
    """

    name: str
    units: int
    activation: str | None
    probable: bool = True

    @property
    def gives_probabilities(self) -> bool:
        """By the activation where it is one of Keras's, otherwise by `probable`."""
        return self.activation in _LINKS if is_of_known_range(self.activation) else self.probable


def is_of_known_range(activation: str | None) -> bool:
    """Whether `activation` is one of Keras's, whose name tells what comes out of it."""
    if activation is None or activation in _LINKS or activation == "linear":
        return activation is not None
    return hasattr(load_keras().activations, activation)


def loss_name(loss: Any) -> str | None:
    """A loss's name in snake case, or None for one that Keras does not know.

    Examples
    --------
    >>> loss_name("mse"), loss_name("BinaryCrossentropy")
    ('mean_squared_error', 'binary_crossentropy')
    >>> loss_name(lambda y, p: 0.0) is None
    True
    """
    if isinstance(loss, str) and _ALIASES.get(loss, loss) in _KNOWN:
        return _ALIASES.get(loss, loss)
    keras = load_keras()
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    if isinstance(loss, functools.partial):
        loss = loss.func
    kind = loss if inspect.isclass(loss) else type(loss)
    if issubclass(kind, keras.losses.Loss):
        names = [base.__name__ for base in kind.__mro__]  # a subclass is a loss of its base's kind
    else:
        names = [getattr(loss, "__name__", "")]
    for name in names:
        snake = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
        snake = {"k_l_divergence": "kl_divergence"}.get(snake, snake)
        if snake in _KNOWN:
            return snake
    return None


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


def is_sparse_loss(loss: Any) -> bool:
    """Whether `loss` wants class numbers, as the inferred loss of several classes does."""
    return loss is None or loss_name(loss) in _SPARSE


def by_columns(loss: Any) -> Any:
    """An inferred loss of class numbers as the one of a column for each class."""
    if loss_name(loss) not in _SPARSE:
        return loss
    if isinstance(loss, str):
        return "categorical_crossentropy"
    return load_keras().losses.CategoricalCrossentropy(from_logits=link_of(loss) is not None)


def link_of(loss: Any) -> str | None:
    """What makes probabilities of a network's scores under `loss`; None where they are probabilities."""
    if isinstance(loss, functools.partial):
        logits = loss.keywords.get("from_logits", False)
    else:
        logits = getattr(loss, "from_logits", False)
    if not logits:
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
    if not classification:
        return "mean_squared_error"
    logits = output.activation == "linear" or (
        output.activation is None and not output.gives_probabilities
    )
    columns = 1 if target.ndim == 1 else target.shape[1]
    if output.units == 1 or (columns > 1 and output.activation != "softmax"):
        if not logits:
            return "binary_crossentropy"
        return load_keras().losses.BinaryCrossentropy(from_logits=True)
    if columns > 1:
        return "categorical_crossentropy"
    if logits:
        return load_keras().losses.SparseCategoricalCrossentropy(from_logits=True)
    return "sparse_categorical_crossentropy"


def named_loss(
    output: Output, given: Any, target: np.ndarray, *, classification: bool
) -> str | None:
    """The name of the loss of a ready network, in snake case; None where it is no name of Keras's.

    Parameters
    ----------
    output : Output
    given : object
        The parameter `loss`; None infers it.
    target : ndarray of shape (n_rows,) or (n_rows, n_columns)
        As encoded for the network.
    classification : bool
    """
    if given is None:
        given = infer_loss(output, target, classification=classification)
    if not isinstance(given, str):
        return None
    name = _ALIASES.get(given, given)
    return name if name in _KNOWN else None


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
    if classification and name in _HINGES:
        raise IncompatibleNetworkError(
            f"The loss {name} gives scores and no probabilities, which a classifier is asked for. Use "
            "loss='binary_crossentropy' or 'sparse_categorical_crossentropy', or leave loss away."
        )
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
        _check_probabilities(where, name, output, loss, n_classes)
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
    else:
        _check_probabilities(where, name, output, loss, n_classes)


def _check_probabilities(
    where: str, name: str, output: Output, loss: Any, n_classes: int | None
) -> None:
    if link_of(loss) is not None or output.gives_probabilities or n_classes == 1:
        return
    end = "sigmoid" if output.units == 1 or name in _BINARY else "softmax"
    raise IncompatibleNetworkError(
        f"The {where} gives no probabilities, which the loss {name} takes. Got an output that is not "
        f"bound to 0 and 1: end the network in activation={end!r}, or use the loss's class with "
        "loss__from_logits=True."
    )


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
