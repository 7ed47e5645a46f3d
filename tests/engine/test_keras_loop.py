"""The Keras loop is `keras.Model.fit` on the job's own batches, and nothing else."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from jobs import X, Y, job, network

from skdl.engine.job import Samples
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.random import batch_order


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
    result = KerasLoopEngine().train(job(epochs=6, callbacks=(stop,)))
    assert result.n_epochs == 2
    assert stop.model is None


def test_further_arguments_reach_keras():
    result = KerasLoopEngine().train(
        job(validation=Samples(X, Y), epochs=4, options={"validation_freq": 2})
    )
    assert len(result.history["val_loss"]) == 2
    with pytest.raises(TypeError, match="no_such_argument"):
        KerasLoopEngine().train(job(options={"no_such_argument": 1}))
