"""Scores have a scale that shows them."""

import numpy as np

from skdl.results.scales import lowest_shown


def test_scores_far_below_the_others_do_not_rule_the_axis():
    usual = np.linspace(0.7, 0.9, 9)
    assert lowest_shown(np.append(usual, -1e9)) == 0.7
    assert lowest_shown(np.append(usual, 0.1)) == 0.1
    assert lowest_shown(np.array([0.5, np.nan, 0.5])) == 0.5
    # More than half of them are the best.
    assert lowest_shown(np.array([-1e9, 0.5, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9])) == 0.5
