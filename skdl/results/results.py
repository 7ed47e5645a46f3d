"""What a search or a cross-validation has found, as arrays; displays and reports are made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor

from skdl.exceptions import InvalidParameterError
from skdl.results.hyperparameters import Hyperparameter, hyperparameters_of
from skdl.results.scoring import own_scoring
from skdl.results.value_texts import one_line

_SCORE_OF_SPLIT = re.compile(r"split(\d+)_(test|train)_(.+)", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Results:
    """The candidates of a search with their scores, fold by fold, by one metric.

    Attributes
    ----------
    params : tuple of dict
        Of each candidate, in the order of ``cv_results_``.
    metric : str
        The metric that counts, as in the columns of ``cv_results_``.
    metrics : tuple of str
        All metrics there are.
    score_name : str
        What the score is called on an axis.
    test_scores : ndarray of shape (n_candidates, n_splits)
        Greater is better; nan where a fit failed.
    train_scores : ndarray of shape (n_candidates, n_splits) or None
        None where the search ran with ``return_train_score=False``.
    fit_time, score_time : ndarray of shape (n_candidates,)
        Means over the splits, in seconds.
    best_index : int or None
        The candidate that the search chose; where nobody says, the highest mean; None where all failed.
    resources : ndarray of shape (n_candidates,) or None
        What each candidate was given by a successive halving, and `iteration` when.
    search : estimator or None
        The search itself, where the results were read from one.
    source : mapping
        What was read: ``cv_results_``, or what ``cross_validate`` returned.
    inside : str
        The class of the estimator that has fitted the search, maybe with other data than it was given; empty
        where nobody knows of one.
    """

    params: tuple[Mapping[str, Any], ...]
    metric: str
    metrics: tuple[str, ...]
    score_name: str
    test_scores: np.ndarray
    train_scores: np.ndarray | None
    fit_time: np.ndarray
    score_time: np.ndarray
    best_index: int | None
    source: Mapping[str, Any]
    resources: np.ndarray | None = None
    iteration: np.ndarray | None = None
    search: Any = None
    inside: str = ""

    @classmethod
    def of_search(cls, search: Any, metric: str | None = None) -> Results:
        """The results of a fitted search; `metric` where it has several, by default the one it refits by."""
        if metric is None and isinstance(search.refit, str) and search.multimetric_:
            metric = search.refit
        return cls.of_cv_results(search.cv_results_, metric, search=search)

    @classmethod
    def of_cv_results(
        cls, cv_results: Mapping[str, Any], metric: str | None = None, *, search: Any = None
    ) -> Results:
        """The results in a ``cv_results_``; without `metric` the only one, or the first of several.

        Raises
        ------
        InvalidParameterError
            It has no candidates, or `metric` is none of its metrics.
        """
        params = tuple(cv_results["params"])
        scores = _scores_by_metric(cv_results)
        if not params or not scores:
            raise InvalidParameterError(
                "Got a cv_results_ without candidates or scores, expected at least one candidate with "
                "'split0_test_score': use the results of a search that has finished."
            )
        metric = _checked_metric(metric, tuple(scores))
        test = scores[metric]["test"]
        return cls(
            params=params,
            metric=metric,
            metrics=tuple(scores),
            score_name=_score_name(metric, search),
            test_scores=test,
            train_scores=scores[metric].get("train"),
            fit_time=_column(cv_results, "mean_fit_time", len(params)),
            score_time=_column(cv_results, "mean_score_time", len(params)),
            best_index=_best_index(cv_results, metric, test, search),
            resources=_optional(cv_results, "n_resources"),
            iteration=_optional(cv_results, "iter"),
            search=search,
            source=cv_results,
        )

    @classmethod
    def of_cross_validation(cls, result: Mapping[str, Any], metric: str | None = None) -> Results:
        """The result of ``cross_validate``, as one candidate without hyperparameters.

        Raises
        ------
        InvalidParameterError
            `metric` is none of its metrics.
        """
        names = [str(name)[5:] for name in result if str(name).startswith("test_")]
        metric = _checked_metric(metric, tuple(names))
        test = np.asarray(result[f"test_{metric}"], dtype=np.float64)[None, :]
        train = result.get(f"train_{metric}")
        fitted = result.get("estimator")
        return cls(
            params=({},),
            metric=metric,
            metrics=tuple(names),
            score_name=_name_of(metric, fitted[0] if fitted else None),
            test_scores=test,
            train_scores=None if train is None else np.asarray(train, dtype=np.float64)[None, :],
            fit_time=np.array([np.mean(result.get("fit_time", np.nan))]),
            score_time=np.array([np.mean(result.get("score_time", np.nan))]),
            best_index=0 if np.isfinite(test).all() else None,
            source=result,
        )

    def by_metric(self, metric: str) -> Results:
        """The same candidates by another of the `metrics`."""
        if "params" in self.source:
            return Results.of_cv_results(self.source, metric, search=self.search)
        return Results.of_cross_validation(self.source, metric)

    @cached_property
    def by_each_metric(self) -> tuple[Results, ...]:
        """The same candidates by each of the `metrics`, that which counts first."""
        others = [name for name in self.metrics if name != self.metric]
        return (self, *map(self.by_metric, others))

    @property
    def origin(self) -> Any:
        """The search, or else what was read."""
        return self.source if self.search is None else self.search

    @property
    def refitted(self) -> int | None:
        """The candidate that the search fitted again on all rows; None where nobody knows of one."""
        if not hasattr(self.search, "best_estimator_"):
            return None
        return int(self.search.best_index_)

    @property
    def n_candidates(self) -> int:
        """How many candidates were tried."""
        return len(self.params)

    @property
    def n_splits(self) -> int:
        """How many folds, or other splits, each was tried on."""
        return int(self.test_scores.shape[1])

    @cached_property
    def hyperparameters(self) -> tuple[Hyperparameter, ...]:
        """The hyperparameters that were searched, whether or not they differ."""
        return hyperparameters_of(self.params)

    @cached_property
    def varied(self) -> tuple[Hyperparameter, ...]:
        """The hyperparameters of which more than one value was tried."""
        return tuple(
            one for one in self.hyperparameters if one.n_distinct > 1 or not one.present.all()
        )

    @property
    def test_mean(self) -> np.ndarray:
        """The mean of the test scores over the splits, (n_candidates,); nan where one of the fits failed."""
        return self.test_scores.mean(axis=1)

    @property
    def test_std(self) -> np.ndarray:
        """The standard deviation of the test scores over the splits, as ``cv_results_`` has it (ddof=0)."""
        return self.test_scores.std(axis=1)

    @property
    def train_mean(self) -> np.ndarray | None:
        """The mean of the training scores over the splits, (n_candidates,), where there are any."""
        return None if self.train_scores is None else self.train_scores.mean(axis=1)

    @cached_property
    def failed(self) -> np.ndarray:
        """Which candidates have a fit without a score: booleans of shape (n_candidates,)."""
        return ~np.isfinite(self.test_scores).all(axis=1)

    @property
    def comparable(self) -> np.ndarray:
        """The candidates whose scores can be compared: booleans of shape (n_candidates,).

        Candidates that failed are left out. Of a successive halving only the first iteration counts, since
        later iterations had more resources.
        """
        there = ~self.failed
        if self.iteration is not None:
            there &= self.iteration == self.iteration[there].min()
        return there

    @cached_property
    def order(self) -> np.ndarray:
        """The candidates from the best to the worst, the chosen one first, those that failed last."""
        key = np.where(self.failed, -np.inf, self.test_mean)
        if self.iteration is not None:
            # A later iteration has seen more of the data, and a higher score of an earlier one means less.
            ranked = np.lexsort((np.arange(len(key)), -key, -self.iteration))
        else:
            ranked = np.lexsort((np.arange(len(key)), -key))
        if self.best_index is not None:
            rest = ranked[ranked != self.best_index]
            ranked = np.concatenate([[self.best_index], rest])
        return ranked


def _scores_by_metric(cv_results: Mapping[str, Any]) -> dict[str, dict[str, np.ndarray]]:
    columns: dict[str, dict[str, dict[int, Any]]] = {}
    for key, values in cv_results.items():
        hit = _SCORE_OF_SPLIT.fullmatch(str(key))
        if hit:
            split, side, metric = int(hit[1]), hit[2], hit[3]
            columns.setdefault(metric, {}).setdefault(side, {})[split] = values
    return {
        metric: {
            side: np.column_stack(
                [np.asarray(by_split[split], dtype=np.float64) for split in sorted(by_split)]
            )
            for side, by_split in sides.items()
        }
        for metric, sides in columns.items()
        if "test" in sides
    }


def _checked_metric(metric: str | None, there: Sequence[str]) -> str:
    if metric is None:
        return there[0]
    if metric not in there:
        raise InvalidParameterError(
            f"Got metric={metric!r}, expected one of the metrics that were computed: "
            f"{', '.join(map(repr, there))}."
        )
    return metric


def _best_index(
    cv_results: Mapping[str, Any], metric: str, test: np.ndarray, search: Any
) -> int | None:
    refit = getattr(search, "refit", None)
    # The choice of a search of several metrics is by the one that it refits by, or by a function.
    if hasattr(search, "best_index_") and (
        not search.multimetric_ or refit == metric or callable(refit)
    ):
        index = int(search.best_index_)
        # What failed in one fold has no mean score; a search chooses it where all failed, or by a function.
        if np.isfinite(test[index]).all():
            return index
    mean = np.where(np.isfinite(test).all(axis=1), test.mean(axis=1), -np.inf)
    iteration = cv_results.get("iter")
    if iteration is not None:
        mean = np.where(np.asarray(iteration) == np.max(iteration), mean, -np.inf)
    if not np.isfinite(mean).any():
        return None
    return int(np.argmax(mean))


def _score_name(metric: str, search: Any) -> str:
    scoring = getattr(search, "scoring", None)
    if metric == "score" and isinstance(scoring, str):
        return _words(scoring)
    if metric == "score" and scoring is not None:
        return "score"
    return _name_of(metric, getattr(search, "estimator", None))


def _name_of(metric: str, estimator: Any) -> str:
    if metric != "score":
        return _words(metric)
    scoring = own_scoring(estimator)
    if scoring is not None:
        return _words(scoring) if isinstance(scoring, str) else "score"
    if estimator is not None and is_classifier(estimator):
        return "accuracy"
    if estimator is not None and is_regressor(estimator):
        return "R²"
    return "score"


def _words(metric: str) -> str:
    if metric == "r2":
        return "R²"
    words = one_line(metric, 120).replace("_", " ").replace("roc auc", "ROC AUC")
    return f"negative {words[4:]}" if words.startswith("neg ") else words


def _column(cv_results: Mapping[str, Any], name: str, length: int) -> np.ndarray:
    return np.asarray(cv_results.get(name, np.full(length, np.nan)), dtype=np.float64)


def _optional(cv_results: Mapping[str, Any], name: str) -> np.ndarray | None:
    return np.asarray(cv_results[name]) if name in cv_results else None
