"""The curves of a search are found by its results, by nothing else, and never guessed."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import textwrap

import joblib
import keras
import numpy as np
import pandas
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skopt import BayesSearchCV

import skdl
from skdl import MLPClassifier, MLPRegressor, training_histories
from skdl.exceptions import (
    AmbiguousHistoriesError,
    HistoriesNotFoundError,
    InvalidParameterError,
)
from skdl.recording.histories import record_of
from skdl.recording.store import store
from tests.selection import some

X, Y = load_iris(return_X_y=True)
# Of one structure, so that all tests share two programs.
NETWORK = MLPClassifier(units=4, epochs=2, batch_size=32, random_state=0)
RATES = {"learning_rate": [0.001, 0.01, 0.1]}


@pytest.fixture(autouse=True)
def _backend(empty_store):
    with joblib.parallel_config("skdl"):
        yield


def grid(estimator=NETWORK, values=RATES, **options):
    return GridSearchCV(estimator, values, cv=2, refit=False, **options)


SEARCHES = {
    "grid": grid,
    "grid, pipeline": lambda: grid(
        make_pipeline(StandardScaler(), NETWORK), {"mlpclassifier__learning_rate": [0.01, 0.1]}
    ),
    "random": lambda: RandomizedSearchCV(
        NETWORK, RATES, n_iter=2, cv=2, random_state=0, refit=False
    ),
    "halving grid": lambda: HalvingGridSearchCV(NETWORK, RATES, cv=2, random_state=0, refit=False),
    "halving random": lambda: HalvingRandomSearchCV(
        NETWORK, RATES, n_candidates=3, cv=2, random_state=0, refit=False
    ),
    "bayes": lambda: BayesSearchCV(
        NETWORK,
        {"learning_rate": (0.001, 0.1)},
        n_iter=3,
        cv=2,
        random_state=0,
        refit=False,
        optimizer_kwargs={"n_initial_points": 3},
    ),
    "bayes, several points": lambda: BayesSearchCV(
        NETWORK,
        {"learning_rate": (0.001, 0.1)},
        n_iter=3,
        n_points=2,
        cv=2,
        random_state=0,
        refit=False,
        optimizer_kwargs={"n_initial_points": 3},
    ),
}


@pytest.mark.parametrize("name", some(SEARCHES, "grid", "halving grid"))
def test_the_fits_of_a_search_are_found(name):
    search, other = SEARCHES[name](), SEARCHES[name]()
    search.fit(X, Y)
    other.fit(X, Y)
    record, results = record_of(search), search.cv_results_
    places = [
        (candidate, split) for candidate in range(len(results["params"])) for split in range(2)
    ]
    assert list(record.tasks) == places
    assert record.n_splits == 2
    for (candidate, split), task in record.tasks.items():
        assert task.parameters == results["params"][candidate]
        assert task.test_scores == results[f"split{split}_test_score"][candidate]
        assert [fit.n_epochs for fit in task.fits] == [2]
    assert record.started == min(task.started for task in record.tasks.values())
    assert record_of(other).started > record.started


def test_the_frame_has_the_curves_of_each_fit():
    search = grid(NETWORK, {**RATES, "validation_split": [0.0, 0.2]}).fit(X, Y)
    frame = training_histories(search)
    assert list(frame.columns) == [
        *("candidate", "split", "network", "epoch"),
        *("loss", "val_loss"),
    ]
    assert list(frame.itertuples(index=False))[0][:4] == (0, 0, "MLPClassifier", 1)
    assert len(frame) == 6 * 2 * 2
    splits = StratifiedKFold(2)
    for candidate, params in enumerate(search.cv_results_["params"]):
        for split, (train, _) in enumerate(splits.split(X, Y)):
            rows = frame[(frame.candidate == candidate) & (frame.split == split)]
            alone = MLPClassifier(**{**NETWORK.get_params(), **params}).fit(X[train], Y[train])
            assert rows.epoch.tolist() == [1, 2]
            assert rows.loss.tolist() == alone.history_["loss"]
            if params["validation_split"]:
                assert rows.val_loss.tolist() == alone.history_["val_loss"]
            else:
                assert rows.val_loss.isna().all()


def test_what_a_callback_logs_that_is_no_curve_is_left_out():
    class Odd(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs.update(phase="warm", norms=list(range(epoch)), rate=0.5)

    network = MLPClassifier(units=4, epochs=2, batch_size=32, random_state=0, callbacks=[Odd()])
    result = cross_validate(network, X, Y, cv=2, error_score="raise")
    frame = training_histories(result)
    assert list(frame.columns[4:]) == ["loss", "rate"]
    assert frame.rate.tolist() == [0.5] * 4


def test_a_cross_validation():
    result = cross_validate(NETWORK, X, Y, cv=3)
    cross_validate(NETWORK, X, Y, cv=3)
    record = record_of(result)
    assert list(record.tasks) == [(0, 0), (0, 1), (0, 2)]
    assert [task.test_scores for task in record.tasks.values()] == result["test_score"].tolist()
    frame = training_histories(result)
    assert frame[["candidate", "split", "epoch"]].values.tolist() == [
        [0, split, epoch] for split in range(3) for epoch in (1, 2)
    ]


def test_a_search_inside_of_a_cross_validation():
    result = cross_validate(grid().set_params(refit=True), X, Y, cv=2, return_estimator=True)
    for split, inner in enumerate(result["estimator"]):
        (best,) = record_of(result).tasks[0, split].fits
        assert best.history["loss"].tolist() == inner.best_estimator_.history_["loss"]
        assert len(training_histories(inner)) == 3 * 2 * 2


def test_several_networks_of_one_fit_have_numbers():
    voting = VotingClassifier(
        [("a", NETWORK), ("b", MLPClassifier(units=4, epochs=1, batch_size=32, random_state=1))]
    )
    frame = training_histories(grid(voting, {"a__learning_rate": [0.01]}).fit(X, Y))
    assert frame[["split", "network", "epoch"]].values.tolist() == [
        [split, f"MLPClassifier {number}", epoch]
        for split in range(2)
        for number, epoch in [(1, 1), (1, 2), (2, 1)]
    ]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores")
def test_a_fit_that_diverged_has_its_curve_and_one_that_failed_has_none():
    network = MLPRegressor(units=4, epochs=2, batch_size=32, optimizer="sgd", random_state=0)
    search = grid(network, {"learning_rate": [0.01, 1e30, -1.0]})
    search.fit(X, Y)
    record = record_of(search)
    reasons = [[fit.stop_reason.name for fit in task.fits] for task in record.tasks.values()]
    assert reasons == [["STILL_IMPROVING"]] * 2 + [["DIVERGED"]] * 2 + [[]] * 2
    assert record.tasks[1, 0].fits[0].best_epoch is None
    assert "DivergedError" in record.tasks[1, 0].error
    assert "learning_rate=-1.0" in record.tasks[2, 0].error
    frame = training_histories(search)
    assert frame.candidate.tolist() == [0] * 4 + [1] * 4
    assert not np.isfinite(frame[frame.candidate == 1].loss).all()


def test_estimators_that_train_no_network_have_a_record_and_an_empty_frame():
    search = grid(LogisticRegression(), {"C": [0.1, 1.0]}).fit(X, Y)
    assert [task.parameters["C"] for task in record_of(search).tasks.values()] == [
        0.1,
        0.1,
        1.0,
        1.0,
    ]
    frame = training_histories(search)
    assert list(frame.columns) == ["candidate", "split", "network", "epoch"]
    assert frame.empty


def test_a_search_that_was_fitted_again_is_found_by_its_last_run():
    search = grid(LogisticRegression(), {"C": [0.1, 1.0]}).fit(X, Y)
    first = record_of(search)
    search.fit(X, Y)
    assert record_of(search).started > first.started


def test_a_copy_out_of_a_pickle_finds_its_record_also_where_parameters_know_no_equality():
    values = {"C": [0.1, np.nan, 1.0], "class_weight": [None, {0: 1.0}]}
    pipe = make_pipeline(StandardScaler(), LogisticRegression())
    values = {
        "standardscaler": [StandardScaler(), StandardScaler(with_mean=False), "passthrough"],
        "logisticregression__C": [0.1],
    }
    search = grid(pipe, values).fit(X, Y)
    copy = pickle.loads(pickle.dumps(search))
    assert record_of(copy).tasks == record_of(search).tasks


@pytest.mark.processes
def test_another_process_finds_nothing(tmp_path):
    search = grid().fit(X, Y)
    path = tmp_path / "search.pkl"
    path.write_bytes(pickle.dumps(search))
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            textwrap.dedent(
                """
                import pickle, sys, skdl
                from pathlib import Path
                search = pickle.loads(Path(sys.argv[1]).read_bytes())
                try:
                    skdl.training_histories(search)
                except skdl.exceptions.HistoriesNotFoundError as error:
                    print(error)
                """
            ),
            str(path),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(
        "Nothing is known of the fits of this GridSearchCV. Got one that ran"
    )


@pytest.mark.parametrize("backend", some(["sequential", "threading"], "sequential"))
def test_without_the_backend_the_error_says_what_to_do(backend):
    search = grid(LogisticRegression(), {"C": [0.1, 1.0]})
    with joblib.parallel_config(backend):
        search.fit(X, Y)
        result = cross_validate(LogisticRegression(), X, Y, cv=2)
    fix = re.escape('Run the search again inside of `with joblib.parallel_config("skdl"):`')
    with pytest.raises(HistoriesNotFoundError, match=f"this GridSearchCV.*without the.*{fix}"):
        training_histories(search)
    with pytest.raises(HistoriesNotFoundError, match=f"this cross-validation.*{fix}"):
        training_histories(result)


def test_what_is_no_longer_kept_is_told(monkeypatch):
    search = grid(LogisticRegression(), {"C": [0.1, 1.0]}).fit(X, Y)
    monkeypatch.setattr(store, "_max_fits", 5)
    grid(LogisticRegression(), {"C": [0.1, 1.0]}).fit(X, Y)
    with pytest.raises(HistoriesNotFoundError, match=r"calls that are no longer kept \(at most"):
        record_of(search)


def changed(search, **results):
    other = pickle.loads(pickle.dumps(search))
    other.cv_results_.update(results)
    return other


def test_every_part_of_the_match_is_needed():
    search = grid(LogisticRegression(), {"C": [0.1, 1.0]}).fit(X, Y)
    record_of(changed(search))
    results = search.cv_results_
    params = results["params"]
    times = results["mean_fit_time"], results["mean_score_time"]
    for other in (
        changed(search, params=[params[0]]),
        changed(search, params=[params[1], params[0]]),
        changed(search, params=[params[0], {"C": 1}]),
        changed(search, mean_fit_time=np.nextafter(times[0], 1)),
        changed(search, mean_score_time=times[1][::-1].copy()),
    ):
        with pytest.raises(HistoriesNotFoundError, match="Nothing is known"):
            record_of(other)
    other = changed(search)
    other.n_splits_ = 4
    with pytest.raises(HistoriesNotFoundError, match="Nothing is known"):
        record_of(other)


def test_two_runs_with_the_same_times_are_an_error():
    search = grid(LogisticRegression(), {"C": [0.1, 1.0]}).fit(X, Y)
    (call,) = store.calls()
    store.add(call, store._weight)
    with pytest.raises(AmbiguousHistoriesError, match="times are those of 2 runs"):
        training_histories(search)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (GridSearchCV(LogisticRegression(), {}), "a GridSearchCV without cv_results_"),
        (LogisticRegression(), "a LogisticRegression without cv_results_"),
        ({"test_score": [1.0]}, "a dict with 'test_score'"),
        ({}, "a dict with nothing"),
    ],
)
def test_what_is_no_fitted_search_is_refused(given, shown):
    with pytest.raises(InvalidParameterError, match=f"Got {shown}, expected a fitted search"):
        record_of(given)


def test_without_pandas_the_error_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="Got no pandas, expected it to be installed"):
        training_histories(grid())


def test_it_is_public():
    assert skdl.training_histories is training_histories
    assert isinstance(training_histories(grid().fit(X, Y)), pandas.DataFrame)
