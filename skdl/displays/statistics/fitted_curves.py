"""The curves of networks that were trained, read from estimators, records or saved tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from skdl.diagnosis.fitted_networks import networks_by_parameters, networks_in
from skdl.engine.job import StopReason
from skdl.exceptions import InvalidParameterError
from skdl.recording.histories import columns_of, named_fits, record_of
from skdl.recording.records import FitRecord

RATE = "learning_rate"
_KEYS = ("candidate", "split", "network", "epoch")


@dataclass(frozen=True, eq=False)
class FittedCurves:
    """The curves of one network.

    Attributes
    ----------
    candidate, split : int
        Which fit of a search it belongs to; 0 elsewhere.
    network : str
        The name of its class, with a number where one fit trained several.
    curves : dict of str to ndarray of shape (n_epochs,)
        By name, such as ``loss`` and ``val_loss``.
    best_epoch : int or None
        The index of the best epoch, where it is known.
    stop_reason : StopReason or None
        Why training ended, where it is known.
    """

    candidate: int
    split: int
    network: str
    curves: Mapping[str, np.ndarray]
    best_epoch: int | None = None
    stop_reason: StopReason | None = None

    @property
    def n_epochs(self) -> int:
        """How many epochs were trained."""
        return max((len(curve) for curve in self.curves.values()), default=0)


def curves_of_estimator(estimator: Any) -> tuple[FittedCurves, ...]:
    """Those of all networks inside a fitted estimator.

    Raises
    ------
    InvalidParameterError
        It has no network of skdl inside.
    sklearn.exceptions.NotFittedError
        It is not fitted.
    """
    networks = [found.network for found in networks_in(estimator)]
    name = type(estimator).__name__
    if not networks and networks_by_parameters(estimator):
        raise NotFittedError(
            f"Got a {name} that is not fitted, expected one with the curves of its training: call fit first."
        )
    if not networks:
        raise InvalidParameterError(
            f"Got a {name} without a network of skdl in it, expected a fitted MLPClassifier, MLPRegressor, "
            "KerasClassifier or KerasRegressor, alone or in a pipeline, a search or an ensemble: pass one of "
            "these."
        )
    fits = [
        FitRecord(
            estimator=type(network).__name__,
            history={
                name: np.asarray(curve, dtype=np.float64)
                for name, curve in network.history_.items()
                # Only some calls of `partial_fit` may have had validation data.
                if len(curve) == network.n_epochs_
            },
            n_epochs=network.n_epochs_,
            best_epoch=network.best_epoch_,
            stop_reason=network.stop_reason_,
        )
        for network in networks
    ]
    return tuple(_fitted(0, 0, name, fit) for name, fit in named_fits(fits))


def curves_of_search(search: Any, candidates: Sequence[int]) -> tuple[FittedCurves, ...]:
    """Those that the backend has kept of some candidates of a search, or of a cross-validation.

    Raises
    ------
    HistoriesNotFoundError
        Nothing is kept of it.
    AmbiguousHistoriesError
        More than one run has its results.
    """
    record = record_of(search)
    return tuple(
        _fitted(candidate, split, name, fit)
        for candidate in candidates
        for split in range(record.n_splits)
        for name, fit in named_fits(record.tasks[candidate, split].fits)
    )


def curves_of_frame(frame: Any, candidates: Sequence[int]) -> tuple[FittedCurves, ...]:
    """Those of some candidates in a table that `skdl.training_histories` gave.

    Raises
    ------
    InvalidParameterError
        It lacks columns of such a table.
    """
    columns = list(getattr(frame, "columns", ()))
    if not set(_KEYS) <= set(columns):
        names = ", ".join(map(repr, columns)) or "no columns"
        raise InvalidParameterError(
            f"Got histories, a {type(frame).__name__} with {names}, expected what skdl.training_histories "
            f"gives: a table with {', '.join(map(repr, _KEYS))} and a column for each curve: save the "
            "table of the search."
        )
    keys = {name: np.asarray(frame[name]) for name in _KEYS}
    values = {
        name: np.asarray(frame[name], dtype=np.float64) for name in columns if name not in _KEYS
    }
    found = []
    for candidate in candidates:
        rows = np.flatnonzero(keys["candidate"] == candidate)
        fits = dict.fromkeys(zip(keys["split"][rows], keys["network"][rows], strict=True))
        for split, network in fits:
            mine = rows[(keys["split"][rows] == split) & (keys["network"][rows] == network)]
            mine = mine[np.argsort(keys["epoch"][mine], kind="stable")]
            curves = {name: column[mine] for name, column in values.items()}
            # A curve that another fit has.
            curves = {name: curve for name, curve in curves.items() if not np.isnan(curve).all()}
            found.append(FittedCurves(int(candidate), int(split), str(network), curves))
    return tuple(found)


def _fitted(candidate: int, split: int, name: str, fit: FitRecord) -> FittedCurves:
    curves = columns_of(fit)
    del curves["epoch"]
    return FittedCurves(candidate, split, name, curves, fit.best_epoch, fit.stop_reason)


@dataclass(frozen=True, eq=False)
class MeanCurve:
    """The mean of curves that may end at different epochs.

    Attributes
    ----------
    mean, std : ndarray of shape (n_epochs,)
        Over the fits that still train; nan where none has a finite number.
    count : ndarray of shape (n_epochs,)
        How many these are.
    """

    mean: np.ndarray
    std: np.ndarray
    count: np.ndarray


def mean_curve(curves: Sequence[np.ndarray]) -> MeanCurve:
    """The mean of `curves` over those that have a finite number at each epoch.

    Examples
    --------
    >>> found = mean_curve([np.array([3.0, 2.0, 1.0]), np.array([5.0, 4.0])])
    >>> found.mean.tolist(), found.std.tolist(), found.count.tolist()
    ([4.0, 3.0, 1.0], [1.0, 1.0, 0.0], [2, 2, 1])
    """
    table = np.full((len(curves), max(map(len, curves), default=0)), np.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: len(curve)] = np.where(np.isfinite(curve), curve, np.nan)
    there = np.isfinite(table)
    count = there.sum(axis=0)
    some = np.maximum(count, 1)
    filled = np.where(there, table, 0.0)
    mean = np.where(count > 0, filled.sum(axis=0) / some, np.nan)
    squares = np.where(there, (filled - np.where(count > 0, mean, 0.0)) ** 2, 0.0)
    std = np.where(count > 0, np.sqrt(squares.sum(axis=0) / some), np.nan)
    return MeanCurve(mean, std, count)


def panels_of(fits: Sequence[FittedCurves], asked: str | Sequence[str] | None) -> tuple[str, ...]:
    """The names of the losses and metrics to show, each a panel, of those that `fits` have.

    Raises
    ------
    InvalidParameterError
        None of them has one that was asked for.
    """
    bases = dict.fromkeys(name.removeprefix("val_") for fit in fits for name in fit.curves)
    if asked is None:
        constant = all(len(np.unique(fit.curves[RATE])) == 1 for fit in fits if RATE in fit.curves)
        # The loss first and the rate, which is not learnt, last.
        ordered = sorted(bases, key=lambda name: (name == RATE) - (name == "loss"))
        return tuple(name for name in ordered if name != RATE or not constant)
    names = (asked,) if isinstance(asked, str) else tuple(asked)
    unknown = [name for name in names if name not in bases]
    if unknown or not names:
        raise InvalidParameterError(
            f"Got curves={asked!r}, expected names among {', '.join(map(repr, bases))}: pass the name of a "
            "loss or metric, which is shown in training and in validation."
        )
    return names
