"""Keras's callbacks of numbers: compiled, with the same curves, stops and memories as the Keras loop."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.job import StopReason
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.network.network import Network
from tests.engine.callback_oracle import assert_same_memory, network, stopping_network, train
from tests.engine.oracle import ROWS, job_of, numbers
from tests.engine_of_graphs import without_xla
from tests.selection import some

callbacks = keras.callbacks


@pytest.fixture
def fast(float64, monkeypatch):
    """Double precision, and graphs where XLA would run too."""
    without_xla(monkeypatch)


PLATEAUS = [
    {"patience": 0},
    {"patience": 1, "factor": 0.3},
    {"patience": 1, "cooldown": 2},
    {"patience": 0, "factor": 0.5, "min_lr": 0.3},
    {"patience": 1, "min_delta": 0.1, "monitor": "loss"},
    {"patience": 0, "monitor": "val_mae", "mode": "max"},
]
STOPPING = [
    {"patience": 1},
    {"patience": 0},
    {"patience": 30},
    {"patience": 1, "restore_best_weights": True},
    {"patience": 30, "restore_best_weights": True},
    {"patience": 2, "baseline": 0.3},
    {"patience": 2, "baseline": 1e-6, "restore_best_weights": True},
    {"patience": 1, "start_from_epoch": 3, "restore_best_weights": True},
    {"patience": 1, "start_from_epoch": 30, "restore_best_weights": True},
    {"patience": 2, "min_delta": 0.05},
    {"patience": 2, "monitor": "loss"},
    {"patience": 2, "monitor": "val_loss", "mode": "max"},
    {"patience": 2, "monitor": "val_mae", "min_delta": 0.01, "mode": "min"},
    {"patience": 2, "monitor": "val_r2", "mode": "max", "restore_best_weights": True},
]


@pytest.mark.parametrize(
    "settings", some(STOPPING, STOPPING[3], STOPPING[8], mark="oracle"), ids=str
)
def test_early_stopping(fast, settings):
    pair, ours, theirs = train(
        lambda: [callbacks.EarlyStopping(**{"monitor": "val_loss", **settings})], stopping_network
    )
    assert_same_memory(ours, theirs)
    if settings["patience"] == 30:
        assert pair.compiled.stop_reason is StopReason.EPOCHS_DONE


@pytest.mark.oracle
def test_early_stopping_stops_somewhere_in_the_middle(fast):
    pair, *_ = train(lambda: [callbacks.EarlyStopping("val_loss", patience=1)])
    assert 1 < pair.compiled.n_epochs < 8
    assert pair.compiled.stop_reason is StopReason.STOPPED_EARLY


@pytest.mark.parametrize(
    "settings",
    some(PLATEAUS, *PLATEAUS[:4], mark="oracle"),
    ids=str,
)
def test_rates_that_fall_on_a_plateau(fast, settings):
    pair, ours, theirs = train(
        lambda: [callbacks.ReduceLROnPlateau(**{"monitor": "val_loss", **settings})],
        stopping_network,
    )
    assert_same_memory(ours, theirs)
    if "mode" not in settings:
        assert len(set(pair.compiled.history["learning_rate"])) > 1


def halved(epoch):
    return 0.5 / (epoch + 1)


def from_the_rate_before(epoch, rate):
    return rate * 0.7 if epoch % 2 else rate


@pytest.mark.parametrize("schedule", [halved, from_the_rate_before])
def test_schedules_of_epochs(fast, schedule):
    pair, *_ = train(lambda: [callbacks.LearningRateScheduler(schedule)], epochs=3)
    assert "learning_rate" in pair.compiled.history


@pytest.mark.oracle
def test_a_schedule_that_stops_early_too(fast):
    pair, ours, theirs = train(
        lambda: [
            callbacks.LearningRateScheduler(halved),
            callbacks.EarlyStopping("loss", patience=1, restore_best_weights=True),
            callbacks.TerminateOnNaN(),
        ],
    )
    assert_same_memory(ours, theirs)


@pytest.mark.oracle
def test_a_plateau_and_a_stop_at_once(fast):
    _, ours, theirs = train(
        lambda: [
            callbacks.ReduceLROnPlateau("val_loss", patience=1),
            callbacks.EarlyStopping("val_loss", patience=3),
        ],
    )
    assert_same_memory(ours, theirs)


def scheduler(schedule, **settings):
    return callbacks.LearningRateScheduler(schedule, **settings)


def plateau(**settings):
    return callbacks.ReduceLROnPlateau("val_loss", **{"patience": 0, "factor": 0.5, **settings})


SETTERS = {
    "a schedule, then a plateau": lambda: [scheduler(from_the_rate_before), plateau()],
    "a plateau, then a schedule": lambda: [plateau(), scheduler(from_the_rate_before)],
    "a schedule of its own, then a plateau": lambda: [scheduler(halved), plateau()],
    "two schedules": lambda: [scheduler(halved), scheduler(from_the_rate_before)],
    "two schedules, the second alone": lambda: [scheduler(from_the_rate_before), scheduler(halved)],
    "two plateaus": lambda: [plateau(), plateau(factor=0.3, patience=1)],
    "all of them, and a stop": lambda: [
        scheduler(from_the_rate_before),
        plateau(min_lr=0.1),
        scheduler(lambda epoch, rate: rate * 0.9),
        callbacks.EarlyStopping("val_loss", patience=4),
    ],
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", SETTERS)
def test_callbacks_that_set_the_learning_rate_together(fast, name):
    pair, ours, theirs = train(SETTERS[name], epochs=6)
    assert_same_memory(ours, theirs)
    assert pair.programs <= 1
    assert len(set(pair.compiled.history["learning_rate"])) > 1


@pytest.mark.parametrize(
    "beside", some([[], [callbacks.ReduceLROnPlateau]], "alone", ids=["alone", "beside"])
)
@pytest.mark.parametrize(
    "engine", [CompiledEngine(fallback=False), KerasLoopEngine()], ids=["compiled", "keras"]
)
def test_a_schedule_that_raises_is_heard(engine, beside):
    def schedule(epoch, rate):
        if epoch == 2:
            raise LookupError("no rate for epoch 2")
        return rate

    given = (scheduler(schedule), *(make(monitor="loss") for make in beside))
    job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1), epochs=4)
    with pytest.raises(LookupError, match="no rate for epoch 2"):
        engine.train(job, callbacks=given)


def test_a_schedule_that_gives_no_float_is_an_error(fast):
    given = (scheduler(lambda epoch: epoch),)
    job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1), epochs=4)
    with pytest.raises(ValueError, match=r"gave 0 for epoch 0. Got int, expected a float"):
        CompiledEngine(fallback=False).train(job, callbacks=given)


PRINTING = {
    "a stop": lambda: [callbacks.EarlyStopping("val_loss", patience=1, verbose=1)],
    "a stop that restores": lambda: [
        callbacks.EarlyStopping("val_loss", patience=1, verbose=1, restore_best_weights=True)
    ],
    "no stop": lambda: [callbacks.EarlyStopping("val_loss", patience=30, verbose=1)],
    "a plateau": lambda: [plateau(verbose=1, min_lr=0.1)],
    "a second plateau": lambda: [plateau(), plateau(verbose=1, factor=0.3)],
    "a schedule": lambda: [scheduler(halved, verbose=1)],
    "schedules": lambda: [scheduler(halved), scheduler(from_the_rate_before, verbose=1)],
    "a schedule and a plateau": lambda: [
        scheduler(from_the_rate_before, verbose=1),
        plateau(verbose=1),
    ],
}


@pytest.mark.parametrize(
    "name",
    some(PRINTING, "a stop that restores", "a schedule and a plateau", mark="oracle"),
)
def test_what_callbacks_print_is_what_keras_prints(fast, name, capsys):
    printed = []

    def make():
        printed.append(capsys.readouterr().out)
        return PRINTING[name]()

    pair, ours, theirs = train(make)
    by_keras = capsys.readouterr().out
    assert printed[1:] == [by_keras, by_keras]
    assert bool(by_keras) == (name != "no stop")
    assert_same_memory(ours, theirs)
    assert pair.programs <= 1


def test_lines_of_callbacks_stand_between_those_of_epochs(fast, capsys):
    job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1), epochs=2, verbose=2)
    CompiledEngine().train(job, callbacks=(scheduler(halved, verbose=1),))
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert lines[0] == "Epoch 1: LearningRateScheduler setting learning rate to 0.5."
    assert lines[1] == "Epoch 1/2"
    assert lines[2].startswith("3/3 - ")
    assert lines[3] == "Epoch 2: LearningRateScheduler setting learning rate to 0.25."


def test_a_loss_that_is_not_a_number_ends_the_fit_in_the_same_step(fast):
    pair, *_ = train(lambda: [callbacks.TerminateOnNaN()], network(1e60), validation=None)
    assert pair.compiled.stop_reason is StopReason.DIVERGED
    assert pair.compiled.n_epochs < 8


def test_callbacks_start_anew_in_each_fit(fast):
    callback = callbacks.EarlyStopping("loss", patience=1, restore_best_weights=True)
    network_ = Network(network())
    job = job_of(network_, numbers(ROWS, 4), numbers(ROWS, 1), epochs=6)
    one, two = (CompiledEngine().train(job, callbacks=(callback,)) for _ in range(2))
    assert one.n_epochs == two.n_epochs
    for a, b in zip(one.end.all, two.end.all, strict=True):
        np.testing.assert_array_equal(a, b)


def test_epochs_count_from_the_initial_one(fast):
    pair, ours, theirs = train(
        lambda: [
            callbacks.LearningRateScheduler(halved),
            callbacks.EarlyStopping("val_loss", patience=1, start_from_epoch=5),
        ],
        epochs=9,
        initial_epoch=4,
        trained_epochs=4,
    )
    assert_same_memory(ours, theirs)
    assert pair.compiled.history["learning_rate"][0] == pytest.approx(0.1)


SHARING = {
    "patience": [callbacks.EarlyStopping("loss", patience=n) for n in (1, 2)],
    "min_delta": [callbacks.EarlyStopping("loss", patience=1, min_delta=n) for n in (0.1, 0.2)],
    "baseline": [callbacks.EarlyStopping("loss", patience=1, baseline=n) for n in (0.1, 0.2)],
    "start": [callbacks.EarlyStopping("loss", patience=1, start_from_epoch=n) for n in (1, 2)],
    "factor": [callbacks.ReduceLROnPlateau("loss", factor=n) for n in (0.1, 0.2)],
    "schedule": [callbacks.LearningRateScheduler(f) for f in (halved, from_the_rate_before)],
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", SHARING)
def test_numbers_of_callbacks_share_a_program(fast, name):
    before = stats().programs
    for callback in SHARING[name]:
        job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1))
        engine = CompiledEngine(kernel=False)
        assert engine.train(job, callbacks=(callback,)).plan.startswith("Compiled")
    assert stats().programs - before <= 1


class Own(callbacks.Callback):
    pass


class OwnStopping(callbacks.EarlyStopping):
    pass


@pytest.mark.parametrize(
    ("callback", "why"),
    [
        (Own, "the callback Own runs in Python"),
        (lambda: OwnStopping("loss"), "the callback OwnStopping runs in Python"),
        (
            lambda: callbacks.ModelCheckpoint("best.keras", save_freq=3),
            "ModelCheckpoint saves in the middle of an epoch",
        ),
        (
            lambda: callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
            "the callback LambdaCallback runs in Python",
        ),
        (
            lambda: callbacks.TerminateOnNaN(raise_error=True),
            "the callback TerminateOnNaN runs in Python",
        ),
    ],
    ids=["own", "subclass", "batches", "lambda", "raises"],
)
def test_other_callbacks_go_through_the_keras_loop(callback, why, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # Keras saves what is to be saved
    job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1), epochs=1)
    plan = CompiledEngine().train(job, callbacks=(callback(),)).plan
    assert plan.startswith("Keras loop, because ")
    assert why in plan


def test_a_curve_that_is_not_there_is_warned_of_by_keras():
    callback = callbacks.EarlyStopping("val_loss")
    job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1), epochs=1)
    with pytest.warns(UserWarning, match="`val_loss` which is not available"):
        plan = CompiledEngine().train(job, callbacks=(callback,)).plan
    assert (
        plan == "Keras loop, because EarlyStopping watches val_loss, which is not among the curves."
    )
