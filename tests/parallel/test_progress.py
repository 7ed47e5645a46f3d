"""What is counted while tasks run, and the words for it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from skdl.parallel.progress import Snapshot, Tally
from skdl.parallel.sklearn_tasks import Given, Told

NOW = Snapshot("fits", 12, 90, 1, 0, None, None, 24.0, ended=False)


@pytest.mark.parametrize(
    ("changes", "epochs", "words"),
    [
        ({}, 0.0, "12 of 90 fits, 2:36 left"),
        ({"done": 0}, 0.0, "0 of 90 fits"),
        ({"total": None}, 3.14159, "12 fits, 3.1 epochs/s"),
        ({"total": None, "round": 3}, 1234.5, "12 fits, round 3, 1,234 epochs/s"),
        ({"best": 0.96661, "n_failed": 1}, 0.0, "12 of 90 fits, 2:36 left, best 0.9666, 1 failed"),
        (
            {"best": -1e-5, "metric": "r2"},
            25.0,
            "12 of 90 fits, 2:36 left, best r2 -1e-05, 25 epochs/s",
        ),
        ({"done": 90, "seconds": 3725.0, "ended": True}, 0.0, "90 of 90 fits, in 1:02:05"),
        ({"done": 2000, "total": 3000, "noun": "tasks"}, 0.0, "2,000 of 3,000 tasks, 0:12 left"),
    ],
)
def test_the_words_for_a_moment(changes, epochs, words):
    assert replace(NOW, **changes).words(epochs) == words


def run(tally, told, *givens, first=0):
    for position, given in enumerate(givens, first):
        tally.begin_task(told)
        tally.end_task(position, told, given)


def scored(*scores):
    return [Given(test_scores=score) for score in scores]


def test_a_grid_search():
    tally, told = Tally(), Told({}, 0, n_splits=2, n_candidates=3)
    tally.begin_call(None)
    tally.begin_task(told)
    assert (tally.snapshot().done, tally.snapshot().total, tally.snapshot().best) == (0, 6, None)
    tally.end_task(0, told, *scored(0.9))
    assert tally.snapshot().best is None  # one split of two
    run(tally, told, *scored(0.5), first=1)
    assert tally.snapshot().best == 0.7
    # Those of two candidates come as their fits end, in any order.
    for position, score in ((4, 0.1), (2, 1.0), (5, 0.1), (3, 0.8)):
        tally.end_task(position, told, *scored(score))
    now = tally.snapshot()
    assert (now.done, now.total, now.best, now.noun) == (6, 6, 0.9, "fits")


def test_scores_that_are_no_numbers_are_not_the_best():
    tally, told = Tally(), Told({}, 0, n_splits=2, n_candidates=3)
    tally.begin_call(None)
    failed = Given(test_scores=math.nan, error="why")
    run(tally, told, failed, *scored(0.9, 0.4, 0.4), failed, failed)
    now = tally.snapshot()
    assert (now.best, now.n_failed) == (0.4, 3)


def test_what_stands_for_the_score_of_a_fit_that_failed_is_not_the_best():
    tally, told = Tally(), Told({}, 0, n_splits=2, n_candidates=2)
    tally.begin_call(None)
    run(tally, told, Given(test_scores=0.0, error="why"), *scored(-0.5, -0.4, -0.6))
    now = tally.snapshot()
    assert (now.best, now.n_failed) == (-0.5, 1)


def test_the_metric_by_which_a_search_chooses_is_shown():
    tally, told = Tally(), Told({}, 0, n_splits=1, n_candidates=2, refit="roc_auc")
    tally.begin_call(None)
    run(tally, told, *scored({"f1": 0.2, "roc_auc": 0.9}, {"f1": 0.3, "roc_auc": 0.1}))
    assert (tally.snapshot().best, tally.snapshot().metric) == (0.9, "roc_auc")


def test_the_best_of_a_halving_search_is_of_its_last_round():
    tally = Tally()
    for candidates, score in ((3, 1.0), (1, 0.8)):
        told = Told({}, 0, n_splits=2, n_candidates=candidates, in_rounds=True)
        tally.begin_call(None)
        tally.begin_task(told)
        assert tally.snapshot().best in (None, 1.0)  # until one of the round is done
        run(tally, told, *scored(*[score] * candidates * 2))
    assert tally.snapshot().best == 0.8


def test_of_several_metrics_the_first_counts_and_is_named():
    tally, told = Tally(), Told({}, 0, n_splits=1, n_candidates=2)
    tally.begin_call(None)
    run(tally, told, *scored({"f1": 0.2, "roc_auc": 0.9}, {"f1": 0.3, "roc_auc": 0.1}))
    assert (tally.snapshot().best, tally.snapshot().metric) == (0.3, "f1")


def test_the_rounds_of_a_search_are_added_up():
    tally = Tally()
    for candidates in (3, 1):
        told = Told({}, 0, n_splits=2, n_candidates=candidates)
        tally.begin_call(None)
        run(tally, told, *scored(*[0.1 * candidates] * candidates * 2))
    now = tally.snapshot()
    assert (now.done, now.total, now.round) == (8, None, 2)
    assert now.best == pytest.approx(0.3)


def test_a_search_that_says_how_many_fits_it_makes_has_a_total_in_each_round():
    tally, told = Tally(), Told({}, 0, n_splits=2, n_candidates=1, n_fits=10)
    for _ in range(3):
        tally.begin_call(None)
        run(tally, told, *scored(0.1, 0.2))
    now = tally.snapshot()
    assert (now.done, now.total) == (6, 10)
    assert now.seconds_left == pytest.approx(now.seconds * 4 / 6)


def test_tasks_that_are_not_known_are_counted():
    tally = Tally()
    tally.begin_call(3)
    run(tally, None, Given(), Given())
    now = tally.snapshot()
    assert (now.noun, now.done, now.total) == ("tasks", 2, 3)


def test_the_clock_stops_at_the_end():
    tally = Tally()
    tally.begin_call(None)
    assert tally.snapshot().seconds < tally.snapshot().seconds
    tally.end()
    assert tally.snapshot() == tally.snapshot()
    assert tally.snapshot().ended


def test_a_search_in_rounds_has_no_total_in_the_first_one_either():
    tally, told = Tally(), Told({}, 0, n_splits=2, n_candidates=3, in_rounds=True)
    tally.begin_call(None)
    run(tally, told, *scored(0.1, 0.2))
    now = tally.snapshot()
    assert (now.done, now.total, now.seconds_left) == (2, None, None)
