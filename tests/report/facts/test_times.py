"""Seconds are summed over candidates and folds."""

from types import SimpleNamespace

import numpy as np
import pytest

from skdl.report.facts.how_trained import tasks_of
from skdl.report.facts.times import time_facts
from skdl.results.results import Results
from tests import fitted_searches as cases


def columns(**times):
    return {
        "params": [{"a": i} for i in range(4)],
        "split0_test_score": np.arange(4.0),
        "split1_test_score": np.arange(4.0),
        **times,
    }


def test_times_are_summed_over_the_splits():
    found = time_facts(
        Results.of_cv_results(
            columns(mean_fit_time=[1.0, 3.0, 2.0, np.nan], mean_score_time=[0.5, 0.25, 0.0, np.nan])
        )
    )
    assert (found.fitting, found.scoring, found.refit, found.wall) == (12.0, 1.5, None, None)
    assert found.computing == found.total == 13.5
    assert found.slowest == ((1, 6.5), (2, 4.0), (0, 3.0))
    assert found.median == 4.0
    assert found.programs is None


def test_results_without_times():
    found = time_facts(Results.of_cv_results(columns()))
    assert np.isnan([found.fitting, found.scoring, found.median, found.total]).all()
    assert found.slowest == ()


def test_a_record_tells_how_long_one_waited():
    tasks = [SimpleNamespace(started=10.0, ended=12.0), SimpleNamespace(started=9.5, ended=11.0)]
    results = Results.of_cv_results(
        columns(mean_fit_time=np.ones(4), mean_score_time=np.zeros(4)), search=None
    )
    found = time_facts(results, tasks)
    assert (found.wall, found.total) == (2.5, 2.5)
    assert found.programs >= 0


def test_a_recorded_search():
    search = cases.network()
    results = Results.of_search(search)
    tasks, _ = tasks_of(results)
    found = time_facts(results, list(tasks.values()))
    assert found.refit == search.refit_time_
    assert found.fitting == pytest.approx(3 * search.cv_results_["mean_fit_time"].sum())
    assert found.wall > 0
    assert found.total == found.wall + found.refit
    assert found.programs > 0
    assert found.compiling > 0
