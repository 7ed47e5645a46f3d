"""What is watched in a fit, which epoch was best, and why it ended."""

from types import MappingProxyType

import keras
import pytest

from skdl.engine.job import FitResult, StopReason
from skdl.engine.network.state import NetworkState
from skdl.estimators.watched_curve import Watch


def result(reason, **history):
    return FitResult(NetworkState(()), MappingProxyType(history), 3, reason, "plan")


def stopped(epoch=2, best_epoch=1, best=0.5):
    stop = keras.callbacks.EarlyStopping()
    stop.stopped_epoch, stop.best_epoch, stop.best = epoch, best_epoch, best
    return stop


@pytest.mark.parametrize(
    ("watch", "before", "best"),
    [
        (Watch("loss", rises=False), 0, 2),
        (Watch("accuracy", rises=True), 0, 1),
        (Watch("loss", rises=False, stop=stopped()), 0, 1),
        (Watch("loss", rises=False, stop=stopped(best_epoch=11), first_epoch=10), 0, 1),
        (Watch("loss", rises=False, stop=stopped(best_epoch=0)), 2, 2),
        (Watch("loss", rises=False, stop=stopped(best=None)), 0, 2),
        (Watch("val_loss", rises=False), 0, 0),
    ],
)
def test_the_best_epoch(watch, before, best):
    history = {"loss": [3.0, 2.0, 1.0], "accuracy": [0.1, 0.9, 0.9]}
    assert watch.best_epoch(history, before) == best


@pytest.mark.parametrize(
    ("reason", "stop", "curve", "refined"),
    [
        (StopReason.EPOCHS_DONE, None, (3.0, 2.0, 1.0), StopReason.STILL_IMPROVING),
        (StopReason.EPOCHS_DONE, None, (3.0, 2.0, 2.0), StopReason.EPOCHS_DONE),
        (StopReason.STOPPED_EARLY, stopped(), (1.0,), StopReason.NO_IMPROVEMENT),
        (StopReason.STOPPED_EARLY, stopped(epoch=0), (1.0,), StopReason.STOPPED_EARLY),
        (StopReason.STOPPED_EARLY, None, (1.0,), StopReason.STOPPED_EARLY),
        (StopReason.TIME_IS_UP, stopped(), (2.0, 1.0), StopReason.TIME_IS_UP),
        (StopReason.DIVERGED, None, (2.0, float("nan")), StopReason.DIVERGED),
    ],
)
def test_the_reason(reason, stop, curve, refined):
    watch = Watch("loss", rises=False, stop=stop)
    assert watch.reason(result(reason, loss=curve)) is refined


def test_every_reason_has_a_line_and_those_to_act_on_have_advice():
    for reason in StopReason:
        assert reason.message(7)
        assert bool(reason.advice) == (
            reason in (StopReason.STILL_IMPROVING, StopReason.TIME_IS_UP, StopReason.DIVERGED)
        )
