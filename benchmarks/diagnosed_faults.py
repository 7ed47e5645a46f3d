"""What `skdl.diagnose` finds in networks that were made to have a fault, and in sound ones.

The thresholds in `skdl/diagnosis/findings.py` lie between what these fits showed. Each is on a part of a set
that comes with scikit-learn, scaled, with half of the other rows for validation. The groups say what a
network was made for, which is no truth about each of its fits: one unit is enough for breast cancer, and two
sets are learnt well at rates that are far too high for digits.

The first table counts the fits in which each fault was found. The second has the numbers that are compared
with thresholds: how they are spread in each group, fits that diverged left out.
"""

import argparse
import sys
from collections import defaultdict

import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skdl import MLPClassifier, MLPRegressor, diagnose
from skdl.diagnosis import Fault
from skdl.exceptions import DivergedError

# How to load a set, and how many rows to train on.
SETS = {
    "digits": (datasets.load_digits, 600),
    "breast_cancer": (datasets.load_breast_cancer, 300),
    "wine": (datasets.load_wine, 100),
    "iris": (datasets.load_iris, 90),
    "diabetes": (datasets.load_diabetes, 250),
}
SGD = {"optimizer": "sgd", "units": 64, "epochs": 40}
DEEP = {"n_layers": 2, "units": 256, "epochs": 100}
SLOW = {"units": 32, "epochs": 20}
STOPPED = {"units": 64, "epochs": 100, "early_stopping": True}
GROUPS = {
    "sound": [
        {**STOPPED, "dropout": 0.2, "weight_decay": 1e-3},
        {**STOPPED, "dropout": 0.2, "learning_rate": 5e-3, "reduce_lr_patience": 5},
        {**STOPPED, "optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9},
        {**STOPPED, "l2": 1e-3},
        {**STOPPED, "mixup": 0.2},
        {"units": 32, "epochs": 60, "batch_size": 8, "learning_rate": 1e-3, "dropout": 0.5},
    ],
    "defaults": [{}, {"units": 256, "n_layers": 2}],
    "rates far too high": [
        *({**SGD, "learning_rate": rate} for rate in (10.0, 30.0, 1e3, 1e5)),
        *({**SGD, "momentum": 0.9, "learning_rate": rate} for rate in (0.3, 1.0)),
        *({**DEEP, "units": 64, "learning_rate": rate} for rate in (0.1, 0.3, 1.0, 3.0)),
    ],
    "cut short": [
        *({"units": 64, "learning_rate": 1e-3, "epochs": epochs} for epochs in (2, 5)),
        {**SLOW, "learning_rate": 1e-4},
        {**SLOW, "optimizer": "sgd", "learning_rate": 1e-3},
    ],
    "held back": [
        *({"units": units, "epochs": 150, "learning_rate": 5e-3} for units in (1, 2)),
        *({"units": 32, "epochs": 100, "learning_rate": 5e-3, "l2": l2} for l2 in (0.3, 1.0)),
        {"units": 32, "n_layers": 2, "epochs": 100, "l1": 0.1},
        {"units": 8, "epochs": 100, "dropout": 0.95},
    ],
    "sixty rows": [DEEP, {"units": 512, "epochs": 200}],
    "two fifths wrong": [DEEP, {"units": 256, "epochs": 100}],
}
NUMBERS = (
    *("roughness", "climb", "gain", "learnt_in_training", "learnt_in_validation", "loss_gap"),
    "val_rise",
)


def rows_of(name, group, seed):
    """Rows to train on and to validate on."""
    load, size = SETS[name]
    X, y = load(return_X_y=True)
    labels = None if name == "diabetes" else y
    size = 60 if group == "sixty rows" else size
    X, X_rest, y, y_rest = train_test_split(
        X, y, train_size=size, stratify=labels, random_state=seed
    )
    if labels is None:
        y, y_rest = (y - y.mean()) / y.std(), (y_rest - y.mean()) / y.std()
    if group == "two fifths wrong":
        generator = np.random.default_rng(seed)
        y = np.where(generator.random(len(y)) < 0.4, generator.permutation(y), y)
    scaler = StandardScaler().fit(X)
    half = len(y_rest) // 2
    return scaler.transform(X), y, scaler.transform(X_rest[:half]), y_rest[:half]


def diagnosed(name, group, params, seed):
    X, y, X_val, y_val = rows_of(name, group, seed)
    kind = MLPRegressor if name == "diabetes" else MLPClassifier
    network = kind(**params, random_state=seed)
    try:
        network.fit(X, y, X_val=X_val, y_val=y_val)
    except DivergedError as error:
        return diagnose(error)
    # A regressor's loss of chance follows from its target.
    return diagnose(network, X, y) if kind is MLPRegressor else diagnose(network)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    todo = [
        (name, group, params, seed)
        for name in SETS
        for group, all_params in GROUPS.items()
        for params in all_params
        for seed in range(args.seeds)
    ]
    found = defaultdict(list)
    for name, group, params, seed in track(todo, console=Console(stderr=True)):
        found[group].append(diagnosed(name, group, params, seed))

    console = Console(width=None if sys.stdout.isatty() else 120)
    table = Table("made for", "fits", "no fault", *(fault.value for fault in Fault), box=SIMPLE)
    for group, diagnoses in found.items():
        counts = [sum(not diagnosis.findings for diagnosis in diagnoses)]
        counts += [sum(fault in diagnosis.faults for diagnosis in diagnoses) for fault in Fault]
        table.add_row(group, str(len(diagnoses)), *(str(count or "") for count in counts))
    console.print(table)
    ends = ("least", "5 %", "half", "95 %", "most")
    table = Table("number", "made for", *ends, box=SIMPLE)
    for number in NUMBERS:
        for group, diagnoses in found.items():
            values = [d.numbers[number] for d in diagnoses if number in d.numbers]
            parts = np.percentile(values, [0, 5, 50, 95, 100]) if values else []
            table.add_row(number, group, *(f"{value:.3g}" for value in parts))
        table.add_section()
    console.print(table)


if __name__ == "__main__":
    main()
