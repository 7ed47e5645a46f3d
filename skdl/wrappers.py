"""A user's own Keras network as a scikit-learn estimator, by scikeras's conventions.

This is the one file that touches scikeras. Taken from it: the routing of parameters such as
``optimizer__learning_rate``, the target encoders, and what a subclass may override. The rest is skdl's.

The functions are taken and the base class is not: scikeras's ``BaseWrapper`` defines ``_more_tags``, and
scikit-learn's ``check_estimator`` refuses every class that has one such among its bases.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import Tags
from sklearn.utils.multiclass import type_of_target

from skdl._wrapper import KerasWrapper
from skdl._wrapper_parameters import ATTRIBUTES, CLASS_WEIGHT, parameters
from skdl.common.keras_import import load_keras
from skdl.common.parameter_checks import plain
from skdl.training.labels import LabelEncoder
from skdl.training.losses import is_columns_loss


def _import_scikeras() -> tuple[Any, Any]:
    """Import scikeras's base wrapper and encoder of numbers without what it replaces in Keras.

    A process that imported scikeras before us keeps Keras as it found it.
    """
    keras = load_keras()
    patched = [
        (keras.Model, "__reduce__"),
        (keras.Model, "__deepcopy__"),
        (keras.Loss, "__reduce__"),
        (keras.Metric, "__reduce__"),
        (keras.Optimizer, "__reduce__"),
    ]
    fresh = "scikeras" not in sys.modules
    before = [(owner, name, vars(owner).get(name)) for owner, name in patched]
    from scikeras.utils import transformers
    from scikeras.wrappers import BaseWrapper

    if fresh:
        for owner, name, method in before:
            if method is None:
                delattr(owner, name)
            else:
                setattr(owner, name, method)
    return BaseWrapper, transformers.RegressorTargetEncoder


BaseWrapper, RegressorTargetEncoder = _import_scikeras()


class ScikerasConventions(KerasWrapper):
    """scikeras's own functions: routed parameters to optimizers, losses, metrics and callbacks."""

    @property
    def __name__(self) -> str:
        return type(self).__name__  # type: ignore[return-value]  # of a class it is a text

    def _settings(self) -> dict[str, Any]:
        """All parameters, with Python's numbers for what is routed to objects of Keras's."""
        params = self._all_params()
        return {name: plain(v) if "__" in name else v for name, v in params.items()}

    def _routed_callbacks(self, method: str) -> Any:
        """The callbacks of parameters for "fit" or "predict", classes made instances."""
        # scikeras keeps them on the estimator, where two threads that predict would meet.
        made = SimpleNamespace(get_params=self._settings)
        BaseWrapper._initialize_callbacks(made)
        return getattr(made, f"_{method}_callbacks")

    def _get_compile_kwargs(self, optimizer: Any, loss: Any) -> dict[str, Any]:
        """Arguments of `compile` with routed parameters applied; both stand in for the parameters."""
        params = {**self._settings(), "optimizer": optimizer, "loss": loss}
        asked = SimpleNamespace(
            get_params=lambda: params, _compile_kwargs=BaseWrapper._compile_kwargs
        )
        return BaseWrapper._get_compile_kwargs(asked)


class KerasClassifier(ClassifierMixin, ScikerasConventions):  # noqa: D101 - the docstring is assembled
    __doc__ = f"""A user's Keras network as a classifier.

    Parameters
    ----------
    {parameters(split=" and stratified", extra=CLASS_WEIGHT)}

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
    score = KerasWrapper.score  # scikit-learn's mixin, which stands first, has one of its own

    def __init__(
        self,
        model: Any = None,
        *,
        build_fn: Any = None,
        warm_start: bool = False,
        random_state: Any = None,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        batch_size: int | float | str | None = None,
        validation_batch_size: int | None = None,
        verbose: int | str = 0,
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_shuffle: bool = True,
        shuffle: bool = True,
        run_eagerly: bool = False,
        epochs: int = 1,
        learning_rate_schedule: Any = "constant",
        warmup: float | None = None,
        decay_factor: float = 0.1,
        decay_epochs: float | None = None,
        decay_power: float = 1.0,
        end_factor: float = 0.0,
        cycle_growth: float = 2.0,
        cycle_factor: float = 1.0,
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
        mixup: float = 0.0,
        precision: str | None = None,
        engine: str = "auto",
        reuse_build: bool = True,
        class_weight: Mapping[Any, float] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            model=model,
            build_fn=build_fn,
            warm_start=warm_start,
            random_state=random_state,
            optimizer=optimizer,
            loss=loss,
            metrics=metrics,
            batch_size=batch_size,
            validation_batch_size=validation_batch_size,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            validation_shuffle=validation_shuffle,
            shuffle=shuffle,
            run_eagerly=run_eagerly,
            epochs=epochs,
            learning_rate_schedule=learning_rate_schedule,
            warmup=warmup,
            decay_factor=decay_factor,
            decay_epochs=decay_epochs,
            decay_power=decay_power,
            end_factor=end_factor,
            cycle_growth=cycle_growth,
            cycle_factor=cycle_factor,
            early_stopping=early_stopping,
            monitor=monitor,
            patience=patience,
            min_delta=min_delta,
            start_from_epoch=start_from_epoch,
            restore_best_weights=restore_best_weights,
            reduce_lr_patience=reduce_lr_patience,
            reduce_lr_factor=reduce_lr_factor,
            min_learning_rate=min_learning_rate,
            max_seconds=max_seconds,
            mixup=mixup,
            precision=precision,
            engine=engine,
            reuse_build=reuse_build,
            **kwargs,
        )
        self.class_weight = class_weight

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        return tags

    @property
    def target_encoder(self) -> Any:
        """A new encoder of the target; override it for targets of another form."""
        known = getattr(self, "_given_classes", None)
        return LabelEncoder(
            loss="categorical_crossentropy" if is_columns_loss(self.loss) else None,
            categories="auto" if known is None else [np.unique(known)],
        )

    def _type_of_target(self, y: np.ndarray) -> str:
        known = getattr(self, "_given_classes", None)
        kind = type_of_target(y)
        return type_of_target(known) if kind == "binary" and known is not None else kind

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
        found = self.target_encoder_.inverse_transform(outputs, return_proba=True)
        if not isinstance(self.target_encoder_, LabelEncoder) or isinstance(outputs, (list, dict)):
            return found
        rows = len(outputs)
        if self._one_label and self.n_classes_ == 1:
            return np.ones((rows, 1))
        found = np.asarray(found, dtype=np.float64).reshape(rows, -1)
        if self.target_type_ == "multilabel-indicator":
            return found
        return found / found.sum(axis=1, keepdims=True)


class KerasRegressor(RegressorMixin, ScikerasConventions):  # noqa: D101 - the docstring is assembled
    __doc__ = f"""A user's Keras network as a regressor.

    Parameters
    ----------
    {parameters(split="", extra="")}

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
    score = KerasWrapper.score  # scikit-learn's mixin, which stands first, has one of its own

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
