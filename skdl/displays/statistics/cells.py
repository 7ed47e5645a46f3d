"""The cells of a heat map: the mean score of the candidates that share two values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skdl.results.hyperparameters import Hyperparameter
from skdl.results.value_texts import number_texts


@dataclass(frozen=True, eq=False)
class Cells:
    """The combinations of the values of two hyperparameters.

    Attributes
    ----------
    x, y : Hyperparameter
        Of the columns and of the lines.
    columns, lines : ndarray of shape (n_values,)
        Where the values of each lie on an axis.
    tried, counts : ndarray of int, shape (n_values_of_y, n_values_of_x)
        How many candidates are in each cell, and how many of them have a score.
    means : ndarray of shape (n_values_of_y, n_values_of_x)
        Their mean score, nan where there is none.
    """

    x: Hyperparameter
    y: Hyperparameter
    columns: np.ndarray
    lines: np.ndarray
    tried: np.ndarray
    counts: np.ndarray
    means: np.ndarray

    @classmethod
    def of(
        cls,
        x: Hyperparameter,
        y: Hyperparameter,
        scores: np.ndarray,
        *,
        both: np.ndarray,
        scored: np.ndarray,
    ) -> Cells:
        """Those of the candidates that have `both`, of which some were `scored`.

        Examples
        --------
        >>> x, y = (Hyperparameter(name, name, values) for name, values in [("a", (1, 2)), ("b", (3, 3))])
        >>> there = np.array([True, True])
        >>> Cells.of(x, y, np.array([0.5, 0.75]), both=there, scored=there).means
        array([[0.5 , 0.75]])
        """
        columns, column = np.unique(x.places[both], return_inverse=True)
        lines, line = np.unique(y.places[both], return_inverse=True)
        shape = (len(lines), len(columns))
        size = shape[0] * shape[1]
        cells, there = line * shape[1] + column, scored[both]
        tried = np.bincount(cells, minlength=size)
        counts = np.bincount(cells[there], minlength=size)
        sums = np.bincount(cells[there], scores[both][there], minlength=size)
        # No score is no mean, and not zero.
        means = np.where(counts, sums / np.maximum(counts, 1), np.nan)
        return cls(x, y, columns, lines, *(a.reshape(shape) for a in (tried, counts, means)))

    def at(self, candidate: int) -> tuple[int, int] | None:
        """The line and the column with the values of a candidate, which may be one that is in no cell."""
        line = np.flatnonzero(self.lines == self.y.places[candidate])
        column = np.flatnonzero(self.columns == self.x.places[candidate])
        return (int(line[0]), int(column[0])) if len(line) and len(column) else None

    def values(self) -> tuple[list[Any], list[Any]]:
        """The values of `x` and of `y`, cell by cell and line by line."""
        across, up = _values_at(self.x, self.columns), _values_at(self.y, self.lines)
        return across * len(up), [value for value in up for _ in across]


def _values_at(one: Hyperparameter, places: np.ndarray) -> list[Any]:
    """The values of a hyperparameter that lie at some places."""
    found = one.places
    return [one.values[int(np.flatnonzero(found == place)[0])] for place in places]


def texts_at(one: Hyperparameter, places: np.ndarray) -> list[str]:
    """What stands at these places on an axis."""
    if one.numeric:
        return number_texts(places)
    return [one.categories[int(place)] for place in places]
