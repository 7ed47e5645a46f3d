"""How much of the candidates' scores each hyperparameter explains, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.tree import DecisionTreeRegressor

from skdl.results.hyperparameters import MISSING, Hyperparameter
from skdl.results.scales import is_number

N_TREES = 50
# Candidates that a tree draws at most, so that a thousand do not take ten times as long.
MOST_DRAWN = 256
# A result that all but one of 39 shuffles stay below has p = 2 / 40, the level of the test.
N_SHUFFLES = 39
LEVEL = 0.05
# Parts of the candidates that the interval is computed from, and how many of them each has.
N_SUBSAMPLES = 20
PART = 0.632
# Standard errors to either side that hold 95 %.
WIDTH = 1.96
# Categories of more values than this are ordered by name instead of having a column each.
MOST_COLUMNS = 32


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a forest says of the scores of some candidates, and what chance would say.

    Attributes
    ----------
    importances : ndarray of shape (n_hyperparameters,)
        By how much the out-of-bag R² falls where the forest does not know a hyperparameter.
    explained : float
        Out-of-bag R²; nan where all scores are equal.
    p_value : float
        The part of the orders of the scores that are explained at least as well, this one counted.
    chance : float
        The limit that the largest of the importances exceeds in one of twenty orders.
    told : ndarray of shape (n_hyperparameters,)
        Which importances are above it.
    """

    importances: np.ndarray
    explained: float
    p_value: float
    chance: float
    told: np.ndarray


def encoded(hyperparameter: Hyperparameter) -> np.ndarray:
    """A hyperparameter as columns for trees, (n_candidates, n_columns).

    Numbers are one column, their logarithms where they ask for a logarithmic axis. Categories that are all
    numbers, and more than 32 categories, are one column, in their order; other categories have a column each.
    One column more says which candidates have it, where some do not: they stand at the median, or in no
    category.

    Examples
    --------
    >>> from skdl.results.hyperparameters import hyperparameters_of
    >>> rate, name = hyperparameters_of([{"a": 0.001, "b": "x"}, {"a": 0.1, "b": "y"}, {"b": "x"}])
    >>> encoded(rate).tolist()
    [[-3.0, 1.0], [-1.0, 1.0], [-2.0, 0.0]]
    >>> encoded(name).tolist()
    [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    """
    there = hyperparameter.present
    ordered = all(is_number(value) for value in hyperparameter.values if value is not MISSING)
    if hyperparameter.numeric or ordered or hyperparameter.n_distinct > MOST_COLUMNS:
        if hyperparameter.numeric:
            numbers = hyperparameter.on_scale(hyperparameter.numbers)
        else:
            numbers = hyperparameter.codes.astype(np.float64)
        columns = np.where(there, numbers, np.median(numbers[there]))[:, None]
    else:
        columns = (hyperparameter.codes[:, None] == np.arange(hyperparameter.n_distinct)) * 1.0
    if not there.all():
        columns = np.column_stack([columns, there])
    return columns.astype(np.float32)


def forest_importances(
    columns: Sequence[np.ndarray], scores: np.ndarray, rng: np.random.Generator
) -> tuple[float, np.ndarray]:
    """Out-of-bag R² of a forest, and by how much it falls without each hyperparameter.

    Each tree grows on a bootstrap sample of the candidates and predicts the scores of the others, once as
    they are and once for each hyperparameter with its values shuffled among them, all its columns as one. The
    mean over the trees is what the forest expects of a candidate, with and without that value.

    Parameters
    ----------
    columns : sequence of ndarray of shape (n_candidates, n_columns)
        What `encoded` makes of each hyperparameter.
    scores : ndarray of shape (n_candidates,)
    rng : numpy.random.Generator

    Returns
    -------
    explained : float
        nan where the scores are all equal.
    importances : ndarray of shape (n_hyperparameters,)
    """
    X = np.concatenate(columns, axis=1)
    ends = np.cumsum([part.shape[1] for part in columns])
    blocks = [slice(end - part.shape[1], end) for end, part in zip(ends, columns, strict=True)]
    count = len(scores)
    sums, times = np.zeros((1 + len(blocks), count)), np.zeros(count)
    for seed in rng.integers(2**31, size=N_TREES):
        drawn = rng.integers(count, size=min(count, MOST_DRAWN))
        outside = np.flatnonzero(np.bincount(drawn, minlength=count) == 0)
        if not len(outside):
            continue
        tree = DecisionTreeRegressor(min_samples_leaf=2, random_state=seed)
        tree.fit(X[drawn], scores[drawn], check_input=False)
        asked = np.repeat(X[outside][None], len(sums), axis=0)
        for number, block in enumerate(blocks, start=1):
            asked[number, :, block] = X[rng.permutation(outside), block]
        predicted = tree.predict(asked.reshape(-1, X.shape[1]), check_input=False)
        sums[:, outside] += predicted.reshape(len(sums), -1)
        times[outside] += 1
    there = times > 0
    # Relative to what the mean of the same candidates leaves.
    total = np.square(scores[there] - scores[there].mean()).sum() if there.any() else 0.0
    if not total > 0:
        return float("nan"), np.full(len(blocks), np.nan)
    left = np.square(sums[:, there] / times[there] - scores[there]).sum(axis=1) / total
    return float(1 - left[0]), left[1:] - left[0]


def evidence_of(
    columns: Sequence[np.ndarray], scores: np.ndarray, seed: np.random.SeedSequence
) -> Evidence:
    """What a forest explains, beside what it explains of the same scores in other orders.

    A permutation test: where no hyperparameter matters, any order of the scores is as likely as the one
    that was found, whatever the number of candidates and the hyperparameters are. So one search in twenty is
    said to tell something where there is nothing, and one in twenty names a hyperparameter.
    """
    observed, *others = map(np.random.default_rng, seed.spawn(1 + N_SHUFFLES))
    explained, importances = forest_importances(columns, scores, observed)
    if np.isnan(explained):
        nothing = np.zeros(len(columns), dtype=bool)
        return Evidence(importances, explained, 1.0, float("nan"), nothing)
    by_chance = [forest_importances(columns, rng.permutation(scores), rng) for rng in others]
    as_well = sum(one >= explained for one, _ in by_chance)
    # The second largest: what lies above has at most one of the shuffles above itself.
    chance = float(np.sort([one.max() for _, one in by_chance])[-2])
    return Evidence(
        importances=importances,
        explained=explained,
        p_value=(1 + as_well) / (1 + N_SHUFFLES),
        chance=chance,
        told=importances > chance,
    )


def standard_errors(
    measure: Callable[[np.ndarray, np.random.Generator], np.ndarray],
    n_candidates: int,
    seed: np.random.SeedSequence,
) -> np.ndarray:
    """Standard errors of what `measure` finds on some candidates, by a delete-d jackknife [1]_.

    It is computed anew on 20 random parts of 63.2 % of the candidates. Its variance over them, times the
    ratio of those that are in a part to those that are not, is that of another search with as many.

    Parameters
    ----------
    measure : callable
        From the rows of candidates and a generator to numbers.
    n_candidates : int
    seed : numpy.random.SeedSequence

    References
    ----------
    .. [1] Ishwaran and Lu, Standard errors and confidence intervals for variable importance in random forest
       regression, classification, and survival, Statistics in Medicine 38, 2019.
    """
    size = round(PART * n_candidates)
    found = []
    for own in seed.spawn(N_SUBSAMPLES):
        rng = np.random.default_rng(own)
        found.append(measure(np.sort(rng.permutation(n_candidates)[:size]), rng))
    ratio = size / (n_candidates - size)
    return np.std(found, axis=0, ddof=1) * np.sqrt(ratio)
