"""What each hyperparameter of the ready networks is, and its range."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from skdl._checks import BOOLEAN, NONE, Kind, Number, Options, Rule
from skdl._startup import load_keras
from skdl.engine.compiled import ENGINES
from skdl.training.optimizers import NAMES as OPTIMIZERS

_CALLABLE = Kind(callable, "a callable", "None")


def _is_sizes(value: Any) -> bool:
    return (
        isinstance(value, (tuple, list, np.ndarray))
        and all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in value)
        and all(v >= 1 for v in value)
    )


def _of_keras(path: str) -> Kind:
    """Instances of one of Keras's base classes, and its subclasses; `path` is its place in Keras."""

    def test(value: Any) -> bool:
        base = operator.attrgetter(path)(load_keras())
        return isinstance(value, base) or (inspect.isclass(value) and issubclass(value, base))

    return Kind(test, f"a keras.{path} or a class of it", "None")


RULES: Mapping[str, tuple[Rule, ...]] = {
    "n_layers": (Number(0, integer=True),),
    "units": (Number(1, integer=True),),
    "units_decay": (Number(0, low_open=True),),
    "hidden_layer_sizes": (Kind(_is_sizes, "a tuple of ints of at least 1", "(128, 64)"), NONE),
    "activation": (Kind(lambda v: isinstance(v, str), "a name", "'relu'"), _CALLABLE),
    "dropout": (Number(0, 1, high_open=True),),
    "normalization": (Options(("batch", "layer")), NONE),
    "kernel_initializer": (
        Kind(lambda v: isinstance(v, str), "a name", "'he_normal'"),
        Kind(lambda v: hasattr(v, "get_config") and callable(v), "a Keras initializer", "None"),
    ),
    "l1": (Number(0),),
    "l2": (Number(0),),
    "optimizer": (Options(OPTIMIZERS), _of_keras("optimizers.Optimizer")),
    "learning_rate": (Number(0, low_open=True),),
    "momentum": (Number(0, 1),),
    "weight_decay": (Number(0),),
    "batch_size": (Number(1, integer=True), Options(("full",))),
    "epochs": (Number(1, integer=True),),
    "loss": (Kind(lambda v: isinstance(v, str), "a name", "'mse'"), _CALLABLE, NONE),
    "metrics": (Kind(lambda v: isinstance(v, (list, tuple)), "a list", "['accuracy']"), NONE),
    "validation_split": (Number(0, 1, high_open=True), NONE),
    "validation_shuffle": (BOOLEAN,),
    "early_stopping": (BOOLEAN,),
    "patience": (Number(0, integer=True),),
    "callbacks": (
        Kind(
            lambda v: isinstance(v, (list, tuple)), "a list", "[keras.callbacks.TerminateOnNaN()]"
        ),
        _of_keras("callbacks.Callback"),
        NONE,
    ),
    "class_weight": (
        Options(("balanced",)),
        Kind(lambda v: isinstance(v, Mapping), "a dict", "{0: 1.0, 1: 2.0}"),
        NONE,
    ),
    "warm_start": (BOOLEAN,),
    "verbose": (BOOLEAN, Number(0, 2, integer=True), Options(("auto",))),
    "engine": (Options(ENGINES),),
}

PARAMETERS = """n_layers : int, default=1
        Number of hidden layers; 0 gives a linear model.
    units : int, default=128
        Units of the first hidden layer.
    units_decay : float, default=1.0
        Each further layer's units as a fraction of the layer before: 0.5 halves them.
    hidden_layer_sizes : tuple of int, default=None
        Units of every hidden layer outright; takes the place of the three before.
    activation : str or callable, default="relu"
        Of the hidden layers, a name of ``keras.activations``.
    dropout : float in [0, 1), default=0.0
        The fraction of each hidden layer's outputs dropped in a training step [1]_. Usual: 0 to 0.5.
    normalization : {{None, "batch", "layer"}}, default=None
        Between the weights and the activation of each hidden layer: over the rows of a batch [2]_, or
        over the units of a row [3]_.
    kernel_initializer : str or keras.initializers.Initializer, default="glorot_uniform"
        How the kernels begin: "he_normal" [4]_ suits relu, "glorot_uniform" [5]_ tanh and sigmoid.
    l1, l2 : float, default=0.0
        Penalties on all kernels, ``l1 * sum(abs(w)) + l2 * sum(w**2)``. Usual: 1e-6 to 1e-2.
    optimizer : str, class or keras.optimizers.Optimizer, default="adam"
        "adam" [6]_, "adamw", "sgd", "rmsprop", "nadam", "adamax", "adagrad", "adadelta", "lion", "ftrl",
        "adafactor", "muon", or Keras's own. An instance keeps its own settings and is copied.
    learning_rate : float, default=2e-3
        The size of a step, the first thing to tune. Usual: 1e-4 to 1e-1, on a log scale.
    momentum : float in [0, 1], default=0.0
        Of "sgd" and "rmsprop". Usual: 0.9.
    weight_decay : float, default=0.0
        Decoupled decay of all weights [7]_, as a fraction of the learning rate. Usual: 1e-5 to 1e-1.
    batch_size : int or "full", default=32
        Rows in a step; "full" takes all of them.
    epochs : int, default=75
        Passes over the training rows.
    loss : str, keras.losses.Loss or callable, default=None
        None takes {loss}.
    metrics : list, default=None
        Keras metrics to follow in ``history_``.
    validation_split : float in [0, 1), default=None
        The fraction of the rows of `fit` held out to watch training, never to train on. None is 0.1 with
        `early_stopping` and 0 without.
    validation_shuffle : bool, default=True
        Whether these rows are drawn at random{split}; if not they are the last ones, as in Keras.
    early_stopping : bool, default=False
        Stop when the validation loss (or without validation the loss) is no longer getting smaller, and
        go back to the best weights.
    patience : int, default=10
        Epochs without improvement before `early_stopping` stops.
    callbacks : list of keras.callbacks.Callback, default=None
        Instances, or classes made anew for each fit.
    {extra}warm_start : bool, default=False
        Whether `fit` goes on from the present weights and the optimizer's state. Parameters of the network
        and the optimizer that were changed since are then not taken up.
    random_state : int, RandomState or None, default=None
        Seed of initial weights, order of rows, dropout and validation split. None draws fresh entropy,
        kept as ``seed_``. The state of a RandomState is read and not advanced.
    verbose : int or "auto", default=0
        As in `keras.Model.fit`; a compiled fit prints a line for each epoch.
    engine : {{"auto", "compiled", "keras"}}, default="auto"
        "auto" trains by a compiled program, and through `keras.Model.fit` what cannot be compiled;
        "compiled" makes that an error that says why; "keras" always trains through `keras.Model.fit`."""

ATTRIBUTES = """model_ : keras.Model
        The trained network.
    history_ : dict of str to list of float
        Loss and metrics by epoch; names that begin with ``val_`` are of the validation data.
    n_epochs_ : int
        Epochs in ``history_``.
    n_parameters_ : int
        Trainable weights and biases.
    seed_ : int
        ``random_state=seed_`` repeats this fit.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Only where `X` had names."""

REFERENCES = """.. [1] Srivastava et al., Dropout: a simple way to prevent overfitting, 2014.
    .. [2] Ioffe and Szegedy, Batch normalization, 2015.
    .. [3] Ba, Kiros and Hinton, Layer normalization, 2016.
    .. [4] He et al., Delving deep into rectifiers, 2015.
    .. [5] Glorot and Bengio, Understanding the difficulty of training deep feedforward networks, 2010.
    .. [6] Kingma and Ba, Adam: a method for stochastic optimization, 2015.
    .. [7] Loshchilov and Hutter, Decoupled weight decay regularization, 2019."""


CLASS_WEIGHT = """class_weight : dict or "balanced", default=None
        Weights of the classes' rows in the loss; "balanced" makes all classes count the same,
        rows counted by their sample weight.
    """


def parameters(**parts: str) -> str:
    """The descriptions of the parameters, with the parts in which the two estimators differ."""
    return PARAMETERS.format(**parts)
