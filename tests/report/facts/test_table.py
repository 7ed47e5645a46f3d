"""The table of all candidates has the numbers of the search, in the order of their rank."""

import numpy as np
import pandas as pd
import pytest

from skdl.report.facts.how_trained import tasks_of
from skdl.report.facts.table import table_of
from skdl.results.results import Results
from tests import fitted_searches as cases
from tests.hostile_texts import TEXTS


def frame_of(search, **options):
    return table_of(Results.of_search(search), **options).frame()


def test_a_frame_has_the_columns_of_the_search_best_first():
    search = cases.grid()
    columns = search.cv_results_
    found = frame_of(search)
    order = np.argsort(-columns["mean_test_score"], kind="stable")
    assert list(found["rank"]) == [1, 2, 3, 4, 5, 6]
    assert list(found["candidate"]) == list(order)
    assert found["candidate"][0] == search.best_index_
    for name in (
        "mean_test_score",
        "std_test_score",
        "mean_train_score",
        *(f"split{split}_test_score" for split in range(5)),
        "param_logisticregression__C",
        "param_logisticregression__tol",
        "mean_fit_time",
        "mean_score_time",
    ):
        expected = np.asarray(columns[name], dtype=float)[order]
        np.testing.assert_allclose(found[name], expected, rtol=1e-13, err_msg=name)
        assert found[name].dtype == np.float64
    assert len(found.columns) == 2 + 3 + 5 + 2 + 2


def test_the_metric_that_counts_comes_first():
    found = frame_of(cases.several_metrics())
    means = [name for name in found if name.startswith("mean_test")]
    assert means == ["mean_test_accuracy", "mean_test_neg_log_loss"]
    assert [name for name in found if name.startswith("split")] == [
        f"split{split}_test_accuracy" for split in range(3)
    ]
    columns = cases.several_metrics().cv_results_
    best = columns["mean_test_neg_log_loss"][cases.several_metrics().best_index_]
    assert found["mean_test_neg_log_loss"][0] == pytest.approx(best, rel=1e-13)


def test_a_successive_halving_says_the_iteration():
    search = cases.halving()
    found = frame_of(search)
    assert list(found["iter"]) == sorted(search.cv_results_["iter"], reverse=True)
    assert found["n_resources"][0] == search.cv_results_["n_resources"].max()
    assert found["candidate"][0] == search.best_index_


def test_recorded_fits_tell_epochs_and_why_they_stopped():
    search = cases.network()
    results = Results.of_search(search)
    tasks, _ = tasks_of(results)
    found = table_of(results, tasks).frame()
    assert list(found["rank"].fillna(0)) == [1, 2, 0, 0]
    assert set(found["candidate"][2:]) == {1, 3}
    assert list(found["stop_reasons"][2:]) == ["diverged", "diverged"]
    assert set(found["stop_reasons"][:2]) <= {"still improving", "epochs done"}
    assert list(found["mean_epochs"][:2]) == [3.0, 3.0]
    assert np.isnan(found["mean_test_score"][2])


def test_values_are_kept_as_they_are_and_shown_in_short():
    params = [{"a": (64, 32), "b": 1}, {"a": None, "b": True}, {"a": "x" * 400}]
    scores = {f"split{split}_test_score": np.array([0.9, 0.8, 0.7]) for split in range(2)}
    table = table_of(Results.of_cv_results({"params": params, **scores}))
    found = table.frame()
    assert found["param_a"].tolist() == [(64, 32), None, "x" * 400]
    assert found["param_b"].tolist()[:2] == [1, True]
    assert np.isnan(found["param_b"][2])
    column = next(column for column in table.columns if column.key == "param_a")
    assert column.plain == ("(64, 32)", "None", "x" * 299 + "…")
    assert column.texts[1] == "None"
    other = next(column for column in table.columns if column.key == "param_b")
    assert other.plain == (1, True, None)


def test_values_whose_texts_agree_are_told_apart_in_files_too():
    params = [{"a": one} for one in (lambda x: x, lambda x: -x, list(range(60)), list(range(61)))]
    table = table_of(Results.of_cv_results({"params": params, "split0_test_score": -np.arange(4)}))
    column = next(column for column in table.columns if column.key == "param_a")
    assert column.plain[:2] == ("<lambda>", "<lambda> (2)")
    assert column.plain[2].startswith(
        "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17"
    )
    assert len(set(column.plain)) == 4


def test_a_number_that_is_missing_is_a_nan():
    params = [{"a": 1, "b": 0.5}, {"b": 2.5}]
    table = table_of(Results.of_cv_results({"params": params, "split0_test_score": np.arange(2.0)}))
    found = table.frame()
    assert found["param_a"].dtype == np.float64
    pd.testing.assert_series_equal(found["param_a"], pd.Series([np.nan, 1.0]), check_names=False)


def test_hostile_names_and_values_are_columns_like_others():
    params = [{text: text for text in TEXTS}, dict.fromkeys(TEXTS, 3)]
    table = table_of(Results.of_cv_results({"params": params, "split0_test_score": np.arange(2.0)}))
    assert [column.key for column in table.columns if column.group == "hyperparameter"] == [
        f"param_{text}" for text in TEXTS
    ]
    for column in table.columns:
        assert "\n" not in column.heading
        assert all("\n" not in text for text in column.texts)
    assert table.frame().shape == (2, len(table.columns))


def test_a_cross_validation_is_one_row():
    found = table_of(Results.of_cross_validation(cases.cross_validation())).frame()
    assert len(found) == 1
    result = cases.cross_validation()
    assert found["mean_test_score"][0] == result["test_score"].mean()
    assert found["mean_train_score"][0] == result["train_score"].mean()
    assert found["split3_test_score"][0] == result["test_score"][3]
    assert found["mean_fit_time"][0] == result["fit_time"].mean()
