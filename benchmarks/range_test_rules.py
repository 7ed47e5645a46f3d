"""Which rule makes the best suggestion of the curve of a learning-rate range test.

Each pair of a set of data and an optimizer gets two range tests of three repeats each, and fits at a grid of
learning rates, of 5 and of 20 epochs, two seeds each, scored on a held-out quarter of the rows. The regret of
a suggestion is how far the score at it, interpolated over the logarithm of the rate, stays behind the best
of the grid (accuracy, or R2 of at least -1). The spread is the mean factor between the suggestions of the two
tests.

The rule of skdl is "80% of the fall". "Steepest" is the most negative slope before the minimum, as
many write the test; "minimum / 10" and "valley" are those of fastai.
"""

import sys
import warnings

import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn import datasets
from sklearn.base import clone
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

import skdl
from skdl.exceptions import DivergedError

SETS = {
    "digits": datasets.load_digits,
    "breast_cancer": datasets.load_breast_cancer,
    "wine": datasets.load_wine,
    "diabetes": datasets.load_diabetes,
    "friedman1": lambda **_: datasets.make_friedman1(2000, noise=1, random_state=0),
    "four classes": lambda **_: datasets.make_classification(
        3000, 20, n_informative=10, n_classes=4, flip_y=0.1, random_state=0
    ),
}
NETWORKS = {
    "adam": {},
    "sgd": {"optimizer": "sgd"},
    "momentum": {"optimizer": "sgd", "momentum": 0.9},
    "rmsprop": {"optimizer": "rmsprop"},
    "batches of 256": {"batch_size": 256},
    "three layers": {"hidden_layer_sizes": (64, 64, 64)},
    "three normalized layers": {
        "hidden_layer_sizes": (64, 64, 64),
        "normalization": "batch",
    },
}
GRID = np.geomspace(1e-4, 3, 19)
EPOCHS = (5, 20)


def fall(part):
    def rule(rates, curve):
        reached = curve[0] - part * (curve[0] - curve.min())
        return rates[np.argmax(curve <= reached)]

    return rule


def steepest(rates, curve):
    slope = np.gradient(curve, np.log(rates))
    return rates[np.argmin(slope[: max(1, np.argmin(curve))])]


def below_minimum(factor):
    return lambda rates, curve: rates[np.argmin(curve)] / factor


def valley(rates, curve):
    """Two thirds of the way through the longest falling subsequence."""
    lengths, end = np.ones(len(curve), int), 0
    for i in range(len(curve)):
        longer = lengths[:i][curve[:i] > curve[i]]
        lengths[i] = longer.max(initial=0) + 1
        if lengths[i] > lengths[end]:
            end = i
    start = end - lengths[end]
    return rates[max(0, start) + int((end - start) * 2 / 3)]


RULES = {f"{part:.0%} of the fall": fall(part) for part in (0.5, 0.7, 0.8, 0.9)} | {
    "steepest": steepest,
    "minimum / 5": below_minimum(5),
    "minimum / 10": below_minimum(10),
    "valley": valley,
}


def suggestions(estimator, X, y, top):
    """What each rule says of two tests, an array of shape (n_rules, 2)."""
    found = []
    for seed in (0, 3):
        test = skdl.lr_range_test(estimator, X, y, max_lr=top, random_state=seed)
        alive = np.isfinite(test.smoothed_loss_)
        curve = test.learning_rates_[alive], test.smoothed_loss_[alive]
        found.append([rule(*curve) for rule in RULES.values()])
    return np.transpose(found)


def scores(estimator, X, y):
    """The held-out score by rate, an array of shape (n_epochs, n_rates)."""
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

    def score(**params):
        try:
            return clone(estimator).set_params(**params).fit(X_train, y_train).score(X_test, y_test)
        except DivergedError:
            return -1.0

    return np.array(
        [
            [
                np.mean(
                    [
                        max(-1.0, score(epochs=n, learning_rate=float(rate), random_state=seed))
                        for seed in (0, 1)
                    ]
                )
                for rate in GRID
            ]
            for n in EPOCHS
        ]
    )


def main():
    warnings.filterwarnings("ignore", "lr_range_test went", UserWarning)
    pairs = [(name, settings) for name in SETS for settings in NETWORKS]
    said, regrets = [], []
    for name, network in track(pairs, console=Console(stderr=True)):
        X, y = SETS[name](return_X_y=True)
        X, settings = scale(X), NETWORKS[network]
        numbers = name in ("diabetes", "friedman1")
        y = scale(y) if numbers else y
        estimator = (skdl.MLPRegressor if numbers else skdl.MLPClassifier)(**settings)
        rates = suggestions(estimator, X, y, 10.0 if network in ("sgd", "momentum") else 1.0)
        by_rate = scores(estimator, X, y)
        at = [np.interp(np.log(rates), np.log(GRID), row) for row in by_rate]
        regrets.append([row.max() - there for row, there in zip(by_rate, at, strict=True)])
        said.append(rates)
    regrets, said = np.array(regrets), np.array(said)
    spread = np.exp(np.abs(np.diff(np.log(said), axis=2)).mean(axis=(0, 2)))
    table = Table(
        "rule", *(f"regret, {n} epochs" for n in EPOCHS), "the worst", "spread", box=SIMPLE
    )
    for place, name in enumerate(RULES):
        own = regrets[:, :, place]
        means = [f"{one:.4f}" for one in own.mean(axis=(0, 2))]
        table.add_row(name, *means, f"{own.max():.2f}", f"{spread[place]:.2f}")
    Console(width=100).print(f"{len(pairs)} pairs", table)


if __name__ == "__main__":
    sys.exit(main())
