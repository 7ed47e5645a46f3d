"""The nouns of the engine: what one fit is, and what comes out of it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from skdl.engine.rows.arrays import Samples

if TYPE_CHECKING:
    from skdl.engine.network.network import Network
    from skdl.engine.network.state import NetworkState


@dataclass(frozen=True, eq=False)
class FitJob:
    """One fit: everything its result depends on.

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
        optimizer. What a ``ReduceLROnPlateau`` among the callbacks multiplies the rate by, it multiplies
        all later ones by.
    max_seconds : float or None
        Training ends with the epoch in which it has taken so long.
    mixup : float
        Rows are blended with others, with shares from Beta(mixup, mixup); 0 leaves them as they are.
    callbacks : tuple of keras.callbacks.Callback
    options : mapping
        Further arguments of `keras.Model.fit`.
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
    callbacks: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


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
        The number of epochs trained.
    stop_reason : StopReason
    plan : str
        One sentence on how the job was run.
    """

    end: NetworkState
    history: Mapping[str, tuple[float, ...]]
    n_epochs: int
    stop_reason: StopReason
    plan: str


class EpochObserver(Protocol):
    """Somebody who is told of each epoch and may ask to stop."""

    def on_epoch_begin(self, epoch: int) -> None:
        """Hear that `epoch`, counted from zero, begins."""

    def on_epoch_end(self, epoch: int, state: Callable[[], NetworkState]) -> bool:
        """Hear that `epoch` is over, with its state on request; True asks to stop."""
