"""What a fit is told besides its rows: how to train, and on what to check it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.exceptions import InvalidParameterError
from skdl.training.given_schedules import GivenSchedule
from skdl.training.schedules import RangeTest, Schedule
from skdl.training.stopping import StoppingSettings


@dataclass(frozen=True)
class Validation:
    """The fixed validation data that a user hands to `fit`."""

    X: Any = None
    y: Any = None
    weight: Any = None

    def __post_init__(self) -> None:
        if (self.X is None) != (self.y is None):
            given, missing = ("X_val", "y_val") if self.y is None else ("y_val", "X_val")
            raise InvalidParameterError(
                f"Got {given} without {missing}, expected both or neither: pass {missing} too."
            )
        if self.weight is not None and self.X is None:
            raise InvalidParameterError(
                "Got sample_weight_val without X_val, expected the rows that it weighs: pass X_val and "
                "y_val too."
            )

    @classmethod
    def of(cls, X: Any, y: Any, weight: Any, data: Any) -> Validation:
        """That of scikit-learn's arguments, or of `data`, which is Keras's ``validation_data``."""
        if data is None:
            return cls(X, y, weight)
        if not (X is None and y is None and weight is None):
            raise InvalidParameterError(
                "Got validation_data and X_val, y_val or sample_weight_val, expected one of them: "
                "leave validation_data away."
            )
        if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
            raise InvalidParameterError(
                f"Got validation_data of type {type(data).__name__}, expected a tuple (X, y) or "
                "(X, y, sample_weight): pass X_val and y_val."
            )
        return cls(*data)


@dataclass(frozen=True)
class Training:
    """How an estimator wants a fit to be run, after its own parameters and what `fit` was told."""

    epochs: int
    batch_size: int | float | None  # None: all rows; a float is a fraction of them
    validation_batch_size: int | None = None  # None: as batch_size
    validation_split: float = 0.0
    validation_shuffle: bool = True
    shuffle: bool = True
    verbose: int | str = 0
    callbacks: tuple[Any, ...] = ()
    initial_epoch: int = 0
    schedule: Schedule | GivenSchedule | RangeTest | None = None
    scheduled_epochs: int = 0  # over which it goes
    stopping: StoppingSettings = StoppingSettings()
    mixup: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rate_is_called(self) -> bool:
        """Whether a callback sets the learning rate."""
        if not self.callbacks:
            return False
        kind = load_keras().callbacks.LearningRateScheduler
        return any(isinstance(callback, kind) for callback in self.callbacks)

    def rows_per_batch(self, rows: int) -> int:
        """The rows of a step of a fit on `rows` rows.

        Examples
        --------
        >>> [Training(epochs=1, batch_size=size).rows_per_batch(100) for size in (32, 0.25, 500, None)]
        [32, 25, 100, 100]
        """
        if self.batch_size is None:
            return rows
        if isinstance(self.batch_size, float):
            return max(1, round(self.batch_size * rows))
        return min(self.batch_size, rows)

    def rates(self, owner: str, learning_rate: float | None, steps: int) -> np.ndarray | None:
        """The learning rate of each step of the fit, where a schedule says it.

        Parameters
        ----------
        owner : str
            The estimator's name, for the message.
        learning_rate : float or None
            What the schedule begins with; None where the optimizer has a schedule of its own, or several.
        steps : int
            Of an epoch.
        """
        if self.schedule is None:
            return None
        if self.rate_is_called:
            raise InvalidParameterError(
                f"{owner}: {self.schedule.setting} sets the rate of each step. Got the callback "
                "LearningRateScheduler, which sets it too; expected one of the two: leave the callback away."
            )
        if learning_rate is None:
            raise InvalidParameterError(
                f"{owner}: {self.schedule.setting} needs a learning rate to begin "
                "with. Got an optimizer that has a schedule of its own, or several rates; expected one whose "
                "learning_rate is a number: leave one of the two schedules away."
            )
        planned = self.scheduled_epochs * steps
        rates = self.schedule.rates(learning_rate, planned, steps)
        # Who trains on after the end of a schedule does it with its last rate.
        return rates[
            np.arange(self.initial_epoch * steps, self.epochs * steps).clip(max=planned - 1)
        ]
