"""The Keras loop is `keras.Model.fit` on the job's own batches, and nothing else."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl.engine import stats
from skdl.engine.job import FitJob
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.network.network import Network
from skdl.engine.random import batch_order
from skdl.engine.rows.arrays import Samples
from tests.engine.jobs import X, Y, job, network


def test_weights_and_curves_are_those_of_plain_keras_on_the_same_batches():
    result = KerasLoopEngine().train(job(training=Samples(X, Y, np.linspace(0.5, 1.5, len(X)))))
    plain = network()
    weight = np.linspace(0.5, 1.5, len(X))
    losses = []
    for epoch in range(2):
        order = batch_order(3, epoch, len(X))
        fitted = plain.fit(
            X[order], Y[order], sample_weight=weight[order], batch_size=16, shuffle=False, verbose=0
        )
        losses += fitted.history["loss"]
    for ours, theirs in zip(result.end.variables, plain.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert list(result.history["loss"]) == losses
    assert sorted(result.history) == ["accuracy", "loss"]


def test_validation_is_keras_evaluate():
    one = job(validation=Samples(X[:10], Y[:10]), epochs=1)
    result = KerasLoopEngine().train(one)
    model = one.network.model(result.end)
    loss, accuracy = model.evaluate(X[:10], Y[:10], batch_size=16, verbose=0)
    assert result.history["val_loss"] == (loss,)
    assert result.history["val_accuracy"] == (accuracy,)


def test_callbacks_of_the_user_see_training_and_let_go_of_the_model():
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=10.0)
    result = KerasLoopEngine().train(job(epochs=6), callbacks=(stop,))
    assert result.n_epochs == 2
    assert stop.model is None


def test_further_arguments_reach_keras():
    result = KerasLoopEngine().train(
        job(validation=Samples(X, Y), epochs=4, options={"validation_freq": 2})
    )
    assert len(result.history["val_loss"]) == 2
    with pytest.raises(TypeError, match="no_such_argument"):
        KerasLoopEngine().train(job(options={"no_such_argument": 1}))


class Unfreezing(keras.Sequential):
    """Trains a variable that is not among the trainable ones before the first step."""

    def train_step(self, data):
        self.layers[0].trainable = True
        return super().train_step(data)


def test_a_train_step_may_bring_its_own_variables():
    def build():
        frozen = keras.layers.Dense(4, trainable=False)
        model = Unfreezing([keras.Input((4,)), frozen, keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    built = Network(build)
    rows = Samples(np.ones((6, 4), np.float32), np.ones((6, 1), np.float32))
    state = built.initial_state(0)
    one = FitJob(built, state, rows, None, 1, 3, 3, 0)
    end = KerasLoopEngine().train(one).end
    assert not np.array_equal(end.variables[0], state.variables[0])


def test_epochs_are_counted_while_it_runs():
    before, seen = stats().epochs, []
    look = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(stats().epochs - before)
    )
    KerasLoopEngine().train(job(epochs=3), callbacks=(look,))
    assert seen == [0, 1, 2]
    assert stats().epochs == before + 3
