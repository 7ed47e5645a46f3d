"""Searches whose names, values, labels and errors try to be markup, formulas and mathematics."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

SCRIPT = "<script>alert('x')</script>"
IMAGE = '"><img src=x onerror="alert(1)">'
CLOSED = "</script></style></svg><script>document.title='taken'</script>"
FORMULA = '=HYPERLINK("http://example.org";"a")'
TEXTS = [
    SCRIPT,
    IMAGE,
    CLOSED,
    FORMULA,
    "a|b\n| c | `code` [link](javascript:alert(1))",
    "$x^2$ {{ 7 * 7 }} {% raw %} \\ %s &amp; ‮x @somebody",
    "x" * 300,
]


class Hostile(ClassifierMixin, BaseEstimator):
    """Predicts the first class; its parameters are markup, and some of its fits fail with markup."""

    def __init__(self, text="", number=0):
        self.text = text
        self.number = number

    def fit(self, X, y):
        if self.number == 1:
            raise ValueError(f"no {IMAGE} for you: {self.text}")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[self.number % len(self.classes_)])


def data():
    """Rows whose classes are markup."""
    X = np.arange(36.0).reshape(18, 2)
    y = np.array([SCRIPT, IMAGE, CLOSED], dtype=object)[np.arange(18) % 3]
    return X, y


class Silent:
    """A value of a hyperparameter whose repr raises."""

    def __repr__(self):
        raise RuntimeError("no")
