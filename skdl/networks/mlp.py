"""Dense networks as scikit-learn estimators, every hyperparameter an argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import Tags

from skdl._data import ClassTarget
from skdl.engine.network import Network, NetworkState
from skdl.networks.dense import build_dense, layer_widths
from skdl.networks.parameters import ATTRIBUTES, CLASS_WEIGHT, REFERENCES, parameters
from skdl.networks.ready import ReadyNetwork
from skdl.training.losses import is_sparse_loss

if TYPE_CHECKING:
    import keras


class _MLP(ReadyNetwork):
    """What the two dense networks share."""

    _of_network = (
        *("n_layers", "units", "units_decay", "hidden_layer_sizes", "activation", "dropout"),
        *("normalization", "kernel_initializer", "l1", "l2", "optimizer", "learning_rate"),
        *("momentum", "weight_decay", "loss", "metrics"),
    )

    def __init__(
        self,
        n_layers: int = 1,
        units: int = 128,
        *,
        units_decay: float = 1.0,
        hidden_layer_sizes: Sequence[int] | None = None,
        activation: str | Callable[..., Any] = "relu",
        dropout: float = 0.0,
        normalization: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        l1: float = 0.0,
        l2: float = 0.0,
        optimizer: Any = "adam",
        learning_rate: float = 2e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        batch_size: int | str = 32,
        epochs: int = 75,
        loss: Any = None,
        metrics: list[Any] | None = None,
        validation_split: float | None = None,
        validation_shuffle: bool = True,
        early_stopping: bool = False,
        patience: int = 10,
        callbacks: Any = None,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int | str = 0,
        engine: str = "auto",
    ) -> None:
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
        self.engine = engine

    def _network(
        self, n_features: int, n_outputs: int, output_activation: str | None
    ) -> keras.Model:
        return build_dense(
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
        )


class MLPClassifier(ClassifierMixin, _MLP, BaseEstimator):  # noqa: D101 - the docstring is assembled
    __doc__ = f"""Dense network for one label of two or more, or several labels, a row.

    Scale `X` first, as with any network: ``make_pipeline(StandardScaler(), MLPClassifier())``.

    Parameters
    ----------
    {
        parameters(
            loss="binary crossentropy for two classes and for labels, sparse categorical crossentropy for "
            "more classes",
            split=" and stratified",
            extra=CLASS_WEIGHT,
        )
    }

    Attributes
    ----------
    {ATTRIBUTES}
    classes_ : ndarray of shape (n_classes,)
        The labels; for an indicator matrix its column numbers.

    See Also
    --------
    MLPRegressor : The same for numbers.
    KerasClassifier : For a network of your own.

    References
    ----------
    {REFERENCES}

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skdl import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = make_pipeline(StandardScaler(), MLPClassifier(random_state=0))
    >>> bool(cross_val_score(clf, X, y, cv=3).mean() > 0.9)
    True
    """

    _estimator_kind = "classifier"

    def __init__(
        self,
        n_layers: int = 1,
        units: int = 128,
        *,
        units_decay: float = 1.0,
        hidden_layer_sizes: Sequence[int] | None = None,
        activation: str | Callable[..., Any] = "relu",
        dropout: float = 0.0,
        normalization: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        l1: float = 0.0,
        l2: float = 0.0,
        optimizer: Any = "adam",
        learning_rate: float = 2e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        batch_size: int | str = 32,
        epochs: int = 75,
        loss: Any = None,
        metrics: list[Any] | None = None,
        validation_split: float | None = None,
        validation_shuffle: bool = True,
        early_stopping: bool = False,
        patience: int = 10,
        callbacks: Any = None,
        class_weight: Mapping[Any, float] | str | None = None,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int | str = 0,
        engine: str = "auto",
    ) -> None:
        super().__init__(
            n_layers=n_layers,
            units=units,
            units_decay=units_decay,
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            dropout=dropout,
            normalization=normalization,
            kernel_initializer=kernel_initializer,
            l1=l1,
            l2=l2,
            optimizer=optimizer,
            learning_rate=learning_rate,
            momentum=momentum,
            weight_decay=weight_decay,
            batch_size=batch_size,
            epochs=epochs,
            loss=loss,
            metrics=metrics,
            validation_split=validation_split,
            validation_shuffle=validation_shuffle,
            early_stopping=early_stopping,
            patience=patience,
            callbacks=callbacks,
            warm_start=warm_start,
            random_state=random_state,
            verbose=verbose,
            engine=engine,
        )
        self.class_weight = class_weight

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.sparse = True
        return tags

    def _make_network(self, X: Any, y: np.ndarray) -> Network:
        self._target = ClassTarget.of(type(self).__name__, y, getattr(self, "_given_classes", None))
        self.classes_ = self._target.classes
        multilabel = self._target.kind == "multilabel-indicator"
        units = self._target.n_units
        sigmoid = multilabel or units == 1
        return self._ready_network(
            X.shape[1],
            self._network_y(y),
            units,
            output_activation="sigmoid" if sigmoid else "softmax",
            n_classes=None if multilabel else len(self.classes_),
        )

    def _network_y(self, y: np.ndarray) -> np.ndarray:
        codes = self._target.encode(y)
        if self._target.kind == "multilabel-indicator":
            return codes
        # A loss compares the target with the output column by column, but for the sparse one.
        if self._target.kind == "multiclass" and not is_sparse_loss(self.loss):
            return np.eye(self._target.n_units, dtype=np.float32)[codes]
        # As the wrappers have them, so that networks of one structure share a program.
        return codes.astype(np.float32)[:, None]

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


class MLPRegressor(RegressorMixin, _MLP, BaseEstimator):  # noqa: D101 - the docstring is assembled
    __doc__ = f"""Dense network for one number or several numbers a row.

    Scale `X` first, as with any network. The bias of the output begins at the mean of `y`; a target whose
    spread is far from 1 learns faster inside `sklearn.compose.TransformedTargetRegressor`.

    Parameters
    ----------
    {parameters(loss="the mean squared error", split="", extra="")}

    Attributes
    ----------
    {ATTRIBUTES}

    See Also
    --------
    MLPClassifier : The same for labels.
    KerasRegressor : For a network of your own.

    References
    ----------
    {REFERENCES}

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skdl import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> reg = make_pipeline(StandardScaler(), MLPRegressor(epochs=20, random_state=0)).fit(X, y)
    >>> reg.predict(X[:2]).shape
    (2,)
    """

    _estimator_kind = "regressor"

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = True
        return tags

    def _make_network(self, X: Any, y: np.ndarray) -> Network:
        return self._ready_network(
            X.shape[1],
            self._network_y(y),
            y.reshape(len(y), -1).shape[1],
            output_activation=None,
            n_classes=None,
        )

    def _initial_state(
        self, network: Network, y: np.ndarray, rows: np.ndarray, weight: np.ndarray | None
    ) -> NetworkState:
        state = super()._initial_state(network, y, rows, weight)
        bias = [v is network.template.layers[-1].bias for v in network.template.variables]
        # From zero, a target far from zero costs many epochs before anything else is learnt.
        mean = np.average(
            y.reshape(len(y), -1)[rows], axis=0, weights=None if weight is None else weight[rows]
        )
        values = list(state.variables)
        values[bias.index(True)] = mean.astype(values[bias.index(True)].dtype)
        return replace(state, variables=tuple(values))

    def _network_y(self, y: np.ndarray) -> np.ndarray:
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
