"""The networks inside pipelines, searches and ensembles, and the curves they were trained by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from skdl.common.keras_import import load_keras
from skdl.diagnosis.advice import Setup
from skdl.diagnosis.learning_curves import (
    LearningCurves,
    entropy,
    mixup_floor,
    smoothing_floor,
)
from skdl.engine.job import StopReason
from skdl.engine.plan.curve_names import should_rise
from skdl.estimators.base import NetworkEstimator
from skdl.training.losses import loss_name
from skdl.training.stopping import stopping_of
from skdl.wrappers.base import KerasWrapper

# Where an estimator of estimators keeps the one it fitted, and what parameters of it begin with.
_INSIDE = {
    "best_estimator_": "",
    "regressor_": "regressor__",
    "estimator_": "estimator__",
}
_SCALERS = ("Scaler", "PowerTransformer", "QuantileTransformer", "Normalizer")
_CROSSENTROPIES = {
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
}


@dataclass(frozen=True, eq=False)
class InnerNetwork:
    """One network inside an estimator.

    Attributes
    ----------
    network : NetworkEstimator
    prefix : str
        What the names of its parameters begin with in the whole.
    scaled : bool
        Whether a step before it scales `X`.
    y : ndarray or None
        The target as it arrives there, where one was given.
    """

    network: NetworkEstimator
    prefix: str = ""
    scaled: bool = False
    y: np.ndarray | None = None

    @property
    def classifier(self) -> bool:
        """Whether it tells classes apart."""
        return self.network._estimator_kind == "classifier"


def networks_by_parameters(estimator: Any) -> list[InnerNetwork]:
    """The networks among the parameters of an `estimator` that need not be fitted."""
    if isinstance(estimator, NetworkEstimator):
        return [InnerNetwork(estimator)]
    if not isinstance(estimator, BaseEstimator):
        return []
    return [
        InnerNetwork(value, f"{name}__")
        for name, value in estimator.get_params().items()
        if isinstance(value, NetworkEstimator)
    ]


def networks_in(estimator: Any, y: Any = None) -> list[InnerNetwork]:
    """The fitted networks inside a fitted `estimator`; none where there are none."""
    if isinstance(estimator, NetworkEstimator):
        trained = "history_" in vars(estimator) and estimator.__sklearn_is_fitted__()
        target = None if y is None else np.asarray(y)
        return [InnerNetwork(estimator, y=target)] if trained else []
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        scaled = any(type(step).__name__.endswith(_SCALERS) for _, step in estimator.steps[:-1])
        return [
            replace(found, prefix=f"{name}__{found.prefix}", scaled=found.scaled or scaled)
            for found in networks_in(last, y)
        ]
    if not isinstance(estimator, BaseEstimator):
        return []
    held = vars(estimator)
    if y is not None and "transformer_" in held:
        # The network of a TransformedTargetRegressor was trained on other numbers than it predicts.
        y = np.asarray(y, dtype=np.float64)
        y = held["transformer_"].transform(y.reshape(len(y), -1)).reshape(y.shape)
    for name, prefix in _INSIDE.items():
        if name == "estimator_" and "estimators_" in held:
            # What several were cloned from, which somebody may have fitted before.
            continue
        inside = networks_in(held.get(name), y)
        if inside:
            return [replace(found, prefix=prefix + found.prefix) for found in inside]
    prefix = "estimator__" if "estimator" in held else ""
    # Each of several sees classes or columns or rows of its own, so the target is not known.
    several = held.get("estimators_", ())
    members = several if isinstance(several, (list, tuple)) else np.ravel(several).tolist()
    return [
        replace(found, prefix=prefix + found.prefix)
        for one in members
        for found in networks_in(one)
    ]


def setup_of(found: InnerNetwork) -> Setup:
    """What is known of a network when it is advised on."""
    network = found.network
    return Setup(
        params=network._all_params(),
        classifier=found.classifier,
        ready=not isinstance(network, KerasWrapper),
        scaled=found.scaled,
        # A build function's optimizer may have one that is no parameter.
        given_rate=network._learnt.learning_rate if "_learnt" in vars(network) else None,
        timed_out=vars(network).get("stop_reason_") is StopReason.TIME_IS_UP,
    )


def curves_of(found: InnerNetwork) -> LearningCurves:
    """The curves of a fitted network, and what is needed to judge them."""
    network = found.network
    history, model = network.history_, network._fitted.network.template
    stopping = stopping_of(network._all_params())
    watched, rises = stopping.watched(validated="val_loss" in history), False
    if stopping.monitor is not None:
        rises = bool(should_rise(watched, network._fitted.network))
    setup, kept = setup_of(found), None
    if stopping.early_stopping and stopping.restore_best_weights:
        kept = network.best_epoch_
    elif (monitor := _restored_by_callback(network)) in history:
        kept = int(np.argmin(history[monitor]))
    name, smoothing = loss_name(model.loss), float(setup.number("label_smoothing") or 0.0)
    n_classes = _n_classes(found, name)
    mixup = float(setup.number("mixup") or 0.0)
    return LearningCurves(
        loss=tuple(history.get("loss", ())),
        val_loss=tuple(history.get("val_loss", ())),
        watched=tuple(history.get(watched, ())),
        rises=rises,
        kept=kept,
        ended=network.stop_reason_ in (StopReason.NO_IMPROVEMENT, StopReason.STOPPED_EARLY),
        chance=_chance(found, name, n_classes),
        floor=smoothing_floor(smoothing, n_classes) if n_classes and smoothing else 0.0,
        train_floor=mixup_floor(mixup, n_classes) if n_classes and mixup else 0.0,
        penalty=_penalty(network) if model.losses else 0.0,
    )


def _restored_by_callback(network: Any) -> str:
    """The loss whose best weights a user's own `EarlyStopping` kept."""
    given = network.callbacks
    kind = load_keras().callbacks.EarlyStopping
    for one in given if isinstance(given, (list, tuple)) else [given]:
        if isinstance(one, kind) and one.restore_best_weights and one.monitor.endswith("loss"):
            return str(one.monitor)
    return ""


def _n_classes(found: InnerNetwork, loss: str | None) -> int | None:
    """How many classes the cross-entropy `loss` tells apart; None for other losses."""
    if not found.classifier or loss not in _CROSSENTROPIES:
        return None
    if loss == "binary_crossentropy":
        return 2
    classes = vars(found.network)["classes_"]
    plain = isinstance(classes, np.ndarray) and classes.ndim == 1
    return len(classes) if plain and len(classes) > 1 else None


def _chance(found: InnerNetwork, loss: str | None, n_classes: int | None) -> float | None:
    y = found.y
    if n_classes is not None:
        classes = vars(found.network)["classes_"]
        weighted = found.network._all_params().get("class_weight") is not None
        if y is None or y.ndim > 1 or weighted or len(classes) != n_classes:
            return math.log(n_classes)
        counts = np.array([np.sum(y == label) for label in classes])
        return entropy(counts / counts.sum()) if (counts > 0).sum() > 1 else math.log(n_classes)
    if y is None or loss not in ("mean_squared_error", "mean_absolute_error"):
        return None
    y = np.asarray(y, dtype=np.float64)
    if loss == "mean_squared_error":
        chance = float(np.mean((y - y.mean(axis=0)) ** 2))
    else:
        chance = float(np.mean(np.abs(y - np.median(y, axis=0))))
    return chance if chance > 0 else None


def _penalty(network: NetworkEstimator) -> float:
    fitted = network._fitted
    return float(sum(float(np.asarray(part)) for part in fitted.network.model(fitted.state).losses))


def known_classes(networks: Sequence[InnerNetwork]) -> int | None:
    """The number of classes that the networks tell apart; None for numbers, and for several labels a row."""
    for found in networks:
        classes = vars(found.network).get("classes_")
        if isinstance(classes, np.ndarray) and classes.ndim == 1 and len(classes) > 1:
            return len(classes)
    return None
