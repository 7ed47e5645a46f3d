"""Objects that Keras makes anew from a config keep the state that the config leaves out."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl import KerasRegressor, MLPRegressor
from skdl.engine.copies.rebuilding import with_state_of

X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
Y = X[:, 0]


class Scaled(keras.initializers.Initializer):
    def __init__(self, seed=None):
        self.seed = seed

    def __call__(self, shape, dtype=None):
        drawn = keras.random.uniform(shape, seed=self.seed or 0, dtype=dtype)
        return drawn * getattr(self, "_scale", 1.0)

    def get_config(self):
        return {"seed": self.seed}


class Slow(keras.optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient * self._factor, variable, learning_rate)


def test_attributes_that_no_config_has_come_along():
    one = keras.regularizers.L2(0.5)
    one.note = {"a": [1]}
    made = with_state_of(one, keras.regularizers.L2.from_config(one.get_config()))
    assert made.note == {"a": [1]}
    assert made.note is not one.note


def test_what_is_to_differ_stays():
    one, made = Scaled(1), Scaled(2)
    one._scale = 3.0
    assert with_state_of(one, made, ("seed",)).seed == 2
    assert made._scale == 3.0


def test_the_variables_of_an_optimizer_are_its_own():
    one = keras.optimizers.Adam(0.5)
    one.build([keras.Variable([1.0])])
    made = with_state_of(one, keras.optimizers.Adam.from_config(one.get_config()))
    assert not made.built
    assert made.learning_rate is not one.learning_rate


def weights(estimator):
    return estimator.fit(X, Y).model_.get_weights()[0]


@pytest.mark.further
@pytest.mark.parametrize("engine", ["keras", "auto"])
def test_a_private_setting_of_an_optimizer_reaches_training(engine):
    def fitted(factor, kind):
        optimizer = Slow(0.1)
        optimizer._factor = factor
        settings = {"epochs": 1, "random_state": 0, "engine": engine, "optimizer": optimizer}
        return weights(kind(settings))

    def own(settings):
        return KerasRegressor(_line, loss="mse", **settings)

    def ready(settings):
        return MLPRegressor(hidden_layer_sizes=(2,), **settings)

    for kind in (own, ready):
        assert not np.array_equal(fitted(0.0, kind), fitted(1.0, kind))
        np.testing.assert_array_equal(fitted(1.0, kind), fitted(1.0, kind))


def _line():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])


def test_a_private_setting_of_an_initializer_reaches_the_weights_that_are_drawn():
    def drawn(scale):
        initializer = Scaled()
        initializer._scale = scale

        def build():
            layer = keras.layers.Dense(1, kernel_initializer=initializer)
            return keras.Sequential([keras.Input((3,)), layer])

        reg = KerasRegressor(build, loss="mse", optimizer="sgd", optimizer__learning_rate=0.0)
        return weights(reg.set_params(random_state=0))

    np.testing.assert_allclose(drawn(3.0), 3 * drawn(1.0), rtol=1e-6)
