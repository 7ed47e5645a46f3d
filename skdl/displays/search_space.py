"""The score of each candidate against each of its hyperparameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skdl.common.pandas_frames import as_objects, make_frame
from skdl.displays.base import SearchDisplay, columns_of
from skdl.displays.drawing.axes import fit_texts, set_axis, set_limits, spread, text_size
from skdl.displays.drawing.score_scale import ScoreScale
from skdl.displays.drawing.style import (
    BLUE,
    GREY,
    ORANGE,
    faint,
    ink,
    own_panels,
    plain,
    scale_of_scores,
    star,
    tidy,
    wrapped,
)
from skdl.displays.drawing.ticks import inches
from skdl.results.hyperparameters import Hyperparameter
from skdl.results.results import Results
from skdl.results.value_texts import text_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

# Bars of the folds' spread overlap where there are more candidates, and points begin to.
MOST_WITH_BARS = 60
# Inches of axes over which a legend of two lines goes.
WIDE = 3.2


class SearchSpaceDisplay(SearchDisplay):
    """The score against each hyperparameter that varies, one panel each.

    Each candidate is a point at the mean of its folds, in each panel. Up to 60 candidates have bars of one
    standard deviation of the folds to either side. Where several candidates share each value, as in a grid,
    they stand beside each other, and a line joins the means over the candidates of a value. The candidate
    that the search chose is a star. Candidates that failed are crosses at the bottom edge, and scores too far
    below the others to be drawn are triangles there; neither counts in the means. Negative losses that are
    spread by factors are drawn on a logarithmic axis. A successive halving has
    one more panel, the resources that a candidate was given.

    Usually made by :meth:`from_search`, :meth:`from_cv_results` or :meth:`from_estimator`.

    Parameters
    ----------
    results : Results
        What a search has found.

    Attributes
    ----------
    results : Results
    hyperparameters_ : tuple of Hyperparameter
        Those of the panels, in their order.
    ax_ : matplotlib.axes.Axes
        After `plot`: the first panel, or the axes that were divided.
    axes_ : ndarray of matplotlib.axes.Axes
        After `plot`: the panels.
    figure_ : matplotlib.figure.Figure
        After `plot`.

    Raises
    ------
    InvalidParameterError
        No hyperparameter varies, or all candidates failed.

    See Also
    --------
    PairEffectDisplay : Two hyperparameters together.
    ImportanceDisplay : Which of them mattered.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdl import SearchSpaceDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> grid = {"max_depth": [1, 2, 4], "criterion": ["gini", "entropy"]}
    >>> search = GridSearchCV(DecisionTreeClassifier(random_state=0), grid).fit(X, y)
    >>> display = SearchSpaceDisplay.from_search(search)
    >>> display
    SearchSpaceDisplay(hyperparameters=['criterion', 'max_depth'], n_candidates=6)
    >>> display.frame().query("hyperparameter == 'max_depth'")["mean_score"].round(2).tolist()
    [0.67, 0.93, 0.97, 0.67, 0.93, 0.95]
    """

    axes_: np.ndarray

    def __init__(self, results: Results):
        self.results = results
        self.hyperparameters_ = columns_of(results, type(self).__name__, resources=True)
        self._scale = ScoreScale.of(results.test_mean)

    def __repr__(self) -> str:
        labels = [text_of(one.label) for one in self.hyperparameters_]
        return (
            f"{type(self).__name__}(hyperparameters={labels}, "
            f"n_candidates={self.results.n_candidates})"
        )

    def plot(self, ax: Axes | np.ndarray | None = None) -> Self:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array of them, optional
            One is divided into panels, several are the panels; a new figure without it.

        Returns
        -------
        self : SearchSpaceDisplay
            With ``ax_``, ``axes_`` and ``figure_``.

        Raises
        ------
        InvalidParameterError
            `ax` has another number of axes, or is one that cannot be divided.
        """
        lines = 2
        if ax is not None and not isinstance(ax, (np.ndarray, Sequence)) and inches(ax)[0] < WIDE:
            lines = 3
        self.ax_, self.axes_ = own_panels(ax, len(self.hyperparameters_), legend_lines=lines)
        self.figure_ = self.ax_.figure
        for panel, hyperparameter in zip(self.axes_, self.hyperparameters_, strict=True):
            self._draw(panel, hyperparameter, self._scale.low)
            tidy(panel)
        self._set_scores(
            divided=ax is None or len(self.axes_) > 1 and self.axes_[0] is not self.ax_
        )
        self._add_legend(lines, own_figure=ax is None)
        return self

    def _set_scores(self, *, divided: bool) -> None:
        """Let all panels show the same scores, and those at the left say what they are."""
        low, high = self._limits()
        scores = self.results.test_mean
        for panel in self.axes_:
            scale_of_scores(panel, scores)
            panel.set_ylim(low, high)
            fit_texts(panel)
            if not divided or panel.get_subplotspec().is_first_col():
                width, height = inches(panel)
                # Ticks with their names below take a part of the height.
                name = wrapped(self.results.score_name, 0.8 * height, points=text_size(width))
                panel.set_ylabel(plain(name))
            else:
                panel.tick_params(labelleft=False)

    def _limits(self) -> tuple[float, float]:
        """The scores at the lower and the upper edge, with room for the star and for marks at the bottom."""
        results, scale = self.results, self._scale
        mean = results.test_mean
        if scale.log:
            room = (scale.low / scale.high) ** 0.08
            return scale.low * room, scale.high / room
        shown = ~results.failed & (mean >= scale.low)
        bars = np.where(self._has_bars, results.test_std, 0.0)
        low, high = (mean - bars)[shown].min(), (mean + bars)[shown].max()
        room = 0.08 * (high - low) or 0.05 * abs(high) or 0.05
        return float(low - room), float(high + room)

    @property
    def _has_bars(self) -> bool:
        return self.results.n_splits > 1 and self.results.n_candidates <= MOST_WITH_BARS

    def _draw(self, ax: Axes, hyperparameter: Hyperparameter, floor: float) -> None:
        results = self.results
        x, mean = spread(hyperparameter), results.test_mean
        there = hyperparameter.present
        shown = there & ~results.failed & (mean >= floor)
        label = "candidate"
        if results.n_splits > 1:
            bars = " ± std" if self._has_bars else ""
            label = f"candidate, mean{bars} of {results.n_splits} folds"
        if self._has_bars:
            ax.errorbar(
                x[shown],
                mean[shown],
                yerr=results.test_std[shown],
                fmt="none",
                ecolor=GREY,
                elinewidth=0.8,
                alpha=0.6,
                zorder=1,
            )
        many = results.n_candidates > MOST_WITH_BARS
        ax.scatter(
            x[shown],
            mean[shown],
            s=14,
            color=BLUE,
            alpha=faint(ax, max(0.2, MOST_WITH_BARS / results.n_candidates)) if many else 1.0,
            linewidths=0,
            label=label,
            gid="candidates",
        )
        if hyperparameter.of_grid:
            places, means = _means(hyperparameter.places, mean, shown)
            style = {"linewidth": 1.2} if hyperparameter.numeric else {"linestyle": "none"}
            ax.plot(
                places,
                means,
                color=ORANGE,
                marker="_",
                markersize=14,
                markeredgewidth=2,
                zorder=3,
                label="mean of a value",
                gid="means",
                **style,
            )
        set_axis(ax, "x", hyperparameter)
        if hyperparameter.numeric:
            # The marks at the bottom do not count among what matplotlib sees of the data.
            set_limits(ax, "x", hyperparameter, x)
        best = results.best_index
        if best is not None and there[best]:
            star(ax, x[best], mean[best], 110, clip_on=False, label="best")
        # Half a mark above the bottom edge, wherever the limits of the scores end.
        edge: dict[str, Any] = {
            "transform": ax.get_xaxis_transform(),
            "clip_on": False,
            "zorder": 4,
        }
        failed, below = there & results.failed, there & ~results.failed & (mean < floor)
        for rows, marker, label in (failed, "x", "failed"), (below, "v", "far below"):
            if rows.any():
                ax.scatter(
                    x[rows],
                    np.full(rows.sum(), 0.025),
                    s=18,
                    marker=marker,
                    color=ink(),
                    linewidth=0.9,
                    label=label,
                    gid=label,
                    **edge,
                )

    def _add_legend(self, lines: int, *, own_figure: bool) -> None:
        found: dict[str, Any] = {}
        for panel in self.axes_:
            for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
                found.setdefault(label, handle)
        style: dict[str, Any] = {
            "frameon": False,
            "fontsize": "small",
            "handletextpad": 0.3,
            "columnspacing": 1.2,
        }
        if own_figure:
            legend = self.figure_.legend(
                found.values(), found.keys(), loc="outside lower center", ncols=len(found), **style
            )
        else:
            # Divided axes have room for it above the panels, a single panel where there are no points.
            alone = self.axes_[0] is self.ax_
            columns = 1 if alone else math.ceil(len(found) / lines)
            legend = self.ax_.legend(
                found.values(),
                found.keys(),
                loc="best" if alone else "center",
                ncols=columns,
                **{**style, "fontsize": min(8.0, text_size(inches(self.axes_[0])[0]))},
            )
        for handle in legend.legend_handles:
            # A point of a thousand is pale.
            if handle is not None:
                handle.set_alpha(1.0)

    def frame(self) -> pandas.DataFrame:
        """The numbers as a table with a row for each hyperparameter that a candidate has; needs pandas.

        Returns
        -------
        pandas.DataFrame
            Its columns are ``candidate`` (place in ``cv_results_``), ``hyperparameter`` (as in
            ``get_params``), ``value``, ``mean_score`` and ``std_score`` over the folds, ``failed`` and
            ``best``.

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        results = self.results
        rows = [
            (candidate, one)
            for one in self.hyperparameters_
            for candidate in np.flatnonzero(one.present)
        ]
        candidates = np.array([candidate for candidate, _ in rows])
        return make_frame(
            {
                "candidate": candidates,
                "hyperparameter": [one.name for _, one in rows],
                "value": as_objects(one.values[candidate] for candidate, one in rows),
                "mean_score": results.test_mean[candidates],
                "std_score": results.test_std[candidates],
                "failed": results.failed[candidates],
                "best": candidates == (-1 if results.best_index is None else results.best_index),
            },
            maker="frame()",
            instead="results",
        )


def _means(
    places: np.ndarray, scores: np.ndarray, shown: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The values of a grid, with the mean score of the candidates of each that are `shown`."""
    found = np.unique(places[shown])
    return found, np.array([scores[shown & (places == place)].mean() for place in found])
