"""What comes out of a network: its outputs by name, and scores as probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, softmax

from skdl._startup import load_keras
from skdl.training.losses import Output

if TYPE_CHECKING:
    import keras


def describe_outputs(model: keras.Model, outputs: Any) -> list[Output]:
    """The outputs of `model`, given what it returned for some rows.

    Units are 0 for an output that is not one row of numbers a sample (a sequence, an image).
    """
    parts = load_keras().tree.flatten(outputs)
    names = list(getattr(model, "output_names", None) or [])
    if len(names) != len(parts):
        names = [f"output_{index}" for index in range(len(parts))]
    return [
        Output(name, int(part.shape[-1]) if len(part.shape) == 2 else 0, _activation(model, index))
        for index, (name, part) in enumerate(zip(names, parts, strict=True))
    ]


def _activation(model: keras.Model, index: int) -> str | None:
    """The activation that output `index` ends in; None for a network whose graph is not known."""
    keras = load_keras()
    tensors = getattr(model, "outputs", None)
    if not tensors or index >= len(tensors):
        return None
    layer = tensors[index]._keras_history.operation
    if isinstance(layer, keras.Model):
        return _activation(layer, tensors[index]._keras_history.tensor_index)
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    return getattr(getattr(layer, "activation", None), "__name__", None)


def probabilities_of(outputs: Any, logits: Sequence[bool]) -> Any:
    """`outputs` with a sigmoid or softmax applied to those that are logits."""
    keras = load_keras()
    parts = keras.tree.flatten(outputs)
    made = [
        _to_probabilities(np.asarray(part)) if index < len(logits) and logits[index] else part
        for index, part in enumerate(parts)
    ]
    return keras.tree.pack_sequence_as(outputs, made)


def _to_probabilities(scores: np.ndarray) -> np.ndarray:
    return expit(scores) if scores.shape[-1] == 1 else softmax(scores, axis=-1)
