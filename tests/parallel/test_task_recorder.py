"""A call writes down each of its tasks with the fits that it ran itself."""

from __future__ import annotations

import gc
import pickle
import warnings
import weakref

import joblib
import numpy as np
import pytest
from sklearn import get_config
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import BaggingRegressor, StackingRegressor
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, cross_validate, learning_curve
from sklearn.model_selection._validation import _fit_and_score
from sklearn.utils.parallel import Parallel
from sklearn.utils.parallel import delayed as sklearn_delayed

from skdl import StopReason
from skdl.parallel.task_recorder import Recording
from skdl.recording.histories import record_of
from skdl.recording.records import FitRecord, told_fits
from skdl.recording.store import RecordStore, store

X, Y = np.arange(24.0).reshape(12, 2), np.arange(12.0)


class Teller(RegressorMixin, BaseEstimator):
    """Tells of a fit as a network does, with its parameter as the loss."""

    def __init__(self, rate=0.0, random_state=None):
        self.rate = rate
        self.random_state = random_state

    def fit(self, X, y):
        if self.rate < 0:
            raise ValueError("a rate below zero")
        curves = {"loss": np.array([self.rate])}
        fits = told_fits()
        if fits is not None:
            fits.append(FitRecord("Teller", curves, 1, 0, StopReason.EPOCHS_DONE))
        return self

    def predict(self, X):
        return np.zeros(len(X))


@pytest.fixture(autouse=True)
def _empty(empty_store):
    """Each test begins with nothing kept."""


def rates(task):
    return [fit.history["loss"][0] for fit in task.fits]


def search(estimator=None, name="rate", values=(1.0, 2.0, 3.0), **options):
    estimator = Teller() if estimator is None else estimator
    return GridSearchCV(estimator, {name: list(values)}, cv=2, refit=False, **options)


def evaluation(rate, return_times=True):
    """A task as those of a search."""
    return sklearn_delayed(_fit_and_score)(
        Teller(),
        X,
        Y,
        scorer=get_scorer("r2"),
        train=[0, 1],
        test=[2, 3],
        verbose=0,
        parameters={"rate": rate},
        fit_params=None,
        score_params=None,
        return_times=return_times,
        error_score="raise",
    )


def tell(rate=0.0):
    Teller(rate).fit(X, Y)


@pytest.mark.parametrize("n_jobs", [2, None, -100])
def test_every_task_has_its_place_and_its_fits(n_jobs):
    with joblib.parallel_config("skdl", n_jobs=n_jobs):
        search().fit(X, Y)
    (call,) = store.calls()
    assert [task.position for task in call.tasks] == list(range(6))
    assert [rates(task) for task in call.tasks] == [[1], [1], [2], [2], [3], [3]]
    assert [(task.parameters["rate"], task.split) for task in call.tasks] == [
        (rate, split) for rate in (1.0, 2.0, 3.0) for split in (0, 1)
    ]
    assert all(task.started < task.ended for task in call.tasks)


@pytest.mark.parametrize("return_as", ["list", "generator", "generator_unordered"])
def test_tasks_of_one_batch_are_told_apart(return_as):
    with joblib.parallel_config("skdl"):
        call = Parallel(n_jobs=2, batch_size=4, return_as=return_as)
        assert len(list(call(evaluation(float(rate)) for rate in range(11)))) == 11
    (call,) = store.calls()
    assert [rates(task) for task in call.tasks] == [[rate] for rate in range(11)]


def test_only_calls_with_a_task_that_is_known_are_kept():
    with joblib.parallel_config("skdl"):
        Parallel()(sklearn_delayed(tell)() for _ in range(3))
        BaggingRegressor(Teller(), 3).fit(X, Y)
        # Who asks for no times gets nothing by which the fits could be found.
        learning_curve(Teller(), X, Y, cv=2, train_sizes=[2, 4])
        Parallel()(evaluation(1.0, return_times=rate == 0) for rate in range(3))
    assert store.calls() == ()


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_the_fits_of_what_gives_no_times_belong_to_the_task_around_it(n_jobs):
    class Curious(Teller):
        def fit(self, X, y):
            learning_curve(Teller(3.0), X, y, cv=2, train_sizes=[2, 3], n_jobs=n_jobs)
            return super().fit(X, y)

    with joblib.parallel_config("skdl"):
        search(Curious(), values=(1.0,)).fit(X, Y)
    (call,) = store.calls()
    assert [rates(task) for task in call.tasks] == [[3.0] * 4 + [1.0]] * 2


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_the_fits_of_an_ensemble_belong_to_the_task_that_it_is_fitted_in(n_jobs):
    bagging = BaggingRegressor(Teller(), 5, n_jobs=n_jobs)
    stacking = StackingRegressor(
        [("a", Teller(3.0)), ("b", bagging)], Teller(9.0), cv=2, n_jobs=n_jobs
    )
    with joblib.parallel_config("skdl"):
        search(stacking, "a__rate", [1.0, 2.0]).fit(X, Y)
    (call,) = store.calls()
    for rate, task in zip([1.0, 1.0, 2.0, 2.0], call.tasks, strict=True):
        # The base estimators on all rows, on those of each fold, and the one over them.
        assert rates(task) == [rate] + [0.0] * 5 + [rate] * 2 + [0.0] * 10 + [9.0]


@pytest.mark.parametrize("n_jobs", [None, 2, -1])
def test_a_search_inside_of_a_task_has_a_record_of_its_own(n_jobs):
    inner = search(n_jobs=n_jobs).set_params(refit=True)
    with joblib.parallel_config("skdl"):
        cross_validate(inner, X, Y, cv=3)
    *inside, outside = store.calls()
    assert [[rates(task) for task in call.tasks] for call in inside] == [
        [[1], [1], [2], [2], [3], [3]]
    ] * 3
    # The outer fits train the best candidate again, by themselves.
    assert [rates(task) for task in outside.tasks] == [[1]] * 3


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores")
def test_a_fit_that_fails_is_a_task_with_an_error():
    with joblib.parallel_config("skdl"):
        search(values=(1.0, -1.0)).fit(X, Y)
    (call,) = store.calls()
    assert [rates(task) for task in call.tasks] == [[1], [1], [], []]
    assert [task.error is None for task in call.tasks] == [True, True, False, False]
    assert "a rate below zero" in call.tasks[2].error


# A task that is interrupted while Python reads a line of source for a traceback leaves the file open.
@pytest.mark.filterwarnings("ignore:.*unclosed file:ResourceWarning")
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <_io:pytest.PytestUnraisableExceptionWarning"
)
def test_a_search_that_raises_leaves_nothing():
    with joblib.parallel_config("skdl"), pytest.raises(ValueError, match="a rate below zero"):
        search(values=(1.0, -1.0), error_score="raise").fit(X, Y)
    assert store.calls() == ()


# joblib warns of tasks that it drops. The tasks that still run set the process's filters of warnings back, as
# scikit-learn's tasks do, and so the warning cannot be caught for sure.
@pytest.mark.filterwarnings("ignore:.*tasks.*:UserWarning")
def test_a_generator_that_is_closed_leaves_nothing():
    with joblib.parallel_config("skdl"):
        results = Parallel(n_jobs=2, return_as="generator", pre_dispatch=2)(
            evaluation(1.0) for _ in range(50)
        )
        next(results)
        results.close()
    assert store.calls() == ()


def test_a_call_that_is_too_large_is_not_kept():
    small = RecordStore(max_fits=2)
    for size in (3, 2):
        recording = Recording(small)
        for _ in range(size):
            task, args, kwargs = evaluation(1.0)
            task, args, kwargs = recording.wrap(
                task.with_config_and_warning_filters(get_config(), warnings.filters), args, kwargs
            )
            task(*args, **kwargs)
        recording.end()
    assert [len(call.tasks) for call in small.calls()] == [2]
    assert small.n_left == 1


def test_nobody_records_outside_of_the_backend():
    search().fit(X, Y)
    assert store.calls() == ()
    assert told_fits() is None


@pytest.mark.further
def test_parameters_are_not_kept_alive():
    models = [Teller(1.0), Teller(2.0)]
    array = np.zeros(100_000)
    gone = [weakref.ref(value) for value in (*models, array)]
    values = {"rate": models, "random_state": [array]}
    fitted = GridSearchCV(Holder(), values, cv=2, refit=False)
    with joblib.parallel_config("skdl"):
        fitted.fit(X, Y)
    assert len(record_of(fitted).tasks) == 4
    copy = pickle.loads(pickle.dumps(fitted))
    del models, array, values, fitted
    gc.collect()
    assert [ref() for ref in gone] == [None] * 3
    assert len(record_of(copy).tasks) == 4
    assert store._weight.bytes < 20_000


class Holder(Teller):
    """Takes anything for its rate."""

    def fit(self, X, y):
        return self
