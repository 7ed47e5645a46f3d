"""A surface goes through the scores, and nowhere beyond them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skdl.displays.statistics.surface import interpolated, means_at
from skdl.results.hyperparameters import hyperparameters_of


def columns(x, y):
    return hyperparameters_of([{"x": a, "y": b} for a, b in zip(x, y, strict=True)])


def test_it_is_linear_on_the_scales_of_the_axes():
    rng = np.random.default_rng(0)
    x, y = 10 ** rng.uniform(-4, 0, 30), rng.uniform(100, 900, 30)
    found = interpolated(*columns(x, y), np.ones(30, bool), 3 * np.log10(x) + y / 100)
    places_x, places_y, surface = found
    expected = 3 * np.log10(places_x)[None, :] + places_y[:, None] / 100
    inside = ~np.ma.getmaskarray(surface)
    assert 0.5 < inside.mean() < 1
    np.testing.assert_allclose(surface[inside], expected[inside], rtol=1e-6)


@given(st.integers(0, 10**6))
def test_nothing_is_beyond_the_scores_or_outside_of_the_points(seed):
    rng = np.random.default_rng(seed)
    x, y, scores = rng.uniform(size=(3, 6))
    _, _, surface = interpolated(*columns(x, y), np.ones(6, bool), scores)
    assert scores.min() - 1e-9 <= surface.min()
    assert surface.max() <= scores.max() + 1e-9
    # A corner of the picture is inside only where a point is.
    assert np.ma.getmaskarray(surface)[0, 0] or x.argmin() == y.argmin()


def test_candidates_without_a_score_do_not_count():
    x, y = np.meshgrid([0.0, 1.0], [0.0, 0.5, 1.0])
    x, y = [*x.ravel(), 2.0], [*y.ravel(), 2.0]
    rows = np.array([True] * 6 + [False])
    places, _, surface = interpolated(*columns(x, y), rows, np.array([1.0] * 6 + [np.nan]))
    assert places.max() == 1
    np.testing.assert_allclose(surface.compressed(), 1)


def test_points_on_a_line_span_nothing():
    x = np.arange(8.0)
    assert interpolated(*columns(x, 2 * x), np.ones(8, bool), x) is None
    assert interpolated(*columns(x, np.ones(8)), np.ones(8, bool), x) is None


def test_six_places_are_the_fewest_that_have_a_surface():
    x, y = np.meshgrid([0.0, 1.0], [0.0, 0.5, 1.0])
    x, y = x.ravel(), y.ravel()
    assert interpolated(*columns(x, y), np.ones(6, bool), x) is not None
    x[-1], y[-1] = x[0], y[0]
    assert interpolated(*columns(x, y), np.ones(6, bool), x) is None


def test_scores_at_one_place_are_their_mean():
    points, means = means_at(np.array([[1, 2], [0, 0], [1, 2]]), np.array([0.2, 0.5, 0.4]))
    assert points.tolist() == [[0, 0], [1, 2]]
    np.testing.assert_allclose(means, [0.5, 0.3])
