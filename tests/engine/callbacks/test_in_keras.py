"""What the Keras loop adds to `keras.Model.fit`, callback by callback, in Keras's own fit."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl.engine import stats
from skdl.engine.callbacks.in_keras import (
    KerasWatch,
    keras_clock,
    keras_counter,
    keras_last,
    keras_observer,
)
from skdl.engine.job import LastState, Stopping, StoppingMemory
from skdl.engine.network.state import NetworkState
from tests.engine.jobs import X, Y, job, network

STEPS = 4


def fit(callbacks, epochs=2, model=None, **settings):
    made = network(run_eagerly=True) if model is None else model
    settings = {"batch_size": 16, "verbose": 0, **settings}
    return made, made.fit(X, Y, epochs=epochs, callbacks=list(callbacks), **settings).history


def resumed(**changes):
    return LastState(NetworkState(()), 2, {}, StoppingMemory(**changes))


def test_each_step_has_its_rate_and_each_epoch_the_rate_of_its_last_step():
    rates = np.linspace(0.08, 0.01, 2 * STEPS)
    heard = []
    tell = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: heard.append(float(model.optimizer.learning_rate))
    )
    model = network(run_eagerly=True)
    _, history = fit([*KerasWatch(job(rates=rates)).rates, tell], model=model)
    np.testing.assert_array_equal(heard, np.float32(rates))
    assert history["learning_rate"] == [float(np.float32(rates[n])) for n in (3, 7)]


def test_what_a_plateau_did_multiplies_the_later_rates():
    stopping = Stopping("loss", min_delta=1e9, reduce_lr_patience=1, reduce_lr_factor=0.5)
    rates = np.full(4 * STEPS, 0.08)
    watch = KerasWatch(job(rates=rates, stopping=stopping))
    _, history = fit([*watch.rates, *watch.callbacks], epochs=4)
    # It is over before an epoch of patience is: the rates fall from the third epoch on.
    np.testing.assert_allclose(history["learning_rate"], [0.08, 0.08, 0.04, 0.02], rtol=1e-6)
    assert watch.memory().rate_factor == pytest.approx(0.125)
    assert (watch.memory().plateau_wait, watch.memory().plateau_best) == (0, history["loss"][0])


def test_a_fit_that_goes_on_remembers():
    stopping = Stopping("loss", early_stopping=True, patience=3, restore_best_weights=False)
    before = resumed(wait=2, best=0.0, best_epoch=0)
    watch = KerasWatch(job(stopping=stopping, resume=before))
    _, history = fit(watch.callbacks, epochs=9, initial_epoch=2)
    memory = watch.memory()
    assert len(history["loss"]) == 1  # the third epoch without improvement
    assert (memory.wait, memory.best, memory.best_epoch, memory.stopped_epoch) == (3, 0.0, 0, 2)


def test_a_rate_that_had_fallen_stays_where_it_was():
    rates = np.full(4 * STEPS, 0.08)
    watch = KerasWatch(job(rates=rates, resume=resumed(rate_factor=0.25)))
    _, history = fit(watch.rates, epochs=1)
    assert history["learning_rate"] == [float(np.float32(0.02))]


def test_nothing_is_remembered_where_nothing_is_watched():
    assert vars(KerasWatch(job()).memory()) == vars(StoppingMemory())


def test_the_clock_ends_training_with_the_epoch_in_which_time_is_over():
    clock = keras_clock(1e-9, 0.0)
    _, history = fit([clock], epochs=3)
    assert (len(history["loss"]), clock.ended) == (1, True)
    assert clock.seconds > 0
    unlimited = keras_clock(None, 5.0)
    _, history = fit([unlimited], epochs=2)
    assert (len(history["loss"]), unlimited.ended) == (2, False)
    assert unlimited.seconds > 5


def test_the_counter_counts_epochs():
    before = stats().epochs
    fit([keras_counter()], epochs=3)
    assert stats().epochs == before + 3


@pytest.mark.further
def test_the_last_look_is_before_the_best_weights_are_put_in():
    # Nothing is better by so much, so the weights of the first epoch are restored.
    stop = keras.callbacks.EarlyStopping("loss", 1e9, patience=1, restore_best_weights=True)
    last = keras_last(True)
    model, history = fit([stop, last], epochs=5)
    assert len(history["loss"]) == 2
    assert int(last.state.optimizer[0]) == 2 * STEPS
    assert not np.array_equal(last.state.variables[0], model.get_weights()[0])
    unwanted = keras_last(False)
    fit([unwanted])
    assert unwanted.state is None


def test_the_observer_hears_each_epoch_and_may_stop():
    heard = []

    class Observer:
        def on_epoch_begin(self, epoch):
            heard.append(epoch)

        def on_epoch_end(self, epoch, state):
            heard.append(int(state().optimizer[0]))
            return epoch == 1

    fit([keras_observer(Observer())], epochs=5)
    assert heard == [0, STEPS, 1, 2 * STEPS]
