"""Layers that change images at random: compiled, as Keras has them, and by the seed of the fit alone."""

from __future__ import annotations

import random

import keras
import numpy as np
import pytest

from skdl.engine import compiled
from skdl.engine.compiled import CompiledEngine
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.network.network import Network
from skdl.engine.program_cache import ProgramCache
from tests.engine.oracle import ROWS, Pair, assert_agree_after_one_step, job_of, numbers

layers = keras.layers
IMAGE = (8, 8, 3)
UNIT = {"value_range": (0, 1)}
LAYERS = {
    "AugMix": lambda: layers.AugMix(**UNIT, num_chains=2, chain_depth=2),
    "CutMix": lambda: layers.CutMix(0.5),
    "MixUp": lambda: layers.MixUp(0.5),
    "RandAugment": lambda: layers.RandAugment(**UNIT),
    "RandomBrightness": lambda: layers.RandomBrightness(0.2, **UNIT),
    "RandomContrast": lambda: layers.RandomContrast(0.2, **UNIT),
    "RandomCrop": lambda: layers.RandomCrop(6, 5),
    "RandomErasing": lambda: layers.RandomErasing(1.0, **UNIT),
    "RandomFlip": lambda: layers.RandomFlip(),
    "RandomRotation": lambda: layers.RandomRotation(0.1),
    "RandomTranslation": lambda: layers.RandomTranslation(0.2, 0.2),
    "RandomZoom": lambda: layers.RandomZoom(0.2),
}
X, Y = numbers(ROWS, *IMAGE, low=0.0), numbers(ROWS, 2, seed=1)


def network(make, **settings):
    """A network whose weights are given, so that of a fit's seed only the noise follows."""

    def build():
        given = keras.initializers.HeNormal
        model = keras.Sequential(
            [
                keras.Input(IMAGE),
                make(),
                layers.Conv2D(4, 3, activation="relu", kernel_initializer=given(1)),
                layers.GlobalAveragePooling2D(),
                layers.Dense(2, kernel_initializer=given(2)),
            ]
        )
        model.compile(keras.optimizers.SGD(0.05), "mse", **settings)
        return model

    return Network(build)


@pytest.fixture
def python_seed():
    """``random.seed``, and the generator of the process as it was afterwards."""
    before = random.getstate()
    yield random.seed
    random.setstate(before)


@pytest.mark.further
@pytest.mark.parametrize("name", LAYERS)
def test_noise_follows_the_seed_of_a_fit_and_nothing_else(name, python_seed, monkeypatch):
    def fit(seed):
        one = network(LAYERS[name])
        job = job_of(one, X, Y, start=one.initial_state(seed), epochs=1)
        return CompiledEngine().train(job)

    python_seed(1)
    first = fit(5)
    other = fit(6)
    monkeypatch.setattr(compiled, "training_programs", ProgramCache())
    python_seed(2)
    again = fit(5)
    assert first.plan.startswith("Compiled as a graph, because the layer")
    for one, two in zip(first.end.all, again.end.all, strict=True):
        np.testing.assert_array_equal(one, two)
    assert first.history["loss"] == again.history["loss"]
    assert first.history["loss"] != other.history["loss"]


@pytest.mark.oracle
# The others are in the tables of test_oracle_layers.py. In Keras, RandAugment takes no float64.
@pytest.mark.parametrize("name", ["AugMix", "RandAugment", "RandomCrop"])
def test_they_are_those_of_keras(name):
    job = job_of(network(LAYERS[name]), X, Y, epochs=1, batch_size=ROWS)
    pair = Pair(CompiledEngine().train(job), KerasLoopEngine().train(job), programs=1, masked=False)
    assert_agree_after_one_step(pair, lambda: job.network.template, ROWS, rate=0.05)


def test_what_a_layer_picks_while_it_is_traced_is_structure():
    def structure(make):
        return network(make).training_structure

    assert structure(layers.AugMix) == structure(layers.AugMix)
    assert structure(layers.AugMix) != structure(lambda: layers.AugMix(seed=3))
    assert structure(layers.RandomFlip) == structure(lambda: layers.RandomFlip(seed=3))


def test_a_network_that_only_trains_goes_through_keras():
    """With another size of its images in training, Keras can train what it cannot predict by."""

    def build():
        given = keras.initializers.HeNormal(1)
        parts = [
            layers.RandomCrop(6, 5),
            layers.Flatten(),
            layers.Dense(2, kernel_initializer=given),
        ]
        model = keras.Sequential([keras.Input(IMAGE), *parts])
        model.compile("sgd", "mse")
        return model

    result = CompiledEngine().train(job_of(build, X, Y, epochs=1))
    assert result.plan.startswith("Keras loop, because it does not trace (ValueError: Input 0")
    assert result.n_epochs == 1
