"""Scores are those of a plain loop, bit for bit, whatever asks for the fits and however many run at once."""

from __future__ import annotations

import threading

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

import skdl  # noqa: F401 - makes the backend known
from skdl import MLPClassifier

X, Y = load_iris(return_X_y=True)
ORDER = np.random.default_rng(0).permutation(len(Y))[:90]
X, Y = X[ORDER], Y[ORDER]

TREE = DecisionTreeClassifier(random_state=0)
DEPTH = {"max_depth": [1, 2, 3]}


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


def nested(n_jobs):
    return GridSearchCV(TREE, DEPTH, cv=3, n_jobs=n_jobs)


class SometimesFailing(DummyClassifier):
    def fit(self, X, y):
        if self.constant == 1:
            raise ValueError("never that")
        return super().fit(X, y)


CALLS = {
    "grid": lambda n: scores(GridSearchCV(TREE, DEPTH, cv=3, n_jobs=n)),
    "random": lambda n: scores(
        RandomizedSearchCV(
            TREE, {"max_depth": range(1, 9)}, n_iter=4, cv=3, random_state=0, n_jobs=n
        )
    ),
    "halving grid": lambda n: scores(HalvingGridSearchCV(TREE, DEPTH, random_state=0, n_jobs=n)),
    "halving random": lambda n: scores(
        HalvingRandomSearchCV(TREE, {"max_depth": range(1, 9)}, random_state=0, n_jobs=n)
    ),
    "bayes": lambda n: scores(
        BayesSearchCV(TREE, {"max_depth": (1, 8)}, n_iter=2, cv=3, random_state=0, n_jobs=n)
    ),
    "several metrics": lambda n: scores(
        GridSearchCV(
            TREE,
            DEPTH,
            scoring=["accuracy", "neg_log_loss"],
            refit="accuracy",
            return_train_score=True,
            cv=3,
            n_jobs=n,
        )
    ),
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
        GridSearchCV(RandomForestClassifier(5, random_state=0), DEPTH, cv=3, n_jobs=n)
    ),
    "nested": lambda n: numbers(cross_validate(nested(None), X, Y, cv=3, n_jobs=n)),
    "nested with threads": lambda n: numbers(cross_validate(nested(n), X, Y, cv=3, n_jobs=n)),
    "cross_val_predict": lambda n: cross_val_predict(TREE, X, Y, cv=3, n_jobs=n),
    "learning_curve": lambda n: learning_curve(TREE, X, Y, cv=3, n_jobs=n),
    "validation_curve": lambda n: validation_curve(
        TREE, X, Y, param_name="max_depth", param_range=[1, 2], cv=3, n_jobs=n
    ),
    "permutation_test_score": lambda n: permutation_test_score(
        TREE, X, Y, n_permutations=5, cv=3, random_state=0, n_jobs=n
    ),
    "stacking": lambda n: (
        StackingClassifier(
            [("tree", TREE), ("near", KNeighborsClassifier())], RidgeClassifier(), n_jobs=n
        )
        .fit(X, Y)
        .decision_function(X)
    ),
    "voting": lambda n: (
        VotingClassifier(
            [("tree", TREE), ("near", KNeighborsClassifier())], voting="soft", n_jobs=n
        )
        .fit(X, Y)
        .predict_proba(X)
    ),
    "bagging": lambda n: BaggingClassifier(TREE, random_state=0, n_jobs=n).fit(X, Y).predict(X),
    "one against the rest": lambda n: (
        OneVsRestClassifier(RidgeClassifier(), n_jobs=n).fit(X, Y).decision_function(X)
    ),
    "neighbours": lambda n: (
        KNeighborsClassifier(algorithm="kd_tree", n_jobs=n).fit(X, Y).predict_proba(X)
    ),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:The objective has been evaluated")
@pytest.mark.parametrize("name", CALLS)
def test_the_numbers_of_a_plain_loop(name):
    alone = CALLS[name](None)
    for n_jobs in (None, 1, 2, -1):
        with parallel_config("skdl"):
            found = CALLS[name](n_jobs)
        np.testing.assert_equal(found, alone)
    assert [thread for thread in threading.enumerate() if thread.name == "skdl"] == []


def network(**params):
    return make_pipeline(StandardScaler(), MLPClassifier(units=4, epochs=1, **params))


NETWORK_CALLS = {
    "grid": lambda n: scores(
        GridSearchCV(network(random_state=0), {"mlpclassifier__dropout": [0.3]}, cv=2, n_jobs=n)
    ),
    "probabilities": lambda n: cross_val_predict(
        network(random_state=1, dropout=0.2), X, Y, cv=2, method="predict_proba", n_jobs=n
    ),
}


@pytest.mark.parametrize("name", NETWORK_CALLS)
def test_networks_have_the_bits_of_a_plain_loop(name):
    alone = NETWORK_CALLS[name](None)
    with parallel_config("skdl"):
        for n_jobs in (None, 2):
            np.testing.assert_equal(NETWORK_CALLS[name](n_jobs), alone)
