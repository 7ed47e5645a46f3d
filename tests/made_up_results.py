"""Results of searches with scores that are made up, so that what a display has to show is known."""

import numpy as np

from skdl.results.hyperparameters import hyperparameters_of
from skdl.results.results import Results


def cv_results(params, means, *, std=0.01, n_splits=2, **columns):
    """What a search would keep of candidates with these mean scores; nan where a fit failed.

    The folds lie `std` above and below the mean in turn.
    """
    means = np.asarray(means, dtype=np.float64)
    folds = {
        f"split{split}_test_score": means + std * (-1) ** split * (n_splits > 1)
        for split in range(n_splits)
    }
    return {"params": list(params), **folds, **columns}


def results(params, means, **options):
    return Results.of_cv_results(cv_results(params, means, **options))


def halving():
    """Four candidates on 10 rows, of which the better two get 20: then the other one of them is better."""
    params = [{"a": 1, "b": 0.1}, {"a": 2, "b": 0.1}, {"a": 1, "b": 0.2}, {"a": 2, "b": 0.2}]
    return results(
        [*params, params[3], params[2]],
        [0.1, 0.2, 0.3, 0.4, 0.7, 0.8],
        iter=np.array([0, 0, 0, 0, 1, 1]),
        n_resources=np.array([10, 10, 10, 10, 20, 20]),
    )


class Named:
    """A value that is not a number or a text, and cannot be hashed."""

    __hash__ = None

    def __repr__(self):
        return "Named()"


# Everything that a hyperparameter may be and a picture may stumble over, under names that are no better.
ODD_VALUES = (
    "$x_1$",
    "<script>alert(1)</script>",
    "two\nlines",
    "z" * 300,
    None,
    float("nan"),
    Named(),
    (64, 32),
    3,
    True,
)


def odd():
    """Forty candidates with names and values that no picture expects; one failed, one is far below."""
    params = [
        {"step__$odd$" + "y" * 300: value, "b": number, "two\nlines": (number % 3) * 1e-3}
        for number in range(4)
        for value in ODD_VALUES
    ]
    means = np.linspace(0.5, 0.9, len(params))
    means[3], means[17] = np.nan, -1e9
    return results(params, means)


def column(*values):
    """A hyperparameter with these values, one for each candidate; None where a candidate does not have it."""
    return hyperparameters_of([{} if value is None else {"a": value} for value in values])[0]
