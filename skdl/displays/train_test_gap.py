"""Training scores beside validation scores: which candidates underfit, and which overfit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skdl.common.pandas_frames import make_frame
from skdl.diagnosis.findings import Fault
from skdl.displays.base import SearchDisplay, check_scores
from skdl.displays.drawing.style import (
    AMBER,
    BLUE,
    GREY,
    ORANGE,
    bulk,
    faint,
    ink,
    own_axes,
    plain,
    scale_of_scores,
    tidy,
    wrapped,
)
from skdl.displays.drawing.ticks import inches
from skdl.displays.statistics.judgement import Judgement, judge
from skdl.exceptions import InvalidParameterError
from skdl.results.results import Results

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas

# Told apart without colour too.
LOOKS = {None: (BLUE, "o"), Fault.UNDERFITTING: (AMBER, "s"), Fault.OVERFITTING: (ORANGE, "^")}
# The parts of the range of scores that are left free above them, and below for the names of corners.
ABOVE, BELOW = 0.06, 0.18


class TrainTestGapDisplay(SearchDisplay):
    """The training score of each candidate beside its validation score.

    A candidate on the diagonal does as well on other rows as on those it was trained on. One that is low on
    both underfits; one that is far below the diagonal overfits.

    Parameters
    ----------
    results : Results
        Made by `from_search`, `from_cv_results` or `from_estimator`, of a search with
        ``return_train_score=True``.

    Attributes
    ----------
    train_score_, test_score_ : ndarray of shape (n_candidates,)
        Means over the splits; NaN where a fit failed.
    faults_ : tuple of Fault or None, or None
        What is wrong with each candidate, by the thresholds of :func:`~skdl.diagnose`; None for all where it
        is not known which scores chance and perfection have.
    summary_ : str
        How many of them underfit and overfit, in one sentence.
    ax_ : matplotlib.axes.Axes
        After `plot`, as ``figure_``.

    Raises
    ------
    InvalidParameterError
        There are no training scores, or no candidate has all its scores.

    See Also
    --------
    CandidateComparisonDisplay : The best candidates, and whether they differ.
    diagnose : The same thresholds, with what to do.

    Notes
    -----
    Scores are put in parts of the way from chance to perfection. A classifier that goes less than half of it
    on its training rows underfits, and a regressor that goes less than 30 %. One that loses more than 10 % of
    the way from there to other rows, and more than two standard errors over the splits, overfits; 20 % where
    the score counts how wrong predictions are, such as R2. Of a candidate that does both it is said that it
    overfits. :func:`~skdl.diagnose` says how these numbers were found.

    The score of chance is known for accuracy, balanced accuracy, ROC AUC, Matthews's correlation, log loss,
    R2 and explained variance, where the number of classes is: from a search that was refitted, not from a
    ``cv_results_`` alone. Elsewhere the corners are named and no candidate is judged.

    Candidates of earlier iterations of a successive halving are paler: they had less to learn from.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdl import TrainTestGapDisplay
    >>> grid = {"max_depth": [1, 2, 4, 8]}
    >>> search = GridSearchCV(
    ...     DecisionTreeClassifier(random_state=0), grid, return_train_score=True
    ... ).fit(*load_digits(return_X_y=True))
    >>> display = TrainTestGapDisplay.from_search(search)
    >>> display.summary_
    'Of 4 candidates 2 underfit and 1 overfits.'
    >>> display.frame().columns.tolist()
    ['candidate', 'train_score', 'test_score', 'gap', 'fault']
    """

    def __init__(self, results: Results) -> None:
        if results.train_scores is None:
            raise InvalidParameterError(
                "Got results without training scores, expected those of every split: run the search with "
                "return_train_score=True."
            )
        self.results = results
        check_scores(results, type(self).__name__)
        self._shown = ~results.failed & np.isfinite(results.train_scores).all(axis=1)
        self.train_score_ = np.where(self._shown, results.train_scores.mean(axis=1), np.nan)
        self.test_score_ = np.where(self._shown, results.test_mean, np.nan)
        if not self._shown.any():
            raise InvalidParameterError(
                "Got no candidate with finite training scores in all splits, expected one at least: see why "
                "with error_score='raise' in the search."
            )
        self._judgement = judge(results)
        self.faults_ = None if self._judgement is None else self._judgement.faults
        self.summary_ = self._in_words()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.summary_!r})"

    def _in_words(self) -> str:
        shown, failed = int(self._shown.sum()), int((~self._shown).sum())
        if self.faults_ is None:
            said = f"{shown} candidates; no threshold is known for this score."
        else:
            under = self.faults_.count(Fault.UNDERFITTING)
            over = self.faults_.count(Fault.OVERFITTING)
            said = (
                f"Of {shown} candidates {_count(under, 'underfit')} and {_count(over, 'overfit')}."
            )
            if shown == 1:
                word = "underfits" if under else "overfits"
                said = f"The one candidate {word if under + over else 'neither underfits nor overfits'}."
        return said + (f" {failed} failed." if failed else "")

    def plot(self, ax: matplotlib.axes.Axes | None = None) -> Self:
        """Draw the candidates, the diagonal and the corners.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to; a new figure without it.

        Returns
        -------
        self : TrainTestGapDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = ax = own_axes(ax, figsize=(4.8, 4.8))
        self.figure_ = ax.figure
        low, high = self._limits(ax)
        ax.set(xlim=(low, high), ylim=(low, high), box_aspect=1)
        ax.plot([low, high], [low, high], color=GREY, linewidth=1, zorder=1)
        if self._judgement is None:
            self._name_corners(ax)
        else:
            self._shade(ax, self._judgement, low, high)
        self._draw_candidates(ax, low)
        name = plain(self.results.score_name)
        ax.set_xlabel(wrapped(f"training {name}", inches(ax)[0]))
        ax.set_ylabel(wrapped(f"validation {name}", inches(ax)[1]))
        ax.tick_params(labelsize="small")
        tidy(ax)
        ax.set_title(wrapped(self.summary_, inches(ax)[0]), loc="left", fontsize="medium")
        return self

    def _limits(self, ax: matplotlib.axes.Axes) -> tuple[float, float]:
        scores = np.concatenate([self.train_score_[self._shown], self.test_score_[self._shown]])
        if scale_of_scores(ax, scores, axes="xy"):
            factor = scores.min() / scores.max()
            for axis in ax.xaxis, ax.yaxis:
                locator: Any = axis.get_major_locator()
                locator.set_params(numticks=5)
            return scores.min() * factor**BELOW, scores.max() / factor**ABOVE
        ax.locator_params(nbins=int(np.clip(min(inches(ax)) / 0.6, 3, 5)))
        low = min(bulk(half)[0] for half in np.split(scores, 2))
        high = scores.max()
        room = high - low or abs(high) or 1.0
        return low - BELOW * room, high + ABOVE * room

    def _shade(self, ax: matplotlib.axes.Axes, found: Judgement, low: float, high: float) -> None:
        below = ax.get_xlim()[0]
        edge = min(max(found.least_train_score, low), high)
        if edge > low:
            ax.axvspan(below, edge, color=AMBER, alpha=0.15, linewidth=0, zorder=0)
            self._name_low(ax, "underfitting")
        # Many points, since the edge is bent where the axes are not linear.
        right = np.linspace(edge, high, 500)
        top = right - found.largest_gap
        if edge < high and top[-1] > low:
            bottom = np.full_like(right, low)
            ax.fill_between(
                right, bottom, np.maximum(top, low), color=ORANGE, alpha=0.15, linewidth=0, zorder=0
            )
            self._name_gap(ax, "overfitting")

    def _name_corners(self, ax: matplotlib.axes.Axes) -> None:
        self._name_low(ax, "low on both:\nunderfitting")
        self._name_gap(ax, "high in training only:\noverfitting")

    # Upwards where no candidate is: above the diagonal.
    def _name_low(self, ax: matplotlib.axes.Axes, text: str) -> None:
        ax.text(0.02, 0.4, text, rotation=90, ha="left", va="center", **_of_corners(ax))

    def _name_gap(self, ax: matplotlib.axes.Axes, text: str) -> None:
        ax.text(0.98, 0.04, text, ha="right", va="bottom", **_of_corners(ax))

    def _draw_candidates(self, ax: matplotlib.axes.Axes, low: float) -> None:
        faults = np.array(self.faults_ or [None] * len(self._shown), dtype=object)
        off = self._shown & ((self.train_score_ < low) | (self.test_score_ < low))
        earlier = np.zeros(len(self._shown), dtype=bool)
        if self.results.iteration is not None:
            earlier = self.results.iteration < self.results.iteration.max()
        few = self._shown.sum() <= 100
        named: list[Any] = []  # corners bear their names themselves
        for fault, (colour, marker) in LOOKS.items():
            for rows, part in ((~earlier, 1.0), (earlier, 0.4)):
                rows = rows & self._shown & ~off & (faults == fault)
                ax.scatter(
                    self.train_score_[rows],
                    self.test_score_[rows],
                    s=30 if few else 12,
                    color=colour,
                    marker=marker,
                    alpha=faint(ax, (0.8 if few else 0.5) * part),
                    linewidths=0,
                    label="" if fault is None else fault.value,
                )
        if off.any():
            named += ax.plot(
                np.maximum(self.train_score_[off], low),
                np.maximum(self.test_score_[off], low),
                "v",
                color=GREY,
                markersize=5,
                clip_on=False,
                label=f"{off.sum()} below the picture",
            )
        best = self.results.best_index
        if best is not None and self._shown[best] and not off[best]:
            named += ax.plot(
                self.train_score_[best],
                self.test_score_[best],
                "o",
                color=ink(),
                fillstyle="none",
                markersize=11,
                markeredgewidth=1.8,
                label="the best",
            )
        if named:
            # In a frame: its marks would look like candidates.
            ax.legend(
                handles=named, loc="upper left", fontsize="small", frameon=True, edgecolor=GREY
            )

    def frame(self) -> pandas.DataFrame:
        """The numbers as a table with a row for each candidate; needs pandas.

        Returns
        -------
        pandas.DataFrame
            Its columns are ``candidate``, the row of ``cv_results_``, ``train_score``, ``test_score``, their
            difference ``gap``, and ``fault``: ``"underfitting"``, ``"overfitting"``, ``""``, or missing
            where that is not known.

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        faults = self.faults_ or [None] * len(self._shown)
        known = self._shown if self.faults_ is not None else np.zeros_like(self._shown)
        return make_frame(
            {
                "candidate": np.arange(len(self._shown)),
                "train_score": self.train_score_,
                "test_score": self.test_score_,
                "gap": self.train_score_ - self.test_score_,
                "fault": np.array(
                    [
                        ("" if fault is None else fault.value) if there else None
                        for fault, there in zip(faults, known, strict=True)
                    ],
                    dtype=object,
                ),
            },
            maker="frame()",
            instead="train_score_, test_score_ and faults_",
        )


def _count(number: int, verb: str) -> str:
    return f"{number} {verb}{'s' if number == 1 else ''}"


def _of_corners(ax: matplotlib.axes.Axes) -> dict[str, Any]:
    return {
        "transform": ax.transAxes,
        "fontsize": "small",
        "fontweight": "bold",
        "alpha": 0.6,
        "zorder": 1.5,
    }
