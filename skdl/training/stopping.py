"""When training ends, and when its learning rate falls because nothing gets better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skdl.common.declarations import Declaration, Group
from skdl.common.parameter_checks import BOOLEAN, NONE, Kind, Number, plain

# A network still improves where the last tenth of its epochs made it better by more than a hundredth.
LAST_PART, BY_MORE_THAN = 0.1, 0.01


@dataclass(frozen=True)
class StoppingSettings:
    """What is watched while a network trains, and what happens when it no longer gets better.

    Each attribute is the hyperparameter of its name, which `STOPPING` describes.
    """

    early_stopping: bool = False
    monitor: str | None = None
    patience: int = 10
    min_delta: float = 0.0
    start_from_epoch: int = 0
    restore_best_weights: bool = True
    reduce_lr_patience: int | None = None
    reduce_lr_factor: float = 0.1
    min_learning_rate: float = 0.0
    max_seconds: float | None = None

    def watched(self, *, validated: bool) -> str:
        """The name of the curve that is watched."""
        return self.monitor or ("val_loss" if validated else "loss")


def still_improving(curve: Sequence[float], *, rises: bool) -> bool:
    """Whether the last tenth of the epochs of `curve` made it better by more than a hundredth.

    Examples
    --------
    >>> still_improving([1.0, 0.5, 0.25], rises=False)
    True
    >>> still_improving([1.0, 0.5, 0.499], rises=False)
    False
    """
    last = max(1, round(LAST_PART * len(curve)))
    before, after = curve[:-last], curve[-last:]
    if not before:
        return False
    was, now = (max(before), max(after)) if rises else (min(before), min(after))
    return (now - was if rises else was - now) > BY_MORE_THAN * abs(was)


_DEFAULTS = StoppingSettings()
STOPPING = Group(
    "Stopping",
    (
        Declaration(
            "early_stopping",
            _DEFAULTS.early_stopping,
            (BOOLEAN,),
            "bool",
            "bool",
            "Stop when `monitor` has not improved for `patience` epochs (Prechelt, Early stopping - but "
            "when?, 1998).",
        ),
        Declaration(
            "monitor",
            _DEFAULTS.monitor,
            (Kind(lambda v: isinstance(v, str) and bool(v), "a name", "'val_loss'"), NONE),
            "str | None",
            "str",
            "The curve of ``history_`` that stopping and the falling learning rate watch, such as "
            '"val_loss" or "val_accuracy". None is the validation loss, or without validation the loss.',
        ),
        Declaration(
            "patience",
            _DEFAULTS.patience,
            (Number(0, integer=True),),
            "int",
            "int",
            "Epochs without improvement before `early_stopping` stops.",
            "5 to 20",
        ),
        Declaration(
            "min_delta",
            _DEFAULTS.min_delta,
            (Number(0),),
            "float",
            "float",
            "Smallest change of `monitor` that counts as an improvement.",
            "0 to 1e-3",
        ),
        Declaration(
            "start_from_epoch",
            _DEFAULTS.start_from_epoch,
            (Number(0, integer=True),),
            "int",
            "int",
            "Epochs that pass before `early_stopping` begins to watch.",
        ),
        Declaration(
            "restore_best_weights",
            _DEFAULTS.restore_best_weights,
            (BOOLEAN,),
            "bool",
            "bool",
            "Whether `early_stopping` goes back to the weights of the best epoch.",
        ),
        Declaration(
            "reduce_lr_patience",
            _DEFAULTS.reduce_lr_patience,
            (Number(0, integer=True), NONE),
            "int | None",
            "int",
            "Epochs without improvement before the learning rate is reduced, together with the rest of "
            "`learning_rate_schedule`. None never reduces the learning rate.",
            "3 to 10, less than `patience`",
        ),
        Declaration(
            "reduce_lr_factor",
            _DEFAULTS.reduce_lr_factor,
            (Number(0, 1, low_open=True, high_open=True),),
            "float",
            "float in (0, 1)",
            "What multiplies the learning rate after `reduce_lr_patience` epochs without improvement.",
            "0.1 to 0.5",
        ),
        Declaration(
            "min_learning_rate",
            _DEFAULTS.min_learning_rate,
            (Number(0),),
            "float",
            "float",
            "The learning rate falls no lower than this.",
        ),
        Declaration(
            "max_seconds",
            _DEFAULTS.max_seconds,
            (Number(0, low_open=True), NONE),
            "float | None",
            "float",
            "Training ends with the epoch in which it has taken so many seconds. The clock runs while this "
            "fit trains: not while its program is compiled, nor between its calls. It is the one setting "
            "by which a result depends on the speed of the machine. None sets no limit.",
        ),
    ),
)


def stopping_of(params: Mapping[str, Any]) -> StoppingSettings:
    """What an estimator's parameters, which are checked, say of stopping."""
    return StoppingSettings(**{name: plain(params[name]) for name in STOPPING.names})
