"""What every ready network shares: checks of its hyperparameters, training, callbacks."""

from __future__ import annotations

import copy
import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.common.parameter_checks import check_parameters, did_you_mean, plain
from skdl.engine.copies.persistence import copy_objects
from skdl.engine.copies.rebuilding import with_state_of
from skdl.engine.network.cache import shared_network
from skdl.engine.network.network import Network
from skdl.estimators.base import NetworkEstimator
from skdl.estimators.fit_settings import Training, Validation
from skdl.exceptions import InvalidParameterError
from skdl.networks.parameter_docs import RULES
from skdl.recording.failed_fits import failures_noted
from skdl.training.controls import batch_size_of
from skdl.training.given_schedules import schedule_of
from skdl.training.losses import (
    Output,
    check_output,
    infer_loss,
    loss_class,
)
from skdl.training.optimizers import DEFAULTS, make_optimizer
from skdl.training.precision import built_for
from skdl.training.stopping import StoppingSettings, stopping_of

if TYPE_CHECKING:
    import keras


class ReadyNetwork(NetworkEstimator):
    """Training of a network whose hyperparameters are all arguments of the estimator."""

    # The parameters that the compiled network depends on.
    _of_network: ClassVar[tuple[str, ...]] = ()

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
    ) -> Any:
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data; sparse data are made dense, batch by batch where they are large.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels, an indicator matrix of labels, or numbers.
        sample_weight : array-like of shape (n_samples,), optional
            Row weights, scaled to a mean of one; rows of weight zero are left out.
        X_val, y_val : array-like, optional
            Fixed validation data, in the form of `X` and `y`; takes the place of `validation_split`.
        sample_weight_val : array-like of shape (n_val,), optional
            Row weights of the validation data.

        Returns
        -------
        self : estimator

        Raises
        ------
        InvalidParameterError
            A hyperparameter is out of its range.
        DivergedError
            Training ended with weights that are not finite.
        """
        self._check()
        validation = Validation(X_val, y_val, sample_weight_val)
        going_on = bool(self.warm_start) and self.__sklearn_is_fitted__()
        self._fit_network(X, y, sample_weight, validation, self._training(), anew=not going_on)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """Train for one more epoch, going on from the weights and the optimizer's state.

        A schedule of the learning rate goes on, too: over `epochs` calls, and then it stays at its last rate.
        Nothing stops early or lets the learning rate fall.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        classes : array-like of shape (n_classes,), optional
            A classifier's labels over all calls; those of the first `y` without it.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self : estimator
        """
        self._check()
        anew = not self.__sklearn_is_fitted__()
        epoch = 0 if anew else self.current_epoch
        training = replace(
            self._training(),
            epochs=epoch + 1,
            initial_epoch=epoch,
            validation_split=0.0,
            stopping=StoppingSettings(),
        )
        self._fit_network(
            X, y, sample_weight, Validation(), training, anew=anew, append=True, classes=classes
        )
        return self

    def _network(
        self, n_features: int, n_outputs: int, output_activation: str | None
    ) -> keras.Model:
        """The network for rows of `n_features`, not compiled; its last layer is a Dense."""
        raise NotImplementedError

    def _check(self) -> None:
        owner = type(self).__name__
        check_parameters(owner, self.get_params(deep=False), RULES)
        schedule = self.learning_rate_schedule
        if not isinstance(schedule, str) and self.learning_rate != DEFAULTS["learning_rate"]:
            raise InvalidParameterError(
                f"{owner}: learning_rate={self.learning_rate!r} would have no effect. Got the schedule "
                f"{schedule!r}, which gives the rates itself; expected the name of one, or no "
                "learning_rate: leave it away."
            )
        if self.ema_momentum is not None and self.early_stopping and self.restore_best_weights:
            raise InvalidParameterError(
                f"{owner}: ema_momentum={self.ema_momentum!r} would have no effect. Got early_stopping=True, "
                "which ends with the weights of the best epoch and not with their average: pass "
                "restore_best_weights=False."
            )
        keras = load_keras()
        for name, place in (
            ("activation", "activations"),
            ("kernel_initializer", "initializers"),
            ("loss", "losses"),
        ):
            value = getattr(self, name)
            if isinstance(value, str) and (name, value) != ("kernel_initializer", "auto"):
                try:
                    getattr(keras, place).get(value)
                except ValueError:
                    known = [
                        n for n in vars(getattr(keras, place)) if n[0].islower() and n != "get"
                    ]
                    raise InvalidParameterError(
                        f"{owner}: {name}={value!r} is not known. Got a str that Keras does not know, "
                        f"expected a name of keras.{place}. {did_you_mean(value, known)}"
                    ) from None

    def _network_x(self, X: Any) -> Any:
        # As whole numbers, which Keras would cast in each step, they would ask for a program of their own.
        return X.astype(load_keras().config.floatx()) if X.dtype.kind in "biu" else X

    def _training_of_fit(self) -> Training:
        self._check()
        return self._training()

    def _training(self) -> Training:
        split = self.validation_split
        if split is None:
            split = 0.1 if self.early_stopping else 0.0
        params = self.get_params(deep=False)
        return Training(
            epochs=int(self.epochs),
            batch_size=batch_size_of(self.batch_size),
            validation_split=float(split),
            validation_shuffle=bool(self.validation_shuffle),
            verbose=int(self.verbose) if self.verbose != "auto" else "auto",
            schedule=schedule_of(params),
            scheduled_epochs=int(self.epochs),
            stopping=stopping_of(params),
            mixup=float(self.mixup),
            callbacks=self._made_callbacks(),
        )

    def _made_callbacks(self) -> tuple[Any, ...]:
        given = self.callbacks
        if given is None:
            return ()
        if not isinstance(given, (list, tuple)):
            given = [given]
        made = tuple(item() if inspect.isclass(item) else item for item in given)
        for item in made:
            if not isinstance(item, load_keras().callbacks.Callback):
                raise InvalidParameterError(
                    f"{type(self).__name__}: callbacks holds {item!r}. Got {type(item).__name__}, "
                    "expected keras.callbacks.Callback instances or classes."
                )
        return made

    def _loss(self, output: Output, target: np.ndarray) -> Any:
        """The loss of the only output, for an encoded `target`."""
        owner, loss = type(self).__name__, self.loss
        smoothing = getattr(self, "label_smoothing", 0.0)
        if loss is None:
            loss = infer_loss(output, target, classification=self._estimator_kind == "classifier")
        if not smoothing:
            inferred = self.loss is None
            return (
                loss
                if inferred
                else load_keras().losses.get(loss() if inspect.isclass(loss) else loss)
            )
        kind: Any = loss_class(loss) if isinstance(loss, str) else loss
        smooths = inspect.isclass(kind) and "label_smoothing" in inspect.signature(kind).parameters
        if not smooths:
            raise InvalidParameterError(
                f"{owner}: label_smoothing={smoothing!r} would have no effect. Got loss={self.loss!r}, "
                "expected a name or class of one that has it, such as 'categorical_crossentropy': leave "
                "loss away, or pass label_smoothing=0."
            )
        return kind(label_smoothing=float(smoothing))

    def _ready_network(
        self,
        n_features: int,
        target: np.ndarray,
        n_outputs: int,
        *,
        output_activation: str | None,
        n_classes: int | None,
        weighted: bool,
    ) -> Network:
        """The network for rows of `n_features`, compiled, after checks against the encoded `target`."""
        classification = self._estimator_kind == "classifier"
        output = Output("output", n_outputs, output_activation or "linear")
        loss = self._loss(output, target)
        check_output(output, loss, target, classification=classification, n_classes=n_classes)
        # Not every metric of a user's takes weights, which only some fits have.
        kind = "weighted_metrics" if weighted else "metrics"
        # Parameters may be set anew before the model is made once more.
        then = copy.copy(self)
        for name in self._of_network:
            setattr(then, name, plain(getattr(self, name)))

        def build() -> keras.Model:
            settings = {name: getattr(then, name) for name in DEFAULTS}
            with built_for(then.precision):
                model = then._network(n_features, n_outputs, output_activation)
                optimizer = make_optimizer(type(then).__name__, then.optimizer, settings)
                if isinstance(then.optimizer, load_keras().Optimizer):
                    optimizer = with_state_of(then.optimizer, optimizer)
                model.compile(
                    optimizer=optimizer,
                    loss=loss,
                    **{kind: None if then.metrics is None else copy_objects(list(then.metrics))},
                )
            return model

        shapes = [n_features, n_outputs, output_activation, loss, kind]
        chosen = {name: getattr(self, name) for name in self._of_network}
        network, _ = shared_network(
            [type(self), shapes, chosen], {}, lambda *_: (Network(build), None)
        )
        return network
