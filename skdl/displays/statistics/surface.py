"""A surface through the scores of candidates over two hyperparameters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from skdl.results.hyperparameters import Hyperparameter

# Places of the surface along each axis.
FINENESS = 80
# Fewer candidates than these make a few triangles, which look like a finding and are none.
LEAST_POINTS = 6


def interpolated(
    x: Hyperparameter, y: Hyperparameter, rows: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """A surface through the scores of some candidates, linear between them on the axes' own scales.

    Parameters
    ----------
    x, y : Hyperparameter
        Both numeric.
    rows : ndarray of bool, shape (n_candidates,)
    scores : ndarray of shape (n_candidates,)

    Returns
    -------
    places of x, places of y, surface
        Of shapes (n,), (n,) and (n, n); masked outside of the convex hull of the candidates. None where they
        lie on a line, or at fewer than six places.
    """
    from scipy.interpolate import LinearNDInterpolator
    from scipy.spatial import QhullError

    distances = np.column_stack([one.on_scale(one.numbers[rows]) for one in (x, y)])
    low, high = distances.min(axis=0), distances.max(axis=0)
    if not (high > low).all():
        return None
    # Triangles of the picture, not of the units.
    points, means = means_at((distances - low) / (high - low), scores[rows])
    if len(points) < LEAST_POINTS:
        return None
    try:
        surface = LinearNDInterpolator(points, means)
    except QhullError:
        return None
    unit = np.linspace(0, 1, FINENESS)
    found = np.ma.masked_invalid(surface(*np.meshgrid(unit, unit)))
    fine = low + unit[:, None] * (high - low)
    return x.from_scale(fine[:, 0]), y.from_scale(fine[:, 1]), found


def along_strips(
    strips: Hyperparameter, along: Hyperparameter, rows: np.ndarray, scores: np.ndarray
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """The scores of some candidates along each category, linear between them on the axis' own scale.

    Parameters
    ----------
    strips : Hyperparameter
    along : Hyperparameter
        A numeric one; of another there is nothing between its values.
    rows : ndarray of bool, shape (n_candidates,)
    scores : ndarray of shape (n_candidates,)

    Yields
    ------
    category, edges, values
        The number of the category, n + 1 edges along it, and the n values between these.
    """
    if not along.numeric:
        return
    distances = np.where(along.present, along.on_scale(along.numbers), np.nan)
    for code in range(strips.n_distinct):
        inside = rows & (strips.codes == code)
        places, means = means_at(distances[inside][:, None], scores[inside])
        if len(places) > 1:
            fine = np.linspace(places[0, 0], places[-1, 0], FINENESS + 1)
            middles = (fine[1:] + fine[:-1]) / 2
            yield code, along.from_scale(fine), np.interp(middles, places[:, 0], means)


def means_at(points: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct points, and the mean score at each."""
    found, places = np.unique(points, axis=0, return_inverse=True)
    places = places.ravel()
    return found, np.bincount(places, scores, len(found)) / np.bincount(
        places, minlength=len(found)
    )
