"""Values and scores have places on a scale."""

import numpy as np

from skdl.results.scales import lowest_shown, places_of
from tests.made_up_results import column


def test_places():
    np.testing.assert_array_equal(places_of(column(3, None, 1)), [3, np.nan, 1])
    np.testing.assert_array_equal(places_of(column("b", "a", None)), [1, 0, np.nan])


def test_scores_far_below_the_others_do_not_rule_the_axis():
    usual = np.linspace(0.7, 0.9, 9)
    assert lowest_shown(np.append(usual, -1e9)) == 0.7
    assert lowest_shown(np.append(usual, 0.1)) == 0.1
    assert lowest_shown(np.array([0.5, np.nan, 0.5])) == 0.5
    # More than half of them are the best.
    assert lowest_shown(np.array([-1e9, 0.5, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9])) == 0.5
