"""The pictures of a report say in numbers what they show, or why there is none."""

import re
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pytest
import report_cases as cases

from skdl.report.figures import draw
from skdl.report.summary import summarize


def alternative(drawing):
    assert drawing.svg, drawing.missing
    return ET.fromstring(drawing.svg)[0].text


@pytest.fixture(scope="module")
def grid():
    return summarize(cases.grid(), cases.X, cases.y)


@pytest.fixture(scope="module")
def network():
    return summarize(cases.network(), cases.X, cases.y)


def test_scores_and_the_best_candidate_are_told(grid):
    means = cases.grid().cv_results_["mean_test_score"]
    best = cases.grid().best_index_
    for name in ("search_space", "parallel_coordinates"):
        text = alternative(draw(grid, name))
        assert f"6 candidates, from {means.min():.3f} to {means.max():.3f}" in text, name
        assert f"is candidate {best}: C 10 and tol " in text
    assert "C and tol" in alternative(draw(grid, "pair_effect"))
    assert "the highest in row" in alternative(draw(grid, "pair_effect"))


def test_the_best_candidates_are_told_with_what_the_intervals_say(grid):
    text = alternative(draw(grid, "candidates"))
    ranked = np.sort(cases.grid().cv_results_["mean_test_score"])[::-1][:5]
    assert ", ".join(f"{mean:.3f}" for mean in ranked[:4]) in text
    assert grid.candidates.summary_ in text


def test_times_are_told(grid):
    assert re.search(
        r"6 candidates; a fit took [\d.]+ m?s to [\d.]+ m?s in", alternative(draw(grid, "times"))
    )


def test_the_gap_tells_both_scores_or_what_to_do(grid):
    columns, best = cases.grid().cv_results_, cases.grid().best_index_
    text = alternative(draw(grid, "gap"))
    assert f"reaches {columns['mean_train_score'][best]:.3f} on its training rows" in text
    without = draw(summarize(cases.random()), "gap")
    assert without.svg == ""
    assert "pass return_train_score=True" in without.missing


def test_learning_curves_are_those_of_the_recorded_fits(network):
    text = alternative(draw(network, "learning_curves"))
    assert "Means of the 2 best candidates on all splits: loss from " in text
    assert "in 3 epochs" in text


def test_importance_is_told_or_that_nobody_can_tell(grid, network):
    text = alternative(draw(grid, "importance"))
    assert text.startswith("Importance of hyperparameters. Too few to tell, or nothing matters:")
    # Both candidates that did not fail have one score: there is nothing to draw.
    assert draw(network, "importance").svg == ""
    clear = summarize(
        {
            "params": [{"a": place % 5, "b": place % 7} for place in range(35)],
            "split0_test_score": np.arange(35.0) % 5,
            "split1_test_score": np.arange(35.0) % 5 + 0.01,
        }
    )
    assert "Of the hyperparameters a (" in alternative(draw(clear, "importance"))


def test_convergence_tells_where_each_search_ends():
    both = {"first": cases.random(), "second": cases.bayes()}
    text = alternative(draw(summarize(both), "convergence"))
    assert f"first {cases.random().best_score_:.3f} after 6 candidates" in text
    assert f"second {cases.bayes().best_score_:.3f} after 3 candidates" in text


def test_every_picture_leaves_pyplot_as_it_was(grid, network):
    before = dict(plt.rcParams)
    for name in ("candidates", "importance", "search_space", "pair_effect", "gap", "times"):
        draw(grid, name)
    draw(network, "learning_curves")
    assert plt.get_fignums() == []
    assert dict(plt.rcParams) == before


def test_a_picture_that_breaks_off_says_so_and_leaves_no_figure(grid, monkeypatch):
    other = plt.figure()

    def breaks(ax):
        raise OverflowError("too <large>")

    monkeypatch.setattr("skdl.report.importance_display.tidy", breaks)
    found = draw(grid, "importance")
    assert (found.svg, found.missing) == (
        "",
        "the picture could not be drawn (OverflowError: too <large>).",
    )
    assert plt.get_fignums() == [other.number]
    plt.close(other)


def test_letters_of_a_page_are_never_set_by_tex(grid):
    with plt.rc_context({"text.usetex": True}):
        assert draw(grid, "times").svg


def test_one_candidate_has_no_pictures():
    summary = summarize({"params": [{}], "split0_test_score": np.array([0.5])})
    for name in ("candidates", "importance", "pair_effect", "parallel_coordinates", "times"):
        assert draw(summary, name).svg == "", name
