"""The hyperparameters of a dense network, which its classifier and its regressor share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from skdl.networks.base import ReadyNetwork
from skdl.networks.dense import build_dense, layer_widths
from skdl.training.optimizers import DEFAULTS as OPTIMIZER_DEFAULTS

if TYPE_CHECKING:
    import keras


class MLP(ReadyNetwork):
    """What the two dense networks share."""

    _of_network = (
        *("n_layers", "units", "units_decay", "hidden_layer_sizes", "activation", "dropout"),
        *("gaussian_noise", "normalization", "kernel_initializer", "l1", "l2", "max_norm"),
        *(*OPTIMIZER_DEFAULTS, "optimizer", "loss", "metrics", "precision"),
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
        self.gaussian_noise = gaussian_noise
        self.normalization = normalization
        self.kernel_initializer = kernel_initializer
        self.l1 = l1
        self.l2 = l2
        self.max_norm = max_norm
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.nesterov = nesterov
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.rho = rho
        self.epsilon = epsilon
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.ema_momentum = ema_momentum
        self.learning_rate_schedule = learning_rate_schedule
        self.warmup = warmup
        self.decay_factor = decay_factor
        self.decay_epochs = decay_epochs
        self.decay_power = decay_power
        self.end_factor = end_factor
        self.cycle_growth = cycle_growth
        self.cycle_factor = cycle_factor
        self.batch_size = batch_size
        self.epochs = epochs
        self.loss = loss
        self.metrics = metrics
        self.validation_split = validation_split
        self.validation_shuffle = validation_shuffle
        self.early_stopping = early_stopping
        self.monitor = monitor
        self.patience = patience
        self.min_delta = min_delta
        self.start_from_epoch = start_from_epoch
        self.restore_best_weights = restore_best_weights
        self.reduce_lr_patience = reduce_lr_patience
        self.reduce_lr_factor = reduce_lr_factor
        self.min_learning_rate = min_learning_rate
        self.max_seconds = max_seconds
        self.mixup = mixup
        self.precision = precision
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
            gaussian_noise=float(self.gaussian_noise),
            normalization=self.normalization,
            kernel_initializer=self.kernel_initializer,
            l1=float(self.l1),
            l2=float(self.l2),
            max_norm=None if self.max_norm is None else float(self.max_norm),
        )
