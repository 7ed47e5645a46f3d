"""How networks trained: from the records of their fits, a frame that was kept, or the best one alone."""

import pickle

import pytest

import skdl
from skdl.diagnosis.findings import Fault
from skdl.report.facts.how_trained import tasks_of, training_facts
from skdl.results.results import Results
from tests import fitted_searches as cases


@pytest.fixture(scope="module")
def results():
    return Results.of_search(cases.network())


@pytest.mark.further
def test_all_recorded_fits_are_counted(results):
    tasks, why_not = tasks_of(results)
    found = training_facts(results, tasks, why_not, cases.X, cases.y)
    assert found.whose == "all candidates on all splits"
    assert found.n_networks == 12
    counts = {stop.reason: stop.count for stop in found.stops}
    assert counts["the last loss or the weights are not finite numbers"] == 6
    assert sum(counts.values()) == 12
    assert found.epochs[2] == 3
    assert Fault.DIVERGED in found.diagnosis.faults
    assert found.not_recorded == ""
    assert found.curves_of == "the 2 best candidates on all splits"
    assert len(found.curves.fits) == 6


def test_without_records_the_best_one_is_told(results):
    found = training_facts(results, None, "why not")
    assert found.whose == "the best candidate, fitted again on all rows"
    assert found.n_networks == 1
    assert found.not_recorded == "why not"
    assert found.curves_of == "the best candidate, fitted again on all rows"


def test_a_frame_that_was_kept_has_the_curves(results):
    frame = skdl.training_histories(cases.network())
    found = training_facts(results, None, "why not", histories=frame)
    assert found.curves_of == "the 2 best candidates on all splits"
    assert len(found.curves.fits) == 6
    assert found.not_recorded == ""


def test_of_another_candidate_than_the_refitted_one_no_network_is_told():
    search = pickle.loads(pickle.dumps(cases.network_by_two_metrics()))  # forgets the records
    best = training_facts(Results.of_search(search), None, "why not")
    assert best.diagnosis is not None
    assert (best.n_networks, best.curves_of) == (1, "the best candidate, fitted again on all rows")
    other = Results.of_search(search, "falling")
    assert (other.best_index, other.refitted) == (0, 1)
    found = training_facts(other, None, "why not")
    assert found.diagnosis is None
    assert found.not_diagnosed == (
        "candidate 1 is the best of the search, and candidate 0 is by falling; skdl.diagnose(search) "
        "tells of candidate 1."
    )
    assert (found.n_networks, found.epochs, found.curves) == (0, None, None)


def test_other_estimators_have_no_training():
    search = pickle.loads(pickle.dumps(cases.random()))
    results = Results.of_search(search)
    tasks, why_not = tasks_of(results)
    assert tasks is None
    assert training_facts(results, tasks, why_not) is None
