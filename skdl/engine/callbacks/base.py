"""What a callback is inside a program."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.exceptions import NotCompilableError

if TYPE_CHECKING:
    import keras

    from skdl.engine.callbacks.model_stand_in import StandIn
    from skdl.engine.job import StoppingMemory
    from skdl.engine.network.state import Layout, ProgramState
    from skdl.engine.optimizers.pure_optimizer import PureOptimizer


class Rule(abc.ABC):
    """One callback inside a program; the program calls it at the end of each epoch.

    Attributes
    ----------
    key : tuple
        What of the callback shapes the program. Everything else is in its state.
    rates : bool
        Whether the curves get a ``learning_rate``, as with this callback in Keras.
    one_epoch_a_call : bool
        Whether Python has to act before the next epoch begins.
    """

    rates = False
    one_epoch_a_call = False

    def __init__(self, callback: Any):
        self.callback = callback

    @property
    def watches(self) -> str | None:
        """The curve that the program has to know for the callback."""
        return None

    @property
    def heard(self) -> bool:
        """Whether there is something to print or to write when the rows of a call are back."""
        return bool(getattr(self.callback, "verbose", 0))

    @property
    def key(self) -> tuple[Any, ...]:
        """What of the callback shapes the program; its class alone, unless a rule says more."""
        return (type(self).__name__,)

    def start(self, state: ProgramState) -> list[Any]:
        """The rule's own state at the beginning of a fit from `state`; nothing by default."""
        return []

    def resumed(self, memory: list[Any], before: StoppingMemory, weights: list[int]) -> list[Any]:
        """The rule's own state where a fit goes on from what stopping remembered; `memory` is from `start`.

        Only the rules of `FitJob.stopping` are ever resumed; `weights` are as in `after`.
        """
        return memory

    def remembered(
        self, memory: list[np.ndarray], variables: tuple[np.ndarray, ...], weights: list[int]
    ) -> dict[str, Any]:
        """The fields of `StoppingMemory` that the rule knows; the arguments are as in `after`."""
        return {}

    def factor(self, memory: list[Any]) -> Any:
        """What the rule multiplies the rates of a schedule by; None where it leaves them alone."""
        return None

    @abc.abstractmethod
    def on_epoch_end(
        self,
        state: ProgramState,
        memory: list[Any],
        logs: dict[str, Any],
        epoch: Any,
        optimizer: PureOptimizer,
    ) -> tuple[ProgramState, list[Any], Any]:
        """The network's state, the rule's own and whether to stop, after `epoch`."""

    def after(
        self, memory: list[np.ndarray], variables: tuple[np.ndarray, ...], weights: list[int]
    ) -> tuple[np.ndarray, ...]:
        """The variables that the fit ends with; tells the callback what happened.

        Parameters
        ----------
        memory : list of ndarray
            The rule's state at the end.
        variables : tuple of ndarray
            Those of the network at the end.
        weights : list of int
            Which of them are weights, as `keras.Model.get_weights` has them.
        """
        return variables

    # After a call, in Python: only where a rule of the fit is `heard`.

    def replay_train_begin(self) -> None:  # noqa: B027 - most have nothing to do
        """What Keras's callback does before the first epoch."""

    def replay_epoch_begin(self, epoch: int, model: StandIn) -> None:  # noqa: B027
        """What Keras's callback does before `epoch`."""

    def replay_epoch_end(  # noqa: B027
        self, epoch: int, logs: dict[str, Any], model: StandIn, memory: list[Any]
    ) -> None:
        """What Keras's callback does after `epoch`; `memory` is the rule's state after the call."""


def end_of(
    rules: Sequence[Rule],
    own_rules: Sequence[Rule],
    memories: Sequence[list[Any]],
    variables: Sequence[np.ndarray],
    layout: Layout,
) -> tuple[tuple[np.ndarray, ...], dict[str, Any]]:
    """The variables that a fit ends with, and the fields of `StoppingMemory` that the job's own rules tell.

    Parameters
    ----------
    rules : sequence of Rule
        All rules of the fit, among them `own_rules`, which do what `FitJob.stopping` says.
    own_rules : sequence of Rule
    memories : sequence of list
        The state of each of `rules`.
    variables : sequence of ndarray
        The variables of the network after the last step.
    layout : Layout
    """
    found, remembered = list(variables), dict[str, Any]()
    places, weights = layout.places, layout.places_of_weights
    for rule, memory in zip(rules, memories, strict=True):
        now = tuple(np.zeros(2) if place is None else found[place] for place in places)
        arrays = [np.asarray(part) for part in memory]
        if rule in own_rules:
            remembered |= rule.remembered(arrays, now, weights)
        for place, value in zip(places, rule.after(arrays, now, weights), strict=True):
            if place is not None:
                found[place] = value
    return tuple(found), remembered


class Watching(Rule):
    """A rule that compares a curve with its best value."""

    def __init__(self, callback: Any, model: keras.Model):
        super().__init__(callback)
        callback.set_model(model)
        try:
            if callback.monitor_op is None:
                callback._set_monitor_op()
        finally:
            callback._model = None
        self._rises = callback.monitor_op is load_keras().ops.greater

    @property
    def watches(self) -> str | None:
        """What the callback monitors."""
        name: str = self.callback.monitor
        return name

    @property
    def key(self) -> tuple[Any, ...]:
        """What of the callback shapes the program."""
        return (type(self).__name__, self.callback.monitor, self._rises)

    def _watched(self, logs: dict[str, Any]) -> Any:
        name = self.callback.monitor
        if name not in logs:
            raise NotCompilableError(
                f"{type(self.callback).__name__} watches {name}, which is not among the curves"
            )
        value = logs[name]
        if value.shape.rank:
            raise NotCompilableError(
                f"{type(self.callback).__name__} watches {name}, which has several values an epoch"
            )
        return value

    def _better(self, value: Any, min_delta: Any, best: Any) -> Any:
        import tensorflow as tf

        # As Keras: the difference in double precision, the comparison in single.
        floatx = load_keras().config.floatx()
        shifted, best = tf.cast(value - min_delta, floatx), tf.cast(best, floatx)
        return shifted > best if self._rises else shifted < best
