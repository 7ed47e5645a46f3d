"""How checked data and parameters become a `FitJob`: one fit as plain data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length

from skdl.common.keras_import import load_keras
from skdl.engine.job import FitJob
from skdl.engine.network.network import Network
from skdl.engine.network.state import NetworkState
from skdl.engine.plan.batch_checks import check_batches
from skdl.engine.rows.arrays import (
    Arrays,
    Samples,
    leaves,
    map_arrays,
    n_steps,
    network_array,
    take_rows,
)
from skdl.engine.rows.mixup import obstacle_to_mixup
from skdl.engine.rows.tensors import with_room
from skdl.estimators.fit_settings import Training, Validation
from skdl.estimators.input_checks import check_target_shape, check_X, check_y
from skdl.estimators.row_weights import (
    check_weight,
    class_weights,
    held_out_class_weights,
    scale_weights,
)
from skdl.estimators.watched_curve import Watch, watched
from skdl.exceptions import InvalidParameterError
from skdl.training.schedules import Schedule


class FitDescriber:
    """The part of an estimator that writes down its fits."""

    _estimator_kind: str
    _takes_nd = False
    _learning_rate: float | None
    _trained_epochs: int
    _was_scheduled: bool
    _class_numbers = False  # whether the loss takes those
    seed_: int

    def _network_x(self, X: Any) -> Arrays:
        """Checked `X` as the network takes it."""
        return X

    def _network_y(self, y: np.ndarray) -> Arrays:
        """Checked `y` as the network takes it."""
        raise NotImplementedError

    def _describe(
        self,
        network: Network,
        start: NetworkState,
        X: Any,
        y: np.ndarray,
        weight: np.ndarray | None,
        rows: np.ndarray,
        others: np.ndarray | None,
        validation: Validation,
        training: Training,
    ) -> tuple[FitJob, Watch]:
        """One fit as plain data, and what is watched in it."""
        owner = type(self).__name__
        if training.stopping.reduce_lr_patience is not None and self._learning_rate is None:
            raise InvalidParameterError(
                f"{owner}: reduce_lr_patience={training.stopping.reduce_lr_patience!r} has nothing to "
                "lower. Got an optimizer that has a schedule of its own, or several rates; expected one "
                "whose learning_rate is a number: pass learning_rate_schedule instead of the schedule."
            )
        held_out = None
        some_weight = None if weight is None else weight[rows]
        if validation.X is not None:
            X_val = check_X(self, validation.X, reset=False, allow_nd=self._takes_nd)
            y_val = check_y(self, validation.y)
            check_target_shape(self, y_val)
            check_consistent_length(X_val, y_val)
            w_val = check_weight(self, validation.weight, X_val)
            w_val = self._by_class(w_val, y_val, y[rows], some_weight)
            held_out = self._samples(X_val, y_val, w_val)
        elif others is not None:
            w_val = None if weight is None else weight[others]
            w_val = self._by_class(w_val, y[others], y[rows], some_weight)
            held_out = self._samples(X[others], y[others], w_val)
        whole = len(rows) == len(y)
        X, y = (X, y) if whole else (X[rows], y[rows])
        train = self._samples(X, y, self._by_class(some_weight, y))
        if training.mixup:
            train = self._mixable(train, training.mixup)
        batch_size = training.rows_per_batch(train.n_rows)
        steps = training.options.get("steps_per_epoch") or n_steps(train, batch_size)
        job = FitJob(
            network=network,
            start=start,
            training=train,
            validation=held_out,
            epochs=training.epochs,
            batch_size=batch_size,
            validation_batch_size=min(
                training.validation_batch_size or batch_size,
                train.n_rows if held_out is None else held_out.n_rows,
            ),
            seed=self.seed_,
            initial_epoch=training.initial_epoch,
            trained_epochs=self._trained_epochs,
            shuffle=training.shuffle,
            verbose=training.verbose,
            rates=self._rates(training, steps),
            max_seconds=training.stopping.max_seconds,
            mixup=float(training.mixup),
            callbacks=training.callbacks,
            options=training.options,
        )
        check_batches(owner, job)
        return watched(owner, job, training.stopping)

    def _mixable(self, train: Samples, mixup: float) -> Samples:
        """`train` with targets that can be blended, or an error."""
        owner = type(self).__name__
        if self._class_numbers:
            raise InvalidParameterError(
                f"{owner}: mixup={mixup!r} cannot be used. Got a network whose loss takes the number of a "
                "class, expected one with a column for each class: leave loss away, or pass "
                "loss='categorical_crossentropy', and fit anew where the network goes on from a fit before."
            )
        floatx = load_keras().config.floatx()
        numbers = map_arrays(lambda y: y.astype(floatx) if y.dtype.kind in "biu" else y, train.y)
        train = replace(train, y=numbers)
        unfit = obstacle_to_mixup(train)
        if unfit is not None:
            raise InvalidParameterError(
                f"{owner}: mixup={mixup!r} cannot be used. Got rows of which {unfit}: make them floats, or "
                "pass mixup=0."
            )
        return train

    def _rates(self, training: Training, steps: int) -> np.ndarray | None:
        """The learning rate of each step, where that is not for the optimizer to say."""
        if self._was_scheduled and training.schedule is None and not training.rate_is_called:
            # The optimizer is left with the last rate of a schedule that is over.
            training = replace(training, schedule=Schedule(), scheduled_epochs=training.epochs)
        return training.rates(type(self).__name__, self._learning_rate, steps)

    def _by_class(
        self,
        weight: np.ndarray | None,
        y: np.ndarray,
        trained: np.ndarray | None = None,
        trained_weight: np.ndarray | None = None,
    ) -> np.ndarray | None:
        """The weights of rows, those of their classes multiplied in.

        Rows that are held out have `trained`, the targets that weights of classes are balanced for.
        """
        chosen = getattr(self, "class_weight", None)
        if self._estimator_kind != "classifier" or chosen is None:
            return weight
        if trained is None:
            by_class = class_weights(type(self).__name__, chosen, y, weight)
        else:
            by_class = held_out_class_weights(
                type(self).__name__, chosen, y, trained, trained_weight
            )
        return by_class if weight is None else weight * by_class

    def _samples(self, X: Any, y: np.ndarray, weight: np.ndarray | None) -> Samples:
        """Checked rows as the network takes them."""
        if weight is not None and not weight.any():
            raise ValueError(
                "class_weight and sample_weight leave no row of positive weight among those to train on or "
                "those held out. Expected one at least: give a class that is held out a weight above 0."
            )
        x, rooms = with_room(self._network_x(X))
        target = map_arrays(network_array, self._network_y(y))
        scaled = None if weight is None else network_array(scale_weights(weight))
        self._check_rows(X.shape[0], x)
        self._check_rows(X.shape[0], target)
        return Samples(x, target, scaled, rooms)

    @staticmethod
    def _check_rows(rows: int, arrays: Arrays) -> None:
        for leaf in leaves(arrays):
            if leaf.shape[0] != rows:
                raise ValueError(
                    f"An encoder changed the number of rows. Got an array of {leaf.shape[0]} rows from "
                    f"{rows}, expected as many."
                )

    def _sample_rows(self, X: Any) -> Arrays:
        """Two rows as the network takes them, to build it on."""
        rows = X[: min(2, X.shape[0])]
        x = map_arrays(network_array, self._network_x(rows))
        self._check_rows(rows.shape[0], x)
        return take_rows(x, slice(None))
