"""`diagnose` reads the scores of every search and of cross-validation, and says what they did not keep."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - gives HalvingGridSearchCV
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skopt import BayesSearchCV

from skdl import diagnose
from skdl.diagnosis import Fault
from tests.diagnosis.networks_for_diagnosis import diabetes, digits, folds, pipeline, regressor

RATES = {"mlpclassifier__learning_rate": [0.003, 0.01]}


@pytest.mark.parametrize(
    "make_search",
    [
        lambda est: GridSearchCV(est, RATES, cv=folds(), return_train_score=True),
        lambda est: RandomizedSearchCV(
            est, RATES, n_iter=2, cv=folds(), return_train_score=True, random_state=0
        ),
        lambda est: HalvingGridSearchCV(est, RATES, cv=folds(), min_resources=150, random_state=0),
        lambda est: BayesSearchCV(
            est,
            {"mlpclassifier__learning_rate": (0.003, 0.01, "log-uniform")},
            n_iter=2,
            cv=folds(),
            return_train_score=True,
            random_state=0,
        ),
    ],
    ids=["grid", "random", "halving", "bayes"],
)
def test_the_best_candidate_of_a_search_is_judged_by_its_folds(make_search):
    search = make_search(pipeline()).fit(*digits())
    diagnosis = diagnose(search)
    assert Fault.DIVERGED not in diagnosis.faults
    assert diagnosis.prefix == "mlpclassifier__"
    numbers = diagnosis.numbers
    assert numbers["test_score"] == pytest.approx(search.best_score_)
    assert numbers["chance_score"] == 0.1
    assert (numbers["folds"], numbers["candidates"]) == (3, len(search.cv_results_["params"]))
    assert numbers["epochs"] == 40  # of the network that was fitted at last
    assert diagnosis.missing == ()


def test_a_search_that_overfits():
    X, y = digits()
    wrong = np.where(np.arange(len(y)) % 3 == 0, (y + 3) % 10, y)
    search = GridSearchCV(pipeline(epochs=100), RATES, cv=folds(), return_train_score=True).fit(
        X, wrong
    )
    finding = diagnose(search).findings[0]
    assert finding.kind is Fault.OVERFITTING
    assert finding.evidence.startswith("accuracy is ")
    assert finding.numbers["score_gap"] > 0.3


def test_a_search_is_told_what_it_did_not_keep():
    search = GridSearchCV(pipeline(), RATES, cv=folds()).fit(*digits())
    assert diagnose(search).missing == (
        "Whether it overfits: pass return_train_score=True to the search.",
    )
    bare = GridSearchCV(pipeline(), RATES, cv=folds(), refit=False).fit(*digits())
    diagnosis = diagnose(bare)
    assert diagnosis.missing == (
        "Whether training diverged, was unstable or too short, which the curves of a fit tell: pass "
        "refit=True to the search.",
        "Whether it underfits and whether it overfits: pass return_train_score=True to the search.",
    )
    assert diagnosis.prefix == "mlpclassifier__"


def test_candidates_that_failed_are_counted():
    rates = {"mlpclassifier__learning_rate": [0.1, 1e3, 1e5]}
    search = GridSearchCV(pipeline(optimizer="sgd"), rates, cv=folds(), return_train_score=True)
    with pytest.warns(FitFailedWarning), pytest.warns(UserWarning, match="non-finite"):
        search.fit(*digits())
    finding = diagnose(search).findings[0]
    assert finding.kind is Fault.DIVERGED
    assert finding.numbers == {
        **finding.numbers,
        "candidates": 3.0,
        "failed_candidates": 2.0,
        "failed_folds": 0.0,
    }
    assert finding.advice == ("learning_rate below 1000 in the search: from there on all failed",)


def test_a_score_is_judged_where_its_name_tells_what_chance_reaches():
    X, y = digits()
    kept = {"cv": folds(2), "return_train_score": True}
    params = {"mlpclassifier__units": [64]}
    log_loss = GridSearchCV(pipeline(), params, scoring="neg_log_loss", **kept).fit(X, y)
    assert diagnose(log_loss).numbers["chance_score"] == pytest.approx(-np.log(10))
    f1 = GridSearchCV(pipeline(), params, scoring="f1_macro", **kept).fit(X, y)
    assert "pass X and y to diagnose" in diagnose(f1).missing[0]
    assert diagnose(f1, X, y).missing == ()
    own = GridSearchCV(pipeline(), params, scoring=make_scorer(accuracy_score), **kept).fit(X, y)
    assert "score by names" in diagnose(own).missing[0]
    several = GridSearchCV(
        pipeline(), params, scoring={"a": "neg_log_loss", "b": "accuracy"}, refit="b", **kept
    ).fit(X, y)
    assert diagnose(several).numbers["chance_score"] == 0.1
    nobody = GridSearchCV(pipeline(), params, scoring=["accuracy"], refit=False, **kept).fit(X, y)
    with pytest.raises(ValueError, match="refit=False, expected to know .* pass refit='accuracy'"):
        diagnose(nobody)


def test_a_search_at_the_end_of_a_pipeline():
    only = {"units": [64]}
    inner = GridSearchCV(pipeline()[-1], only, cv=folds(2), return_train_score=True)
    whole = make_pipeline(StandardScaler(), inner).fit(*digits())
    assert diagnose(whole).numbers["folds"] == 2


def test_cross_validation_is_judged_by_scores_and_by_the_curves_of_every_fold():
    X, y = digits()
    result = cross_validate(
        pipeline(epochs=60),
        X[:60],
        y[:60],
        cv=folds(2),
        return_train_score=True,
        return_estimator=True,
    )
    diagnosis = diagnose(result)
    assert diagnosis.faults == (Fault.OVERFITTING,)
    assert (diagnosis.numbers["fits"], diagnosis.numbers["folds"]) == (2, 2)
    assert diagnosis.prefix == "mlpclassifier__"
    assert diagnosis.missing == ()


def test_cross_validation_is_told_what_it_did_not_keep():
    X, y = digits()
    bare = cross_validate(pipeline(), X, y, cv=folds(2))
    assert [line.partition("pass ")[2] for line in diagnose(bare).missing] == [
        "return_estimator=True to cross_validate.",
        "return_train_score=True to cross_validate.",
    ]
    assert diagnose(bare, X, y).numbers["chance_score"] == pytest.approx(
        np.bincount(y).max() / len(y)
    )


def test_a_fold_that_diverged_is_named():
    # One row of the first fold is far away.
    X = diabetes()[0].copy()
    X[-1] *= 1e20
    est = regressor(epochs=5)
    with pytest.warns(FitFailedWarning):
        result = cross_validate(
            est, X, diabetes()[1], cv=2, return_estimator=True, return_train_score=True
        )
    finding = diagnose(result).findings[0]
    assert finding.kind is Fault.DIVERGED
    assert finding.numbers["failed_folds"] == 1


@pytest.mark.parametrize("scoring", ["neg_mean_squared_error", "neg_log_loss"])
def test_a_score_without_a_name_that_is_no_accuracy_and_no_r2_is_not_judged(scoring):
    est, data = (regressor(), diabetes()) if "squared" in scoring else (pipeline(), digits())
    kept = {"cv": 2, "return_train_score": True, "return_estimator": True}
    unnamed = diagnose(cross_validate(est, *data, scoring=scoring, **kept))
    assert "chance_score" not in unnamed.numbers
    assert any("score by names" in line for line in unnamed.missing)
    named = diagnose(cross_validate(est, *data, scoring=[scoring], **kept), *data)
    assert named.numbers["learnt_by_train_score"] > 0.4


def test_searches_inside_a_cross_validation():
    inner = GridSearchCV(pipeline()[-1], {"units": [64]}, cv=folds(2))
    result = cross_validate(
        inner, *digits(), cv=folds(2), return_estimator=True, return_train_score=True
    )
    assert diagnose(result).numbers["fits"] == 2


@pytest.mark.further
def test_scores_of_searches_inside_are_what_these_score_by():
    X, y = digits()
    inner = GridSearchCV(pipeline()[-1], {"units": [64]}, cv=folds(2), scoring="neg_log_loss")
    kept = {"cv": folds(2), "return_train_score": True}
    outer = GridSearchCV(inner, {"estimator__learning_rate": [0.003]}, **kept).fit(X, y)
    result = cross_validate(inner, X, y, return_estimator=True, **kept)
    for found in (diagnose(outer), diagnose(result)):
        assert found.numbers["test_score"] < 0
        assert found.numbers["chance_score"] == pytest.approx(-np.log(10))
    # What is above zero is no log loss.
    accuracy = cross_validate(inner, X, y, scoring="accuracy", return_estimator=True, **kept)
    assert "chance_score" not in diagnose(accuracy).numbers
    inner.set_params(scoring=make_scorer(accuracy_score))
    assert "score by names" in diagnose(GridSearchCV(inner, {}, **kept).fit(X, y)).missing[0]
