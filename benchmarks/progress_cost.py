"""What the line of progress costs a search, as a share of its seconds of the processor.

90 fits of the digits with warm programs under the backend, whose line is drawn on a pseudo-terminal that
another process reads. The cost is measured twice:

direct
    The seconds of the processor that the thread which draws has used, by its own clock, and those of the
    notes that each task takes for it, over those of the whole search. This decides, since what other programs
    do hardly changes it.
compared
    The same search with the line and without it, in turns. This also has what the line costs by being in the
    way of others, such as waiting for the interpreter, and it has the noise of the machine: its interval says
    what it can tell. Turns are made until that is narrow enough, or until time is up.

Intervals are of 95 %, over turns. The exit status is 1 where the direct interval is not below 1 %, or where
the compared one is above it.
"""

import argparse
import contextlib
import math
import os
import platform
import pty
import statistics
import subprocess
import sys
import time
from importlib.metadata import version

import joblib
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl
from skdl.parallel.progress import Tally
from skdl.parallel.progress_display import Display
from skdl.parallel.sklearn_tasks import Given, Told

MOST = 1.0  # per cent
GRID = {
    "mlpclassifier__learning_rate": [1e-3, 3e-3, 1e-2],
    "mlpclassifier__dropout": [0.0, 0.2, 0.4],
    "mlpclassifier__units": [32, 64],
}
N_SPLITS, N_CANDIDATES = 5, 18

drawing = []  # seconds of the processor of each thread that drew


def work_and_tell(self, work=Display._work):
    """The life of the thread that draws, which says at its end what it has used."""
    work(self)
    drawing.append(time.thread_time())


@contextlib.contextmanager
def terminal():
    """The standard error output is a terminal, whose text another process throws away."""
    ours, theirs = pty.openpty()
    reader = subprocess.Popen(
        ["cat"], stdin=ours, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(ours)
    before = sys.stderr
    with open(theirs, "w", encoding="utf-8") as stream:
        sys.stderr = stream
        try:
            yield
        finally:
            sys.stderr = before
    reader.wait()


def seconds(progress, X, y):
    """Seconds of the processor and on the clock of one search."""
    network = make_pipeline(
        StandardScaler(), skdl.MLPClassifier(units=64, epochs=20, random_state=0)
    )
    search = GridSearchCV(network, GRID, cv=N_SPLITS, refit=False)
    with terminal() if progress else contextlib.nullcontext():
        started = time.process_time(), time.perf_counter()
        with joblib.parallel_config("skdl", progress=progress):
            search.fit(X, y)
        return time.process_time() - started[0], time.perf_counter() - started[1]


def seconds_of_notes(repeats=100):
    """Seconds that the tasks of one search take to be counted."""
    told = Told({}, 0, n_splits=N_SPLITS, n_candidates=N_CANDIDATES)
    given = Given(test_scores=0.5)
    started = time.thread_time()
    for _ in range(repeats):
        tally = Tally()
        tally.begin_call(None)
        for position in range(N_SPLITS * N_CANDIDATES):
            tally.begin_task(told)
            tally.end_task(position, told, given)
    return (time.thread_time() - started) / repeats


def interval(values):
    """The mean of `values` and half the width of its interval of 95 %."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return mean, math.inf
    return mean, 1.96 * statistics.stdev(values) / math.sqrt(len(values))


def per_cent(logarithms):
    """The mean ratio that `logarithms` are of, less one, and half the width of its interval."""
    mean, half = interval(logarithms)
    return 100 * math.expm1(mean), 100 * math.exp(mean) * half


def measure(options, X, y):
    """The cost of each turn: direct in per cent, compared as logarithms (processor, clock)."""
    direct, compared = [], []
    end = time.monotonic() + 60 * options.minutes
    while len(direct) < 2 or time.monotonic() < end:
        drawing.clear()
        # Who goes first takes turns too: a machine that slows down tells against the second.
        first = len(direct) % 2 == 0
        pair = {progress: seconds(progress, X, y) for progress in (first, not first)}
        direct.append(100 * (sum(drawing) + seconds_of_notes()) / pair[True][0])
        compared.append([math.log(a / b) for a, b in zip(pair[True], pair[False], strict=True)])
        if len(direct) >= 20 and per_cent([turn[0] for turn in compared])[1] < options.width:
            break
    return direct, compared


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=15.0, help="the most that it may take")
    parser.add_argument(
        "--width", type=float, default=0.3, help="half an interval, in per cent, that is enough"
    )
    options = parser.parse_args()
    X, y = load_digits(return_X_y=True)
    Display._work = work_and_tell
    for progress in (True, False):
        seconds(progress, X, y)
    direct, compared = measure(options, X, y)
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores. "
        f"Python {platform.python_version()}, skdl {version('skdl')}, rich {version('rich')}.\n"
        f"{len(direct)} turns of {N_SPLITS * N_CANDIDATES} fits."
    )
    cost, half = interval(direct)
    print(f"direct: {cost:.3f} +- {half:.3f} % of the seconds of the processor")
    decided = cost + half < MOST
    for name, logarithms in zip(("processor", "clock"), zip(*compared, strict=True), strict=True):
        found, width = per_cent(logarithms)
        print(f"compared, {name}: {found:+.2f} +- {width:.2f} %")
        decided &= found - width < MOST
    sys.exit(not decided)


if __name__ == "__main__":
    main()
