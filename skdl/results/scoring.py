"""What the `score` of an estimator computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.feature_selection import RFECV
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline


def own_score(classifier: bool) -> str:
    """The name of what an estimator's `score` is."""
    return "accuracy" if classifier else "r2"


def own_scoring(estimator: Any) -> Any:
    """What the `score` method of an estimator was told to compute; None where it computes the usual.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GridSearchCV
    >>> own_scoring(GridSearchCV(LogisticRegression(), {}, scoring="neg_log_loss"))
    'neg_log_loss'
    """
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    # Others have a scoring for something else, such as for when to stop.
    if not isinstance(last, (BaseSearchCV, LogisticRegressionCV, RFECV)):
        return None
    # The default of LogisticRegressionCV in scikit-learn 1.9 and 1.10, which stands for None.
    scoring = None if last.scoring == "warn" else last.scoring
    if scoring is None and not isinstance(last, LogisticRegressionCV):
        return own_scoring(last.estimator)
    if scoring is None or isinstance(scoring, str) or callable(scoring):
        return scoring
    # Of several metrics a search scores by the one that it refits by.
    return scoring.get(last.refit) if isinstance(scoring, Mapping) else last.refit
