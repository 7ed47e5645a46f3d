"""Networks that treat each row alone, so that a last, smaller batch may be filled up and masked.

XLA compiles for one batch size. The rows that fill up a batch are copies of a real row: they count for
nothing in the loss and the metrics, and what a layer computes for them reaches no other row. That holds
for the classes listed here, each compared with Keras in the tests, and is not assumed of any other. The
operations between layers, such as a sum, are listed in `operations.py`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.keras_parts.walk import is_keras, is_written_by_users, walk_layers
from skdl.engine.rowwise.operations import obstacle_in_graph

if TYPE_CHECKING:
    import keras

LAYERS = (
    *(
        "InputLayer",
        "Dense",
        "EinsumDense",
        "Embedding",
        "Activation",
        "ReLU",
        "LeakyReLU",
        "PReLU",
    ),
    *("ELU", "Softmax", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
    *("GaussianNoise", "GaussianDropout", "AlphaDropout", "BatchNormalization"),
    *("LayerNormalization", "GroupNormalization", "UnitNormalization", "RMSNormalization"),
    *("SpectralNormalization", "Rescaling", "Normalization", "Flatten", "Reshape", "Permute"),
    *("RepeatVector", "Cropping1D", "Cropping2D", "Cropping3D", "ZeroPadding1D", "ZeroPadding2D"),
    *(
        "ZeroPadding3D",
        "UpSampling1D",
        "UpSampling2D",
        "UpSampling3D",
        "Conv1D",
        "Conv2D",
        "Conv3D",
    ),
    *(
        "Conv1DTranspose",
        "Conv2DTranspose",
        "Conv3DTranspose",
        "SeparableConv1D",
        "SeparableConv2D",
    ),
    *("DepthwiseConv1D", "DepthwiseConv2D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D"),
    *("AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "GlobalMaxPooling1D"),
    *(
        "GlobalMaxPooling2D",
        "GlobalMaxPooling3D",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
    ),
    *("GlobalAveragePooling3D", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"),
    *("Concatenate", "Dot", "SimpleRNN", "LSTM", "GRU", "SimpleRNNCell", "LSTMCell", "GRUCell"),
    *("Bidirectional", "MultiHeadAttention", "Attention", "AdditiveAttention", "Identity"),
)
LOSSES = (
    *("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "Huber", "LogCosh"),
    *("MeanSquaredLogarithmicError", "CosineSimilarity", "Poisson", "KLDivergence", "Hinge"),
    *("SquaredHinge", "CategoricalHinge", "BinaryCrossentropy", "BinaryFocalCrossentropy"),
    *("CategoricalCrossentropy", "CategoricalFocalCrossentropy", "SparseCategoricalCrossentropy"),
    *("CategoricalGeneralizedCrossEntropy",),
)
METRICS = (
    *("Mean", "MeanMetricWrapper", "Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "AUC"),
    *("SparseCategoricalAccuracy", "TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy"),
    *("MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "LogCoshError", "Poisson"),
    *("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "CosineSimilarity", "Hinge"),
    *("SquaredHinge", "CategoricalHinge", "KLDivergence", "BinaryCrossentropy", "Precision"),
    *("CategoricalCrossentropy", "SparseCategoricalCrossentropy", "Recall", "TruePositives"),
    *(
        "TrueNegatives",
        "FalsePositives",
        "FalseNegatives",
        "PrecisionAtRecall",
        "RecallAtPrecision",
    ),
    *("SensitivityAtSpecificity", "SpecificityAtSensitivity"),
)


def obstacle_to_masks(model: keras.Model) -> str | None:
    """Why a batch of `model` cannot be filled up with masked rows, or None.

    The model is compiled, and its losses and metrics have met data.
    """
    keras = load_keras()
    kinds = {getattr(keras.layers, name) for name in LAYERS}
    for layer in walk_layers(model):
        kind = type(layer)
        stack = isinstance(layer, keras.Model) and is_keras(kind)
        if kind not in kinds and not stack:
            return f"the layer {layer.name} ({kind.__name__}) may mix rows"
        if "call" in vars(layer):
            return f"{layer.name} has a call of its own"
        in_graph = obstacle_in_graph(layer) if stack else None
        if in_graph is not None:
            return in_graph
        for part in vars(layer).values():
            if is_written_by_users(part):
                return f"a function of {layer.name} may mix rows"
        if getattr(layer, "activity_regularizer", None) is not None:
            return f"the activity regularizer of {layer.name} divides by the rows of a batch"
        if getattr(layer, "mask_zero", False):
            return f"{layer.name} masks values, and its mask reaches the loss"
        if getattr(layer, "stateful", False):
            return f"{layer.name} is stateful"
        if getattr(layer, "synchronized", False) or getattr(layer, "renorm", False):
            return f"{layer.name} normalises in a special way"
        if not stack and _looks_along_rows(layer):
            return f"{layer.name} may work along the rows"
    if any(len(output.shape) < 2 for output in getattr(model, "outputs", None) or ()):
        return "the output has one number a row, of which Keras's losses take the mean"
    if type(model).compute_loss is not keras.Model.compute_loss:
        return "the model has a compute_loss of its own"
    if type(model).compute_metrics is not keras.Model.compute_metrics:
        return "the model has a compute_metrics of its own"
    for _, loss, _, _ in model._compile_loss._flat_losses or ():
        if not _is_rowwise_loss(loss):
            return f"the loss {getattr(loss, 'name', loss)} may mix rows"
    known = {getattr(keras.metrics, name) for name in METRICS}
    for metric in _metrics(model):
        if type(metric) not in known:
            return f"the metric {metric.name} may not know weights"
        if type(metric) is keras.metrics.MeanMetricWrapper and not _is_rowwise(metric._fn):
            return f"the metric {metric.name} may mix rows"
    return None


def _looks_along_rows(layer: Any) -> bool:
    """Whether an axis of `layer` is the first, or might be, counted from the last."""
    given = [getattr(layer, name, None) for name in ("axis", "axes")]
    return any(axis == 0 or axis < -1 for axis in np.ravel([a for a in given if a is not None]))


def _is_rowwise_loss(loss: Any) -> bool:
    keras = load_keras()
    if type(loss) in {getattr(keras.losses, name) for name in LOSSES}:
        return True
    # Keras wraps a loss given by its function.
    return type(loss).__name__ == "LossFunctionWrapper" and _is_rowwise(loss.fn)


def _is_rowwise(function: Any) -> bool:
    """Whether a function of targets and outputs is one of Keras's that give one value for each row."""
    return function in _rowwise_functions()


@cache
def _rowwise_functions() -> frozenset[Any]:
    keras = load_keras()
    losses = [getattr(keras.losses, name)().fn for name in LOSSES]
    metrics = [
        kind()._fn
        for name in METRICS
        if issubclass(kind := getattr(keras.metrics, name), keras.metrics.MeanMetricWrapper)
        and kind is not keras.metrics.MeanMetricWrapper
    ]
    return frozenset([*losses, *metrics])


def _metrics(model: keras.Model) -> Iterator[Any]:
    for metric in model.metrics:
        if metric is model._compile_metrics:
            yield from metric.metrics
        else:
            yield metric


@cache
def _masked_normalization() -> type:
    keras = load_keras()
    ops = keras.ops

    class MaskedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[name-defined]
        """Takes its statistics from the real rows of a batch alone."""

        _valid: Any = None

        def _moments(self, inputs: Any, mask: Any) -> tuple[Any, Any]:
            if mask is not None:
                return super()._moments(inputs, mask)
            axes = self._reduction_axes
            wide = ops.cast(inputs, "float32" if self.compute_dtype == "float16" else inputs.dtype)
            valid = ops.cast(self._valid, wide.dtype)
            others = 1
            for axis in axes:
                others *= 1 if axis == 0 else inputs.shape[axis]
            count = ops.sum(valid) * others
            weight = ops.reshape(valid, (-1,) + (1,) * (len(inputs.shape) - 1))
            mean = ops.sum(wide * weight, axes, keepdims=True) / count
            variance = ops.sum(ops.square(wide - mean) * weight, axes) / count
            return ops.cast(ops.squeeze(mean, axes), inputs.dtype), ops.cast(variance, inputs.dtype)

    return MaskedBatchNormalization


@contextlib.contextmanager
def masked_normalization(model: keras.Model) -> Iterator[list[Any]]:
    """Let every BatchNormalization of `model` heed the valid rows of a batch.

    Gives the layers; the model belongs to the caller during the block.
    """
    kind = load_keras().layers.BatchNormalization
    found = [layer for layer in walk_layers(model) if type(layer) is kind]
    for layer in found:
        object.__setattr__(layer, "__class__", _masked_normalization())
    try:
        yield found
    finally:
        for layer in found:
            object.__setattr__(layer, "__class__", kind)
            layer.__dict__.pop("_valid", None)
