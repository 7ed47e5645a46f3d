"""A classifier's target as its network is trained on it, and the network's outputs as labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target


@dataclass(frozen=True)
class ClassTarget:
    """How a classifier's target is written for a network and read back.

    Attributes
    ----------
    kind : {"binary", "multiclass", "multilabel-indicator"}
    classes : ndarray of shape (n_classes,)
        The labels; for a multilabel target the column numbers.
    takes_class_numbers : bool
        Whether the loss of several classes takes the number of a class, and no column for each class.
    """

    kind: str
    classes: np.ndarray
    takes_class_numbers: bool = True

    @classmethod
    def of(
        cls, owner: str, y: np.ndarray, classes: Any = None, *, takes_class_numbers: bool = True
    ) -> ClassTarget:
        """The target of `y`, which may hold only some of the `classes`."""
        kind = type_of_target(y)
        if kind == "multilabel-indicator":
            return cls(kind, np.arange(y.shape[1]), takes_class_numbers)
        if kind not in ("binary", "multiclass"):
            raise ValueError(
                f"{owner} takes one label a row or an indicator matrix. Got a target of kind {kind!r}: "
                "use sklearn.multioutput.MultiOutputClassifier."
            )
        labels = np.unique(y if classes is None else np.asarray(classes))
        return cls("binary" if len(labels) <= 2 else "multiclass", labels, takes_class_numbers)

    @property
    def n_units(self) -> int:
        """The number of units of the last layer."""
        return 1 if self.kind == "binary" else len(self.classes)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Zeros and ones for two classes and for labels, for more classes numbers or a column for each.

        Numbers are one column of floats, as the wrappers have them, so that networks of one structure share a
        program.
        """
        if self.kind == "multilabel-indicator":
            if y.ndim != 2 or y.shape[1] != len(self.classes):
                raise ValueError(
                    f"Got y of shape {y.shape}, expected an indicator matrix of {len(self.classes)} "
                    "columns, as in the first fit."
                )
            return y.astype(np.float32)
        if y.ndim != 1:
            raise ValueError(
                f"Got y of shape {y.shape}, expected one label a row, as in the first fit."
            )
        unknown = np.setdiff1d(y, self.classes)
        if unknown.size:
            raise ValueError(
                f"y contains labels that are not among the classes: {unknown.tolist()[:5]}. Expected "
                f"labels from {self.classes.tolist()[:10]}: pass all classes to the first partial_fit."
            )
        codes = np.searchsorted(self.classes, y)
        if self.kind == "multiclass" and not self.takes_class_numbers:
            return np.eye(self.n_units, dtype=np.float32)[codes]
        return codes.astype(np.float32)[:, None]

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """The network's outputs as probabilities, float64 of shape (n_rows, n_classes)."""
        outputs = np.asarray(outputs, dtype=np.float64).reshape(len(outputs), -1)
        if self.kind == "multilabel-indicator":
            return outputs
        if len(self.classes) == 1:
            return np.ones((len(outputs), 1))
        if self.kind == "binary" and outputs.shape[1] == 1:
            return np.hstack([1 - outputs, outputs])
        return outputs / outputs.sum(axis=1, keepdims=True)

    def labels(self, probabilities: np.ndarray) -> np.ndarray:
        """The label of the largest probability, or an indicator of those above one half."""
        if self.kind == "multilabel-indicator":
            return (probabilities > 0.5).astype(np.int64)
        return self.classes[np.argmax(probabilities, axis=1)]
