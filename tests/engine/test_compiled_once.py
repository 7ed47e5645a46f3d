"""XLA compiles a program once: what TensorFlow's own profiler sees while further fits call it."""

from __future__ import annotations

import keras
import pytest
import tensorflow as tf

from skdl.engine.compiled import CompiledEngine
from skdl.engine.program import planned
from skdl.engine.rows.arrays import Samples
from tests.engine.jobs import X, Y, job
from tests.selection import some

pytestmark = pytest.mark.usefixtures("programs_of_tensorflow")

# XLA's compilers, by the names of their events: CpuCompiler::RunBackend, GpuCompiler::RunBackend and so on.
COMPILERS = b"Compiler::"
HELD_OUT = Samples(X[:9], Y[:9])


def build(units=6, rate=0.3, learning_rate=0.01, l2=0.01):
    """A network of a structure that no other test has."""

    def made():
        penalty = keras.regularizers.L2(l2)
        layers = [
            keras.Input((4,)),
            keras.layers.Dense(units, "softsign", kernel_regularizer=penalty),
            keras.layers.Dropout(rate),
            keras.layers.Dense(3, "softmax"),
        ]
        model = keras.Sequential(layers)
        model.compile(keras.optimizers.RMSprop(learning_rate), "sparse_categorical_crossentropy")
        return model

    return made


def fit(*, make=None, **changes):
    settings = {"validation": HELD_OUT, "epochs": 2, "batch_size": 8, "validation_batch_size": 8}
    result = CompiledEngine(fallback=False).train(job(make or build(), **{**settings, **changes}))
    assert result.plan == "Compiled with XLA."
    return result


def compiles(folder, run):
    """Whether XLA compiled anything while `run` ran."""
    tf.profiler.experimental.start(str(folder))
    try:
        run()
    finally:
        tf.profiler.experimental.stop()
    (found,) = folder.rglob("*.xplane.pb")
    return COMPILERS in found.read_bytes()


def longer():
    """A fit that goes on from another one, beyond the epochs of one call."""
    first = fit(epochs=3)
    fit(start=first.end, epochs=80, initial_epoch=3, trained_epochs=3)


def in_parts(monkeypatch):
    """A fit by calls of a few steps."""
    with monkeypatch.context() as patch:
        patch.setattr(planned, "SECONDS_PER_CALL", 0.0)
        fit()


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Whether the first fit of the structure compiled."""
    return compiles(tmp_path_factory.mktemp("first"), fit)


FURTHER = {
    "the same": fit,
    "seed": lambda: fit(seed=9),
    "epochs": lambda: fit(epochs=5),
    "more epochs than a call has": longer,
    "rows": lambda: fit(training=Samples(X[:-3], Y[:-3])),
    "held out rows": lambda: fit(validation=Samples(X[:20], Y[:20])),
    "data": lambda: fit(training=Samples(-X, 2 - Y)),
    "order": lambda: fit(shuffle=False),
    "learning rate": lambda: fit(make=build(learning_rate=0.1)),
    "dropout": lambda: fit(make=build(rate=0.6)),
    "no dropout": lambda: fit(make=build(rate=0.0)),
    "L2": lambda: fit(make=build(l2=0.5)),
    "units": lambda: fit(make=build(units=33)),
}


@pytest.mark.parametrize("name", some(FURTHER, "seed", "rows", "dropout", "units"))
def test_nothing_is_compiled_again(name, first, tmp_path):
    assert first
    assert not compiles(tmp_path, FURTHER[name])


def test_nothing_is_compiled_again_for_parts_of_an_epoch(first, tmp_path, monkeypatch):
    assert first
    assert not compiles(tmp_path, lambda: in_parts(monkeypatch))
