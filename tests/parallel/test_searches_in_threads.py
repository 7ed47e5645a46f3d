"""Scores are those of a plain loop, bit for bit, whatever asks for the fits and however many run at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    BaggingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
    permutation_test_score,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skopt import BayesSearchCV

from skdl import MLPClassifier
from tests.selection import some

X, Y = load_iris(return_X_y=True)
ORDER = np.random.default_rng(0).permutation(len(Y))[:90]
X, Y = X[ORDER], Y[ORDER]


def scores(search):
    """All that a fitted search says, but how long it took."""
    search.fit(X, Y)
    found = {name: v for name, v in search.cv_results_.items() if "_time" not in name}
    return [found, search.best_params_, search.best_estimator_.predict(X)]


def numbers(found):
    return {name: values for name, values in found.items() if "_time" not in name}


def branches():
    columns = [
        ("standard", StandardScaler(), [0, 1]),
        ("unit", MinMaxScaler(), [2]),
        ("best", SelectKBest(k=1), [2, 3]),
    ]
    return make_pipeline(ColumnTransformer(columns), KNeighborsClassifier())


class SometimesFailing(DummyClassifier):
    def fit(self, X, y):
        if self.constant == 1:
            raise ValueError("never that")
        return super().fit(X, y)


@dataclass(frozen=True)
class Asked:
    """An estimator, and one parameter of it to search over."""

    model: Any
    name: str
    values: list[Any]
    dimension: Any  # for scikit-optimize

    @property
    def grid(self):
        return {self.name: self.values}

    def search(self, n_jobs):
        return GridSearchCV(self.model, self.grid, cv=3, n_jobs=n_jobs)


TREE = Asked(DecisionTreeClassifier(random_state=0), "max_depth", [1, 2, 3], (1, 8))
# Of one structure, so that all tests share two programs.
NETWORK = Asked(
    MLPClassifier(units=4, dropout=0.3, epochs=1, batch_size=32, random_state=0),
    "learning_rate",
    [0.001, 0.01, 0.1],
    (0.001, 0.1),
)


def also(asked):
    return [("one", asked.model), ("near", KNeighborsClassifier())]


# What anybody may ask of an estimator, with `n` jobs.
OF_ANY = {
    "grid": lambda asked, n: scores(asked.search(n)),
    "random": lambda asked, n: scores(
        RandomizedSearchCV(asked.model, asked.grid, n_iter=2, cv=3, random_state=0, n_jobs=n)
    ),
    "halving grid": lambda asked, n: scores(
        HalvingGridSearchCV(asked.model, asked.grid, random_state=0, n_jobs=n)
    ),
    "halving random": lambda asked, n: scores(
        HalvingRandomSearchCV(asked.model, asked.grid, random_state=0, n_jobs=n)
    ),
    "bayes": lambda asked, n: scores(
        BayesSearchCV(
            asked.model,
            {asked.name: asked.dimension},
            n_iter=2,
            cv=3,
            random_state=0,
            n_jobs=n,
        )
    ),
    "several metrics": lambda asked, n: scores(
        GridSearchCV(
            asked.model,
            asked.grid,
            scoring=["accuracy", "neg_log_loss"],
            refit="accuracy",
            return_train_score=True,
            cv=3,
            n_jobs=n,
        )
    ),
    "pipeline": lambda asked, n: cross_val_predict(
        make_pipeline(StandardScaler(), asked.model),
        X,
        Y,
        cv=3,
        method="predict_proba",
        n_jobs=n,
    ),
    "nested": lambda asked, n: numbers(
        cross_validate(asked.search(None), X, Y, cv=3, n_jobs=n, return_train_score=True)
    ),
    "nested with threads": lambda asked, n: numbers(
        cross_validate(asked.search(n), X, Y, cv=3, n_jobs=n)
    ),
    "cross_val_predict": lambda asked, n: cross_val_predict(asked.model, X, Y, cv=3, n_jobs=n),
    "learning_curve": lambda asked, n: learning_curve(asked.model, X, Y, cv=3, n_jobs=n),
    "validation_curve": lambda asked, n: validation_curve(
        asked.model, X, Y, param_name=asked.name, param_range=asked.values, cv=3, n_jobs=n
    ),
    "permutation_test_score": lambda asked, n: permutation_test_score(
        asked.model, X, Y, n_permutations=5, cv=3, random_state=0, n_jobs=n
    ),
    "stacking": lambda asked, n: (
        StackingClassifier(also(asked), RidgeClassifier(), n_jobs=n).fit(X, Y).decision_function(X)
    ),
    "voting": lambda asked, n: (
        VotingClassifier(also(asked), voting="soft", n_jobs=n).fit(X, Y).predict_proba(X)
    ),
    "bagging": lambda asked, n: (
        # Its probabilities are sums by job, so that their rounding follows n_jobs with any estimator.
        BaggingClassifier(asked.model, random_state=0, n_jobs=n).fit(X, Y).predict(X)
    ),
    "one against the rest": lambda asked, n: (
        OneVsRestClassifier(asked.model, n_jobs=n).fit(X, Y).predict_proba(X)
    ),
}
OTHERS = {
    "failing candidates": lambda n: scores(
        GridSearchCV(
            SometimesFailing(strategy="constant"),
            {"constant": [0, 1, 2]},
            error_score=0.0,
            cv=3,
            n_jobs=n,
        )
    ),
    "branches": lambda n: scores(
        GridSearchCV(branches(), {"kneighborsclassifier__n_neighbors": [1, 5]}, cv=3, n_jobs=n)
    ),
    "forest": lambda n: scores(
        GridSearchCV(RandomForestClassifier(5, random_state=0), TREE.grid, cv=3, n_jobs=n)
    ),
    "neighbours": lambda n: (
        KNeighborsClassifier(algorithm="kd_tree", n_jobs=n).fit(X, Y).predict_proba(X)
    ),
}
CASES = {
    **{f"{name}, tree": partial(call, TREE) for name, call in OF_ANY.items()},
    **{f"{name}, network": partial(call, NETWORK) for name, call in OF_ANY.items()},
    **OTHERS,
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:The objective has been evaluated")
@pytest.mark.parametrize(
    "name",
    some(
        CASES,
        "grid, network",
        "grid, tree",
        "halving random, tree",
        "several metrics, tree",
        "branches",
    ),
)
def test_the_numbers_of_a_plain_loop(name):
    alone = CASES[name](None)
    for n_jobs in (None, 1, 2, -1):
        with parallel_config("skdl"):
            found = CASES[name](n_jobs)
        np.testing.assert_equal(found, alone)
    assert [thread for thread in threading.enumerate() if thread.name == "skdl"] == []
