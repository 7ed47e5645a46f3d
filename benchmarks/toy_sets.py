"""skdl's ready networks beside scikit-learn's, both at their defaults, on scikit-learn's toy sets.

Each estimator stands in ``make_pipeline(StandardScaler(), estimator)`` and is cross-validated in five
shuffled folds, once a seed. The seed is the estimator's `random_state` and draws the folds, so that
both libraries see the same rows. Scores are accuracy (stratified folds) or R2 (the mean over outputs).

A seed gives one difference, the mean over its folds of skdl's score minus scikit-learn's. The standard
error is that of the mean of these differences: their standard deviation (ddof=1) over the square root
of the number of seeds. The folds of one seed share most of their training rows, so that they are not
counted as repetitions of their own.

skdl is worse on a set where the mean difference is below minus one standard error. The exit status is
1 where it is worse on any set. The seconds are the median of a fit, which leaves out the one fit a
process that imports TensorFlow; they are comparable with ``--n-jobs 1`` on an otherwise idle machine.
"""

import argparse
import os
import platform
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn import datasets, neural_network
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl

CLASSIFICATION = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
}
REGRESSION = {"diabetes": datasets.load_diabetes, "linnerud": datasets.load_linnerud}
SETS = CLASSIFICATION | REGRESSION


class Outcome(NamedTuple):
    scores: np.ndarray  # of shape (n_seeds,), each the mean over the folds
    seconds: float  # the median of a fit


def cross_validated(library, name, seeds, n_jobs):
    X, y = SETS[name](return_X_y=True)
    if name in CLASSIFICATION:
        make_estimator, make_folds, scoring = library.MLPClassifier, StratifiedKFold, "accuracy"
    else:
        make_estimator, make_folds, scoring = library.MLPRegressor, KFold, "r2"
    runs = [
        cross_validate(
            make_pipeline(StandardScaler(), make_estimator(random_state=seed)),
            X,
            y,
            cv=make_folds(5, shuffle=True, random_state=seed),
            scoring=scoring,
            n_jobs=n_jobs,
            error_score="raise",
        )
        for seed in range(seeds)
    ]
    scores = np.array([run["test_score"].mean() for run in runs])
    return Outcome(scores, float(np.median([run["fit_time"] for run in runs])))


def compare(name, seeds, n_jobs):
    with warnings.catch_warnings():
        # Some sets are not learnt within scikit-learn's default of 200 epochs. These defaults are what
        # is measured here, so that its advice to raise max_iter is not for us. skdl's warnings stay.
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = cross_validated(neural_network, name, seeds, n_jobs)
    return theirs, cross_validated(skdl, name, seeds, n_jobs)


def machine():
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].partition(":")[2].strip() if models else cpu
    packages = ("scikit-learn", "keras", "tensorflow", "numpy")
    versions = [f"Python {platform.python_version()}", f"skdl {skdl.__version__}"]
    versions += [f"{package} {version(package)}" for package in packages]
    return f"{cpu}, {os.cpu_count()} cores. {', '.join(versions)}."


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sets",
        nargs="+",
        choices=SETS,
        default=list(SETS),
        metavar="SET",
        help=f"of {', '.join(SETS)}; all by default",
    )
    parser.add_argument("--seeds", type=int, default=5, help="seeds 0, 1, ... (default: 5)")
    parser.add_argument("--n-jobs", type=int, default=1, help="folds at once (default: 1)")
    arguments = parser.parse_args()
    if arguments.seeds < 2:
        parser.error(f"Got --seeds {arguments.seeds}, expected 2 or more for a standard error.")

    console = Console()
    # Where the output goes to a file rich takes 80 columns and would cut the figures short.
    console.width = max(console.width, 120)
    console.print(machine(), highlight=False)
    table = Table("set", "metric", title=f"5 folds, mean of {arguments.seeds} seeds", box=SIMPLE)
    for heading in ("scikit-\nlearn", "skdl", "difference", "standard\nerror"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for heading in ("scikit-learn\ns per fit", "skdl\ns per fit"):
        table.add_column(heading, justify="right", no_wrap=True)

    any_worse = False
    for name in track(arguments.sets, "Comparing", console=Console(stderr=True), transient=True):
        theirs, ours = compare(name, arguments.seeds, arguments.n_jobs)
        differences = ours.scores - theirs.scores
        difference = differences.mean()
        error = differences.std(ddof=1) / np.sqrt(len(differences))
        worse = bool(difference < -error)
        any_worse |= worse
        table.add_row(
            name,
            "accuracy" if name in CLASSIFICATION else "R2",
            f"{theirs.scores.mean():.4f}",
            f"{ours.scores.mean():.4f}",
            f"{difference:+.4f}",
            f"{error:.4f}",
            "[red]worse[/]" if worse else "better" if difference > error else "no worse",
            f"{theirs.seconds:.2f}",
            f"{ours.seconds:.2f}",
        )
    console.print(table)
    return int(any_worse)


if __name__ == "__main__":
    sys.exit(main())
