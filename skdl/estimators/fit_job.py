"""How checked rows and settings become a `FitJob`: one fit as plain data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skdl.common.keras_settings import floatx
from skdl.engine.job import FitJob
from skdl.engine.network.network import Network
from skdl.engine.network.state import NetworkState
from skdl.engine.rows.arrays import Arrays, Samples, leaves, map_arrays, n_steps, network_array
from skdl.engine.rows.mixup import obstacle_to_mixup
from skdl.engine.rows.tensors import with_room
from skdl.estimators.batch_checks import check_batches
from skdl.estimators.fit_settings import Training
from skdl.estimators.row_weights import scale_weights
from skdl.estimators.watched_curve import stopping_of_job
from skdl.exceptions import InvalidParameterError
from skdl.training.schedules import Schedule


@dataclass(frozen=True)
class MadeNetwork:
    """What the first fit of an estimator makes of its data.

    Attributes
    ----------
    network : Network
    target : Arrays
        `y` as the network takes it, all rows.
    takes_class_numbers : bool
        Whether a loss takes the number of a class, and no column for each class.
    reading : object
        What reads the outputs of the network; the estimator that gave it knows how.
    """

    network: Network
    target: Arrays
    takes_class_numbers: bool = False
    reading: Any = None


@dataclass(frozen=True)
class Learnt:
    """What an estimator has learnt of the data of its first fit, and how far it has trained since.

    Attributes
    ----------
    row_shape, target_shape : tuple of int
        Of one row of `X` and of `y`.
    takes_class_numbers : bool
    reading : object
        As in `MadeNetwork`.
    learning_rate : float or None
        What a schedule begins with; None where the optimizer has a schedule of its own, or several rates.
    trained_epochs : int
        How many epochs the network was trained, also in fits whose history is gone.
    was_scheduled : bool
        Whether the last fit left the optimizer with the last rate of a schedule.
    """

    row_shape: tuple[int, ...]
    target_shape: tuple[int, ...]
    takes_class_numbers: bool = False
    reading: Any = None
    learning_rate: float | None = None
    trained_epochs: int = 0
    was_scheduled: bool = False

    def of(self, made: MadeNetwork) -> Learnt:
        """The same with what was learnt as the network was made."""
        return replace(
            self,
            takes_class_numbers=made.takes_class_numbers,
            reading=made.reading,
            # As it was given: the rate of a trained model is the last rate of a schedule.
            learning_rate=made.network.learning_rate,
        )

    def after(self, job: FitJob, n_epochs: int) -> Learnt:
        """The same after a fit of `n_epochs` epochs."""
        return replace(
            self,
            trained_epochs=self.trained_epochs + n_epochs,
            was_scheduled=job.rates is not None,
        )


def samples_of(x: Arrays, target: Arrays, weight: np.ndarray | None, n_rows: int) -> Samples:
    """Rows as the network takes them, from what encoders made of `n_rows` rows."""
    if weight is not None and not weight.any():
        raise ValueError(
            "class_weight and sample_weight leave no row of positive weight among those to train on or "
            "those held out. Expected one at least: give a class that is held out a weight above 0."
        )
    x, rooms = with_room(x)
    scaled = None if weight is None else network_array(scale_weights(weight))
    check_rows(n_rows, x)
    check_rows(n_rows, target)
    return Samples(x, target, scaled, rooms)


def check_rows(n_rows: int, arrays: Arrays) -> None:
    """Raise where an encoder made other rows of `n_rows` rows."""
    for leaf in leaves(arrays):
        if leaf.shape[0] != n_rows:
            raise ValueError(
                f"An encoder changed the number of rows. Got an array of {leaf.shape[0]} rows from "
                f"{n_rows}, expected as many."
            )


def job_of(
    owner: str,
    rows: Samples,
    held_out: Samples | None,
    network: Network,
    start: NetworkState,
    settings: Training,
    learnt: Learnt,
    seed: int,
) -> FitJob:
    """One fit as plain data.

    Parameters
    ----------
    owner : str
        The estimator's name, for messages.
    rows, held_out : Samples
        The rows to train on, and those to validate on.
    network : Network
    start : NetworkState
        What training begins with.
    settings : Training
        How to train.
    learnt : Learnt
    seed : int

    Raises
    ------
    InvalidParameterError
        The settings contradict each other, the network or the rows.
    """
    stopping = settings.stopping
    if stopping.reduce_lr_patience is not None and learnt.learning_rate is None:
        raise InvalidParameterError(
            f"{owner}: reduce_lr_patience={stopping.reduce_lr_patience!r} has nothing to "
            "lower. Got an optimizer that has a schedule of its own, or several rates; expected one "
            "whose learning_rate is a number: pass learning_rate_schedule instead of the schedule."
        )
    if settings.mixup:
        rows = _mixable(owner, rows, settings.mixup, learnt)
    batch_size = settings.rows_per_batch(rows.n_rows)
    steps = settings.options.get("steps_per_epoch") or n_steps(rows, batch_size)
    job = FitJob(
        network=network,
        start=start,
        training=rows,
        validation=held_out,
        epochs=settings.epochs,
        batch_size=batch_size,
        validation_batch_size=min(
            settings.validation_batch_size or batch_size,
            rows.n_rows if held_out is None else held_out.n_rows,
        ),
        seed=seed,
        initial_epoch=settings.initial_epoch,
        trained_epochs=learnt.trained_epochs,
        shuffle=settings.shuffle,
        verbose=settings.verbose,
        rates=_rates(owner, settings, learnt, steps),
        max_seconds=stopping.max_seconds,
        mixup=float(settings.mixup),
        options=settings.options,
    )
    check_batches(owner, job)
    return replace(job, stopping=stopping_of_job(owner, job, stopping))


def _mixable(owner: str, rows: Samples, mixup: float, learnt: Learnt) -> Samples:
    """`rows` with targets that can be blended, or an error."""
    if learnt.takes_class_numbers:
        raise InvalidParameterError(
            f"{owner}: mixup={mixup!r} cannot be used. Got a network whose loss takes the number of a "
            "class, expected one with a column for each class: leave loss away, or pass "
            "loss='categorical_crossentropy', and fit anew where the network goes on from a fit before."
        )
    kind = floatx()
    numbers = map_arrays(lambda y: y.astype(kind) if y.dtype.kind in "biu" else y, rows.y)
    rows = replace(rows, y=numbers)
    unfit = obstacle_to_mixup(rows)
    if unfit is not None:
        raise InvalidParameterError(
            f"{owner}: mixup={mixup!r} cannot be used. Got rows of which {unfit}: make them floats, or "
            "pass mixup=0."
        )
    return rows


def _rates(owner: str, settings: Training, learnt: Learnt, steps: int) -> np.ndarray | None:
    """The learning rate of each step, where that is not for the optimizer to say."""
    if learnt.was_scheduled and settings.schedule is None and not settings.rate_is_called:
        # The optimizer is left with the last rate of a schedule that is over.
        settings = replace(settings, schedule=Schedule(), scheduled_epochs=settings.epochs)
    return settings.rates(owner, learnt.learning_rate, steps)
