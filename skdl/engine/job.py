"""The nouns of the engine: what one fit is, and what comes out of it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from skdl.engine.network.network import Network
    from skdl.engine.network.state import NetworkState
    from skdl.engine.rows.arrays import Samples


@dataclass(frozen=True)
class Stopping:
    """What a fit watches, and what it does when that gets no better.

    Attributes
    ----------
    monitor : str
        The name of a curve.
    rises : bool
        Whether higher is better.
    early_stopping : bool
        Whether training stops.
    patience : int
        Epochs without improvement before it does.
    min_delta : float
        Less than this is no improvement, for stopping and for the learning rate.
    start_from_epoch : int
        Epochs before any counts for stopping, as callbacks count.
    restore_best_weights : bool
        Whether a fit that may stop ends with the weights of its best epoch.
    reduce_lr_patience : int or None
        Epochs without improvement before the learning rate falls; None never lets it fall.
    reduce_lr_factor, min_learning_rate : float
        What it is multiplied by, and where that ends.
    """

    monitor: str
    rises: bool = False
    early_stopping: bool = False
    patience: int = 10
    min_delta: float = 0.0
    start_from_epoch: int = 0
    restore_best_weights: bool = True
    reduce_lr_patience: int | None = None
    reduce_lr_factor: float = 0.1
    min_learning_rate: float = 0.0


@dataclass(frozen=True, eq=False)
class StoppingMemory:
    """What `Stopping` has seen of a fit so far.

    Attributes
    ----------
    wait : int
        Epochs since the best one.
    best : float or None
        The best value that counts for stopping; None before the first epoch that counts.
    best_epoch, stopped_epoch : int
        The epoch of this value, and the one after which training stopped (0 if it did not), as callbacks
        count.
    best_weights : tuple of ndarray, or None
        As `keras.Model.get_weights` has them, where they are restored in the end.
    plateau_wait : int
        Epochs since the learning rate, or the value that counts for it, changed.
    plateau_best : float or None
        The best value that counts for the learning rate.
    rate_factor : float
        The product of all factors by which the learning rate has fallen; a schedule goes on with it.
    """

    wait: int = 0
    best: float | None = None
    best_epoch: int = 0
    stopped_epoch: int = 0
    best_weights: tuple[np.ndarray, ...] | None = None
    plateau_wait: int = 0
    plateau_best: float | None = None
    rate_factor: float = 1.0

    @property
    def stopped(self) -> bool:
        """Whether early stopping has ended the fit, which cannot happen after epoch 0."""
        return self.stopped_epoch > 0


@dataclass(frozen=True, eq=False)
class LastState:
    """The raw state after the last epoch of a fit, from which an equal job of more epochs can go on.

    Attributes
    ----------
    network : NetworkState
        Before the best weights are restored, and before an average of weights takes their place.
    epoch : int
        The epoch that would be next, as callbacks count.
    history : mapping of str to tuple of float
        The curves so far.
    stopping : StoppingMemory
        What `Stopping` has seen of the fit.
    unseeded : ndarray or None
        The state of the generator from which calls without a seed draw, in the Keras loop.
    seconds : float
        How long the epochs took.
    settings : mapping
        What has to be the same in a job that goes on from here, by its names: all that the result depends
        on, large parts as digests, and the learning rates of the steps that were run.
    """

    network: NetworkState
    epoch: int
    history: Mapping[str, tuple[float, ...]]
    stopping: StoppingMemory
    unseeded: np.ndarray | None = None
    seconds: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stopped(self) -> bool:
        """Whether the fit stopped for good: no epoch follows."""
        return self.stopping.stopped


@dataclass(frozen=True, eq=False)
class FitJob:
    """One fit as plain data: everything that its result depends on, except callbacks of the user.

    Keras callbacks of the user are live objects. They are an argument of `AbstractEngine.train` beside the
    job, and a job that is run with some can neither be kept nor resumed.

    Attributes
    ----------
    network : Network
        The compiled network; many jobs may share it.
    start : NetworkState
        Its weights and the state of its optimizer at the beginning.
    training : Samples
    validation : Samples or None
    epochs : int
        The epoch to train up to, counted from zero; ``epochs - initial_epoch`` epochs are trained.
    batch_size, validation_batch_size : int
        In rows.
    seed : int
        The seed of the batch orders.
    initial_epoch : int
        Where Keras and its callbacks start to count.
    trained_epochs : int
        How many epochs this network was trained before: where the stream of batch orders goes on.
    shuffle : bool
        Whether each epoch has an order of its own; if not, rows keep theirs.
    verbose : int or str
        As in `keras.Model.fit`.
    rates : ndarray of shape (n_steps,), or None
        The learning rate of each step, counted from the first one of this fit; None leaves it to the
        optimizer. If the rate falls because of `stopping`, or of a ``ReduceLROnPlateau`` among the
        callbacks, the same factor multiplies all later rates.
    max_seconds : float or None
        Training ends with the epoch in which it has taken so long.
    mixup : float
        Rows are blended with others, with shares from Beta(mixup, mixup); 0 leaves them as they are.
    stopping : Stopping or None
        What is watched, and when training ends or its rate falls because of that.
    options : mapping
        Further arguments of `keras.Model.fit`.
    keep_last : bool
        Whether the result has `FitResult.last`.
    resume : LastState or None
        The last state of an equal job of fewer epochs or seconds. The result equals the result of one fit
        without a pause. Only `epochs`, `max_seconds`, `verbose`, `keep_last` and the rates of steps that are
        still to come may differ.
    """

    network: Network
    start: NetworkState
    training: Samples
    validation: Samples | None
    epochs: int
    batch_size: int
    validation_batch_size: int
    seed: int
    initial_epoch: int = 0
    trained_epochs: int = 0
    shuffle: bool = True
    verbose: int | str = 0
    rates: np.ndarray | None = None
    max_seconds: float | None = None
    mixup: float = 0.0
    stopping: Stopping | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    keep_last: bool = False
    resume: LastState | None = None

    @property
    def first_epoch(self) -> int:
        """The first epoch that is still to be trained."""
        return self.initial_epoch if self.resume is None else self.resume.epoch


class StopReason(enum.Enum):
    """Why training ended.

    Attributes
    ----------
    advice : str
        What to do about it; empty where there is nothing to do.

    Examples
    --------
    >>> StopReason.STILL_IMPROVING.value
    'ran all epochs and was still improving'
    >>> StopReason.STILL_IMPROVING.advice
    'raise epochs'
    """

    advice: str

    EPOCHS_DONE = "ran all epochs", ""
    STILL_IMPROVING = "ran all epochs and was still improving", "raise epochs"
    NO_IMPROVEMENT = "no longer improved for as many epochs as patience says", ""
    STOPPED_EARLY = "a callback stopped training before the last epoch", ""
    TIME_IS_UP = (
        "max_seconds were over before the last epoch",
        "raise max_seconds, or ask for fewer epochs so that a schedule comes to its end",
    )
    DIVERGED = (
        "the last loss or the weights are not finite numbers",
        "lower the learning rate, clip the gradients, or scale X and y",
    )

    def __new__(cls, text: str, advice: str) -> StopReason:
        """A member whose value is its text alone."""
        member = object.__new__(cls)
        member._value_ = text
        member.advice = advice
        return member

    def message(self, epochs: int) -> str:
        """One line for people, after a fit of `epochs` epochs.

        Examples
        --------
        >>> StopReason.STILL_IMPROVING.message(50)
        'ran all 50 epochs and was still improving: raise epochs'
        """
        text = self.value.replace("all epochs", f"all {epochs} epochs")
        return f"{text}: {self.advice}" if self.advice else text


@dataclass(frozen=True, eq=False)
class FitResult:
    """What one fit gave, as plain numbers.

    Attributes
    ----------
    end : NetworkState
        Weights and the state of the optimizer after training.
    history : mapping of str to tuple of float
        Loss and metrics by epoch, named as Keras names them; a list of floats in the place of each number
        where a metric has several.
    n_epochs : int
        The number of epochs trained, including those of the fit that `FitJob.resume` continues.
    stop_reason : StopReason
    plan : str
        One sentence on how the job was run.
    best_epoch : int or None
        The place in `history` of the best epoch, by what early stopping counts; None where it does not watch,
        or has seen no epoch that counts.
    stopped_epoch : int or None
        The place of the epoch after which early stopping ended the fit; None where it did not.
    last : LastState or None
        The raw state after the last epoch, where the job asked for it.
    """

    end: NetworkState
    history: Mapping[str, tuple[float, ...]]
    n_epochs: int
    stop_reason: StopReason
    plan: str
    best_epoch: int | None = None
    stopped_epoch: int | None = None
    last: LastState | None = None


class EpochObserver(Protocol):
    """Somebody who is told of each epoch and may ask to stop."""

    def on_epoch_begin(self, epoch: int) -> None:
        """Hear that `epoch`, counted from zero, begins."""

    def on_epoch_end(self, epoch: int, state: Callable[[], NetworkState]) -> bool:
        """Hear that `epoch` is over, with its state on request; True asks to stop."""
