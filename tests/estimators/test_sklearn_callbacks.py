"""scikit-learn's callbacks, where there are any: each epoch is a task of the fit."""

from __future__ import annotations

import importlib.util

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils.fixes import parse_version

EPOCHS = 3
DEFAULT_SCORE = {
    "MLPClassifier": "accuracy",
    "KerasClassifier": "accuracy",
    "MLPRegressor": "r2",
    "KerasRegressor": "r2",
}
HAS_CALLBACKS = importlib.util.find_spec("sklearn.callback") is not None


class Recorder:
    """A callback that writes down what it is told, and asks to stop after `stop_after` epochs."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.events = []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context):
        self.events.append(f"end {context.task_name}")
        return self.events.count("end epoch") == self.stop_after


def test_estimators_take_callbacks_where_scikit_learn_has_them(kind, make_estimator):
    assert (parse_version(sklearn.__version__) >= parse_version("1.9")) == HAS_CALLBACKS
    assert hasattr(make_estimator(kind), "set_callbacks") == HAS_CALLBACKS


if HAS_CALLBACKS:

    def test_a_callback_hears_of_the_fit_and_of_each_epoch(kind, make_estimator, data_of):
        recorder = Recorder()
        make_estimator(kind, epochs=EPOCHS).set_callbacks(recorder).fit(*data_of(kind))
        assert recorder.events == [
            "setup",
            "begin fit",
            *["begin epoch", "end epoch"] * EPOCHS,
            "end fit",
            "teardown",
        ]

    def test_a_callback_that_returns_true_stops_training(kind, make_estimator, data_of, outputs):
        X, y = data_of(kind)
        stopped = make_estimator(kind, epochs=50).set_callbacks(Recorder(stop_after=2)).fit(X, y)
        assert stopped.n_epochs_ == len(stopped.history_["loss"]) == 2
        two = make_estimator(kind, epochs=2).fit(X, y)
        assert stopped.history_ == two.history_
        np.testing.assert_array_equal(outputs(stopped, X), outputs(two, X))

    def test_callbacks_change_no_bit_of_a_fit(kind, make_estimator, data_of, outputs):
        from sklearn.callback import ScoringMonitor

        X, y = data_of(kind)
        plain = make_estimator(kind).fit(X, y)
        monitor = ScoringMonitor(scoring=DEFAULT_SCORE[kind])
        watched = make_estimator(kind).set_callbacks(monitor).fit(X, y)
        assert watched.history_ == plain.history_
        np.testing.assert_array_equal(outputs(watched, X), outputs(plain, X))

    def test_a_scoring_monitor_scores_the_network_of_each_epoch(kind, make_estimator, data_of):
        from sklearn.callback import ScoringMonitor

        X, y = data_of(kind)
        monitor = ScoringMonitor(scoring=DEFAULT_SCORE[kind])
        estimator = make_estimator(kind, epochs=EPOCHS).set_callbacks(monitor).fit(X, y)
        rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
        assert [row["task_id"] for row in rows] == list(range(EPOCHS))
        assert {row["estimator_name"] for row in rows} == {kind}
        found = [row[DEFAULT_SCORE[kind]] for row in rows]
        assert found[-1] == estimator.score(X, y)
        assert found[0] == make_estimator(kind, epochs=1).fit(X, y).score(X, y)

    def test_a_scoring_monitor_may_ask_for_probabilities(
        classifier_kind, make_estimator, classes_data
    ):
        from sklearn.callback import ScoringMonitor
        from sklearn.metrics import log_loss

        X, y = classes_data
        labels = np.array(["a", "b", "c"])[y]
        monitor = ScoringMonitor(scoring="neg_log_loss")
        clf = make_estimator(classifier_kind).set_callbacks(monitor).fit(X, labels)
        rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
        assert rows[-1]["neg_log_loss"] == -log_loss(labels, clf.predict_proba(X))

    def test_a_progress_bar_counts_the_epochs(kind, make_estimator, data_of, capsys):
        from sklearn.callback import ProgressBar

        make_estimator(kind).set_callbacks(ProgressBar()).fit(*data_of(kind))
        shown = capsys.readouterr().out
        assert f"{kind} - fit" in shown
        assert "100%" in shown

    @pytest.mark.parametrize("kind", ["MLPClassifier", "KerasRegressor"])
    def test_a_search_passes_progress_bars_on_to_its_candidates(
        kind, make_estimator, data_of, capsys
    ):
        from sklearn.callback import ProgressBar

        search = GridSearchCV(make_estimator(kind), {"epochs": [1, 2]}, cv=2)
        search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(*data_of(kind))
        shown = capsys.readouterr().out
        assert "GridSearchCV - fit" in shown
        assert shown.count(f"{kind} - fit") == 5  # two candidates on two folds, and the refit

    @pytest.mark.parametrize("kind", ["MLPClassifier", "KerasRegressor"])
    def test_progress_bars_of_a_search_whose_fits_are_in_threads(
        kind, make_estimator, data_of, capsys
    ):
        from sklearn.callback import ProgressBar

        search = GridSearchCV(make_estimator(kind), {"epochs": [1, 2]}, cv=2, n_jobs=2)
        search.set_callbacks(ProgressBar())
        with joblib.parallel_config("skdl"):
            search.fit(*data_of(kind))
        *lines, end = capsys.readouterr().out.split("\n")
        assert end == ""
        assert all("100%" in line for line in lines)
        # The search and its loop, two candidates on two folds, and the refit.
        assert [line.count("candidate-split-evaluation") for line in lines] == [0, 0, 1, 1, 1, 1, 0]

    def test_a_monitor_inside_a_search_has_a_row_for_each_epoch_of_each_fit(
        make_estimator, classes_data
    ):
        from sklearn.callback import ScoringMonitor

        monitor = ScoringMonitor(scoring="accuracy")
        clf = make_estimator("MLPClassifier").set_callbacks(monitor)
        search = GridSearchCV(clf, {"epochs": [1, 2]}, cv=2).fit(*classes_data)
        rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
        assert len(rows) == 2 * (1 + 2) + search.best_params_["epochs"]

    @pytest.mark.parametrize("kind", ["MLPClassifier", "KerasRegressor"])
    def test_partial_fit_sets_up_and_tears_down(kind, make_estimator, data_of):
        recorder = Recorder()
        estimator = make_estimator(kind).set_callbacks(recorder).partial_fit(*data_of(kind))
        assert recorder.events == [
            "setup",
            "begin fit",
            "begin epoch",
            "end epoch",
            "end fit",
            "teardown",
        ]
        assert not [name for name in vars(estimator) if name.startswith("_callback")]

    def test_a_fit_that_fails_tears_down(make_estimator, classes_data):
        X, y = classes_data
        recorder = Recorder()
        with pytest.raises(ValueError, match="No row of positive weight is left for training"):
            make_estimator(
                "MLPClassifier", validation_split=0.5, validation_shuffle=False
            ).set_callbacks(recorder).fit(X, y, sample_weight=np.r_[np.zeros(30), np.ones(30)])
        assert recorder.events.count("setup") == recorder.events.count("teardown")

    def test_a_clone_has_the_callbacks_that_scikit_learn_gives_it(make_estimator):
        from sklearn.linear_model import LogisticRegression

        recorder = Recorder()
        ours, theirs = (
            clone(estimator.set_callbacks(recorder))
            for estimator in (make_estimator("MLPClassifier"), LogisticRegression())
        )
        assert hasattr(ours, "_skl_callbacks") == hasattr(theirs, "_skl_callbacks")
