"""Whether candidates differ by more than their folds do: corrected intervals of paired differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

# Differences that vary by less than this part of the scores are equal up to rounding.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Comparison:
    """The differences of several candidates to one of them, the reference.

    Attributes
    ----------
    difference : ndarray of shape (n_others,)
        The mean over the splits of the score of each other candidate less that of the reference.
    low, high : ndarray of shape (n_others,)
        The ends of the intervals; nan where there is none.
    t : ndarray of shape (n_others,)
        The corrected t statistic of the difference; nan where the differences do not vary.
    """

    difference: np.ndarray
    low: np.ndarray
    high: np.ndarray
    t: np.ndarray

    @property
    def worse(self) -> np.ndarray:
        """Which of the others are worse than the reference, by intervals that end below zero."""
        return self.high < 0

    @property
    def better(self) -> np.ndarray:
        """Which of them are better than the reference, by intervals that begin above zero."""
        return self.low > 0

    @property
    def known(self) -> np.ndarray:
        """Which of them have an interval."""
        return np.isfinite(self.low)


def compare(
    reference: np.ndarray,
    others: np.ndarray,
    *,
    test_over_train: float,
    confidence: float = 0.95,
) -> Comparison:
    r"""Compare candidates with one that was scored on the same splits.

    Scores of a cross-validation are not independent, since the training rows of its splits overlap. Nadeau
    and Bengio [1]_ take that into account by a larger variance of the mean difference:

    .. math:: \hat\sigma^2 \left(\frac 1 k + \frac{n_\mathrm{test}}{n_\mathrm{train}}\right)

    with the variance :math:`\hat\sigma^2` of the differences over :math:`k` splits. The mean difference over
    its root has about a t distribution with :math:`k - 1` degrees of freedom. That holds for cross-validation
    repeated on other splits as well, with :math:`k` the number of all splits [2]_.

    The intervals hold together: the probability that one of them misses its difference is at most
    ``1 - confidence`` in all, by Bonferroni's inequality. Holm's method rejects more, and gives no intervals.

    Parameters
    ----------
    reference : ndarray of shape (n_splits,)
    others : ndarray of shape (n_others, n_splits)
    test_over_train : float
        How many test rows a split has for one training row.
    confidence : float, default=0.95
        Of all intervals together.

    Returns
    -------
    Comparison
        Without intervals where there is only one split. Differences that are equal in all splits tell nothing
        of how they vary, so that there is no interval either, unless they are all zero: then it is zero.

    References
    ----------
    .. [1] Nadeau and Bengio, Inference for the generalization error, 2003.
    .. [2] Bouckaert and Frank, Evaluating the replicability of significance tests for comparing learning
       algorithms, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> found = compare(np.array([0.9, 0.8, 0.9]), np.array([[0.7, 0.7, 0.8]]), test_over_train=0.5)
    >>> found.difference.round(3), found.low.round(3), found.high.round(3)
    (array([-0.133]), array([-0.36]), array([0.093]))
    """
    differences = np.atleast_2d(others) - reference
    n_others, n_splits = differences.shape
    mean = differences.mean(axis=1)
    if n_splits < 2 or n_others == 0:
        nothing = np.full(n_others, np.nan)
        return Comparison(mean, nothing, nothing, nothing)
    size = np.maximum(np.abs(reference).max(), np.abs(others).max(axis=-1))
    deviation = differences.std(axis=1, ddof=1)
    error = deviation * np.sqrt(1 / n_splits + test_over_train)
    error[deviation <= ROUNDING * size] = np.nan
    width = error * stats.t.isf((1 - confidence) / (2 * n_others), n_splits - 1)
    # Candidates with the same scores everywhere have the same difference everywhere: none.
    width[np.abs(differences).max(axis=1) <= ROUNDING * size] = 0.0
    return Comparison(mean, mean - width, mean + width, mean / error)


def in_words(comparison: Comparison, *, n_splits: int, reference: str = "the best") -> str:
    """What a comparison says, in one sentence.

    Examples
    --------
    >>> import numpy as np
    >>> two = np.array([[0.7, 0.71, 0.7], [0.9, 0.8, 0.7]])
    >>> found = compare(np.array([0.9, 0.9, 0.9]), two, test_over_train=0.5)
    >>> in_words(found, n_splits=3)
    'The best is better than 1 of the other 2.'
    """
    n_others = len(comparison.difference)
    if n_others == 0:
        return "There is one candidate, and none to compare it with."
    if n_splits < 2:
        return "One split does not tell how far scores vary: no candidate can be called better."
    worse, better = int(comparison.worse.sum()), int(comparison.better.sum())
    parts = []
    for count, word in ((worse, "better"), (better, "worse")):
        if count == n_others:
            parts.append(f"{word} than the other" + (f" {n_others}" if n_others > 1 else ""))
        elif count:
            parts.append(f"{word} than {count} of the other {n_others}")
    if parts:
        said = f"{reference.capitalize()} is {' and '.join(parts)}."
    else:
        said = f"These {n_others + 1} are not distinguishable."
    unknown = int((~comparison.known).sum())
    if unknown:
        said += f" {unknown} {'differs' if unknown == 1 else 'differ'} equally in all splits: no interval."
    return said
