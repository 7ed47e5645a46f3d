"""The hyperparameters and fitted attributes that ready networks and wrappers share, each declared once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skdl.common.declarations import Declaration
from skdl.common.parameter_checks import BOOLEAN, NONE, Kind, Number, Options, of_keras
from skdl.engine.compiled import ENGINES
from skdl.training.precision import NAMES as PRECISIONS

MIXUP = Declaration(
    "mixup",
    0.0,
    (Number(0),),
    "float",
    "float",
    "Each row is blended with another one, inputs and targets, with shares drawn from Beta(mixup, mixup) "
    "(Zhang et al., mixup: beyond empirical risk minimization, 2018). 0 leaves rows as they are. The "
    "loss of a classifier must take a column for each class.",
    "0.1 to 0.4",
)
CLASS_WEIGHT = Declaration(
    "class_weight",
    None,
    (
        Options(("balanced",)),
        Kind(lambda v: isinstance(v, Mapping), "a dict", "{0: 1.0, 1: 2.0}"),
        NONE,
    ),
    "Mapping[Any, float] | str | None",
    'dict or "balanced"',
    'The weight of each class in the training loss and in the validation loss. "balanced" gives all classes '
    "the same total weight, in which each row counts by its sample weight.",
)
BATCH_SIZE = Declaration(
    "batch_size",
    32,
    (
        Number(1, integer=True),
        Kind(
            lambda v: isinstance(v, (float, np.floating)) and bool(0 < v < 1),
            "a fraction of the rows above 0 and below 1",
            "0.1",
        ),
        Options(("full",)),
    ),
    "int | float | str",
    'int, float in (0, 1) or "full"',
    'Rows in a step: an int is a number of rows, a float a fraction of the training rows, and "full" all '
    "training rows.",
    "16 to 512",
)
EPOCHS = Declaration(
    "epochs",
    1,
    (Number(1, integer=True),),
    "int",
    "int",
    "Passes over the training rows.",
    "20 to 500",
)
VALIDATION_SPLIT = Declaration(
    "validation_split",
    0.0,
    (Number(0, 1, high_open=True), NONE),
    "float",
    "float in [0, 1)",
    "The fraction of the rows of `fit` held out to watch training, never to train on.",
    "0.1 to 0.2",
)
VALIDATION_SHUFFLE = Declaration(
    "validation_shuffle",
    True,
    (BOOLEAN,),
    "bool",
    "bool",
    "Whether the validation rows are drawn at random; a classifier stratifies them by label. If False, the "
    "last rows of `X` are held out, as in Keras.",
)
PRECISION = Declaration(
    "precision",
    None,
    (Options(PRECISIONS), NONE),
    "str | None",
    '{"float32", "mixed_bfloat16", "mixed_float16"}',
    'What the network computes in, its weights being float32; with "mixed_float16" the loss is scaled '
    "(Micikevicius et al., Mixed precision training, 2018). None is Keras's own setting, float32 unless it "
    "was changed.",
)
CALLBACKS = Declaration(
    "callbacks",
    None,
    (
        Kind(
            lambda v: isinstance(v, (list, tuple)), "a list", "[keras.callbacks.TerminateOnNaN()]"
        ),
        of_keras("callbacks.Callback"),
        NONE,
    ),
    "Any",
    "list of keras.callbacks.Callback",
    "Instances, or classes made anew for each fit.",
)
WARM_START = Declaration(
    "warm_start",
    False,
    (BOOLEAN,),
    "bool",
    "bool",
    "Whether `fit` goes on from the present weights and the optimizer's state. Parameters of the network "
    "and the optimizer that were changed since are then not taken up.",
)
RANDOM_STATE = Declaration(
    "random_state",
    None,
    (),  # `draw_seed` checks it
    "Any",
    "int, RandomState or None",
    "Seed of initial weights, order of rows, noise layers such as dropout, and validation split. None draws "
    "fresh entropy, kept as ``seed_``. The state of a RandomState is read and not advanced.",
)
VERBOSE = Declaration(
    "verbose",
    0,
    (BOOLEAN, Number(0, 2, integer=True), Options(("auto",))),
    "int | str",
    'int or "auto"',
    "As in `keras.Model.fit`; a compiled fit prints a line for each epoch.",
)
ENGINE = Declaration(
    "engine",
    "auto",
    (Options(ENGINES),),
    "str",
    '{"auto", "compiled", "keras"}',
    '"auto" trains by a compiled program, and through `keras.Model.fit` what cannot be compiled; "compiled" '
    'makes that an error that says why; "keras" always trains through `keras.Model.fit`.',
)

# The fitted attributes of every estimator, as lines of an Attributes section.
ATTRIBUTES = """n_epochs_ : int
        Epochs in ``history_``.
    best_epoch_ : int
        The index in ``history_`` of the epoch in which `monitor` was best.
    stop_reason_ : StopReason
        Why training ended; its ``advice`` says what to do about it.
    stop_message_ : str
        The same in one line, with numbers.
    n_parameters_ : int
        Trainable weights and biases.
    seed_ : int
        ``random_state=seed_`` repeats this fit.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Only where `X` had names."""


def batch_size_of(batch_size: Any) -> int | float | None:
    """A checked batch size as a job takes it: None is all rows, a float a fraction of them."""
    if isinstance(batch_size, str):
        return None
    return float(batch_size) if isinstance(batch_size, (float, np.floating)) else int(batch_size)
