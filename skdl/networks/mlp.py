"""Dense networks as scikit-learn estimators, every hyperparameter an argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from skdl.common.declarations import store_parameters
from skdl.networks.classifier import ReadyClassifier
from skdl.networks.declared import ATTRIBUTES, declarations_for
from skdl.networks.dense import LAYERS, REFERENCES, build_dense
from skdl.networks.described import describe_dense
from skdl.networks.regressor import ReadyRegressor

OF_CLASSIFIER = declarations_for(*LAYERS, classifier=True)
OF_REGRESSOR = declarations_for(*LAYERS, classifier=False)


class MLPClassifier(ReadyClassifier):  # noqa: D101 - the docstring is assembled
    __doc__ = f"""Dense network for one label of two or more, or several labels, a row.

    Scale `X` first, as with any network: ``make_pipeline(StandardScaler(), MLPClassifier())``.

    Parameters
    ----------
    {OF_CLASSIFIER.section}

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

    _declared = OF_CLASSIFIER
    _build = staticmethod(build_dense)
    _plain = staticmethod(describe_dense)

    def __init__(
        self,
        n_layers: int = 1,
        units: int = 128,
        *,
        units_decay: float = 1.0,
        hidden_layer_sizes: Sequence[int] | int | None = None,
        activation: str | Callable[..., Any] = "relu",
        normalization: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        dropout: float = 0.0,
        gaussian_noise: float = 0.0,
        l1: float = 0.0,
        l2: float = 0.0,
        max_norm: float | None = None,
        mixup: float = 0.0,
        label_smoothing: float = 0.0,
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
        class_weight: Mapping[Any, float] | str | None = None,
        validation_split: float | None = None,
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
    ) -> None:
        store_parameters(self, locals())


class MLPRegressor(ReadyRegressor):  # noqa: D101 - the docstring is assembled
    __doc__ = f"""Dense network for one number or several numbers a row.

    Scale `X` first, as with any network. The bias of the output begins at the mean of `y`; a target whose
    spread is far from 1 learns faster inside `sklearn.compose.TransformedTargetRegressor`.

    Parameters
    ----------
    {OF_REGRESSOR.section}

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

    _declared = OF_REGRESSOR
    _build = staticmethod(build_dense)
    _plain = staticmethod(describe_dense)

    def __init__(
        self,
        n_layers: int = 1,
        units: int = 128,
        *,
        units_decay: float = 1.0,
        hidden_layer_sizes: Sequence[int] | int | None = None,
        activation: str | Callable[..., Any] = "relu",
        normalization: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        dropout: float = 0.0,
        gaussian_noise: float = 0.0,
        l1: float = 0.0,
        l2: float = 0.0,
        max_norm: float | None = None,
        mixup: float = 0.0,
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
    ) -> None:
        store_parameters(self, locals())
