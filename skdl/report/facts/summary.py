"""All that a report says, computed before a word of it is written."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import Any, TypeVar

import numpy as np

from skdl.displays.candidate_comparison import CandidateComparisonDisplay
from skdl.displays.importance import ImportanceDisplay
from skdl.displays.statistics.comparison import compare
from skdl.exceptions import InvalidParameterError
from skdl.report.facts.baseline import Baseline, baseline_of, check_baseline
from skdl.report.facts.dataset import DataFacts, TargetFacts, check_data, describe_data
from skdl.report.facts.failures import Failure, failures_of
from skdl.report.facts.how_trained import TrainingFacts, tasks_of, training_facts
from skdl.report.facts.rebuild import RebuildCode, rebuild_code
from skdl.report.facts.subject import (
    SearchFacts,
    facts_of,
    spread_of,
    template_of,
)
from skdl.report.facts.table import Table, table_of
from skdl.report.facts.times import TimeFacts, time_facts
from skdl.results.reading import read_several
from skdl.results.results import Results
from skdl.results.same_score import check_one_kind
from skdl.results.split_sizes import SplitSizes, sizes_of_splits
from skdl.results.value_texts import counted_apart, one_line

_Display = TypeVar("_Display", CandidateComparisonDisplay, ImportanceDisplay)

# Of the name of a search, in letters.
LONGEST_NAME = 60
_PACKAGES = ("skdl", "scikit-learn", "keras", "tensorflow", "numpy", "scipy", "joblib")


@dataclass(frozen=True)
class Score:
    """The best candidate by one metric, over the folds.

    ``std`` is nan of a single fold, ``train`` None where nobody measured it.
    """

    metric: str
    mean: float
    std: float
    train: float | None


@dataclass(frozen=True, eq=False)
class Best:
    """The best candidate.

    Attributes
    ----------
    candidate : int
        Its row of ``cv_results_``.
    params : tuple of (str, str)
        The hyperparameters by their short names, with values as texts.
    folds : ndarray of shape (n_splits,)
        Its scores.
    scores : tuple of Score
        By each metric, that which counts first.
    """

    candidate: int
    params: tuple[tuple[str, str], ...]
    folds: np.ndarray
    scores: tuple[Score, ...]

    @property
    def score(self) -> Score:
        """By the metric that counts."""
        return self.scores[0]


@dataclass(frozen=True, eq=False)
class OneSearch:
    """One of several searches.

    Attributes
    ----------
    name : str
        What the user calls it, told apart from the names of the others.
    results : Results
    facts : SearchFacts
    times : TimeFacts
    """

    name: str
    results: Results
    facts: SearchFacts
    times: TimeFacts

    @property
    def best_mean(self) -> float:
        """The best mean score; minus infinity where all failed."""
        place = self.results.best_index
        mean = -np.inf if place is None else float(self.results.test_mean[place])
        return mean if np.isfinite(mean) else -np.inf


@dataclass(frozen=True, eq=False)
class Summary:
    """What a report says of a search.

    Attributes
    ----------
    searches : tuple of OneSearch
        All that the report is about; a single one has no name.
    chosen : OneSearch
        The one with the best score, which everything below is about.
    data, target : DataFacts and TargetFacts, or None
    best : Best or None
        None where all candidates failed.
    baseline : Baseline or None
    no_baseline : str
        How to get one.
    over_baseline : tuple of (float, float, float) or None
        By how much the best candidate is better than the baseline, and the corrected interval of that; None
        where the two do not share their splits.
    sizes : SplitSizes
        How large the splits are taken to be, which the width of intervals depends on.
    candidates : CandidateComparisonDisplay or None
        The best candidates beside each other.
    importance : ImportanceDisplay or None
        Which hyperparameters mattered; None where none varies, or all candidates failed.
    training : TrainingFacts or None
        None where there is no network of skdl.
    table : Table
    failures : tuple of Failure
    versions : tuple of (str, str)
    rebuild : RebuildCode or None
        None where the estimator is not known.
    seeds : tuple of (str, str)
        What seeds the search, its folds and the best estimator.
    """

    searches: tuple[OneSearch, ...]
    chosen: OneSearch
    data: DataFacts | None
    target: TargetFacts | None
    best: Best | None
    baseline: Baseline | None
    no_baseline: str
    over_baseline: tuple[float, float, float] | None
    sizes: SplitSizes
    candidates: CandidateComparisonDisplay | None
    importance: ImportanceDisplay | None
    training: TrainingFacts | None
    table: Table
    failures: tuple[Failure, ...]
    versions: tuple[tuple[str, str], ...]
    rebuild: RebuildCode | None
    seeds: tuple[tuple[str, str], ...]

    @property
    def results(self) -> Results:
        """Those of the best search."""
        return self.chosen.results

    @property
    def facts(self) -> SearchFacts:
        """What the best search was."""
        return self.chosen.facts

    @property
    def times(self) -> TimeFacts:
        """Where the time of the best search went."""
        return self.chosen.times


def summarize(
    search: Any,
    X: Any = None,
    y: Any = None,
    baseline: Any = None,
    *,
    metric: str | None = None,
    histories: Any = None,
) -> Summary:
    """Read and compute all that a report says; see `TuningReport` for the parameters."""
    subjects = _subjects(search, metric)
    for results in subjects.values():
        check_data(X, y, results.search)
    data, target = (None, None) if X is None else describe_data(X, y)
    searches, recorded = [], {}
    for name, results in subjects.items():
        tasks, why_not = recorded[name] = tasks_of(results)
        searches.append(
            OneSearch(
                name,
                results,
                facts_of(results, y),
                time_facts(results, None if tasks is None else list(tasks.values())),
            )
        )
    chosen = max(searches, key=lambda one: one.best_mean)
    tasks, why_not = recorded[list(subjects)[searches.index(chosen)]]
    results = chosen.results
    check_baseline(baseline, results, X)
    compared, no_baseline = baseline_of(baseline, results, X, y)
    sizes = sizes_of_splits(
        results.search,
        results.n_splits,
        indices=results.source.get("indices"),
        X=None if results.inside else X,
        y=y,
    )
    template = template_of(results)
    rebuild = None if template is None else rebuild_code(template)
    return Summary(
        searches=tuple(searches),
        chosen=chosen,
        data=data,
        target=target,
        best=_best(results),
        baseline=compared,
        no_baseline=no_baseline,
        over_baseline=_over_baseline(results, compared, sizes),
        sizes=sizes,
        candidates=_made(CandidateComparisonDisplay, results, test_fraction=sizes.test_fraction),
        importance=_made(ImportanceDisplay, results),
        training=training_facts(
            results, tasks, why_not, X, None if results.inside else y, histories
        ),
        table=table_of(results, tasks),
        failures=failures_of(results, tasks),
        versions=_versions(),
        rebuild=rebuild,
        seeds=_seeds(results, rebuild),
    )


def _subjects(search: Any, metric: str | None) -> dict[str, Results]:
    """The results of each search by name; a single one is called nothing."""
    read = read_several(search, metric)
    if isinstance(read, Results):
        return {"": read}
    # Keys that differ may read the same where they are cut.
    names = counted_apart([one_line(name, LONGEST_NAME) for name in read], LONGEST_NAME)
    subjects = dict(zip(names, read.values(), strict=True))
    check_one_kind(subjects)
    return subjects


def _best(results: Results) -> Best | None:
    if results.best_index is None:
        return None
    place = results.best_index
    scores = []
    for one in results.by_each_metric:
        train = None if one.train_mean is None else float(one.train_mean[place])
        scores.append(
            Score(
                one_line(one.score_name),
                float(one.test_mean[place]),
                spread_of(one, place),
                train,
            )
        )
    params = tuple(
        (one_line(one.label), one.texts[place])
        for one in results.hyperparameters
        if one.present[place]
    )
    return Best(place, params, results.test_scores[place], tuple(scores))


def _over_baseline(
    results: Results, baseline: Baseline | None, sizes: SplitSizes
) -> tuple[float, float, float] | None:
    if baseline is None or not baseline.same_splits or results.best_index is None:
        return None
    best = results.test_scores[results.best_index]
    found = compare(baseline.scores, best[None, :], test_over_train=sizes.test_over_train)
    return float(found.difference[0]), float(found.low[0]), float(found.high[0])


def _made(display: type[_Display], results: Results, **options: Any) -> _Display | None:
    """A display, where the results are enough for one."""
    try:
        return display(results, **options)
    except InvalidParameterError:
        return None


def _versions() -> tuple[tuple[str, str], ...]:
    found = [("Python", platform.python_version())]
    for name in _PACKAGES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:  # run from its sources
            version = getattr(sys.modules.get(name), "__version__", None)
            if version is not None:
                found.append((name, str(version)))
    found.append(("system", one_line(f"{platform.system()} {platform.machine()}")))
    return tuple(found)


def _seeds(results: Results, rebuild: RebuildCode | None) -> tuple[tuple[str, str], ...]:
    found = []
    search = results.search
    for owner, name in ((search, "random_state"), (getattr(search, "cv", None), "cv.random_state")):
        seed = getattr(owner, "random_state", owner)
        if seed is not owner:
            found.append((f"{name} of the search", one_line(repr(seed), 60)))
    return (*found, *(() if rebuild is None else rebuild.seeds))
