"""What the displays of ``cv_results_`` share: where their numbers come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from skdl.exceptions import InvalidParameterError
from skdl.results.hyperparameters import Hyperparameter
from skdl.results.reading import read_results
from skdl.results.results import Results

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure
    import pandas


class SearchDisplay:
    """A picture of the results of a search.

    A subclass takes `Results` and its own options in its constructor, which computes the numbers, and has
    `plot` and `frame`.
    """

    ax_: matplotlib.axes.Axes
    figure_: matplotlib.figure.Figure | matplotlib.figure.SubFigure

    # Reads what a display is given: candidates, which the scores of one estimator have none of.
    _read: Callable[[Any, str | None], Any] = staticmethod(
        partial(read_results, takes_scores=False)
    )

    def __init__(self, results: Results, **options: Any):
        raise NotImplementedError

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        metric: str | None = None,
        ax: matplotlib.axes.Axes | None = None,
        **options: Any,
    ) -> Self:
        """Draw the results of a fitted search.

        Parameters
        ----------
        search : GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV, BayesSearchCV or the like
            A `ConvergenceDisplay` also takes several, by name or as a list, which are then called by their
            classes.
        metric : str, optional
            The metric to show, of a search with several; by default the one that it refits by.
        ax : matplotlib.axes.Axes, or one for each panel, optional
            Where to; a new figure without it.
        **options
            Further arguments of the constructor.

        Returns
        -------
        display
            With ``ax_`` and ``figure_``.

        Raises
        ------
        InvalidParameterError
            `search` is no search, or `metric` is none of its metrics.
        sklearn.exceptions.NotFittedError
            The search is not fitted.
        """
        return cls(cls._read(search, metric), **options).plot(ax=ax)

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        *,
        metric: str | None = None,
        ax: matplotlib.axes.Axes | None = None,
        **options: Any,
    ) -> Self:
        """Draw the columns of a search, where the search itself is not at hand.

        Parameters
        ----------
        cv_results : mapping
            The ``cv_results_`` of a search. A `ConvergenceDisplay` also takes several, as a list or by name.
        metric : str, optional
            The metric to show; by default the first there is.
        ax : matplotlib.axes.Axes, or one for each panel, optional
            Where to; a new figure without it.
        **options
            Further arguments of the constructor.

        Returns
        -------
        display
            With ``ax_`` and ``figure_``.

        Raises
        ------
        InvalidParameterError
            It is no ``cv_results_``, or `metric` is none of its metrics.
        """
        return cls.from_search(cv_results, metric=metric, ax=ax, **options)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        metric: str | None = None,
        ax: matplotlib.axes.Axes | None = None,
        **options: Any,
    ) -> Self:
        """Draw the results of the search that a fitted estimator is or has inside.

        Parameters
        ----------
        estimator : estimator
            Fitted, such as a Pipeline whose last step is a GridSearchCV.
        metric : str, optional
            The metric to show, of a search with several; by default the one that it refits by.
        ax : matplotlib.axes.Axes, or one for each panel, optional
            Where to; a new figure without it.
        **options
            Further arguments of the constructor.

        Returns
        -------
        display
            With ``ax_`` and ``figure_``.

        Raises
        ------
        InvalidParameterError
            There is no search inside, or more than one.
        sklearn.exceptions.NotFittedError
            The search is not fitted.
        """
        return cls.from_search(estimator, metric=metric, ax=ax, **options)

    def plot(self, ax: matplotlib.axes.Axes | None = None) -> Self:
        """Draw it, into `ax` or a new figure."""
        raise NotImplementedError

    def frame(self) -> pandas.DataFrame:
        """The numbers of the picture as a tidy table."""
        raise NotImplementedError


def columns_of(
    results: Results, owner: str, *, resources: bool = False
) -> tuple[Hyperparameter, ...]:
    """The hyperparameters that vary; with `resources` also what a successive halving gave its candidates.

    Raises
    ------
    InvalidParameterError
        There are none, or no candidate has a score; `owner` is who asks.
    """
    check_scores(results, owner)
    if not results.varied:
        tried = ", ".join(one.name for one in results.hyperparameters) or "no hyperparameters"
        raise InvalidParameterError(
            f"{owner}: no hyperparameter varies. Got {results.n_candidates} candidates with one value each "
            f"of {tried}, expected two values of at least one: draw a search that tries several."
        )
    found = results.varied
    if resources and results.resources is not None:
        name = str(getattr(results.search, "resource", "n_resources"))
        given = tuple(results.resources.tolist())
        if len(set(given)) > 1 and name not in [one.name for one in results.hyperparameters]:
            found = (*found, Hyperparameter(name, name, given))
    return found


def check_scores(results: Results, owner: str) -> None:
    """Raise where no candidate has a score in every fold."""
    if results.failed.all():
        raise InvalidParameterError(
            f"{owner}: there are no scores. Got {results.n_candidates} candidates that all failed, expected "
            "one with a score in every fold: run the search with error_score='raise' to see why."
        )
