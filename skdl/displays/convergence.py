"""How soon searches find their best score: by trial and by second, several over each other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skdl.common.pandas_frames import make_frame
from skdl.common.parameter_checks import Options, check_parameters
from skdl.displays.base import SearchDisplay
from skdl.displays.drawing.style import (
    COLOURS,
    GREY,
    bulk,
    faint,
    heighten,
    legend_above,
    own_panels,
    plain,
    scale_of_scores,
    tidy,
    wrapped,
)
from skdl.displays.drawing.ticks import count_along, inches, log_axis
from skdl.displays.statistics.best_so_far import ScoresSoFar, clock_of, scores_so_far
from skdl.exceptions import InvalidParameterError
from skdl.results.reading import name_of, read_several
from skdl.results.results import Results
from skdl.results.same_score import check_one_kind
from skdl.results.value_texts import cut_apart

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas

RULES = {"by": (Options(("both", "trial", "second")),)}
# More searches than colours are told apart by their lines.
LINES: tuple[Any, ...] = ("-", "--", ":")
# Of a name in the legend, in characters.
LONGEST_NAME = 25
AXES = {
    "trial": "trial",
    "elapsed": "seconds since the search began",
    "computed": "seconds of computation",
}


class ConvergenceDisplay(SearchDisplay):
    """The best score so far of searches, by trial and by second.

    Parameters
    ----------
    results : Results or dict of str to Results
        Of one search or of several by name; made by `from_search`, `from_cv_results` or `from_estimator`.
    by : {"both", "trial", "second"}, default="both"
        What the horizontal axes count: a panel for each.

    Attributes
    ----------
    curves_ : dict of str to ScoresSoFar
        By the name of the search. ``trial``, ``second``, ``score``, the mean over the splits, and
        ``iteration`` have the shape (n_candidates,), in the order of ``cv_results_``; ``best_by_trial`` and
        ``best_by_second`` are the best scores of all trials that were over by then.
    clock_ : {"elapsed", "computed"}
        Which seconds are counted. Those since the search began, at the end of a trial's last split, where it
        ran under the backend "skdl" in this process. Otherwise the times of all fits and scores up to the
        trial are added up, which is more than has passed where some ran at the same time. One picture counts
        one kind of seconds: the second one, unless the first is known of all its searches.
    ax_ : matplotlib.axes.Axes
        After `plot`, as ``figure_`` and ``axes_``, the panels.

    Raises
    ------
    InvalidParameterError
        There is no search, their scores are not of one kind, one has no score at all, or the times are not
        known.

    Notes
    -----
    Candidates of a successive halving are compared within their iteration, since later ones are scored after
    more rows or epochs: the best score so far begins anew with each. Earlier iterations are dashed.

    A candidate with a fit that failed has no score, and is a trial all the same. Trials far below the others
    are triangles at the bottom edge.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdl import ConvergenceDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> tree, space = DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3, 4]}
    >>> display = ConvergenceDisplay.from_search(
    ...     {
    ...         "grid": GridSearchCV(tree, space).fit(X, y),
    ...         "random": RandomizedSearchCV(tree, space, n_iter=3, random_state=0).fit(X, y),
    ...     },
    ...     by="trial",
    ... )
    >>> display.curves_["grid"].best_by_trial.round(2).tolist()
    [0.67, 0.93, 0.96, 0.97]
    """

    axes_: np.ndarray

    _read = staticmethod(partial(read_several, takes_scores=False))

    def __init__(self, results: Results | Mapping[str, Results], *, by: str = "both") -> None:
        self.results = results
        self.by = by
        check_parameters(type(self).__name__, {"by": by}, RULES)
        named = {name_of(results): results} if isinstance(results, Results) else results
        self._score_name = _common_score(named)
        self.clock_, seconds = clock_of(named)
        self.curves_: dict[str, ScoresSoFar] = {
            name: scores_so_far(name, found, seconds[name]) for name, found in named.items()
        }
        if by != "trial" and not all(np.isfinite(found).all() for found in seconds.values()):
            raise InvalidParameterError(
                f"Got by={by!r} and results without the times of their fits, expected 'mean_fit_time' and "
                "'mean_score_time': pass by='trial'."
            )

    def __repr__(self) -> str:
        best = ", ".join(f"{name}={curve.final:.4g}" for name, curve in self.curves_.items())
        return f"{type(self).__name__}(by={self.by!r}, {best})"

    def plot(self, ax: Any = None) -> Self:
        """Draw each trial as a point and the best score so far as a line.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, or one for each panel, optional
            Where to; one is divided where there are two panels, and without it there is a new figure.

        Returns
        -------
        self : ConvergenceDisplay
            With ``ax_``, ``figure_`` and ``axes_``.

        Raises
        ------
        InvalidParameterError
            `ax` has another number of axes, or is one that cannot be divided.
        """
        kinds = ("trial", "second") if self.by == "both" else (self.by,)
        self.ax_, self.axes_ = own_panels(ax, len(kinds))
        self.figure_ = self.ax_.figure
        for panel, kind in zip(self.axes_, kinds, strict=True):
            self._draw(panel, kind)
        first = self.axes_[0]
        first.set_ylabel(plain(wrapped(self._score_name, inches(first)[1])))
        height = self._explain(own_figure=ax is None)
        if ax is None:
            heighten(self.figure_, height)
        return self

    def _draw(self, ax: matplotlib.axes.Axes, kind: str) -> None:
        scores = np.concatenate([curve.score for curve in self.curves_.values()])
        low = self._scale(ax, scores[np.isfinite(scores)])
        n_trials = max(len(curve.score) for curve in self.curves_.values())
        for place, curve in enumerate(self.curves_.values()):
            colour, line = COLOURS[place % len(COLOURS)], LINES[place // len(COLOURS) % len(LINES)]
            x = getattr(curve, kind)
            off = curve.score < low
            ax.plot(
                x[~off],
                curve.score[~off],
                "o",
                color=colour,
                markersize=3.5 if n_trials <= 100 else 2.0,
                alpha=faint(ax, 0.5 if n_trials <= 100 else 0.3),
                markeredgewidth=0,
            )
            # They lie on the lower end of the axis, which would cut them in half.
            ax.plot(
                x[off],
                np.full(off.sum(), low),
                "v",
                color=colour,
                markersize=4,
                alpha=faint(ax, 0.6),
                clip_on=False,
            )[0].set_in_layout(False)
            for steps, best, last in curve.lines(kind):
                ax.step(
                    steps,
                    best,
                    where="post",
                    color=colour,
                    linewidth=2 if last else 1.2,
                    linestyle=line if last else (0, (3, 2)),
                )
                if last:
                    ax.plot(steps[-1], best[-1], "s", color=colour, markersize=5)
        if kind == "trial":
            count_along(ax, n_trials)
        else:
            log_axis(ax.xaxis, np.concatenate([curve.second for curve in self.curves_.values()]))
        words = AXES["trial"] if kind == "trial" else AXES[self.clock_]
        ax.set_xlabel(wrapped(words, inches(ax)[0]))
        ax.tick_params(labelsize="small")
        tidy(ax)

    def _scale(self, ax: matplotlib.axes.Axes, scores: np.ndarray) -> float:
        """Let the vertical axis of `ax` show `scores`, and give the lowest that has a place there."""
        if scale_of_scores(ax, scores):
            return float(scores.min())
        low, high = bulk(scores)
        room = 0.06 * (high - low) or 0.05 * abs(high) or 0.05
        ax.set_ylim(low - room, high + room)
        return low - room if scores.min() < low else low

    def _explain(self, *, own_figure: bool) -> float:
        from matplotlib.lines import Line2D

        grey: dict[str, Any] = {"color": GREY}
        handles, labels = [], []
        names = [" ".join(name.split()) for name in self.curves_]
        for place, name in enumerate(cut_apart(names, LONGEST_NAME)):
            colour, line = COLOURS[place % len(COLOURS)], LINES[place // len(COLOURS) % len(LINES)]
            handles.append(Line2D([], [], color=colour, linestyle=line, linewidth=2))
            labels.append(name)
        if len(self.curves_) == 1:
            labels, grey = ["best so far"], {"color": COLOURS[0]}
        handles.append(Line2D([], [], linestyle="", marker="o", markersize=4, **grey))
        labels.append("a trial")
        if any(len(curve.lines("trial")) > 1 for curve in self.curves_.values()):
            handles.append(Line2D([], [], linestyle=(0, (3, 2)), linewidth=1.2, **grey))
            labels.append("best of an earlier iteration")
        width = sum(inches(panel)[0] for panel in self.axes_)
        room = None if own_figure else inches(self.axes_[0])[1]
        return legend_above(self.axes_[0], handles, labels, width, room)

    def frame(self) -> pandas.DataFrame:
        """The numbers as a table with a row for each trial of each search; needs pandas.

        Returns
        -------
        pandas.DataFrame
            Its columns are ``search``, ``trial``, from 1, ``second``, ``score``, ``iteration``, 0 where there
            is no halving, ``best_by_trial`` and ``best_by_second``.

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        curves = self.curves_.values()
        names = ("trial", "second", "score", "iteration", "best_by_trial", "best_by_second")
        return make_frame(
            {
                "search": np.repeat(
                    np.array(list(self.curves_), dtype=object),
                    [len(curve.score) for curve in curves],
                ),
                **{
                    name: np.concatenate([getattr(curve, name) for curve in curves])
                    for name in names
                },
            },
            maker="frame()",
            instead="curves_",
        )


def _common_score(named: Mapping[str, Results]) -> str:
    if not named:
        raise InvalidParameterError(
            "Got no search, expected one at least: pass a search, or several as a list or by name."
        )
    check_one_kind(named)
    return next(iter(named.values())).score_name
