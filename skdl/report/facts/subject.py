"""What a report is about: one search or cross-validation, and what is known of it besides its scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline

from skdl.report.words import count_text
from skdl.results.hyperparameters import Hyperparameter
from skdl.results.results import Results
from skdl.results.value_texts import one_line, repr_of, text_of

# The method of what is no search; of one that is not known, and what is said of its estimator.
CROSS_VALIDATION = "cross_validate"
A_SEARCH, AN_ESTIMATOR = "a search", "an estimator"
# Where the searches of scikit-learn and scikit-optimize keep what they were asked to try.
_SPACES = ("param_grid", "param_distributions", "search_spaces")


@dataclass(frozen=True)
class Tried:
    """One hyperparameter of a search.

    Attributes
    ----------
    name, label : str
        In full, and short.
    asked : str
        What the search was given to choose from; empty where nobody knows.
    values : str
        What was tried.
    best : str
        What the best candidate has.
    """

    name: str
    label: str
    asked: str
    values: str
    best: str


@dataclass(frozen=True)
class SearchFacts:
    """What was searched, and how.

    Attributes
    ----------
    method : str
        The class of the search, or ``"cross_validate"``.
    estimator : str
        The class of what was tuned; of a pipeline, its last step.
    steps : tuple of str
        The classes of the steps of a pipeline.
    splits : str
        How candidates were scored, such as ``"5-fold cross-validation"``.
    splitter : str
        What made the folds; empty where nobody knows.
    n_candidates, n_splits, n_fits : int
        `n_fits` are those of the candidates, without a refit.
    score_name : str
        What the score that counts is called.
    metrics : tuple of str
        What all scores are called, that which counts first.
    tried : tuple of Tried
    notes : tuple of str
        What a reader has to know to read the scores.
    """

    method: str
    estimator: str
    steps: tuple[str, ...]
    splits: str
    splitter: str
    n_candidates: int
    n_splits: int
    n_fits: int
    score_name: str
    metrics: tuple[str, ...]
    tried: tuple[Tried, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_search(self) -> bool:
        """Whether candidates were tried; in a cross-validation there is one, which nobody chose."""
        return self.method != CROSS_VALIDATION

    @property
    def best_name(self) -> str:
        """What the best candidate is called."""
        return "the best candidate" if self.is_search else "the estimator"


def spread_of(results: Results, candidate: int) -> float:
    """The standard deviation of a candidate's scores over the splits; nan of a single one, which has none."""
    return float(results.test_std[candidate]) if results.n_splits > 1 else math.nan


def template_of(results: Results) -> Any:
    """The estimator that was tuned, with the best candidate's parameters in it; None where nobody knows."""
    search = results.search
    if search is None:
        fitted = results.source.get("estimator")
        return clone(fitted[0]) if fitted else None
    template = clone(search.estimator)
    if results.best_index is not None:
        # Cloned as the search itself does: an estimator may be a value, and is not to be changed.
        params = {
            name: clone(value, safe=False)
            for name, value in results.params[results.best_index].items()
        }
        template.set_params(**params)
    return template


def facts_of(results: Results, y: Any = None) -> SearchFacts:
    """What is known of a search besides its scores."""
    search, template = results.search, template_of(results)
    steps: tuple[str, ...] = ()
    if isinstance(template, Pipeline):
        steps = tuple(_class_name(step) for _, step in template.steps)
    last = template.steps[-1][1] if steps else template
    cross_validated = "params" not in results.source
    splitter = _splitter(search, y)
    method = type(search).__name__ if search is not None else A_SEARCH
    return SearchFacts(
        method=CROSS_VALIDATION if cross_validated else method,
        estimator=AN_ESTIMATOR if last is None else _class_name(last),
        steps=steps,
        splits=_splits_text(splitter, results.n_splits),
        splitter="" if splitter is None else one_line(splitter),
        n_candidates=results.n_candidates,
        n_splits=results.n_splits,
        n_fits=results.n_candidates * results.n_splits,
        score_name=results.score_name,
        metrics=tuple(one_line(one.score_name, 120) for one in results.by_each_metric),
        tried=tuple(_tried(one, results) for one in results.hyperparameters),
        notes=_notes(results),
    )


def _class_name(step: Any) -> str:
    return step if isinstance(step, str) else type(step).__name__


def _splitter(search: Any, y: Any) -> Any:
    if search is None:
        return None
    cv = search.cv
    if cv is not None and not isinstance(cv, int):
        return cv if hasattr(cv, "split") else None
    if y is None and is_classifier(search.estimator):
        y = getattr(search, "classes_", None)
    return check_cv(cv, y, classifier=is_classifier(search.estimator))


def _splits_text(splitter: Any, count: int) -> str:
    name = type(splitter).__name__
    if splitter is not None and "KFold" in name and "Repeated" not in name:
        return f"{count}-fold cross-validation"
    if splitter is None:
        return f"cross-validation on {count_text(count, 'split')}"
    return f"{count_text(count, 'split')} by {name}"


def _notes(results: Results) -> tuple[str, ...]:
    notes = []
    if results.resources is not None and results.iteration is not None:
        last = results.iteration == results.iteration.max()
        resource = getattr(results.search, "resource", "n_samples")
        unit = "rows" if resource == "n_samples" else one_line(resource)
        notes.append(
            f"Successive halving: {count_text(int(last.sum()), 'candidate')} of the last of "
            f"{count_text(int(results.iteration.max()) + 1, 'iteration')} had "
            f"{int(results.resources.max()):,} {unit} each, those of earlier iterations fewer. "
            "Scores of different iterations do not compare."
        )
    if callable(getattr(results.search, "refit", None)):
        notes.append(
            "The search chose its best candidate by a function of the user's, which need not be the one with "
            "the highest mean."
        )
    elif len(results.metrics) > 1 and not isinstance(getattr(results.search, "refit", None), str):
        notes.append(
            f"The search did not say which of its {len(results.metrics)} metrics counts: candidates are "
            f"ranked by {results.score_name} here."
        )
    return tuple(notes)


def _tried(one: Hyperparameter, results: Results) -> Tried:
    best = "" if results.best_index is None else one.texts[results.best_index]
    return Tried(
        name=one_line(one.name),
        label=one_line(one.label),
        asked=_asked(results.search, one.name),
        values=_values_text(one),
        best=best,
    )


def _values_text(one: Hyperparameter) -> str:
    categories = one.categories
    if len(categories) <= 6:
        return ", ".join(categories)
    if one.numeric:
        there = one.numbers[one.present]
        return f"{len(categories)} values from {text_of(there.min())} to {text_of(there.max())}"
    return f"{len(categories)} values, such as {', '.join(categories[:4])}"


def _asked(search: Any, name: str) -> str:
    """The part of the space of `search` that belongs to one hyperparameter, where there is one such part."""
    for attribute in _SPACES:
        space = getattr(search, attribute, None)
        if isinstance(space, Mapping) and name in space:
            return _space_text(space[name])
        if isinstance(space, (list, tuple)):
            spaces = [one[0] if isinstance(one, tuple) else one for one in space]
            texts = {
                _space_text(one[name]) for one in spaces if isinstance(one, Mapping) and name in one
            }
            if texts:
                return " or ".join(sorted(texts))
    return ""


def _space_text(space: Any) -> str:
    if isinstance(space, (list, tuple, np.ndarray)):
        values = list(space)
        shown = [text_of(value) for value in values[:8]]
        return ", ".join(shown) + (f" and {len(values) - 8} more" if len(values) > 8 else "")
    # A frozen distribution of scipy says what it is in these, and nothing in its repr.
    distribution = getattr(space, "dist", None)
    if distribution is not None and hasattr(distribution, "name"):
        named = [f"{key}={text_of(value)}" for key, value in space.kwds.items()]
        return one_line(
            f"{distribution.name}({', '.join([*map(text_of, space.args), *named])})", 120
        )
    return one_line(repr_of(space), 120)
