"""What a search is compared with: an estimator on the same folds, or scores that the user has."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier, is_regressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import cross_validate

from skdl.exceptions import InvalidParameterError
from skdl.results.results import Results
from skdl.results.same_score import class_of
from skdl.results.same_splits import draws_anew, iterations_had_fewer_rows, same_rows
from skdl.results.split_sizes import splitting
from skdl.results.value_texts import one_line

OTHER_FOLDS = (
    "Its folds are others than those of the search, whose splitter draws new ones at each use: give it a "
    "random_state."
)


@dataclass(frozen=True, eq=False)
class Baseline:
    """The scores of something simpler.

    Attributes
    ----------
    name : str
        What it is.
    scores : ndarray of shape (n_splits,)
        By the metric that counts.
    same_splits : bool
        Whether they are of the folds of the search, so that fold can be compared with fold.
    note : str
        What has to be known of them; may be empty.
    """

    name: str
    scores: np.ndarray
    same_splits: bool
    note: str = ""

    @property
    def mean(self) -> float:
        """The mean over the folds."""
        return float(self.scores.mean())

    @property
    def std(self) -> float:
        """The standard deviation over the folds (ddof=0), as of candidates."""
        return float(self.scores.std())


def check_baseline(baseline: Any, results: Results, X: Any) -> None:
    """Whether a baseline can be computed or read, before anything is.

    Raises
    ------
    InvalidParameterError
        It cannot.
    """
    if baseline is None:
        return
    if isinstance(baseline, BaseEstimator):
        if X is None:
            raise InvalidParameterError(
                f"Got baseline={type(baseline).__name__} without X and y, expected the data to score it on: "
                "pass X and y, or the scores that it has."
            )
        if results.search is None:
            raise InvalidParameterError(
                f"Got baseline={type(baseline).__name__} and no search, whose folds and score it would need: "
                "pass what cross_validate returned for it on the same folds."
            )
        if results.inside:
            raise InvalidParameterError(
                f"Got baseline={type(baseline).__name__} and a {results.inside} with a search inside, which "
                "may have been fitted with other data than X and y: pass the search alone, with the data as "
                "they came to it, or the scores of the baseline."
            )
        return
    _given_scores(baseline, results)


def baseline_of(baseline: Any, results: Results, X: Any, y: Any) -> tuple[Baseline | None, str]:
    """The baseline, or why there is none.

    Parameters
    ----------
    baseline : estimator, dict, array-like or None
        None takes scikit-learn's dummy, where there are data.
    results : Results
    X, y : array-like or None

    Returns
    -------
    Baseline or None
    str
        What to do where it is None.
    """
    if baseline is not None and not isinstance(baseline, BaseEstimator):
        scores, name = _given_scores(baseline, results)
        same, note = _of_the_same_splits(baseline, results)
        return Baseline(name, scores, same, note), ""
    if baseline is not None:
        return _scored(baseline, results, X, y), ""
    if results.search is None:
        return None, "pass the scores of something simpler on the same folds as baseline"
    if X is None:
        return None, "pass X and y, or the scores of something simpler as baseline"
    if results.inside:
        return (
            None,
            f"the search is inside a {results.inside}, and may have been fitted with other data than X and "
            "y; pass the search alone, with the data as they came to it, or scores as baseline",
        )
    tuned = results.search.estimator
    dummy: Any
    if is_classifier(tuned):
        dummy = DummyClassifier()
    elif is_regressor(tuned):
        dummy = DummyRegressor()
    else:
        return (
            None,
            f"a {type(tuned).__name__} is no classifier and no regressor: pass an estimator as baseline",
        )
    try:
        return _scored(dummy, results, X, y), ""
    except Exception as error:  # nobody asked for this one, so it is no reason to have no report
        cause = error.__cause__ or error
        reason = one_line(f"{type(cause).__name__}: {cause}", 200)
        return (
            None,
            f"{type(dummy).__name__} could not be scored ({reason}): pass scores as baseline",
        )


def _given_scores(baseline: Any, results: Results) -> tuple[np.ndarray, str]:
    name = "baseline"
    if isinstance(baseline, Mapping):
        key = f"test_{results.metric}"
        # Of a single metric without a name it is the same one; of several it would be any.
        if key not in baseline and len(results.metrics) == 1:
            key = "test_score"
        if key not in baseline:
            raise InvalidParameterError(
                f"Got a baseline with {', '.join(map(repr, list(baseline)[:5])) or 'nothing'}, expected what "
                f"cross_validate returns, with 'test_{results.metric}': pass it the scoring of the search."
            )
        fitted = baseline.get("estimator")
        if fitted is not None and len(fitted):
            name = class_of(fitted[0])
        scores = baseline[key]
    else:
        scores = baseline
    try:
        array = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.full((), np.nan)
    if array.shape != (results.n_splits,) or isinstance(baseline, (str, numbers.Number)):
        raise InvalidParameterError(
            f"Got baseline={one_line(repr(baseline), 100)}, expected an estimator, what cross_validate "
            f"returned, or {results.n_splits} scores, one for each split of the search."
        )
    return array, name


def _of_the_same_splits(baseline: Any, results: Results) -> tuple[bool, str]:
    """Whether given scores are taken to be of the splits of the search, and what has to be known of that."""
    kept = baseline.get("indices") if isinstance(baseline, Mapping) else None
    same = same_rows(kept, results.source.get("indices"))
    if same is not None:
        return same, "" if same else "Its indices are others."
    if draws_anew(results.search):
        return False, OTHER_FOLDS
    if iterations_had_fewer_rows(results):
        return False, "The candidates were scored on as many rows as their iteration had."
    return True, ""


def _scored(estimator: Any, results: Results, X: Any, y: Any) -> Baseline:
    search = results.search
    try:
        with splitting(search, y) as splitter:
            splits, again = (
                [(np.asarray(a), np.asarray(b)) for a, b in splitter.split(X, y)] for _ in range(2)
            )
    except ValueError as error:  # such as a GroupKFold, whose groups nobody has handed over
        raise InvalidParameterError(
            f"Got baseline={type(estimator).__name__}, and cv={one_line(repr(search.cv), 80)} cannot split X "
            f"and y ({one_line(error, 200)}), expected the folds of the search: pass what cross_validate "
            "returned for it on the same folds."
        ) from error
    if len(splits) != results.n_splits:
        raise InvalidParameterError(
            f"The search was fitted on {results.n_splits} splits, and its cv={one_line(repr(search.cv), 80)} "
            f"gives {len(splits)} now: pass the scores of the baseline instead of the estimator."
        )
    same = all(
        np.array_equal(one, other)
        for first, second in zip(splits, again, strict=True)
        for one, other in zip(first, second, strict=True)
    )
    scores = cross_validate(
        clone(estimator), X, y, cv=splits, scoring=search.scorer_, error_score="raise"
    )
    key = f"test_{results.metric}" if f"test_{results.metric}" in scores else "test_score"
    notes = []
    if not same:
        notes.append(OTHER_FOLDS)
    if iterations_had_fewer_rows(results):
        notes.append("It was scored on all rows, the candidates on as many as their iteration had.")
    return Baseline(
        name=class_of(estimator),
        scores=np.asarray(scores[key], dtype=np.float64),
        same_splits=same and not iterations_had_fewer_rows(results),
        note=" ".join(notes),
    )
