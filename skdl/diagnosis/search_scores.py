"""The scores of a network in a search or in a cross-validation, with those of one who knows nothing."""

from __future__ import annotations

import numbers
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection._search import BaseSearchCV

from skdl.diagnosis.fold_scores import SCORES, FoldScores
from skdl.results.results import Results
from skdl.results.scoring import own_score, own_scoring


def baseline_score(scoring: str, y: Any, *, classifier: bool) -> float:
    """What a dummy reaches that knows how often each class of `y` occurs, or its mean.

    Examples
    --------
    >>> baseline_score("accuracy", [0, 0, 0, 1], classifier=True)
    0.75
    """
    X = np.zeros((len(y), 1))
    dummy = DummyClassifier(strategy="prior") if classifier else DummyRegressor()
    return float(get_scorer(scoring)(dummy.fit(X, y), X, y))


def judged(
    scores: FoldScores, scoring: str | None, *, classifier: bool, n_classes: int | None, y: Any
) -> FoldScores:
    """`scores` with those of chance and of perfection, where `scoring` is a name that tells them."""
    if scoring is None:
        return scores
    known, chance = SCORES.get(scoring), None
    if y is not None:
        chance = baseline_score(scoring, y, classifier=classifier)
    elif known is not None and (n_classes is not None or not classifier):
        chance = known.chance(n_classes or 0)
    return replace(
        scores,
        name=scoring,
        chance=chance,
        # scikit-learn's names: what is negated ends at 0, everything else at 1.
        perfect=0.0 if scoring.startswith("neg_") else 1.0,
        of_losses=known.of_losses if known is not None else scoring.startswith("neg_"),
    )


def scores_of_search(
    search: BaseSearchCV, *, classifier: bool, n_classes: int | None, y: Any
) -> FoldScores:
    """The scores of the best candidate, fold by fold.

    Raises
    ------
    ValueError
        Nobody said by which of several scores a candidate is the best.
    """
    asked, key = search.scoring, "score"
    scoring = asked if asked is not None else own_scoring(search.estimator)
    if scoring is None:
        scoring = own_score(classifier)
    if search.multimetric_:
        if not isinstance(search.refit, str):
            raise ValueError(
                f"Got a search of several scores with refit={search.refit!r}, expected to know which of them "
                f"counts: pass refit={sorted(search.scorer_)[0]!r}."
            )
        key = search.refit
        scoring = asked.get(key) if isinstance(asked, Mapping) else key
    results, best = Results.of_search(search, key), search.best_index_
    train = () if results.train_scores is None else results.train_scores[best].tolist()
    return judged(
        FoldScores(tuple(results.test_scores[best].tolist()), tuple(train)),
        scoring if isinstance(scoring, str) else None,
        classifier=classifier,
        n_classes=n_classes,
        y=y,
    )


def lost_fits(search: BaseSearchCV) -> np.ndarray:
    """Whether each candidate (rows) has no score on each split (columns)."""
    by_metric = Results.of_search(search).by_each_metric
    return np.any([~np.isfinite(one.test_scores) for one in by_metric], axis=0)


def failed_rate(search: BaseSearchCV, failed: np.ndarray) -> float | None:
    """The lowest learning rate among the candidates that `failed`, where none so high did not."""
    for name, values in search.cv_results_.items():
        if not re.fullmatch(r"param_(.*__)?learning_rate", name):
            continue
        tried = [value for value in values if isinstance(value, numbers.Real)]
        if len(tried) == len(failed) and failed.any():
            rates = np.asarray(tried, dtype=np.float64)
            lowest = float(rates[failed].min())
            return lowest if (rates[~failed] < lowest).all() else None
    return None


def scores_of_cross_validation(
    result: Mapping[str, Any], *, classifier: bool | None, n_classes: int | None, y: Any
) -> FoldScores:
    """The scores that `cross_validate` gave; `classifier` is None where nobody knows.

    Raises
    ------
    ValueError
        There are none.
    """
    names = [name.removeprefix("test_") for name in result if name.startswith("test_")]
    if not names:
        raise ValueError(
            f"Got a dict with {', '.join(map(repr, result)) or 'nothing'}, expected what "
            "sklearn.model_selection.cross_validate returns, with 'test_score': pass that."
        )
    best_known = sorted(names, key=lambda name: (name != "score", name not in SCORES))[0]
    test = tuple(float(value) for value in result[f"test_{best_known}"])
    train = tuple(float(value) for value in result.get(f"train_{best_known}", ()))
    scores, scoring = FoldScores(test, train, name=best_known), best_known
    if best_known == "score":
        # It may be any score, and most likely is what the estimators compute.
        estimators = result.get("estimator", ())
        own = own_scoring(estimators[0]) if len(estimators) else None
        if own is None and classifier is not None:
            own = own_score(classifier)
        # Accuracy and R2 of a network that learnt something are above zero somewhere, a negated loss is not.
        gains = any(value > 0 for value in (*test, *train))
        if not isinstance(own, str) or own.startswith("neg_") is gains:
            return scores
        scoring = own
    return judged(
        scores,
        scoring if scoring in get_scorer_names() else None,
        classifier=scoring not in ("r2", "explained_variance")
        if classifier is None
        else classifier,
        n_classes=n_classes,
        y=y,
    )
