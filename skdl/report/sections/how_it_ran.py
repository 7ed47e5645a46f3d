"""The sections on how a search ran: training, failures, time, and how to make it again."""

from __future__ import annotations

import math

from skdl.engine.job import StopReason
from skdl.report.document import (
    Block,
    Code,
    Facts,
    Grid,
    Picture,
    Steps,
    Text,
)
from skdl.report.facts.summary import Summary
from skdl.report.words import count_text, decimals_of, list_text, number_text, seconds_text
from skdl.results.candidate_labels import candidate_labels
from skdl.results.value_texts import capital, uncapital

# Of longer lists of candidates the first are named.
MOST_NAMED = 12


def training_blocks(summary: Summary) -> list[Block]:
    """How networks trained, and the next step."""
    training = summary.training
    if training is None:
        return []
    blocks: list[Block] = []
    diagnosis, who = training.diagnosis, summary.facts.best_name
    if diagnosis is None:
        blocks.append(Text(f"{capital(who)} was not diagnosed: {training.not_diagnosed}"))
    elif not diagnosis.findings:
        text = f"No fault was seen in {who}."
        if diagnosis.healthy:
            text = f"{capital(who)} is healthy: each fault was looked for and none was seen."
        blocks.append(Text(text, strong=True))
    else:
        first = diagnosis.findings[0]
        told = f"skdl.diagnose names {list_text(fault.value for fault in diagnosis.faults)}."
        if first.advice:
            told += f" The next step: {first.advice[0]}."
        blocks.append(Text(told, strong=True))
        blocks.append(
            Steps(
                tuple(
                    (f"{capital(one.kind.value)}: {one.evidence}", tuple(one.advice))
                    for one in diagnosis.findings
                )
            )
        )
        if diagnosis.prefix:
            blocks.append(Text(f"Names of parameters begin with {diagnosis.prefix!r} here."))
    if diagnosis is not None and diagnosis.missing:
        blocks += [Text(f"Not known: {uncapital(line)}") for line in diagnosis.missing]
    if training.epochs is not None:
        low, middle, high = training.epochs
        epochs = count_text(high, "epoch")
        if low < high:
            epochs = f"{low} to {epochs}, the median {middle:g}"
        blocks.append(
            Text(
                f"{count_text(training.n_networks, 'network')} ({training.whose}) trained for "
                f"{epochs}."
            )
        )
        advised = any(stop.advice for stop in training.stops)
        blocks.append(
            Grid(
                "Why training ended",
                ("reason", "networks", *(("what to do",) if advised else ())),
                (False, True, *((False,) if advised else ())),
                tuple(
                    (
                        stop.reason,
                        f"{stop.count:,}",
                        *((stop.advice or "nothing",) if advised else ()),
                    )
                    for stop in training.stops
                ),
            )
        )
        improving = StopReason.STILL_IMPROVING.value in {stop.reason for stop in training.stops}
        if improving and diagnosis is not None and diagnosis.healthy:
            blocks.append(
                Text(
                    "A network was still improving where its last epochs were its best, by however little: "
                    f"{who} would gain little from more epochs, and other candidates may."
                )
            )
    if training.not_recorded:
        blocks.append(Text(training.not_recorded))
    return [*blocks, Picture("learning_curves"), Picture("gap")]


def failed_blocks(summary: Summary) -> list[Block]:
    """Candidates without a score, by reason."""
    if not summary.failures:
        return [Text(f"None: all {count_text(summary.facts.n_fits, 'fit')} have a score.")]
    failed = len({place for one in summary.failures for place in one.candidates})
    fits = sum(one.n_fits for one in summary.failures)
    told = f"{fits:,} of {count_text(summary.facts.n_fits, 'fit')} failed."
    if summary.facts.is_search:
        told = f"{failed:,} of {count_text(summary.facts.n_candidates, 'candidate')} failed, in {fits:,} of "
        told += f"{count_text(summary.facts.n_fits, 'fit')}."
    blocks: list[Block] = [
        Text(told, strong=True),
        Grid(
            "Why they failed",
            ("reason", "fits", "candidates", "the first of them says"),
            (False, True, False, False),
            tuple(
                (
                    one.reason,
                    f"{one.n_fits:,}",
                    _named(one.candidates),
                    one.message or "–",
                )
                for one in summary.failures
            ),
        ),
    ]
    if any(not one.message for one in summary.failures):
        blocks.append(
            Text(
                'Reasons are kept of searches that run inside of joblib.parallel_config("skdl"); '
                'error_score="raise" ends a search at the first of them.'
            )
        )
    return blocks


def _named(candidates: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, candidates[:MOST_NAMED]))
    more = len(candidates) - MOST_NAMED
    return shown if more <= 0 else f"{shown} and {more:,} more"


def time_blocks(summary: Summary) -> list[Block]:
    """Where the time went."""
    times, results = summary.times, summary.results
    if not math.isfinite(times.fitting):
        return [Text("The results hold no times.")]
    computing = times.computing
    refitted = "the best"
    if results.refitted is not None and results.refitted != results.best_index:
        refitted = f"candidate {results.refitted}"
    rows = [
        (name, seconds_text(seconds), f"{100 * seconds / computing:.0f} %" if computing else "–")
        for name, seconds in (
            ("fitting candidates", times.fitting),
            ("scoring them", times.scoring),
            (f"fitting {refitted} again, on all rows", times.refit),
        )
        if seconds is not None and math.isfinite(seconds)
    ]
    blocks: list[Block] = []
    if times.wall is None:
        blocks.append(
            Text(
                f"{seconds_text(computing)} of computation, summed over all fits; how long one waited for it "
                "was not recorded."
            )
        )
    else:
        ratio = (times.fitting + times.scoring) / times.wall if times.wall else math.nan
        blocks.append(
            Text(
                f"{seconds_text(times.wall)} from the first fit to the last, for "
                f"{seconds_text(times.fitting + times.scoring)} of computation: {ratio:.1f} fits at once in "
                "the mean."
            )
        )
    blocks.append(Grid("Computation", ("part", "time", "share"), (False, True, True), tuple(rows)))
    if results.n_candidates > 1:
        blocks.append(
            Grid(
                f"The slowest candidates, all splits; the median candidate took {seconds_text(times.median)}",
                ("candidate", "time", results.score_name, "hyperparameters"),
                (False, True, True, False),
                tuple(
                    (
                        str(place),
                        seconds_text(seconds),
                        number_text(
                            float(results.test_mean[place]),
                            decimals_of(float(results.test_mean[place])),
                        ),
                        candidate_labels(results, [place])[0],
                    )
                    for place, seconds in times.slowest
                ),
            )
        )
    if times.programs is not None and times.compiling:
        made = "functions of the native kernel"
        if times.programs:
            made = f"{count_text(times.programs, 'program')} and what the native kernel needed"
        blocks.append(
            Text(
                f"This process compiled {made} in {seconds_text(times.compiling)} so far, for this search "
                "and all else that it ran. A fit that has to wait for the compiler makes its candidate look "
                "slow."
            )
        )
    if results.n_candidates > 1:
        blocks.append(Picture("times"))
    return blocks


def again_blocks(summary: Summary) -> list[Block]:
    """Versions, seeds and code."""
    blocks: list[Block] = [Facts(summary.versions)]
    if summary.seeds:
        blocks.append(
            Grid("Seeds", ("parameter", "value"), (False, False), summary.seeds),
        )
        if any(value == "None" for _, value in summary.seeds):
            blocks.append(
                Text("What is seeded by None is drawn anew: another run gives other numbers.")
            )
    if summary.rebuild is None:
        blocks.append(Text("The estimator is not known from the scores alone."))
        return blocks
    which = "the best estimator" if summary.facts.is_search else "the estimator"
    if summary.best is None and summary.facts.is_search:
        which = "the estimator, with no candidate's hyperparameters since none is the best"
    told = f"This makes {which}, unfitted"
    if not summary.rebuild.complete:
        told += ", but for what the comments name"
    return [*blocks, Text(f"{told}."), Code(summary.rebuild.source)]
