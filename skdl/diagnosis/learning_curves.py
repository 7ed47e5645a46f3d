"""What the curves of a fit say, as numbers that mean the same for every network.

Losses are put in proportion to that of chance: of a prediction that knows how often each class occurs, or the
mean of a target, and nothing of the row. For cross-entropy the part of it that a network takes away is
McFadden's R2, for the squared error it is R2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma

from skdl.training.stopping import LAST_PART

# The second half of fewer epochs has too few steps to tell a habit from an accident.
FEWEST_EPOCHS = 6
# Where the loss of chance is not known, and the loss did not fall, this part of the first loss stands for
# what there was to gain.
LEAST_FALL = 0.1


@dataclass(frozen=True)
class LearningCurves:
    """The curves of one fit, and what is needed to judge them.

    Attributes
    ----------
    loss : tuple of float
        Of training, by epoch.
    val_loss : tuple of float
        Of validation; empty without.
    watched : tuple of float
        The curve that says whether the network still improves; empty where it is the validation loss, or
        without validation the loss.
    rises : bool
        Whether a higher value of `watched` is better.
    kept : int or None
        The index of the epoch whose weights the network has; None for the last one.
    ended : bool
        Whether training was stopped before its last epoch because nothing improved.
    chance : float or None
        The loss of chance, without penalties, where it is known.
    floor, train_floor : float
        The lowest loss there can be, and the lowest of training, where mixup adds to it.
    penalty : float
        What penalties of the weights add to the kept losses.
    """

    loss: tuple[float, ...]
    val_loss: tuple[float, ...] = ()
    watched: tuple[float, ...] = ()
    rises: bool = False
    kept: int | None = None
    ended: bool = False
    chance: float | None = None
    floor: float = 0.0
    train_floor: float = 0.0
    penalty: float = 0.0

    def numbers(self) -> dict[str, float]:
        """What the curves say; a number that cannot be had is left out.

        Returns
        -------
        dict of str to float
            ``epochs``, ``first_loss``, ``last_loss`` and ``lowest_loss`` of training, ``chance_loss``,
            ``penalty``, ``val_loss`` and ``lowest_val_loss`` as they are; the last ones are those of the kept
            weights. ``not_finite`` counts epochs in which a loss is no finite number; without sound numbers
            there are no others.

            In parts of the loss of chance, or of the fall of the curve where that is not known:
            ``roughness``, the mean step upwards of the training loss over the second half of the epochs;
            ``climb``, how far it ended above its lowest; ``val_rise``, the same of the validation loss, at
            the kept epoch. Noise such as dropout moves the training loss alone, so with validation data the
            first two are those of the calmer curve.

            ``gain`` is what the last tenth of the epochs brought as a part of all that was gained,
            ``relative_gain`` as a part of what was left; ``learnt_in_training``, ``learnt_in_validation`` and
            their difference ``loss_gap`` are parts of the loss of chance that the network takes away.

        Examples
        --------
        >>> curves = LearningCurves((2.3, 1.2, 0.8, 0.6), (1.5, 1.0, 0.9, 1.0), chance=2.3)
        >>> {name: round(value, 2) for name, value in curves.numbers().items() if "learnt" in name}
        {'learnt_in_training': 0.74, 'learnt_in_validation': 0.57}
        """
        if not self.loss:
            return {"epochs": 0.0}
        loss = np.asarray(self.loss, dtype=np.float64)
        held = np.asarray(self.val_loss, dtype=np.float64)
        kept = len(loss) - 1 if self.kept is None else min(max(self.kept, 0), len(loss) - 1)
        found = {
            "epochs": float(len(loss)),
            "first_loss": float(loss[0]),
            "last_loss": float(loss[kept]),
        }
        finite = np.isfinite(loss)
        if len(held) == len(loss):
            finite &= np.isfinite(held)
        else:
            held = held[:0]  # only some calls of `partial_fit` had validation data
        if not finite.all():
            return {**found, "not_finite": float((~finite).sum())}
        # Losses near the largest float are no reason to fail.
        with np.errstate(all="ignore"):
            found["lowest_loss"] = float(loss.min())
            found.update(self._moves(loss, held))
            if len(held):
                found.update(self._validation(loss[: kept + 1], held[: kept + 1]))
            found.update(self._learnt(found))
            found.update(self._gain(held if len(held) else loss))
        return {name: value for name, value in found.items() if not math.isnan(value)}

    def _scale(self, curve: np.ndarray) -> float:
        if self.chance is not None:
            return self.chance
        fall = max(float(curve[0] - curve.min()), LEAST_FALL * abs(float(curve[0])))
        return fall if fall > 0 else math.nan

    def _moves(self, loss: np.ndarray, held: np.ndarray) -> dict[str, float]:
        curves = [loss, held] if len(held) else [loss]
        if len(loss) < FEWEST_EPOCHS:
            return {}
        return {
            "roughness": min(_roughness(curve) / self._scale(curve) for curve in curves),
            "climb": min(_climb(curve) / self._scale(curve) for curve in curves),
        }

    def _validation(self, loss: np.ndarray, held: np.ndarray) -> dict[str, float]:
        lowest = int(np.argmin(held))
        # Both losses rise where training goes wrong; that is no overfitting.
        fell = loss[-1] < loss[lowest]
        rise = _climb(held) if fell else 0.0
        return {
            "val_loss": float(held[-1]),
            "lowest_val_loss": float(held[lowest]),
            "val_rise": rise / self._scale(held),
        }

    def _learnt(self, found: dict[str, float]) -> dict[str, float]:
        if self.chance is None:
            return {}
        learnt = {"chance_loss": self.chance}
        if self.penalty:
            learnt["penalty"] = self.penalty

        def part(loss: float, floor: float) -> float:
            assert self.chance is not None
            room = self.chance - floor
            return (self.chance - (loss - self.penalty)) / room if room > 0 else math.nan

        learnt["learnt_in_training"] = part(found["last_loss"], max(self.floor, self.train_floor))
        if "val_loss" in found:
            learnt["learnt_in_validation"] = part(found["val_loss"], self.floor)
            learnt["loss_gap"] = learnt["learnt_in_training"] - learnt["learnt_in_validation"]
        return learnt

    def _gain(self, default: np.ndarray) -> dict[str, float]:
        if self.ended:
            return {}
        curve = np.asarray(self.watched, dtype=np.float64) if self.watched else default
        if self.rises:
            curve = -curve
        last = max(1, round(LAST_PART * len(curve)))
        if len(curve) <= last or not np.isfinite(curve).all():
            return {}
        was, now = float(curve[:-last].min()), float(curve[-last:].min())
        fall = float(curve[0]) - min(was, now)
        if fall <= 0:
            return {"gain": 0.0, "relative_gain": 0.0}
        relative = (was - now) / abs(was) if was else 0.0
        return {"gain": max(0.0, was - now) / fall, "relative_gain": max(0.0, relative)}


def _roughness(curve: np.ndarray) -> float:
    steps = np.diff(curve)
    return float(np.maximum(steps[len(steps) // 2 :], 0.0).mean())


def _climb(curve: np.ndarray) -> float:
    # The lowest of the last epochs: one that is high by accident is no climb.
    last = max(1, round(LAST_PART * len(curve)))
    return float(curve[-last:].min() - curve.min())


def entropy(shares: Sequence[float]) -> float:
    """The cross-entropy in nats of a prediction of the `shares` of classes, for rows that have these.

    Examples
    --------
    >>> round(entropy([0.5, 0.5]), 4)
    0.6931
    """
    parts = np.asarray([share for share in shares if share > 0], dtype=np.float64)
    return float(-(parts * np.log(parts)).sum())


def smoothing_floor(label_smoothing: float, n_classes: int) -> float:
    """The lowest cross-entropy there is with smoothed labels.

    Examples
    --------
    >>> round(smoothing_floor(0.1, 10), 3)
    0.5
    """
    wrong = label_smoothing / n_classes
    return entropy([1 - label_smoothing + wrong, *[wrong] * (n_classes - 1)])


def mixup_floor(mixup: float, n_classes: int) -> float:
    """The lowest cross-entropy of training rows that are blended, for classes of one size.

    A blend of two classes has the entropy of its shares. Its mean over shares from Beta(a, a) is
    ``digamma(2 a + 1) - digamma(a + 1)``; two rows are of one class once in `n_classes` times.

    Examples
    --------
    >>> round(mixup_floor(1.0, 2), 3)
    0.25
    """
    return float((1 - 1 / n_classes) * (digamma(2 * mixup + 1) - digamma(mixup + 1)))
