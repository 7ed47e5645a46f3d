"""The pictures of a report, each behind one function, with a text that says in numbers what it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdl.exceptions import HistoriesNotFoundError, InvalidParameterError
from skdl.report.importance_sentences import importance_sentence
from skdl.report.results import Results
from skdl.report.style import BLUE, ORANGE, plain
from skdl.report.summary import Summary
from skdl.report.svg import inline_svg, page_style
from skdl.report.texts import (
    count_text,
    decimals_of,
    list_text,
    number_text,
    one_line,
    seconds_text,
    spread_text,
)


@dataclass(frozen=True)
class Drawing:
    """A picture, or why there is none.

    Attributes
    ----------
    title : str
    caption : str
        How to read it.
    svg : str
        Markup; empty where there is no picture.
    missing : str
        Why, and what to do; empty where nothing has to be said.
    """

    title: str
    caption: str = ""
    svg: str = ""
    missing: str = ""


def draw(summary: Summary, name: str) -> Drawing:
    """The picture of a name that a `Picture` in a document has."""
    return _PICTURES[name](summary)


def figure_of_convergence(summary: Summary) -> Drawing:
    """How soon each of several searches found its best score."""
    title = "The best score so far"
    if any(one.results.best_index is None for one in summary.searches):
        return Drawing(title)
    from skdl.report.convergence import ConvergenceDisplay

    named = {one.name: one.results for one in summary.searches}
    ends = [
        f"{one.name} {number_text(one.best_mean, decimals_of(one.best_mean))} after "
        f"{count_text(one.facts.n_candidates, 'candidate')}"
        for one in summary.searches
    ]
    return _drawing(
        lambda: ConvergenceDisplay(named),
        "convergence",
        title,
        f"{summary.facts.score_name} so far ends at {list_text(ends)}.",
        "Points are single candidates, lines the best score so far, by candidate and by second.",
    )


def figure_of_candidates(summary: Summary) -> Drawing:
    """The best candidates' scores by split, and their differences."""
    display, title = summary.candidates, "The best candidates"
    if display is None or len(display.candidates_) < 2:
        return Drawing(title)
    decimals = decimals_of(float(np.nanmean(display.scores_)))
    means = [number_text(float(row.mean()), decimals) for row in display.scores_]
    return _drawing(
        lambda: display,
        "candidates",
        title,
        f"The mean scores of the best {len(means)} are {list_text(means)}. {display.summary_}",
        "Left, the score in each split; right, the difference to the best candidate with an interval that "
        "allows for the shared training rows: where it holds zero, the two cannot be told apart.",
    )


def figure_of_importance(summary: Summary) -> Drawing:
    """Which hyperparameters mattered."""
    display, title = summary.importance, "Importance of hyperparameters"
    if display is None or not np.isfinite(display.importances_).any():
        return Drawing(title)
    return _drawing(
        lambda: display,
        "importance",
        title,
        importance_sentence(display),
        "By how much a forest explains the scores worse where the values of one hyperparameter are shuffled. "
        "Grey ones are not told from chance; the lines are 95 % intervals.",
    )


def figure_of_search_space(summary: Summary) -> Drawing:
    """Score against each hyperparameter."""
    from skdl.report.search_space import SearchSpaceDisplay

    results = summary.results
    labels = [one_line(one.label, 60) for one in results.varied]
    return _drawing(
        lambda: SearchSpaceDisplay(results),
        "search-space",
        "Score against each hyperparameter",
        f"{_scores(results)} by {list_text(labels)}.{_best(results)}",
        "Each point is a candidate at the mean of its splits.",
    )


def figure_of_pair_effect(summary: Summary) -> Drawing:
    """Two hyperparameters and the score."""
    results, title = summary.results, "Two hyperparameters together"
    if len(results.varied) < 2:
        return Drawing(title)
    from skdl.report.pair_effect import PairEffectDisplay

    try:
        display = PairEffectDisplay(results)
    except InvalidParameterError as reason:
        return Drawing(title, missing=one_line(reason, 400))
    told = f"{_scores(results)} by {display.x_.label} and {display.y_.label}."
    means = getattr(display, "means_", None) if display.is_grid_ else None
    if means is not None and np.isfinite(means).any():
        row, column = np.unravel_index(np.nanargmax(means), means.shape)
        decimals = decimals_of(float(np.nanmax(means)))
        told += (
            f" Cells go from {number_text(float(np.nanmin(means)), decimals)} to "
            f"{number_text(float(np.nanmax(means)), decimals)}, the highest in row {row + 1} from the "
            f"bottom, column {column + 1}."
        )
    return _drawing(
        lambda: display,
        "pair-effect",
        title,
        told,
        "The two that mattered most, or the first two where nothing can be told. Whether the best value of "
        "one depends on the other shows here.",
        plate=True,
    )


def figure_of_parallel_coordinates(summary: Summary) -> Drawing:
    """All candidates as lines."""
    results, title = summary.results, "All candidates at once"
    if len(results.varied) < 2:
        return Drawing(title)
    from skdl.report.parallel_coordinates import ParallelCoordinatesDisplay

    labels = [one_line(one.label, 60) for one in results.varied]
    return _drawing(
        lambda: ParallelCoordinatesDisplay(results),
        "parallel-coordinates",
        title,
        f"{_scores(results)} as lines through {list_text(labels)}.{_best(results)}",
        "Each line is a candidate, from its hyperparameters to its score; the best one is thick.",
        plate=True,
    )


def figure_of_learning_curves(summary: Summary) -> Drawing:
    """Losses and metrics of the best candidates by epoch."""
    title, training = "Learning curves", summary.training
    if training is None or training.curves is None:
        return Drawing(title)
    display = training.curves
    ends = []
    for (_, name), curve in display.means_.items():
        found = curve.mean[np.isfinite(curve.mean)]
        if len(found):
            ends.append(f"{name} from {found[0]:.3g} to {found[-1]:.3g} in {len(found)} epochs")
    return _drawing(
        lambda: display,
        "learning-curves",
        title,
        f"Means of {training.curves_of}: {list_text(ends)}.",
        f"Of {training.curves_of}, in training and in validation.",
    )


def figure_of_gap(summary: Summary) -> Drawing:
    """Training against validation score."""
    results, title = summary.results, "Training score against validation score"
    if results.train_scores is None:
        missing = "the search kept no training scores; pass return_train_score=True to it."
        return Drawing(title, missing=missing)
    if summary.best is None:
        return Drawing(title)
    from skdl.report.gap import GapDisplay

    try:
        display = GapDisplay(results)
    except InvalidParameterError as reason:
        return Drawing(title, missing=one_line(reason, 400))
    train, place = results.train_mean, summary.best.candidate
    assert train is not None
    decimals = decimals_of(summary.best.score.mean, summary.best.score.std)
    return _drawing(
        lambda: display,
        "gap",
        title,
        f"The best candidate reaches {number_text(float(train[place]), decimals)} on its training rows and "
        f"{number_text(summary.best.score.mean, decimals)} on others. {display.summary_}",
        "A candidate on the diagonal does as well on other rows as on those it was trained on. One that is "
        "low on both underfits, one far below the diagonal overfits.",
    )


def figure_of_times(summary: Summary) -> Drawing:
    """Score against seconds: which candidates are as good in less time."""
    results, title = summary.results, "Score against time"
    known = np.isfinite(results.fit_time) & ~results.failed
    if known.sum() < 2:
        return Drawing(title)
    seconds = results.fit_time[known]
    told = (
        f"{count_text(int(known.sum()), 'candidate')}; a fit took {seconds_text(float(seconds.min()))} to "
        f"{seconds_text(float(seconds.max()))} in the mean.{_best(results)}"
    )
    return _drawing(
        lambda: _Times(results, known),
        "times",
        title,
        told,
        "Each point is a candidate. One further left with the same score is the cheaper one.",
    )


class _Times:
    """A picture that is no display of its own."""

    def __init__(self, results: Results, known: np.ndarray):
        self.results, self.known = results, known

    def plot(self) -> _Times:
        import matplotlib.pyplot as plt

        results, known = self.results, self.known
        self.figure_, axes = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
        seconds, means = results.fit_time[known], results.test_mean[known]
        axes.scatter(seconds, means, s=18, color=BLUE, alpha=0.8, linewidths=0)
        place = results.best_index
        if place is not None and known[place]:
            axes.plot(
                results.fit_time[place],
                results.test_mean[place],
                marker="*",
                markersize=13,
                color=ORANGE,
                linestyle="none",
                label="the best candidate",
            )
            axes.legend(loc="best")
        if seconds.min() > 0 and seconds.max() > 8 * seconds.min():
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_xlabel("mean time of a fit (s)")
        axes.set_ylabel(plain(f"mean {results.score_name}"))
        return self


def _drawing(
    make: Callable[[], Any], name: str, title: str, told: str, caption: str, *, plate: bool = False
) -> Drawing:
    """What `make` gives, drawn; or why it cannot be."""
    import matplotlib.pyplot as plt

    before = set(plt.get_fignums())
    try:
        # Displays make their figures by pyplot, which shows none of them here and forgets them at once.
        with plt.ioff(), page_style():
            display = make()
            display.plot()
            svg = inline_svg(display.figure_, f"picture-{name}", f"{title}. {told}", plate=plate)
    except (InvalidParameterError, HistoriesNotFoundError) as error:
        return Drawing(title, missing=one_line(error, 600))
    except (
        Exception
    ) as error:  # such as values near the largest float: the rest of the page is worth more
        reason = one_line(f"{type(error).__name__}: {error}", 300)
        return Drawing(title, missing=f"the picture could not be drawn ({reason}).")
    finally:
        # Also that of a picture which broke off before it was a display's own.
        for number in set(plt.get_fignums()) - before:
            plt.close(number)
    return Drawing(title, caption, svg)


def _scores(results: Results) -> str:
    """How many candidates there are, and the range of their scores."""
    means = results.test_mean[~results.failed]
    failed = int(results.failed.sum())
    told = f"{one_line(results.score_name, 60)} of {count_text(len(means), 'candidate')}"
    if len(means):
        decimals = decimals_of(float(np.median(means)))
        low, high = (
            number_text(float(means.min()), decimals),
            number_text(float(means.max()), decimals),
        )
        told += f", from {low} to {high}"
    return told + (f", and {failed} failed" if failed else "")


def _best(results: Results) -> str:
    place = results.best_index
    if place is None:
        return ""
    score = spread_text(float(results.test_mean[place]), float(results.test_std[place]))
    having = [
        f"{one_line(one.label, 60)} {one.texts[place]}"
        for one in results.varied
        if one.present[place]
    ]
    told = f" The best, with {score}, is candidate {place}"
    return told + (f": {list_text(having)}." if having else ".")


_PICTURES: dict[str, Callable[[Summary], Drawing]] = {
    "candidates": figure_of_candidates,
    "convergence": figure_of_convergence,
    "gap": figure_of_gap,
    "importance": figure_of_importance,
    "learning_curves": figure_of_learning_curves,
    "pair_effect": figure_of_pair_effect,
    "parallel_coordinates": figure_of_parallel_coordinates,
    "search_space": figure_of_search_space,
    "times": figure_of_times,
}
