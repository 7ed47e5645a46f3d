"""What the scores of a cross-validation say, as numbers that mean the same for every score."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Score:
    """A score, greater being better.

    Attributes
    ----------
    chance : callable
        From the number of classes to the score of a prediction that knows nothing of the row.
    perfect : float
        The best there can be.
    of_losses : bool
        Whether it measures by how much predictions are wrong, as R2 and log loss do, and not how often.
    """

    chance: Callable[[int], float]
    perfect: float = 1.0
    of_losses: bool = False


# By their names in scikit-learn. Classes are taken to be of one size, unless rows are there to count.
SCORES: Mapping[str, Score] = {
    "accuracy": Score(lambda n_classes: 1 / n_classes),
    "balanced_accuracy": Score(lambda n_classes: 1 / n_classes),
    "matthews_corrcoef": Score(lambda n_classes: 0.0),
    **{
        name: Score(lambda n_classes: 0.5)
        for name in ("roc_auc", "roc_auc_ovr", "roc_auc_ovo", "roc_auc_ovr_weighted")
    },
    "neg_log_loss": Score(lambda n_classes: -math.log(n_classes), 0.0, True),
    "r2": Score(lambda n_classes: 0.0, 1.0, True),
    "explained_variance": Score(lambda n_classes: 0.0, 1.0, True),
}


@dataclass(frozen=True)
class FoldScores:
    """The scores of one estimator in a cross-validation.

    Attributes
    ----------
    test : tuple of float
        By fold; nan where the fit failed.
    train : tuple of float
        The same of the rows it was trained on; empty without.
    chance, perfect : float or None
        The scores of one who knows nothing and of one who knows all, where they are known.
    of_losses : bool
        As in `Score`.
    name : str
        What the score is called.
    """

    test: tuple[float, ...]
    train: tuple[float, ...] = ()
    chance: float | None = None
    perfect: float | None = None
    of_losses: bool = False
    name: str = "score"

    def numbers(self) -> dict[str, float]:
        """What the scores say; a number that cannot be had is left out.

        Returns
        -------
        dict of str to float
            ``folds`` and ``failed_folds``, ``train_score``, ``test_score`` and ``test_score_std`` over the
            folds, ``chance_score``; as parts of the way from chance to a perfect score,
            ``learnt_by_train_score``, ``learnt_by_test_score`` and their difference ``score_gap`` with its
            standard error ``score_gap_error``, from two folds on.

        Examples
        --------
        >>> scores = FoldScores(test=(0.8, 0.9), train=(1.0, 1.0), chance=0.5, perfect=1.0)
        >>> {name: round(value, 2) for name, value in scores.numbers().items() if "gap" in name}
        {'score_gap': 0.3, 'score_gap_error': 0.1}
        """
        test = np.asarray(self.test, dtype=np.float64)
        train = np.asarray(self.train, dtype=np.float64)
        sound = np.isfinite(test)
        if len(train) == len(test):
            sound &= np.isfinite(train)
        else:
            train = train[:0]
        found = {"folds": float(len(test)), "failed_folds": float((~sound).sum())}
        if not sound.any():
            return found
        test, train = test[sound], train[sound[: len(train)]]
        room = math.nan
        if self.chance is not None and self.perfect is not None and self.perfect > self.chance:
            room = self.perfect - self.chance
        chance = math.nan if self.chance is None else self.chance

        def learnt(scores: np.ndarray) -> float:
            # Half of the way is half of it, also where a division by three makes it 0.49999999999999994.
            return round((float(scores.mean()) - chance) / room, 12)

        with np.errstate(all="ignore"):
            found.update(
                test_score=float(test.mean()),
                test_score_std=float(test.std()),
                chance_score=chance,
                learnt_by_test_score=learnt(test),
            )
            if len(train):
                gaps = (train - test) / room
                found.update(
                    train_score=float(train.mean()),
                    learnt_by_train_score=learnt(train),
                    score_gap=float(gaps.mean()),
                )
                if len(gaps) > 1:
                    # Folds share training rows, so this is less than the true error.
                    found["score_gap_error"] = float(gaps.std(ddof=1) / math.sqrt(len(gaps)))
        return {name: value for name, value in found.items() if not math.isnan(value)}
