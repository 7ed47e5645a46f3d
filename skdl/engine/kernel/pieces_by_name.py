"""The pieces of the kernel by the names that descriptions have for them."""

from __future__ import annotations

from dataclasses import dataclass

from skdl.engine.kernel import activations, layers, losses, metrics, optimizers, regularization
from skdl.engine.kernel.pieces import Piece


@dataclass(frozen=True)
class LayerPieces:
    """The pieces of a kind of layer, and what the way back needs of the way there.

    Attributes
    ----------
    there, back : Piece
    kept_by_input : int
        Numbers kept for each input of each row.
    kept_by_row : int
        Numbers kept for each row besides.
    kept_by_column : int
        Numbers kept for each column of a batch.
    """

    there: Piece
    back: Piece
    kept_by_input: int = 0
    kept_by_row: int = 0
    kept_by_column: int = 0


def _activation(there: Piece) -> LayerPieces:
    return LayerPieces(there, activations.by_slope, kept_by_input=1)


LAYERS = {
    "dense": LayerPieces(layers.dense, layers.dense_back),
    "dense_by_row": LayerPieces(layers.dense_by_row, layers.dense_back),
    "dropout": LayerPieces(layers.dropout, activations.by_slope, kept_by_input=1),
    "gaussian_noise": LayerPieces(layers.gaussian_noise, layers.as_it_is_back),
    "gaussian_dropout": LayerPieces(layers.gaussian_dropout, activations.by_slope, kept_by_input=1),
    "alpha_dropout": LayerPieces(layers.alpha_dropout, activations.by_slope, kept_by_input=1),
    "softmax": LayerPieces(layers.softmax, layers.softmax_back),
    "layer_normalization": LayerPieces(
        layers.layer_normalization,
        layers.layer_normalization_back,
        kept_by_input=1,
        kept_by_row=1,
    ),
    "batch_normalization": LayerPieces(
        layers.batch_normalization,
        layers.batch_normalization_back,
        kept_by_input=1,
        kept_by_column=2,
    ),
    "log_softmax": LayerPieces(layers.log_softmax, layers.log_softmax_back),
    "rescaling": LayerPieces(layers.rescaling, layers.rescaling_back),
    "normalization": LayerPieces(layers.normalization, layers.normalization_back),
    "activity_penalty": LayerPieces(layers.activity_penalty, layers.activity_penalty_back),
    "prelu": LayerPieces(layers.prelu, layers.prelu_back),
    "relu": _activation(activations.relu),
    "leaky_relu": _activation(activations.leaky_relu),
    "bent_relu": _activation(activations.bent_relu),
    "elu": _activation(activations.elu),
    "selu": _activation(activations.selu),
    "sigmoid": _activation(activations.sigmoid),
    "tanh": _activation(activations.hyperbolic_tangent),
    "exponential": _activation(activations.exponential),
    "softplus": _activation(activations.softplus),
    "log_sigmoid": _activation(activations.log_sigmoid),
    "softsign": _activation(activations.softsign),
    "silu": _activation(activations.silu),
    "mish": _activation(activations.mish),
    "gelu": _activation(activations.gelu),
    "hard_sigmoid": _activation(activations.hard_sigmoid),
    "squareplus": _activation(activations.squareplus),
    "celu": _activation(activations.celu),
    "hard_shrink": _activation(activations.hard_shrink),
    "soft_shrink": _activation(activations.soft_shrink),
    "tanh_shrink": _activation(activations.tanh_shrink),
    "hard_silu": _activation(activations.hard_silu),
    "hard_tanh": _activation(activations.hard_tanh),
    "sparse_plus": _activation(activations.sparse_plus),
    "sparse_sigmoid": _activation(activations.sparse_sigmoid),
}
LOSSES = {
    "sparse_categorical_crossentropy": losses.sparse_categorical_crossentropy,
    "categorical_crossentropy": losses.categorical_crossentropy,
    "binary_crossentropy": losses.binary_crossentropy,
    "mean_squared_error": losses.mean_squared_error,
    "mean_absolute_error": losses.mean_absolute_error,
    "huber": losses.huber,
    "log_cosh": losses.log_cosh,
    "poisson": losses.poisson,
    "mean_absolute_percentage_error": losses.mean_absolute_percentage_error,
    "mean_squared_logarithmic_error": losses.mean_squared_logarithmic_error,
    "kl_divergence": losses.kl_divergence,
    "hinge": losses.hinge,
    "categorical_hinge": losses.categorical_hinge,
    "binary_focal_crossentropy": losses.binary_focal_crossentropy,
    "categorical_focal_crossentropy": losses.categorical_focal_crossentropy,
}
METRICS = {
    "sparse_categorical_accuracy": metrics.sparse_categorical_accuracy,
    "categorical_accuracy": metrics.categorical_accuracy,
    "binary_accuracy": metrics.binary_accuracy,
    "mean_squared_error": metrics.mean_squared_error,
    "root_mean_squared_error": metrics.mean_squared_error,
    "mean_absolute_error": metrics.mean_absolute_error,
    "mean_absolute_percentage_error": metrics.mean_absolute_percentage_error,
    "mean_squared_logarithmic_error": metrics.mean_squared_logarithmic_error,
    "r2_score": metrics.squared_errors,
    "auc": metrics.auc,
    "activity_penalty": metrics.activity_penalty,
}
# Metrics that are the same for logits as for probabilities: they ask for the largest output alone.
OF_LARGEST = ("sparse_categorical_accuracy", "categorical_accuracy")
STEPS = {
    "penalty": regularization.penalty,
    "decay": regularization.decay,
    "clip_by_value": regularization.clip_by_value,
    "clip_by_norm": regularization.clip_by_norm,
    "clip_by_global_norm": regularization.clip_by_global_norm,
    "bounded_norm": regularization.bounded_norm,
    "unit_norm": regularization.unit_norm,
    "not_negative": regularization.not_negative,
    "moving_average": optimizers.moving_average,
    "ftrl": optimizers.ftrl,
    "sgd": optimizers.sgd,
    "sgd_with_momentum": optimizers.sgd_with_momentum,
    "rmsprop": optimizers.rmsprop,
    "adam": optimizers.adam,
    "amsgrad": optimizers.amsgrad,
    "adamax": optimizers.adamax,
    "nadam": optimizers.nadam,
    "adagrad": optimizers.adagrad,
    "adadelta": optimizers.adadelta,
    "lion": optimizers.lion,
}
