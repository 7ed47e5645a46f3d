"""Optimizers are made from a name and numbers; a setting without effect is an error."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest

from skdl.exceptions import InvalidParameterError
from skdl.training.optimizers import (
    DEFAULTS,
    NAMES,
    fresh_optimizer,
    make_optimizer,
    optimizer_class,
)


def make(optimizer, **settings):
    return make_optimizer("Net", optimizer, {**DEFAULTS, **settings})


@pytest.mark.parametrize("name", NAMES)
def test_each_name_makes_its_class_with_its_learning_rate(name):
    made = make(name, learning_rate=0.25, weight_decay=0.5)
    assert type(made).__name__.lower() == name
    assert float(made.learning_rate) == 0.25
    assert made.weight_decay == 0.5


def test_momentum_reaches_those_that_have_it_and_is_refused_by_others():
    assert make("sgd", momentum=0.9).momentum == 0.9
    assert make(keras.optimizers.RMSprop, momentum=0.5).momentum == 0.5
    with pytest.raises(
        InvalidParameterError, match="momentum=0.9 would have no effect. Got the optimizer Adam"
    ):
        make("adam", momentum=0.9)


def test_zero_decay_is_no_decay_also_for_adamw():
    assert make("adam").weight_decay is None
    assert make("adamw").weight_decay == 0


def test_an_instance_keeps_its_settings_and_is_never_the_one_trained():
    given = keras.optimizers.SGD(0.5, momentum=0.75)
    given.build([keras.Variable(np.ones(2))])
    made = make(given)
    assert made is not given
    assert (float(made.learning_rate), made.momentum) == (0.5, 0.75)
    assert not made.built
    assert fresh_optimizer(given).get_config() == given.get_config()
    with pytest.raises(
        InvalidParameterError, match="learning_rate=0.1 would have no effect.*optimizer='sgd'"
    ):
        make(given, learning_rate=0.1)


@pytest.mark.parametrize("name", [*NAMES, "Adam", "RMSprop"])
def test_a_name_means_the_class_that_keras_means(name):
    assert optimizer_class(name) is type(keras.optimizers.get(name))


@pytest.mark.parametrize("name", ["adan", "schedules", "get"])
def test_a_name_of_no_optimizer_is_the_error_of_keras(name):
    with pytest.raises(ValueError, match=f"(?i)could not .*{name}"):
        optimizer_class(name)


def test_a_registered_class_of_the_users_has_a_name_too():
    class Mine(keras.optimizers.SGD):
        pass

    with keras.saving.custom_object_scope({"Mine": Mine}):
        assert optimizer_class("Mine") is Mine


def config(optimizer):
    return {**optimizer.get_config(), "name": None}


@pytest.mark.parametrize("name", NAMES)
def test_settings_are_keras_own(name):
    """Each setting that an optimizer has reaches it, and the rest are Keras's defaults."""
    settings = {
        "momentum": 0.5,
        "nesterov": True,
        "beta_1": 0.7,
        "beta_2": 0.8,
        "rho": 0.6,
        "epsilon": 1e-3,
        "weight_decay": 0.25,
        "clipnorm": 2.0,
    }
    kind = optimizer_class(name)
    accepted = inspect.signature(kind).parameters
    given = {key: value for key, value in settings.items() if key in accepted}
    # Decay is what `weight_decay` says, also where that is nothing.
    no_decay = {"weight_decay": 0.0} if accepted["weight_decay"].default else {}
    assert config(make(name, learning_rate=0.25)) == config(kind(0.25, **no_decay))
    assert config(make(name, learning_rate=0.25, **given)) == config(kind(0.25, **given))
    refused = [key for key in settings if key not in accepted]
    for key in refused:
        with pytest.raises(InvalidParameterError, match=f"{key}=.* would have no effect"):
            make(name, **{key: settings[key]})


@pytest.mark.parametrize("name", NAMES)
def test_an_average_of_the_weights(name):
    made = make(name, ema_momentum=0.9)
    assert (made.use_ema, made.ema_momentum) == (True, 0.9)
    assert not make(name).use_ema
