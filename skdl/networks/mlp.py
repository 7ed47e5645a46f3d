"""Dense networks as scikit-learn estimators, every hyperparameter an argument."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from skdl._callbacks import with_callbacks
from skdl._checks import BOOLEAN, NONE, Kind, Number, Options, Rule, check_parameters
from skdl._data import ClassTarget
from skdl._estimator import NetworkEstimator, Training, Validation
from skdl._startup import load_keras
from skdl.engine.initialization import seed_model
from skdl.exceptions import InvalidParameterError
from skdl.networks.dense import build_dense, layer_widths
from skdl.training.losses import Output, check_output, infer_loss, is_columns_loss
from skdl.training.optimizers import NAMES as OPTIMIZERS
from skdl.training.optimizers import make_optimizer

_CALLABLE = Kind(callable, "a callable", "None")


def _is_sizes(value: Any) -> bool:
    return (
        isinstance(value, (tuple, list, np.ndarray))
        and all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in value)
        and all(v >= 1 for v in value)
    )


def _is_keras(kind: str) -> Kind:
    """Instances (not strings) of one of Keras's base classes, and its subclasses."""

    def test(value: Any) -> bool:
        base = getattr(load_keras(), kind)
        return isinstance(value, base) or (inspect.isclass(value) and issubclass(value, base))

    return Kind(test, f"a keras.{kind} or a class of it", "None")


_RULES: Mapping[str, tuple[Rule, ...]] = {
    "n_layers": (Number(0, integer=True),),
    "units": (Number(1, integer=True),),
    "units_decay": (Number(0, low_open=True),),
    "hidden_layer_sizes": (NONE, Kind(_is_sizes, "a tuple of ints of at least 1", "(128, 64)")),
    "activation": (Kind(lambda v: isinstance(v, str), "a name", "'relu'"), _CALLABLE),
    "dropout": (Number(0, 1, high_open=True),),
    "normalization": (NONE, Options(("batch", "layer"))),
    "kernel_initializer": (
        Kind(lambda v: isinstance(v, str), "a name", "'he_normal'"),
        Kind(lambda v: hasattr(v, "get_config") and callable(v), "a Keras initializer", "None"),
    ),
    "l1": (Number(0),),
    "l2": (Number(0),),
    "optimizer": (Options(OPTIMIZERS), _is_keras("Optimizer")),
    "learning_rate": (Number(0, low_open=True),),
    "momentum": (Number(0, 1),),
    "weight_decay": (Number(0),),
    "batch_size": (Number(1, integer=True), Options(("full",))),
    "epochs": (Number(1, integer=True),),
    "loss": (NONE, Kind(lambda v: isinstance(v, str), "a name", "'mse'"), _CALLABLE),
    "metrics": (NONE, Kind(lambda v: isinstance(v, (list, tuple)), "a list", "['accuracy']")),
    "validation_split": (NONE, Number(0, 1, high_open=True)),
    "validation_shuffle": (BOOLEAN,),
    "early_stopping": (BOOLEAN,),
    "patience": (Number(0, integer=True),),
    "callbacks": (NONE, Kind(lambda v: isinstance(v, (list, tuple)), "a list", "[]"), _is_keras("Callback")),
    "class_weight": (NONE, Options(("balanced",)), Kind(lambda v: isinstance(v, Mapping), "a dict", "{0: 1.0, 1: 2.0}")),
    "warm_start": (BOOLEAN,),
    "verbose": (BOOLEAN, Number(0, 2, integer=True), Options(("auto",))),
}


class _MLP(NetworkEstimator):
    """What the two ready dense networks share."""

    _optimizer_defaults: ClassVar[dict[str, float]] = {
        "learning_rate": 1e-3,
        "momentum": 0.0,
        "weight_decay": 0.0,
    }

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
            Training data; sparse data are made dense batch by batch.
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
        return self._fit(X, y, sample_weight, Validation(X_val, y_val, sample_weight_val))

    @with_callbacks
    def _fit(self, X: Any, y: Any, sample_weight: Any, validation: Validation) -> Any:
        self._check()
        going_on = bool(self.warm_start) and hasattr(self, "model_")
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
        anew = not hasattr(self, "model_")
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

    def _check(self) -> None:
        owner = type(self).__name__
        check_parameters(owner, self.get_params(deep=False), _RULES)
        keras = load_keras()
        for name, module in (("activation", keras.activations), ("kernel_initializer", keras.initializers)):
            value = getattr(self, name)
            if isinstance(value, str):
                try:
                    module.get(value)
                except ValueError:
                    raise InvalidParameterError(
                        f"{owner}: {name}={value!r} is not known. Got a str that Keras does not know, "
                        f"expected a name of keras.{name}s. "
                        f"Pass for instance {name}={_RULES[name][0].example()}."
                    ) from None

    def _rows_per_batch(self) -> int | None:
        return None if self.batch_size == "full" else int(self.batch_size)

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

    def _start_network(
        self,
        n_features: int,
        target: np.ndarray,
        n_outputs: int,
        *,
        output_activation: str | None,
        n_classes: int | None,
        output_start: np.ndarray | None = None,
    ) -> None:
        classification = self._estimator_kind == "classifier"
        output = Output("output", n_outputs, output_activation or "linear")
        loss = self.loss
        if loss is None:
            loss = infer_loss(output, target, classification=classification)
        else:
            loss = load_keras().losses.get(loss() if inspect.isclass(loss) else loss)
        check_output(output, loss, target, classification=classification, n_classes=n_classes)
        settings = {name: getattr(self, name) for name in self._optimizer_defaults}
        model = build_dense(
            n_features=n_features,
            widths=layer_widths(
                self.n_layers, self.units, self.units_decay, self.hidden_layer_sizes
            ),
            n_outputs=n_outputs,
            output_activation=output_activation,
            activation=self.activation,
            dropout=float(self.dropout),
            normalization=self.normalization,
            kernel_initializer=self.kernel_initializer,
            l1=float(self.l1),
            l2=float(self.l2),
            output_start=output_start,
        )
        model.compile(
            optimizer=make_optimizer(
                type(self).__name__, self.optimizer, settings, self._optimizer_defaults
            ),
            loss=loss,
            metrics=None if self.metrics is None else list(self.metrics),
        )
        # Every random weight of this network is drawn by an initializer that its layer keeps.
        seed_model(model, self.seed_, rebuild=lambda: model)
        self.model_ = model


class MLPClassifier(ClassifierMixin, _MLP, BaseEstimator):
    """PLACEHOLDER"""

    _estimator_kind = "classifier"

    def __init__(
        self,
        n_layers=1,
        units=128,
        *,
        units_decay=1.0,
        hidden_layer_sizes=None,
        activation="relu",
        dropout=0.0,
        normalization=None,
        kernel_initializer="glorot_uniform",
        l1=0.0,
        l2=0.0,
        optimizer="adam",
        learning_rate=1e-3,
        momentum=0.0,
        weight_decay=0.0,
        batch_size=32,
        epochs=50,
        loss=None,
        metrics=None,
        validation_split=None,
        validation_shuffle=True,
        early_stopping=False,
        patience=10,
        callbacks=None,
        class_weight=None,
        warm_start=False,
        random_state=None,
        verbose=0,
    ):
        self.n_layers = n_layers
        self.units = units
        self.units_decay = units_decay
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.normalization = normalization
        self.kernel_initializer = kernel_initializer
        self.l1 = l1
        self.l2 = l2
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.loss = loss
        self.metrics = metrics
        self.validation_split = validation_split
        self.validation_shuffle = validation_shuffle
        self.early_stopping = early_stopping
        self.patience = patience
        self.callbacks = callbacks
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.sparse = True
        return tags

    def _start(self, X: Any, y: np.ndarray, weight: np.ndarray | None) -> None:
        self._target = ClassTarget.of(
            type(self).__name__, y, getattr(self, "_given_classes", None)
        )
        self.classes_ = self._target.classes
        multilabel = self._target.kind == "multilabel-indicator"
        units = self._target.n_units
        sigmoid = multilabel or units == 1
        self._start_network(
            X.shape[1],
            self._network_y(y),
            units,
            output_activation="sigmoid" if sigmoid else "softmax",
            n_classes=None if multilabel else len(self.classes_),
        )

    def _network_y(self, y: np.ndarray) -> np.ndarray:
        codes = self._target.encode(y)
        if self._target.kind == "multiclass" and is_columns_loss(self.loss):
            return np.eye(self._target.n_units, dtype=np.float32)[codes]
        return codes

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
        outputs = self._outputs(X)
        return self._target.probabilities(outputs)

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
        return self._target.labels(probabilities)


class MLPRegressor(RegressorMixin, _MLP, BaseEstimator):
    """PLACEHOLDER"""

    _estimator_kind = "regressor"

    def __init__(
        self,
        n_layers=1,
        units=128,
        *,
        units_decay=1.0,
        hidden_layer_sizes=None,
        activation="relu",
        dropout=0.0,
        normalization=None,
        kernel_initializer="glorot_uniform",
        l1=0.0,
        l2=0.0,
        optimizer="adam",
        learning_rate=1e-3,
        momentum=0.0,
        weight_decay=0.0,
        batch_size=32,
        epochs=50,
        loss=None,
        metrics=None,
        validation_split=None,
        validation_shuffle=True,
        early_stopping=False,
        patience=10,
        callbacks=None,
        warm_start=False,
        random_state=None,
        verbose=0,
    ):
        self.n_layers = n_layers
        self.units = units
        self.units_decay = units_decay
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.normalization = normalization
        self.kernel_initializer = kernel_initializer
        self.l1 = l1
        self.l2 = l2
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.loss = loss
        self.metrics = metrics
        self.validation_split = validation_split
        self.validation_shuffle = validation_shuffle
        self.early_stopping = early_stopping
        self.patience = patience
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = True
        return tags

    def _start(self, X: Any, y: np.ndarray, weight: np.ndarray | None) -> None:
        self._target_shape = y.shape[1:]
        columns = y.reshape(len(y), -1)
        self._start_network(
            X.shape[1],
            self._network_y(y),
            columns.shape[1],
            output_activation=None,
            n_classes=None,
            # From zero, a target far from zero costs many epochs before anything else is learnt.
            output_start=np.average(columns, axis=0, weights=weight),
        )

    def _network_y(self, y: np.ndarray) -> np.ndarray:
        if y.shape[1:] != self._target_shape:
            raise ValueError(
                f"Got y of shape {y.shape}, expected (n_samples, *{self._target_shape}), as in the "
                "first fit."
            )
        return y.astype(np.float64)

    def predict(self, X: Any) -> np.ndarray:
        """The predicted value of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
            As the `y` of `fit`.
        """
        outputs = np.asarray(self._outputs(X), dtype=np.float64)
        return outputs.reshape(len(outputs), *self._target_shape)
