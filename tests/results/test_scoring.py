"""What the `score` of an estimator computes is read from the estimator."""

import pytest
from sklearn.feature_selection import RFECV
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge, RidgeCV
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdl.results.scoring import own_score, own_scoring

MODEL = LogisticRegression()
SCORER = make_scorer(accuracy_score)


def search(estimator=MODEL, **options):
    return GridSearchCV(estimator, {}, **options)


def test_the_usual_score_is_named():
    assert (own_score(classifier=True), own_score(classifier=False)) == ("accuracy", "r2")


@pytest.mark.parametrize(
    ("estimator", "scoring"),
    [
        (search(scoring="roc_auc"), "roc_auc"),
        (search(scoring=SCORER), SCORER),
        (make_pipeline(StandardScaler(), search(scoring="roc_auc")), "roc_auc"),
        (LogisticRegressionCV(scoring="neg_log_loss"), "neg_log_loss"),
        (RFECV(MODEL, scoring="f1"), "f1"),
        # Of several metrics the one that the search refits by.
        (search(scoring={"a": "f1", "b": "roc_auc"}, refit="b"), "roc_auc"),
        (search(scoring=["f1", "roc_auc"], refit="f1"), "f1"),
        # Without a scoring they score by what they tune.
        (search(search(scoring="f1")), "f1"),
        (RFECV(search(scoring="f1")), "f1"),
    ],
)
def test_the_scoring_of_what_scores_by_it(estimator, scoring):
    assert own_scoring(estimator) == scoring


@pytest.mark.parametrize(
    "estimator",
    [
        None,
        MODEL,
        search(),
        make_pipeline(StandardScaler(), MODEL),
        LogisticRegressionCV(),
        LogisticRegressionCV(scoring=None),
        RFECV(Ridge()),
        # Its scoring chooses alpha, and its score is R2.
        RidgeCV(scoring="neg_mean_squared_error"),
    ],
)
def test_others_compute_the_usual_score(estimator):
    assert own_scoring(estimator) is None
