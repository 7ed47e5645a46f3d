"""Keras's names for what the kernel has, and the numbers that go with them."""

from __future__ import annotations

import numpy as np


class UnknownToKernelError(Exception):
    """The second half of a sentence that says what the kernel does not know."""


def single(number: float) -> float:
    """A number as a cast of TensorFlow's leaves it: by way of single precision, whatever the type."""
    return float(np.float32(number))


_SAME = (
    *("linear", "relu", "selu", "sigmoid", "tanh", "exponential", "softplus", "log_sigmoid"),
    *("softsign", "silu", "mish", "softmax", "log_softmax", "hard_sigmoid", "gelu", "celu"),
    *("hard_shrink", "soft_shrink", "tanh_shrink", "hard_silu", "hard_tanh", "sparse_plus"),
    "sparse_sigmoid",
)
# The activations of `keras.activations`: the piece of each, and its numbers.
ACTIVATIONS: dict[str, tuple[str, tuple[float, ...]]] = {
    **{name: (name, ()) for name in _SAME},
    "elu": ("elu", (1.0,)),
    "leaky_relu": ("leaky_relu", (single(0.2),)),
    "relu6": ("bent_relu", (0.0, 6.0, 0.0)),
    "squareplus": ("squareplus", (4.0,)),
}
# Those that look at whole rows.
BY_ROW = ("softmax", "log_softmax")
# Which activation of the last layer a loss has in it.
LINKS = {
    "sparse_categorical_crossentropy": "softmax",
    "categorical_crossentropy": "softmax",
    "binary_crossentropy": "sigmoid",
    "binary_focal_crossentropy": "sigmoid",
}
