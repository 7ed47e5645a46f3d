"""Training of and prediction by a user's network, as the wrappers of both kinds do it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skdl.common.declarations import Declarations
from skdl.common.keras_import import load_keras
from skdl.common.parameter_checks import did_you_mean
from skdl.common.signatures import arguments_of
from skdl.engine.network.fitted import FittedNetwork
from skdl.engine.network.network import Network
from skdl.engine.rows.arrays import Arrays
from skdl.estimators.base import NetworkEstimator
from skdl.estimators.declared import batch_size_of
from skdl.estimators.fit_settings import Training, Validation
from skdl.estimators.input_checks import check_y
from skdl.estimators.row_weights import check_weight
from skdl.exceptions import InvalidParameterError
from skdl.recording.failed_fits import failures_noted
from skdl.training.given_schedules import schedule_of
from skdl.training.stopping import StoppingSettings, stopping_of
from skdl.wrappers.declared import OF_TRAINING
from skdl.wrappers.outputs import probabilities_of
from skdl.wrappers.user_callbacks import made_callbacks, watches_prediction
from skdl.wrappers.user_network import UserNetwork

# Arguments of Keras's `fit` that have a place in a job of their own.
_IN_JOB = (
    "epochs",
    "initial_epoch",
    "batch_size",
    "validation_batch_size",
    "validation_split",
    "validation_shuffle",
    "shuffle",
    "verbose",
    "callbacks",
)


class KerasWrapper(UserNetwork, NetworkEstimator, BaseEstimator):
    """What the wrappers of classifiers and regressors share."""

    _takes_nd = True
    _declared: ClassVar[Declarations]

    @property
    def initialized_(self) -> bool:
        """Whether there is a network, trained or not."""
        return self.__sklearn_is_fitted__()

    def initialize(self, X: Any, y: Any = None) -> Any:
        """Build the network without training it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)

        Returns
        -------
        self : estimator
        """
        self._check_model()
        X, y = self._begin(X, y)
        made = self._make_network(X, y, classes=None, weighted=False)
        self._learnt = self._learnt.of(made)
        state = self._initial_state(made.network, y, np.arange(len(y)), None)
        self._fitted = FittedNetwork(made.network, state)
        self._take_extra()
        return self

    def _training_of_fit(self) -> Training:
        return self._training({}, 0)

    # Training.

    @failures_noted
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Build the network and train it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
            Training data; sparse data are made dense, batch by batch where they are large.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), optional
            Row weights, scaled to a mean of one; rows of weight zero are left out.
        X_val, y_val : array-like, optional
            Fixed validation data, in the form of `X` and `y`; takes the place of `validation_split`.
        sample_weight_val : array-like of shape (n_val,), optional
            Row weights of the validation data.
        **kwargs : dict
            Arguments of `keras.Model.fit` for this call, such as ``epochs``.

        Returns
        -------
        self : estimator

        Raises
        ------
        IncompatibleNetworkError
            The network's output or loss cannot fit `y`; before any training.
        DivergedError
            Training ended with weights that are not finite.
        """
        validation = self._validation(X_val, y_val, sample_weight_val, kwargs)
        going_on = bool(self.warm_start) and self.initialized_
        training = self._training(kwargs, 0)
        self._fit_network(X, y, sample_weight, validation, training, anew=not going_on)
        return self

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None, **kwargs: Any
    ) -> Any:
        """Train for one more epoch, going on from the weights, the optimizer's state and the history.

        A schedule of the learning rate goes on, too: over `epochs` calls, and then it stays at its last rate.
        Nothing stops early or lets the learning rate fall.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        classes : array-like of shape (n_classes,), optional
            A classifier's labels over all calls; those of the first `y` without it.
        sample_weight : array-like of shape (n_samples,), optional
        **kwargs : dict
            Arguments of `keras.Model.fit`, other than the epochs.

        Returns
        -------
        self : estimator
        """
        for name in ("epochs", "initial_epoch"):
            if name in kwargs:
                raise TypeError(
                    f"Invalid argument {name!r} to partial_fit, which always trains one epoch from the "
                    "current one: leave it away, or call fit."
                )
        anew = not self.initialized_
        validation = self._validation(None, None, None, kwargs)
        kwargs.update(epochs=1, initial_epoch=0 if anew else self.current_epoch)
        training = self._training(kwargs, kwargs["initial_epoch"])
        training = replace(training, stopping=StoppingSettings())
        if training.schedule is not None:
            epochs = self._routed_to("fit").get("epochs", self.epochs)
            self._declared.check(type(self).__name__, {"epochs": epochs})
            training = replace(training, scheduled_epochs=int(epochs))
        self._fit_network(
            X, y, sample_weight, validation, training, anew=anew, append=True, classes=classes
        )
        return self

    def _validation(
        self, X_val: Any, y_val: Any, sample_weight_val: Any, kwargs: dict[str, Any]
    ) -> Validation:
        """Fixed validation data, also from scikeras's ``validation_data=(X, y)``."""
        data = kwargs.pop("validation_data", self._routed.get("fit__validation_data"))
        return Validation.of(X_val, y_val, sample_weight_val, data)

    def _training(self, kwargs: dict[str, Any], initial_epoch: int) -> Training:
        """How to train: arguments of this call, over ``fit__`` parameters, over the bare ones."""
        owner = type(self).__name__
        settings = {name: getattr(self, name) for name in _IN_JOB if hasattr(self, name)}
        settings.update(self._routed_to("fit"))
        settings.update(kwargs)
        settings.pop("validation_data", None)
        # Callbacks add up and do not replace one another; `made_callbacks` has those of parameters.
        settings = {n: v for n, v in settings.items() if n.partition("__")[0] != "callbacks"}
        # A model's own `fit` may have arguments that are called like parameters of the estimator.
        of_job = {name: value for name, value in settings.items() if name in _IN_JOB}
        self._declared.check(owner, self._declared.values_of(self) | of_job)
        self._check_model()
        self._check_bare_names()
        # scikeras's -1 stands for all rows, which a job without a batch size takes.
        size, held_size = settings["batch_size"], settings["validation_batch_size"]
        size = 32 if size is None else None if size == -1 else batch_size_of(size)
        start = settings.get("initial_epoch", initial_epoch)
        verbose = settings["verbose"]
        return Training(
            epochs=start + int(settings["epochs"]),
            initial_epoch=start,
            schedule=schedule_of(vars(self)),
            scheduled_epochs=start + int(settings["epochs"]),
            batch_size=size,
            stopping=stopping_of(vars(self)),
            mixup=float(self.mixup),
            validation_batch_size=sys.maxsize if held_size == -1 else held_size,
            validation_split=float(settings["validation_split"] or 0),
            validation_shuffle=bool(settings["validation_shuffle"]),
            shuffle=bool(settings["shuffle"]),
            verbose=verbose if verbose == "auto" else int(verbose),
            callbacks=made_callbacks(self, "fit", kwargs.get("callbacks")),
            options={k: v for k, v in settings.items() if k not in _IN_JOB},
        )

    def _check_made(self, network: Network, training: Training) -> None:
        # Only a network that is built tells whether it has a `fit` of its own, with arguments of its own.
        self._check_arguments("fit", training.options, _IN_JOB, type(network.template))

    def _check_bare_names(self) -> None:
        """Raise where a parameter of the estimator may have been meant for the build function."""
        arguments = self._build_arguments() or {}
        for name in OF_TRAINING:
            if name in arguments and f"model__{name}" not in self._routed:
                value = getattr(self, name)
                if value != self._declared[name].default:
                    raise InvalidParameterError(
                        f"{type(self).__name__}: {name}={value!r} is for training, and the build function "
                        f"has an argument of this name too, which does not get it. Got one value, expected "
                        f"to know for whom: pass model__{name} as well, or rename the argument."
                    )

    def _check_arguments(
        self,
        method: str,
        names: Iterable[str],
        more: Sequence[str] = (),
        kind: type | None = None,
    ) -> None:
        """Raise where `method` of a model, which is of `kind`, takes no argument of a name.

        What the estimator fills itself counts as none.
        """
        data = {"self", "x", "y", "sample_weight", "validation_data", "callbacks"}
        base = load_keras().Model
        parameters = dict(arguments_of(getattr(base, method)))
        own = getattr(kind, method, None) or getattr(base, method)
        parameters.update(arguments_of(own))
        anything = own is not getattr(base, method) and any(
            p.kind is p.VAR_KEYWORD for p in parameters.values()
        )
        known = [*(name for name in parameters if name not in data), *more]
        for name in names:
            if name in data or not (anything or name in known):
                raise InvalidParameterError(
                    f"{type(self).__name__}: keras.Model.{method} takes no argument {name!r} here. "
                    f"{did_you_mean(name, known)}"
                )

    # Predicting.

    def _predict_raw(self, X: Any, **kwargs: Any) -> Arrays:
        """What the network gives, scores already made probabilities for a classifier."""
        check_is_fitted(self)
        settings = {**self._routed_to("predict"), **kwargs}
        settings = {n: v for n, v in settings.items() if n.partition("__")[0] != "callbacks"}
        self._check_arguments("predict", settings)
        size = settings.pop("batch_size", None)
        if not settings.get("verbose", True):
            settings.pop("verbose")
        callbacks = made_callbacks(self, "predict", kwargs.get("callbacks"))
        watching = tuple(one for one in callbacks if watches_prediction(one))
        if size is None and (watching or settings):
            size = self._rows_per_prediction(X)
        outputs = self._outputs(X, batch_size=size, callbacks=watching, options=settings)
        if self._estimator_kind == "classifier":
            return probabilities_of(outputs, self._learnt.reading)
        return outputs

    def _rows_per_prediction(self, X: Any) -> int | None:
        """Who watches Keras predict sees batches as large as those of training."""
        size = self.batch_size
        if isinstance(size, str):
            return -1
        if isinstance(size, (float, np.floating)):
            return max(1, round(size * np.shape(X)[0]))
        return size

    def predict(self, X: Any, **kwargs: Any) -> np.ndarray:
        """Predictions in the form of the `y` of `fit`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
        **kwargs : dict
            Arguments of `keras.Model.predict` for this call, such as ``batch_size``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        outputs = self._predict_raw(X, **kwargs)
        return self.target_encoder_.inverse_transform(outputs)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The score of the predictions for `X`: accuracy for a classifier, R2 for a regressor.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        float
            Of ``scorer``, which a subclass may override; ``score__`` parameters go to it.
        """
        predicted = self.predict(X)
        weight = check_weight(self, sample_weight, X)
        y = check_y(self, y)
        return self.scorer(y, predicted, sample_weight=weight, **self._routed_to("score"))
