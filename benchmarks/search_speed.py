"""The seconds of searches and fits with skdl beside those of other libraries.

Each side of a comparison runs in a process of its own, one after the other, in one run of this program:
what counts is the ratio. TensorFlow is imported and has found its devices before the clock starts, in
the worker processes of peers as well; skdl's ready networks do without it. "Fresh" is the first search
of a process, compiling included, "warm" the second; of a single fit, warm is the median of five further
ones, or of a hundred where it takes a millisecond. Searches do not refit their best candidate. Peers
search with ``n_jobs=2``, skdl with ``n_jobs=None``, alone or within ``joblib.parallel_config("skdl")``,
which is marked by "backend". A step is one of 400 epochs in one fit. A process is timed from its start
to its end, imports included, and the shortest of three counts.

The ratio is the peer's seconds over skdl's. Rows without a peer may have a limit in seconds; there a
process before has compiled what the kernel needs, so that the fresh search only loads it. The exit
status is 1 where a ratio is below the number in its column "at least", where seconds are above those
in "at most", or where a side fails; with ``--quick`` only for the last, as small work says little of
either. Expect more than half an hour without ``--quick`` on two cores.

skorch is left out where it and torch are not installed; ``--skorch`` names the interpreter of an
environment that has them.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

SIDES = Path(__file__).with_name("search_sides.py")
# Best scores further apart than this are not of the same training.
SCORE_GAP = 0.05


class Comparison(NamedTuple):
    row: str
    work: str
    ours: str
    theirs: str | None
    fresh: float | None = None  # the least ratio of fresh searches, None where there is none
    warm: float | None = None
    candidates: int | None = None
    threads: int | None = None
    at_most: float | None = None  # the most seconds of the fresh search

    @property
    def name(self):
        extra = f", {self.candidates}" if self.candidates else ""
        extra += f", {self.threads} at once" if self.threads and self.threads > 1 else ""
        return f"{self.work}{extra}"


SKDL, BACKEND = "skdl", "skdl backend"
COMPARISONS = [
    Comparison("grid", "digits", SKDL, "scikeras", 50, 60),
    Comparison("backend", "digits", BACKEND, "scikeras", 80, 120),
    Comparison("skorch", "digits", BACKEND, "skorch", 8),
    Comparison("sklearn", "digits", BACKEND, "scikit-learn", 6, 6),
    Comparison("random", "widths", SKDL, "scikeras", 9),
    Comparison("random", "widths", BACKEND, "scikeras", 30),
    Comparison("diabetes", "diabetes", BACKEND, "scikeras", 120),
    Comparison("conv", "images", SKDL, "scikeras", 8),
    Comparison("conv", "images", BACKEND, "scikeras", 8),
    Comparison("lstm", "sequences", SKDL, "scikeras", 5),
    Comparison("lstm", "sequences", BACKEND, "scikeras", 5),
    Comparison("controls", "controls", SKDL, "scikeras", 40),
    Comparison("controls", "controls", BACKEND, "scikeras", 40),
    Comparison("step", "step", SKDL, "numpy", warm=1 / 1.3, threads=1),
    Comparison("step", "step", SKDL, "numpy", threads=2),
    Comparison("large", "fit 32x32x3", SKDL, "keras", warm=1.3),
    Comparison("large", "fit 784-2048-2048-10", SKDL, "keras", warm=1.3),
    Comparison("fit", "fit digits", SKDL, "keras", warm=20),
    Comparison("fit", "fit breast_cancer", SKDL, "keras", warm=20),
    Comparison("fit", "fit diabetes", SKDL, "keras", warm=20),
    Comparison("iris", "fit iris", SKDL, "scikit-learn", warm=1 / 1.5),
    Comparison("activations", "activations", BACKEND, None, at_most=1.5),
    Comparison("optimizers", "optimizers", BACKEND, None, at_most=1.5),
    Comparison("batches", "batches", BACKEND, None, at_most=1.5),
    Comparison("process", "process", SKDL, None, at_most=3),
    # The ratio of 1,000 candidates is the same, and would take the peer ten times as long.
    Comparison("many", "candidates", BACKEND, "scikit-learn", 6, candidates=100),
    # Longer searches with the peer would take hours.
    Comparison("scaling", "candidates", BACKEND, "scikeras", candidates=1),
    Comparison("scaling", "candidates", BACKEND, "scikeras", candidates=10),
    Comparison("scaling", "candidates", BACKEND, None, candidates=100),
    Comparison("scaling", "candidates", BACKEND, None, candidates=1000),
]
ROWS = list(dict.fromkeys(comparison.row for comparison in COMPARISONS))


class Sides:
    """Results of sides, each run once however many rows compare with it."""

    def __init__(self, *, quick, skorch, console):
        self._quick, self._skorch, self._console = quick, skorch, console
        self.results = {}

    def run(self, comparison, side):
        """The result of `side`, None where it failed."""
        of_work = comparison.work, comparison.candidates, comparison.threads
        key = (side, *of_work)
        if key not in self.results:
            # A second search of a peer takes minutes: only where some row asks for it, or it is ours.
            asking = [c for c in COMPARISONS if (c.work, c.candidates, c.threads) == of_work]
            twice = side.startswith(SKDL) or any(c.warm and c.theirs == side for c in asking)
            task = {
                "work": comparison.work,
                "side": side,
                "quick": self._quick,
                "searches": 2 if twice else 1,
                "candidates": comparison.candidates,
                "threads": comparison.threads,
            }
            title = f"{side}: {comparison.name}"
            if comparison.at_most:
                # The kernel is compiled once for a machine, which is no part of what has a limit.
                self._run({**task, "searches": 1}, f"{title}, before")
            self.results[key] = self._run(task, title)
        return self.results[key]

    def _run(self, task, title):
        python = self._skorch if task["side"] == "skorch" else sys.executable
        with self._console.status(title):
            done = subprocess.run(
                [python, str(SIDES), json.dumps(task)], capture_output=True, text=True, check=False
            )
        if done.returncode:
            self._console.print(f"{title} failed:\n{done.stderr[-2000:]}", markup=False)
            return None
        return json.loads(done.stdout.splitlines()[-1])

    def has_skorch(self):
        command = [self._skorch, "-c", "import skorch, torch"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def seconds_text(seconds):
    if seconds is None:
        return ""
    for unit, factor in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.1e} s"


def marked(text, wrong):
    return f"[red]{text}[/]" if wrong else text


def times_texts(comparison, ours, theirs):
    """The cells of fresh and of warm, and whether all ratios and seconds are what they should be."""
    cells, reached, most = [], True, comparison.at_most
    for place, least in enumerate((comparison.fresh, comparison.warm)):
        mine, other = (
            side["seconds"][place] if side and len(side["seconds"]) > place else None
            for side in (ours, theirs)
        )
        ratio = other / mine if mine and other else None
        low = bool(least and ratio and ratio < least)
        long = bool(place == 0 and most and mine and mine > most)
        reached &= not (low or long)
        cells.append(marked(seconds_text(mine), long))
        cells += [seconds_text(most)] if place == 0 else []
        cells += [seconds_text(other), marked(f"{ratio:.3g}x" if ratio else "", low)]
        cells.append(f"{round(least, 2):g}x" if least else "")
    return cells, reached


def scores_text(ours, theirs):
    first, second = (
        side["scores"][0] if side and side["scores"] else None for side in (ours, theirs)
    )
    texts = ["" if score is None else f"{score:.3f}" for score in (first, second)]
    apart = first is not None and second is not None and abs(first - second) > SCORE_GAP
    return [texts[0], marked(texts[1], apart)]


def times_table(chosen, sides):
    table = Table(box=SIMPLE, title="Seconds, and the peer's over skdl's")
    for heading in ("row", "work", "ours", "against"):
        table.add_column(heading, no_wrap=True)
    for first in (("fresh\nours", "\nat most"), ("warm\nours",)):
        for heading in (*first, "\ntheirs", "\nratio", "\nat least"):
            table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("score\nours", justify="right")
    table.add_column("\ntheirs", justify="right")
    failed = below = False
    for comparison in chosen:
        ours = sides.run(comparison, comparison.ours)
        theirs = sides.run(comparison, comparison.theirs) if comparison.theirs else None
        failed |= ours is None or (theirs is None and comparison.theirs is not None)
        cells, reached = times_texts(comparison, ours, theirs)
        below |= not reached
        names = (comparison.row, comparison.name, comparison.ours, comparison.theirs or "")
        table.add_row(*names, *cells, *scores_text(ours, theirs))
    return table, failed, below


def sides_table(results):
    """Memory of each side, the milliseconds a fit spends in each phase, and what the engine counted."""
    table = Table(
        box=SIMPLE, title="Peak memory; milliseconds a fit, by phase; skdl.engine.stats()"
    )
    for heading in ("side", "work"):
        table.add_column(heading, no_wrap=True)
    headings = ("fits", "peak MB", "", "build", "compile", "train", "score", "programs", "padding")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("fallbacks")
    for (side, work, candidates, threads), result in results.items():
        if result is None:
            continue
        comparison = Comparison("", work, side, None, candidates=candidates, threads=threads)
        stats = result["stats"]
        counted = ["", "", ""]
        if stats:
            reasons = "; ".join(f"{n} x {reason}" for reason, n in stats["fallbacks"].items())
            counted = [str(stats["programs"]), f"{stats['padding']:.1%}", reasons]
        phases = dict(zip(("fresh", "warm"), result["phases"], strict=False)) or {"": {}}
        for number, (state, spent) in enumerate(phases.items()):
            cells = [side, comparison.name, str(result["fits"]), f"{result['peak_mb']:.0f}"]
            parts = [f"{spent[part] * 1e3:.1f}" if spent else "" for part in headings[3:7]]
            table.add_row(*(["", "", "", ""] if number else cells), state, *parts, *counted)
            counted = ["", "", ""]
    return table


def quick(chosen):
    """The comparisons without limits, of two candidates at most; many of them alone are left out."""
    few = [
        c._replace(fresh=None, warm=None, at_most=None)
        for c in chosen
        if c.theirs or (c.candidates or 0) <= 10
    ]
    return [c._replace(candidates=c.candidates and min(c.candidates, 2)) for c in few]


def machine():
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].partition(":")[2].strip() if models else cpu
    packages = ("skdl", "scikeras", "scikit-learn", "keras", "tensorflow", "numpy")
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{cpu}, {os.cpu_count()} cores{load}. Python {platform.python_version()}, {versions}."


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows",
        default=",".join(ROWS),
        metavar="ROW,ROW",
        help=f"of {', '.join(ROWS)}; all by default",
    )
    parser.add_argument("--quick", action="store_true", help="small work, a few fits a side")
    parser.add_argument(
        "--skorch", default=sys.executable, metavar="PYTHON", help="an interpreter with skorch"
    )
    arguments = parser.parse_args()
    rows = arguments.rows.split(",")
    for row in rows:
        if row not in ROWS:
            parser.error(f"Got --rows {row}, expected some of {', '.join(ROWS)}.")

    console, errors = Console(), Console(stderr=True)
    # Where the output goes to a file rich takes 80 columns and would cut the figures short.
    console.width = max(console.width, 180)
    console.print(machine(), highlight=False)
    sides = Sides(quick=arguments.quick, skorch=arguments.skorch, console=errors)
    if "skorch" in rows and not sides.has_skorch():
        rows.remove("skorch")
        console.print(
            f"Without skorch: {arguments.skorch} cannot import it and torch. Name one that can by "
            "--skorch.",
            highlight=False,
        )
    chosen = [comparison for comparison in COMPARISONS if comparison.row in rows]
    if arguments.quick:
        chosen = quick(chosen)
    table, failed, below = times_table(chosen, sides)
    console.print(table)
    console.print(sides_table(sides.results))
    return int(failed or below)


if __name__ == "__main__":
    sys.exit(main())
