"""ScheduleFreeAdamW, whose average begins at the weights, over fits that go on and predictions."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl import KerasRegressor
from tests.engine.oracle import numbers

X, Y = numbers(20, 4), numbers(20, seed=1)


def build():
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(5, "tanh", kernel_regularizer=keras.regularizers.L2(0.01)),
            keras.layers.Dense(1),
        ]
    )


def estimator(engine, **params):
    optimizer = keras.optimizers.ScheduleFreeAdamW(0.02, warmup_steps=3, weight_decay=0.01)
    return KerasRegressor(
        build,
        loss="mse",
        optimizer=optimizer,
        batch_size=8,
        random_state=0,
        engine=engine,
        **params,
    )


def states(engine):
    """What is known after a fit, partial fits and a warm start: weights, the optimizer's, predictions."""
    net = estimator(engine, epochs=3, warm_start=True)
    found = []
    for go_on in (net.fit, net.partial_fit, net.partial_fit, net.fit):
        go_on(X, Y)
        state = net._fitted.state
        found.append([*state.variables, *state.optimizer, net.predict(X)])
    return found, net


@pytest.mark.oracle
def test_it_goes_on_as_the_keras_loop_goes_on(float64):
    (ours, net), (theirs, _) = states("compiled"), states("keras")
    for place, (one, two) in enumerate(zip(ours, theirs, strict=True)):
        for a, b in zip(one, two, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10, err_msg=f"part {place}")
    np.testing.assert_allclose(net.model_.predict(X, verbose=0)[:, 0], ours[-1][-1], rtol=1e-10)


@pytest.mark.oracle
@pytest.mark.parametrize("engine", ["compiled", "keras"])
def test_the_first_step_goes_on_from_the_initial_weights(engine):
    """Keras builds an optimizer where its variables are not known yet, and begins the average at zero."""
    net = estimator(engine, epochs=1)
    start = [np.array(part) for part in net.initialize(X, Y).model_.get_weights()]
    end = net.fit(X, Y).model_.get_weights()
    for before, after in zip(start, end, strict=True):
        assert np.abs(after - before).max() < 0.1
