"""What every engine promises."""

from __future__ import annotations

import abc
from collections.abc import Iterable

from skdl.engine.job import EpochObserver, FitJob, FitResult


class AbstractEngine(abc.ABC):
    """Turns jobs into results.

    An engine has no state that a result could depend on: it may be called from any thread, by several
    at once, and a job gives the same bits each time, whatever runs beside it.
    """

    @abc.abstractmethod
    def train(self, job: FitJob, observer: EpochObserver | None = None) -> FitResult:
        """Run `job` and return its result.

        Arrays of the job are only read. A network whose weights end as non-finite
        numbers is a result, not an exception.
        """

    @abc.abstractmethod
    def explain(self, job: FitJob) -> str:
        """What `train` would do with `job`, and why, in one sentence; nothing is trained."""

    def train_many(self, jobs: Iterable[FitJob]) -> list[FitResult]:
        """Run `jobs`; each result is the one that `train` gives for its job alone."""
        return [self.train(job) for job in jobs]
