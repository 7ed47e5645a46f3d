"""Which candidates underfit and which overfit, by the thresholds of `skdl.diagnose`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import get_scorer_names

from skdl.diagnosis.advice import Setup
from skdl.diagnosis.evidence import Evidence, findings_of
from skdl.diagnosis.findings import (
    LEARNT_OF_CLASSES,
    LEARNT_OF_NUMBERS,
    LOSS_GAP,
    SCORE_GAP,
    Fault,
)
from skdl.diagnosis.fold_scores import SCORES, FoldScores
from skdl.diagnosis.search_scores import judged
from skdl.results.results import Results
from skdl.results.scoring import own_score, own_scoring


@dataclass(frozen=True, eq=False)
class Judgement:
    """What training and validation scores say of each candidate.

    Attributes
    ----------
    faults : tuple of Fault or None
        `Fault.UNDERFITTING` or `Fault.OVERFITTING`; None for a candidate with neither, and for one with a fit
        that failed.
    least_train_score : float
        What a candidate that does not underfit reaches on its training rows.
    largest_gap : float
        What a candidate that does not overfit loses from there to other rows.
    """

    faults: tuple[Fault | None, ...]
    least_train_score: float
    largest_gap: float


def judge(results: Results) -> Judgement | None:
    """Judge all candidates; None where nobody knows which scores chance and perfection have.

    Examples
    --------
    >>> columns = {"split0_test_r2": [0.1, 0.4, 0.8], "split0_train_r2": [0.1, 0.9, 0.9]}
    >>> results = Results.of_cv_results({"params": [{}, {}, {}], **columns})
    >>> [fault.value if fault else "" for fault in judge(results).faults]
    ['underfitting', 'overfitting', '']
    """
    found = _kind_of_score(results)
    if results.train_scores is None or found is None:
        return None
    scores, classifier = found
    if scores.chance is None or scores.perfect is None or scores.perfect <= scores.chance:
        return None
    room = scores.perfect - scores.chance
    setup = Setup(classifier=classifier)
    enough = LEARNT_OF_CLASSES if classifier else LEARNT_OF_NUMBERS
    gap = LOSS_GAP if scores.of_losses else SCORE_GAP
    return Judgement(
        faults=tuple(
            _fault(replace(scores, test=tuple(test), train=tuple(train)), setup)
            for test, train in zip(results.test_scores, results.train_scores, strict=True)
        ),
        least_train_score=scores.chance + enough * room,
        largest_gap=gap * room,
    )


def _fault(scores: FoldScores, setup: Setup) -> Fault | None:
    if not np.isfinite([*scores.test, *scores.train]).all():
        return None
    found = {one.kind for one in findings_of(Evidence(scores=scores, setup=setup))}
    return next((one for one in (Fault.UNDERFITTING, Fault.OVERFITTING) if one in found), None)


def _kind_of_score(results: Results) -> tuple[FoldScores, bool] | None:
    """What the score reaches by chance and at best, without scores, and whether it is one of classes."""
    fitted = _fitted(results)
    classifier = None
    if fitted is not None and (is_classifier(fitted) or is_regressor(fitted)):
        classifier = bool(is_classifier(fitted))
    name = _scorer_name(results, classifier)
    if classifier is None and name in SCORES:
        classifier = name not in ("r2", "explained_variance")
    if name is None or classifier is None:
        return None
    classes = getattr(fitted, "classes_", None)
    n_classes = None
    if isinstance(classes, np.ndarray) and classes.ndim == 1 and len(classes) > 1:
        n_classes = len(classes)
    nothing = FoldScores(())
    return judged(nothing, name, classifier=classifier, n_classes=n_classes, y=None), classifier


def _fitted(results: Results) -> Any:
    """An estimator that was fitted on the data, or the one to be fitted; None where there is none."""
    search = results.search
    if search is not None:
        return getattr(search, "best_estimator_", search.estimator)
    fitted = results.source.get("estimator")
    return None if fitted is None or len(fitted) == 0 else fitted[0]


def _scorer_name(results: Results, classifier: bool | None) -> str | None:
    """What scikit-learn calls the score; None for one of the user's own."""
    name: Any = getattr(results.search, "scoring", None)
    if results.metric == "score":
        if name is None:
            name = own_scoring(_fitted(results))
        if name is None and classifier is not None:
            name = own_score(classifier)
    else:
        name = name.get(results.metric) if isinstance(name, Mapping) else results.metric
    return name if isinstance(name, str) and name in get_scorer_names() else None
