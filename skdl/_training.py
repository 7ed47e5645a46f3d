"""What a fit is told besides its rows: how to train, and on what to check it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from skdl.exceptions import InvalidParameterError


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


@dataclass(frozen=True)
class Training:
    """How an estimator wants a fit to be run, after its own parameters and what `fit` was told."""

    epochs: int
    batch_size: int | None  # None: all rows
    validation_batch_size: int | None = None  # None: as batch_size
    validation_split: float = 0.0
    validation_shuffle: bool = True
    shuffle: bool = True
    verbose: int | str = 0
    callbacks: tuple[Any, ...] = ()
    initial_epoch: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
