"""The history that Keras leaves on a model is on `model_`, of the last fit."""

from __future__ import annotations

import copy
import pickle

import keras
import numpy as np
import pytest

import skdl
from skdl import KerasRegressor, MLPRegressor
from tests.selection import some
from tests.wrappers.small_networks import NUMBERS, X, build_linear

GIVEN = {"epochs": 3, "validation_split": 0.25, "metrics": ["mae"], "random_state": 0}


def of_keras(estimator):
    """What a model that Keras trained for as long has."""
    model = estimator._fitted.network.template
    twin = keras.models.clone_model(model)
    twin.compile("sgd", "mse", metrics=["mae"])
    return twin.fit(X, NUMBERS, epochs=3, validation_split=0.25, verbose=0)


@pytest.mark.parametrize("engine", some(["auto", "keras"], "auto"))
@pytest.mark.parametrize(
    "make",
    some([lambda **given: KerasRegressor(build_linear, **given), MLPRegressor], MLPRegressor),
)
def test_it_is_what_keras_leaves(make, engine):
    reg = make(engine=engine, **GIVEN).fit(X, NUMBERS)
    found, expected = reg.model_.history, of_keras(reg)
    assert type(found) is keras.callbacks.History
    assert found.history == reg.history_
    assert set(found.history) == set(expected.history)
    assert found.epoch == expected.epoch
    assert found.params == expected.params
    assert found.model is reg.model_


def test_it_is_that_of_the_last_fit():
    reg = MLPRegressor(**GIVEN).fit(X, NUMBERS)
    held = reg.model_
    reg.partial_fit(X, NUMBERS)
    assert held.history.epoch == [3]
    assert held.history.history == {name: reg.history_[name][3:] for name in ("loss", "mae")}
    reg.set_params(warm_start=True).fit(X, NUMBERS)
    assert reg.model_ is held
    assert held.history.history == reg.history_
    again = MLPRegressor(**GIVEN).fit(X, NUMBERS).partial_fit(X, NUMBERS)
    assert again.model_.history.epoch == [3]


def test_changing_it_changes_nothing_else():
    reg = MLPRegressor(**GIVEN).fit(X, NUMBERS)
    kept = copy.deepcopy(reg.history_)
    reg.model_.history.history["loss"].clear()
    assert reg.history_ == kept


def test_a_fit_by_keras_itself_is_not_overwritten():
    reg = MLPRegressor(**GIVEN).fit(X, NUMBERS)
    theirs = reg.model_.fit(X, NUMBERS, verbose=0)
    assert reg.model_.history is theirs


@pytest.mark.parametrize("again", [copy.deepcopy, lambda reg: pickle.loads(pickle.dumps(reg))])
def test_copies_have_it(again):
    reg = MLPRegressor(**GIVEN).fit(X, NUMBERS)
    assert again(reg).model_.history.history == reg.history_


def test_a_model_of_the_users_has_none():
    reg = MLPRegressor(**GIVEN).fit(X, NUMBERS)
    model = build_linear()
    reg.model_ = model
    assert not hasattr(reg.model_, "history")
    assert not hasattr(KerasRegressor(build_linear).initialize(X, NUMBERS).model_, "history")


def test_it_asks_for_no_program_of_its_own():
    untouched, seen = (MLPRegressor(**GIVEN).fit(X, NUMBERS) for _ in range(2))
    assert seen.model_.history.epoch == [0, 1, 2]
    expected = untouched.partial_fit(X, NUMBERS).partial_fit(X, NUMBERS).predict(X)
    before = skdl.engine.stats().programs
    found = seen.partial_fit(X, NUMBERS).partial_fit(X, NUMBERS).predict(X)
    np.testing.assert_array_equal(found, expected)
    assert skdl.engine.stats().programs == before
