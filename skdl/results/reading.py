"""One reader of whatever holds the results of searches: what displays and reports are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.model_selection._search import BaseSearchCV

from skdl.exceptions import InvalidParameterError
from skdl.results.results import Results
from skdl.results.value_texts import counted_apart

_SEARCHES = (
    "a fitted search such as GridSearchCV, RandomizedSearchCV or BayesSearchCV, a fitted estimator with one "
    "search inside, or a dict cv_results_: pass one of these"
)
_OR_SCORES = _SEARCHES.replace(
    "or a dict cv_results_", "a dict cv_results_, or what cross_validate returned"
)


def read_results(given: Any, metric: str | None = None, *, takes_scores: bool = True) -> Results:
    """The results in a search, in an estimator with one inside, or in a dict of scores.

    Parameters
    ----------
    given : estimator or mapping
        A mapping is a ``cv_results_``, or what ``cross_validate`` returned.
    metric : str, optional
        The metric that counts, of several; by default the one that the search refits by, or the first.
    takes_scores : bool
        Whether what ``cross_validate`` returned, which has no candidates, is taken.

    Raises
    ------
    InvalidParameterError
        It is none of these, it has no candidates, or `metric` is none of its metrics.
    sklearn.exceptions.NotFittedError
        The search is not fitted.

    Examples
    --------
    >>> read_results({"test_score": [0.5, 0.7]}).test_scores
    array([[0.5, 0.7]])
    """
    if isinstance(given, BaseEstimator) and not isinstance(given, type):
        search = _search_inside(given, _OR_SCORES if takes_scores else _SEARCHES)
        if not hasattr(search, "cv_results_"):
            raise NotFittedError(
                f"Got a {type(search).__name__} that is not fitted, expected one with cv_results_: call "
                "fit first."
            )
        results = Results.of_search(search, metric)
        return results if search is given else replace(results, inside=type(given).__name__)
    if isinstance(given, Mapping) and "params" in given:
        return Results.of_cv_results(given, metric)
    if takes_scores and isinstance(given, Mapping) and any(map(_is_score, given)):
        return Results.of_cross_validation(given, metric)
    expected = _OR_SCORES if takes_scores else _SEARCHES
    raise InvalidParameterError(f"Got {_kind_of(given)}, expected {expected}.")


def read_several(
    given: Any, metric: str | None = None, *, takes_scores: bool = True
) -> Results | dict[str, Results]:
    """The results of one search, or those of several in a list or by name.

    Parameters
    ----------
    given : estimator, mapping, list or tuple
        What `read_results` takes, or several of that. Those of a list are called by the classes of their
        searches.
    metric : str, optional
    takes_scores : bool
        Both as for `read_results`.

    Raises
    ------
    InvalidParameterError
        There is none, or one is not what `read_results` takes.
    sklearn.exceptions.NotFittedError
        A search is not fitted.

    Examples
    --------
    >>> list(read_several([{"test_score": [0.5]}, {"test_score": [0.7]}]))
    ['search 1', 'search 2']
    """
    by_name = isinstance(given, Mapping) and _is_by_name(given)
    if not by_name and not isinstance(given, (list, tuple)):
        return read_results(given, metric, takes_scores=takes_scores)
    if not given:
        raise InvalidParameterError(
            "Got no search, expected one at least: pass a search, or several as a list or by name."
        )
    if by_name:
        # 1 and "1" are two keys and one text.
        texts = list(map(str, given))
        names = counted_apart(texts, max(map(len, texts)) + len(f" ({len(texts)})"))
        read = [read_results(one, metric, takes_scores=takes_scores) for one in given.values()]
    else:
        read = [read_results(one, metric, takes_scores=takes_scores) for one in given]
        kinds = [name_of(one) for one in read]
        names = [
            kind if kinds.count(kind) == 1 else f"{kind} {kinds[: place + 1].count(kind)}"
            for place, kind in enumerate(kinds)
        ]
    return dict(zip(names, read, strict=True))


def name_of(results: Results) -> str:
    """What results are called that nobody has named."""
    return "search" if results.search is None else type(results.search).__name__


def _is_score(name: Any) -> bool:
    return str(name).startswith("test_")


def _is_by_name(given: Mapping[Any, Any]) -> bool:
    """Whether a dict holds searches by name, which may be such as those of columns of scores."""
    searches = (BaseEstimator, Mapping, type)
    columns = [one for name, one in given.items() if name == "params" or _is_score(name)]
    if not all(isinstance(one, searches) for one in columns):
        return False
    return not given or any(isinstance(one, searches) for one in given.values())


def _search_inside(estimator: Any, expected: str) -> Any:
    """The one search that `estimator` is or has inside; a message says what was `expected`."""
    found: list[Any] = []
    seen: set[int] = set()

    def look(value: Any) -> None:
        if id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, BaseSearchCV):
            found.append(value)
        elif isinstance(value, BaseEstimator):
            for name, held in vars(value).items():
                # What fit has made ends in an underscore; a pipeline fits its steps in place.
                if name.endswith("_") or name in ("steps", "final_estimator"):
                    look(held)
        elif isinstance(value, (list, tuple)):
            for held in value:
                look(held)
        elif isinstance(value, np.ndarray) and value.dtype == object:
            look(value.ravel().tolist())

    look(estimator)
    if len(found) != 1:
        raise InvalidParameterError(
            f"Got {_kind_of(estimator)} with {len(found)} searches inside, expected {expected}."
        )
    return found[0]


def _kind_of(value: Any) -> str:
    """What somebody gave, for a message."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, Mapping):
        keys = ", ".join(repr(key) for key in list(value)[:5])
        return f"a dict with {keys or 'nothing'}"
    return f"a {type(value).__name__}"
