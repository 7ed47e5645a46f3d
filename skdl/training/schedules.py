"""The learning rate of every step of a fit, as an array: schedules, and the warmup before them.

A schedule is plain numbers, and what it gives is one number for each step. A program takes them as an input,
so that fits that differ in their schedules share it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skdl.common.declarations import Declaration, Group
from skdl.common.parameter_checks import NONE, Kind, Number, Options

# Where one cycle begins and ends, as parts of its peak, and when it has that: the defaults of fastai.
CYCLE_START, CYCLE_END, CYCLE_RISE = 1 / 25, 1 / 250_000, 0.3
# Cycles that "cosine_restarts" has where the length of the first one is not given.
CYCLES = 3


@dataclass(frozen=True)
class Schedule:
    """How the learning rate changes while a fit goes on.

    `name` is one of `NAMES`. Each other attribute is the hyperparameter of its name, which `SCHEDULE`
    describes.
    """

    name: str = "constant"
    warmup: float | None = None
    decay_factor: float = 0.1
    decay_epochs: float | None = None
    decay_power: float = 1.0
    end_factor: float = 0.0
    cycle_growth: float = 2.0
    cycle_factor: float = 1.0

    @property
    def setting(self) -> str:
        """What asks for it, as messages say it."""
        return f"learning_rate_schedule={self.name!r}"

    def rates(self, learning_rate: float, n_steps: int, steps_per_epoch: int) -> np.ndarray:
        """The learning rate of each step.

        Parameters
        ----------
        learning_rate : float
            The rate after the warmup, or the peak of one cycle.
        n_steps : int
            Steps of the whole fit, were it not stopped.
        steps_per_epoch : int

        Returns
        -------
        ndarray of shape (n_steps,), float64

        Examples
        --------
        >>> Schedule("cosine", warmup=2).rates(1.0, 8, 1).round(2).tolist()
        [0.0, 0.5, 1.0, 0.93, 0.75, 0.5, 0.25, 0.07]
        """
        rise = self.warmup_steps(n_steps, steps_per_epoch)
        step = np.arange(n_steps, dtype=np.float64)
        if self.name == "one_cycle":
            return learning_rate * _one_cycle(step, rise, n_steps)
        length = max(1, n_steps - rise)
        after = _SHAPES[self.name](self, np.maximum(step - rise, 0), length, steps_per_epoch)
        return learning_rate * np.where(step < rise, step / max(1, rise), after)

    def warmup_steps(self, n_steps: int, steps_per_epoch: int) -> int:
        """How many steps the rate rises."""
        if self.warmup is None:
            return round(CYCLE_RISE * n_steps) if self.name == "one_cycle" else 0
        if isinstance(self.warmup, (int, np.integer)):
            return min(n_steps, int(self.warmup) * steps_per_epoch)
        return round(self.warmup * n_steps)

    def _decay_steps(self, steps_per_epoch: int, otherwise: float) -> float:
        if self.decay_epochs is None:
            return max(1.0, otherwise)
        return float(self.decay_epochs) * steps_per_epoch


@dataclass(frozen=True, eq=False)
class RangeTest:
    """The rates of a range test, which has chosen them.

    Attributes
    ----------
    values : ndarray of shape (n_steps,)
    """

    values: np.ndarray
    setting = "lr_range_test"

    def rates(self, learning_rate: float, n_steps: int, steps_per_epoch: int) -> np.ndarray:
        """The learning rate of each step; nothing else has a part in it."""
        return self.values


def _constant(_schedule: Schedule, step: np.ndarray, _length: int, _per_epoch: int) -> np.ndarray:
    return np.ones_like(step)


def _step(schedule: Schedule, step: np.ndarray, length: int, per_epoch: int) -> np.ndarray:
    between = schedule._decay_steps(per_epoch, length / 3)
    return np.power(schedule.decay_factor, np.floor(step / between))


def _exponential(schedule: Schedule, step: np.ndarray, length: int, per_epoch: int) -> np.ndarray:
    return np.power(schedule.decay_factor, step / schedule._decay_steps(per_epoch, length))


def _polynomial(schedule: Schedule, step: np.ndarray, length: int, _per_epoch: int) -> np.ndarray:
    left = np.power(1 - step / length, schedule.decay_power)
    return (1 - schedule.end_factor) * left + schedule.end_factor


def _cosine(schedule: Schedule, step: np.ndarray, length: int, _per_epoch: int) -> np.ndarray:
    return (1 - schedule.end_factor) * _half_cosine(step / length) + schedule.end_factor


def _cosine_restarts(
    schedule: Schedule, step: np.ndarray, length: int, per_epoch: int
) -> np.ndarray:
    growth = schedule.cycle_growth
    first = schedule._decay_steps(per_epoch, length / sum(growth**n for n in range(CYCLES)))
    done = step / first  # in lengths of the first cycle
    if growth == 1:
        cycle = np.floor(done + 1e-9)
        within = done - cycle
    else:
        cycle = np.floor(np.log1p(-done * (1 - growth)) / np.log(growth) + 1e-9)
        within = (done - (1 - growth**cycle) / (1 - growth)) / growth**cycle
    height = np.power(schedule.cycle_factor, cycle)
    return (1 - schedule.end_factor) * height * _half_cosine(
        within.clip(0, 1)
    ) + schedule.end_factor


def _one_cycle(step: np.ndarray, rise: int, n_steps: int) -> np.ndarray:
    """One rise to 1 and one fall, both along a cosine."""
    up = CYCLE_START + (1 - CYCLE_START) * (1 - _half_cosine(step / max(1, rise)))
    fall = max(1, n_steps - 1 - rise)
    down = CYCLE_END + (1 - CYCLE_END) * _half_cosine((step - rise) / fall)
    return np.where(step < rise, up, down)


def _half_cosine(part: np.ndarray) -> np.ndarray:
    """From 1 at 0 down to 0 at 1."""
    return 0.5 * (1 + np.cos(np.pi * part))


_SHAPES: dict[str, Callable[[Schedule, np.ndarray, int, int], np.ndarray]] = {
    "constant": _constant,
    "step": _step,
    "exponential": _exponential,
    "polynomial": _polynomial,
    "cosine": _cosine,
    "cosine_restarts": _cosine_restarts,
}
NAMES = (*_SHAPES, "one_cycle")


_DEFAULTS = Schedule()
SCHEDULE = Group(
    "Schedule",
    (
        Declaration(
            "learning_rate_schedule",
            _DEFAULTS.name,
            (
                Options(NAMES),
                Kind(
                    lambda v: callable(v) and not isinstance(v, type),
                    "a schedule or a function",
                    "None",
                ),
            ),
            "Any",
            "str, Keras schedule or callable",
            'How the learning rate changes from step to step while `epochs` go by: "constant", "step", '
            '"exponential", "polynomial", "cosine" and "cosine_restarts" (Loshchilov and Hutter, '
            'SGDR, 2017), or "one_cycle" (Smith and Topin, Super-convergence, 2019), which rises to '
            "`learning_rate` and falls. A ``keras.optimizers.schedules`` object or a function from the "
            "number of a step to its rate takes the place of the learning rate.",
        ),
        Declaration(
            "warmup",
            _DEFAULTS.warmup,
            (Number(0, integer=True), Number(0, 1), NONE),
            "float | None",
            "float in [0, 1] or int",
            "How long the learning rate rises at the beginning: a float is a fraction of all steps, an int a "
            "number of epochs (Goyal et al., Accurate, large minibatch SGD, 2017). The rate rises in a "
            'straight line from zero; for "one_cycle", along a cosine from a 25th of `learning_rate`. None '
            'is no rise, and 0.3 for "one_cycle".',
            '0.05 to 0.1, and 0.2 to 0.4 for "one_cycle"',
        ),
        Declaration(
            "decay_factor",
            _DEFAULTS.decay_factor,
            (Number(0, 1, low_open=True),),
            "float",
            "float in (0, 1]",
            'Multiplies the rate at each drop of "step", and over `decay_epochs` of "exponential".',
            "0.1 to 0.5",
        ),
        Declaration(
            "decay_epochs",
            _DEFAULTS.decay_epochs,
            (Number(0, low_open=True), NONE),
            "float | None",
            "float",
            'Epochs between two drops of "step", for one `decay_factor` of "exponential", or of the first '
            'cycle of "cosine_restarts". None is a third of the epochs after the warmup, all of these '
            "epochs, or the length that gives three cycles.",
        ),
        Declaration(
            "decay_power",
            _DEFAULTS.decay_power,
            (Number(0, low_open=True),),
            "float",
            "float",
            'The exponent of "polynomial"; 1 is a straight line.',
            "1 to 2",
        ),
        Declaration(
            "end_factor",
            _DEFAULTS.end_factor,
            (Number(0, 1),),
            "float",
            "float in [0, 1]",
            'The last learning rate of "polynomial" and the cosine schedules, as a fraction of the first.',
            "0 to 0.1",
        ),
        Declaration(
            "cycle_growth",
            _DEFAULTS.cycle_growth,
            (Number(1),),
            "float",
            "float",
            'Length of each cycle of "cosine_restarts", relative to the cycle before.',
            "1 to 2",
        ),
        Declaration(
            "cycle_factor",
            _DEFAULTS.cycle_factor,
            (Number(0, 1, low_open=True),),
            "float",
            "float in (0, 1]",
            'First learning rate of each cycle of "cosine_restarts", relative to the cycle before.',
            "0.5 to 1",
        ),
    ),
)
