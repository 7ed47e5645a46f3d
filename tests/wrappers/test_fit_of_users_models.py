"""A model class with a `fit` of its own: called with its own arguments, through the Keras loop."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras.layers import Dense

from skdl import KerasRegressor
from skdl.exceptions import InvalidParameterError, NotCompilableError
from tests.wrappers.small_networks import NUMBERS, QUICK, X, build_linear, weights

SEEN = []


class Named(keras.Sequential):
    """Takes one argument more."""

    def fit(self, x=None, y=None, mode="none", **kwargs):
        SEEN.append((mode, kwargs.get("class_weight")))
        return super().fit(x, y, **kwargs)


class Open(keras.Sequential):
    """Takes what there is, and Keras whatever is left."""

    def fit(self, *args, **kwargs):
        SEEN.append((kwargs.pop("mode", "none"), kwargs.get("class_weight")))
        return super().fit(*args, **kwargs)


class WithTarget(keras.Sequential):
    """Asks for the target, which the batches hold."""

    def fit(self, x, y, mode="none", **kwargs):
        SEEN.append((mode, kwargs.get("class_weight")))
        return super().fit(x, y, **kwargs)


class Closed(keras.Sequential):
    """Takes what Keras does."""

    def fit(self, x, epochs, steps_per_epoch, modeled=False):
        raise NotImplementedError


KINDS = [Named, Open, WithTarget]


def builder(kind):
    def build(meta):
        return kind([keras.Input((4,)), Dense(1)])

    return build


@pytest.mark.parametrize("kind", KINDS)
def test_the_arguments_of_its_own(kind):
    SEEN.clear()
    build = builder(kind)
    KerasRegressor(build, **QUICK).fit(X, NUMBERS)
    routed = KerasRegressor(build, fit__mode="routed", **QUICK).fit(X, NUMBERS)
    routed.fit(X, NUMBERS, mode="call").partial_fit(X, NUMBERS, mode="next").partial_fit(X, NUMBERS)
    assert [mode for mode, _ in SEEN] == ["none", "routed", "call", "next", "routed"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_trains_to_the_bits_of_the_keras_loop(kind):
    given = {"optimizer": "sgd", "epochs": 2, "random_state": 0}
    plain = KerasRegressor(build_linear, engine="keras", **given).fit(X, NUMBERS)
    reg = KerasRegressor(builder(kind), fit__mode="a", **given).fit(X, NUMBERS)
    np.testing.assert_array_equal(weights(reg), weights(plain))
    assert f"{kind.__name__} has a fit of its own" in reg.explain_plan(X, NUMBERS)
    with pytest.raises(NotCompilableError, match="has a fit of its own"):
        reg.set_params(engine="compiled").fit(X, NUMBERS)


def test_a_name_that_it_does_not_take():
    with pytest.raises(TypeError, match="moode"):  # Keras's own words
        KerasRegressor(builder(Named), fit__moode="a", **QUICK).fit(X, NUMBERS)
    with pytest.raises(InvalidParameterError, match="'mode' here. Did you mean 'modeled'?"):
        KerasRegressor(builder(Closed), fit__mode="a", **QUICK).fit(X, NUMBERS)


class Patient(keras.Sequential):
    """Has an argument that is called like a parameter of every estimator."""

    def fit(self, x=None, y=None, patience=None, **kwargs):
        SEEN.append((patience, None))
        return super().fit(x, y, **kwargs)


def test_an_argument_called_like_a_parameter_hides_no_check_and_has_none():
    SEEN.clear()
    with pytest.raises(InvalidParameterError, match="patience=-3 is out of range"):
        KerasRegressor(builder(Patient), patience=-3, fit__patience=3, **QUICK).fit(X, NUMBERS)
    KerasRegressor(builder(Patient), fit__patience="much", **QUICK).fit(X, NUMBERS)
    assert SEEN == [("much", None)]
