"""The pictures of a report, each behind one function, with a text that says in numbers what it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdl.displays.candidate_comparison import MOST_LINES
from skdl.displays.convergence import ConvergenceDisplay
from skdl.displays.pair_effect import PairEffectDisplay
from skdl.displays.parallel_coordinates import ParallelCoordinatesDisplay
from skdl.displays.search_space import SearchSpaceDisplay
from skdl.displays.train_test_gap import TrainTestGapDisplay
from skdl.exceptions import InvalidParameterError
from skdl.report.facts.subject import spread_of
from skdl.report.facts.summary import Summary
from skdl.report.html.score_by_time import ScoreByTime, known_times
from skdl.report.html.svg import inline_svg, page_style
from skdl.report.sections.importance_sentences import importance_sentence
from skdl.report.words import (
    count_text,
    decimals_of,
    list_text,
    number_text,
    seconds_text,
    spread_text,
)
from skdl.results.hyperparameters import Hyperparameter
from skdl.results.results import Results
from skdl.results.same_splits import candidates_share_splits
from skdl.results.value_texts import capital, one_line


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
    score = one_line(summary.facts.score_name, 60)
    title = f"Best {score} so far"
    scored = [one for one in summary.searches if one.results.best_index is not None]
    if not scored:
        return Drawing(title)
    ends = [
        f"{one.name} reaches {number_text(one.best_mean, decimals_of(one.best_mean))} with "
        f"{count_text(one.facts.n_candidates, 'candidate')}"
        for one in scored
    ]
    failed = [one.name for one in summary.searches if one.results.best_index is None]
    lost = f" All candidates of {list_text(failed)} failed." if failed else ""
    return _drawing(
        lambda: ConvergenceDisplay({one.name: one.results for one in scored}),
        "convergence",
        title,
        lambda _: f"{list_text(ends)}.{lost}",
        "Each line is a search, which rises where a better candidate was found; each small point is a "
        "candidate. Left by the number of candidates that were tried, right by the time that took."
        f"{lost}",
    )


def figure_of_candidates(summary: Summary) -> Drawing:
    """The best candidates' scores by split, and their differences."""
    display = summary.candidates
    if display is None or len(display.candidates_) < 2:
        return Drawing("The best candidates")
    decimals = decimals_of(float(np.nanmean(display.scores_)))
    means = [
        f"{number_text(float(row.mean()), decimals)} ({label})"
        for row, label in zip(display.scores_, display.labels_, strict=True)
    ]
    results, score = summary.results, one_line(summary.facts.score_name, 60)
    joined = ""
    if results.n_splits <= MOST_LINES and candidates_share_splits(results):
        joined = ", thin ones join the scores of a split"
    return _drawing(
        lambda: display,
        "candidates",
        f"The best {len(means)} candidates, split by split",
        lambda _: f"Their mean {score} is {list_text(means)}. {display.summary_}",
        f"Left, the {score} in each split: the upright line is the mean{joined}. Right, the difference to "
        "the best candidate with a 95 % interval, which allows for the training rows that splits share and "
        "for as many comparisons: where it holds zero, it is blue, and the two cannot be told apart.",
    )


def figure_of_importance(summary: Summary) -> Drawing:
    """Which hyperparameters mattered; nothing where that cannot be told."""
    display, title = summary.importance, "Importance of each hyperparameter"
    if display is None or not display.enough:
        return Drawing(title)
    return _drawing(
        lambda: display,
        "importance",
        title,
        lambda _: importance_sentence(display),
        "How much worse a forest explains the scores once the values of that hyperparameter are shuffled, "
        "with a 95 % interval. Blue bars are told from chance, grey ones are not: chance reaches as far as "
        "the dashed line.",
    )


def figure_of_search_space(summary: Summary) -> Drawing:
    """Score against each hyperparameter."""
    results = summary.results
    return _drawing(
        lambda: SearchSpaceDisplay(results),
        "search-space",
        f"{_capital_score(results)} against each hyperparameter",
        lambda display: _told(results, display.hyperparameters_),
        "Each point is a candidate, at its value of the hyperparameter and the mean of its splits.",
    )


def figure_of_pair_effect(summary: Summary) -> Drawing:
    """Two hyperparameters and the score."""
    results = summary.results
    if len(results.varied) < 2:
        return Drawing("Two hyperparameters together")
    pair = _most_important(summary)
    try:
        display = PairEffectDisplay(results, pair=pair)
    except InvalidParameterError as reason:
        return Drawing("Two hyperparameters together", missing=one_line(reason, 400))
    shown = (display.x_, display.y_)
    title = f"{_capital_score(results)} by {list_text(one_line(one.label, 60) for one in shown)}"
    told = _best(results)
    if display.is_grid_:
        caption = "Each cell is the mean of the candidates with these two values, the brighter the better."
        told = f"{_cells(display.means_, *shown)} {told}"
    else:
        caption = (
            "Each point is a candidate, the brighter the better. Colours between them, where there are any, "
            "are interpolated."
        )
    if results.iteration is not None:
        caption += " Only the candidates of the first iteration, which had equally many resources."
    if pair is not None:
        caption += " No other two have a higher importance."
    return _drawing(
        lambda: display,
        "pair-effect",
        title,
        lambda _: told,
        caption,
        plate=True,
    )


def _most_important(summary: Summary) -> tuple[str, str] | None:
    """The names of the two hyperparameters that mattered most, as the search orders them, where known."""
    display, varied = summary.importance, [one.name for one in summary.results.varied]
    if display is None or not display.enough or len(varied) < 3:
        return None
    first, second = sorted((one.name for one in display.hyperparameters_[:2]), key=varied.index)
    return first, second


def _cells(means: np.ndarray, x: Hyperparameter, y: Hyperparameter) -> str:
    """The highest and the lowest cell, by their values where each category has its row or column."""
    decimals = decimals_of(float(np.nanmedian(np.abs(means))))
    named = means.shape == (len(y.categories), len(x.categories))

    def cell(place: np.intp) -> str:
        row, column = np.unravel_index(place, means.shape)
        value = number_text(float(means[row, column]), decimals)
        if not named:
            return value
        at = f"{one_line(x.label, 60)} {x.categories[column]} and {one_line(y.label, 60)} {y.categories[row]}"
        return f"{value} at {at}"

    return (
        f"The highest cell is {cell(np.nanargmax(means))}, the lowest {cell(np.nanargmin(means))}."
    )


def figure_of_parallel_coordinates(summary: Summary) -> Drawing:
    """All candidates as lines."""
    results, title = summary.results, "All candidates, from their hyperparameters to their score"
    if len(results.varied) < 2:
        return Drawing(title)
    caption = (
        "Each line is a candidate. It crosses each axis at its value and ends at its mean "
        f"{one_line(results.score_name, 60)}, the brighter the better; the best one is thick."
    )
    if results.failed.any():
        caption += " Those that failed are grey."
    return _drawing(
        lambda: ParallelCoordinatesDisplay(results),
        "parallel-coordinates",
        title,
        lambda display: _told(results, display.hyperparameters_),
        caption,
        plate=True,
    )


def figure_of_learning_curves(summary: Summary) -> Drawing:
    """Losses and metrics of the best candidates by epoch."""
    title, training = "Training curves", summary.training
    if training is None or training.curves is None:
        return Drawing(title)
    display = training.curves
    ends: dict[int, list[str]] = {}
    for (candidate, name), curve in display.means_.items():
        found = curve.mean[np.isfinite(curve.mean)]
        if len(found):
            end = f"{name} goes from {found[0]:.3g} to {found[-1]:.3g} in {count_text(len(found), 'epoch')}"
            ends.setdefault(candidate, []).append(end)
    labels = display.labels or {}
    told = [
        f"For {labels.get(candidate, f'candidate {candidate}')}, {list_text(parts)}."
        for candidate, parts in ends.items()
    ]
    caption = (
        "Training and validation"
        if any(n.startswith("val_") for _, n in display.means_)
        else "Training"
    )
    caption += " by epoch"
    if len(display.fits) > len(ends):
        caption += ": thick lines are the mean over the splits, thin ones single fits"
    return _drawing(
        lambda: display,
        "learning-curves",
        f"{title} of {training.curves_of}",
        lambda _: " ".join(told),
        f"{caption}.",
    )


def figure_of_gap(summary: Summary) -> Drawing:
    """Training against validation score."""
    results = summary.results
    title = f"{_capital_score(results)} in training and in validation"
    if results.train_scores is None:
        search = "search" if summary.facts.is_search else "cross-validation"
        missing = f"the {search} kept no training scores; pass return_train_score=True to it."
        return Drawing(title, missing=missing)
    if summary.best is None:
        return Drawing(title)
    try:
        display = TrainTestGapDisplay(results)
    except InvalidParameterError as reason:
        return Drawing(title, missing=one_line(reason, 400))
    train, place = results.train_mean, summary.best.candidate
    assert train is not None
    decimals = decimals_of(summary.best.score.mean, summary.best.score.std)
    told = (
        f"{capital(summary.facts.best_name)} reaches {number_text(float(train[place]), decimals)} on its "
        f"training rows and {number_text(summary.best.score.mean, decimals)} on others."
    )
    return _drawing(
        lambda: display,
        "gap",
        title,
        lambda _: f"{told} {display.summary_}",
        "A candidate on the diagonal does as well on other rows as on those it was trained on. One that is "
        "low on both underfits, one far below the diagonal overfits.",
    )


def figure_of_times(summary: Summary) -> Drawing:
    """Score against seconds: which candidates are as good in less time."""
    results = summary.results
    title = f"{_capital_score(results)} against the time of a fit"
    known = known_times(results)
    if known.sum() < 2:
        return Drawing(title)
    seconds = results.fit_time[known]
    told = (
        f"{count_text(int(known.sum()), 'candidate')}; a fit took {seconds_text(float(seconds.min()))} to "
        f"{seconds_text(float(seconds.max()))} in the mean. {_best(results)}"
    )
    caption = (
        "Each point is a candidate. Of two with the same score the one further left is the cheaper."
    )
    return _drawing(lambda: ScoreByTime(results), "times", title, lambda _: told, caption)


def _drawing(
    make: Callable[[], Any],
    name: str,
    title: str,
    tell: Callable[[Any], str],
    caption: str,
    *,
    plate: bool = False,
) -> Drawing:
    """What `make` gives, drawn, with what `tell` says of it; or why it cannot be."""
    import matplotlib.pyplot as plt

    before = set(plt.get_fignums())
    try:
        # Displays make their figures by pyplot, which shows none of them here and forgets them at once.
        with plt.ioff(), page_style():
            display = make()
            display.plot()
            svg = inline_svg(
                display.figure_, f"picture-{name}", f"{title}. {tell(display)}", plate=plate
            )
    except InvalidParameterError as error:
        return Drawing(title, missing=one_line(error, 600))
    except Exception as error:
        # Such as values near the largest float: the rest of the page is worth more.
        reason = one_line(f"{type(error).__name__}: {error}", 300)
        return Drawing(title, missing=f"the picture could not be drawn ({reason}).")
    finally:
        # Also that of a picture which broke off before it was a display's own.
        for number in set(plt.get_fignums()) - before:
            plt.close(number)
    return Drawing(title, caption, svg)


def _told(results: Results, by: Sequence[Hyperparameter]) -> str:
    """How many candidates a picture shows by what, the range of their scores, and the best of them."""
    means = results.test_mean[~results.failed]
    decimals = decimals_of(float(np.median(means)))
    low, high = (number_text(float(end), decimals) for end in (means.min(), means.max()))
    told = (
        f"{count_text(len(means), 'candidate')} by {list_text(one_line(one.label, 60) for one in by)}, with "
        f"{one_line(results.score_name, 60)} from {low} to {high}."
    )
    if results.failed.any():
        told += f" {int(results.failed.sum()):,} more failed."
    return f"{told} {_best(results)}"


def _best(results: Results) -> str:
    place = results.best_index
    if place is None:
        return ""
    score = spread_text(float(results.test_mean[place]), spread_of(results, place))
    having = [
        f"{one_line(one.label, 60)} {one.texts[place]}"
        for one in results.varied
        if one.present[place]
    ]
    told = f"The best, with {score}, is candidate {place}"
    return told + (f": {list_text(having)}." if having else ".")


def _capital_score(results: Results) -> str:
    return capital(one_line(results.score_name, 60))


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
