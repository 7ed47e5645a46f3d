"""Failed fits are counted by their reason, where it is known."""

from types import SimpleNamespace

import numpy as np
import pytest

from skdl.report.facts.failures import NOT_SCORED, UNKNOWN, failures_of
from skdl.report.facts.how_trained import tasks_of
from skdl.results.results import Results
from tests import fitted_searches as cases
from tests.hostile_texts import IMAGE

NAN = np.nan


def results(*rows):
    scores = np.array(rows)
    columns = {f"split{place}_test_score": scores[:, place] for place in range(scores.shape[1])}
    return Results.of_cv_results({"params": [{"a": i} for i in range(len(rows))], **columns})


def test_none_failed():
    assert failures_of(Results.of_search(cases.grid())) == ()


def test_without_records_only_their_number_is_known():
    (found,) = failures_of(results([0.5, NAN], [0.1, 0.2], [NAN, np.inf]))
    assert (found.reason, found.message) == (UNKNOWN, "")
    assert (found.n_fits, found.candidates) == (3, (0, 2))


def error(text):
    return SimpleNamespace(error=text)


def test_fits_that_failed_alike_are_counted_together():
    trace = 'Traceback (most recent call last):\n  File "x.py", line 3, in f\n    g(1)\n'
    tasks = {
        (0, 0): error(f"{trace}ValueError: Got 3 rows in 'a', expected 4"),
        (0, 1): error(f"{trace}ValueError: Got 7 rows in 'b', expected 9"),
        (1, 0): error(
            f"{trace}skdl.exceptions.DivergedError: A(units=3) diverged\n  after 2 epochs\nso\n"
        ),
        (1, 1): error(f"{trace}ValueError: something else: {IMAGE}"),
        (2, 0): error(None),
        (2, 1): error(f"{trace}KeyboardInterrupt"),
    }
    found = failures_of(results([NAN, NAN], [NAN, NAN], [NAN, NAN]), tasks)
    assert [(one.reason, one.n_fits, one.candidates) for one in found] == [
        ("ValueError", 2, (0,)),
        ("DivergedError", 1, (1,)),
        ("ValueError", 1, (1,)),
        (NOT_SCORED, 1, (2,)),
        ("KeyboardInterrupt", 1, (2,)),
    ]
    assert found[0].message == "Got 3 rows in 'a', expected 4"
    assert found[1].message == "A(units=3) diverged after 2 epochs so"
    assert found[2].message == f"something else: {IMAGE}"


def test_a_fit_whose_failure_was_given_a_number_is_known_by_its_record():
    tasks = {(0, 0): error("Traceback\nValueError: no"), (0, 1): error(None)}
    (found,) = failures_of(results([0.0, 0.5]), tasks)
    assert (found.reason, found.n_fits, found.candidates) == ("ValueError", 1, (0,))


@pytest.mark.further
def test_a_recorded_search_says_why_its_fits_failed():
    results = Results.of_search(cases.network())
    tasks, why_not = tasks_of(results)
    assert why_not == ""
    (found,) = failures_of(results, tasks)
    assert found.reason == "DivergedError"
    assert found.n_fits == 6
    assert found.candidates == (1, 3)
    assert "diverged" in found.message
