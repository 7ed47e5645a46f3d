"""Each candidate at the seconds of its fits and its score."""

import numpy as np

from skdl.report.html.score_by_time import ScoreByTime, known_times
from skdl.results.results import Results


def drawn(seconds, scores=(0.5, 0.9, 0.7, np.nan)):
    columns = {"params": [{}] * 4, "split0_test_score": scores, "mean_fit_time": seconds}
    return ScoreByTime(Results.of_cv_results(columns)).plot().figure_.axes[0]


def test_candidates_stand_at_their_seconds_and_the_best_is_a_star():
    ax = drawn([0.2, 0.3, 0.4, 5.0])
    assert ax.collections[0].get_offsets().tolist() == [[0.2, 0.5], [0.3, 0.9], [0.4, 0.7]]
    assert [(*line.get_xdata(), *line.get_ydata()) for line in ax.lines] == [(0.3, 0.9)]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("mean time of a fit (s)", "mean score")
    assert ax.get_xscale() == "linear"


def test_short_times_that_differ_by_factors_are_milliseconds_on_a_logarithmic_axis():
    ax = drawn([0.0005, 0.005, 0.05, 5.0])
    assert ax.get_xlabel() == "mean time of a fit (ms)"
    assert ax.get_xscale() == "log"
    assert [text.get_text() for text in ax.get_xticklabels()] == ["30", "10", "3", "1"]


def test_negative_losses_that_differ_by_factors_are_drawn_by_their_size():
    assert drawn([0.2, 0.3, 0.4, 5.0], (-100.0, -1.0, -0.01, np.nan)).get_yscale() == "symlog"
    assert drawn([0.2, 0.3, 0.4, 5.0]).get_yscale() == "linear"


def test_what_failed_or_was_not_timed_has_no_place():
    columns = {"params": [{}] * 3, "split0_test_score": [0.5, np.nan, 0.7]}
    found = Results.of_cv_results(columns | {"mean_fit_time": [np.nan, 1.0, 1.0]})
    assert known_times(found).tolist() == [False, False, True]
