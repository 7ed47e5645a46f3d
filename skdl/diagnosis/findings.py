"""What can be wrong with a network, from which number on, and how it is said.

The thresholds lie between what 480 fits with known faults and without showed, on sets that come with
scikit-learn: ``benchmarks/diagnosed_faults.py``. Beside each stands what was seen.
"""

from __future__ import annotations

import enum
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

# A training loss of so many times that of chance, or without it the first one, has run away. Losses of sound
# networks are below chance; after two epochs they were at up to 1.2 times, with penalties at 2.3. Half of the
# fits with rates far too high ended beyond this, most of them in no number at all.
DIVERGED_FACTOR = 10.0
# Candidates of a search whose fits failed, as a part of all: more than this is time lost.
FAILED_PART = 0.1
# A mean step upwards of the training loss, in parts of the loss of chance. Sound: up to 0.009; of
# rates far too high one in twenty above 0.11. Dropout of 0.5 with batches of eight came to 0.024 elsewhere.
ROUGHNESS = 0.03
# How far above its lowest the training loss may end, in the same parts. Sound: up to 0.015; such rates:
# one in twenty above 0.27.
CLIMB = 0.1
# What the last tenth of the epochs may bring, as a part of all that was gained. A loss that falls as
# exp(-epochs / t) brings this after three t, with 6 % of the way to go. Sound, nineteen of twenty:
# up to 0.014, and the most 0.030; cut short: from 0.034.
LAST_GAIN = 0.02
# The part of the way from chance to perfect that a network should go on its training rows. Numbers have more
# noise than classes: half of their variance may be beyond every network. Sound: from 0.41, which is
# diabetes. Held back by too few units, dropout or penalties: half below 0.26.
LEARNT_OF_CLASSES, LEARNT_OF_NUMBERS = 0.5, 0.3
# Less than this is nothing, and no gap to other rows means anything.
NOTHING = 0.1
# How much less of that way a network may go on rows it was not trained on: by a score that counts right
# answers, and by a loss or R2, which also count how wrong the wrong ones are. Sound, nineteen of twenty: up
# to 0.13 by the loss. With sixty rows, half are above 0.27 by it; with wrong labels, 0.57.
SCORE_GAP, LOSS_GAP = 0.1, 0.2
# A gap between scores is one where it is more than this many times its standard error over the folds.
ERRORS_OF_GAP = 2.0
# How far the validation loss may rise from its lowest: in parts of the loss of chance, and of the lowest.
# Sound: nineteen of twenty not at all, and the most 0.12; wrong labels: half above 0.22.
VAL_RISE, RELATIVE_VAL_RISE = 0.05, 0.1
# A first epoch of so many times the loss of chance: its first steps were far too long. Sound: up to 5.
BLOWN_UP = 10.0
# Losses of chance of regressors whose target is near scale one.
SCALED_Y = (0.01, 100.0)

# Of the text of a diagnosis, in characters.
WIDTH = 100


class Fault(enum.Enum):
    """What can be wrong with a network, in the order in which to act.

    Attributes
    ----------
    FAILED
        Fits of a search or a cross-validation ended in an error.
    DIVERGED
        The loss is no number, or no longer means anything.
    UNSTABLE
        The training loss jumps, or ended far above its lowest.
    TOO_FEW_EPOCHS
        Training ended while the network still got better.
    UNDERFITTING
        The network has not even learnt its training rows.
    OVERFITTING
        It knows its training rows far better than others.

    Examples
    --------
    >>> [fault.value for fault in Fault]
    ['failed fits', 'divergence', 'unstable training', 'too few epochs', 'underfitting', 'overfitting']
    """

    FAILED = "failed fits"
    DIVERGED = "divergence"
    UNSTABLE = "unstable training"
    TOO_FEW_EPOCHS = "too few epochs"
    UNDERFITTING = "underfitting"
    OVERFITTING = "overfitting"


@dataclass(frozen=True)
class Finding:
    """One fault of a network.

    Attributes
    ----------
    kind : Fault
    numbers : dict of str to float
        What it was seen by, named as in `Diagnosis`.
    evidence : str
        The same in words.
    advice : tuple of str
        What to change next, the first thing first. Each names a parameter and usual values for it.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdl import MLPClassifier, diagnose
    >>> clf = MLPClassifier(epochs=2, random_state=0).fit(*load_iris(return_X_y=True))
    >>> finding = diagnose(clf).findings[0]
    >>> finding.kind.value, finding.advice[0]
    ('too few epochs', 'epochs=10 or more (now 2)')
    """

    kind: Fault
    numbers: Mapping[str, float]
    evidence: str
    advice: tuple[str, ...]

    def __str__(self) -> str:
        head = f"{self.kind.value.capitalize()}: {self.evidence}"
        lines = textwrap.wrap(head, WIDTH, subsequent_indent="   ", break_long_words=False)
        return "\n".join([*lines, *(f"  - {line}" for line in self.advice)])


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found.

    Attributes
    ----------
    findings : tuple of Finding
        The faults, in the order in which to act on them.
    missing : tuple of str
        What cannot be told from what was given, and how to get it.
    numbers : dict of str to float
        All that was seen; see the notes.
    prefix : str
        What the names of the network's parameters begin with in the estimator that was given.

    See Also
    --------
    skdl.diagnose : Makes it.

    Notes
    -----
    The numbers, of which those are left out that cannot be had. Of several fits they are medians, of scores
    means over the folds.

    epochs, first_loss, last_loss, lowest_loss, val_loss, lowest_val_loss
        Of the curves; ``last_loss`` and ``val_loss`` are those of the weights that were kept.
    chance_loss, penalty
        The loss of one who knows nothing of a row, and what penalties of weights add to the losses.
    roughness, climb, val_rise
        The mean step upwards of the training loss over the second half of the epochs, how far it ended above
        its lowest, and how far the validation loss did, in parts of the loss of chance, or without it of the
        fall of the curve.
    gain, relative_gain
        What the last tenth of the epochs brought, as a part of all that was gained and of what was left.
    learnt_in_training, learnt_in_validation, loss_gap
        By how much the losses are better than chance, as parts of a perfect network's, and their difference.
    train_score, test_score, test_score_std, chance_score
        Over the folds.
    learnt_by_train_score, learnt_by_test_score, score_gap, score_gap_error
        The same for the scores, and the standard error of their difference.
    learnt_by_rows
        The same for accuracy or R2 on the rows that `diagnose` was given.
    fits, diverged_fits, folds, failed_folds, candidates, failed_candidates
        How many there were.

    Examples
    --------
    >>> diagnosis = Diagnosis(missing=("Whether it overfits: pass validation_split=0.2.",))
    >>> diagnosis.healthy
    False
    >>> print(diagnosis)
    No fault was seen.
    Not known:
      - Whether it overfits: pass validation_split=0.2.
    """

    findings: tuple[Finding, ...] = ()
    missing: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    prefix: str = ""

    @property
    def healthy(self) -> bool:
        """Whether every fault was looked for and none was found."""
        return not self.findings and not self.missing

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The kinds of the findings."""
        return tuple(finding.kind for finding in self.findings)

    def __str__(self) -> str:
        lines = [f"{i}. {finding}" for i, finding in enumerate(self.findings, 1)]
        if not self.findings:
            lines.append("Healthy: no fault was seen." if self.healthy else "No fault was seen.")
        if self.findings and self.prefix:
            lines.append(f"Names of parameters begin with {self.prefix!r} here.")
        if self.missing:
            lines.append("Not known:")
            for line in self.missing:
                lines += textwrap.wrap(line, WIDTH, initial_indent="  - ", subsequent_indent="    ")
        return "\n".join(lines)
