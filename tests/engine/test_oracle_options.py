"""Data and options of a fit: compiled, the same as the Keras loop, and shared between fits."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from scipy import sparse

from skdl.engine import compiled, stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.job import Stopping, StopReason
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.network.network import Network
from skdl.engine.program import planned
from skdl.engine.rows.arrays import Samples
from tests.engine.oracle import BATCH, ROWS, assert_agree, both, eagerly, job_of, numbers
from tests.engine_of_graphs import without_xla
from tests.selection import some


def network(optimizer=lambda: keras.optimizers.Adam(0.02), rate=0.3, l2=0.01, **settings):
    """A network with noise, statistics and a penalty."""

    def build():
        model = keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(5, kernel_regularizer=keras.regularizers.L2(l2)),
                keras.layers.BatchNormalization(),
                keras.layers.ReLU(),
                keras.layers.Dropout(rate),
                keras.layers.Dense(1),
            ]
        )
        model.compile(optimizer(), "mse", metrics=["mae"], weighted_metrics=["mse"], **settings)
        return model

    return build


ADAM = network()


def data(rows=ROWS, seed=0):
    return numbers(rows, 4, seed=seed), numbers(rows, 1, seed=seed + 1)


def weights(rows=ROWS):
    return numbers(rows, seed=9, low=0.0, high=2.0)


@pytest.fixture
def fast(float64, monkeypatch):
    """Double precision, and graphs where XLA would run too."""
    without_xla(monkeypatch)


DATA = {
    "plain": {},
    "weights": {"weight": weights},
    "weights of zero": {"weight": lambda: np.zeros(ROWS)},
    "validation": {"validation": lambda: Samples(*data(10, 7))},
    "weighted validation": {
        "weight": weights,
        "validation": lambda: Samples(*data(10, 7), weights(10)),
    },
    "validation in one batch": {
        "validation": lambda: Samples(*data(10, 7)),
        "validation_batch_size": 64,
    },
    "one batch": {"batch_size": 100},
    "a batch of all rows": {"batch_size": ROWS},
    "batches of one row": {"batch_size": 1, "epochs": 1},
    "full batches": {"batch_size": 11},
    "rows in their order": {"shuffle": False},
    "another seed": {"seed": 11},
    "later epochs": {"epochs": 5, "initial_epoch": 3, "trained_epochs": 7},
}


@pytest.mark.parametrize(
    "name",
    some(
        DATA,
        "later epochs",
        mark="oracle",
    ),
)
def test_data_and_batches(fast, name):
    changes = {key: value() if callable(value) else value for key, value in DATA[name].items()}
    pair = both(ADAM, *data(), changes.pop("weight", None), keras_runs="kept", **changes)
    assert_agree(pair)
    assert pair.masked


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["weighted validation", "one batch"])
def test_data_and_batches_with_xla(float64, name):
    changes = {key: value() if callable(value) else value for key, value in DATA[name].items()}
    pair = both(ADAM, *data(), changes.pop("weight", None), keras_runs="kept", **changes)
    assert_agree(pair)
    assert pair.compiled.plan == "Compiled with XLA."


@pytest.mark.oracle
@pytest.mark.parametrize("xla", [True, False])
def test_in_single_precision_predictions_agree_after_one_step(monkeypatch, xla):
    if not xla:
        without_xla(monkeypatch)
    # Adam would blow up the gradient of the bias before the normalization, which is rounding alone.
    one = Network(network(lambda: keras.optimizers.SGD(0.1)))
    x, y = data()
    pair = both(one, x, y, epochs=1, batch_size=ROWS)
    ours, theirs = (one.model(result.end)(x).numpy() for result in (pair.compiled, pair.keras))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.oracle
def test_a_sparse_matrix(fast):
    x, y = data()
    x[x < 0.3] = 0
    held_out = Samples(sparse.csr_matrix(x[:10]), y[:10])
    assert_agree(both(ADAM, sparse.csr_matrix(x), y, validation=held_out, keras_runs="kept"))


@pytest.mark.oracle
def test_an_ending_that_diverges(fast):
    pair = both(network(lambda: keras.optimizers.SGD(1e200)), *data())
    assert pair.compiled.plan.startswith("Compiled")
    assert pair.compiled.stop_reason is pair.keras.stop_reason is StopReason.DIVERGED


# What a fit that is continued begins with: the statistics, moments, schedules and scale of an earlier one.
OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(0.02),
    "schedule": lambda: keras.optimizers.SGD(
        keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5), momentum=0.9
    ),
    "average": lambda: keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9),
    "accumulation": lambda: keras.optimizers.SGD(0.1, gradient_accumulation_steps=2),
    "scale": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.02)),
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_fit_that_goes_on_from_another(fast, name):
    one = Network(network(OPTIMIZERS[name]))
    start = KerasLoopEngine().train(eagerly(job_of(one, *data(), epochs=2))).end
    rest = {"start": start, "epochs": 4, "initial_epoch": 2, "trained_epochs": 2}
    pair = both(one, *data(), **rest)
    assert_agree(pair, rtol=1e-6 if name == "schedule" else 1e-8)
    if name == "average":
        return  # the end of a fit puts the average into the weights
    whole = CompiledEngine().train(job_of(one, *data(), epochs=4))
    half = CompiledEngine().train(job_of(one, *data(), epochs=2))
    rest["start"] = half.end
    halves = CompiledEngine().train(job_of(one, *data(), **rest))
    for a, b in zip(whole.end.all, halves.end.all, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.usefixtures("program_of_tensorflow")
@pytest.mark.oracle
@pytest.mark.parametrize("xla", [True, False])
@pytest.mark.parametrize(
    ("seconds", "why"),
    [(1e-3, "epochs"), (1e-7, "steps")],
)
def test_a_fit_in_parts_equals_the_whole_bit_for_bit(float64, monkeypatch, xla, seconds, why):
    if not xla:
        without_xla(monkeypatch)
    job = job_of(
        network(rate=0.31),
        *data(),
        validation=Samples(*data(10, 7)),
        stopping=Stopping("val_loss", reduce_lr_patience=0),
        epochs=5,
    )
    whole = CompiledEngine().train(job)
    calls = []
    call = planned.Fit._call

    def counted(self, *args):
        calls.append(args[2:])
        return call(self, *args)

    monkeypatch.setattr(planned.Fit, "_call", counted)
    monkeypatch.setattr(planned, "SECONDS_PER_CALL", seconds)
    pace = seconds / 3.5 if why == "epochs" else seconds
    monkeypatch.setattr(compiled.Program, "note_pace", lambda *_: None)
    for program in compiled.training_programs._entries.values():
        program.program.seconds_per_step = pace
    parts = CompiledEngine().train(job)
    assert len(calls) == (5 if why == "epochs" else 15)
    assert whole.history == parts.history
    for a, b in zip(whole.end.all, parts.end.all, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.oracle
def test_more_epochs_than_one_call_can_hold(fast):
    pair = both(ADAM, *data(), epochs=70, keras_runs="kept")
    assert pair.compiled.n_epochs == 70
    assert_agree(pair, rtol=1e-6, atol=1e-8)


SHARING = {
    "epochs": ({"epochs": 1}, {"epochs": 4}),
    "seeds": ({"seed": 1}, {"seed": 2}),
    "folds": ({"rows": ROWS}, {"rows": ROWS + 1}),
    "a fold's validation": ({"held_out": 9}, {"held_out": 10}),
    "shuffling": ({"shuffle": True}, {"shuffle": False}),
    "noise": ({"rate": 0.2}, {"rate": 0.4}),
    "no noise": ({"rate": 0.2}, {"rate": 0.0}),
    "penalties": ({"l2": 0.1}, {"l2": 0.2}),
    "batches of all rows": ({"batch_size": 100}, {"batch_size": 100, "rows": ROWS + 1}),
}


def sharing_job(*, weight=0.5, rows=ROWS, held_out=0, rate=0.3, l2=0.01, **changes):
    """A job of a network that no other test has where `weight`, the loss's, is another."""
    build = network(rate=rate, l2=l2, loss_weights=[weight])
    validation = Samples(*data(held_out, 7)) if held_out else None
    return job_of(build, *data(rows), validation=validation, **changes)


@pytest.mark.parametrize("name", some(SHARING, "folds", "noise", "shuffling"))
def test_fits_that_differ_in_numbers_share_one_program(fast, name):
    first, second = (sharing_job(**each) for each in SHARING[name])
    assert CompiledEngine().train(first).plan.startswith("Compiled")
    before = stats().programs
    assert CompiledEngine().train(second).plan.startswith("Compiled")
    assert stats().programs == before


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["noise", "folds", "penalties"])
def test_a_shared_program_gives_each_fit_its_own_result(fast, name):
    for each in SHARING[name]:
        job = sharing_job(weight=0.25, **each)
        ours, theirs = CompiledEngine().train(job), KerasLoopEngine().train(eagerly(job))
        for a, b in zip(ours.end.variables, theirs.end.variables, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


@pytest.mark.oracle
def test_another_size_of_batch_or_other_columns_are_another_program(fast):
    before = stats().programs
    for each in ({}, {"batch_size": BATCH + 1}, {"held_out": 9}):
        CompiledEngine().train(sharing_job(weight=20.0, **each))
    assert stats().programs - before == 3
