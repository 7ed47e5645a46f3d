"""The optimizer by name, class or object, and the numbers that are routed to it."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras.optimizers import SGD, Adam

from skdl import KerasRegressor
from skdl.exceptions import InvalidParameterError
from tests.wrappers.small_networks import NUMBERS, QUICK, X, build_linear, weights

FOUR_WAYS = {
    "name": {
        "optimizer": "sgd",
        "optimizer__learning_rate": 0.125,
        "optimizer__momentum": 0.5,
        "optimizer__nesterov": True,
    },
    "class": {
        "optimizer": SGD,
        "optimizer__learning_rate": 0.125,
        "optimizer__momentum": 0.5,
        "optimizer__nesterov": True,
    },
    "object": {"optimizer": SGD(learning_rate=0.125, momentum=0.5, nesterov=True)},
}


@pytest.fixture(scope="module", params=FOUR_WAYS)
def fitted(request):
    return KerasRegressor(build_linear, epochs=2, **FOUR_WAYS[request.param], **QUICK).fit(
        X, NUMBERS
    )


@pytest.fixture(scope="module")
def plain():
    """What Keras alone makes of the same optimizer and the same initial weights."""
    reg = KerasRegressor(build_linear, shuffle=False, batch_size=8, epochs=2, **QUICK)
    reg.initialize(X, NUMBERS)
    model = reg.model_
    model.compile(SGD(learning_rate=0.125, momentum=0.5, nesterov=True), "mse")
    model.fit(X, NUMBERS, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return weights(model)


def test_the_numbers_arrive(fitted):
    optimizer = fitted.model_.optimizer
    assert isinstance(optimizer, SGD)
    assert float(optimizer.learning_rate) == 0.125
    assert (optimizer.momentum, optimizer.nesterov) == (0.5, True)


@pytest.mark.parametrize("way", FOUR_WAYS)
def test_name_class_and_object_train_as_keras_does(way, plain):
    reg = KerasRegressor(
        build_linear,
        shuffle=False,
        batch_size=8,
        epochs=2,
        random_state=0,
        engine="keras",
        **FOUR_WAYS[way],
    ).fit(X, NUMBERS)
    np.testing.assert_array_equal(weights(reg), plain)


def test_the_users_optimizer_is_not_trained():
    mine = Adam(learning_rate=0.5)
    reg = KerasRegressor(build_linear, optimizer=mine, **QUICK).fit(X, NUMBERS)
    assert reg.model_.optimizer is not mine
    assert not mine.built
    assert int(mine.iterations) == 0
    assert int(reg.model_.optimizer.iterations) == 1
    np.testing.assert_array_equal(weights(reg), weights(reg.fit(X, NUMBERS)))


def test_a_default_of_the_estimator_is_rmsprop():
    reg = KerasRegressor(build_linear, optimizer__rho=0.5, **QUICK).initialize(X, NUMBERS)
    assert isinstance(reg.model_.optimizer, keras.optimizers.RMSprop)
    assert reg.model_.optimizer.rho == 0.5


def test_a_schedule_as_learning_rate():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, decay_steps=1, decay_rate=0.5)
    reg = KerasRegressor(
        build_linear, optimizer="sgd", optimizer__learning_rate=schedule, batch_size=8, **QUICK
    ).fit(X, NUMBERS)
    assert float(reg.model_.optimizer.learning_rate) == 0.5**4


def test_what_is_routed_further_is_not_an_argument_of_the_optimizer():
    reg = KerasRegressor(build_linear, optimizer__mine__rate=3, **QUICK).initialize(X, NUMBERS)
    assert isinstance(reg.model_.optimizer, keras.optimizers.RMSprop)


def test_set_params_changes_the_next_fit():
    reg = KerasRegressor(build_linear, optimizer="sgd", optimizer__learning_rate=0.5, **QUICK)
    assert float(reg.fit(X, NUMBERS).model_.optimizer.learning_rate) == 0.5
    reg.set_params(optimizer="adam", optimizer__learning_rate=0.25).fit(X, NUMBERS)
    assert isinstance(reg.model_.optimizer, Adam)
    assert float(reg.model_.optimizer.learning_rate) == 0.25


def test_a_misspelt_number():
    reg = KerasRegressor(build_linear, optimizer="sgd", optimizer__learning_rat=0.5)
    with pytest.raises(InvalidParameterError, match="Did you mean 'learning_rate'?"):
        reg.fit(X, NUMBERS)


def test_a_number_that_this_optimizer_has_not():
    reg = KerasRegressor(build_linear, optimizer=Adam, optimizer__momentum=0.5)
    with pytest.raises(InvalidParameterError, match="optimizer__momentum.*Adam does not have"):
        reg.fit(X, NUMBERS)


def test_numbers_for_an_optimizer_that_is_made_already():
    reg = KerasRegressor(build_linear, optimizer=SGD(), optimizer__learning_rate=0.5)
    with pytest.raises(TypeError, match="does not accept parameters because it's not a class"):
        reg.fit(X, NUMBERS)


def test_an_unknown_optimizer():
    with pytest.raises(ValueError, match="sdg"):
        KerasRegressor(build_linear, optimizer="sdg").fit(X, NUMBERS)
