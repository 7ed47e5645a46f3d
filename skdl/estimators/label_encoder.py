"""A classifier's labels as its network is trained on them, and the network's outputs as labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from skdl.common.keras_settings import floatx
from skdl.estimators.input_checks import kind_of_target


class LabelEncoder(TransformerMixin, BaseEstimator):
    """Labels as codes, or one column a class; indicator matrices as they are.

    What scikeras's ``ClassifierLabelEncoder`` does, without the pipelines of transformers that check the
    labels of every fold of a search several times over.

    Parameters
    ----------
    loss : str, default=None
        "categorical_crossentropy" for one column a class.
    categories : "auto" or list of one ndarray, default="auto"
        The classes; those of the target with "auto".
    one_hot : bool, default=True
        Whether an indicator matrix with a single one in each row is one label a row, and not several labels.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    n_classes_ : int
    n_outputs_, n_outputs_expected_ : int
        One: a network with one output.

    Examples
    --------
    >>> encoder = LabelEncoder().fit(np.array(["no", "yes", "no"]))
    >>> encoder.transform(np.array(["yes", "no"])).ravel().tolist()
    [1.0, 0.0]
    >>> encoder.inverse_transform(np.array([[0.1, 0.9]])).tolist()
    ['yes']
    """

    def __init__(
        self,
        loss: str | None = None,
        categories: str | Sequence[np.ndarray] = "auto",
        one_hot: bool = True,
    ):
        self.loss = loss
        self.categories = categories
        self.one_hot = one_hot

    def fit(self, y: np.ndarray) -> LabelEncoder:
        """Learn the classes of `y`.

        Parameters
        ----------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)

        Returns
        -------
        self : LabelEncoder

        Raises
        ------
        ValueError
            A target that is neither labels nor an indicator matrix, or labels not among `categories`.
        """
        kind = kind_of_target(y)
        if kind in ("binary", "multiclass") and not isinstance(self.categories, str):
            kind = "binary" if len(np.unique(self.categories[0])) <= 2 else "multiclass"
        if kind == "multiclass-multioutput":
            raise ValueError(
                "Got a target of several columns of labels, expected one label a row or an indicator matrix: "
                "use sklearn.multioutput.MultiOutputClassifier, or in a wrapper override target_encoder."
            )
        if kind == "multilabel-indicator":
            if self.one_hot and y.min() == 0 and (y.sum(axis=1) == 1).all():
                kind = "multiclass-onehot"
            self.classes_ = np.arange(y.shape[1])
        elif kind in ("binary", "multiclass"):
            given = y if isinstance(self.categories, str) else self.categories[0]
            self.classes_ = np.unique(given)
        else:
            raise ValueError(
                f"Unknown label type: {kind}. Expected one label a row or an indicator matrix: use a "
                "regressor, or in a wrapper override target_encoder."
            )
        self._kind = kind
        self._label_shape = y.shape[1:]
        self.n_classes_ = len(self.classes_)
        self.n_outputs_ = self.n_outputs_expected_ = 1
        if not isinstance(self.categories, str):
            self._codes(y)
        return self

    @property
    def is_one_label(self) -> bool:
        """Whether the target is one label a row, and no indicator matrix."""
        return self._kind in ("binary", "multiclass")

    @property
    def n_units(self) -> int:
        """The units of a last layer for this target; two classes take one unit."""
        return 1 if self._kind == "binary" else self.n_classes_

    def _codes(self, y: np.ndarray) -> np.ndarray:
        """The place of each label among the classes."""
        flat = np.asarray(y).reshape(-1)
        places = np.searchsorted(self.classes_, flat)
        places[places == self.n_classes_] = 0
        unseen = self.classes_[places] != flat
        if unseen.any():
            raise ValueError(
                f"y holds labels that are not among the classes. Got {np.unique(flat[unseen])[:5].tolist()}, "
                f"expected some of {self.classes_[:10].tolist()}: leave such rows away, fit on rows of "
                "every class, or pass all classes to the first partial_fit."
            )
        return places

    def transform(self, y: np.ndarray) -> np.ndarray:
        """`y` as the network takes it.

        Parameters
        ----------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)

        Returns
        -------
        ndarray of shape (n_samples, 1), (n_samples, n_classes) or (n_samples, n_labels)
            Codes, or one column a class, in Keras's `floatx`; an indicator matrix as it is.
        """
        if not self.is_one_label:
            return y
        codes, kind = self._codes(y), floatx()
        if self.loss is None or self.n_classes_ == 1:
            return codes.astype(kind)[:, None]
        return np.eye(self.n_classes_, dtype=kind)[codes]

    def inverse_transform(self, y: np.ndarray, return_proba: bool = False) -> np.ndarray:
        """Labels from what the network gives.

        Parameters
        ----------
        y : ndarray of shape (n_samples,) or (n_samples, n_columns)
            Probabilities.
        return_proba : bool, default=False
            Whether to give the probabilities, with both columns of two classes, and not the labels.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        if self._kind == "binary" and (y.ndim == 1 or (y.shape[1] == 1 and self.n_classes_ == 2)):
            y = np.column_stack([1 - y, y])
        if return_proba:
            return np.squeeze(y)
        if self._kind == "multilabel-indicator":
            return np.around(y).astype(int)
        best = np.argmax(y, axis=-1)
        if self._kind == "multiclass-onehot":
            return np.eye(y.shape[1], dtype=int)[best]
        return self.classes_[best].reshape(-1, *self._label_shape)

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """The probability of each class, from what the network gives.

        Parameters
        ----------
        outputs : ndarray of shape (n_samples,) or (n_samples, n_columns)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float64
            For an indicator matrix the probability of each column.
        """
        if self.is_one_label and self.n_classes_ == 1:
            return np.ones((len(outputs), 1))
        found = np.asarray(self.inverse_transform(outputs, return_proba=True), dtype=np.float64)
        found = found.reshape(len(outputs), -1)
        return found / found.sum(axis=1, keepdims=True) if self.is_one_label else found

    def get_metadata(self) -> dict[str, Any]:
        """What a build function is told of the labels."""
        return {
            "classes_": self.classes_,
            "n_classes_": self.n_classes_,
            "n_outputs_": self.n_outputs_,
            "n_outputs_expected_": self.n_outputs_expected_,
        }
