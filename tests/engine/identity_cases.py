"""Pairs of fits that a key may confuse, by names that two processes know.

A build function must not find a setting where the function does not look for it: no setting and no variable
of a loop stands among the globals of this module.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from sklearn.base import is_classifier

from skdl import KerasRegressor

ROWS = 12
ENGINES = ("auto", "keras")


@dataclass(frozen=True)
class Case:
    """A fit by a setting.

    Attributes
    ----------
    id : str
    estimator : callable
        Gives the estimator for a setting.
    settings : tuple
        Two of them: the second fit follows the first.
    place : callable
        A context manager that puts a setting where the build function reads it.
    rows : callable
        X and y for a setting.
    rows_of_network : callable
        What the network gets for X.
    more : callable
        What else the fitted estimator gives for X, as a list of arrays.
    like : str or None
        The case whose fits are the same ones, of networks that are made more plainly.
    engines : tuple of str
        Whose fits are compared with those in a process of their own.
    first_by : tuple of str
        The engines that fit by the first setting before the second: both, where a fit could change what the
        next one of the same engine begins with.
    """

    id: str
    estimator: Callable[[Any], Any]
    settings: tuple[Any, Any]
    place: Callable[[Any], Any] = contextlib.nullcontext
    rows: Callable[[Any], tuple[Any, Any]] = lambda setting: numbers()
    rows_of_network: Callable[[Any], Any] = lambda X: X
    more: Callable[[Any, Any], list[Any]] = lambda estimator, X: []
    like: str | None = None
    engines: tuple[str, ...] = ENGINES
    first_by: tuple[str, ...] = ("auto",)


def numbers(shape=(6,), dtype="float32"):
    """Rows and a target between 0 and 1."""
    generator = np.random.default_rng(0)
    if dtype.startswith("int"):
        X = generator.integers(0, 4, (ROWS, *shape)).astype(dtype)
    else:
        X = generator.uniform(0.1, 0.9, (ROWS, *shape)).astype(dtype)
    return X, generator.uniform(0.1, 0.9, ROWS).astype("float32")


def classes(count):
    """Rows of six features and their class of `count`."""
    return numbers()[0], np.arange(ROWS) % count


OPTIONS = {"epochs": 2, "batch_size": 4, "random_state": 0, "verbose": 0}


def of_item(item, engines=ENGINES):
    """A case of an item of a zoo."""

    def estimator(setting):
        # In one batch of all rows, for which XLA compiles nothing.
        return KerasRegressor(item.make, model__setting=setting, **{**OPTIONS, "batch_size": ROWS})

    settings = item.base["setting"], item.varied["setting"][0]
    rows = functools.partial(numbers, item.shape, item.dtype)
    return Case(item.id, estimator, settings, rows=lambda _: rows(), engines=engines)


def chosen(items, stride, *names):
    """Every `stride`-th item, and the items that `names` names."""
    found = [one for place, one in enumerate(items) if place % stride == 0 or one.id in names]
    assert set(names) <= {one.id for one in found}
    return found


@functools.cache
def all_cases():
    """All cases by their names."""
    from tests.engine.identity_build_cases import BUILDS
    from tests.engine.identity_estimator_cases import ESTIMATORS
    from tests.engine.zoo_of_models import ADAPTED, MODELS
    from tests.engine.zoo_of_users import LAYERS
    from tests.engine.zoo_of_users_training import PARTS

    # `test_equal_keys.py` compares the graphs of the whole zoo. Here fits go the whole way by some items.
    # The estimators take no strings for rows.
    models = [one for one in ADAPTED if one.dtype != "string"]
    models += chosen(MODELS, 3, "a setting of a model with a train_step")
    items = chosen(LAYERS, 8, "a private attribute of a layer")
    items += chosen(
        PARTS, 8, "a private attribute of an optimizer", "what a schedule of Keras's lacks"
    )
    # Keras's loop shares the graphs that predict: as much is seen with the other engine.
    parts = [of_item(one, ("auto",)) for one in items]
    cases = [*BUILDS, *ESTIMATORS, *map(of_item, models), *parts]
    assert len({case.id for case in cases}) == len(cases)
    return {case.id: case for case in cases}


def outcome(name, place, engine):
    """All that the fit of a case by one of its settings gives."""
    case = all_cases()[name]
    setting = case.settings[place]
    with case.place(setting):
        X, y = case.rows(setting)
        estimator = case.estimator(setting).set_params(engine=engine).fit(X, y)
        predict = estimator.predict_proba if is_classifier(estimator) else estimator.predict
        before = predict(X)
        model = estimator.model_
        return {
            "history": {key: np.array(value) for key, value in estimator.history_.items()},
            "predictions": before,
            "predictions after a look at model_": predict(X),
            "predictions of model_": keras.tree.map_structure(
                np.array, model(case.rows_of_network(X), training=False)
            ),
            "weights": model.get_weights(),
            "more": case.more(estimator, X),
        }
