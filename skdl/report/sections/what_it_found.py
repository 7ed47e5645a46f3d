"""The sections on what a search found: its space and data, the best candidate, what mattered."""

from __future__ import annotations

import math

import numpy as np

from skdl.report.document import (
    Block,
    Facts,
    Grid,
    Heading,
    Picture,
    Text,
)
from skdl.report.facts.baseline import Baseline
from skdl.report.facts.dataset import TargetFacts
from skdl.report.facts.subject import A_SEARCH, AN_ESTIMATOR, spread_of
from skdl.report.facts.summary import Best, Summary
from skdl.report.sections.importance_sentences import importance_sentence
from skdl.report.words import (
    count_text,
    decimals_of,
    decimals_of_ends,
    list_text,
    number_text,
    seconds_text,
    spread_text,
)
from skdl.results.value_texts import capital

# More splits than this stand below each other.
MOST_ACROSS = 10


def searches_blocks(summary: Summary) -> list[Block]:
    """Several searches over each other."""
    if len(summary.searches) < 2:
        return []
    chosen = summary.chosen
    rows = []
    for one in summary.searches:
        place = one.results.best_index
        score = "all failed"
        if place is not None:
            score = spread_text(float(one.results.test_mean[place]), spread_of(one.results, place))
        rows.append(
            (
                one.name,
                one.facts.method,
                f"{one.facts.n_candidates:,}",
                f"{one.facts.n_fits:,}",
                score,
                seconds_text(one.times.total),
            )
        )
    return [
        Text(
            f"{chosen.name!r} found the best candidate. The sections below are about this search.",
            strong=True,
        ),
        Grid(
            "What each search found",
            ("search", "method", "candidates", "fits", f"best {summary.facts.score_name}", "time"),
            (False, False, True, True, True, True),
            tuple(rows),
        ),
        *_other_splits(summary),
        Picture("convergence"),
    ]


def _other_splits(summary: Summary) -> list[Text]:
    """A warning where searches were scored on different splits, as far as is known."""
    known = {(one.facts.n_splits, one.facts.splitter) for one in summary.searches}
    counts = {count for count, _ in known}
    if len(counts) == 1 and len({splitter for _, splitter in known if splitter}) < 2:
        return []
    return [
        Text(
            "The searches were scored on different splits, of which some are easier than others: small "
            "differences between their scores mean nothing."
        )
    ]


def searched_blocks(summary: Summary) -> list[Block]:
    """What was searched, and on what data."""
    facts = summary.facts
    estimator = facts.estimator
    if facts.steps:
        estimator = f"Pipeline of {list_text(facts.steps)}"
    size = count_text(facts.n_fits, "fit")
    if facts.is_search:
        candidates = count_text(facts.n_candidates, "candidate")
        size = f"{candidates} × {count_text(facts.n_splits, 'split')} = {size}"
    others = facts.metrics[1:]
    scored = facts.score_name + (f"; also {list_text(others)}" if others else "")
    rows = [
        *([("Search", facts.method)] if facts.method != A_SEARCH else []),
        *([("Estimator", estimator)] if facts.estimator != AN_ESTIMATOR else []),
        ("Score", scored),
        ("Splits", facts.splits + (f": {facts.splitter}" if facts.splitter else "")),
        ("Size", size),
    ]
    blocks: list[Block] = [Facts(tuple(rows)), *(Text(note) for note in facts.notes)]
    if facts.tried:
        asked = any(one.asked and one.asked != one.values for one in facts.tried)
        names = ("hyperparameter", *(("searched",) if asked else ()), "tried")
        blocks.append(
            Grid(
                "Hyperparameters",
                names,
                (False,) * len(names),
                tuple(
                    (one.name, *((one.asked or "not known",) if asked else ()), one.values)
                    for one in facts.tried
                ),
            )
        )
    return [*blocks, Heading("The data"), *_data(summary)]


def _data(summary: Summary) -> list[Block]:
    data, target = summary.data, summary.target
    if data is None:
        return [
            Text(
                "Nothing is said of the data, which the report was not given: pass X and y to TuningReport."
            )
        ]
    sizes = [f"{data.shape[0]:,} rows"]
    if len(data.shape) == 2:
        sizes.append(count_text(data.shape[1], "column"))
    elif len(data.shape) > 2:
        sizes.append(" × ".join(map(str, data.shape[1:])) + " values each")
    if len(data.types) > 1:
        types = list_text(f"{kind} ({count})" for kind, count in data.types)
    else:
        types = data.types[0][0] if data.types else ""
    missing = count_text(data.n_missing, "value") if data.n_missing else "none"
    rows = [
        ("X", f"{' × '.join(sizes)}, {types} ({data.container})"),
        ("Missing in X", missing),
    ]
    rows.append(("y", "none" if target is None else _target_text(target)))
    rows.append(("Fingerprint of X and y" if target else "Fingerprint of X", data.fingerprint))
    blocks: list[Block] = [Facts(tuple(rows))]
    if target is not None and target.classes:
        total = data.shape[0] * target.n_outputs
        more = target.n_classes - len(target.classes)
        caption = f"{target.n_classes} classes" + (
            f", of which the {len(target.classes)} largest" if more else ""
        )
        classes = tuple(
            (label, f"{count:,}", f"{100 * count / total:.1f} %") for label, count in target.classes
        )
        blocks.append(Grid(caption, ("class", "rows", "share"), (False, True, True), classes))
    return blocks


def _target_text(target: TargetFacts) -> str:
    told = target.kind.replace("-", " ")
    if target.n_outputs > 1:
        told += f", {target.n_outputs} outputs"
    if target.mean is not None:
        told += (
            f": mean {target.mean:.4g}, standard deviation {target.std:.4g}, from {target.low:.4g} to "
            f"{target.high:.4g}"
        )
    return told


def reached(best: Best, name: str) -> str:
    """The score of the best candidate; one that is called nothing else is said as people say it."""
    score = spread_text(best.score.mean, best.score.std)
    return f"a score of {score}" if name == "score" else f"{score} {name}"


def best_blocks(summary: Summary) -> list[Block]:
    """The best candidate, beside the baseline."""
    best, baseline, facts = summary.best, summary.baseline, summary.facts
    if best is None:
        told = "All candidates failed, so there is none that is best."
        if not facts.is_search:
            told = "Not all fits have a score, so there is no mean."
        return [Text(told, strong=True)]
    decimals = decimals_of(best.score.mean, best.score.std)
    told = "The estimator reaches"
    if facts.is_search:
        told = f"Candidate {best.candidate} is the best of {facts.n_candidates:,}: it reaches"
    told += f" {reached(best, facts.score_name)}"
    if facts.n_splits > 1:
        told += f", the mean and the standard deviation over {facts.n_splits:,} splits"
    else:
        told += " on its one split"
    if best.score.train is not None:
        told += f", and {number_text(best.score.train, decimals)} on the rows it was trained on"
    told += "."
    blocks: list[Block] = [Text(told, strong=True)]
    if best.params:
        blocks.append(Facts(best.params))
    rows = [_folds(facts.best_name.removeprefix("the "), best.folds, decimals)]
    if baseline is not None:
        rows.append(_folds(baseline.name, baseline.scores, decimals))
        if baseline.same_splits:
            rows.append(_folds("difference", best.folds - baseline.scores, decimals))
    splits = [f"split {place}" for place in range(1, len(best.folds) + 1)]
    columns: list[tuple[str, ...]] = [("", "mean", "±", *splits), *rows]
    if len(splits) > MOST_ACROSS:
        columns = list(zip(*columns, strict=True))
    blocks.append(
        Grid(
            f"{capital(facts.score_name)} by split",
            columns[0],
            (False, *(True for _ in columns[0][1:])),
            tuple(columns[1:]),
        )
    )
    if baseline is None:
        blocks.append(Text(f"There is no baseline: {summary.no_baseline}."))
    else:
        blocks.append(Text(_against(summary, baseline)))
    if len(best.scores) > 1:
        blocks.append(_metrics(best))
    if summary.candidates is not None and len(summary.candidates.candidates_) > 1:
        shown = len(summary.candidates.candidates_)
        blocks.append(Text(f"The best {shown} beside each other. {summary.candidates.summary_}"))
    return [*blocks, Picture("candidates")]


def _against(summary: Summary, baseline: Baseline) -> str:
    """Whether the best candidate is better than the baseline."""
    assert summary.best is not None
    notes = f" {baseline.note}" if baseline.note else ""
    if summary.over_baseline is None:
        return f"The baseline has other splits, so the two are not compared split by split.{notes}"
    mean, low, high = summary.over_baseline
    decimals = decimals_of(summary.best.score.mean, summary.best.score.std)
    if math.isfinite(low):
        decimals = decimals_of_ends(low, high, decimals)
    told = f"The difference to {baseline.name} is {number_text(mean, decimals)}"
    if not math.isfinite(low):
        return f"{told}; there is no interval for it.{notes}"
    told += (
        f", with a 95 % interval from {number_text(low, decimals)} to {number_text(high, decimals)}"
    )
    told += ": "
    assumed = summary.sizes.assumed
    if assumed:
        told += f"if the splits are those of one {assumed}, "
        if not summary.facts.is_search:
            notes += " Pass return_indices=True to cross_validate for the splits to be known."
    if low > 0:
        return f"{told}{summary.facts.best_name} is better.{notes}"
    if high < 0:
        return f"{told}the baseline is better.{notes}"
    return f"{told}the two cannot be told apart.{notes}"


def _folds(name: str, scores: np.ndarray, decimals: int) -> tuple[str, ...]:
    spread = float(scores.std()) if len(scores) > 1 else math.nan
    numbers = (float(scores.mean()), spread, *map(float, scores))
    return (name, *(number_text(number, decimals) for number in numbers))


def _metrics(best: Best) -> Grid:
    trained = any(score.train is not None for score in best.scores)
    rows = []
    for score in best.scores:
        decimals = decimals_of(score.mean, score.std)
        row = [
            score.metric,
            number_text(score.mean, decimals),
            number_text(score.std, decimals),
        ]
        if trained:
            row.append(
                number_text(math.nan if score.train is None else score.train, decimals),
            )
        rows.append(tuple(row))
    names = ("metric", "mean", "±", *(("in training",) if trained else ()))
    return Grid(
        "The best candidate by each metric", names, (False, *[True] * (len(names) - 1)), tuple(rows)
    )


def mattered_blocks(summary: Summary) -> list[Block]:
    """Which hyperparameters mattered."""
    display = summary.importance
    if display is None:
        return []
    blocks: list[Block] = [Text(importance_sentence(display), strong=True), Picture("importance")]
    if display.enough:
        rows = [
            (
                one.name,
                number_text(importance, 2),
                f"{number_text(low, 2)} to {number_text(high, 2)}" if math.isfinite(low) else "–",
                "yes" if told else "no",
            )
            for one, importance, low, high, told in zip(
                display.hyperparameters_,
                display.importances_,
                display.low_,
                display.high_,
                display.told_,
                strict=True,
            )
        ]
        blocks.append(
            Grid(
                "Importance: by how much the R² of a forest falls without the hyperparameter",
                ("hyperparameter", "importance", "95 % interval", "told from chance"),
                (False, True, True, False),
                tuple(rows),
            )
        )
    return [
        *blocks,
        Picture("search_space"),
        Picture("pair_effect"),
        Picture("parallel_coordinates"),
    ]
