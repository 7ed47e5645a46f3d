"""What the line of progress costs a search: the same search with it on a terminal and without it, in turns.

90 fits of the digits with warm programs under the backend, whose line is drawn on a pseudo-terminal that
another process reads. Of each turn the seconds of the processor and those on the clock are compared with the
turn beside it. The exit status is 1 where the median turn takes more than 1 % more of the processor.
"""

import argparse
import contextlib
import os
import platform
import pty
import statistics
import subprocess
import sys
import time
from importlib.metadata import version

import joblib
from rich.console import Console
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl

MOST = 1.01


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
    grid = {
        "mlpclassifier__learning_rate": [1e-3, 3e-3, 1e-2],
        "mlpclassifier__dropout": [0.0, 0.2, 0.4],
        "mlpclassifier__units": [32, 64],
    }
    search = GridSearchCV(network, grid, cv=5, refit=False)
    with terminal() if progress else contextlib.nullcontext():
        started = time.process_time(), time.perf_counter()
        with joblib.parallel_config("skdl", progress=progress):
            search.fit(X, y)
        return time.process_time() - started[0], time.perf_counter() - started[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=20)
    options = parser.parse_args()
    X, y = load_digits(return_X_y=True)
    seconds(True, X, y)
    ratios = []
    for turn in range(options.turns):
        # Who goes first takes turns too: a machine that slows down tells against the second.
        pair = {progress: seconds(progress, X, y) for progress in (turn % 2 == 0, turn % 2 == 1)}
        ratios.append([shown / alone for shown, alone in zip(pair[True], pair[False], strict=True)])
    console = Console()
    console.print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores. "
        f"Python {platform.python_version()}, skdl {version('skdl')}, rich {version('rich')}.",
        highlight=False,
    )
    medians = []
    for name, found in zip(("processor", "clock"), zip(*ratios, strict=True), strict=True):
        low, median, high = statistics.quantiles(found, n=4)
        medians.append(median)
        console.print(
            f"{name}: with the line {median:.3f} times as long, quartiles {low:.3f} and {high:.3f}",
            highlight=False,
        )
    sys.exit(medians[0] > MOST)


if __name__ == "__main__":
    main()
