"""How often ImportanceDisplay names a hyperparameter, where none matters and where one does.

Each row is that many random searches over a learning rate, a width and an activation function whose mean
scores are made up: pure noise, or 70 % of their variance from the logarithm of the learning rate and 30 %
noise. The last columns are the intervals: how often that of the learning rate and that of the width hold the
mean importance over all searches of the row.
"""

import argparse

import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import track
from rich.table import Table

from skdl import ImportanceDisplay
from skdl.results.results import Results

PART = 0.7


def search(n_candidates, matters, rng):
    """The results of a random search with made-up scores."""
    rates = rng.uniform(-4, 0, n_candidates)
    noise = rng.standard_normal(n_candidates)
    # A uniform number on [-4, 0] has variance 16 / 12.
    score = np.sqrt(PART) * (rates + 2) / np.sqrt(16 / 12) + np.sqrt(1 - PART) * noise
    params = [
        {"rate": 10.0**rate, "units": int(units), "activation": str(activation)}
        for rate, units, activation in zip(
            rates,
            rng.integers(8, 256, n_candidates),
            rng.choice(["relu", "tanh", "gelu"], n_candidates),
            strict=True,
        )
    ]
    scores = 0.9 + 0.01 * (score if matters else noise)
    return Results.of_cv_results({"params": params, "split0_test_score": scores})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--searches", type=int, default=100)
    parser.add_argument("--candidates", type=int, nargs="+", default=[5, 10, 20, 50])
    args = parser.parse_args()
    console = Console()
    table = Table(box=SIMPLE)
    for name in ("candidates", "noise: named", "named", "and another", "interval", "of the width"):
        table.add_column(name, justify="right")
    for count in track(args.candidates, console=console, transient=True):
        rng = np.random.default_rng(count)
        by_chance = sum(
            ImportanceDisplay(search(count, False, rng)).told_.any() for _ in range(args.searches)
        )
        named = another = 0
        found = []
        for _ in range(args.searches):
            display = ImportanceDisplay(search(count, True, rng))
            names = [one.name for one in display.hyperparameters_]
            told = {name for name, is_told in zip(names, display.told_, strict=True) if is_told}
            named += "rate" in told
            another += bool(told - {"rate"})
            found.append(
                [
                    (display.importances_[place], display.low_[place], display.high_[place])
                    for place in (names.index("rate"), names.index("units"))
                ]
            )
        value, low, high = np.moveaxis(np.array(found), 2, 0)
        mean = value.mean(axis=0)
        held = ((low <= mean) & (mean <= high)).mean(axis=0)
        table.add_row(
            str(count),
            f"{by_chance / args.searches:.0%}",
            f"{named / args.searches:.0%}",
            f"{another / args.searches:.0%}",
            *[f"{part:.0%}" for part in held],
        )
    console.print(table)


if __name__ == "__main__":
    main()
