"""What a reader sees of the epochs of a call, and what callbacks write, when the call is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from skdl.engine.callbacks.base import Rule
from skdl.engine.callbacks.model_stand_in import StandIn
from skdl.engine.epoch_lines import print_begin, print_end
from skdl.engine.job import FitJob
from skdl.engine.network.state import NetworkState


class Replay:
    """Tells of epochs in the order in which `keras.Model.fit` would have told of them.

    Parameters
    ----------
    job : FitJob
    rules : sequence of Rule
    steps : int
        Batches of an epoch.
    state_of : callable
        Gives the state of the job's network from what a rule has kept of a program's state.
    """

    def __init__(
        self,
        job: FitJob,
        rules: Sequence[Rule],
        steps: int,
        state_of: Callable[[list[Any]], NetworkState],
    ):
        self._job = job
        self._rules = [rule for rule in rules if any(one.heard for one in rules)]
        self._steps = steps
        self._model = StandIn(job.network, state_of)
        for rule in self._rules:
            rule.replay_train_begin()

    @property
    def needed(self) -> bool:
        """Whether anybody listens."""
        return bool(self._job.verbose or self._rules)

    def begin(self, rate: float) -> None:
        """Hear the learning rate before a call."""
        self._model.optimizer.learning_rate = rate

    def epoch(self, epoch: int, logs: dict[str, Any], memories: Sequence[list[Any]]) -> None:
        """Tell of `epoch`.

        Parameters
        ----------
        epoch : int
            Its number, as callbacks count.
        logs : dict
            Its place in the curves.
        memories : sequence of list
            The states of all rules after the call.
        """
        told = {name: value for name, value in logs.items() if name != "learning_rate"}
        if self._job.rates is not None:
            # It is that of the last step, as Keras's callbacks find it at the end of an epoch.
            told["learning_rate"] = self._model.optimizer.learning_rate = logs["learning_rate"]
        for rule in self._rules:
            rule.replay_epoch_begin(epoch, self._model)
        if self._job.verbose:
            print_begin(self._job, epoch)
        for rule, memory in zip(self._rules, memories, strict=False):
            rule.replay_epoch_end(epoch, told, self._model, memory)
        if self._job.verbose:
            print_end(self._steps, logs)
