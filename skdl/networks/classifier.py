"""A ready network that predicts labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags

from skdl.estimators.fit_job import MadeNetwork
from skdl.estimators.label_encoder import LabelEncoder
from skdl.networks.base import ReadyNetwork, as_floats
from skdl.training.losses import is_sparse_loss


class ReadyClassifier(ClassifierMixin, ReadyNetwork, BaseEstimator):
    """One label of two or more, or several labels, a row."""

    _estimator_kind = "classifier"
    _of_networks = ("classes_",)
    loss: Any
    label_smoothing: float
    mixup: float

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.sparse = True
        return tags

    def _make_network(self, X: Any, y: np.ndarray, *, classes: Any, weighted: bool) -> MadeNetwork:
        categories = "auto" if classes is None else [np.unique(np.asarray(classes))]
        encoder = LabelEncoder(categories=categories, one_hot=False).fit(y)
        several = encoder.is_one_label and encoder.n_units > 1
        numbers = several and self._takes_class_numbers
        if several and not numbers:
            encoder.set_params(loss="categorical_crossentropy")
        self.classes_ = encoder.classes_
        target = as_floats(encoder.transform(y))
        network = self._ready_network(
            X.shape[1],
            target,
            encoder.n_units,
            output_activation="softmax" if several else "sigmoid",
            n_classes=len(self.classes_) if encoder.is_one_label else None,
            weighted=weighted,
        )
        return MadeNetwork(network, target, takes_class_numbers=numbers, reading=encoder)

    @property
    def _takes_class_numbers(self) -> bool:
        """Whether the loss takes the numbers of classes, which can be neither smoothed nor blended."""
        changed = self.loss is None and (self.label_smoothing or self.mixup)
        return is_sparse_loss(self.loss) and not changed

    def _network_y(self, y: np.ndarray) -> np.ndarray:
        return as_floats(self._encoder.transform(y))

    @property
    def _encoder(self) -> LabelEncoder:
        encoder: LabelEncoder = self._learnt.reading
        return encoder

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float64
            In the order of ``classes_``; for a multilabel target the probability of each label.
        """
        outputs = np.asarray(self._outputs(X), dtype=np.float64)
        return self._encoder.probabilities(outputs)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The natural logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float64
            That of `predict_proba`; minus infinity where a probability is zero.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        probabilities = self.predict_proba(X)
        return self._encoder.inverse_transform(probabilities)
