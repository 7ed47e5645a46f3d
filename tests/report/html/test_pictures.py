"""The pictures of a report say in numbers what they show, or why there is none."""

import re
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skdl.report.facts.summary import summarize
from skdl.report.html.pictures import draw
from tests import fitted_searches as cases


def alternative(drawing):
    assert drawing.svg, drawing.missing
    return ET.fromstring(drawing.svg)[0].text


@pytest.fixture(scope="module")
def grid():
    return summarize(cases.grid(), cases.X, cases.y)


@pytest.fixture(scope="module")
def network():
    return summarize(cases.network(), cases.X, cases.y)


@pytest.mark.further
def test_scores_and_the_best_candidate_are_told(grid):
    means = cases.grid().cv_results_["mean_test_score"]
    best = cases.grid().best_index_
    for name in ("search_space", "parallel_coordinates"):
        text = alternative(draw(grid, name))
        told = (
            f"6 candidates by C and tol, with accuracy from {means.min():.3f} to {means.max():.3f}."
        )
        assert told in text, name
        assert f"is candidate {best}: C 10 and tol " in text


@pytest.mark.further
def test_cells_are_told_by_their_values():
    columns = {
        "params": [{"a": a, "b": b} for a in (1, 2, 3) for b in ("x", "y")],
        "split0_test_score": np.array([0.1, 0.2, 0.3, 0.9, 0.5, 0.6]),
    }
    drawing = draw(summarize(columns), "pair_effect")
    assert drawing.title == "Score by a and b"
    assert alternative(drawing) == (
        "Score by a and b. The highest cell is 0.900 at a 2 and b y, the lowest 0.100 at a 1 and b x. "
        "The best, with 0.900, is candidate 3: a 2 and b y."
    )
    # A candidate that failed is told apart from the others, and no score is its own.
    columns["split0_test_score"][0] = np.nan
    text = alternative(draw(summarize(columns), "search_space"))
    assert "5 candidates by a and b, with score from 0.200 to 0.900. 1 more failed." in text
    drawing = draw(summarize(columns), "parallel_coordinates")
    assert drawing.caption.endswith("the best one is thick. Those that failed are grey.")


@pytest.mark.further
def test_the_two_that_mattered_most_are_looked_at_together(clear):
    first, second = (one.name for one in clear.importance.hyperparameters_[:2])
    assert first == "a"
    drawing = draw(clear, "pair_effect")
    assert drawing.title == f"Score by {second} and a"
    assert drawing.caption.endswith("No other two have a higher importance.")


@pytest.mark.further
def test_a_halving_is_told_with_what_its_panels_show():
    summary = summarize(cases.halving())
    text = alternative(draw(summary, "search_space"))
    assert "by max_depth, min_samples_leaf and n_samples, with" in text
    assert draw(summary, "pair_effect").caption.endswith(
        "Only the candidates of the first iteration, which had equally many resources."
    )


@pytest.mark.further
def test_the_best_candidates_are_told_with_what_the_intervals_say(grid):
    text = alternative(draw(grid, "candidates"))
    ranked = np.sort(cases.grid().cv_results_["mean_test_score"])[::-1][:5]
    told = [
        f"{mean:.3f} ({label})" for mean, label in zip(ranked, grid.candidates.labels_, strict=True)
    ]
    assert f"Their mean accuracy is {', '.join(told[:4])} and {told[4]}. " in text
    assert "C=10, tol=0.0001" in text
    assert grid.candidates.summary_ in text


def test_times_are_told(grid):
    assert re.search(
        r"6 candidates; a fit took [\d.]+ m?s to [\d.]+ m?s in", alternative(draw(grid, "times"))
    )


@pytest.mark.further
def test_the_gap_tells_both_scores_or_what_to_do(grid):
    columns, best = cases.grid().cv_results_, cases.grid().best_index_
    text = alternative(draw(grid, "gap"))
    assert f"reaches {columns['mean_train_score'][best]:.3f} on its training rows" in text
    without = draw(summarize(cases.random()), "gap")
    assert without.svg == ""
    assert "pass return_train_score=True" in without.missing


def test_learning_curves_are_those_of_the_recorded_fits(network):
    text = alternative(draw(network, "learning_curves"))
    assert text.startswith(
        "Training curves of the 2 best candidates on all splits. For dropout=0, loss"
    )
    for label in ("dropout=0", "dropout=0.1"):
        assert re.search(rf"For {label}, loss goes from [^:]+ to [^:]+ in 3 epochs", text)


def test_importance_is_told_or_not_drawn_where_nobody_can_tell(grid, network, clear):
    assert draw(grid, "importance").svg == draw(network, "importance").svg == ""
    assert "Of the hyperparameters a (" in alternative(draw(clear, "importance"))


@pytest.fixture(scope="module")
def clear():
    """One of three hyperparameters is all that matters."""
    return summarize(
        {
            "params": [{"c": place % 3, "b": place % 7, "a": place % 5} for place in range(35)],
            "split0_test_score": np.arange(35.0) % 5,
            "split1_test_score": np.arange(35.0) % 5 + 0.01,
        }
    )


@pytest.mark.further
def test_convergence_tells_where_each_search_ends():
    both = {"first": cases.random(), "second": cases.bayes()}
    text = alternative(draw(summarize(both), "convergence"))
    assert f"first reaches {cases.random().best_score_:.3f} with 6 candidates" in text
    assert f"second reaches {cases.bayes().best_score_:.3f} with 3 candidates" in text


def test_a_search_that_failed_does_not_hide_how_soon_the_others_found_their_best():
    columns = {"params": [{"a": 1}, {"a": 2}], "mean_fit_time": [1.0, 2.0]}
    columns["mean_score_time"] = [0.1, 0.1]
    well = columns | {"split0_test_score": [0.5, 0.6]}
    failed = columns | {"split0_test_score": [np.nan, np.nan]}
    drawing = draw(summarize({"well": well, "lost": failed}), "convergence")
    assert alternative(drawing) == (
        "Best score so far. well reaches 0.600 with 2 candidates. All candidates of lost failed."
    )
    assert drawing.caption.endswith(" All candidates of lost failed.")


@pytest.mark.further
def test_every_picture_leaves_pyplot_as_it_was(grid, network, clear):
    before = dict(plt.rcParams)
    for name in ("candidates", "importance", "search_space", "pair_effect", "gap", "times"):
        draw(grid, name)
    draw(network, "learning_curves")
    draw(clear, "importance")
    assert plt.get_fignums() == []
    assert dict(plt.rcParams) == before


def test_a_picture_that_breaks_off_says_so_and_leaves_no_figure(clear, monkeypatch):
    other = plt.figure()

    def breaks(ax):
        raise OverflowError("too <large>")

    monkeypatch.setattr("skdl.displays.importance.tidy", breaks)
    found = draw(clear, "importance")
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
