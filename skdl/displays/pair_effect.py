"""The score over two hyperparameters: a heat map of a grid, a surface of samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skdl.common.pandas_frames import as_objects, make_frame
from skdl.displays.base import SearchDisplay, columns_of
from skdl.displays.drawing.axes import (
    fit_texts,
    set_axis,
    set_limits,
    spread,
    text_colour,
    text_size,
)
from skdl.displays.drawing.score_scale import ScoreScale
from skdl.displays.drawing.style import (
    SCORES,
    ink,
    own_axes,
    plain,
    star,
    tidy,
    wrapped,
)
from skdl.displays.drawing.ticks import inches, score_text, write_out
from skdl.displays.statistics.cells import Cells, texts_at
from skdl.displays.statistics.pairs import is_grid, most_important, named
from skdl.displays.statistics.surface import along_strips, interpolated
from skdl.exceptions import InvalidParameterError
from skdl.results.results import Results
from skdl.results.value_texts import text_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

# What a category takes of the height of its strip.
STRIP = 0.8
# Inches of the axes that the colour bar and the names of values will take.
BESIDE = 0.7


class PairEffectDisplay(SearchDisplay):
    """Two hyperparameters and the score.

    Where each takes a few values that several candidates share, as in a grid, it is a heat map. A cell is the
    mean over the candidates that have its two values, whatever else they have; how many these are stands
    above the picture where it is not one. Otherwise each candidate is a point, and the surface between the
    points is interpolated linearly, on the axes' own scales, and only there: nothing is extrapolated, and
    fewer than six places have no surface. Several candidates at one place count with their mean. Where one
    of the two is categorical, each of its values is a strip, along which the other one is interpolated.

    The candidate that the search chose is a star. Of a successive halving the first iteration is drawn,
    whose candidates had the same resources. Candidates that failed do not count: a cell in which all
    failed has a cross. Colours end at the lowest score that is not far below all others; those of negative
    losses that are spread by factors are logarithmic.

    Usually made by :meth:`from_search`, :meth:`from_cv_results` or :meth:`from_estimator`.

    Parameters
    ----------
    results : Results
        What a search has found.
    pair : tuple of two str, optional
        The hyperparameters of the horizontal and of the vertical axis, by their names in ``get_params`` or
        by the ends of these that stand on axes. By default the two that matter most to a random forest that
        predicts the scores, of those that vary together; or the first two where it predicts nothing.

    Attributes
    ----------
    results, pair
        As they were given.
    x_, y_ : Hyperparameter
        The two that are drawn.
    is_grid_ : bool
        Whether it is a heat map.
    means_ : ndarray of shape (n_values_of_y, n_values_of_x)
        The cells of a heat map, nan where there is no score.
    counts_ : ndarray of int, shape (n_values_of_y, n_values_of_x)
        How many candidates without a failed fit are in each.
    ax_ : matplotlib.axes.Axes
        After `plot`.
    figure_ : matplotlib.figure.Figure
        After `plot`.

    Raises
    ------
    InvalidParameterError
        Fewer than two hyperparameters vary, `pair` has others, or all candidates failed.

    See Also
    --------
    SearchSpaceDisplay : Each hyperparameter by itself.
    ImportanceDisplay : Which of them mattered.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdl import PairEffectDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> grid = {"max_depth": [1, 2, 4], "criterion": ["gini", "entropy"]}
    >>> search = GridSearchCV(DecisionTreeClassifier(random_state=0), grid).fit(X, y)
    >>> display = PairEffectDisplay.from_search(search, pair=("max_depth", "criterion"))
    >>> display
    PairEffectDisplay(pair=('max_depth', 'criterion'), is_grid_=True, n_candidates=6)
    >>> display.means_.round(2)
    array([[0.67, 0.93, 0.95],
           [0.67, 0.93, 0.97]])
    """

    def __init__(self, results: Results, *, pair: Sequence[str] | None = None):
        self.results = results
        self.pair = pair
        varied = columns_of(results, type(self).__name__)
        if len(varied) < 2:
            raise InvalidParameterError(
                f"{type(self).__name__}: one hyperparameter varies. Got values of {varied[0].name!r}, "
                "expected two hyperparameters with several values each: use SearchSpaceDisplay for one."
            )
        self.x_, self.y_ = most_important(results, varied) if pair is None else named(pair, varied)
        both = self.x_.present & self.y_.present
        if results.iteration is not None:
            # Failed ones are counted too, beside those that they are compared with.
            both &= results.iteration == results.iteration[results.comparable].min()
        self._there = both & ~results.failed
        if not self._there.any():
            raise InvalidParameterError(
                f"{type(self).__name__}: {self.x_.name!r} and {self.y_.name!r} do not meet. Got no candidate "
                "with a score that has both, expected one: name two of the same grid in pair."
            )
        self._both = both
        self.is_grid_ = is_grid(self.x_, self.y_, both)
        scores = results.test_mean
        if self.is_grid_:
            self._cells = Cells.of(self.x_, self.y_, scores, both=both, scored=self._there)
            self.means_, self.counts_ = self._cells.means, self._cells.counts
        self._scale = ScoreScale.of(self.means_ if self.is_grid_ else scores[self._there])

    def __repr__(self) -> str:
        pair = (text_of(self.x_.label), text_of(self.y_.label))
        return (
            f"{type(self).__name__}(pair={pair}, is_grid_={self.is_grid_}, "
            f"n_candidates={self._there.sum()})"
        )

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it, with a colour bar beside it.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to; a new figure without it.

        Returns
        -------
        self : PairEffectDisplay
            With ``ax_`` and ``figure_``.
        """
        self.ax_ = ax = own_axes(ax)
        self.figure_ = ax.figure
        colours = self._draw_grid(ax) if self.is_grid_ else self._draw_samples(ax)
        fit_texts(ax)
        shown = colours.get_array()
        lower = np.ma.min(shown) < colours.norm.vmin
        bar = self.figure_.colorbar(colours, ax=ax, extend="min" if lower else "neither")
        width, height = inches(ax)
        size = text_size(width)
        bar.set_label(plain(wrapped(self._score(), height, points=size)), size=size)
        if not self._scale.log:
            write_out(bar.ax.yaxis)
        bar.ax.tick_params(labelsize=size)
        bar.outline.set_visible(False)
        others = self._others()
        if others:
            ax.set_title(others, fontsize=size, loc="left")
        return self

    def _score(self) -> str:
        splits = self.results.n_splits
        return (
            f"{self.results.score_name}, mean of {splits} folds"
            if splits > 1
            else self.results.score_name
        )

    def _others(self) -> str:
        """What a cell is the mean of, where that is not a single candidate."""
        if not self.is_grid_ or self.counts_.max() <= 1:
            return ""
        least, most = self.counts_[self.counts_ > 0].min(), self.counts_.max()
        number = str(most) if least == most else f"{least} to {most}"
        return f"Each cell: mean of {number} candidates"

    def _draw_grid(self, ax: Axes) -> Any:
        lines, columns = self.means_.shape
        norm = self._scale.norm()
        # Cells of one size: values of a grid are chosen, however far they are from each other.
        image = ax.pcolormesh(
            np.arange(columns + 1) - 0.5,
            np.arange(lines + 1) - 0.5,
            np.ma.masked_invalid(self.means_),
            cmap=SCORES,
            norm=norm,
            edgecolors=[ax.get_facecolor()],
            linewidth=0.8 if max(lines, columns) <= 40 else 0,
        )
        width, height = inches(ax)
        width -= BESIDE
        texts = np.array(
            [[self._cell_text(mean) for mean in line] for line in self.means_], dtype=object
        )
        longest = max(map(len, texts.ravel()))
        size = min(
            text_size(width), 72 * width / columns / (0.7 * longest), 72 * 0.5 * height / lines
        )
        # By its values: the best of a successive halving is a candidate of its last iteration.
        chosen = self.results.best_index
        best = None if chosen is None else self._cells.at(chosen)
        # Numbers that nobody can read are left to the colours.
        written = zip(*np.nonzero(self._cells.tried), strict=True) if size >= 4.5 else ()
        for line, column in written:
            text, colour = "×", ink()
            if self.counts_[line, column]:
                text = texts[line, column]
                colour = text_colour(image.cmap(norm(self.means_[line, column])))
            ax.text(
                column,
                line,
                text,
                color=colour,
                fontsize=size,
                horizontalalignment="center",
                verticalalignment="center",
                weight="bold" if (line, column) == best else "normal",
            )
        if best is not None:
            size = min(80.0, (72 * 0.3 * min(width / columns, height / lines)) ** 2)
            star(ax, best[1] + 0.36, best[0] + 0.3, size)
        set_axis(ax, "x", self.x_, cells=texts_at(self.x_, self._cells.columns), beside=BESIDE)
        set_axis(ax, "y", self.y_, cells=texts_at(self.y_, self._cells.lines))
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        return image

    def _cell_text(self, mean: float) -> str:
        """A mean to a hundredth of the range, or with three digits where scores are spread by factors."""
        scale = self._scale
        if scale.log or not mean >= scale.low:
            return f"{mean:.3g}"
        return score_text(mean, 0.1 * (scale.high - scale.low))

    def _draw_samples(self, ax: Axes) -> Any:
        from matplotlib.patheffects import withStroke

        rows = self._there
        scores = self.results.test_mean
        scale, norm = self._scale, self._scale.norm()
        distances = scale.on(np.where(rows, scores, scale.low))
        set_axis(ax, "x", self.x_, beside=BESIDE)
        set_axis(ax, "y", self.y_)
        style: dict[str, Any] = {
            "cmap": SCORES,
            "norm": norm,
            "rasterized": True,
            "zorder": 0,
            "linewidth": 0,
        }
        if self.x_.numeric and self.y_.numeric:
            surface = interpolated(self.x_, self.y_, rows, distances)
            if surface is not None:
                across, up, found = surface
                ax.pcolormesh(
                    across, up, scale.back(found), shading="nearest", gid="surface", **style
                )
        else:
            strips, along = (self.x_, self.y_) if not self.x_.numeric else (self.y_, self.x_)
            for code, fine, found in along_strips(strips, along, rows, distances):
                across = np.array([code - STRIP / 2, code + STRIP / 2])
                edges = (across, fine) if not self.x_.numeric else (fine, across)
                values = scale.back(found)
                cells = values[:, None] if not self.x_.numeric else values[None, :]
                ax.pcolormesh(*edges, cells, gid="strip", **style)
        many = rows.sum() > 100
        x = spread(self.x_, STRIP - 0.2) if not self.x_.numeric else self.x_.places
        y = spread(self.y_, STRIP - 0.2) if not self.y_.numeric else self.y_.places
        points = ax.scatter(
            x[rows],
            y[rows],
            c=scores[rows],
            s=10 if many else 28,
            cmap=SCORES,
            norm=norm,
            edgecolor="white",
            linewidth=0.4 if many else 0.8,
            zorder=2,
            gid="candidates",
            # A white ring in a black one is seen on every colour of the surface.
            path_effects=[withStroke(linewidth=1.0 if many else 1.8, foreground="black")],
        )
        best = self.results.best_index
        if best is not None and np.isfinite(x[best]) and np.isfinite(y[best]):
            star(ax, x[best], y[best], 130)
        if self.x_.numeric:
            set_limits(ax, "x", self.x_, x[rows])
        if self.y_.numeric:
            set_limits(ax, "y", self.y_, y[rows])
        tidy(ax)
        return points

    def frame(self) -> pandas.DataFrame:
        """The numbers as a table; needs pandas.

        Returns
        -------
        pandas.DataFrame
            Of a heat map a row for each cell, with ``score`` (the mean), ``n_candidates`` (without a failed
            fit) and ``n_failed``; otherwise a row for each candidate that has both hyperparameters, with
            ``candidate``, ``score`` and ``failed``. Before these stand the two hyperparameters, as in
            ``cv_results_``: ``param_`` and the name.

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        results = self.results
        columns: dict[str, Any]
        if self.is_grid_:
            x, y = self._cells.values()
            columns = {
                "score": self.means_.ravel(),
                "n_candidates": self.counts_.ravel(),
                "n_failed": (self._cells.tried - self.counts_).ravel(),
            }
        else:
            rows = np.flatnonzero(self._both)
            x = [self.x_.values[row] for row in rows]
            y = [self.y_.values[row] for row in rows]
            columns = {
                "candidate": rows,
                "score": results.test_mean[rows],
                "failed": results.failed[rows],
            }
        return make_frame(
            {
                f"param_{self.x_.name}": as_objects(x),
                f"param_{self.y_.name}": as_objects(y),
                **columns,
            },
            maker="frame()",
            instead="means_ and results",
        )
