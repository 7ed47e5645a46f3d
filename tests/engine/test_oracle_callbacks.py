"""Keras's callbacks of numbers: compiled, with the same curves, stops and memories as the Keras loop."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from oracle import ROWS, assert_agree, both, job_of, numbers, without_xla

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.job import Samples, StopReason
from skdl.engine.network import Network

callbacks = keras.callbacks
MEMORY = ("wait", "best", "stopped_epoch", "best_epoch", "cooldown_counter", "best_weights")


def network(rate=0.8, **settings):
    """A network whose loss goes up and down at this learning rate."""

    def build():
        model = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(1)]
        )
        model.compile(keras.optimizers.SGD(rate, momentum=0.5), "mse", **settings)
        return model

    return build


@pytest.fixture
def fast(float64, monkeypatch):
    """Double precision, and graphs where XLA would run too."""
    without_xla(monkeypatch)


def held_out(seed=7):
    return Samples(numbers(10, 4, seed=seed), numbers(10, 1, seed=seed + 1))


def train(make, build=None, epochs=8, **changes):
    """The results of both engines, and the callbacks of both."""
    made = []

    def given():
        made.append(make())
        return made[-1]

    x, y = numbers(ROWS, 4), numbers(ROWS, 1, seed=1)
    changes = {"validation": held_out(), **changes}
    pair = both(build or network(), x, y, callbacks=given, epochs=epochs, **changes)
    assert_agree(pair)
    return pair, *made


def assert_same_memory(ours, theirs):
    for one, two in zip(ours, theirs, strict=True):
        for name in MEMORY:
            left, right = getattr(one, name, None), getattr(two, name, None)
            assert type(left) is type(right) or None not in (left, right), name
            if name == "best_weights" and right is not None:
                for a, b in zip(left, right, strict=True):
                    np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
            elif right is not None:
                np.testing.assert_allclose(left, right, rtol=1e-8, err_msg=name)


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


def stopping_network():
    metrics = ["mae", keras.metrics.R2Score(name="r2")]
    return network(metrics=metrics)()


@pytest.mark.parametrize("settings", STOPPING, ids=str)
def test_early_stopping(fast, settings):
    pair, ours, theirs = train(
        lambda: [callbacks.EarlyStopping(**{"monitor": "val_loss", **settings})], stopping_network
    )
    assert_same_memory(ours, theirs)
    if settings["patience"] == 30:
        assert pair.compiled.stop_reason is StopReason.EPOCHS_DONE


def test_early_stopping_stops_somewhere_in_the_middle(fast):
    pair, *_ = train(lambda: [callbacks.EarlyStopping("val_loss", patience=1)])
    assert 1 < pair.compiled.n_epochs < 8
    assert pair.compiled.stop_reason is StopReason.STOPPED_EARLY


@pytest.mark.parametrize(
    "settings",
    [
        {"patience": 0},
        {"patience": 1, "factor": 0.3},
        {"patience": 1, "cooldown": 2},
        {"patience": 0, "factor": 0.5, "min_lr": 0.3},
        {"patience": 1, "min_delta": 0.1, "monitor": "loss"},
        {"patience": 0, "monitor": "val_mae", "mode": "max"},
    ],
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


def test_a_schedule_that_stops_early_too(fast):
    pair, ours, theirs = train(
        lambda: [
            callbacks.LearningRateScheduler(halved),
            callbacks.EarlyStopping("loss", patience=1, restore_best_weights=True),
            callbacks.TerminateOnNaN(),
        ],
    )
    assert_same_memory(ours, theirs)


def test_a_plateau_and_a_stop_at_once(fast):
    _, ours, theirs = train(
        lambda: [
            callbacks.ReduceLROnPlateau("val_loss", patience=1),
            callbacks.EarlyStopping("val_loss", patience=3),
        ],
    )
    assert_same_memory(ours, theirs)


def test_a_loss_that_is_not_a_number_ends_the_fit_in_the_same_step(fast):
    pair, *_ = train(lambda: [callbacks.TerminateOnNaN()], network(1e60), validation=None)
    assert pair.compiled.stop_reason is StopReason.DIVERGED
    assert pair.compiled.n_epochs < 8


def test_callbacks_start_anew_in_each_fit(fast):
    callback = callbacks.EarlyStopping("loss", patience=1, restore_best_weights=True)
    network_ = Network(network())
    jobs = [job_of(network_, numbers(ROWS, 4), numbers(ROWS, 1), callbacks=(callback,), epochs=6)]
    one, two = (CompiledEngine().train(job) for job in jobs * 2)
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


@pytest.mark.parametrize("name", SHARING)
def test_numbers_of_callbacks_share_a_program(fast, name):
    before = stats().programs
    for callback in SHARING[name]:
        job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1), callbacks=(callback,))
        assert CompiledEngine().train(job).plan.startswith("Compiled")
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
        (lambda: callbacks.EarlyStopping("loss", verbose=1), "prints while it trains"),
        (
            lambda: callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
            "the callback LambdaCallback runs in Python",
        ),
        (
            lambda: callbacks.TerminateOnNaN(raise_error=True),
            "the callback TerminateOnNaN runs in Python",
        ),
    ],
    ids=["own", "subclass", "verbose", "lambda", "raises"],
)
def test_other_callbacks_go_through_the_keras_loop(callback, why):
    job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1), callbacks=(callback(),), epochs=1)
    plan = CompiledEngine().train(job).plan
    assert plan.startswith("Keras loop, because ")
    assert why in plan


def test_a_curve_that_is_not_there_is_warned_of_by_keras():
    callback = callbacks.EarlyStopping("val_loss")
    job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1), callbacks=(callback,), epochs=1)
    with pytest.warns(UserWarning, match="`val_loss` which is not available"):
        plan = CompiledEngine().train(job).plan
    assert (
        plan == "Keras loop, because EarlyStopping watches val_loss, which is not among the curves."
    )
