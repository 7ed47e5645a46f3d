"""Searches over scikit-learn's own estimators within ``joblib.parallel_config("skdl")`` and outside of it.

Both sides take turns in one process, and the least seconds of each count, as others may use the machine.
The exit status is 1 where those within are more than 1.2 times those outside with the same `n_jobs`.
"""

import argparse
import os
import platform
import sys
import time
from importlib.metadata import version

import joblib
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import skdl  # noqa: F401 - makes the backend known

LIMIT = 1.2
N_JOBS = (None, 1, 2, -1)


def branches():
    parts = [
        ("standard", StandardScaler(), slice(0, 20)),
        ("unit", MinMaxScaler(), slice(20, 40)),
        ("as it is", "passthrough", slice(40, 64)),
    ]
    return make_pipeline(ColumnTransformer(parts), KNeighborsClassifier())


SEARCHES = {
    "forest": (
        RandomForestClassifier(30, random_state=0),
        {"max_depth": [4, 8, None]},
    ),
    "parallel forest": (
        RandomForestClassifier(30, random_state=0, n_jobs=-1),
        {"max_depth": [4, 8, None]},
    ),
    "neighbours": (
        KNeighborsClassifier(),
        {"n_neighbors": [1, 3, 5, 7, 9, 11], "weights": ["uniform", "distance"]},
    ),
    "k-d tree": (
        KNeighborsClassifier(algorithm="kd_tree"),
        {"n_neighbors": [1, 5, 9]},
    ),
    "three branches": (
        branches(),
        {"kneighborsclassifier__n_neighbors": [1, 3, 5, 7, 9, 11]},
    ),
}


def timed(search, X, y):
    started = time.perf_counter()
    search.fit(X, y)
    return time.perf_counter() - started


def sides(name, n_jobs, repeats, X, y):
    """The least seconds outside and within, the first turn of each not counted."""
    search = GridSearchCV(*SEARCHES[name], cv=5, n_jobs=n_jobs, refit=False)
    outside, within = [], []
    for _ in range(1 + repeats):
        outside.append(timed(search, X, y))
        with joblib.parallel_config("skdl"):
            within.append(timed(search, X, y))
    return min(outside[1:]), min(within[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--searches", default=",".join(SEARCHES), help="names, with commas between")
    arguments = parser.parse_args()
    X, y = load_digits(return_X_y=True)
    table = Table(
        box=SIMPLE, title=f"Seconds of a grid search; at most {LIMIT} times those outside"
    )
    table.add_column("search", no_wrap=True)
    for heading in ("n_jobs", "outside", "within", "ratio"):
        table.add_column(heading, justify="right", no_wrap=True)
    failed = False
    errors = Console(stderr=True)
    for name in arguments.searches.split(","):
        for n_jobs in N_JOBS:
            with errors.status(f"{name}, n_jobs={n_jobs}"):
                outside, within = sides(name, n_jobs, arguments.repeats, X, y)
            ratio = within / outside
            failed |= ratio > LIMIT
            text = f"{ratio:.2f}"
            cells = (
                f"{outside:.3f}",
                f"{within:.3f}",
                f"[red]{text}[/]" if ratio > LIMIT else text,
            )
            table.add_row(name, str(n_jobs), *cells)
    console = Console()
    # Where the output goes to a file rich takes 80 columns and would cut the names short.
    console.width = max(console.width, 100)
    console.print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, scikit-learn {version('scikit-learn')}, joblib "
        f"{version('joblib')}",
        highlight=False,
    )
    console.print(table)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
