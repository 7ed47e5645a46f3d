"""Heights and colours of scores, by differences or by factors."""

import numpy as np
import pytest

from skdl.displays.drawing.score_scale import ScoreScale

LOSSES = np.array([-100.0, -1.0, np.nan, -0.01])
USUAL = np.array([-1e9, 0.5, 0.75, np.nan, 1.0])


def test_losses_that_spread_by_factors_are_equally_far_where_factors_are_equal():
    scale = ScoreScale.of(LOSSES)
    assert scale == ScoreScale(-100.0, -0.01, log=True)
    np.testing.assert_allclose(scale.parts(LOSSES), [0, 0.5, np.nan, 1])


def test_other_scores_are_equally_far_where_differences_are_equal():
    scale = ScoreScale.of(USUAL)
    assert scale == ScoreScale(0.5, 1.0, log=False)
    np.testing.assert_allclose(scale.parts(USUAL), [0, 0, 0.5, np.nan, 1])


@pytest.mark.parametrize("scores", [LOSSES, USUAL])
def test_colours_are_as_far_as_heights(scores):
    scale = ScoreScale.of(scores)
    there = scores[scores >= scale.low]
    np.testing.assert_allclose(scale.norm()(there), scale.parts(there), atol=1e-12)
    np.testing.assert_allclose(scale.back(scale.on(there)), there)


@pytest.mark.parametrize(
    ("scores", "ticks", "texts"),
    [
        (LOSSES, [-0.01, -0.1, -1, -10, -100], ["-0.01", "-0.1", "-1", "-10", "-100"]),
        (
            np.array([0.5, 1.0]),
            [0.5, 0.6, 0.7, 0.8, 0.9, 1],
            ["0.5", "0.6", "0.7", "0.8", "0.9", "1.0"],
        ),
        (np.array([0.5, 0.5]), [0.5], ["0.5"]),
    ],
)
def test_ticks_are_round(scores, ticks, texts):
    places, found = ScoreScale.of(scores).ticks()
    np.testing.assert_allclose(places, ticks)
    assert found == texts


def test_equal_scores_are_in_the_middle():
    assert ScoreScale.of(np.array([0.5, 0.5])).parts(np.array([0.5, 0.5])).tolist() == [0.5, 0.5]
