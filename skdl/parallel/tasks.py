"""What scikit-learn's tasks say of themselves: the one file that knows their private arguments and results.

A search and ``cross_validate`` hand joblib tasks of one kind, calls of ``_fit_and_score``. Its arguments name
the candidate and the split, its result has the times, the scores and the traceback of a failed fit. All of
that is private to scikit-learn; a task of any other kind, or whose arguments have other names, tells nothing.
"""

from __future__ import annotations

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
    """

    parameters: dict[str, Any] | None = None
    split: int | None = None
    n_splits: int | None = None
    n_candidates: int | None = None


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
    parameters = arguments.get("parameters")
    return Told(
        parameters if isinstance(parameters, dict) else None,
        split,
        n_splits,
        n_candidates,
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


def _pair(progress: Any) -> tuple[int | None, int | None]:
    """The number of something and of how many, as scikit-learn passes it on for its printed lines."""
    match progress:
        case (int(which), int(of)):
            return which, of
    return None, None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, Real) else None


def _scores(scores: Any) -> float | dict[str, float] | None:
    if isinstance(scores, Mapping):
        # A copy: scikit-learn writes into its own.
        return {str(name): float(one) for name, one in scores.items() if isinstance(one, Real)}
    return _number(scores)
