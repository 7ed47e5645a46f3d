"""Schedules that a user hands over: a Keras schedule, or a function of the number of a step."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.common.parameter_checks import plain
from skdl.exceptions import InvalidParameterError
from skdl.training.schedules import SCHEDULE, Schedule


@dataclass(frozen=True)
class GivenSchedule:
    """A schedule that gives rates itself; the learning rate of the estimator has no part in it.

    Attributes
    ----------
    function : keras.optimizers.schedules.LearningRateSchedule or callable
        From the number of a step, from zero on, to its rate.
    warmup : float, int or None
        As in `Schedule`; the function begins after it.
    """

    function: Callable[[int], float]
    warmup: float | None = None

    @property
    def name(self) -> str:
        """What messages call it."""
        return getattr(self.function, "__name__", type(self.function).__name__)

    @property
    def setting(self) -> str:
        """What asks for it, as messages say it."""
        return f"learning_rate_schedule={self.name!r}"

    def rates(self, learning_rate: float, n_steps: int, steps_per_epoch: int) -> np.ndarray:
        """The learning rate of each step.

        Parameters
        ----------
        learning_rate : float
            Without effect.
        n_steps : int
        steps_per_epoch : int

        Returns
        -------
        ndarray of shape (n_steps,), float64

        Raises
        ------
        InvalidParameterError
            The function gives something else than a finite number of at least 0.

        Examples
        --------
        >>> GivenSchedule(lambda step: 0.5**step, warmup=2).rates(1.0, 5, 1).tolist()
        [0.0, 0.5, 1.0, 0.5, 0.25]
        """
        rise = Schedule(warmup=self.warmup).warmup_steps(n_steps, steps_per_epoch)
        after = self._after(max(1, n_steps - rise))
        up = after[0] * np.arange(rise) / max(1, rise)
        return np.concatenate([up, after])[:n_steps]

    def _after(self, n_steps: int) -> np.ndarray:
        function = self.function
        if isinstance(function, load_keras().optimizers.schedules.LearningRateSchedule):
            rates = _traced(function)(n_steps)
        else:
            rates = np.array([_number(self.name, function(step), step) for step in range(n_steps)])
        wrong = np.flatnonzero(~(np.isfinite(rates) & (rates >= 0)))
        if wrong.size:
            _number(self.name, float(rates[wrong[0]]), int(wrong[0]))
        return rates


def _number(name: str, given: Any, step: int) -> float:
    try:
        rate = float(given)
    except (TypeError, ValueError):
        rate = np.nan
    if not np.isfinite(rate) or rate < 0:
        raise InvalidParameterError(
            f"learning_rate_schedule={name} cannot be used. Got {given!r} for step {step}, expected a "
            "finite number of at least 0: return float(...)."
        )
    return rate


def _traced(schedule: Any) -> Callable[[int], np.ndarray]:
    """A function from a number of steps to their rates: Keras's own, as Keras computes it in a step."""
    kind: Any = type(schedule)
    if not kind.__module__.startswith("keras."):
        return _trace(schedule)  # it may depend on more than its config says
    try:
        config = json.dumps(schedule.get_config())
    except TypeError:  # numbers of numpy's
        return _trace(schedule)
    return _traced_by_config(kind, config, load_keras().config.floatx())


@lru_cache(maxsize=64)
def _traced_by_config(kind: Hashable, config: str, floatx: str) -> Callable[[int], np.ndarray]:
    made: Any = kind
    return _trace(made.from_config(json.loads(config)))


def _trace(schedule: Any) -> Callable[[int], np.ndarray]:
    import tensorflow as tf

    floatx = load_keras().config.floatx()

    @tf.function(autograph=False, input_signature=[tf.TensorSpec((), tf.int64)])
    def rates(n_steps: Any) -> Any:
        return tf.map_fn(
            lambda step: tf.cast(schedule(step), floatx),
            tf.range(n_steps),
            fn_output_signature=floatx,
        )

    return lambda n_steps: rates(tf.constant(n_steps, tf.int64)).numpy().astype(np.float64)


def schedule_of(params: Mapping[str, Any]) -> Schedule | GivenSchedule | None:
    """The schedule that an estimator's parameters say; None where the rate stays what it is.

    Parameters
    ----------
    params : mapping of str to object
        Those of the estimator, checked.
    """
    name = params["learning_rate_schedule"]
    if not isinstance(name, str):
        return GivenSchedule(name, plain(params["warmup"]))
    settings = {
        key: plain(params[key]) for key in SCHEDULE.names if key != "learning_rate_schedule"
    }
    if name == "constant" and not settings["warmup"]:
        return None
    return Schedule(name, **settings)
