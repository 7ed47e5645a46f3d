"""What is watched in a fit, which epoch was best, and why it ended."""

from types import MappingProxyType

import pytest

from skdl.engine.job import FitResult, Stopping, StopReason
from skdl.engine.network.state import NetworkState
from skdl.estimators.watched_curve import best_epoch, reason
from tests.engine.jobs import job

CURVES = {"loss": [3.0, 2.0, 1.0], "accuracy": [0.1, 0.9, 0.9]}


def result(reason=StopReason.EPOCHS_DONE, best=None, **history):
    return FitResult(NetworkState(()), MappingProxyType(history), 3, reason, "plan", best)


@pytest.mark.parametrize(
    ("stopping", "early", "before", "best"),
    [
        (Stopping("loss"), None, 0, 2),
        (Stopping("accuracy", rises=True), None, 0, 1),
        # Early stopping looks at less than the curve says.
        (Stopping("loss"), 1, 0, 1),
        (Stopping("loss"), 0, 2, 2),
        (Stopping("val_loss"), None, 0, 0),
    ],
)
def test_the_best_epoch(stopping, early, before, best):
    fit = job(stopping=stopping)
    assert best_epoch(fit, result(best=early, **CURVES), CURVES, before) == best


def test_the_best_epoch_is_one_of_those_that_were_validated():
    fit = job(stopping=Stopping("val_loss"), epochs=5, options={"validation_freq": 2})
    history = {"loss": [5.0, 4.0, 3.0, 2.0, 1.0], "val_loss": [0.5, 0.25]}
    assert best_epoch(fit, result(**history), history) == 3


@pytest.mark.parametrize(
    ("ended", "curve", "refined"),
    [
        (StopReason.EPOCHS_DONE, (3.0, 2.0, 1.0), StopReason.STILL_IMPROVING),
        (StopReason.EPOCHS_DONE, (3.0, 2.0, 2.0), StopReason.EPOCHS_DONE),
        (StopReason.NO_IMPROVEMENT, (2.0, 1.0), StopReason.NO_IMPROVEMENT),
        (StopReason.STOPPED_EARLY, (2.0, 1.0), StopReason.STOPPED_EARLY),
        (StopReason.TIME_IS_UP, (2.0, 1.0), StopReason.TIME_IS_UP),
        (StopReason.DIVERGED, (2.0, float("nan")), StopReason.DIVERGED),
    ],
)
def test_the_reason(ended, curve, refined):
    assert reason(job(stopping=Stopping("loss")), result(ended, loss=curve)) is refined


def test_every_reason_has_a_line_and_those_to_act_on_have_advice():
    for one in StopReason:
        assert one.message(7)
        assert bool(one.advice) == (
            one in (StopReason.STILL_IMPROVING, StopReason.TIME_IS_UP, StopReason.DIVERGED)
        )
