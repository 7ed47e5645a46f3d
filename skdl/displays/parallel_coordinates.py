"""All candidates as lines over an axis for each hyperparameter and one for the score."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skdl.common.pandas_frames import as_objects, make_frame
from skdl.displays.base import SearchDisplay, columns_of
from skdl.displays.drawing.axes import label_of, spread, text_size, ticks_of
from skdl.displays.drawing.score_scale import ScoreScale
from skdl.displays.drawing.style import (
    GREY,
    ink,
    own_axes,
    plain,
    score_colours,
)
from skdl.displays.drawing.ticks import inches, tick_texts
from skdl.results.hyperparameters import Hyperparameter
from skdl.results.results import Results
from skdl.results.value_texts import number_texts, text_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

# Where a line passes an axis on which its candidate has nothing: below its heights, from 0 to 1.
BELOW = -0.13
# What categories, and the values of a grid, take of the gap between them.
WIDTH = 0.35
# Letters of a line of a name below its axis.
LONGEST_NAME = 20
# Inches of an axis and the texts at it.
ROOM = 1.2


class ParallelCoordinatesDisplay(SearchDisplay):
    """All candidates as lines, coloured by their score.

    Each hyperparameter that varies is an axis, logarithmic where its values ask for it, and the mean score is
    the one at the right, with the colours on it; of negative losses that are spread by factors it is
    logarithmic too. Better candidates lie over worse ones, and the one that the search chose is thick and
    lies over all. Where candidates share a value, as in a grid, they pass it beside each other. A line passes
    below the axis of a hyperparameter that its candidate does not have; grey ones end below the axis of the
    score, since their candidates failed. Scores far below all others stand at the bottom. A successive
    halving has one more axis, the resources that a candidate was given.

    Usually made by :meth:`from_search`, :meth:`from_cv_results` or :meth:`from_estimator`.

    Parameters
    ----------
    results : Results
        What a search has found.

    Attributes
    ----------
    results : Results
    hyperparameters_ : tuple of Hyperparameter
        The axes from the left to the right.
    heights_ : ndarray of shape (n_candidates, n_hyperparameters + 1)
        Where each line crosses each axis, 0 at its bottom and 1 at its top; -0.13 where it passes below.
    ax_ : matplotlib.axes.Axes
        After `plot`.
    figure_ : matplotlib.figure.Figure
        After `plot`.

    Raises
    ------
    InvalidParameterError
        No hyperparameter varies, or all candidates failed.

    See Also
    --------
    SearchSpaceDisplay : Each hyperparameter in a panel of its own.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdl import ParallelCoordinatesDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> grid = {"max_depth": [1, 2, 4], "min_samples_leaf": [1, 20]}
    >>> search = GridSearchCV(DecisionTreeClassifier(random_state=0), grid).fit(X, y)
    >>> display = ParallelCoordinatesDisplay.from_search(search)
    >>> display
    ParallelCoordinatesDisplay(hyperparameters=['max_depth', 'min_samples_leaf'], n_candidates=6)
    >>> display.heights_[:, -1].round(2).tolist()
    [0.0, 0.0, 0.89, 0.89, 1.0, 0.89]
    """

    def __init__(self, results: Results):
        self.results = results
        self.hyperparameters_ = columns_of(results, type(self).__name__, resources=True)
        self._scale = ScoreScale.of(results.test_mean)
        self.heights_ = np.column_stack(
            [
                *[_heights(one, spread(one, WIDTH)) for one in self.hyperparameters_],
                np.where(results.failed, BELOW, self._scale.parts(results.test_mean)),
            ]
        )

    def __repr__(self) -> str:
        labels = [text_of(one.label) for one in self.hyperparameters_]
        return (
            f"{type(self).__name__}(hyperparameters={labels}, "
            f"n_candidates={self.results.n_candidates})"
        )

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to; a new figure without it.

        Returns
        -------
        self : ParallelCoordinatesDisplay
            With ``ax_`` and ``figure_``.
        """
        count = len(self.hyperparameters_)
        ax = own_axes(ax, figsize=(max(6.4, ROOM * (count + 1.5)), 4.0))
        self.ax_, self.figure_ = ax, ax.figure
        self._draw_lines(ax)
        size = text_size(inches(ax)[0] / 2)
        # Texts end before the next axis.
        longest = int(72 * inches(ax)[0] / (count + 0.5) / (0.55 * size)) - 1
        for place, one in enumerate(self.hyperparameters_):
            self._draw_axis(ax, place, *self._ticks(one, int(np.clip(longest, 5, 12))), size)
        self._draw_scores(ax, count, size)
        ax.set_xlim(-0.15, count + 0.15)
        below = (self.heights_ == BELOW).any(axis=0)
        for place in np.flatnonzero(below).tolist():
            _write(ax, "failed" if place == count else "absent", (place, BELOW), size)
        ax.set_ylim(BELOW - 0.05 if below.any() else -0.05, 1.05)
        ax.set_yticks([])
        ax.spines[:].set_visible(False)
        self._name_axes(ax, size)
        return self

    def _draw_lines(self, ax: Axes) -> None:
        from matplotlib.collections import LineCollection
        from matplotlib.patheffects import withStroke

        results, colours, norm = self.results, score_colours(ax), self._scale.norm()
        places = np.arange(self.heights_.shape[1])
        lines = np.stack([np.broadcast_to(places, self.heights_.shape), self.heights_], axis=2)
        # The worst first; a thousand lines show where they are dense.
        ranked = results.order[::-1]
        good, failed = ranked[~results.failed[ranked]], ranked[results.failed[ranked]]
        many = max(1.0, len(good) / 50)
        style: dict[str, Any] = {"clip_on": False, "capstyle": "round"}
        ax.add_collection(
            LineCollection(
                lines[failed], colors=GREY, linewidths=0.7, alpha=0.5, gid="failed", **style
            )
        )
        drawn = LineCollection(
            lines[good],
            cmap=colours,
            norm=norm,
            linewidths=max(0.6, 1.3 / np.sqrt(many)),
            alpha=max(0.25, 0.85 / np.sqrt(many)),
            gid="candidates",
            zorder=2,
            **style,
        )
        drawn.set_array(results.test_mean[good])
        ax.add_collection(drawn)
        best = results.best_index
        if best is not None and not results.failed[best]:
            ax.plot(
                places,
                self.heights_[best],
                color=colours(norm(results.test_mean[best])),
                linewidth=2.8,
                zorder=3,
                clip_on=False,
                gid="best",
                path_effects=[withStroke(linewidth=4.4, foreground=ink())],
            )

    def _ticks(self, one: Hyperparameter, longest: int) -> tuple[np.ndarray, list[str]]:
        """Heights of the ticks of an axis and their texts, as many as it has room for."""
        from matplotlib.ticker import MaxNLocator

        places, texts = ticks_of(one, longest)
        if places is None:
            found = one.numbers[one.present]
            locator = MaxNLocator(6, min_n_ticks=3, integer=one.whole)
            ticks = locator.tick_values(found.min(), found.max())
            places = ticks[(ticks >= found.min()) & (ticks <= found.max())]
            texts = number_texts(places) if one.whole else tick_texts(places)
        return _heights(one, places), texts

    def _draw_axis(
        self, ax: Axes, place: float, heights: np.ndarray, texts: list[str], size: float
    ) -> None:
        """An axis with ticks and texts to its right, which stay legible over the lines."""
        ax.plot([place, place], [0, 1], color=ink(), linewidth=1.0, zorder=4, clip_on=False)
        ground = {
            "boxstyle": "square,pad=0.1",
            "color": ax.get_facecolor(),
            "alpha": 0.75,
            "linewidth": 0,
        }
        height = inches(ax)[1] * 72
        step = int(np.ceil(1.3 * size * len(texts) / height))
        for level, text in zip(heights[::step], texts[::step], strict=True):
            _write(ax, plain(text), (place, level), size, bbox=ground)
            ax.plot(place, level, marker="_", color=ink(), markersize=5, zorder=4, clip_on=False)

    def _draw_scores(self, ax: Axes, place: int, size: float) -> None:
        """The axis of the score, with the colours of the lines along it."""
        ticks, texts = self._scale.ticks()
        levels = np.linspace(0, 1, 65)
        low, high = self._scale.on(np.array([self._scale.low, self._scale.high]))
        middles = self._scale.back(low + (levels[1:] + levels[:-1]) / 2 * (high - low))
        ax.pcolormesh(
            [place, place + 0.06],
            levels,
            middles[:, None],
            cmap=score_colours(ax),
            norm=self._scale.norm(),
            zorder=4,
            clip_on=False,
            rasterized=True,
            gid="scores",
        )
        for level, text in zip(self._scale.parts(ticks), texts, strict=True):
            _write(ax, text, (place + 0.06, level), size)

    def _name_axes(self, ax: Axes, size: float) -> None:
        """The names of the axes below them, askew where they are long."""
        mean = "mean " if self.results.n_splits > 1 else ""
        names = [label_of(one, LONGEST_NAME) for one in self.hyperparameters_]
        names.append(plain(textwrap.fill(mean + self.results.score_name, LONGEST_NAME)))
        ax.set_xticks(range(len(names)), names, fontsize=size)
        ax.tick_params(axis="x", length=0)
        room = inches(ax)[0] * 72 / len(names)
        if max(len(line) for name in names for line in name.split("\n")) * 0.6 * size > room:
            for label in ax.get_xticklabels():
                label.set(rotation=30, horizontalalignment="right", rotation_mode="anchor")

    def frame(self) -> pandas.DataFrame:
        """The candidates as a table with a row for each, in the order of ``cv_results_``; needs pandas.

        Returns
        -------
        pandas.DataFrame
            Its columns are ``candidate``, the hyperparameters as ``param_`` and their name (None where
            a candidate does not have one), ``score`` (the mean over the folds), ``failed`` and ``best``.

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        results = self.results
        candidates = np.arange(results.n_candidates)
        values = {
            f"param_{one.name}": as_objects(
                value if there else None
                for value, there in zip(one.values, one.present, strict=True)
            )
            for one in self.hyperparameters_
        }
        return make_frame(
            {
                "candidate": candidates,
                **values,
                "score": results.test_mean,
                "failed": results.failed,
                "best": candidates == (-1 if results.best_index is None else results.best_index),
            },
            maker="frame()",
            instead="results and heights_",
        )


def _write(ax: Axes, text: str, place: tuple[float, float], size: float, **options: Any) -> None:
    """Write beside a place on an axis, at its right."""
    ax.annotate(
        text,
        place,
        xytext=(3.5, 0),
        textcoords="offset points",
        fontsize=0.9 * size,
        verticalalignment="center",
        zorder=5,
        **options,
    )


def _heights(one: Hyperparameter, places: np.ndarray) -> np.ndarray:
    """How high some places are on the axis of a hyperparameter, from 0 to 1."""
    own = one.on_scale(spread(one, WIDTH))
    low, high = np.nanmin(own), np.nanmax(own)
    # Where one value is all there is, beside none, it stands in the middle.
    part = (one.on_scale(places) - low) / (high - low) if high > low else np.full(len(places), 0.5)
    return np.where(np.isnan(places), BELOW, part)
