"""When training ends, and when its learning rate falls because nothing gets better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skdl.common.parameter_checks import BOOLEAN, NONE, Kind, Number, Rule, plain

# A network still improves where the last tenth of its epochs made it better by more than a hundredth.
LAST_PART, BY_MORE_THAN = 0.1, 0.01


@dataclass(frozen=True)
class StoppingSettings:
    """What is watched while a network trains, and what happens when it no longer gets better.

    Attributes
    ----------
    early_stopping : bool
    monitor : str or None
        The name of a curve of ``history_``; None is the validation loss, or the loss without validation.
    patience : int
        Epochs without improvement before training stops.
    min_delta : float
        Less than this is no improvement, for stopping and for the learning rate.
    start_from_epoch : int
        Epochs before any counts for stopping.
    restore_best_weights : bool
    reduce_lr_patience : int or None
        Epochs without improvement before the learning rate falls; None never lets it fall.
    reduce_lr_factor, min_learning_rate : float
        What it is multiplied by, and where that ends.
    max_seconds : float or None
        Of training.
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


def stopping_of(params: Mapping[str, Any]) -> StoppingSettings:
    """What an estimator's parameters, which are checked, say of stopping."""
    return StoppingSettings(**{name: plain(params[name]) for name in RULES})


RULES: Mapping[str, tuple[Rule, ...]] = {
    "early_stopping": (BOOLEAN,),
    "monitor": (Kind(lambda v: isinstance(v, str) and bool(v), "a name", "'val_loss'"), NONE),
    "patience": (Number(0, integer=True),),
    "min_delta": (Number(0),),
    "start_from_epoch": (Number(0, integer=True),),
    "restore_best_weights": (BOOLEAN,),
    "reduce_lr_patience": (Number(0, integer=True), NONE),
    "reduce_lr_factor": (Number(0, 1, low_open=True, high_open=True),),
    "min_learning_rate": (Number(0),),
    "max_seconds": (Number(0, low_open=True), NONE),
}

PARAMETERS = """early_stopping : bool, default=False
        Stop when `monitor` has not improved for `patience` epochs (Prechelt, Early stopping - but when?,
        1998).
    monitor : str, default=None
        The curve of ``history_`` that stopping and the falling learning rate watch, such as "val_loss" or
        "val_accuracy". None is the validation loss, or without validation the loss.
    patience : int, default=10
        Epochs without improvement before `early_stopping` stops. Usual: 5 to 20.
    min_delta : float, default=0.0
        A smaller change of `monitor` is no improvement.
    start_from_epoch : int, default=0
        Epochs that pass before `early_stopping` begins to watch.
    restore_best_weights : bool, default=True
        Whether `early_stopping` goes back to the weights of the best epoch.
    reduce_lr_patience : int, default=None
        Epochs without improvement after which the learning rate falls, and so does all that follows in
        `learning_rate_schedule`; None never lets it fall. Usual: 3 to 10, less than `patience`.
    reduce_lr_factor : float in (0, 1), default=0.1
        What the learning rate is then multiplied by. Usual: 0.1 to 0.5.
    min_learning_rate : float, default=0.0
        It falls no lower than this.
    max_seconds : float, default=None
        Training ends with the epoch in which it has taken so many seconds. The clock runs while this fit
        trains: not while its program is compiled, nor between its calls. It is the one setting by which a
        result depends on the speed of the machine.
    """
