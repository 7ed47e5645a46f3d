"""Candidates are judged as `diagnose` judges the best one."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdl.diagnosis.findings import Fault
from skdl.displays.statistics.judgement import judge
from skdl.results.results import Results

X, Y = load_digits(n_class=5, return_X_y=True)
X, Y = X[:200] / 16, Y[:200]
DEPTHS = {"max_depth": [1, 3, None]}


def search(estimator=None, y=Y, **options):
    if estimator is None:
        estimator = DecisionTreeClassifier(random_state=0)
    settings = {"cv": 3, "return_train_score": True, **options}
    return GridSearchCV(estimator, DEPTHS, **settings).fit(X, y)


@pytest.mark.parametrize(
    ("scoring", "least", "gap"),
    [
        (None, 0.6, 0.08),  # from a fifth to one
        ("accuracy", 0.6, 0.08),
        ("balanced_accuracy", 0.6, 0.08),
        ("roc_auc_ovr", 0.75, 0.05),
        ("neg_log_loss", -np.log(5) / 2, 0.2 * np.log(5)),
    ],
)
def test_thresholds_are_parts_of_the_way_from_chance(scoring, least, gap):
    found = judge(Results.of_search(search(scoring=scoring)))
    assert found.least_train_score == pytest.approx(least)
    assert found.largest_gap == pytest.approx(gap)


def test_a_search_inside_is_judged_by_its_own_score():
    tree = DecisionTreeClassifier(random_state=0)
    inside = GridSearchCV(tree, DEPTHS, cv=2, scoring="neg_log_loss")
    options = {"cv": 2, "return_train_score": True, "return_estimator": True}
    found = judge(Results.of_cross_validation(cross_validate(inside, X, Y, **options)))
    assert found.least_train_score == pytest.approx(-np.log(5) / 2)


def test_each_candidate_is_judged():
    fitted = search()
    found = judge(Results.of_search(fitted))
    train = fitted.cv_results_["mean_train_score"]
    assert train[0] < 0.6 < train[1]
    assert found.faults[0] is Fault.UNDERFITTING
    assert train[2] == 1.0
    gaps = train - fitted.cv_results_["mean_test_score"]
    assert [fault is Fault.OVERFITTING for fault in found.faults] == (gaps > 0.08).tolist()
    assert found.faults[2] is Fault.OVERFITTING


def test_regressors_are_judged_by_r2():
    found = judge(Results.of_search(search(DecisionTreeRegressor(random_state=0))))
    assert (found.least_train_score, found.largest_gap) == (0.3, 0.2)


def test_one_of_several_scores_is_judged_by_its_own_name():
    fitted = search(scoring={"a": "accuracy", "b": make_scorer(accuracy_score)}, refit="a")
    assert judge(Results.of_search(fitted, "a")).least_train_score == pytest.approx(0.6)
    assert judge(Results.of_search(fitted, "b")) is None


def test_columns_alone_tell_where_classes_do_not_matter():
    columns = {"split0_test_r2": [0.4], "split0_train_r2": [0.9]}
    found = judge(Results.of_cv_results({"params": [{}], **columns}))
    assert found.faults == (Fault.OVERFITTING,)
    columns = {"split0_test_accuracy": [0.4], "split0_train_accuracy": [0.9]}
    assert judge(Results.of_cv_results({"params": [{}], **columns})) is None


@pytest.mark.parametrize(
    "results",
    [
        lambda: Results.of_search(search(return_train_score=False)),
        lambda: Results.of_search(search(scoring=make_scorer(accuracy_score))),
        lambda: Results.of_search(search(scoring="accuracy", refit=False)),
        lambda: Results.of_search(
            search(DecisionTreeRegressor(random_state=0), scoring="neg_mean_squared_error")
        ),
        lambda: Results.of_cv_results(search().cv_results_),
    ],
    ids=["no training scores", "own score", "no classes", "no chance", "no name"],
)
def test_nothing_is_said_where_chance_is_not_known(results):
    assert judge(results()) is None


def test_a_cross_validation_is_judged_by_its_estimators():
    options = {"cv": 3, "return_train_score": True}
    given = cross_validate(Ridge(), X, Y, return_estimator=True, **options)
    assert judge(Results.of_cross_validation(given)).least_train_score == 0.3
    assert judge(Results.of_cross_validation(cross_validate(Ridge(), X, Y, **options))) is None


def test_a_fit_that_failed_is_not_judged():
    columns = {"split0_test_r2": [np.nan, 0.1], "split0_train_r2": [0.9, 0.9]}
    found = judge(Results.of_cv_results({"params": [{}, {}], **columns}))
    assert found.faults == (None, Fault.OVERFITTING)
