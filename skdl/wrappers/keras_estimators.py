"""`KerasClassifier` and `KerasRegressor`: a user's own Keras network as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import Tags
from sklearn.utils.multiclass import type_of_target

from skdl.common.declarations import store_parameters
from skdl.estimators.input_checks import kind_of_target
from skdl.estimators.label_encoder import LabelEncoder
from skdl.training.losses import is_columns_loss
from skdl.wrappers.base import KerasWrapper
from skdl.wrappers.declared import ATTRIBUTES, FURTHER, OF_CLASSIFIER, OF_REGRESSOR
from skdl.wrappers.scikeras_conventions import RegressorTargetEncoder, ScikerasConventions


class KerasClassifier(ClassifierMixin, ScikerasConventions):  # noqa: D101 - the docstring is assembled
    __doc__ = f"""A user's Keras network as a classifier.

    Parameters
    ----------
    {OF_CLASSIFIER.section}
    {FURTHER}

    Attributes
    ----------
    {ATTRIBUTES}
    classes_ : ndarray of shape (n_classes,)
    n_classes_ : int

    See Also
    --------
    KerasRegressor : The same for numbers.
    MLPClassifier : A ready network.

    Examples
    --------
    >>> import keras
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skdl import KerasClassifier
    >>> def build(meta, units=16):
    ...     return keras.Sequential([
    ...         keras.Input((meta["n_features_in_"],)),
    ...         keras.layers.Dense(units, activation="relu"),
    ...         keras.layers.Dense(meta["n_classes_"], activation="softmax"),
    ...     ])
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = KerasClassifier(build, optimizer="adam", epochs=2, random_state=0)
    >>> clf.get_params()["model__units"]
    16
    >>> grid = {{"units": [8, 16], "optimizer__learning_rate": [0.01]}}
    >>> sorted(GridSearchCV(clf, grid, cv=2).fit(X, y).best_params_)
    ['optimizer__learning_rate', 'units']
    """

    _estimator_kind = "classifier"
    _declared = OF_CLASSIFIER
    score = KerasWrapper.score  # scikit-learn's mixin, which stands first, has one of its own

    def __init__(
        self,
        model: Any = None,
        *,
        build_fn: Any = None,
        reuse_build: bool = True,
        run_eagerly: bool = False,
        mixup: float = 0.0,
        optimizer: Any = "rmsprop",
        learning_rate_schedule: Any = "constant",
        warmup: float | None = None,
        decay_factor: float = 0.1,
        decay_epochs: float | None = None,
        decay_power: float = 1.0,
        end_factor: float = 0.0,
        cycle_growth: float = 2.0,
        cycle_factor: float = 1.0,
        batch_size: int | float | str | None = None,
        validation_batch_size: int | None = None,
        epochs: int = 1,
        shuffle: bool = True,
        loss: Any = None,
        metrics: Any = None,
        class_weight: Mapping[Any, float] | Sequence[Mapping[Any, float]] | str | None = None,
        validation_split: float | None = 0.0,
        validation_shuffle: bool = True,
        precision: str | None = None,
        callbacks: Any = None,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int | str = 0,
        engine: str = "auto",
        early_stopping: bool = False,
        monitor: str | None = None,
        patience: int = 10,
        min_delta: float = 0.0,
        start_from_epoch: int = 0,
        restore_best_weights: bool = True,
        reduce_lr_patience: int | None = None,
        reduce_lr_factor: float = 0.1,
        min_learning_rate: float = 0.0,
        max_seconds: float | None = None,
        **kwargs: Any,
    ) -> None:
        store_parameters(self, locals())
        self._route(kwargs)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        return tags

    @property
    def target_encoder(self) -> Any:
        """A new encoder of the target; override it for targets of another form."""
        known = self.__dict__.get("_known_classes")
        return LabelEncoder(
            loss="categorical_crossentropy" if is_columns_loss(self.loss) else None,
            categories="auto" if known is None else [np.unique(known)],
        )

    def _target_encoder_for(self, classes: Any) -> Any:
        # A property takes no argument, and a subclass may build on this one.
        self.__dict__["_known_classes"] = classes
        try:
            return self.target_encoder
        finally:
            del self.__dict__["_known_classes"]

    def _type_of_target(self, y: np.ndarray, classes: Any) -> str:
        kind = kind_of_target(y)
        return type_of_target(classes) if kind == "binary" and classes is not None else kind

    def _encode_columns(self, loss: Any, y: np.ndarray) -> None:
        if isinstance(self.target_encoder_, LabelEncoder) and self._one_label:
            encoder = LabelEncoder("categorical_crossentropy", [self.classes_])
            self.target_encoder_ = encoder.fit(y)

    @staticmethod
    def scorer(y_true: Any, y_pred: Any, **kwargs: Any) -> float:
        """The accuracy; override it for another default score."""
        return accuracy_score(y_true, y_pred, **kwargs)

    def predict_proba(self, X: Any, **kwargs: Any) -> np.ndarray:
        """The probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
        **kwargs : dict
            Arguments of `keras.Model.predict` for this call, such as ``batch_size``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float64
            In the order of ``classes_``; for a multilabel target the probability of each label; what a
            target encoder of the user's own makes of it.
        """
        outputs = self._predict_raw(X, **kwargs)
        encoder = self.target_encoder_
        if isinstance(encoder, LabelEncoder) and not isinstance(outputs, (list, dict)):
            return encoder.probabilities(outputs)
        return encoder.inverse_transform(outputs, return_proba=True)


class KerasRegressor(RegressorMixin, ScikerasConventions):  # noqa: D101 - the docstring is assembled
    __doc__ = f"""A user's Keras network as a regressor.

    Parameters
    ----------
    {OF_REGRESSOR.section}
    {FURTHER}

    Attributes
    ----------
    {ATTRIBUTES}

    See Also
    --------
    KerasClassifier : The same for labels.
    MLPRegressor : A ready network.

    Examples
    --------
    >>> import keras
    >>> from sklearn.datasets import load_diabetes
    >>> from skdl import KerasRegressor
    >>> def build(meta, units=16):
    ...     return keras.Sequential([
    ...         keras.Input((meta["n_features_in_"],)),
    ...         keras.layers.Dense(units, activation="relu"),
    ...         keras.layers.Dense(meta["n_outputs_"]),
    ...     ])
    >>> X, y = load_diabetes(return_X_y=True)
    >>> reg = KerasRegressor(build, units=8, epochs=2, random_state=0).fit(X, y)
    >>> reg.predict(X[:3]).shape, reg.model_.loss
    ((3,), 'mean_squared_error')
    """

    _estimator_kind = "regressor"
    _declared = OF_REGRESSOR
    score = KerasWrapper.score  # scikit-learn's mixin, which stands first, has one of its own

    def __init__(
        self,
        model: Any = None,
        *,
        build_fn: Any = None,
        reuse_build: bool = True,
        run_eagerly: bool = False,
        mixup: float = 0.0,
        optimizer: Any = "rmsprop",
        learning_rate_schedule: Any = "constant",
        warmup: float | None = None,
        decay_factor: float = 0.1,
        decay_epochs: float | None = None,
        decay_power: float = 1.0,
        end_factor: float = 0.0,
        cycle_growth: float = 2.0,
        cycle_factor: float = 1.0,
        batch_size: int | float | str | None = None,
        validation_batch_size: int | None = None,
        epochs: int = 1,
        shuffle: bool = True,
        loss: Any = None,
        metrics: Any = None,
        validation_split: float | None = 0.0,
        validation_shuffle: bool = True,
        precision: str | None = None,
        callbacks: Any = None,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int | str = 0,
        engine: str = "auto",
        early_stopping: bool = False,
        monitor: str | None = None,
        patience: int = 10,
        min_delta: float = 0.0,
        start_from_epoch: int = 0,
        restore_best_weights: bool = True,
        reduce_lr_patience: int | None = None,
        reduce_lr_factor: float = 0.1,
        min_learning_rate: float = 0.0,
        max_seconds: float | None = None,
        **kwargs: Any,
    ) -> None:
        store_parameters(self, locals())
        self._route(kwargs)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        return tags

    @property
    def target_encoder(self) -> Any:
        """A new encoder of the target; override it for targets of another form."""
        return RegressorTargetEncoder()

    @staticmethod
    def scorer(y_true: Any, y_pred: Any, **kwargs: Any) -> float:
        """R2, the coefficient of determination; override it for another default score."""
        return r2_score(y_true, y_pred, **kwargs)

    def predict(self, X: Any, **kwargs: Any) -> np.ndarray:
        """Predicted values in the form of the `y` of `fit`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
        **kwargs : dict
            Arguments of `keras.Model.predict` for this call, such as ``batch_size``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
        """
        return np.asarray(super().predict(X, **kwargs), dtype=np.float64)
