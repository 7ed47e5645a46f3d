"""What scikit-learn's tasks say of themselves: the one file that knows their private arguments and results.

A search and ``cross_validate`` hand joblib tasks of one kind, calls of ``_fit_and_score``. Its arguments name
the candidate and the split, its result has the times, the scores and the traceback of a failed fit. All of
that is private to scikit-learn; a task of any other kind, or whose arguments have other names, tells nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

_HOME, _NAME = "sklearn.model_selection._validation", "_fit_and_score"


@dataclass(frozen=True)
class Told:
    """What the arguments of a task say.

    Attributes
    ----------
    parameters : dict or None
        What the search sets; None in ``cross_validate``.
    split, n_splits, n_candidates : int or None
    n_fits : int or None
        How many fits the whole search will make, where it makes several calls and says how many.
    in_rounds : bool
        Whether it makes several calls and does not say how many fits that will be.
    refit : str or None
        The metric by which it chooses, where it names one of several.
    """

    parameters: dict[str, Any] | None = None
    split: int | None = None
    n_splits: int | None = None
    n_candidates: int | None = None
    n_fits: int | None = None
    in_rounds: bool = False
    refit: str | None = None


@dataclass(frozen=True)
class Given:
    """What the result of a task says; see `TaskRecord` for the attributes."""

    fit_time: float | None = None
    score_time: float | None = None
    test_scores: float | dict[str, float] | None = None
    train_scores: float | dict[str, float] | None = None
    error: str | None = None


def read_task(task: Callable[..., Any], arguments: Mapping[str, Any]) -> Told | None:
    """What a task says of itself before it runs; None for one that is not known.

    Examples
    --------
    >>> read_task(abs, {}) is None
    True
    """
    # scikit-learn wraps it in an object that sets its configuration, which says so as functools.wraps does.
    function = getattr(task, "__wrapped__", task)
    if (getattr(function, "__module__", None), getattr(function, "__name__", None)) != (
        _HOME,
        _NAME,
    ):
        return None
    split, n_splits = _pair(arguments.get("split_progress"))
    _, n_candidates = _pair(arguments.get("candidate_progress"))
    parameters, search = arguments.get("parameters"), arguments.get("caller")
    refit = getattr(search, "refit", None)
    return Told(
        parameters if isinstance(parameters, dict) else None,
        split,
        n_splits,
        n_candidates,
        _n_fits(search, n_splits),
        _is(search, "sklearn.", "BaseSuccessiveHalving"),
        refit if isinstance(refit, str) else None,
    )


def read_result(result: Any) -> Given:
    """What the result of a known task says."""
    if not isinstance(result, Mapping):
        return Given()
    error = result.get("fit_error")
    return Given(
        fit_time=_number(result.get("fit_time")),
        score_time=_number(result.get("score_time")),
        test_scores=_scores(result.get("test_scores")),
        train_scores=_scores(result.get("train_scores")),
        error=error if isinstance(error, str) else None,
    )


def scikit_learn_draws() -> bool:
    """Whether a `sklearn.callback.ProgressBar` is on the screen."""
    module = sys.modules.get("sklearn.callback._progressbar")
    return bool(getattr(module, "_run_monitors", None))


def _pair(progress: Any) -> tuple[int | None, int | None]:
    """The number of something and of how many, as scikit-learn passes it on for its printed lines."""
    match progress:
        case (int(which), int(of)):
            return which, of
    return None, None


def _is(search: Any, home: str, name: str) -> bool:
    """Whether `search` is of that class, which need not be imported; others may have one of its name."""
    return any(
        kind.__name__ == name and kind.__module__.startswith(home) for kind in type(search).__mro__
    )


def _n_fits(search: Any, n_splits: int | None) -> int | None:
    """How many fits a Bayesian search makes; scikit-learn 1.8 does not say who calls."""
    if n_splits is None or not _is(search, "skopt.", "BayesSearchCV"):
        return None
    try:
        spaces = search.search_spaces
        if not isinstance(spaces, list):
            return int(search.n_iter) * n_splits
        counts = [space[1] if isinstance(space, tuple) else search.n_iter for space in spaces]
        return int(sum(counts)) * n_splits
    except (AttributeError, IndexError, TypeError, ValueError):
        return None  # of another version, or of a class that changes what these mean


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, Real) else None


def _scores(scores: Any) -> float | dict[str, float] | None:
    if isinstance(scores, Mapping):
        # A copy: scikit-learn writes into its own.
        return {str(name): float(one) for name, one in scores.items() if isinstance(one, Real)}
    return _number(scores)
