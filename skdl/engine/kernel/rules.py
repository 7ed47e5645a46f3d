"""Keras's callbacks in a fit of the kernel: each rule of a program, called between two epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.engine.callbacks.base import Rule, end_of
from skdl.engine.callbacks.rates import ReduceRate, ScheduleRate
from skdl.engine.callbacks.replay import Replay
from skdl.engine.callbacks.stopping import StopAtNaN
from skdl.engine.kernel.description import Description
from skdl.engine.network.program_states import StatesOfProgram
from skdl.engine.network.state import NetworkState, ProgramState

if TYPE_CHECKING:
    from skdl.engine.job import FitJob


def follows(rules: Sequence[Rule], description: Description, job: FitJob) -> bool:
    """Whether the kernel can do what `rules` say; if not, a program of TensorFlow's does, or raises.

    No rule may watch the learning rate: only the rules before it decide whether there is such a curve.
    """
    # Beside rates for each step a LearningRateScheduler would set one rate for the whole epoch.
    if job.rates is not None and any(isinstance(rule, ScheduleRate) for rule in rules):
        return False
    names = ["loss", *(metric.name for metric in description.metrics)]
    if job.validation is not None:
        names += [f"val_{name}" for name in names]
    return all(rule.watches is None or rule.watches in names for rule in rules)


@dataclass(frozen=True)
class _RateOfState:
    """Stands in for the optimizer of a program: rules ask it for the place of the learning rate."""

    rate_place: int = 1


class Callbacks:
    """The callbacks of one fit.

    Parameters
    ----------
    job : FitJob
    rules : sequence of Rule
        Those of the user's callbacks, and `own_rules`.
    own_rules : sequence of Rule
        Those that do what `FitJob.stopping` says.
    state : NetworkState
        What the fit begins with, with the variables of the optimizer.
    steps : int
        Batches of an epoch.

    Attributes
    ----------
    stops_at_nan : bool
        Whether training ends after a batch whose loss is NaN or infinite.
    tells_rates : bool
        Whether the learning rate is one of the curves.
    """

    def __init__(
        self,
        job: FitJob,
        rules: Sequence[Rule],
        own_rules: Sequence[Rule],
        state: NetworkState,
        steps: int,
    ):
        import tensorflow as tf

        self._rules, self._own_rules = rules, own_rules
        self._layout = job.network.layout
        begun = self._program_state(state)
        self._memory = [[tf.constant(value) for value in rule.start(begun)] for rule in rules]
        shapes = [value.shape for value in state.variables]
        of_optimizer = [value.shape for value in state.optimizer or ()]
        states = StatesOfProgram(job.start.variables, self._layout, shapes, of_optimizer)
        self._replay = Replay(job, rules, steps, states.of_kept)
        self.stops_at_nan = any(isinstance(rule, StopAtNaN) for rule in rules)
        self.tells_rates = job.rates is not None or any(rule.rates for rule in rules)

    def _program_state(self, state: NetworkState) -> ProgramState:
        trainable = [state.variables[place] for place in self._layout.trainable]
        fixed = [
            np.zeros(2, np.int64) if place is None else state.variables[place]
            for place in self._layout.fixed
        ]
        return ProgramState(trainable, fixed, list(state.optimizer or ()), [])

    def before(self, epoch: int, rate: float) -> float:
        """The learning rate of `epoch`; `rate` is the rate after the epoch before."""
        self._replay.begin(rate)
        for rule in self._rules:
            if isinstance(rule, ScheduleRate):
                rate = rule.rate_of(epoch, rate)
        return rate

    @property
    def rate_factor(self) -> float:
        """The factor by which `ReduceLROnPlateau` has lowered the rates of a schedule so far."""
        found = 1.0
        for rule, memory in zip(self._rules, self._memory, strict=True):
            if isinstance(rule, ReduceRate):
                found *= float(rule.factor(memory))
        return found

    def after(
        self, epoch: int, logs: Mapping[str, float], state: NetworkState, floatx: str
    ) -> tuple[dict[str, float], float, bool]:
        """The curves as the callbacks leave them, the rate after `epoch`, and whether training stops."""
        import tensorflow as tf

        told = {name: tf.constant(value, floatx) for name, value in logs.items()}
        now, stops = self._program_state(state), False
        for place, rule in enumerate(self._rules):
            now, memory, wants = rule.on_epoch_end(
                now,
                self._memory[place],
                told,
                tf.constant(epoch, tf.int32),
                _RateOfState(),  # type: ignore[arg-type]
            )
            self._memory[place] = list(memory)
            stops |= bool(wants)
        found = {name: float(value) for name, value in told.items()}
        if self._replay.needed:
            self._replay.epoch(epoch, found, self._memory)
        return found, float(now.optimizer[1]), stops

    def end(
        self, variables: tuple[np.ndarray, ...]
    ) -> tuple[tuple[np.ndarray, ...], dict[str, Any]]:
        """The variables that the fit ends with, and the fields of `StoppingMemory` that rules know."""
        return end_of(self._rules, self._own_rules, self._memory, variables, self._layout)
