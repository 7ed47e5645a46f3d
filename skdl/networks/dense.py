"""Dense networks: from widths and options to an uncompiled Keras model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from skdl._startup import load_keras

if TYPE_CHECKING:
    import keras


def layer_widths(
    n_layers: int, units: int, units_decay: float, hidden_layer_sizes: Sequence[int] | None
) -> tuple[int, ...]:
    """The number of units of each hidden layer.

    Examples
    --------
    >>> layer_widths(3, 100, 0.5, None)
    (100, 50, 25)
    >>> layer_widths(3, 100, 0.5, (784, 512))
    (784, 512)
    """
    if hidden_layer_sizes is not None:
        return tuple(int(size) for size in hidden_layer_sizes)
    return tuple(max(1, round(units * units_decay**layer)) for layer in range(n_layers))


def build_dense(
    *,
    n_features: int,
    widths: Sequence[int],
    n_outputs: int,
    output_activation: str | None,
    activation: str | Callable[..., Any] = "relu",
    dropout: float = 0.0,
    normalization: str | None = None,
    kernel_initializer: Any = "glorot_uniform",
    l1: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """A stack of Dense, normalization, activation, Dropout, and a Dense output.

    Parameters
    ----------
    n_features, n_outputs : int
    widths : sequence of int
        Units of the hidden layers.
    output_activation : str or None
    activation : str or callable
    dropout : float
        The fraction of a hidden layer's outputs that a training step drops.
    normalization : {None, "batch", "layer"}
        Between a hidden layer's weights and its activation.
    kernel_initializer : str or keras.initializers.Initializer
    l1, l2 : float
        Penalties on all kernels, added to the loss as ``l1 * sum(abs(w)) + l2 * sum(w**2)``.
    """
    keras = load_keras()
    layers = keras.layers

    def dense(units: int, name: str, **options: Any) -> Any:
        return layers.Dense(
            units,
            kernel_initializer=(
                # One initializer instance would give two layers of one shape the same weights.
                kernel_initializer
                if isinstance(kernel_initializer, str)
                else keras.initializers.get(keras.initializers.serialize(kernel_initializer))
            ),
            kernel_regularizer=keras.regularizers.L1L2(l1, l2) if l1 or l2 else None,
            name=name,
            **options,
        )

    stack: list[Any] = [keras.Input((n_features,))]
    for number, width in enumerate(widths, start=1):
        if normalization is None:
            stack.append(dense(width, f"hidden_{number}", activation=activation))
        else:
            kind = {"batch": layers.BatchNormalization, "layer": layers.LayerNormalization}
            stack.append(dense(width, f"hidden_{number}"))
            stack.append(kind[normalization](name=f"normalization_{number}"))
            stack.append(layers.Activation(activation, name=f"activation_{number}"))
        if dropout:
            stack.append(layers.Dropout(dropout, name=f"dropout_{number}"))
    stack.append(dense(n_outputs, "output", activation=output_activation))
    return keras.Sequential(stack)
