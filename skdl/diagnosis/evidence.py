"""Which faults the curves and the scores of a network show."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from skdl.diagnosis import advice
from skdl.diagnosis.advice import Setup
from skdl.diagnosis.findings import (
    BLOWN_UP,
    CLIMB,
    DIVERGED_FACTOR,
    ERRORS_OF_GAP,
    FAILED_PART,
    LAST_GAIN,
    LEARNT_OF_CLASSES,
    LEARNT_OF_NUMBERS,
    LOSS_GAP,
    NOTHING,
    RELATIVE_VAL_RISE,
    ROUGHNESS,
    SCALED_Y,
    SCORE_GAP,
    VAL_RISE,
    Fault,
    Finding,
)
from skdl.diagnosis.fold_scores import FoldScores
from skdl.diagnosis.learning_curves import LearningCurves
from skdl.training.stopping import BY_MORE_THAN


@dataclass(frozen=True)
class Evidence:
    """All that is known of a network.

    Attributes
    ----------
    curves : tuple of LearningCurves
        Of each fit: one, or one for each fold.
    scores : FoldScores or None
    setup : Setup
        Its parameters.
    learnt_by_rows : float or None
        The part of the way from chance to a perfect score that it goes on the rows that were given.
    diverged : bool
        Whether a fit ended in `DivergedError`.
    failed_candidates, candidates : int
        Of a search.
    diverged_candidates, diverged_folds : int
        Those that have no score, as their fits diverged.
    errors : tuple of (str, int)
        Why other fits have no score, and how many.
    unexplained_fits : int
        The rest of the fits without a score.
    """

    curves: tuple[LearningCurves, ...] = ()
    scores: FoldScores | None = None
    setup: Setup = field(default_factory=Setup)
    learnt_by_rows: float | None = None
    diverged: bool = False
    failed_candidates: int = 0
    candidates: int = 0
    diverged_candidates: int = 0
    diverged_folds: int = 0
    errors: tuple[tuple[str, int], ...] = ()
    unexplained_fits: int = 0

    @cached_property
    def of_fits(self) -> list[dict[str, float]]:
        """The numbers of each fit."""
        return [curves.numbers() for curves in self.curves]

    @cached_property
    def gone(self) -> list[dict[str, float]]:
        """Those of the fits that diverged."""
        return [numbers for numbers in self.of_fits if self.diverged or _diverged(numbers)]

    @cached_property
    def seen(self) -> dict[str, float]:
        """All numbers by name; medians where there are several fits, of those that did not diverge."""
        sound = [numbers for numbers in self.of_fits if numbers not in self.gone]
        names = {name: None for numbers in sound for name in numbers}
        with np.errstate(all="ignore"):  # a sum of two large ones may be too large
            found = {n: float(np.median([one[n] for one in sound if n in one])) for n in names}
        if self.curves:
            found.update(fits=float(len(self.curves)), diverged_fits=float(len(self.gone)))
        if self.scores is not None:
            found.update(self.scores.numbers())
        if self.learnt_by_rows is not None:
            found["learnt_by_rows"] = self.learnt_by_rows
        if self.candidates:
            found.update(
                candidates=float(self.candidates), failed_candidates=float(self.failed_candidates)
            )
        return found

    @property
    def advised(self) -> Setup:
        """Its parameters, with what the curves say of its training."""
        seen = self.seen
        start = seen.get("first_loss", 0.0) / seen.get("chance_loss", math.inf)
        size = seen.get("chance_loss", seen.get("first_loss", 1.0))
        return replace(
            self.setup,
            epochs=int(seen.get("epochs", 0)),
            stable=not (self.gone or _jumps(seen)),
            # A penalty is largest in the first epoch, and says nothing of its steps.
            blown_up="penalty" not in seen and start > BLOWN_UP,
            y_is_scaled=self.setup.classifier or SCALED_Y[0] <= size <= SCALED_Y[1],
        )

    @property
    def enough(self) -> float:
        """The part of the way from chance to perfect that makes no underfitting."""
        return LEARNT_OF_CLASSES if self.setup.classifier else LEARNT_OF_NUMBERS

    @property
    def knows_training(self) -> bool:
        """Whether it is known how well the network does on its training rows."""
        return bool({"learnt_by_train_score", "learnt_in_training"} & set(self.seen))

    @property
    def knows_gap(self) -> bool:
        """Whether it is known how much better it does there than elsewhere."""
        return bool({"score_gap", "loss_gap"} & set(self.seen))

    @property
    def learnt(self) -> tuple[float, str]:
        """The most that the network was seen to have learnt, and by what."""
        return max((self.seen[name], words) for name, words in _BY.items() if name in self.seen)

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is better on the training rows than elsewhere, by more than it may be."""
        seen = self.seen
        if not self.knows_training or self.learnt[0] < NOTHING:
            return ()
        said = []
        if self.scores is not None and "score_gap" in seen:
            gap, error = seen["score_gap"], seen.get("score_gap_error", 0.0)
            most = LOSS_GAP if self.scores.of_losses else SCORE_GAP
            if gap > max(most, ERRORS_OF_GAP * error):
                said.append(
                    f"{self.scores.name} is {seen['train_score']:.3f} on training rows and "
                    f"{seen['test_score']:.3f} on others, a gap of {gap:.0%} of the way from chance to "
                    f"perfect, more than {most:.0%} and than {ERRORS_OF_GAP:g} standard errors, "
                    f"{ERRORS_OF_GAP * error:.0%}"
                )
        if seen.get("loss_gap", 0.0) > LOSS_GAP:
            said.append(
                f"the network takes away {seen['learnt_in_training']:.0%} of the loss of chance in training "
                f"and {max(seen['learnt_in_validation'], 0.0):.0%} in validation, which is more than "
                f"{LOSS_GAP:.0%} less"
            )
        by_rows = seen.get("learnt_by_rows", math.inf)
        if seen.get("learnt_in_training", -math.inf) - by_rows > LOSS_GAP:
            said.append(
                f"the network takes away {seen['learnt_in_training']:.0%} of the loss of chance in training, "
                f"and by its score on the rows given it goes {by_rows:.0%} of the way from "
                "chance to perfect"
            )
        return tuple(said)


_BY = {
    "learnt_by_train_score": "by its score on training rows",
    "learnt_in_training": "by its training loss",
    "learnt_in_validation": "by its validation loss",
    "learnt_by_test_score": "by its score on other rows",
    "learnt_by_rows": "by its score on the rows given",
}


def _diverged(numbers: Mapping[str, float]) -> bool:
    usual = numbers.get("chance_loss", abs(numbers.get("first_loss", 0.0)))
    last = numbers.get("last_loss", 0.0) - numbers.get("penalty", 0.0)
    return "not_finite" in numbers or 0 < DIVERGED_FACTOR * usual < last


def _jumps(seen: Mapping[str, float]) -> bool:
    return seen.get("roughness", 0.0) > ROUGHNESS or seen.get("climb", 0.0) > CLIMB


def findings_of(evidence: Evidence) -> tuple[Finding, ...]:
    """The faults that `evidence` shows, in the order in which to act.

    Examples
    --------
    >>> memorised = LearningCurves((1.0, 0.5, 0.1, 0.1), (0.9, 0.6, 0.8, 1.1), chance=1.1)
    >>> [finding.kind.value for finding in findings_of(Evidence((memorised,)))]
    ['overfitting']
    """
    found = (_failures, _divergence, _instability, _few_epochs, _underfitting, _overfitting)
    faults: list[Finding] = []
    for look in found:
        finding = look(evidence)
        if finding is not None:
            given = {line for fault in faults for line in fault.advice}
            new = tuple(line for line in finding.advice if line not in given)
            faults.append(replace(finding, advice=new))
    return tuple(faults)


def _finding(
    kind: Fault,
    evidence: Evidence,
    said: Sequence[str],
    names: Sequence[str],
    advise: Callable[[Setup], tuple[str, ...]],
) -> Finding | None:
    if not said:
        return None
    text = "; ".join(said)
    if len(evidence.curves) > 1:
        text += f" (medians of {len(evidence.curves)} fits)"
    numbers = {name: evidence.seen[name] for name in names if name in evidence.seen}
    return Finding(kind, numbers, f"{text}.", advise(evidence.advised))


def _failures(evidence: Evidence) -> Finding | None:
    said = [f"{_n_fits(n)} failed: {why}" for why, n in evidence.errors]
    few = evidence.failed_candidates <= FAILED_PART * evidence.candidates
    if evidence.unexplained_fits and not (evidence.candidates and few):
        said.append(f"{_n_fits(evidence.unexplained_fits)} without a score, and nobody kept why")
    if not said:
        return None
    counts = ("folds", "failed_folds", "candidates", "failed_candidates")
    numbers = {name: evidence.seen[name] for name in counts if name in evidence.seen}
    text = "; ".join(line.rstrip(".") for line in said)
    unknown = evidence.unexplained_fits > 0
    return Finding(Fault.FAILED, numbers, f"{text}.", advice.against_failures(unknown=unknown))


def _n_fits(number: int) -> str:
    return f"{number} fit{'s' * (number != 1)}"


def _divergence(evidence: Evidence) -> Finding | None:
    said, numbers = [], {}
    for one in evidence.gone[:1]:
        numbers = one
        if evidence.diverged or "not_finite" in one:
            what = f"after {one['epochs']:g} epochs the loss or the weights are no finite numbers"
        else:
            usual = "chance" if "chance_loss" in one else "the first epoch"
            what = (
                f"the training loss ended at {one['last_loss']:.3g}, more than {DIVERGED_FACTOR:g} times "
                f"that of {usual}, {one.get('chance_loss', one['first_loss']):.3g}"
            )
        of = f"in {len(evidence.gone)} of {len(evidence.curves)} fits, "
        said.append((of if len(evidence.curves) > 1 else "") + what)
    if evidence.diverged_folds:
        said.append(
            f"{evidence.diverged_folds} of {evidence.seen['folds']:g} folds have no score, as their fits "
            "diverged"
        )
    itself = bool(said)
    if evidence.diverged_candidates > FAILED_PART * evidence.candidates:
        said.append(
            f"{evidence.diverged_candidates} of {evidence.candidates} candidates of the search have no "
            "score, as fits of them diverged"
        )
    if not said:
        return None
    advise = advice.against_divergence if itself else advice.against_failed_candidates
    counts = ("fits", "diverged_fits", "folds", "failed_folds", "candidates", "failed_candidates")
    numbers = {**numbers, **{n: evidence.seen[n] for n in counts if n in evidence.seen}}
    return Finding(Fault.DIVERGED, numbers, f"{'; '.join(said)}.", advise(evidence.advised))


def _instability(evidence: Evidence) -> Finding | None:
    seen, said = evidence.seen, []
    of = "the loss of chance" if "chance_loss" in seen else "its fall"
    if seen.get("roughness", 0.0) > ROUGHNESS:
        said.append(
            f"over the second half of {seen['epochs']:g} epochs the training loss jumps up by "
            f"{seen['roughness']:.1%} of {of} in a mean epoch, more than {ROUGHNESS:.0%}"
        )
    if seen.get("climb", 0.0) > CLIMB:
        said.append(
            f"the training loss ended {seen['climb']:.0%} of {of} above its lowest, "
            f"{seen['lowest_loss']:.3g}, more than {CLIMB:.0%}"
        )
    names = ("epochs", "roughness", "climb", "lowest_loss", "last_loss", "chance_loss")
    return _finding(Fault.UNSTABLE, evidence, said, names, advice.against_instability)


def _few_epochs(evidence: Evidence) -> Finding | None:
    seen, said = evidence.seen, []
    if seen.get("gain", 0.0) > LAST_GAIN and seen.get("relative_gain", 0.0) > BY_MORE_THAN:
        said.append(
            f"the last tenth of {seen['epochs']:g} epochs brought {seen['gain']:.1%} of all that was gained, "
            f"more than {LAST_GAIN:.0%}"
        )
    names = ("epochs", "gain", "relative_gain", "first_loss", "last_loss", "val_loss")
    return _finding(Fault.TOO_FEW_EPOCHS, evidence, said, names, advice.against_few_epochs)


def _underfitting(evidence: Evidence) -> Finding | None:
    if not evidence.knows_training or evidence.gaps or evidence.learnt[0] >= evidence.enough:
        return None
    learnt, by = evidence.learnt
    said = [
        f"{by} the network goes {max(learnt, 0.0):.0%} of the way from chance to perfect, less than "
        f"{evidence.enough:.0%}; it underfits unless the data hold no more"
    ]
    if evidence.advised.blown_up:
        said.append("its first epoch was far worse than chance, so its first steps were too long")
    if _instability(evidence) is not None or _few_epochs(evidence) is not None:
        said.append("the faults above may be the only reason")
    names = (
        *_BY,
        "chance_loss",
        "last_loss",
        "val_loss",
        "chance_score",
        "train_score",
        "test_score",
    )
    return _finding(Fault.UNDERFITTING, evidence, said, names, advice.against_underfitting)


def _overfitting(evidence: Evidence) -> Finding | None:
    seen, said = evidence.seen, list(evidence.gaps)
    relative = seen.get("val_loss", 0.0) - seen.get("lowest_val_loss", 0.0)
    if (
        seen.get("val_rise", 0.0) > VAL_RISE
        and relative > RELATIVE_VAL_RISE * abs(seen["lowest_val_loss"])
        and (not evidence.knows_training or evidence.learnt[0] >= NOTHING)
    ):
        said.append(
            f"the validation loss rose from {seen['lowest_val_loss']:.3g} to {seen['val_loss']:.3g} while "
            "the training loss went on falling"
        )
    if said and _instability(evidence) is not None:
        said.append("the faults above may be the only reason")
    names = ("train_score", "test_score", "score_gap", "score_gap_error", "loss_gap", "val_rise")
    more = ("last_loss", "val_loss", "lowest_val_loss", "chance_loss", *_BY)
    return _finding(Fault.OVERFITTING, evidence, said, (*names, *more), advice.against_overfitting)
