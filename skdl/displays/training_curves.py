"""How networks learnt: their losses and metrics by epoch, in training and in validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skdl.common.pandas_frames import make_frame
from skdl.displays.drawing.curve_lines import draw_fit, draw_mean, mark, marks_in_words
from skdl.displays.drawing.style import (
    BLUE,
    COLOURS,
    GREY,
    ORANGE,
    heighten,
    legend_above,
    own_panels,
    plain,
    tidy,
    wrapped,
)
from skdl.displays.drawing.ticks import count_along, inches, log_axis, write_out
from skdl.displays.statistics.fitted_curves import (
    RATE,
    FittedCurves,
    MeanCurve,
    curves_of_estimator,
    curves_of_frame,
    curves_of_search,
    mean_curve,
    panels_of,
)
from skdl.exceptions import InvalidParameterError
from skdl.results.candidate_labels import candidate_rows, labels_by_row
from skdl.results.reading import read_results
from skdl.results.value_texts import cut_apart

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure
    import pandas

# Of the name of a candidate in the legend, in characters.
LONGEST_NAME = 40


class TrainingCurvesDisplay:
    """Losses and metrics of networks by epoch, in training and in validation.

    Each fit is a thin line. Over those of a candidate lies their mean, with a band of one standard deviation
    on either side. Fits may stop at different epochs: the mean is that of the fits which still train, and is
    thinner from where the first has ended.

    Parameters
    ----------
    fits : sequence of FittedCurves
        Made by `from_estimator`, `from_search` or `from_cv_results`.
    labels : dict of int to str, optional
        What the candidates are called; by default their numbers.
    curves : str or sequence of str, optional
        What to show, a panel each, such as ``"loss"``; by default the loss, the metrics, and the learning
        rate where it changed.

    Attributes
    ----------
    curves_ : tuple of str
        What is shown.
    means_ : dict of (int, str) to MeanCurve
        ``mean``, ``std`` and ``count``, the fits that still train, by candidate and the name of a curve such
        as ``"val_loss"``.
    ax_ : matplotlib.axes.Axes
        After `plot`, as ``figure_`` and ``axes_``, the panels.

    Raises
    ------
    InvalidParameterError
        There are no fits or no finite numbers in them, or `curves` has a name that none of them has.

    See Also
    --------
    training_histories : The curves of a search as a table.
    diagnose : What the curves say.

    Notes
    -----
    The best epoch is the one with the best value of the curve that is watched, whose weights a fit with
    ``restore_best_weights`` keeps. A table of `skdl.training_histories` does not say which it was, nor
    why training ended, so that a picture of one has no marks.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdl import TrainingCurvesDisplay, MLPClassifier
    >>> network = MLPClassifier(epochs=20, early_stopping=True, patience=2, random_state=0)
    >>> display = TrainingCurvesDisplay.from_estimator(network.fit(*load_iris(return_X_y=True)))
    >>> display
    TrainingCurvesDisplay(curves_=('loss',), n_candidates=1, n_fits=1)
    >>> sorted(name for _, name in display.means_)
    ['loss', 'val_loss']
    """

    ax_: matplotlib.axes.Axes
    figure_: matplotlib.figure.Figure | matplotlib.figure.SubFigure
    axes_: np.ndarray

    def __init__(
        self,
        fits: Sequence[FittedCurves],
        *,
        labels: Mapping[int, str] | None = None,
        curves: str | Sequence[str] | None = None,
    ) -> None:
        self.fits = fits
        self.labels = labels
        self.curves = curves
        finite = any(np.isfinite(curve).any() for fit in fits for curve in fit.curves.values())
        if not finite:
            raise InvalidParameterError(
                f"Got {len(fits)} fits without a finite number in their curves, expected one epoch at least: "
                "fits that fail before the first one, and estimators without a network, leave none. "
                "Name other candidates."
            )
        self.curves_ = panels_of(fits, curves)
        self._candidates = tuple(dict.fromkeys(fit.candidate for fit in fits))
        self.means_: dict[tuple[int, str], MeanCurve] = {}
        for candidate in self._candidates:
            for name in (side + base for base in self.curves_ for side in ("", "val_")):
                found = [fit.curves[name] for fit in self._of(candidate) if name in fit.curves]
                if found:
                    self.means_[candidate, name] = mean_curve(found)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(curves_={self.curves_}, n_candidates={len(self._candidates)}, "
            f"n_fits={len(self.fits)})"
        )

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None, **options: Any) -> Self:
        """Draw the curves of the networks inside a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A network of skdl, or a pipeline, an ensemble or a search with one inside; of a search the best
            candidate, as it was fitted on all rows.
        ax : matplotlib.axes.Axes, or one for each panel, optional
            Where to; a new figure without it.
        **options
            Further arguments of the constructor.

        Returns
        -------
        display : TrainingCurvesDisplay

        Raises
        ------
        InvalidParameterError
            There is no network of skdl inside.
        sklearn.exceptions.NotFittedError
            It is not fitted.
        """
        fits = curves_of_estimator(estimator)
        return cls(fits, labels={0: type(estimator).__name__}, **options).plot(ax=ax)

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        candidates: int | Sequence[int] | None = None,
        histories: pandas.DataFrame | None = None,
        metric: str | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Draw the curves of all splits of candidates of a search that ran under the backend "skdl".

        Parameters
        ----------
        search : search or dict
            Fitted; or what ``cross_validate`` returned.
        candidates : int or sequence of int, optional
            Rows of ``cv_results_``; by default the best one.
        histories : pandas.DataFrame, optional
            What :func:`~skdl.training_histories` gave after the search, where it ran in another process or
            long ago.
        metric : str, optional
            By which the best one is found, of a search with several; by default the one that it refits by.
        ax : matplotlib.axes.Axes, or one for each panel, optional
            Where to; a new figure without it.
        **options
            Further arguments of the constructor.

        Returns
        -------
        display : TrainingCurvesDisplay

        Raises
        ------
        HistoriesNotFoundError
            Nothing is known of the fits of that search; the words say how to change that.
        AmbiguousHistoriesError
            More than one run has its results.
        InvalidParameterError
            It is no search, has no such candidate, or the fits of these left no curves.
        sklearn.exceptions.NotFittedError
            The search is not fitted.
        """
        results = read_results(search, metric)
        rows = candidate_rows(results, candidates)
        saved = histories is not None
        fits = curves_of_frame(histories, rows) if saved else curves_of_search(results.origin, rows)
        return cls(fits, labels=labels_by_row(results, rows), **options).plot(ax=ax)

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        histories: pandas.DataFrame,
        *,
        candidates: int | Sequence[int] | None = None,
        metric: str | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Draw the curves of candidates whose results and histories were saved.

        Parameters
        ----------
        cv_results : mapping
            The ``cv_results_`` of a search.
        histories : pandas.DataFrame
            What :func:`~skdl.training_histories` gave after it.
        candidates : int or sequence of int, optional
            Rows of ``cv_results_``; by default the best one.
        metric : str, optional
            By which the best one is found; by default the first there is.
        ax : matplotlib.axes.Axes, or one for each panel, optional
            Where to; a new figure without it.
        **options
            Further arguments of the constructor.

        Returns
        -------
        display : TrainingCurvesDisplay

        Raises
        ------
        InvalidParameterError
            It is no ``cv_results_``, has no such candidate, or the histories have no curves of these.
        """
        results = read_results(cv_results, metric)
        rows = candidate_rows(results, candidates)
        fits = curves_of_frame(histories, rows)
        return cls(fits, labels=labels_by_row(results, rows), **options).plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the curves, a panel for the loss and for each metric.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, or one for each panel, optional
            Where to; one is divided where there are several panels, and without it there is a new figure.

        Returns
        -------
        self : TrainingCurvesDisplay
            With ``ax_``, ``figure_`` and ``axes_``.

        Raises
        ------
        InvalidParameterError
            `ax` has another number of axes, or is one that cannot be divided.
        """
        self.ax_, self.axes_ = own_panels(ax, len(self.curves_), columns=2)
        self.figure_ = self.ax_.figure
        for panel, base in zip(self.axes_, self.curves_, strict=True):
            names = (base, f"val_{base}")
            curves = [fit.curves[name] for fit in self.fits for name in names if name in fit.curves]
            if not log_axis(panel.yaxis, np.concatenate(curves)):
                write_out(panel.yaxis)
            self._draw(panel, base)
            count_along(panel, max(fit.n_epochs for fit in self.fits))
            panel.set_xlabel("epoch")
            panel.set_ylabel(wrapped(plain(base.replace("_", " ")), inches(panel)[1]))
            panel.tick_params(labelsize="small")
            tidy(panel)
        height = self._explain(own_figure=ax is None)
        if ax is None:
            heighten(self.figure_, height)
        return self

    def _of(self, candidate: int) -> list[FittedCurves]:
        return [fit for fit in self.fits if fit.candidate == candidate]

    def _look(self, candidate: int, side: str) -> dict[str, Any]:
        """The colour and the line of a candidate in training (``""``) and in validation (``"val_"``)."""
        if len(self._candidates) == 1:
            return {"color": ORANGE if side else BLUE, "linestyle": "-"}
        place = self._candidates.index(candidate) % len(COLOURS)
        return {"color": COLOURS[place], "linestyle": "-" if side else (0, (4, 2))}

    def _draw(self, ax: matplotlib.axes.Axes, base: str) -> None:
        for candidate in self._candidates:
            fits = self._of(candidate)
            for side in ("", "val_"):
                name, look = side + base, self._look(candidate, side)
                curves = [fit.curves[name] for fit in fits if name in fit.curves]
                if curves:
                    there = np.concatenate(curves)
                    lowest = np.min(there, where=np.isfinite(there), initial=np.inf)
                    draw_mean(ax, self.means_[candidate, name], lowest, **look)
                if len(fits) > 1:
                    for curve in curves:
                        draw_fit(ax, curve, **look)
            for fit in fits if base != RATE else ():
                side = "val_" if f"val_{base}" in fit.curves else ""
                mark(ax, fit, side + base, self._look(candidate, side)["color"])

    def _explain(self, *, own_figure: bool) -> float:
        from matplotlib.lines import Line2D

        handles, labels = [], []

        def add(label: str, **look: Any) -> None:
            handles.append(Line2D([], [], **look))
            labels.append(label)

        sides = {"": "training", "val_": "validation"}
        validated = any(name.startswith("val_") for _, name in self.means_)
        several = len(self._candidates) > 1
        names = [(self.labels or {}).get(one, f"candidate {one}") for one in self._candidates]
        for candidate, name in zip(self._candidates, cut_apart(names, LONGEST_NAME), strict=True):
            if several:
                add(name, color=self._look(candidate, "val_")["color"], linewidth=2)
        mean, fewer = self._of_mean()
        for side in sides if validated else ("",):
            look = self._look(self._candidates[0], side) | ({"color": GREY} if several else {})
            add(sides[side] + mean, linewidth=2, **look)
        if fewer:
            add(fewer, color=GREY, linewidth=1.1)
        for label, look in marks_in_words(self.fits):
            add(label, color=GREY, **look)
        width = sum(inches(panel)[0] for panel in self.axes_[:2])
        room = None if own_figure else inches(self.axes_[0])[1]
        return legend_above(self.axes_[0], handles, labels, width, room)

    def _of_mean(self) -> tuple[str, str]:
        """Of how many fits the means are, and of how many from which epoch on."""
        most = max(len(self._of(candidate)) for candidate in self._candidates)
        if most == 1:
            return "", ""
        said = f", mean of {most} fits"
        if len(self._candidates) > 1:
            return said, ""
        count = next(iter(self.means_.values())).count
        fewer = np.flatnonzero((count < count.max()) & (count > 0))
        if len(fewer) == 0:
            return said, ""
        low, high = int(count[fewer].min()), int(count[fewer].max())
        left = str(low) if low == high else f"{high} to {low}"
        return said, f"mean of {left} after epoch {fewer[0]}"

    def frame(self) -> pandas.DataFrame:
        """The curves as a table with a row for each epoch of each fit; needs pandas.

        Returns
        -------
        pandas.DataFrame
            With the columns that :func:`~skdl.training_histories` gives: ``candidate``, ``split``,
            ``network``, ``epoch``, from 1, and one for each curve that is shown, NaN where a fit has none.
            It can be passed on as `histories`.

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        lengths = [fit.n_epochs for fit in self.fits]
        names = dict.fromkeys(name for _, name in self.means_)
        columns: dict[str, Any] = {
            "candidate": np.repeat([fit.candidate for fit in self.fits], lengths),
            "split": np.repeat([fit.split for fit in self.fits], lengths),
            "network": np.repeat([fit.network for fit in self.fits], lengths),
            "epoch": np.concatenate([np.arange(1, length + 1) for length in lengths]),
        }
        for name in names:
            columns[name] = np.concatenate(
                [
                    fit.curves.get(name, np.full(length, np.nan))
                    for fit, length in zip(self.fits, lengths, strict=True)
                ]
            )
        return make_frame(columns, maker="frame()", instead="fits and means_")
