"""Which two hyperparameters are looked at together, and whether as a table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from skdl.common.parameter_checks import did_you_mean
from skdl.displays.statistics.forest_importance import encoded, forest_importances
from skdl.exceptions import InvalidParameterError
from skdl.results.hyperparameters import Hyperparameter
from skdl.results.results import Results
from skdl.results.scales import lowest_shown


def most_important(
    results: Results, varied: Sequence[Hyperparameter]
) -> tuple[Hyperparameter, Hyperparameter]:
    """The two that matter most to a forest, in the order of the search; the first two where none does.

    Those of different grids, which no candidate has both, are no pair.
    """
    there = results.comparable
    pairs = [pair for pair in combinations(range(len(varied)), 2) if _meet(*pair, varied, there)]
    if len(pairs) > 1:
        scores = results.test_mean[there]
        scores = np.maximum(scores, lowest_shown(scores))
        columns = [encoded(one)[there] for one in varied]
        explained, found = forest_importances(columns, scores, np.random.default_rng(0))
        if explained > 0:
            pairs.sort(key=lambda pair: -found[list(pair)].sum())
    first, second = pairs[0] if pairs else (0, 1)
    return varied[first], varied[second]


def _meet(first: int, second: int, varied: Sequence[Hyperparameter], there: np.ndarray) -> bool:
    """Whether both vary among the candidates that have both."""
    both = there & varied[first].present & varied[second].present
    return all(len(np.unique(varied[place].codes[both])) > 1 for place in (first, second))


def named(
    pair: Sequence[str], varied: Sequence[Hyperparameter]
) -> tuple[Hyperparameter, Hyperparameter]:
    """The two that were asked for by their names or by the ends of these that stand on axes.

    Raises
    ------
    InvalidParameterError
        These are not two names of hyperparameters that vary.
    """
    names = {one.label: one for one in varied} | {one.name: one for one in varied}
    owner = "PairEffectDisplay"
    if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
        raise InvalidParameterError(
            f"{owner}: pair={pair!r} is not accepted. Got {type(pair).__name__}, expected a tuple of two "
            f"names of hyperparameters. Pass for instance pair={(varied[0].label, varied[1].label)!r}."
        )
    for name in pair:
        if name not in names:
            raise InvalidParameterError(
                f"{owner}: pair={tuple(pair)!r} is not accepted. Got {name!r}, expected the name of a "
                f"hyperparameter that varies. {did_you_mean(name, [one.label for one in varied])}"
            )
    first, second = names[pair[0]], names[pair[1]]
    if first is second:
        raise InvalidParameterError(
            f"{owner}: pair={tuple(pair)!r} is not accepted. Got one hyperparameter twice, expected two."
        )
    return first, second


def is_grid(x: Hyperparameter, y: Hyperparameter, both: np.ndarray) -> bool:
    """Whether it is a table: two sets of categories, or a few values each in most of their combinations."""
    if not x.numeric and not y.numeric:
        return True
    if not (x.of_grid and y.of_grid):
        return False
    combinations = {(x.codes[row], y.codes[row]) for row in np.flatnonzero(both)}
    shape = [len({one.codes[row] for row in np.flatnonzero(both)}) for one in (x, y)]
    return len(combinations) == shape[0] * shape[1]
