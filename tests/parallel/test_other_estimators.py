"""Estimators that are not skdl's, within the backend: the same results, and few threads."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import joblib
import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import skdl  # noqa: F401 - makes the backend known

X, Y = load_iris(return_X_y=True)
ORDER = np.random.default_rng(0).permutation(len(Y))[:90]
X, Y = X[ORDER], Y[ORDER]
N_JOBS = (None, 1, 2, -1)
TASKS = Path("/proc/self/task")


def threads_of_process():
    """All of them, where the system tells, also those that are not Python's."""
    return len(os.listdir(TASKS)) if TASKS.exists() else threading.active_count()


class Most:
    """The most threads that were alive when somebody looked."""

    def __init__(self):
        self.python = self.process = 0

    def look(self):
        self.python = max(self.python, threading.active_count())
        self.process = max(self.process, threads_of_process())


class Looking(TransformerMixin, BaseEstimator):
    """Changes nothing, and looks at the threads each time that it is asked."""

    def __init__(self, most=None):
        self.most = most

    def __sklearn_clone__(self):
        return self

    def fit(self, X, y=None):
        self.most.look()
        return self

    def transform(self, X):
        self.most.look()
        return X


def nested(most, n_jobs):
    """A search over three branches and two kinds of estimators, inside of a cross-validation."""
    branches = ColumnTransformer(
        [
            ("standard", StandardScaler(), [0, 1]),
            ("unit", MinMaxScaler(), [2]),
            ("looking", Looking(most), [3]),
        ],
        n_jobs=n_jobs,
    )
    last = [
        RandomForestClassifier(4, max_depth=2, random_state=0, n_jobs=n_jobs),
        KNeighborsClassifier(algorithm="kd_tree", n_jobs=n_jobs),
    ]
    pipeline = Pipeline([("branches", branches), ("last", last[0])])
    return GridSearchCV(pipeline, {"last": last}, cv=2, n_jobs=n_jobs)


# Each task of scikit-learn empties the list of warning filters for a moment; other threads may find it empty.
@pytest.mark.filterwarnings(
    "ignore:`sklearn.utils.parallel.delayed` should be used:UserWarning:sklearn.utils.parallel"
)
@pytest.mark.parametrize("n_jobs", N_JOBS)
def test_nested_use_makes_few_threads(n_jobs):
    alone = cross_val_score(nested(Most(), None), X, Y, cv=2)
    most, before = Most(), threads_of_process()
    with parallel_config("skdl"):
        found = cross_val_score(nested(most, n_jobs), X, Y, cv=2, n_jobs=n_jobs)
    assert found.tolist() == alone.tolist()
    allowed = 4 * joblib.cpu_count() + 20
    assert 1 <= most.python <= allowed
    # Those that TensorFlow and OpenMP have started before are there with any backend.
    assert most.process - before <= allowed
    assert [thread for thread in threading.enumerate() if thread.name == "skdl"] == []


def forest(n_jobs):
    fitted = RandomForestClassifier(8, max_depth=3, random_state=0, n_jobs=n_jobs).fit(X, Y)
    # Its probabilities are summed in the order in which trees are done, with threads of any backend.
    return [fitted.feature_importances_, fitted.predict(X), fitted.apply(X)]


def neighbours(n_jobs):
    fitted = KNeighborsClassifier(algorithm="kd_tree", n_jobs=n_jobs).fit(X, Y)
    return [fitted.predict_proba(X), *fitted.kneighbors(X)]


@pytest.mark.parametrize("results", [forest, neighbours])
@pytest.mark.parametrize("n_jobs", N_JOBS)
def test_results_are_those_outside(results, n_jobs):
    alone = results(None)
    with parallel_config("skdl"):
        found = results(n_jobs)
    np.testing.assert_equal(found, alone)
