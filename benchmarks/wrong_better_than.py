"""How often the best of candidates that are equally good is called better than another one.

Each candidate is a linear classifier on columns of its own, drawn from one distribution, so that none is
better than another by anything but chance. In half of the cases the candidates share columns as well, and so
make similar errors. Each row of the table is the share of cross-validations whose best candidates are shown
with a wrong "better than": by plain paired t intervals, by those corrected for overlapping training rows, and
by the intervals of skdl, which are corrected and hold together.
"""

import argparse

import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.model_selection import RepeatedKFold

from skdl.displays.statistics.comparison import compare

SIGNAL, N_OWN, N_SHARED = 0.5, 4, 4
ROWS = (150, 600)
SPLITS = ((3, 1), (5, 1), (10, 1), (5, 3))
# How many candidates are shown, of how many.
SHOWN = ((2, 2), (5, 5), (5, 60), (20, 20))


def cross_validate_equals(rng, n_candidates, n_rows, n_folds, n_repeats, *, shared, losses):
    """Scores by candidate and split: accuracy, or the negative squared error of the output."""
    y = rng.permutation(np.arange(n_rows) % 2).astype(float)
    own = rng.normal(size=(n_candidates, n_rows, N_OWN))
    common = rng.normal(size=(n_rows, N_SHARED)) + SIGNAL * y[:, None]
    parts = [np.ones((n_candidates, n_rows, 1)), own]
    if shared:
        parts.append(np.broadcast_to(common, (n_candidates, *common.shape)))
    else:
        own += SIGNAL * y[:, None]
    X = np.concatenate(parts, axis=2)
    cv = RepeatedKFold(n_splits=n_folds, n_repeats=n_repeats, random_state=int(rng.integers(2**31)))
    scores = []
    for train, test in cv.split(y):
        A, B = X[:, train], X[:, test]
        weights = np.linalg.solve(A.mT @ A, A.mT @ y[train][:, None])
        output = (B @ weights)[..., 0]
        right = -((output - y[test]) ** 2) if losses else (output > 0.5) == y[test]
        scores.append(right.mean(axis=1))
    return np.transpose(scores)


def wrong(scores, n_shown, n_folds):
    """Whether each of the three kinds of intervals calls the best one better than another."""
    best = np.argsort(-scores.mean(axis=1), kind="stable")[:n_shown]
    reference, others = scores[best[0]], scores[best[1:]]
    corrected = 1 / (n_folds - 1)
    alone = [
        [compare(reference, other, test_over_train=ratio).worse.any() for other in others]
        for ratio in (0.0, corrected)
    ]
    together = compare(reference, others, test_over_train=corrected).worse.any()
    return [any(alone[0]), any(alone[1]), together]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=500, help="cross-validations of each case")
    runs = parser.parse_args().runs
    table = Table(
        "splits", "shown", "plain", "corrected", "skdl", "skdl, the worst case", box=SIMPLE
    )
    cases = [(splits, shown) for splits in SPLITS for shown in SHOWN]
    for (n_folds, n_repeats), (n_shown, n_candidates) in track(cases, console=Console(stderr=True)):
        shares = []
        for n_rows in ROWS:
            for shared in (False, True):
                for losses in (False, True):
                    rng = np.random.default_rng(0)
                    found = [
                        wrong(
                            cross_validate_equals(
                                rng,
                                n_candidates,
                                n_rows,
                                n_folds,
                                n_repeats,
                                shared=shared,
                                losses=losses,
                            ),
                            n_shown,
                            n_folds,
                        )
                        for _ in range(runs)
                    ]
                    shares.append(np.mean(found, axis=0))
        splits = f"{n_repeats} times {n_folds} folds" if n_repeats > 1 else f"{n_folds} folds"
        shown = f"{n_shown} of {n_candidates}"
        numbers = [*np.mean(shares, axis=0), np.max(shares, axis=0)[2]]
        table.add_row(splits, shown, *[f"{share:.1%}" for share in numbers])
    Console().print(table)


if __name__ == "__main__":
    main()
