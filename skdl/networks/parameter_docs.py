"""What each hyperparameter of the ready networks is, and its range."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.common.parameter_checks import BOOLEAN, NONE, Kind, Number, Options, Rule
from skdl.engine.compiled import ENGINES
from skdl.training.controls import ATTRIBUTES as OF_TRAINING
from skdl.training.controls import BATCH_SIZE
from skdl.training.controls import PARAMETERS as CONTROL_PARAMETERS
from skdl.training.controls import RULES as CONTROL_RULES
from skdl.training.optimizers import NAMES as OPTIMIZERS
from skdl.training.optimizers import PARAMETERS as OPTIMIZER_PARAMETERS
from skdl.training.optimizers import RULES as OPTIMIZER_RULES

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
    "gaussian_noise": (Number(0),),
    "normalization": (Options(("batch", "layer")), NONE),
    "kernel_initializer": (
        Kind(lambda v: isinstance(v, str), "a name", "'he_normal'"),
        Kind(lambda v: hasattr(v, "get_config") and callable(v), "a Keras initializer", "None"),
    ),
    "l1": (Number(0),),
    "l2": (Number(0),),
    "max_norm": (Number(0, low_open=True), NONE),
    "optimizer": (Options(OPTIMIZERS), _of_keras("optimizers.Optimizer")),
    **OPTIMIZER_RULES,
    **CONTROL_RULES,
    "batch_size": BATCH_SIZE,
    "epochs": (Number(1, integer=True),),
    "loss": (Kind(lambda v: isinstance(v, str), "a name", "'mse'"), _CALLABLE, NONE),
    "metrics": (Kind(lambda v: isinstance(v, (list, tuple)), "a list", "['accuracy']"), NONE),
    "validation_split": (Number(0, 1, high_open=True), NONE),
    "validation_shuffle": (BOOLEAN,),
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
    "label_smoothing": (Number(0, 1, high_open=True),),
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
    gaussian_noise : float, default=0.0
        The standard deviation of noise added to the inputs in a training step (Bishop, Training with noise
        is equivalent to Tikhonov regularization, 1995). Usual, for scaled inputs: 0.05 to 0.3.
    normalization : {{None, "batch", "layer"}}, default=None
        Between the weights and the activation of each hidden layer: over the rows of a batch [2]_, or
        over the units of a row [3]_.
    kernel_initializer : str or keras.initializers.Initializer, default="glorot_uniform"
        How the kernels begin, by a name of ``keras.initializers``. "auto" is "he_normal" [4]_ before relu
        and its relatives, "lecun_normal" before selu (Klambauer et al., 2017), and "glorot_uniform" [5]_
        before tanh, sigmoid and all others, which suits deep networks; "orthogonal" is of Saxe et al.
        (2014).
    l1, l2 : float, default=0.0
        Penalties on all kernels, ``l1 * sum(abs(w)) + l2 * sum(w**2)`` (Tibshirani, 1996; Krogh and Hertz,
        A simple weight decay can improve generalization, 1992). Usual: 1e-6 to 1e-2.
    max_norm : float, default=None
        The norm of the weights that lead to a hidden unit is at most this (Srebro and Shraibman, 2005; with
        dropout [1]_). Usual: 1 to 4.
    optimizer : str, class or keras.optimizers.Optimizer, default="adam"
        "adam" and "adamax" [6]_, "adamw" [7]_, "sgd", "rmsprop" (Tieleman and Hinton, 2012), "nadam" (Dozat,
        2016), "adagrad" (Duchi et al., 2011), "adadelta" (Zeiler, 2012), "lion" (Chen et al., 2023), "ftrl"
        (McMahan et al., 2013), "adafactor" (Shazeer and Stern, 2018), "muon" (Jordan et al., 2024), or
        Keras's own. An instance keeps its own settings and is copied.
    {optimizer}{controls}batch_size : int, float in (0, 1) or "full", default=32
        Rows in a step: a number of them, a fraction of those to train on, or all.
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

ATTRIBUTES = f"""model_ : keras.Model
        The trained network, with the ``history`` that Keras leaves there: that of the last fit.
    history_ : dict of str to list of float
        Loss and metrics by epoch; names that begin with ``val_`` are of the validation data.
    {OF_TRAINING}
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


OF_CLASSIFIERS = """class_weight : dict or "balanced", default=None
        Weights of the classes' rows in the loss, also in that of validation; "balanced" makes all classes
        count the same, rows counted by their sample weight.
    label_smoothing : float in [0, 1), default=0.0
        The loss is told that labels are right by this much less (Szegedy et al., Rethinking the Inception
        architecture, 2016). Usual: 0.05 to 0.2.
    """


def parameters(**parts: str) -> str:
    """The descriptions of the parameters, with the parts in which the two estimators differ."""
    return PARAMETERS.format(optimizer=OPTIMIZER_PARAMETERS, controls=CONTROL_PARAMETERS, **parts)
