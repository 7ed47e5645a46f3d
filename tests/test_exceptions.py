"""Errors of skdl are ValueErrors that say what happened, and travel between processes."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV

from skdl import MLPClassifier, MLPRegressor, exceptions
from skdl.exceptions import DivergedError

X, Y = np.linspace(-1, 1, 40).reshape(-1, 1), np.linspace(-1, 1, 40)


def test_public_errors_are_listed():
    found = {
        n
        for n, v in vars(exceptions).items()
        if isinstance(v, type) and v.__module__ == exceptions.__name__
    }
    assert found == set(exceptions.__all__)


def test_a_diverged_fit_says_so_and_keeps_its_curves():
    reg = MLPRegressor(optimizer="sgd", learning_rate=1e30, epochs=3, random_state=0)
    with pytest.raises(DivergedError, match=r"after 3 epochs .* Lower the learning rate") as caught:
        reg.fit(X, Y)
    assert len(caught.value.history["loss"]) == 3
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.history.keys() == caught.value.history.keys()


def test_a_diverged_candidate_fails_alone():
    grid = {"learning_rate": [1e30, 1e-2]}
    search = GridSearchCV(MLPRegressor(optimizer="sgd", epochs=2, random_state=0), grid, cv=2)
    with (
        pytest.warns(FitFailedWarning, match="DivergedError"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        search.fit(X, Y)
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [True, False]
    assert search.best_params_ == {"learning_rate": 1e-2}


def test_a_failed_refit_is_not_taken_for_a_fit_on_other_data():
    clf = MLPClassifier(epochs=1, random_state=0).fit(X, Y > 0)
    before = clf.predict_proba(X)
    with pytest.raises(ValueError, match="NaN"):
        clf.fit([[np.nan], [1.0]], [0, 1])
    np.testing.assert_array_equal(clf.predict_proba(X), before)
