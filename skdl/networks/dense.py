"""Dense networks: their hyperparameters, and from these an uncompiled Keras model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.declarations import Declaration, Group
from skdl.common.keras_import import load_keras
from skdl.common.parameter_checks import CALLABLE, NONE, KerasName, Kind, Number, Options

if TYPE_CHECKING:
    import keras


def _is_size(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(value >= 1)


LAYERS = (
    Group(
        "Network",
        (
            Declaration(
                "n_layers",
                1,
                (Number(0, integer=True),),
                "int",
                "int",
                "Number of hidden layers; 0 gives a linear model.",
                "1 to 4",
            ),
            Declaration(
                "units",
                128,
                (Number(1, integer=True),),
                "int",
                "int",
                "Units of the first hidden layer.",
                "16 to 512, on a log scale",
            ),
            Declaration(
                "units_decay",
                1.0,
                (Number(0, low_open=True),),
                "float",
                "float",
                "Each further layer's units as a fraction of the layer before: 0.5 halves them.",
                "0.5 to 1",
            ),
            Declaration(
                "hidden_layer_sizes",
                None,
                (
                    Kind(
                        lambda v: (
                            isinstance(v, (tuple, list, np.ndarray)) and all(map(_is_size, v))
                        ),
                        "a tuple of ints of at least 1",
                        "(128, 64)",
                    ),
                    Number(1, integer=True),
                    NONE,
                ),
                "Sequence[int] | int | None",
                "tuple of int, or int",
                "Units of each hidden layer; an int is one layer. Replaces `n_layers`, `units` and "
                "`units_decay`.",
            ),
            Declaration(
                "activation",
                "relu",
                (KerasName("activations", "'relu'"), CALLABLE),
                "str | Callable[..., Any]",
                "str or callable",
                "Activation of the hidden layers: a name of ``keras.activations``, or a function.",
            ),
            Declaration(
                "normalization",
                None,
                (Options(("batch", "layer")), NONE),
                "str | None",
                '{None, "batch", "layer"}',
                "Between the weights and the activation of each hidden layer: over the rows of a batch [1]_, "
                "or over the units of a row [2]_.",
            ),
            Declaration(
                "kernel_initializer",
                "glorot_uniform",
                (
                    KerasName("initializers", "'he_normal'", ("auto",)),
                    Kind(
                        lambda v: hasattr(v, "get_config") and callable(v),
                        "a Keras initializer",
                        "None",
                    ),
                ),
                "Any",
                "str or keras.initializers.Initializer",
                'How the kernels begin, by a name of ``keras.initializers``. "auto" is "he_normal" [3]_ '
                'before relu and its relatives, "lecun_normal" before selu (Klambauer et al., 2017), and '
                '"glorot_uniform" [4]_ before tanh, sigmoid and all others; "auto" suits deep '
                'networks. "orthogonal" is of Saxe et al. (2014).',
            ),
        ),
    ),
    Group(
        "Regularisation",
        (
            Declaration(
                "dropout",
                0.0,
                (Number(0, 1, high_open=True),),
                "float",
                "float in [0, 1)",
                "The fraction of each hidden layer's outputs dropped in a training step [5]_.",
                "0 to 0.5",
            ),
            Declaration(
                "gaussian_noise",
                0.0,
                (Number(0),),
                "float",
                "float",
                "The standard deviation of noise added to the inputs in a training step (Bishop, Training "
                "with noise is equivalent to Tikhonov regularization, 1995).",
                "0.05 to 0.3 for scaled inputs",
            ),
            Declaration(
                "l1",
                0.0,
                (Number(0),),
                "float",
                "float",
                "Penalty on all kernels, ``l1 * sum(abs(w))`` (Tibshirani, 1996).",
                "1e-6 to 1e-2",
            ),
            Declaration(
                "l2",
                0.0,
                (Number(0),),
                "float",
                "float",
                "Penalty on all kernels, ``l2 * sum(w**2)`` (Krogh and Hertz, A simple weight decay can "
                "improve generalization, 1992).",
                "1e-6 to 1e-2",
            ),
            Declaration(
                "max_norm",
                None,
                (Number(0, low_open=True), NONE),
                "float | None",
                "float",
                "The norm of the weights that lead to a hidden unit is at most this (Srebro and Shraibman, "
                "2005; with dropout [5]_). None sets no limit.",
                "1 to 4",
            ),
        ),
    ),
)

REFERENCES = """.. [1] Ioffe and Szegedy, Batch normalization, 2015.
    .. [2] Ba, Kiros and Hinton, Layer normalization, 2016.
    .. [3] He et al., Delving deep into rectifiers, 2015.
    .. [4] Glorot and Bengio, Understanding the difficulty of training deep feedforward networks, 2010.
    .. [5] Srivastava et al., Dropout: a simple way to prevent overfitting, 2014."""

_RECTIFIERS = frozenset(
    ("relu", "relu6", "leakyrelu", "elu", "celu", "gelu", "silu", "swish", "mish", "softplus")
)


def layer_widths(
    n_layers: int, units: int, units_decay: float, hidden_layer_sizes: Sequence[int] | int | None
) -> tuple[int, ...]:
    """The number of units of each hidden layer.

    Examples
    --------
    >>> layer_widths(3, 100, 0.5, None)
    (100, 50, 25)
    >>> layer_widths(3, 100, 0.5, (784, 512))
    (784, 512)
    >>> layer_widths(3, 100, 0.5, 16)
    (16,)
    """
    if hidden_layer_sizes is None:
        return tuple(max(1, round(units * units_decay**layer)) for layer in range(n_layers))
    if isinstance(hidden_layer_sizes, (int, np.integer)):
        return (int(hidden_layer_sizes),)
    return tuple(int(size) for size in hidden_layer_sizes)


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
    n_outputs: int,
    output_activation: str | None,
    n_layers: int,
    units: int,
    units_decay: float,
    hidden_layer_sizes: Sequence[int] | int | None,
    activation: str | Callable[..., Any],
    normalization: str | None,
    kernel_initializer: Any,
    dropout: float,
    gaussian_noise: float,
    l1: float,
    l2: float,
    max_norm: float | None,
) -> keras.Model:
    """A stack of Dense, normalization, activation, Dropout, and a Dense output; not compiled.

    Parameters
    ----------
    n_features, n_outputs : int
    output_activation : str or None
    n_layers, units, units_decay, hidden_layer_sizes, activation, normalization, kernel_initializer, \
            dropout, gaussian_noise, l1, l2, max_norm
        The hyperparameters of these names, which `LAYERS` describes.
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
            kernel_regularizer=keras.regularizers.L1L2(float(l1), float(l2)) if l1 or l2 else None,
            name=name,
            **options,
        )

    def hidden(*args: Any, **options: Any) -> Any:
        bound = None if max_norm is None else keras.constraints.MaxNorm(float(max_norm))
        return dense(*args, kernel_constraint=bound, **options)

    stack: list[Any] = [keras.Input((n_features,))]
    if gaussian_noise:
        stack.append(layers.GaussianNoise(float(gaussian_noise), name="input_noise"))
    widths = layer_widths(n_layers, units, units_decay, hidden_layer_sizes)
    for number, width in enumerate(widths, start=1):
        if normalization is None:
            stack.append(hidden(width, f"hidden_{number}", activation, activation=activation))
        else:
            kind = {"batch": layers.BatchNormalization, "layer": layers.LayerNormalization}
            stack.append(hidden(width, f"hidden_{number}", activation))
            stack.append(kind[normalization](name=f"normalization_{number}"))
            stack.append(layers.Activation(activation, name=f"activation_{number}"))
        if dropout:
            stack.append(layers.Dropout(float(dropout), name=f"dropout_{number}"))
    # Eight or eleven bits are not enough for what is predicted, nor for the bias of a large target.
    halved = keras.config.dtype_policy().compute_dtype in ("float16", "bfloat16")
    last = {"activation": output_activation, "dtype": "float32" if halved else None}
    stack.append(dense(n_outputs, "output", output_activation, **last))
    return keras.Sequential(stack)
