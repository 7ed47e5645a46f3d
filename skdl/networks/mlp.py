"""Dense networks as scikit-learn estimators, every hyperparameter an argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import Tags

from skdl.engine.network.network import Network
from skdl.engine.network.state import NetworkState
from skdl.estimators.fit_job import MadeNetwork
from skdl.networks.class_target import ClassTarget
from skdl.networks.mlp_base import MLP
from skdl.networks.parameter_docs import ATTRIBUTES, OF_CLASSIFIERS, REFERENCES, parameters
from skdl.training.losses import is_sparse_loss


class MLPClassifier(ClassifierMixin, MLP, BaseEstimator):  # noqa: D101 - the docstring is assembled
    __doc__ = f"""Dense network for one label of two or more, or several labels, a row.

    Scale `X` first, as with any network: ``make_pipeline(StandardScaler(), MLPClassifier())``.

    Parameters
    ----------
    {
        parameters(
            loss="binary crossentropy for two classes and for labels, sparse categorical crossentropy for "
            "more classes",
            split=" and stratified",
            extra=OF_CLASSIFIERS,
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
    _of_networks = ("classes_",)
    _of_network = (*MLP._of_network, "label_smoothing")

    def __init__(
        self,
        n_layers: int = 1,
        units: int = 128,
        *,
        units_decay: float = 1.0,
        hidden_layer_sizes: Sequence[int] | None = None,
        activation: str | Callable[..., Any] = "relu",
        dropout: float = 0.0,
        gaussian_noise: float = 0.0,
        normalization: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        l1: float = 0.0,
        l2: float = 0.0,
        max_norm: float | None = None,
        optimizer: Any = "adam",
        learning_rate: float = 2e-3,
        momentum: float | None = None,
        nesterov: bool | None = None,
        beta_1: float | None = None,
        beta_2: float | None = None,
        rho: float | None = None,
        epsilon: float | None = None,
        weight_decay: float = 0.0,
        clipnorm: float | None = None,
        ema_momentum: float | None = None,
        learning_rate_schedule: Any = "constant",
        warmup: float | None = None,
        decay_factor: float = 0.1,
        decay_epochs: float | None = None,
        decay_power: float = 1.0,
        end_factor: float = 0.0,
        cycle_growth: float = 2.0,
        cycle_factor: float = 1.0,
        batch_size: int | float | str = 32,
        epochs: int = 75,
        loss: Any = None,
        metrics: list[Any] | None = None,
        validation_split: float | None = None,
        validation_shuffle: bool = True,
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
        callbacks: Any = None,
        class_weight: Mapping[Any, float] | str | None = None,
        label_smoothing: float = 0.0,
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
            gaussian_noise=gaussian_noise,
            normalization=normalization,
            kernel_initializer=kernel_initializer,
            l1=l1,
            l2=l2,
            max_norm=max_norm,
            optimizer=optimizer,
            learning_rate=learning_rate,
            momentum=momentum,
            nesterov=nesterov,
            beta_1=beta_1,
            beta_2=beta_2,
            rho=rho,
            epsilon=epsilon,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            ema_momentum=ema_momentum,
            learning_rate_schedule=learning_rate_schedule,
            warmup=warmup,
            decay_factor=decay_factor,
            decay_epochs=decay_epochs,
            decay_power=decay_power,
            end_factor=end_factor,
            cycle_growth=cycle_growth,
            cycle_factor=cycle_factor,
            batch_size=batch_size,
            epochs=epochs,
            loss=loss,
            metrics=metrics,
            validation_split=validation_split,
            validation_shuffle=validation_shuffle,
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
            callbacks=callbacks,
            warm_start=warm_start,
            random_state=random_state,
            verbose=verbose,
            engine=engine,
        )
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.sparse = True
        return tags

    def _make_network(self, X: Any, y: np.ndarray, *, classes: Any, weighted: bool) -> MadeNetwork:
        labels = ClassTarget.of(
            type(self).__name__, y, classes, takes_class_numbers=self._takes_class_numbers
        )
        self.classes_ = labels.classes
        multilabel, target = labels.kind == "multilabel-indicator", labels.encode(y)
        network = self._ready_network(
            X.shape[1],
            target,
            labels.n_units,
            output_activation="sigmoid" if multilabel or labels.n_units == 1 else "softmax",
            n_classes=None if multilabel else len(self.classes_),
            weighted=weighted,
        )
        numbers = labels.kind == "multiclass" and labels.takes_class_numbers
        return MadeNetwork(network, target, takes_class_numbers=numbers, reading=labels)

    @property
    def _takes_class_numbers(self) -> bool:
        """Whether the loss takes the numbers of classes, which can be neither smoothed nor blended."""
        changed = self.loss is None and (self.label_smoothing or self.mixup)
        return is_sparse_loss(self.loss) and not changed

    def _network_y(self, y: np.ndarray) -> np.ndarray:
        labels: ClassTarget = self._learnt.reading
        return labels.encode(y)

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
        labels: ClassTarget = self._learnt.reading
        return labels.probabilities(outputs)

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
        labels: ClassTarget = self._learnt.reading
        return labels.labels(probabilities)


class MLPRegressor(RegressorMixin, MLP, BaseEstimator):  # noqa: D101 - the docstring is assembled
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

    def _make_network(self, X: Any, y: np.ndarray, *, classes: Any, weighted: bool) -> MadeNetwork:
        target = self._network_y(y)
        network = self._ready_network(
            X.shape[1],
            target,
            y.reshape(len(y), -1).shape[1],
            output_activation=None,
            n_classes=None,
            weighted=weighted,
        )
        return MadeNetwork(network, target)

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
        return outputs.reshape(len(outputs), *self._learnt.target_shape)
