"""Corrected intervals of paired differences: by hand, against published numbers, and at their limits."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import make_moons
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold
from sklearn.svm import SVC

from skdl.displays.statistics.comparison import compare, in_words


def test_one_difference_by_hand():
    # Differences 0.1, 0.3, 0.2: mean 0.2, variance 0.01. Three folds: two test rows for four of training.
    found = compare(np.array([0.5, 0.5, 0.5]), np.array([[0.6, 0.8, 0.7]]), test_over_train=0.5)
    error = 0.1 * math.sqrt(1 / 3 + 1 / 2)
    # The t distribution with two degrees of freedom has this quantile in closed form.
    quantile = 0.95 * math.sqrt(2 / (1 - 0.95**2))
    np.testing.assert_allclose(found.difference, [0.2], rtol=1e-12)
    np.testing.assert_allclose(found.t, [0.2 / error], rtol=1e-12)
    np.testing.assert_allclose(found.low, [0.2 - quantile * error], rtol=1e-9)
    np.testing.assert_allclose(found.high, [0.2 + quantile * error], rtol=1e-9)
    assert not found.better.any()


def test_without_correction_it_is_the_paired_t_test():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 7))
    found = compare(one, other[None], test_over_train=0.0)
    expected = stats.ttest_rel(other, one)
    interval = expected.confidence_interval(0.95)
    np.testing.assert_allclose(found.t, [expected.statistic], rtol=1e-12)
    np.testing.assert_allclose([found.low[0], found.high[0]], interval, rtol=1e-12)


def test_intervals_hold_together_by_bonferroni():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(6, 5))
    together = compare(scores[0], scores[1:], test_over_train=0.25, confidence=0.95)
    for row in range(5):
        alone = compare(
            scores[0], scores[row + 1 : row + 2], test_over_train=0.25, confidence=1 - 0.05 / 5
        )
        np.testing.assert_allclose(together.low[row], alone.low[0], rtol=1e-12)
        np.testing.assert_allclose(together.high[row], alone.high[0], rtol=1e-12)


@pytest.fixture(scope="module")
def moons():
    """The kernels of scikit-learn's example "Statistical comparison of models using grid search"."""
    X, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    cv = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    grid = [{"kernel": ["linear"]}, {"kernel": ["poly"], "degree": [2, 3]}, {"kernel": ["rbf"]}]
    return GridSearchCV(SVC(random_state=0), grid, scoring="roc_auc", cv=cv).fit(X, y)


def test_the_numbers_of_the_example_of_scikit_learn(moons):
    scores = np.array([moons.cv_results_[f"split{i}_test_score"] for i in range(100)]).T
    linear, two, three, rbf = scores
    found = compare(rbf, np.array([linear, three, two]), test_over_train=1 / 9)
    # As printed there: one-sided p values, and below times six comparisons.
    assert [f"{-t:.3f}" for t in found.t] == ["0.750", "1.657", "4.565"]
    p = stats.t.sf(-found.t, 99)
    assert f"{p[0]:.3f}" == "0.227"
    assert [f"{min(1, 6 * one):.3f}" for one in p[1:]] == ["0.302", "0.000"]
    uncorrected = compare(rbf, linear[None], test_over_train=0.0)
    assert f"{-uncorrected.t[0]:.3f}" == "2.611"
    assert found.worse.tolist() == [False, False, True]
    assert in_words(found, n_splits=100) == "The best is better than 1 of the other 3."


def test_an_interval_ends_at_zero_at_the_confidence_of_its_p_value(moons):
    scores = np.array([moons.cv_results_[f"split{i}_test_score"] for i in range(100)]).T
    p = 2 * 0.2274229710133665
    found = compare(scores[3], scores[:1], test_over_train=1 / 9, confidence=1 - p)
    np.testing.assert_allclose(found.high, [0.0], atol=1e-9)


def test_equal_scores_differ_by_nothing():
    found = compare(np.array([0.5, 0.7]), np.array([[0.5, 0.7]]), test_over_train=1.0)
    assert (found.difference[0], found.low[0], found.high[0]) == (0.0, 0.0, 0.0)
    assert in_words(found, n_splits=2) == "These 2 are not distinguishable."


@pytest.mark.parametrize("step", [0.1, 1e-3])
def test_a_difference_that_never_varies_has_no_interval(step):
    reference = np.array([0.3, 0.6, 0.9])
    found = compare(reference, np.array([reference - step, reference]), test_over_train=0.5)
    np.testing.assert_allclose(found.difference, [-step, 0.0], atol=1e-15)
    assert np.isnan([found.low[0], found.high[0]]).all()
    assert not found.worse.any()
    assert in_words(found, n_splits=3) == (
        "These 3 are not distinguishable. 1 differs equally in all splits: no interval."
    )


def test_one_split_has_no_interval():
    found = compare(np.array([0.9]), np.array([[0.1], [0.2]]), test_over_train=0.25)
    np.testing.assert_allclose(found.difference, [-0.8, -0.7])
    assert np.isnan([found.low, found.high]).all()
    assert "One split does not tell" in in_words(found, n_splits=1)


def test_a_candidate_alone_is_not_compared():
    found = compare(np.array([0.9, 0.8]), np.empty((0, 2)), test_over_train=0.25)
    assert found.difference.shape == (0,)
    assert in_words(found, n_splits=2) == "There is one candidate, and none to compare it with."


def test_a_missing_score_makes_no_statement():
    reference = np.array([0.9, 0.9, 0.8])
    found = compare(reference, np.array([[0.1, np.nan, 0.2]]), test_over_train=0.5)
    assert np.isnan([found.difference, found.low, found.high]).all()
    assert not found.worse.any()
    assert not found.better.any()


@pytest.mark.parametrize(
    ("offsets", "words"),
    [
        ([-5.0], "The chosen one is better than the other."),
        ([-5.0, -6.0], "The chosen one is better than the other 2."),
        ([-5.0, 0.0], "The chosen one is better than 1 of the other 2."),
        ([5.0, 0.0], "The chosen one is worse than 1 of the other 2."),
        (
            [5.0, -5.0, 0.0],
            "The chosen one is better than 1 of the other 3 and worse than 1 of the other 3.",
        ),
        ([0.0], "These 2 are not distinguishable."),
    ],
)
def test_what_is_said(offsets, words):
    noise = np.random.default_rng(0).normal(scale=0.01, size=(len(offsets), 5))
    others = np.array(offsets)[:, None] + noise
    found = compare(np.zeros(5), others, test_over_train=0.25)
    assert in_words(found, n_splits=5, reference="the chosen one") == words
