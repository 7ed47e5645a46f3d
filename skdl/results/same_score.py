"""Whether the scores of several searches are of one kind, so that they can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType

from sklearn.pipeline import Pipeline

from skdl.exceptions import InvalidParameterError
from skdl.results.results import Results
from skdl.results.value_texts import one_line


def kinds_of_scores(named: Mapping[str, Results]) -> dict[str, str]:
    """What the score of each search is, in words; of different kinds if and only if the words differ.

    Of the user's own function the name of a score says nothing, so it is told with the function. Where
    nothing but the columns are known, it is taken for that of the others.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.model_selection import GridSearchCV
    >>> searches = {
    ...     "one": GridSearchCV(KMeans(n_init=1), {"n_clusters": [2]}, cv=2),
    ...     "other": GridSearchCV(PCA(), {"n_components": [1]}, cv=2),
    ... }
    >>> X = [[1, 2], [2, 1], [3, 5], [4, 0], [0, 3], [5, 1], [2, 4], [1, 0]]
    >>> kinds_of_scores({name: Results.of_search(one.fit(X)) for name, one in searches.items()})
    {'one': 'score (of KMeans)', 'other': 'score (of PCA)'}
    """
    names = {name: one.score_name for name, one in named.items()}
    details = {name: _detail(one) for name, one in named.items()}
    known = {detail for detail in details.values() if detail}
    if len(set(names.values())) > 1 or len(known) < 2:
        return names
    return {
        name: f"{names[name]} ({detail})" if detail else names[name]
        for name, detail in details.items()
    }


def check_one_kind(named: Mapping[str, Results]) -> None:
    """Raise where the scores of several searches are not of one kind.

    Raises
    ------
    InvalidParameterError
        They are of several.
    """
    kinds = kinds_of_scores(named)
    if len(set(kinds.values())) > 1:
        told = ", ".join(f"{name!r} by {one_line(kind, 120)}" for name, kind in kinds.items())
        raise InvalidParameterError(
            f"Got scores of several kinds ({told}), expected one kind by which searches compare: pass "
            "searches with the same scoring, or metric= for one that all of them have."
        )


def _detail(results: Results) -> str:
    """What makes a score that is called nothing but a score; empty where nobody knows, or has to."""
    if results.score_name != "score" or results.metric != "score":
        return ""
    search = results.search
    if search is None:
        fitted = results.source.get("estimator")
        return "" if fitted is None or len(fitted) == 0 else f"of {class_of(fitted[0])}"
    scoring = search.scoring
    if search.multimetric_:
        return ""  # the user's own name
    if scoring is None:
        return f"of {class_of(search.estimator)}"
    # A function that was pickled, or defined again, is another object.
    if isinstance(scoring, FunctionType) and "<" not in scoring.__qualname__:
        return f"{scoring.__module__}.{scoring.__qualname__}"
    return repr(scoring)


def class_of(estimator: object) -> str:
    """The name of the class of an estimator; of a pipeline, of its last step."""
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    return type(last).__name__
