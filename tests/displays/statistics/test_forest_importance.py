"""A forest says how much hyperparameters explain, and shuffles say how much chance does."""

import numpy as np
import pytest

from skdl.displays.statistics.forest_importance import (
    N_SHUFFLES,
    encoded,
    evidence_of,
    forest_importances,
    standard_errors,
)
from skdl.results.hyperparameters import hyperparameters_of


def column(*values):
    return hyperparameters_of([{} if value is None else {"a": value} for value in values])[0]


def seed(number=0):
    return np.random.SeedSequence(number)


@pytest.fixture(scope="module")
def samples():
    """Sixty candidates with three numbers."""
    return [part[:, None].astype(np.float32) for part in np.random.default_rng(0).random((3, 60))]


def test_numbers_are_one_column_on_their_scale():
    np.testing.assert_allclose(encoded(column(1, 4, 2)), [[1], [4], [2]])
    np.testing.assert_allclose(encoded(column(0.001, 0.1)), [[-3], [-1]])


def test_categories_have_a_column_each():
    assert encoded(column("x", "z", "y", "x")).tolist() == [
        [1, 0, 0],
        [0, 0, 1],
        [0, 1, 0],
        [1, 0, 0],
    ]
    assert encoded(column(True, False)).tolist() == [[0, 1], [1, 0]]


def test_categories_that_are_numbers_or_many_are_in_order():
    assert encoded(column(0.0, 0.01, 1e-5)).ravel().tolist() == [0, 2, 1]
    many = encoded(column(*[f"{number:03}" for number in range(40)]))
    assert many.ravel().tolist() == list(range(40))


def test_what_is_missing_is_said_beside_it():
    assert encoded(column(1, None, 3, 4)).tolist() == [[1, 1], [3, 0], [3, 1], [4, 1]]
    assert encoded(column("x", None, "y")).tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 1]]


def test_the_one_that_makes_the_score_is_found(samples):
    explained, found = forest_importances(samples, samples[1].ravel(), np.random.default_rng(0))
    assert explained > 0.9
    assert found[1] > 0.8
    assert np.abs(found[[0, 2]]).max() < 0.02


def test_a_category_is_shuffled_as_one():
    rng = np.random.default_rng(0)
    kinds = rng.choice(list("abc"), 60)
    other = column(*rng.random(60))
    scores = np.searchsorted(["a", "b", "c"], kinds).astype(np.float64)
    explained, found = forest_importances([encoded(column(*kinds)), encoded(other)], scores, rng)
    assert explained > 0.9
    assert found[0] > 0.9
    assert abs(found[1]) < 0.05


def test_it_does_not_depend_on_the_scale_of_the_scores(samples):
    scores = samples[0].ravel().astype(np.float64)
    one = forest_importances(samples, scores, np.random.default_rng(0))
    other = forest_importances(samples, 1024 * scores - 4096, np.random.default_rng(0))
    assert one[0] == pytest.approx(other[0], rel=1e-6)
    np.testing.assert_allclose(one[1], other[1], rtol=1e-6, atol=1e-9)


def test_equal_scores_are_explained_by_nothing(samples):
    explained, found = forest_importances(samples, np.ones(60), np.random.default_rng(0))
    assert np.isnan(explained)
    assert np.isnan(found).all()
    evidence = evidence_of(samples, np.ones(60), seed())
    assert (evidence.p_value, evidence.told.tolist()) == (1.0, [False] * 3)


@pytest.mark.further
def test_the_evidence_for_what_matters(samples):
    scores = samples[2].ravel() + 0.1 * np.random.default_rng(1).standard_normal(60)
    found = evidence_of(samples, scores, seed())
    assert found.p_value == 1 / (1 + N_SHUFFLES)
    assert found.told.tolist() == [False, False, True]
    assert 0 < found.chance < found.importances[2]


@pytest.mark.further
def test_the_limit_of_chance_is_that_of_the_shuffles(samples):
    # The same seed shuffles the same orders, and what they give is the null distribution.
    scores = np.random.default_rng(5).random(12)
    few = [part[:12] for part in samples]
    found = evidence_of(few, scores, seed())
    rngs = list(map(np.random.default_rng, seed().spawn(1 + N_SHUFFLES)))
    by_chance = [forest_importances(few, rng.permutation(scores), rng) for rng in rngs[1:]]
    assert found.chance == sorted(max(one) for _, one in by_chance)[-2]
    as_well = sum(one >= found.explained for one, _ in by_chance)
    assert found.p_value == (1 + as_well) / 40
    assert not found.told.any()


@pytest.mark.further
def test_a_seed_says_it_all(samples):
    scores = samples[0].ravel()[:20]
    few = [part[:20] for part in samples]
    one, same, other = (evidence_of(few, scores, seed(number)) for number in (0, 0, 1))
    np.testing.assert_array_equal(one.importances, same.importances)
    assert (one.explained, one.p_value, one.chance) == (same.explained, same.p_value, same.chance)
    assert one.explained != other.explained


def test_standard_errors_of_a_mean_are_those_of_theory():
    # The delete-d jackknife of a mean is that of its variance over n: for sums of d of n it is exact.
    values = np.random.default_rng(0).standard_normal(2000)
    found = standard_errors(lambda rows, rng: values[rows].mean(keepdims=True), 2000, seed())
    # From twenty parts it scatters by about 1 / sqrt(2 * 19) = 16 % of itself.
    assert found[0] == pytest.approx(1 / np.sqrt(2000), rel=0.5)


def test_parts_of_candidates_have_none_twice():
    parts = []
    standard_errors(lambda rows, rng: parts.append(rows) or np.zeros(1), 50, seed())
    assert {len(np.unique(rows)) for rows in parts} == {32}
    assert len({tuple(rows) for rows in parts}) == len(parts) == 20
