"""What comes out of a network: its outputs by name, and scores as probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, softmax

from skdl.common.keras_import import load_keras
from skdl.training.losses import Output, is_of_known_range

if TYPE_CHECKING:
    import keras


def describe_outputs(
    model: keras.Model, outputs: Any, ask: Callable[[int], Sequence[bool]] | None = None
) -> list[Output]:
    """The outputs of `model`, given what it returned for some rows.

    Units are 0 for an output that is not one row of numbers a sample (a sequence, an image). Where the
    activations do not tell, `ask` is given the number of outputs, and says which of them are probabilities.
    """
    parts = load_keras().tree.flatten(outputs)
    names = list(getattr(model, "output_names", None) or [])
    if len(names) != len(parts):
        names = [f"output_{index}" for index in range(len(parts))]
    ends = [_activation(model, index) for index in range(len(parts))]
    probable: Sequence[bool] = [True] * len(parts)
    if ask is not None and not all(map(is_of_known_range, ends)):
        probable = ask(len(parts))
    return [
        Output(name, int(part.shape[-1]) if len(part.shape) == 2 else 0, end, bound)
        for name, part, end, bound in zip(names, parts, ends, probable, strict=True)
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


def probabilities_of(outputs: Any, links: Sequence[str | None]) -> Any:
    """`outputs` with the sigmoid or softmax of `links`, one for each output, applied."""
    keras = load_keras()
    apply = {None: np.asarray, "sigmoid": expit, "softmax": partial(softmax, axis=-1)}
    made = [
        apply[link](part) for link, part in zip(links, keras.tree.flatten(outputs), strict=True)
    ]
    return keras.tree.pack_sequence_as(outputs, made)
