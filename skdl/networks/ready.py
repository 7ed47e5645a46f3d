"""What every ready network shares: checks of its hyperparameters, training, callbacks."""

from __future__ import annotations

import copy
import inspect
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from skdl._checks import check_parameters, did_you_mean
from skdl._estimator import NetworkEstimator
from skdl._startup import load_keras
from skdl._training import Training, Validation
from skdl.engine.network import Network
from skdl.engine.network_cache import shared_network
from skdl.engine.persistence import copy_objects
from skdl.exceptions import InvalidParameterError
from skdl.networks.parameters import RULES
from skdl.training.losses import Output, check_output, infer_loss
from skdl.training.optimizers import make_optimizer

if TYPE_CHECKING:
    import keras


class ReadyNetwork(NetworkEstimator):
    """Training of a network whose hyperparameters are all arguments of the estimator."""

    _optimizer_defaults: ClassVar[dict[str, float]] = {
        "learning_rate": 2e-3,
        "momentum": 0.0,
        "weight_decay": 0.0,
    }

    # The parameters that the compiled network depends on.
    _of_network: ClassVar[tuple[str, ...]] = ()

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
        self._given_classes = None
        self._fit_network(
            X, y, sample_weight, validation, self._training(validation), anew=not going_on
        )
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """Train for one more epoch, going on from the weights and the optimizer's state.

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
        self._given_classes = classes if anew else None
        epoch = 0 if anew else self.current_epoch
        training = Training(
            epochs=epoch + 1,
            initial_epoch=epoch,
            batch_size=self._rows_per_batch(),
            verbose=int(self.verbose) if self.verbose != "auto" else "auto",
            callbacks=self._made_callbacks(),
        )
        self._fit_network(X, y, sample_weight, Validation(), training, anew=anew, append=True)
        return self

    def _network(
        self, n_features: int, n_outputs: int, output_activation: str | None
    ) -> keras.Model:
        """The network for rows of `n_features`, not compiled; its last layer is a Dense."""
        raise NotImplementedError

    def _check(self) -> None:
        owner = type(self).__name__
        check_parameters(owner, self.get_params(deep=False), RULES)
        keras = load_keras()
        for name, place in (
            ("activation", "activations"),
            ("kernel_initializer", "initializers"),
            ("loss", "losses"),
        ):
            value = getattr(self, name)
            if isinstance(value, str):
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

    def _rows_per_batch(self) -> int | None:
        return None if self.batch_size == "full" else int(self.batch_size)

    def _training_of_fit(self) -> Training:
        self._check()
        return self._training(Validation())

    def _training(self, validation: Validation) -> Training:
        split = self.validation_split
        if split is None:
            split = 0.1 if self.early_stopping else 0.0
        callbacks = self._made_callbacks()
        if self.early_stopping:
            watched = "val_loss" if split or validation.X is not None else "loss"
            stop = load_keras().callbacks.EarlyStopping(
                monitor=watched, mode="min", patience=self.patience, restore_best_weights=True
            )
            callbacks = (*callbacks, stop)
        return Training(
            epochs=int(self.epochs),
            batch_size=self._rows_per_batch(),
            validation_split=float(split),
            validation_shuffle=bool(self.validation_shuffle),
            verbose=int(self.verbose) if self.verbose != "auto" else "auto",
            callbacks=callbacks,
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

    def _ready_network(
        self,
        n_features: int,
        target: np.ndarray,
        n_outputs: int,
        *,
        output_activation: str | None,
        n_classes: int | None,
    ) -> Network:
        """The network for rows of `n_features`, compiled, after checks against the encoded `target`."""
        classification = self._estimator_kind == "classifier"
        output = Output("output", n_outputs, output_activation or "linear")
        loss = self.loss
        if loss is None:
            loss = infer_loss(output, target, classification=classification)
        else:
            loss = load_keras().losses.get(loss() if inspect.isclass(loss) else loss)
        check_output(output, loss, target, classification=classification, n_classes=n_classes)
        # Parameters may be set anew before the model is made once more.
        then = copy.copy(self)

        def build() -> keras.Model:
            settings = {name: getattr(then, name) for name in then._optimizer_defaults}
            model = then._network(n_features, n_outputs, output_activation)
            model.compile(
                optimizer=make_optimizer(
                    type(then).__name__, then.optimizer, settings, then._optimizer_defaults
                ),
                loss=loss,
                metrics=None if then.metrics is None else copy_objects(list(then.metrics)),
            )
            return model

        shapes = [n_features, n_outputs, output_activation, loss]
        chosen = {name: getattr(self, name) for name in self._of_network}
        network, _ = shared_network(
            [type(self), shapes, chosen], {}, lambda _: (Network(build), None)
        )
        return network
