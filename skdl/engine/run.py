"""One job on its way through a program, of whatever kind, and the result that becomes of a job."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from skdl.engine.base import AbstractProgram
from skdl.engine.job import EpochObserver, FitJob, FitResult, LastState, StoppingMemory, StopReason
from skdl.engine.ledger import ledger
from skdl.engine.network.state import NetworkState, is_finite
from skdl.engine.resuming import settings_after


def run(
    job: FitJob,
    program: AbstractProgram[Any],
    *,
    plan: str,
    settings: Mapping[str, Any],
    observer: EpochObserver | None = None,
) -> FitResult:
    """The result of `job` by `program`.

    Parameters
    ----------
    job : FitJob
    program : AbstractProgram
    plan : str
        One sentence on how the job is run.
    settings : mapping
        What `resumable_settings` gave for the job.
    observer : EpochObserver, optional
    """
    clock, before = time.perf_counter(), job.resume
    fit = program.begin(job)
    history: dict[str, tuple[Any, ...]] = {} if before is None else dict(before.history)
    seconds = 0.0 if before is None else before.seconds
    stopped = before is not None and before.stopped
    epoch = job.first_epoch
    while not stopped and goes_on(job, epoch, seconds):
        if observer is not None:
            observer.on_epoch_begin(epoch)
        most = 1 if observer is not None else job.epochs - epoch
        left = math.inf if job.max_seconds is None else job.max_seconds - seconds
        stretch = program.run(fit, epoch, most, left)
        stopped, seconds = stretch.stopped, seconds + stretch.seconds
        # In the order of the program: a curve that had no entry before the fit was resumed keeps its place.
        history = {
            name: (*history.get(name, ()), *curve) for name, curve in stretch.history.items()
        }
        epoch += stretch.n_epochs
        ledger.add(epochs=stretch.n_epochs)
        if observer is not None and observer.on_epoch_end(epoch - 1, fit.now):
            stopped = True
    raw = fit.now() if job.keep_last else None
    end = program.end(fit)
    ledger.add(fits=1, seconds_training=time.perf_counter() - clock)
    return result_of(
        job,
        end.network,
        # Where no epoch has been validated yet, there is no curve of validation.
        {name: curve for name, curve in history.items() if curve},
        epoch,
        memory=end.stopping,
        stopped=stopped,
        plan=plan,
        raw=raw,
        settings=settings,
        seconds=seconds,
    )


def goes_on(job: FitJob, epoch: int, seconds: float) -> bool:
    """Whether `epoch` is still to be trained after `seconds`; the first one always is."""
    in_time = job.max_seconds is None or seconds < job.max_seconds or epoch == job.initial_epoch
    return epoch < job.epochs and in_time


def result_of(
    job: FitJob,
    end: NetworkState,
    history: Mapping[str, tuple[Any, ...]],
    epoch: int,
    *,
    memory: StoppingMemory,
    stopped: bool,
    plan: str,
    raw: NetworkState | None,
    settings: Mapping[str, Any],
    seconds: float,
    unseeded: np.ndarray | None = None,
) -> FitResult:
    """The result of `job` if `epoch` would be next; None for `raw` leaves `FitResult.last` empty."""
    if not is_finite(end, history.get("loss", ())):
        reason = StopReason.DIVERGED
    elif epoch >= job.epochs:
        reason = StopReason.EPOCHS_DONE
    elif memory.stopped:
        reason = StopReason.NO_IMPROVEMENT
    else:
        reason = StopReason.STOPPED_EARLY if stopped else StopReason.TIME_IS_UP
    return FitResult(
        end=end.sharing(job.start),
        history=history,
        n_epochs=epoch - job.initial_epoch,
        stop_reason=reason,
        plan=plan,
        best_epoch=None if memory.best is None else memory.best_epoch - job.initial_epoch,
        stopped_epoch=memory.stopped_epoch - job.initial_epoch if memory.stopped else None,
        last=None
        if raw is None
        else LastState(
            raw.sharing(job.start),
            epoch,
            history,
            memory,
            unseeded,
            seconds,
            settings_after(settings, epoch),
        ),
    )
