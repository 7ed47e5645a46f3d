"""The best score after each trial, and when each trial was over."""

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.tree import DecisionTreeClassifier

from skdl.displays.statistics.best_so_far import clock_of, scores_so_far
from skdl.exceptions import InvalidParameterError
from skdl.recording.histories import record_of
from skdl.results.results import Results

X, Y = load_iris(return_X_y=True)
TREE = DecisionTreeClassifier(random_state=0)
NAN = np.nan


def results(scores, **columns):
    return Results.of_cv_results(
        {"params": [{} for _ in scores], "split0_test_score": scores, **columns}
    )


def test_the_best_is_the_highest_of_all_that_were_over():
    found = scores_so_far("a", results([NAN, 0.2, 0.1, NAN, 0.5]), np.array([1, 5, 2, 3, 4.0]))
    np.testing.assert_array_equal(found.trial, [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(found.best_by_trial, [NAN, 0.2, 0.2, 0.2, 0.5])
    np.testing.assert_array_equal(found.best_by_second, [NAN, 0.5, 0.1, 0.1, 0.5])
    assert found.final == 0.5
    ((seconds, best, last),) = found.lines("second")
    assert seconds.tolist() == [2, 3, 4, 5]
    assert best.tolist() == [0.1, 0.1, 0.5, 0.5]
    assert last


def test_each_iteration_of_a_halving_begins_anew():
    halving = results([0.9, 0.8, 0.3, 0.4], iter=np.array([0, 0, 1, 1]))
    found = scores_so_far("a", halving, np.arange(4.0))
    np.testing.assert_array_equal(found.best_by_trial, [0.9, 0.9, 0.3, 0.4])
    assert found.final == 0.4
    lines = [(x.tolist(), y.tolist(), last) for x, y, last in found.lines("trial")]
    assert lines == [([1, 2], [0.9, 0.9], False), ([3, 4], [0.3, 0.4], True)]


def test_a_search_without_a_score_is_named():
    with pytest.raises(InvalidParameterError, match="Got 'mine' without a score.* 2 candidates"):
        scores_so_far("mine", results([NAN, NAN]), np.arange(2.0))


@pytest.fixture(scope="module")
def searches():
    def grid():
        return GridSearchCV(TREE, {"max_depth": [1, 2, 3]}, cv=3).fit(X, Y)

    with joblib.parallel_config("skdl"):
        recorded = grid()
        halving = HalvingGridSearchCV(
            TREE, {"max_depth": [1, 2, 3]}, cv=3, factor=2, random_state=0
        ).fit(X, Y)
    return {
        name: Results.of_search(one)
        for name, one in {"recorded": recorded, "halving": halving, "plain": grid()}.items()
    }


def test_seconds_are_those_of_the_record(searches):
    clock, seconds = clock_of({name: searches[name] for name in ("recorded", "halving")})
    assert clock == "elapsed"
    for name, found in seconds.items():
        record = record_of(searches[name].search)
        for row, second in enumerate(found):
            ends = [record.tasks[row, split].ended for split in range(3)]
            assert second == max(ends) - record.started
    iterations = searches["halving"].iteration
    assert seconds["halving"][iterations == 0].max() < seconds["halving"][iterations == 1].min()


def test_one_search_without_a_record_makes_all_seconds_computed(searches):
    clock, seconds = clock_of(searches)
    assert clock == "computed"
    for name, found in seconds.items():
        columns = searches[name].source
        times = 3 * (columns["mean_fit_time"] + columns["mean_score_time"])
        np.testing.assert_allclose(found, np.cumsum(times))


def test_columns_alone_have_no_record(searches):
    clock, _ = clock_of({"a": Results.of_cv_results(searches["recorded"].source)})
    assert clock == "computed"
