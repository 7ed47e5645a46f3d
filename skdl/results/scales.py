"""Which scale values ask for: whether they are numbers, of a grid, spread by factors, and where they lie."""

from __future__ import annotations

import math
import numbers
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from skdl.results.hyperparameters import Hyperparameter

# Values that span less than this factor are as legible on a linear axis.
LEAST_SPAN_OF_LOG = 8.0
# Candidates share their values where each value has at least this many.
SHARED_BY = 2.0
# The most distinct values of a hyperparameter that was searched by a grid.
MOST_OF_GRID = 12
# A score this many times further below the best than the middle candidate is not worth the axis.
FAR_BELOW = 30.0


def is_number(value: Any) -> bool:
    """Whether `value` is a finite number, and no boolean."""
    if not isinstance(value, numbers.Real) or isinstance(value, (bool, np.bool_)):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:  # an int that no float reaches
        return False


def asks_for_log(found: np.ndarray) -> bool:
    """Whether sorted positive numbers are spread more evenly by their logarithms."""
    if found[-1] < LEAST_SPAN_OF_LOG * found[0]:
        return False

    def off_centre(places: np.ndarray) -> float:
        return abs(float(((places - places[0]) / (places[-1] - places[0])).mean()) - 0.5)

    return off_centre(np.log(found)) <= off_centre(found) + 1e-9


def places_of(hyperparameter: Hyperparameter) -> np.ndarray:
    """Where the values lie on an axis: numbers, or 0, 1, ... for categories; nan where they are missing."""
    if hyperparameter.numeric:
        return hyperparameter.numbers
    return np.where(hyperparameter.present, hyperparameter.codes, np.nan)


def of_grid(hyperparameter: Hyperparameter) -> bool:
    """Whether several candidates share each of a few values."""
    few = hyperparameter.n_distinct <= MOST_OF_GRID
    return few and hyperparameter.present.sum() >= SHARED_BY * hyperparameter.n_distinct


def on_scale(hyperparameter: Hyperparameter, places: np.ndarray) -> np.ndarray:
    """Places as distances on the axis: logarithms where the axis is logarithmic."""
    return np.log10(places) if hyperparameter.log else np.asarray(places, dtype=np.float64)


def from_scale(hyperparameter: Hyperparameter, distances: np.ndarray) -> np.ndarray:
    """What `on_scale` makes, back as places."""
    return 10.0**distances if hyperparameter.log else distances


def whole(hyperparameter: Hyperparameter) -> bool:
    """Whether all values are integers."""
    there = hyperparameter.numbers[hyperparameter.present]
    return bool((there == np.round(there)).all())


def lowest_shown(scores: np.ndarray) -> float:
    """The lowest of some scores that the axis reaches to: others may be so far below that nothing else shows.

    Examples
    --------
    >>> lowest_shown(np.array([0.1, 0.8, 0.9])), lowest_shown(np.array([-1e9, 0.7, 0.8, 0.9]))
    (0.1, 0.7)
    """
    scores = np.sort(scores[np.isfinite(scores)])
    best = scores[-1]
    for part in (0.5, 0.25, 0.1):
        typical = best - np.quantile(scores, part)
        if typical > 0:
            return float(scores[scores >= best - FAR_BELOW * typical][0])
    return float(scores[0])
