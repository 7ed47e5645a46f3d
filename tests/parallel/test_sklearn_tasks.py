"""scikit-learn's tasks tell which candidate and split they are; all others tell nothing and do no harm."""

from __future__ import annotations

import functools
from inspect import signature

import joblib
import numpy as np
import pytest
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    cross_val_predict,
    cross_validate,
)
from sklearn.model_selection._validation import _fit_and_score

from skdl.parallel.sklearn_tasks import Given, Told, read_result, read_task

X, Y = np.arange(24.0).reshape(12, 2), np.arange(12) % 2


class Spy:
    """Wraps the tasks of calls as the recorder does, and keeps what they tell."""

    def __init__(self):
        self.told, self.given = [], []

    def wrap(self, task, args, kwargs):
        self.told.append(read_task(task, kwargs))

        def run():
            result = task(*args, **kwargs)
            self.given.append(read_result(result))
            return result

        return run, (), {}


@pytest.fixture
def spy(monkeypatch):
    from skdl.parallel.task_recorder import Recording

    spy = Spy()
    monkeypatch.setattr(Recording, "wrap", lambda _, *item: spy.wrap(*item))
    with joblib.parallel_config("skdl", n_jobs=2):
        yield spy


def test_the_tasks_of_a_search(spy):
    search = GridSearchCV(
        LogisticRegression(), {"C": [1.0, 2.0]}, cv=2, scoring=["accuracy", "f1"], refit="f1"
    )
    search.set_params(return_train_score=True).fit(X, Y)
    # scikit-learn 1.8 does not say who calls.
    refit = "f1" if "caller" in signature(_fit_and_score).parameters else None
    assert spy.told == [
        Told({"C": c}, split, n_splits=2, n_candidates=2, refit=refit)
        for c in (1.0, 2.0)
        for split in (0, 1)
    ]
    assert sorted(g.test_scores["f1"] for g in spy.given) == sorted(
        np.ravel([search.cv_results_[f"split{s}_test_f1"] for s in (0, 1)])
    )
    assert all(list(g.train_scores) == ["accuracy", "f1"] for g in spy.given)
    assert np.mean([g.fit_time for g in spy.given]) == pytest.approx(
        search.cv_results_["mean_fit_time"].mean()
    )


def test_the_tasks_of_a_cross_validation(spy):
    result = cross_validate(LogisticRegression(), X, Y, cv=3)
    assert spy.told == [Told()] * 3
    assert sorted(g.test_scores for g in spy.given) == sorted(result["test_score"])
    assert sorted(g.score_time for g in spy.given) == sorted(result["score_time"])
    assert {(g.train_scores, g.error) for g in spy.given} == {(None, None)}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores")
def test_a_fit_that_failed_tells_why(spy):
    GridSearchCV(LogisticRegression(), {"C": [1.0, -1.0]}, cv=2).fit(X, Y)
    errors = [g.error for g in spy.given if g.error is not None]
    assert len(errors) == 2
    assert all("InvalidParameterError" in text for text in errors)


def test_other_tasks_tell_nothing(spy):
    cross_val_predict(LogisticRegression(), X, Y, cv=2)
    assert spy.told == [None, None]
    assert read_task(functools.partial(print), {}) is None


def test_arguments_and_results_of_another_shape_are_left_out():
    odd = {"parameters": 3, "split_progress": 1, "candidate_progress": ("a", None)}
    assert read_task(_fit_and_score, odd) == Told()
    assert read_result(None) == Given()
    assert read_result({"fit_time": "soon", "test_scores": {"a": "b"}, "fit_error": 3}) == Given(
        test_scores={}
    )


class BayesSearchCV(GridSearchCV):
    """Not that of scikit-optimize."""


def test_a_class_that_only_has_the_name_of_a_bayesian_search_tells_no_number(spy):
    BayesSearchCV(LogisticRegression(), {"C": [1.0, 2.0]}, cv=2).fit(X, Y)
    assert [told.n_fits for told in spy.told] == [None] * 4


@pytest.mark.parametrize("spaces", [None, [()], [({}, "many")]])
def test_a_bayesian_search_that_is_changed_tells_no_number_and_does_no_harm(spaces):
    skopt = pytest.importorskip("skopt")

    class Changed(skopt.BayesSearchCV):
        pass

    search = Changed(LogisticRegression(), {"C": (0.1, 1.0)})
    search.search_spaces = spaces
    if spaces is None:
        del search.search_spaces
    told = read_task(_fit_and_score, {"caller": search, "split_progress": (0, 2)})
    assert told == Told(split=0, n_splits=2)


def test_a_halving_search_is_known_for_one_in_rounds():
    search = HalvingGridSearchCV(LogisticRegression(), {"C": [1.0, 2.0]})
    assert read_task(_fit_and_score, {"caller": search}) == Told(in_rounds=True)
    search = GridSearchCV(LogisticRegression(), {"C": [1.0, 2.0]})
    assert read_task(_fit_and_score, {"caller": search}) == Told()
