"""Rules outside of a program: one call for each epoch of a curve, as the loop of a program makes them."""

from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf

from skdl.engine.network.state import ProgramState

# The optimizer of these states is its learning rate, and the only weight the number of the epoch.
OPTIMIZER = SimpleNamespace(rate_place=0)


def model():
    """A compiled model, which tells in which direction its metrics get better."""
    made = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


def state(weight=0.0, rate=0.5):
    return ProgramState([tf.constant(weight)], [tf.constant(0.0)], [tf.constant(rate)], [])


def logs_of(**values):
    return {name: tf.constant(value, keras.config.floatx()) for name, value in values.items()}


def run(rule, curve, *, name="loss", rate=0.5, first_epoch=0):
    """What `rule` remembers, the learning rates and how many epochs ran, for a curve of a metric."""
    now, memory, rates = state(rate=rate), [tf.constant(m) for m in rule.start(state())], []
    for epoch, value in enumerate(curve, first_epoch):
        now = now._replace(trainable=[tf.constant(float(epoch))])
        given = logs_of(**{name: value})
        now, memory, stop = rule.on_epoch_end(now, memory, given, tf.constant(epoch), OPTIMIZER)
        rates.append(float(now.optimizer[0]))
        if bool(stop):
            break
    return [np.asarray(part) for part in memory], rates, len(rates)


def by_hand(callback, curve, *, name="loss", rate=0.5, first_epoch=0):
    """The learning rates and how many epochs ran, where Keras's callback is called for each epoch."""
    shown = SimpleNamespace(
        metrics=[],
        stop_training=False,
        optimizer=SimpleNamespace(learning_rate=np.float32(rate)),
        get_weights=lambda: [np.float32(epoch)],
        set_weights=lambda weights: None,
    )
    callback.set_model(shown)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(curve, first_epoch):
        callback.on_epoch_end(epoch, {name: float(np.float32(value))})
        shown.optimizer.learning_rate = np.float32(shown.optimizer.learning_rate)
        rates.append(float(shown.optimizer.learning_rate))
        if shown.stop_training:
            break
    return rates, len(rates)
