"""The best candidates beside each other: their scores by split, and whether they differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skdl.common.pandas_frames import make_frame
from skdl.common.parameter_checks import NONE, Number, check_parameters
from skdl.displays.base import SearchDisplay, check_scores
from skdl.displays.drawing.style import (
    BLUE,
    GREY,
    ORANGE,
    SMALL,
    faint,
    heighten,
    ink,
    letters,
    own_panels,
    plain,
    tidy,
    wrapped,
)
from skdl.displays.drawing.ticks import inches, write_out
from skdl.displays.statistics.comparison import compare, in_words
from skdl.results.candidate_labels import candidate_labels
from skdl.results.results import Results
from skdl.results.same_splits import candidates_share_splits
from skdl.results.split_sizes import sizes_of_splits
from skdl.results.value_texts import cut_apart, uncapital

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas

RULES = {
    "n_candidates": (Number(1, integer=True),),
    "confidence": (Number(0, 1, low_open=True, high_open=True),),
    "test_fraction": (Number(0, 1, low_open=True, high_open=True), NONE),
}
# More splits than this are a cloud of points without lines.
MOST_LINES = 10
# Inches of a candidate in a figure of its own, and below which there is no room for its name. The usual
# figure has room for so many.
ROW, LEAST_ROW, ROWS = 0.48, 0.28, 4


class CandidateComparisonDisplay(SearchDisplay):
    """The best candidates of a search: their scores by split, and which of them really differ.

    Beside the scores stand the differences to the best candidate, split by split on the same rows, with
    corrected resampled t intervals [1]_: the variance of a mean difference is taken to be
    ``variance * (1 / k + n_test / n_train)`` over ``k`` splits, and not ``variance / k``, since the training
    rows of the splits overlap.

    Parameters
    ----------
    results : Results
        Made by `from_search`, `from_cv_results` or `from_estimator`.
    n_candidates : int, default=5
        How many to show. The intervals are as wide as this many comparisons ask for.
    confidence : float in (0, 1), default=0.95
        With which all intervals hold together, by Bonferroni's inequality.
    test_fraction : float in (0, 1), optional
        The part of the rows that a split tests on. A search knows it by its ``cv``. Where it cannot be known,
        as from a ``cv_results_`` alone, the splits are taken for those of one k-fold cross-validation, which
        makes intervals too narrow where they are repeated, and `summary_` says so.

    Attributes
    ----------
    candidates_ : ndarray of shape (n_shown,)
        The rows of ``cv_results_`` that are shown, from the best. Candidates without a score in some split
        are not compared, nor are those of an earlier iteration of a successive halving, which were scored on
        other rows.
    labels_ : tuple of str
        What tells them apart.
    scores_ : ndarray of shape (n_shown, n_splits)
    difference_, low_, high_ : ndarray of shape (n_shown,)
        The mean difference to the best, negative where a candidate is worse, and its interval. The ends are
        NaN where there is none: with one split, where candidates were scored on different ones, as by a
        guided search whose ``cv`` shuffles without a seed, or where the difference is the same in all splits,
        which tells nothing of how it varies.
    summary_ : str
        What the intervals say, in one sentence.
    ax_ : matplotlib.axes.Axes
        After `plot`, as ``figure_`` and ``axes_``, the panels of scores and of differences.

    Raises
    ------
    InvalidParameterError
        A number is out of its range, or no candidate has a score in every split.

    See Also
    --------
    TrainTestGapDisplay : Training scores beside validation scores.

    Notes
    -----
    The best candidate is chosen by the scores that it is compared by, and so looks better than it is. To see
    what that does, ``benchmarks/wrong_better_than.py`` cross-validates candidates that are equally good, 3200
    times for each entry, with 3, 5 and 10 folds and 3 times 5 folds, on 150 and 600 rows. The share of
    cross-validations that end with a wrong "better than":

    ==================  ==============  ==============  ==============
    candidates shown    plain t         corrected       these
    ==================  ==============  ==============  ==============
    2 of 2              4% to 21%       1% to 2%        1% to 2%
    5 of 5              25% to 67%      5% to 13%       1% to 3%
    5 of 60             1% to 11%       0% to 3%        0% to 1%
    20 of 20            77% to 98%      37% to 60%      2% to 6%
    ==================  ==============  ==============  ==============

    Intervals that each hold by themselves, in the column before the last, find a difference far too often.
    Those that hold together, which are drawn, stay near what `confidence` asks for. In the worst of the cases
    that were tried it was 6% of the pictures of 5, and 15% of those of 20.

    References
    ----------
    .. [1] Nadeau and Bengio, Inference for the generalization error, 2003.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdl import CandidateComparisonDisplay
    >>> search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3, 4]})
    >>> display = CandidateComparisonDisplay.from_search(search.fit(*load_iris(return_X_y=True)))
    >>> display.labels_
    ('max_depth=4', 'max_depth=3', 'max_depth=2', 'max_depth=1')
    >>> display.summary_
    'The best is better than 1 of the other 3.'
    """

    axes_: np.ndarray

    def __init__(
        self,
        results: Results,
        *,
        n_candidates: int = 5,
        confidence: float = 0.95,
        test_fraction: float | None = None,
    ) -> None:
        self.results = results
        self.n_candidates = n_candidates
        self.confidence = confidence
        self.test_fraction = test_fraction
        check_parameters(type(self).__name__, vars(self), RULES)
        check_scores(results, type(self).__name__)
        self.candidates_ = _best_of(results)[:n_candidates]
        self.labels_ = candidate_labels(results, self.candidates_.tolist())
        self.scores_ = results.test_scores[self.candidates_]
        sizes = sizes_of_splits(results.search, results.n_splits, test_fraction)
        found = compare(
            self.scores_[0],
            self.scores_[1:],
            test_over_train=sizes.test_over_train,
            confidence=confidence,
        )
        self._paired = candidates_share_splits(results)
        if not self._paired:
            nothing = np.full(len(found.difference), np.nan)
            found = replace(found, low=nothing, high=nothing, t=nothing)
        # The best does not differ from itself.
        self.difference_ = np.concatenate([[0.0], found.difference])
        self.low_ = np.concatenate([[0.0], found.low])
        self.high_ = np.concatenate([[0.0], found.high])
        chosen = (found.difference > 0).any()
        self.summary_ = in_words(
            found,
            n_splits=results.n_splits,
            reference="the chosen one" if chosen else "the best",
        )
        if not self._paired and len(self.candidates_) > 1:
            self.summary_ = (
                "Candidates were scored on different splits and are not compared; "
                "seed cv by an integer."
            )
        elif sizes.assumed and np.isfinite(found.low).any():
            self.summary_ = (
                f"If the splits are those of one {sizes.assumed}: {uncapital(self.summary_)}"
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(n_shown={len(self.candidates_)}, {self.summary_!r})"

    def plot(self, ax: Any = None) -> Self:
        """Draw the scores of each split and the differences to the best, in two panels.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, or two of them, optional
            Where to; one is divided, and without it there is a new figure.

        Returns
        -------
        self : CandidateComparisonDisplay
            With ``ax_``, ``figure_`` and ``axes_``.

        Raises
        ------
        InvalidParameterError
            `ax` has another number of axes, or is one that cannot be divided.
        """
        self.ax_, self.axes_ = own_panels(ax, 2)
        self.figure_ = self.ax_.figure
        n_shown = len(self.candidates_)
        if ax is None:
            heighten(self.figure_, ROW * max(0, n_shown - ROWS))
        left, right = self.axes_
        places = np.arange(n_shown)
        self._draw_scores(left, places)
        self._draw_differences(right, places)
        for panel in self.axes_:
            # The best is at the top, and each has its name above it.
            panel.set_ylim(n_shown - 0.6, -0.7)
            panel.set_yticks([])
            panel.spines["left"].set_visible(False)
            panel.tick_params(labelsize="small")
            panel.locator_params(axis="x", nbins=int(np.clip(inches(panel)[0] / 0.6, 2, 4)))
            write_out(panel.xaxis)
            across = panel.get_yaxis_transform()
            panel.hlines(places, 0, 1, GREY, alpha=0.3, linewidth=0.8, transform=across)
            tidy(panel)
        width = inches(left)[0] + inches(right)[0]
        if inches(left)[1] / n_shown >= LEAST_ROW:
            self._write_labels(width)
        else:
            left.set_yticks(places, places + 1)
            left.set_ylabel("rank")
        left.set_title(wrapped(self.summary_, width), loc="left", fontsize="medium")
        return self

    def _write_labels(self, width: float) -> None:
        left, right = self.axes_
        # Names reach over both panels.
        left.set_zorder(right.get_zorder() + 1)
        left.patch.set_visible(False)
        length = letters(width, points=SMALL)
        for place, label in enumerate(cut_apart(self.labels_, length)):
            left.text(
                0,
                place - 0.2,
                plain(label),
                fontsize=SMALL,
                verticalalignment="bottom",
                transform=left.get_yaxis_transform(),
                in_layout=False,
                bbox={"facecolor": left.get_facecolor(), "alpha": 0.7, "linewidth": 0, "pad": 0.5},
            )

    def _draw_scores(self, ax: matplotlib.axes.Axes, places: np.ndarray) -> None:
        n_splits = self.scores_.shape[1]
        if n_splits <= MOST_LINES and self._paired:
            ax.plot(self.scores_, places, color=GREY, linewidth=0.8, alpha=faint(ax, 0.4), zorder=1)
        ax.plot(
            self.scores_.ravel(),
            np.repeat(places, n_splits),
            "o",
            color=BLUE,
            markersize=4,
            alpha=faint(ax, 0.7 if n_splits <= MOST_LINES else 0.3),
            markeredgewidth=0,
        )
        ax.plot(
            self.scores_.mean(axis=1),
            places,
            "|",
            color=ink(),
            markersize=11,
            markeredgewidth=2,
        )
        ax.set_xlabel(plain(wrapped(self.results.score_name, inches(ax)[0])))

    def _draw_differences(self, ax: matplotlib.axes.Axes, places: np.ndarray) -> None:
        ax.axvline(0, color=GREY, linewidth=1)
        for place in places[1:]:
            low, high = self.low_[place], self.high_[place]
            differs = low > 0 or high < 0
            colour = ORANGE if differs else BLUE
            ax.plot([low, high], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
            ax.plot(self.difference_[place], place, "D" if differs else "o", color=colour)
        ax.plot(0, 0, "o", color=ink())
        words = "difference to the best"
        if self._paired:
            words += f", {100 * self.confidence:.3g}% intervals"
        ax.set_xlabel(wrapped(words, inches(ax)[0]))

    def frame(self) -> pandas.DataFrame:
        """The numbers as a table with a row for each candidate that is shown, from the best; needs pandas.

        Returns
        -------
        pandas.DataFrame
            Its columns are ``candidate``, the row of ``cv_results_``, ``label``, ``mean_test_score``,
            ``difference``, ``low``, ``high``, and ``split0_test_score`` and so on.

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        splits = {f"split{split}_test_score": column for split, column in enumerate(self.scores_.T)}
        return make_frame(
            {
                "candidate": self.candidates_,
                "label": self.labels_,
                "mean_test_score": self.scores_.mean(axis=1),
                "difference": self.difference_,
                "low": self.low_,
                "high": self.high_,
                **splits,
            },
            maker="frame()",
            instead="candidates_, scores_, difference_, low_ and high_",
        )


def _best_of(results: Results) -> np.ndarray:
    """The candidates that can be compared, from the best."""
    ranked = results.order[~results.failed[results.order]]
    if results.iteration is not None:
        ranked = ranked[results.iteration[ranked] == results.iteration[ranked[0]]]
    return ranked
