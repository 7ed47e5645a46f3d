"""Arguments of `keras.Model.fit` that programs know: weights of classes, parts of the data, rare validation.

What is the same as other data of a job becomes that (`settled`); the rest says which batches an epoch has
(`Course`). What Keras refuses, warns of or does in another way stays with Keras (`obstacle`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.job import FitJob
from skdl.engine.rows.arrays import Samples, n_steps

# What leaves everything as it is.
_NEUTRAL = {
    "class_weight": None,
    "steps_per_epoch": None,
    "validation_steps": None,
    "validation_freq": 1,
}
_OF_VALIDATION = ("validation_steps", "validation_freq")
# A number of epochs that is never reached.
_NEVER = 2**31 - 1


def settled(job: FitJob) -> FitJob:
    """`job` without the options that change nothing, and with class weights as weights of its rows."""
    options = {
        name: value
        for name, value in job.options.items()
        if not (name in _NEUTRAL and _same(value, _NEUTRAL[name]))
        and not (name in _OF_VALIDATION and job.validation is None)
    }
    training = job.training
    if "class_weight" in options and _class_weight_obstacle(job, options["class_weight"]) is None:
        training = replace(training, weight=_weights(training, options.pop("class_weight")))
    return replace(job, options=options, training=training)


def obstacle(job: FitJob) -> str | None:
    """What of the options of a `settled` job no program runs, as the second half of a sentence."""
    options = job.options
    others = [name for name in options if name not in _NEUTRAL]
    if others:
        return f"keras.Model.fit takes {', '.join(others)}"
    if "class_weight" in options:
        return _class_weight_obstacle(job, options["class_weight"])
    steps = n_steps(job.training, job.batch_size)
    given = options.get("steps_per_epoch", steps)
    if not _counts(given) or steps % given:
        return f"steps_per_epoch={given!r} does not divide the number of batches, {steps}"
    if job.validation is None:
        return None
    steps = n_steps(job.validation, job.validation_batch_size)
    given = options.get("validation_steps", steps)
    if not _counts(given) or given > steps:
        return f"validation_steps={given!r} is no number from 1 to that of the batches, {steps}"
    given = options.get("validation_freq", 1)
    if not _counts(given) and type(given) is not list:
        return f"validation_freq={given!r} is no positive whole number and no list"
    return None


@dataclass(frozen=True)
class Course:
    """Which batches the epochs of a job have.

    Attributes
    ----------
    steps : int
        Batches of an epoch.
    parts : int
        How many epochs go through the data once; with ``steps_per_epoch`` the next epoch goes on where one
        ends, as in Keras.
    held_out_steps : int
        Batches of a validation.
    validation_freq : int or list of int
        As in Keras.
    """

    steps: int
    parts: int
    held_out_steps: int
    validation_freq: int | list[int]

    @classmethod
    def of(cls, job: FitJob) -> Course:
        """The course of a job that no option is an obstacle for."""
        options, held_out = job.options, job.validation
        steps = n_steps(job.training, job.batch_size)
        some: int = options.get("steps_per_epoch", steps)
        checked = 0 if held_out is None else n_steps(held_out, job.validation_batch_size)
        return cls(
            some,
            steps // some,
            options.get("validation_steps", checked),
            options.get("validation_freq", 1),
        )

    def validates(self, epoch: int) -> bool:
        """Whether `epoch`, counted from zero, ends with a validation."""
        often = self.validation_freq
        return epoch + 1 in often if isinstance(often, list) else (epoch + 1) % often == 0

    def stretch(self, epoch: int, most: int) -> tuple[int, int]:
        """How many epochs one call can run from `epoch` on, and every which of them it validates.

        A list of epochs is no rule that a program could follow: its epochs are run in stretches of those
        that validate and those that do not.
        """
        if not isinstance(self.validation_freq, list):
            return most, self.validation_freq
        first = self.validates(epoch)
        length = 1
        while length < most and self.validates(epoch + length) == first:
            length += 1
        return length, 1 if first else _NEVER

    def logs(self, curves: Mapping[str, Sequence[Any]], first: int) -> list[dict[str, Any]]:
        """What `curves` say of each epoch from `first` on; what was not validated is left out."""
        names = list(curves)
        # As many of validation as of training, and perhaps a learning rate.
        half = len(names) // 2
        checked = names[half : 2 * half] if self.held_out_steps else []
        found = []
        for number in range(len(curves[names[0]])):
            missing = [] if self.validates(first + number) else checked
            found.append({name: curves[name][number] for name in names if name not in missing})
        return found

    def history(self, curves: dict[str, tuple[Any, ...]], first: int) -> dict[str, tuple[Any, ...]]:
        """`curves` from epoch `first` on, those of validation with the epochs alone that validate."""
        if self.validation_freq == 1:
            return curves
        logs = self.logs(curves, first)
        return {name: tuple(log[name] for log in logs if name in log) for name in curves}

    def rows(self, epochs: int, n_rows: int, batch_size: int) -> int:
        """How many rows the first `epochs` epochs of a fit train on."""
        whole, rest = divmod(epochs, self.parts)
        return whole * n_rows + min(rest * self.steps * batch_size, n_rows)


def _same(value: Any, neutral: Any) -> bool:
    return value is neutral or (type(value) is int and value == neutral)


def _counts(value: Any) -> bool:
    # Not numpy's whole numbers, which Keras refuses in some of these places.
    return type(value) is int and value > 0


def _class_weight_obstacle(job: FitJob, given: Any) -> str | None:
    training = job.training
    if training.weight is not None:
        return "class_weight comes with weights of rows, which Keras refuses"
    if not isinstance(training.y, np.ndarray) or training.y.ndim > 2:
        return "class_weight is for one output, with one class a row"
    if not (
        isinstance(given, Mapping)
        and given
        and all(isinstance(key, (int, np.integer)) and key >= 0 for key in given)
        and all(isinstance(value, Real) for value in given.values())
    ):
        return "class_weight is no dict from numbers of classes to weights"
    found = _classes(training.y)
    if found.min() < 0 or found.max() > max(given):
        return "class_weight ends before the last class"
    return None


def _classes(y: np.ndarray) -> np.ndarray:
    """The class of each row of targets that are numbers of classes or have a column for each."""
    if y.ndim == 2 and y.shape[1] > 1:
        return np.argmax(y, axis=1)
    return np.round(y.reshape(-1)).astype(np.int64)


def _weights(training: Samples, given: Mapping[int, float]) -> np.ndarray:
    import tensorflow as tf

    # As Keras does it: in single precision, unless the numbers themselves have another.
    table = tf.convert_to_tensor([given.get(n, 1.0) for n in range(max(given) + 1)]).numpy()
    weights: np.ndarray = table[_classes(training.y)].astype(load_keras().config.floatx())
    return weights
