"""Weights of rows, and those of their classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import _check_sample_weight

from skdl.exceptions import InvalidParameterError


def check_weight(estimator: Any, weight: Any, X: Any) -> np.ndarray | None:
    """Row weights as float64 of shape (n_rows,), or None. The caller's array is never written to."""
    if weight is None:
        return None
    checked = _check_sample_weight(weight, X, dtype=np.float64, ensure_non_negative=True, copy=True)
    if not checked.any():
        raise ValueError(
            "sample_weight is zero for every sample. Got no row to train on, expected at least one "
            "positive weight."
        )
    return checked


def class_weights(
    owner: str,
    class_weight: Mapping[Any, float] | str,
    y: np.ndarray,
    weight: np.ndarray | None = None,
) -> np.ndarray:
    """The weight of each row by its class, of shape (n_rows,).

    "balanced" counts a row by its sample weight: one of weight two is two rows.
    """
    if isinstance(class_weight, str) and weight is not None and y.ndim == 1:
        labels, codes = np.unique(y, return_inverse=True)
        totals = np.bincount(codes, weights=weight)
        weights = (totals.sum() / (len(labels) * totals))[codes]
    else:
        weights = compute_sample_weight(class_weight=class_weight, y=y)
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise InvalidParameterError(
            f"{owner}: class_weight={class_weight!r} is out of range. Got weights that are negative, not "
            "finite or all zero, expected finite weights of at least 0, not all 0. Pass for instance "
            "class_weight='balanced'."
        )
    return weights


def held_out_class_weights(
    owner: str,
    class_weight: Mapping[Any, float] | Sequence[Mapping[Any, float]] | str,
    held_out: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None = None,
) -> np.ndarray:
    """The weights of rows held out, by the classes of the rows `y` to train on.

    A class that these do not have has weight one.
    """
    found = np.ones(len(held_out))
    columns = zip(y.reshape(len(y), -1).T, held_out.reshape(len(held_out), -1).T, strict=True)
    for number, (trained, given) in enumerate(columns):
        if isinstance(class_weight, str):
            labels, first = np.unique(trained, return_index=True)
            # Scikit-learn's own for several columns knows no weights of rows.
            rows = class_weights(owner, class_weight, trained, weight if y.ndim == 1 else None)
            table = dict(zip(labels.tolist(), rows[first], strict=True))
        else:
            table = dict(
                class_weight if isinstance(class_weight, Mapping) else class_weight[number]
            )
        found *= [table.get(label, 1.0) for label in given.tolist()]
    return found


@dataclass(frozen=True, eq=False)
class RowWeights:
    """The weights of the rows of one fit: the sample weight times the class weight.

    Attributes
    ----------
    owner : str
        The estimator's name, for messages.
    class_weight : mapping, list of mappings, str or None
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The targets of all rows.
    rows : ndarray of shape (n_rows,)
        The numbers of the rows to train on.
    weight : ndarray of shape (n_rows,), or None
        The own weights of the rows to train on.
    """

    owner: str
    class_weight: Any
    y: np.ndarray
    rows: np.ndarray
    weight: np.ndarray | None

    def of_training(self) -> np.ndarray | None:
        """The weights of the rows to train on."""
        if self.class_weight is None:
            return self.weight
        by_class = class_weights(self.owner, self.class_weight, self.y[self.rows], self.weight)
        return _product(by_class, self.weight)

    def of_held_out(self, y: np.ndarray, weight: np.ndarray | None) -> np.ndarray | None:
        """The weights of validation rows; each class has the weight that it has in training."""
        if self.class_weight is None:
            return weight
        trained = self.y[self.rows]
        by_class = held_out_class_weights(self.owner, self.class_weight, y, trained, self.weight)
        return _product(by_class, weight)


def _product(by_class: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    return by_class if weight is None else weight * by_class


def scale_weights(weight: np.ndarray | None) -> np.ndarray | None:
    """Weights scaled to a mean of one.

    Keras divides a weighted loss by the number of rows, so that it would depend on the unit of the
    weights; scaled, a row of weight two counts as two rows and the loss stays a mean.
    """
    return None if weight is None else weight / weight.mean()
