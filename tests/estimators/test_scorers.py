"""Every scorer of scikit-learn that fits a kind of target works with our estimators."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics
from sklearn.base import is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import get_scorer, get_scorer_names

from tests.conftest import CLASSIFIERS, REGRESSORS, make, trained
from tests.selection import some

CLUSTERINGS = {
    # They compare two partitions of the rows, of whatever labels.
    "adjusted_mutual_info_score",
    "adjusted_rand_score",
    "completeness_score",
    "fowlkes_mallows_score",
    "homogeneity_score",
    "mutual_info_score",
    "normalized_mutual_info_score",
    "rand_score",
    "v_measure_score",
}
OF_NUMBERS = {
    "d2_absolute_error_score",
    "explained_variance",
    "neg_max_error",
    "neg_mean_absolute_error",
    "neg_mean_absolute_percentage_error",
    "neg_mean_gamma_deviance",
    "neg_mean_poisson_deviance",
    "neg_mean_squared_error",
    "neg_mean_squared_log_error",
    "neg_median_absolute_error",
    "neg_root_mean_squared_error",
    "neg_root_mean_squared_log_error",
    "r2",
}
OF_TWO_CLASSES = {
    "average_precision",
    "f1",
    "jaccard",
    "neg_brier_score",
    "neg_negative_likelihood_ratio",
    "positive_likelihood_ratio",
    "precision",
    "recall",
    "roc_auc",
}
# They count the labels of a row, so that each row needs several.
OF_MANY_LABELS = {"f1_samples", "jaccard_samples", "precision_samples", "recall_samples"}
OF_CLASSES = set(get_scorer_names()) - CLUSTERINGS - OF_NUMBERS - OF_TWO_CLASSES - OF_MANY_LABELS

BY_HAND = {
    "accuracy": lambda y, p, q: np.mean(p == y),
    "balanced_accuracy": lambda y, p, q: np.mean([np.mean(p[y == c] == c) for c in np.unique(y)]),
    "neg_log_loss": lambda y, p, q: np.mean(np.log(q[np.arange(len(y)), y])),
    "roc_auc": lambda y, p, q: metrics.roc_auc_score(y, q[:, 1]),
    "average_precision": lambda y, p, q: metrics.average_precision_score(y, q[:, 1]),
    "neg_brier_score": lambda y, p, q: -np.mean((q[:, 1] - y) ** 2),
    "roc_auc_ovr": lambda y, p, q: metrics.roc_auc_score(
        y, q if q.shape[1] > 2 else q[:, 1], multi_class="ovr"
    ),
    "top_k_accuracy": lambda y, p, q: metrics.top_k_accuracy_score(
        y, q if q.shape[1] > 2 else q[:, 1]
    ),
    "r2": lambda y, p, q: 1 - np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2),
    "neg_mean_squared_error": lambda y, p, q: -np.mean((y - p) ** 2),
    "neg_root_mean_squared_error": lambda y, p, q: -np.sqrt(np.mean((y - p) ** 2)),
    "neg_mean_absolute_error": lambda y, p, q: -np.mean(np.abs(y - p)),
    "neg_max_error": lambda y, p, q: -np.max(np.abs(y - p)),
}


def assert_scores(estimator, X, y, names):
    """Each scorer gives a finite number, and the number that its definition says."""
    predicted = estimator.predict(X)
    proba = estimator.predict_proba(X) if is_classifier(estimator) else None
    for name in sorted(names):
        score = get_scorer(name)(estimator, X, y)
        assert np.isfinite(score), name
        if name in BY_HAND:
            by_hand = BY_HAND[name](y, predicted, proba)
            assert score == pytest.approx(by_hand, rel=1e-12, abs=1e-14), name


@pytest.mark.parametrize("kind", some(CLASSIFIERS, "KerasClassifier"))
def test_every_scorer_of_two_classes_works(kind, binary_data):
    X, y = binary_data
    # Uncertain enough that no likelihood ratio is a division by zero.
    X = X + np.random.default_rng(0).normal(scale=3, size=X.shape)
    clf = make(kind, epochs=20).fit(X, y)
    # Of two classes each label is among the two likeliest: scikit-learn warns that the score says nothing.
    assert_scores(clf, X, y, (OF_CLASSES | OF_TWO_CLASSES) - {"top_k_accuracy"})


@pytest.mark.parametrize("kind", some(CLASSIFIERS, "KerasClassifier"))
def test_every_scorer_of_many_classes_works(kind, classes_data):
    X, y = classes_data
    assert_scores(make(kind, epochs=20).fit(X, y), X, y, OF_CLASSES)


@pytest.mark.parametrize("kind", some(CLASSIFIERS, "KerasClassifier"))
def test_every_scorer_of_many_labels_works(kind, classes_data):
    X, y = classes_data
    labels = np.column_stack([y == 0, y < 2, np.ones(len(y))]).astype(int)
    clf = trained(kind).fit(X, labels)
    assert_scores(clf, X, labels, OF_MANY_LABELS)


@pytest.mark.parametrize("kind", some(REGRESSORS, "MLPRegressor"))
def test_every_scorer_of_numbers_works(kind, numbers_data):
    X, y = numbers_data
    # The target is positive, and so are the predictions of its logarithm's exponential.
    regressor = TransformedTargetRegressor(make(kind), func=np.log, inverse_func=np.exp)
    assert_scores(regressor.fit(X, y), X, y, OF_NUMBERS)
