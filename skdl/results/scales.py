"""Which scale values ask for: whether they are numbers, spread by factors, and how far scores reach."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

# Values that span less than this factor are as legible on a linear axis.
LEAST_SPAN_OF_LOG = 8.0
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
