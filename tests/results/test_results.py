"""Results are read from searches, columns and cross-validations, and wrong things are named."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFECV
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdl.exceptions import InvalidParameterError
from skdl.report.facts.subject import facts_of
from skdl.results.results import Results
from tests.made_up_results import halving, results

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
TWELVE = KFold(12, shuffle=True, random_state=0)  # splits 10 and 11 come after 9, not after 1


@pytest.fixture(scope="module")
def search():
    model = make_pipeline(StandardScaler(), LogisticRegression())
    grid = [{"logisticregression__C": [0.01, 1.0]}, {"logisticregression__tol": [0.1]}]
    return GridSearchCV(model, grid, cv=TWELVE, return_train_score=True).fit(X, y)


@pytest.fixture(scope="module")
def several():
    return GridSearchCV(
        LogisticRegression(),
        {"C": [1e-4, 1.0]},
        cv=3,
        scoring=["neg_log_loss", "accuracy"],
        refit="accuracy",
    ).fit(X, y)


def test_a_search_is_read_fold_by_fold(search):
    found = Results.of_search(search)
    assert (found.n_candidates, found.n_splits) == (3, 12)
    assert (found.metric, found.score_name, found.best_index) == (
        "score",
        "accuracy",
        search.best_index_,
    )
    columns = search.cv_results_
    for split in range(12):
        np.testing.assert_array_equal(
            found.test_scores[:, split], columns[f"split{split}_test_score"]
        )
    np.testing.assert_allclose(found.test_mean, columns["mean_test_score"], rtol=1e-14)
    np.testing.assert_allclose(found.test_std, columns["std_test_score"], rtol=1e-12)
    np.testing.assert_allclose(found.train_mean, columns["mean_train_score"], rtol=1e-14)
    assert [one.label for one in found.varied] == ["C", "tol"]
    assert found.order[0] == search.best_index_
    assert not found.failed.any()


def test_one_of_several_metrics_counts(several):
    assert Results.of_search(several).metric == "accuracy"
    other = Results.of_search(several, "neg_log_loss")
    assert (other.score_name, other.best_index) == (
        "negative log loss",
        int(np.argmax(several.cv_results_["mean_test_neg_log_loss"])),
    )
    assert Results.of_cv_results(several.cv_results_).metrics == ("neg_log_loss", "accuracy")
    with pytest.raises(InvalidParameterError, match="one of the metrics.*'neg_log_loss'"):
        Results.of_search(several, "f1")


def test_a_candidate_that_failed_is_last():
    def refuse(estimator, X, y):
        return np.nan if estimator.C == 1.0 else estimator.score(X, y)

    with pytest.warns(UserWarning, match="non-finite"):
        search = GridSearchCV(LogisticRegression(), {"C": [1.0, 0.01]}, cv=2, scoring=refuse).fit(
            X, y
        )
    found = Results.of_search(search)
    assert found.failed.tolist() == [True, False]
    assert found.order.tolist() == [1, 0]
    assert found.score_name == "score"


def inner(**options):
    return GridSearchCV(LogisticRegression(), {"C": [1.0]}, **options)


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (inner(scoring="neg_log_loss"), "negative log loss"),
        (make_pipeline(StandardScaler(), inner(scoring="roc_auc")), "ROC AUC"),
        (inner(), "accuracy"),
        (inner(scoring=lambda *_: 1.0), "score"),
        (inner(scoring=["accuracy", "f1"], refit="f1"), "f1"),
        (inner(scoring={"mine": "f1"}, refit="mine"), "f1"),
        (GridSearchCV(inner(scoring="f1"), {}), "f1"),
        (LogisticRegressionCV(scoring="neg_log_loss"), "negative log loss"),
        (RFECV(Ridge(), scoring="neg_mean_squared_error"), "negative mean squared error"),
        # This one stops by it.
        (HistGradientBoostingClassifier(scoring="neg_log_loss"), "accuracy"),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_score_is_called_what_the_estimator_computes(estimator, name):
    result = {"test_score": np.array([0.5, 0.6]), "estimator": [estimator]}
    assert Results.of_cross_validation(result).score_name == name
    columns = {"params": [{}], "split0_test_score": [0.5]}
    search = GridSearchCV(estimator, {})
    assert Results.of_cv_results(columns, search=search).score_name == name


@pytest.fixture(scope="module")
def without_one_class():
    """Each candidate fails in the fold whose training rows lack the first class."""

    class Picky(DecisionTreeClassifier):
        def fit(self, X, y):
            if not (y == 0).any():
                raise ValueError("no first class")
            return super().fit(X, y)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return GridSearchCV(Picky(), {"max_depth": [1, 2]}, cv=KFold(3)).fit(X, y)


def test_none_is_the_best_where_each_failed_in_a_fold(without_one_class):
    found = Results.of_search(without_one_class)
    assert found.failed.all()
    assert np.isfinite(found.test_scores).any(axis=1).all()
    assert found.best_index is None
    scores = {"test_score": np.array([0.5, np.nan]), "fit_time": np.ones(2)}
    assert Results.of_cross_validation(scores).best_index is None


def test_a_choice_that_failed_is_not_the_best():
    def refuse(estimator, X, y):
        return np.nan if estimator.C == 1.0 and len(X) > 40 else estimator.score(X, y)

    folds = [(np.arange(0, 150, 2), np.arange(1, 150, step)) for step in (2, 10)]
    search = GridSearchCV(
        LogisticRegression(), {"C": [1.0, 0.01]}, cv=folds, scoring=refuse, refit=lambda _: 0
    )
    with pytest.warns(UserWarning, match="non-finite"):
        found = Results.of_search(search.fit(X, y))
    assert found.failed.tolist() == [True, False]
    assert found.best_index == 1


def test_the_last_iteration_of_a_halving_comes_first():
    search = HalvingGridSearchCV(
        LogisticRegression(), {"C": [1e-3, 1e-2, 1.0, 10.0]}, cv=2, factor=2, random_state=0
    ).fit(X, y)
    found = Results.of_search(search)
    assert found.iteration[found.order].tolist() == sorted(found.iteration, reverse=True)
    assert found.order[0] == search.best_index_
    assert (found.resources == search.cv_results_["n_resources"]).all()


def test_a_cross_validation_is_one_candidate():
    result = cross_validate(Ridge(), X, y, cv=3, return_train_score=True, return_estimator=True)
    found = Results.of_cross_validation(result)
    assert (found.n_candidates, found.n_splits, found.score_name) == (1, 3, "R²")
    np.testing.assert_array_equal(found.test_scores[0], result["test_score"])
    np.testing.assert_array_equal(found.train_scores[0], result["train_score"])
    assert found.fit_time[0] == result["fit_time"].mean()


def test_a_search_without_candidates_is_named():
    with pytest.raises(InvalidParameterError, match="without candidates"):
        Results.of_cv_results({"params": []})


@pytest.mark.parametrize("metric", ["acc\x1b[31m", "a\x00b", "a\ud800"])
def test_the_name_of_a_score_is_one_line_that_can_be_printed(metric):
    found = Results.of_cv_results(
        {"params": [{}], f"split0_test_{metric}": np.array([0.5])}, metric
    )
    assert found.metric == metric
    assert found.score_name.isprintable()
    assert found.score_name.encode()
    assert all(name.isprintable() for name in facts_of(found).metrics)


def test_scores_are_compared_within_the_first_iteration_of_a_halving():
    assert halving().comparable.tolist() == [True] * 4 + [False] * 2
    assert results([{}] * 2, [0.1, np.nan]).comparable.tolist() == [True, False]
