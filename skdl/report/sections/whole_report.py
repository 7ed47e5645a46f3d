"""A summary in words and small tables, in the order in which it is read."""

from __future__ import annotations

import math

from skdl.report.document import Block, Candidates, Document, Section
from skdl.report.facts.summary import Summary
from skdl.report.sections.how_it_ran import (
    again_blocks,
    failed_blocks,
    time_blocks,
    training_blocks,
)
from skdl.report.sections.what_it_found import (
    best_blocks,
    mattered_blocks,
    reached,
    searched_blocks,
    searches_blocks,
)
from skdl.report.words import count_text, decimals_of, number_text, seconds_text
from skdl.results.value_texts import capital


def document_of(summary: Summary) -> Document:
    """All sections of a report."""
    searched = summary.facts.is_search
    parts: list[tuple[str, str, list[Block]]] = [
        ("searches", "The searches", searches_blocks(summary)),
        ("searched", "What was searched, on what data", searched_blocks(summary)),
        ("best", "The best candidate" if searched else "The scores", best_blocks(summary)),
        ("mattered", "What mattered", mattered_blocks(summary)),
        ("training", "How training went", training_blocks(summary)),
        (
            "candidates",
            "All candidates" if searched else "The whole table",
            [Candidates(summary.table)],
        ),
        ("failed", "Failed candidates" if searched else "Failed fits", failed_blocks(summary)),
        ("time", "Where the time went", time_blocks(summary)),
        ("again", "How to make it again", again_blocks(summary)),
    ]
    sections = tuple(Section(key, title, tuple(blocks)) for key, title, blocks in parts if blocks)
    return Document(_title(summary), headline(summary), sections)


def headline(summary: Summary) -> str:
    """What a reader is told first."""
    facts, best = summary.facts, summary.best
    effort = ", ".join(_effort(summary))
    if best is None:
        if not facts.is_search:
            return f"{capital(facts.estimator)} has no mean score, since not all fits have one; {effort}"
        return f"No candidate of {facts.estimator} has a score, all of them failed; {effort}"
    text = f"{capital(facts.estimator)} reaches {reached(best, facts.score_name)} in {facts.splits}"
    if summary.baseline is not None:
        decimals = decimals_of(best.score.mean, best.score.std)
        text += f", baseline {number_text(summary.baseline.mean, decimals)}"
    return f"{text}; {effort}"


def _effort(summary: Summary) -> list[str]:
    facts = [one.facts for one in summary.searches]
    times = [one.times.total for one in summary.searches]
    parts = [count_text(sum(one.n_fits for one in facts), "fit")]
    candidates = sum(one.n_candidates for one in facts if one.is_search)
    if candidates:
        parts.insert(0, count_text(candidates, "candidate"))
    if len(facts) > 1:
        parts.insert(0, count_text(len(facts), "search", "searches"))
    if all(map(math.isfinite, times)):
        known = all(one.times.wall is not None for one in summary.searches)
        parts.append(seconds_text(sum(times)) + ("" if known else " of computation"))
    return parts


def _title(summary: Summary) -> str:
    if not summary.facts.is_search:
        return f"Cross-validation of {summary.facts.estimator}"
    return f"Tuning report of {summary.facts.estimator}"
