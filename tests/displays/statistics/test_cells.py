"""The cells of a heat map against sums over the candidates."""

import numpy as np

from skdl.displays.statistics.cells import Cells, texts_at
from skdl.results.hyperparameters import hyperparameters_of

PARAMS = [{"a": 1, "b": "u"}, {"a": 2, "b": "u"}, {"a": 1, "b": "u"}, {"a": 2, "b": "v"}, {"a": 3}]
A, B = hyperparameters_of(PARAMS)
SCORES = np.array([0.5, 0.75, 1.0, np.nan, 0.25])


def cells():
    both = A.present & B.present
    return Cells.of(A, B, SCORES, both=both, scored=both & np.isfinite(SCORES))


def test_a_cell_is_the_mean_of_those_in_it_that_have_a_score():
    found = cells()
    assert found.tried.tolist() == [[2, 1], [0, 1]]
    assert found.counts.tolist() == [[2, 1], [0, 0]]
    np.testing.assert_array_equal(found.means, [[0.75, 0.75], [np.nan, np.nan]])


def test_a_candidate_is_found_by_its_values():
    found = cells()
    assert [found.at(row) for row in range(5)] == [(0, 0), (0, 1), (0, 0), (1, 1), None]


def test_values_and_texts_stand_in_the_order_of_the_cells():
    found = cells()
    assert found.values() == ([1, 2, 1, 2], ["u", "u", "v", "v"])
    assert texts_at(A, found.columns) == ["1", "2"]
    assert texts_at(B, found.lines) == ["u", "v"]
