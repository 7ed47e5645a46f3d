"""The Keras loop is `keras.Model.fit` on the job's own batches, and nothing else."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from sklearn.datasets import load_iris

from skdl.engine.job import FitJob, Samples, StopReason
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.random import batch_order

X, Y = load_iris(return_X_y=True)
X, Y = X[::3].astype(np.float32), Y[::3].astype(np.int32)


def network(optimizer="adam", **settings):
    """A compiled network that begins with the same weights each time."""
    made = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(6, activation="tanh", kernel_initializer=keras.initializers.HeNormal(1)),
            keras.layers.Dense(3, activation="softmax", kernel_initializer=keras.initializers.HeNormal(2)),
        ]
    )
    made.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **settings)
    return made


def job(model, **changes):
    settings = {
        "training": Samples(X, Y),
        "validation": None,
        "epochs": 2,
        "batch_size": 16,
        "validation_batch_size": 16,
        "seed": 3,
    }
    return FitJob(model, **{**settings, **changes})


def test_weights_and_curves_are_those_of_plain_keras_on_the_same_batches():
    result = KerasLoopEngine().train(job(network(), training=Samples(X, Y, np.linspace(0.5, 1.5, len(X)))))
    plain = network()
    weight = np.linspace(0.5, 1.5, len(X))
    losses = []
    for epoch in range(2):
        order = batch_order(3, epoch, len(X))
        fitted = plain.fit(
            X[order], Y[order], sample_weight=weight[order], batch_size=16, shuffle=False, verbose=0
        )
        losses += fitted.history["loss"]
    for ours, theirs in zip(result.weights, plain.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert list(result.history["loss"]) == losses
    assert sorted(result.history) == ["accuracy", "loss"]


def test_validation_is_keras_evaluate():
    model = network()
    result = KerasLoopEngine().train(job(model, validation=Samples(X[:10], Y[:10]), epochs=1))
    loss, accuracy = model.evaluate(X[:10], Y[:10], batch_size=16, verbose=0)
    assert result.history["val_loss"] == (loss,)
    assert result.history["val_accuracy"] == (accuracy,)


def test_a_job_gives_the_same_bits_each_time_and_two_halves_the_whole():
    whole = KerasLoopEngine().train(job(network(), epochs=4))
    model = network()
    KerasLoopEngine().train(job(model, epochs=2))
    rest = KerasLoopEngine().train(job(model, epochs=4, initial_epoch=2, trained_epochs=2))
    again = KerasLoopEngine().train_many([job(network(), epochs=4)])[0]
    for one, two, three in zip(whole.weights, rest.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)
    assert rest.n_epochs == 2
    assert whole.stop_reason is StopReason.EPOCHS_DONE


def test_the_model_of_the_job_is_left_trained():
    model = network()
    result = KerasLoopEngine().train(job(model))
    for kept, told in zip(model.get_weights(), result.weights, strict=True):
        np.testing.assert_array_equal(kept, told)
    assert int(model.optimizer.iterations) == 2 * 4


def test_an_observer_hears_each_epoch_and_may_stop():
    class Observer:
        def __init__(self):
            self.heard = []

        def on_epoch_begin(self, epoch):
            self.heard.append(("begin", epoch))

        def on_epoch_end(self, epoch):
            self.heard.append(("end", epoch))
            return epoch == 1

    observer = Observer()
    result = KerasLoopEngine().train(job(network(), epochs=5), observer)
    assert observer.heard == [("begin", 0), ("end", 0), ("begin", 1), ("end", 1)]
    assert result.n_epochs == 2
    assert result.stop_reason is StopReason.STOPPED_EARLY


def test_a_diverged_network_is_a_result_that_says_so():
    result = KerasLoopEngine().train(job(network(keras.optimizers.SGD(1e38))))
    assert result.stop_reason is StopReason.DIVERGED
    assert not all(np.isfinite(w).all() for w in result.weights)


def test_callbacks_of_the_user_see_training_and_let_go_of_the_model():
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=10.0)
    result = KerasLoopEngine().train(job(network(), epochs=6, callbacks=(stop,)))
    assert result.n_epochs == 2
    assert stop.model is None


def test_further_arguments_reach_keras():
    result = KerasLoopEngine().train(
        job(network(), validation=Samples(X, Y), epochs=4, options={"validation_freq": 2})
    )
    assert len(result.history["val_loss"]) == 2
    with pytest.raises(TypeError, match="no_such_argument"):
        KerasLoopEngine().train(job(network(), options={"no_such_argument": 1}))
