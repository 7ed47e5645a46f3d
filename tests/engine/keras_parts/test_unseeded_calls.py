"""Calls of keras.random without a seed: new noise in each step, as in Keras, by the seed of the fit."""

from __future__ import annotations

import contextlib
import logging
import threading

import keras
import numpy as np
import pytest
from keras.src.backend.common.global_state import get_global_attribute, set_global_attribute
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR

from skdl.engine.compiled import CompiledEngine
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.keras_parts.unseeded_calls import drawing_apart, drawing_for
from skdl.engine.network.fitted import FittedNetwork
from skdl.engine.network.network import LiveNetwork, Network
from skdl.engine.network.state import read_state
from skdl.engine.prediction import predict
from skdl.engine.random import Stream, derive_seed
from skdl.exceptions import NotCompilableError
from tests.engine.jobs import X, Y, job
from tests.selection import some

ENGINES = [CompiledEngine, KerasLoopEngine]


def in_a_new_thread(function):
    """The result of `function` in a thread for which Keras has made no generator."""
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def generator_of_keras():
    return get_global_attribute(GLOBAL_SEED_GENERATOR)


def set_generator(generator):
    set_global_attribute(GLOBAL_SEED_GENERATOR, generator)


def draw():
    return keras.random.normal((3,)).numpy().tolist()


class Noise(keras.layers.Layer):
    """Adds noise without a seed, in training or, if it is asked to, always."""

    def __init__(self, always=False):
        super().__init__()
        self.always = always

    def call(self, x, training=False):
        return x + keras.random.normal(keras.ops.shape(x)) if training or self.always else x


class SeededNoise(Noise):
    """The same by a generator of its own."""

    def __init__(self):
        super().__init__()
        self.generator = keras.random.SeedGenerator(1)

    def call(self, x, training=False):
        shape = keras.ops.shape(x)
        return x + keras.random.normal(shape, seed=self.generator) if training else x


def noisy(layer=Noise, metrics=None):
    """A network that learns next to nothing, so that its noise alone decides the loss."""
    first = keras.initializers.HeNormal(1)
    model = keras.Sequential(
        [keras.Input((4,)), layer(), keras.layers.Dense(3, kernel_initializer=first)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(1e-9), loss, metrics=metrics)
    return model


# The generator that a block lends


BLOCKS = {"for a model": lambda: drawing_for(MODEL, 5), "apart": drawing_apart}
MODEL = noisy()


@pytest.mark.parametrize("block", BLOCKS)
def test_the_user_draws_on_as_if_there_had_been_no_block(block):
    def draws(between):
        with drawing_for(noisy(), 7):
            first = draw()
            between()
            return first, draw()

    def interrupted():
        with contextlib.suppress(KeyError), BLOCKS[block]():
            draw()
            raise KeyError

    assert draws(interrupted) == draws(lambda: None)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_leaves_no_generator_behind(block):
    def look():
        before = generator_of_keras()
        with BLOCKS[block]():
            inside = generator_of_keras()
        return before, inside is None, generator_of_keras()

    assert in_a_new_thread(look) == (None, False, None)


def test_a_generator_that_somebody_sets_within_a_block_stays():
    def look():
        with drawing_apart():
            keras.random.normal((1,))
            set_generator(None)
            draw()
            ours = generator_of_keras()
        return ours is not None and generator_of_keras() is ours

    assert in_a_new_thread(look)


def test_a_model_has_one_generator_that_begins_anew():
    model = noisy()
    found = []
    for seed in (5, 6, 5):
        with drawing_for(model, seed):
            found.append((generator_of_keras(), draw()))
    assert found[0] == found[2]
    assert found[0][0] is found[1][0]
    assert found[0][1] != found[1][1]


# Fits


@pytest.mark.parametrize("engine", some(ENGINES, KerasLoopEngine))
def test_each_step_has_new_noise_by_the_seed_of_the_fit(engine):
    def losses(seed=3):
        return engine().train(job(noisy, seed=seed, batch_size=64, epochs=5)).history["loss"]

    found = losses()
    assert len(set(found)) == 5
    draw()
    assert losses() == found
    assert in_a_new_thread(losses) == found
    assert losses(seed=4) != found


@pytest.mark.parametrize("engine", ENGINES)
def test_a_fit_changes_nothing_that_the_user_draws(engine):
    own = noisy()
    with drawing_for(own, 7):
        draw()
        expected = draw()
    with drawing_for(own, 7):
        draw()
        engine().train(job(noisy))
        assert draw() == expected


def test_it_is_the_fit_of_plain_keras_by_a_generator_of_that_seed():
    one = job(noisy, shuffle=False)
    results = [engine().train(one) for engine in ENGINES]
    model = one.network.model(one.start)
    with drawing_for(model, derive_seed(one.seed, Stream.UNSEEDED_CALLS)):
        history = model.fit(X, Y, batch_size=16, epochs=2, shuffle=False, verbose=0).history
    for result in results:
        assert list(result.history["loss"]) == history["loss"]
        for ours, theirs in zip(result.end.variables, model.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_the_plan_says_why_and_a_generator_of_the_layers_compiles():
    said = "a layer or a loss sets a variable that is not the network's own, as keras.random does"
    assert said in CompiledEngine().explain(job(noisy))
    with pytest.raises(NotCompilableError, match=said):
        CompiledEngine(fallback=False).train(job(noisy))
    assert CompiledEngine().explain(job(lambda: noisy(SeededNoise))).startswith("Compiled")


COUNT = keras.Variable(0.0, trainable=False)


class Counted(keras.metrics.Mean):
    """Counts in a variable that is not its own."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        COUNT.assign_add(1.0)
        super().update_state(y_pred)

    def result(self):
        return super().result() * 0 + COUNT


def test_a_metric_that_counts_elsewhere_counts_on():
    COUNT.assign(0.0)
    one = job(lambda: noisy(SeededNoise, metrics=[Counted(name="count")]))
    assert "a metric sets a variable" in CompiledEngine().explain(one)
    COUNT.assign(0.0)
    steps = -(-len(X) // 16)
    assert CompiledEngine().train(one).history["count"] == (steps, 2 * steps)


def test_a_model_that_is_trained_on_draws_by_the_seed_of_each_fit():
    def losses(model, trained):
        one = LiveNetwork(model)
        state = read_state(model)
        settings = {"trained_epochs": trained, "batch_size": 64}
        return KerasLoopEngine().train(job(one, state, **settings)).history["loss"]

    model = noisy()
    first = losses(model, 0)
    second = losses(model, 2)
    assert set(first).isdisjoint(second)
    other = noisy()
    other.set_weights(model.get_weights())
    np.testing.assert_allclose(losses(other, 2), second, rtol=1e-6)


# Predictions


def test_predictions_draw_anew_for_each_batch_as_keras_does(caplog):
    fitted = FittedNetwork.of(noisy(lambda: Noise(always=True)))
    rows = np.repeat(X[:1], 96, axis=0)
    with caplog.at_level(logging.WARNING, logger="skdl"):
        one, two = (predict(fitted.network, fitted.state, rows, batch_size=48) for _ in range(2))
    assert "predicts layer by layer" in caplog.text
    assert "a layer sets a variable that is not the network's own" in caplog.text
    parts = [one[:48], one[48:], two[:48], two[48:]]
    assert len({part.tobytes() for part in parts}) == 4


def test_predictions_without_noise_are_compiled(caplog):
    network = Network(noisy)
    state = network.initial_state(0)
    with caplog.at_level(logging.WARNING, logger="skdl"):
        found = predict(network, state, X)
    assert not caplog.records
    np.testing.assert_allclose(found, network.model(state)(X), rtol=1e-5, atol=1e-6)
