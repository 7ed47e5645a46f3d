"""Rows, weights and parameters become one job: whose weights count, and where."""

import numpy as np
import pytest

from tests.conftest import make
from tests.engine_of_graphs import without_xla


@pytest.fixture(autouse=True)
def _as_graphs(monkeypatch):
    without_xla(monkeypatch)


def test_class_weights_count_in_the_validation_loss_and_metrics_too(classes_data, float64):
    X, y = classes_data
    by_class = np.array([1.0, 4.0, 0.5])
    weight = by_class[y]
    X_val, y_val = X[::2] + 0.3, y[::2]
    shared = {"metrics": ["accuracy"], "epochs": 2}
    ours = make("MLPClassifier", class_weight=dict(enumerate(by_class)), **shared)
    ours.fit(X, y, X_val=X_val, y_val=y_val)
    theirs = make("MLPClassifier", **shared).fit(
        X, y, weight, X_val=X_val, y_val=y_val, sample_weight_val=weight[::2]
    )
    assert ours.history_ == theirs.history_
    right = ours.predict(X_val) == y_val
    expected = np.average(right, weights=weight[::2])
    assert ours.history_["val_accuracy"][-1] == pytest.approx(expected, rel=1e-12)


def test_balanced_weights_in_validation_are_those_of_the_rows_that_train(binary_data, float64):
    X, y = binary_data
    train = np.r_[np.flatnonzero(y == 0)[:5], np.flatnonzero(y == 1)[:20]]
    X_val, y_val = X[40:], y[40:]
    by_class = 25 / (2 * np.array([5, 20]))
    ours = make("MLPClassifier", class_weight="balanced", metrics=["accuracy"])
    ours.fit(X[train], y[train], X_val=X_val, y_val=y_val)
    theirs = make("MLPClassifier", metrics=["accuracy"]).fit(
        X[train],
        y[train],
        by_class[y[train]],
        X_val=X_val,
        y_val=y_val,
        sample_weight_val=by_class[y_val],
    )
    for name, curve in theirs.history_.items():
        np.testing.assert_allclose(ours.history_[name], curve, rtol=1e-10, err_msg=name)


def test_weights_of_validation_rows_alone_weigh_its_metrics(classes_data, float64):
    X, y = classes_data
    weight = np.arange(len(y)) % 5 + 1.0
    clf = make("MLPClassifier", metrics=["accuracy"])
    clf.fit(X, y, X_val=X + 0.5, y_val=y, sample_weight_val=weight)
    expected = np.average(clf.predict(X + 0.5) == y, weights=weight)
    assert clf.history_["val_accuracy"][-1] == pytest.approx(expected, rel=1e-12)


def test_classes_of_no_weight_alone_are_no_rows_to_hold_out(binary_data):
    X, y = binary_data
    held = y == 1
    with pytest.raises(ValueError, match="leave no row of positive weight"):
        make("MLPClassifier", class_weight={0: 1.0, 1: 0.0}).fit(X, y, X_val=X[held], y_val=y[held])
