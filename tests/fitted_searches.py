"""Searches that tests of results and reports share, each fitted once."""

from __future__ import annotations

import functools
import warnings

import joblib
from sklearn.datasets import load_diabetes, load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skopt import BayesSearchCV
from skopt.space import Integer

from skdl import MLPClassifier

X, y = load_iris(return_X_y=True)
NUMBERS_X, NUMBERS_Y = load_diabetes(return_X_y=True)


@functools.cache
def grid():
    """A pipeline, training scores, one metric."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500, random_state=0))
    space = {"logisticregression__C": [1e-3, 0.1, 10.0], "logisticregression__tol": [1e-4, 1e-2]}
    return GridSearchCV(model, space, cv=5, return_train_score=True).fit(X, y)


@functools.cache
def several_metrics():
    return GridSearchCV(
        LogisticRegression(max_iter=500),
        {"C": [1e-4, 1.0]},
        cv=3,
        scoring=["neg_log_loss", "accuracy"],
        refit="accuracy",
        return_train_score=True,
    ).fit(X, y)


@functools.cache
def random():
    return RandomizedSearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": [1, 2, 3, None], "min_samples_leaf": [1, 4, 16]},
        n_iter=6,
        cv=KFold(4, shuffle=True, random_state=1),
        random_state=3,
    ).fit(X, y)


@functools.cache
def halving():
    return HalvingGridSearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": [1, 2, 3, 4], "min_samples_leaf": [1, 2]},
        cv=3,
        min_resources=30,
        random_state=0,
    ).fit(X, y)


@functools.cache
def bayes():
    return BayesSearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": Integer(1, 6)},
        n_iter=3,
        cv=3,
        random_state=0,
    ).fit(X, y)


@functools.cache
def regression():
    return GridSearchCV(
        Ridge(), {"alpha": [0.01, 1.0, 100.0]}, cv=4, scoring="neg_mean_squared_error"
    ).fit(NUMBERS_X, NUMBERS_Y)


@functools.cache
def network():
    """A network whose fits are recorded; those of one learning rate diverge."""
    model = make_pipeline(
        StandardScaler(),
        MLPClassifier(units=4, epochs=3, optimizer="sgd", validation_split=0.2, random_state=0),
    )
    space = {"mlpclassifier__learning_rate": [0.1, 1e30], "mlpclassifier__dropout": [0.0, 0.1]}
    search = GridSearchCV(model, space, cv=3, return_train_score=True)
    with joblib.parallel_config("skdl"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # half of the fits fail, as they should
        return search.fit(X, y)


@functools.cache
def network_by_two_metrics():
    """A network of which one candidate is the best by each metric; the search refits by the first."""
    search = GridSearchCV(
        MLPClassifier(units=2, epochs=1, random_state=0),
        {"learning_rate": [1e-3, 1e-2]},
        cv=[(range(0, 150, 2), range(1, 150, 2))],
        scoring={"rate": _rate, "falling": _falling},
        refit="rate",
    )
    return search.fit(X, y)


def _rate(estimator, X, y):
    return estimator.learning_rate


def _falling(estimator, X, y):
    return -estimator.learning_rate


@functools.cache
def cross_validation():
    return cross_validate(
        LogisticRegression(max_iter=500), X, y, cv=4, return_train_score=True, return_estimator=True
    )
