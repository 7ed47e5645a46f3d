"""Networks that may mix rows: XLA compiles the full batches, the last of an epoch is a step of a graph."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdl.engine import compiled, stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.network.network import Network
from skdl.engine.program import planned
from skdl.engine.rows.arrays import Samples
from tests.engine.oracle import BATCH, ROWS, assert_agree, both, job_of, numbers
from tests.selection import some

layers = keras.layers
BY_XLA = "Compiled with XLA, the last batch of an epoch as a graph, because the layer"


class Centred(layers.Layer):
    """Takes the mean of the rows of a batch away: a row too many would change all others."""

    def call(self, x):
        return x - keras.ops.mean(x, axis=0)


class Convolved(layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, 1, 2))

    def call(self, x):
        return keras.ops.conv(x[..., None], self.kernel)


class Random(layers.Layer):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.generator = keras.random.SeedGenerator(3)

    def call(self, x):
        return x + keras.random.normal(keras.ops.shape(x), seed=self.generator)


class WithoutXla(layers.Layer):
    def call(self, x):
        read = tf.strings.to_number(tf.strings.as_string(x))
        return x + tf.stop_gradient(tf.cast(read, x.dtype))


def network(*parts, **settings):
    def build():
        model = keras.Sequential(
            [
                keras.Input((4,)),
                layers.Dense(5, activation="tanh"),
                layers.Dropout(0.3, seed=1),
                *(part() for part in parts),
                layers.Flatten(),
                layers.Dense(1),
            ]
        )
        model.compile(**{"optimizer": keras.optimizers.Adam(0.01), "loss": "mse", **settings})
        return model

    return Network(build)


@pytest.fixture(scope="module")
def centred():
    return network(Centred)


def job(net, rows=ROWS, **changes):
    return job_of(net, numbers(rows, 4), numbers(rows, 1, seed=1), **changes)


def bits(result):
    return [part.tobytes() for part in result.end.all]


@pytest.mark.parametrize(
    "rows",
    some([2 * BATCH, 2 * BATCH + 1, 3 * BATCH - 1, BATCH + 1], 2 * BATCH + 1, mark="oracle"),
)
def test_it_is_the_training_of_keras(float64, rows):
    net = network(Centred)
    pair = both(net, numbers(rows, 4), numbers(rows, 1, seed=1))
    assert_agree(pair)
    assert pair.compiled.plan.startswith(BY_XLA)


@pytest.mark.oracle
def test_early_stopping_and_validation_are_part_of_it(float64):
    x, y = numbers(ROWS, 4), numbers(ROWS, 1, seed=1)
    held_out = Samples(numbers(9, 4, seed=2), numbers(9, 1, seed=3))
    pair = both(
        network(Centred),
        x,
        y,
        callbacks=lambda: [keras.callbacks.EarlyStopping(patience=1, min_delta=1, verbose=0)],
        validation=held_out,
        epochs=6,
    )
    assert_agree(pair)
    assert pair.compiled.n_epochs == 2
    assert pair.compiled.plan.startswith(BY_XLA)


@pytest.mark.further
def test_folds_of_about_one_size_share_a_program(centred):
    CompiledEngine().train(job(centred, 5 * BATCH))
    before = stats().programs
    for rows in (5 * BATCH + 1, 4 * BATCH + 3, 2 * BATCH):
        CompiledEngine().train(job(centred, rows, epochs=2, seed=rows))
    assert stats().programs == before


@pytest.fixture
def steps_of_a_call(monkeypatch):
    """Sets after how many steps the calls of a program end, and returns what these were given."""

    def set_steps(steps):
        calls = []
        call = planned.Fit._call
        # The pace that a program measures is its own again after the test.
        pace = property(lambda _: 1.0, lambda self, it: vars(self).update(seconds_per_step=it))
        monkeypatch.setattr(planned, "SECONDS_PER_CALL", float(steps))
        monkeypatch.setattr(compiled.Program, "seconds_per_step", pace, raising=False)
        monkeypatch.setattr(
            planned.Fit, "_call", lambda self, *args: calls.append(args) or call(self, *args)
        )
        return calls

    return set_steps


@pytest.mark.further
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_an_epoch_in_parts_gives_the_bits_of_a_whole_one(centred, steps_of_a_call, steps):
    rows = 6 * BATCH + 2
    whole = CompiledEngine().train(job(centred, rows))
    calls = steps_of_a_call(steps)
    parts = CompiledEngine().train(job(centred, rows))
    assert len(calls) == 3 * -(-7 // steps)
    assert bits(parts) == bits(whole)
    assert parts.history == whole.history


@pytest.mark.oracle
@pytest.mark.parametrize("place", [0, BATCH, 3 * BATCH])
def test_training_ends_at_the_step_that_is_not_a_number(place):
    x, y = numbers(3 * BATCH + 2, 4), numbers(3 * BATCH + 2, 1, seed=1)
    y[place] = np.nan
    pair = both(
        network(Centred),
        x,
        y,
        callbacks=lambda: [keras.callbacks.TerminateOnNaN()],
        shuffle=False,
    )
    assert pair.compiled.n_epochs == pair.keras.n_epochs == 1
    ours, theirs = (one.end.optimizer[0] for one in (pair.compiled, pair.keras))
    assert ours == theirs == place // BATCH + 1


@pytest.mark.further
@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("parts", [(Centred,), ()])
def test_the_step_that_is_not_a_number_may_be_the_last_of_a_call(steps_of_a_call, parts, steps):
    x, y = numbers(3 * BATCH + 2, 4), numbers(3 * BATCH + 2, 1, seed=1)
    y[BATCH * (steps - 1)] = np.nan
    calls = steps_of_a_call(steps)
    only = [keras.callbacks.TerminateOnNaN()]
    ended = CompiledEngine(kernel=False).train(
        job_of(network(*parts), x, y, shuffle=False), callbacks=tuple(only)
    )
    assert ended.plan.startswith("Compiled")
    trained = [last for *_, (_, last), _ in calls if last > 0]
    assert ended.n_epochs == len(trained) == 1
    assert ended.end.optimizer[0] == steps


@pytest.mark.parametrize("layer", some([Convolved, Random, WithoutXla], Convolved))
def test_what_xla_lacks_or_is_slow_at_is_a_graph(layer):
    net = network(layer)
    result = CompiledEngine().train(job(net))
    assert result.plan.startswith("Compiled as a graph, because the layer")
    before = stats().programs
    CompiledEngine().train(job(net, seed=8))
    assert stats().programs == before


@pytest.mark.further
def test_a_fit_may_begin_at_a_later_epoch():
    late = job(network(Centred, optimizer=keras.optimizers.SGD(0.01)), epochs=4, initial_epoch=2)
    result = CompiledEngine().train(late)
    assert result.plan.startswith(BY_XLA)
    assert result.n_epochs == 2
