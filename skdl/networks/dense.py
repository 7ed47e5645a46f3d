"""Dense networks: from widths and options to an uncompiled Keras model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from skdl.common.keras_import import load_keras

if TYPE_CHECKING:
    import keras


_RECTIFIERS = frozenset(
    ("relu", "relu6", "leakyrelu", "elu", "celu", "gelu", "silu", "swish", "mish", "softplus")
)


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


def initializer_for(activation: Any) -> str:
    """The initializer that keeps the spread of what goes through layers of an activation.

    That of He et al. (2015) for those that cut off or bend down negative values, that of Klambauer et al.
    (2017) for "selu", and that of Glorot and Bengio (2010) for all others.

    Examples
    --------
    >>> initializer_for("relu"), initializer_for("tanh")
    ('he_normal', 'glorot_uniform')
    """
    name = activation
    if not isinstance(name, str):
        name = getattr(activation, "__name__", type(activation).__name__)  # a function or a layer
    name = name.lower().replace("_", "")
    if name == "selu":
        return "lecun_normal"
    return "he_normal" if name in _RECTIFIERS else "glorot_uniform"


def build_dense(
    *,
    n_features: int,
    widths: Sequence[int],
    n_outputs: int,
    output_activation: str | None,
    activation: str | Callable[..., Any] = "relu",
    dropout: float = 0.0,
    normalization: str | None = None,
    gaussian_noise: float = 0.0,
    kernel_initializer: Any = "glorot_uniform",
    l1: float = 0.0,
    l2: float = 0.0,
    max_norm: float | None = None,
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
    gaussian_noise : float
        The standard deviation of what a training step adds to the inputs.
    kernel_initializer : str or keras.initializers.Initializer
        "auto" suits each layer's activation.
    l1, l2 : float
        Penalties on all kernels, added to the loss as ``l1 * sum(abs(w)) + l2 * sum(w**2)``.
    max_norm : float or None
        The largest norm of the weights that lead to a hidden unit.
    """
    keras = load_keras()
    layers = keras.layers

    def initializer(activation: Any) -> Any:
        if kernel_initializer == "auto":
            return initializer_for(activation)
        if isinstance(kernel_initializer, str):
            return kernel_initializer
        # One initializer instance would give two layers of one shape the same weights.
        return keras.initializers.get(keras.initializers.serialize(kernel_initializer))

    def dense(units: int, name: str, before: Any, **options: Any) -> Any:
        return layers.Dense(
            units,
            kernel_initializer=initializer(before),
            kernel_regularizer=keras.regularizers.L1L2(l1, l2) if l1 or l2 else None,
            name=name,
            **options,
        )

    def hidden(*args: Any, **options: Any) -> Any:
        bound = None if max_norm is None else keras.constraints.MaxNorm(max_norm)
        return dense(*args, kernel_constraint=bound, **options)

    stack: list[Any] = [keras.Input((n_features,))]
    if gaussian_noise:
        stack.append(layers.GaussianNoise(gaussian_noise, name="input_noise"))
    for number, width in enumerate(widths, start=1):
        if normalization is None:
            stack.append(hidden(width, f"hidden_{number}", activation, activation=activation))
        else:
            kind = {"batch": layers.BatchNormalization, "layer": layers.LayerNormalization}
            stack.append(hidden(width, f"hidden_{number}", activation))
            stack.append(kind[normalization](name=f"normalization_{number}"))
            stack.append(layers.Activation(activation, name=f"activation_{number}"))
        if dropout:
            stack.append(layers.Dropout(dropout, name=f"dropout_{number}"))
    # Eight or eleven bits are not enough for what is predicted, nor for the bias of a large target.
    halved = keras.config.dtype_policy().compute_dtype in ("float16", "bfloat16")
    last = {"activation": output_activation, "dtype": "float32" if halved else None}
    stack.append(dense(n_outputs, "output", output_activation, **last))
    return keras.Sequential(stack)
