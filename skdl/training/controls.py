"""The hyperparameters of training that every estimator has: their ranges and what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skdl.common.parameter_checks import NONE, Kind, Number, Options, Rule
from skdl.training import schedules, stopping
from skdl.training.precision import NAMES as PRECISIONS

RULES: Mapping[str, tuple[Rule, ...]] = {
    **schedules.RULES,
    **stopping.RULES,
    "mixup": (Number(0),),
    "precision": (Options(PRECISIONS), NONE),
}

# Rows of a step: a number, a fraction, or all.
BATCH_SIZE: tuple[Rule, ...] = (
    Number(1, integer=True),
    Kind(
        lambda v: isinstance(v, (float, np.floating)) and bool(0 < v < 1),
        "a fraction of the rows above 0 and below 1",
        "0.1",
    ),
    Options(("full",)),
)

PARAMETERS = f"""{schedules.PARAMETERS}{stopping.PARAMETERS}mixup : float, default=0.0
        Each row is blended with another one, inputs and targets, with shares drawn from
        Beta(mixup, mixup) (Zhang et al., mixup: beyond empirical risk minimization, 2018). Usual: 0.1 to
        0.4; 0 leaves rows as they are. Classes need a loss with a column for each.
    precision : {{"float32", "mixed_bfloat16", "mixed_float16"}}, default=None
        What the network computes in, its weights being float32; with "mixed_float16" the loss is scaled
        (Micikevicius et al., Mixed precision training, 2018). None is Keras's own setting, float32 unless
        it was changed.
    """

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
        ``random_state=seed_`` repeats this fit."""


def batch_size_of(batch_size: Any) -> int | float | None:
    """A checked batch size as a job takes it: None is all rows, a float a fraction of them."""
    if isinstance(batch_size, str):
        return None
    return float(batch_size) if isinstance(batch_size, (float, np.floating)) else int(batch_size)
