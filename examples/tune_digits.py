"""
Tune a network on handwritten digits
====================================

Grid, random and Bayesian search of the learning rate, its schedule, batch size, units and dropout of a
dense network with 5-fold cross-validation, on the 1,797 real digits that ship with scikit-learn. Nobody
has to know how many epochs are enough: each fit has more than that, and stops early. ``make tune`` runs
it.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import joblib
import matplotlib

matplotlib.use("Agg")  # files only, also on a machine without a screen
import matplotlib.pyplot as plt
from matplotlib.ticker import MaxNLocator
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from skopt import BayesSearchCV
from skopt.space import Categorical, Real

from skdl import MLPClassifier, TuningReport

CV = 5


def make_searches(quick: bool, n_jobs: int | None) -> dict[str, GridSearchCV]:
    """The three searches over the same five hyperparameters."""
    net = MLPClassifier(
        epochs=12 if quick else 40, early_stopping=True, patience=3 if quick else 5, random_state=0
    )
    network = Pipeline([("scale", StandardScaler()), ("net", net)])
    schedules = ["constant", "cosine"]
    trials = 3 if quick else 12
    grid = {
        "net__learning_rate": [1e-3, 5e-3],
        "net__batch_size": [64] if quick else [32, 64],
        "net__units": [32] if quick else [64, 128],
        "net__dropout": [0.2] if quick else [0.0, 0.2],
        "net__learning_rate_schedule": schedules[1:] if quick else schedules,
    }
    samples = {
        "net__learning_rate": loguniform(3e-4, 3e-2),
        "net__batch_size": [32, 64, 128],
        "net__units": [32, 64, 128, 256],
        "net__dropout": [0.0, 0.1, 0.2, 0.4],
        "net__learning_rate_schedule": schedules,
    }
    space = {
        **{
            name: Categorical(values)
            for name, values in samples.items()
            if name != "net__learning_rate"
        },
        "net__learning_rate": Real(3e-4, 3e-2, prior="log-uniform"),
    }
    same = {"cv": CV, "n_jobs": n_jobs}
    return {
        "grid": GridSearchCV(network, grid, **same),
        "random": RandomizedSearchCV(network, samples, n_iter=trials, random_state=0, **same),
        "Bayesian": BayesSearchCV(
            network,
            space,
            n_iter=trials,
            optimizer_kwargs={"n_initial_points": max(2, trials // 2)},
            random_state=0,
            **same,
        ),
    }


def describe(params: dict) -> str:
    """Parameters, one a line, by names that find room in a table."""
    lines = []
    for name, value in sorted(params.items()):
        short = name.removeprefix("net__").removeprefix("learning_rate_")
        lines.append(f"{short}={format(value, '.3g') if isinstance(value, float) else value}")
    return "\n".join(lines)


def write_results(path: Path, search: GridSearchCV) -> None:
    """``cv_results_`` as CSV, a row a candidate."""
    columns = search.cv_results_
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def plot_curve(path: Path, network: MLPClassifier) -> None:
    """Training and validation loss by epoch, and where it was best."""
    epochs = range(1, network.n_epochs_ + 1)
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.plot(epochs, network.history_["loss"], label="training")
    axes.plot(
        epochs, network.history_["val_loss"], label="validation (20% held out)", linestyle="--"
    )
    best = network.best_epoch_ + 1
    axes.axvline(best, color="grey", linestyle=":")
    axes.annotate(
        f"best epoch: {best}, whose weights are kept",
        (best, axes.get_ylim()[1]),
        xytext=(-5, -12),
        textcoords="offset points",
        ha="right",
        fontsize="small",
    )
    axes.set(xlabel="epoch", ylabel="cross-entropy loss", title="The best network on the digits")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few candidates and epochs")
    parser.add_argument("--n-jobs", type=int, help="fits at once (default: one a core)")
    parser.add_argument("--out", type=Path, default=Path("tune_digits"), help="folder for files")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.25, stratify=y, random_state=0
    )
    table = Table(
        title=f"Digits: accuracy in {CV}-fold cross-validation on {len(y_train)} rows, "
        f"{len(y_test)} held out",
        box=SIMPLE,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for column in ("method", "tried", "fits", "seconds", "accuracy", "held out", "best parameters"):
        side = "left" if column in ("method", "best parameters") else "right"
        table.add_column(column, justify=side, no_wrap=True)

    baseline = Pipeline([("scale", StandardScaler()), ("net", LogisticRegression(max_iter=1000))])
    started = time.perf_counter()
    scores = cross_val_score(baseline, X_train, y_train, cv=CV)
    held_out = baseline.fit(X_train, y_train).score(X_test, y_test)
    seconds = time.perf_counter() - started
    table.add_row(
        "baseline",
        "1",
        str(CV + 1),
        f"{seconds:.1f}",
        f"{scores.mean():.4f} \n± {scores.std():.4f}",
        f"{held_out:.4f}",
        "logistic regression",
    )

    searches = make_searches(options.quick, options.n_jobs)
    files = []
    for name, search in searches.items():
        started = time.perf_counter()
        # Threads of this process, which share compiled programs; on a terminal a line shows how far they are.
        with joblib.parallel_config("skdl"):
            search.fit(X_train, y_train)
        seconds = time.perf_counter() - started
        results = search.cv_results_
        candidates = len(results["params"])
        best = search.best_index_
        table.add_row(
            name,
            str(candidates),
            str(candidates * CV + 1),
            f"{seconds:.1f}",
            f"{results['mean_test_score'][best]:.4f} \n± {results['std_test_score'][best]:.4f}",
            f"{search.score(X_test, y_test):.4f}",
            describe(search.best_params_),
        )
        files.append(options.out / f"cv_results_{name.lower()}.csv")
        write_results(files[-1], search)

    report = TuningReport(searches, X_train, y_train, baseline=baseline)
    path = report.to_html(options.out / "report.html")

    best = max(searches.values(), key=lambda search: search.best_score_)
    network = clone(best.best_estimator_).set_params(net__validation_split=0.2)
    network.fit(X_train, y_train)
    files.append(options.out / "learning_curve.png")
    plot_curve(files[-1], network["net"])

    console = Console()
    console.print(table)
    net = network["net"]
    console.print(
        f"Early stopping of the best network, on a fifth of its rows: {net.n_epochs_} of {net.epochs} "
        f"epochs, {net.stop_message_}. The best was epoch {net.best_epoch_ + 1}, whose weights are kept.",
        highlight=False,
    )
    console.print("Files:", *(f"  {file}" for file in files), sep="\n")
    console.print("Report of the three searches over each other:", path, soft_wrap=True)


if __name__ == "__main__":
    main()
