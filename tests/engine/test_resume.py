"""A fit that goes on from the last state of a shorter one is the fit in one go, bit for bit."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import keras
import numpy as np
import pytest

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.job import Stopping, StopReason
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.network.network import Network
from skdl.engine.program import planned
from skdl.engine.rows.arrays import Samples
from skdl.exceptions import InvalidParameterError
from tests.engine.jobs import X, Y
from tests.engine.jobs import job as job_of
from tests.selection import some

EPOCHS = 6
STEPS = 4  # of an epoch


class Unseeded(keras.layers.Layer):
    """Noise from Keras's own generator, which no program holds."""

    def call(self, inputs, training=False):
        return inputs + keras.random.normal(keras.ops.shape(inputs)) if training else inputs


def build(*parts, units=6, **settings):
    """A network of three classes with `parts` in its middle."""
    seeded = keras.initializers.HeNormal
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(units, activation="tanh", kernel_initializer=seeded(1)),
            *parts,
            keras.layers.Dense(3, activation="softmax", kernel_initializer=seeded(2)),
        ]
    )
    model.compile(
        **{
            "optimizer": "adam",
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            **settings,
        }
    )
    return model


def noisy():
    return build(keras.layers.Dropout(0.3, seed=4), keras.layers.BatchNormalization())


def averaged():
    return build(optimizer=keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9))


def steep():
    """The loss goes up and down, so that stopping and a falling rate have something to do."""
    return build(optimizer=keras.optimizers.SGD(1.2, momentum=0.5))


def mixing():
    """A layer that may mix rows, so that no batch is filled up."""
    return build(keras.layers.Dense(5, activity_regularizer="l2"))


STOP = Stopping("loss", early_stopping=True, patience=2)
PLATEAU = Stopping("loss", reduce_lr_patience=0, reduce_lr_factor=0.5)
CASES = {
    "plain": (build, {}),
    "noise and statistics": (noisy, {}),
    "an average of weights": (averaged, {}),
    "validation": (build, {"validation": Samples(X[:9], Y[:9])}),
    "weights of rows": (
        build,
        {"training": Samples(X, Y, np.linspace(0.2, 1.8, len(X)).astype(np.float32))},
    ),
    "weights of classes": (build, {"options": {"class_weight": {0: 0.5, 1: 1.0, 2: 2.0}}}),
    "a last batch as a graph": (mixing, {}),
    "mixup": (
        lambda: build(loss="categorical_crossentropy"),
        {"mixup": 0.4, "training": Samples(X, np.eye(3, dtype=np.float32)[Y])},
    ),
    "rates of steps": (build, {"rates": np.geomspace(0.1, 0.001, EPOCHS * STEPS)}),
    "parts of the data": (build, {"options": {"steps_per_epoch": 2}}),
    "rare validation": (
        build,
        {"validation": Samples(X[:9], Y[:9]), "options": {"validation_freq": 2}},
    ),
    "a stop": (steep, {"stopping": STOP}),
    "a stop that never comes": (build, {"stopping": replace(STOP, patience=30)}),
    "a stop without best weights": (
        steep,
        {"stopping": replace(STOP, restore_best_weights=False, min_delta=0.01)},
    ),
    "a stop that begins later": (steep, {"stopping": replace(STOP, start_from_epoch=2)}),
    "a rate that falls": (steep, {"stopping": PLATEAU}),
    "a schedule that falls": (
        steep,
        {"stopping": PLATEAU, "rates": np.geomspace(1.2, 0.6, EPOCHS * STEPS)},
    ),
    "both": (steep, {"stopping": replace(PLATEAU, early_stopping=True, patience=2)}),
    "later epochs": (steep, {"initial_epoch": 3, "trained_epochs": 3, "stopping": STOP}),
}
ENGINES = {
    "compiled": lambda: CompiledEngine(fallback=False, kernel=False),
    "keras": KerasLoopEngine,
}
EVERY = {**ENGINES, "kernel": CompiledEngine}


def same(one, other):
    """Whether two results, or what they hold, are equal bit for bit."""
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    if hasattr(one, "__dataclass_fields__"):
        names = set(one.__dataclass_fields__) - {"seconds", "plan"}
        return all(same(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return one == other


@pytest.mark.parametrize("engine", some(ENGINES, "compiled"))
@pytest.mark.parametrize("case", some(CASES, "noise and statistics"))
def test_a_fit_in_two_parts_is_the_fit_in_one_go(case, engine):
    make, changes = CASES[case]
    engine, network = ENGINES[engine](), Network(make)
    last = changes.get("initial_epoch", 0) + EPOCHS
    whole = job_of(network, epochs=last, keep_last=True, **changes)
    expected = engine.train(whole)
    for epochs in (last - 5, last - 2):
        first = engine.train(replace(whole, epochs=epochs))
        assert same(first.end, engine.train(replace(whole, epochs=epochs, keep_last=False)).end)
        found = engine.train(replace(whole, resume=first.last))
        assert same(found, expected), epochs


@pytest.mark.further
def test_the_generator_of_calls_without_a_seed_goes_on():
    engine, network = KerasLoopEngine(), Network(lambda: build(Unseeded()))
    whole = job_of(network, epochs=4, keep_last=True)
    first = engine.train(replace(whole, epochs=2))
    assert same(engine.train(replace(whole, resume=first.last)), engine.train(whole))
    forgetful = replace(first.last, unseeded=None)
    assert not same(engine.train(replace(whole, resume=forgetful)).end, engine.train(whole).end)


@pytest.mark.further
@pytest.mark.parametrize("engine", EVERY)
def test_a_fit_that_has_stopped_stays_as_it_ended(engine):
    engine = EVERY[engine]()
    job = job_of(Network(steep), epochs=30, keep_last=True, stopping=STOP)
    ended = engine.train(job)
    assert ended.stop_reason is StopReason.NO_IMPROVEMENT
    assert ended.stopped_epoch == ended.n_epochs - 1 == ended.best_epoch + STOP.patience
    assert same(engine.train(replace(job, resume=ended.last)), ended)
    # Its weights are those of the best epoch, and the raw state has those of the last one.
    best = engine.train(replace(job, epochs=ended.best_epoch + 1, stopping=None))
    for raw, end, expected in zip(
        ended.last.network.variables, ended.end.variables, best.end.variables, strict=True
    ):
        np.testing.assert_array_equal(end, expected)
        assert not np.array_equal(raw, end)


@pytest.mark.further
@pytest.mark.parametrize("engine", EVERY)
def test_more_seconds_let_a_fit_go_on(engine):
    engine = EVERY[engine]()
    job = job_of(Network(build), epochs=4, keep_last=True)
    short = engine.train(replace(job, max_seconds=1e-9))
    assert (short.n_epochs, short.stop_reason) == (1, StopReason.TIME_IS_UP)
    again = engine.train(replace(job, max_seconds=1e-9, resume=short.last))
    assert same(again, short)
    assert same(engine.train(replace(job, resume=short.last)), engine.train(job))


@pytest.mark.further
def test_where_calls_end_changes_no_bit_of_what_is_kept(monkeypatch):
    job = job_of(Network(steep), epochs=EPOCHS, keep_last=True, stopping=PLATEAU)
    whole = CompiledEngine(fallback=False, kernel=False).train(job)
    monkeypatch.setattr(planned, "SECONDS_PER_CALL", 1e-9)
    assert same(CompiledEngine(fallback=False, kernel=False).train(job), whole)


@pytest.mark.further
@pytest.mark.parametrize("units", [6, 40])
def test_a_width_that_is_filled_up_is_kept_as_it_is(units):
    engine = CompiledEngine(fallback=False, kernel=False)
    job = job_of(
        Network(lambda: build(units=units, optimizer=keras.optimizers.SGD(1.2, momentum=0.5))),
        epochs=EPOCHS,
        keep_last=True,
        stopping=STOP,
    )
    last = engine.train(replace(job, epochs=3)).last
    assert {w.shape for w in last.stopping.best_weights} == {(4, units), (units,), (units, 3), (3,)}
    assert same(engine.train(replace(job, resume=last)), engine.train(job))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("what", ["keep_last", "resume"])
def test_a_fit_with_callbacks_is_neither_kept_nor_resumed(engine, what):
    engine, job = ENGINES[engine](), job_of(Network(build), epochs=2, keep_last=True)
    if what == "resume":
        job = replace(job, keep_last=False, resume=engine.train(job).last)
    callback = keras.callbacks.EarlyStopping("loss")
    with pytest.raises(
        InvalidParameterError, match="callbacks EarlyStopping is no part of the job"
    ):
        engine.train(job, callbacks=(callback,))


def test_a_fit_that_is_kept_shares_the_program_of_one_that_is_not():
    engine, network = CompiledEngine(fallback=False, kernel=False), Network(build)
    assert engine.train(job_of(network)).last is None
    before = stats().programs
    engine.train(job_of(network, keep_last=True))
    assert stats().programs == before


@pytest.mark.parametrize("engine", ENGINES)
def test_a_job_of_fewer_epochs_does_not_go_on(engine):
    engine, job = ENGINES[engine](), job_of(Network(build), epochs=2, keep_last=True)
    last = engine.train(job).last
    with pytest.raises(InvalidParameterError, match="cannot go on from epoch 2.*from epoch 0 to 1"):
        engine.train(replace(job, epochs=1, resume=last))


@pytest.mark.parametrize("engine", some(ENGINES, "compiled"))
def test_an_early_stop_comes_in_the_second_part_where_it_comes_in_one_go(engine):
    engine, first = ENGINES[engine](), 3
    job = job_of(
        Network(steep),
        epochs=first + 30,
        initial_epoch=first,
        trained_epochs=first,
        keep_last=True,
        stopping=STOP,
    )
    whole = engine.train(job)
    # Places in the curves count from the first epoch of the fit, and the last state as callbacks do.
    assert whole.stop_reason is StopReason.NO_IMPROVEMENT
    assert whole.best_epoch == int(np.argmin(whole.history["loss"]))
    assert whole.stopped_epoch == whole.best_epoch + STOP.patience == whole.n_epochs - 1
    assert whole.last.epoch == first + whole.n_epochs
    assert whole.last.stopping.best_epoch == first + whole.best_epoch
    assert whole.last.stopping.stopped_epoch == first + whole.stopped_epoch
    before = engine.train(replace(job, epochs=first + whole.stopped_epoch))
    assert (before.n_epochs, before.stopped_epoch) == (whole.stopped_epoch, None)
    assert before.last.stopping.wait == STOP.patience - 1
    after = engine.train(replace(job, resume=before.last))
    assert after.stop_reason is StopReason.NO_IMPROVEMENT
    assert (after.best_epoch, after.stopped_epoch) == (whole.best_epoch, whole.stopped_epoch)
    assert same(after, whole)


@pytest.mark.parametrize("engine", some(ENGINES, "compiled"))
def test_the_rate_falls_in_the_second_part_where_it_falls_in_one_go(engine):
    engine = EVERY[engine]()
    plateau = replace(PLATEAU, reduce_lr_patience=2)
    job = job_of(Network(steep), epochs=16, keep_last=True, stopping=plateau)
    whole = engine.train(job)
    rates = whole.history["learning_rate"]
    # Keras's curve has the rate that an epoch was trained with: it falls when this epoch is over.
    fall = next(epoch for epoch, rate in enumerate(rates) if rate != rates[0]) - 1
    assert fall >= 2
    before = engine.train(replace(job, epochs=fall))
    assert set(before.history["learning_rate"]) == {rates[0]}
    assert (before.last.stopping.plateau_wait, before.last.stopping.rate_factor) == (1, 1.0)
    after = engine.train(replace(job, epochs=fall + 2, resume=before.last))
    assert after.history["learning_rate"] == rates[: fall + 2]
    assert rates[fall + 1] == np.float32(rates[0] * plateau.reduce_lr_factor)
    assert same(engine.train(replace(job, resume=before.last)), whole)


@pytest.mark.further
def test_the_last_batch_of_an_epoch_may_be_a_graph():
    """Such a plan keeps and resumes like the others; its case is among those above."""
    make, changes = CASES["a last batch as a graph"]
    plan = CompiledEngine(fallback=False, kernel=False).explain(job_of(Network(make), **changes))
    assert plan.startswith("Compiled with XLA, the last batch of an epoch as a graph, because the")


class OwnSteps(keras.Sequential):
    def train_step(self, data):
        return super().train_step(data)


@pytest.mark.parametrize("engine", [CompiledEngine(), KerasLoopEngine()], ids=["auto", "keras"])
def test_a_model_that_trains_in_a_way_of_its_own_is_not_kept(engine):
    def own():
        model = OwnSteps(build().layers)
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    with pytest.raises(InvalidParameterError, match="OwnSteps has a train_step of its own"):
        engine.train(job_of(Network(own), keep_last=True))


def test_what_a_fit_held_is_free_when_it_is_over():
    job, seen = job_of(Network(steep), stopping=STOP, epochs=3), []

    class Noted(planned.Fit):
        def __init__(self, *args):
            super().__init__(*args)
            seen.append(weakref.ref(self))

    gc.disable()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(planned, "Fit", Noted)
            CompiledEngine(fallback=False, kernel=False).train(job)
        assert seen
        assert not [fit for fit in seen if fit() is not None]
    finally:
        gc.enable()
