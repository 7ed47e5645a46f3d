"""Reports of all kinds of searches, on a terminal, as tables and as files."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    RepeatedKFold,
    ShuffleSplit,
    cross_val_score,
    cross_validate,
)

from skdl import TuningReport
from skdl.exceptions import InvalidParameterError
from skdl.report.sections.whole_report import document_of, headline
from tests import fitted_searches as cases
from tests.selection import some

ALL = {
    "grid": cases.grid,
    "several metrics": cases.several_metrics,
    "random": cases.random,
    "halving": cases.halving,
    "Bayesian": cases.bayes,
    "network": cases.network,
}


@pytest.mark.parametrize("name", some(ALL, "network"))
def test_every_kind_of_search_has_a_report(name, tmp_path, capsys):
    search = ALL[name]()
    report = TuningReport(search, cases.X, cases.y)
    mean = search.cv_results_[f"mean_test_{report.summary_.results.metric}"][search.best_index_]
    assert report.summary_.best.score.mean == pytest.approx(mean, rel=1e-12)
    assert report.summary_.best.candidate == search.best_index_
    assert len(report.frame()) == len(search.cv_results_["params"])
    assert report.to_html(tmp_path / "report.html").stat().st_size > 10_000
    assert f"{mean:.3f} ± " in report.to_markdown()
    report.summary()
    printed = capsys.readouterr().out
    assert f"{mean:.3f} ± " in printed
    session = {}
    exec(report.summary_.rebuild.source, session)
    expected = search.best_estimator_.get_params()
    assert repr(session["estimator"].get_params()) == repr(expected)


def test_the_headline_says_what_is_asked_first():
    report = TuningReport(cases.regression(), cases.NUMBERS_X, cases.NUMBERS_Y)
    text = headline(report.summary_)
    best = cases.regression().best_score_
    assert text.startswith(f"Ridge reaches {best:.0f} ± ")
    assert "negative mean squared error in 4-fold cross-validation, baseline -" in text
    assert "; 3 candidates, 12 fits, " in text
    assert text.endswith(" of computation")
    assert repr(report) == f"TuningReport({text})"


def test_a_recorded_search_says_how_long_one_waited():
    text = headline(TuningReport(cases.network()).summary_)
    assert "; 4 candidates, 12 fits, " in text
    assert not text.endswith("of computation")
    assert "baseline" not in text


def test_several_searches_are_told_over_each_other():
    searches = {"random": cases.random(), "Bayesian": cases.bayes()}
    report = TuningReport(searches, cases.X, cases.y)
    best = max(searches, key=lambda name: searches[name].best_score_)
    summary = report.summary_
    assert summary.chosen.name == best
    assert [one.name for one in summary.searches] == list(searches)
    document = document_of(summary)
    assert document.sections[0].title == "The searches"
    grid = document.sections[0].blocks[1]
    assert [row[0] for row in grid.rows] == ["random", "Bayesian"]
    assert "; 2 searches, 9 candidates, 33 fits, " in document.headline
    assert len(report.frame()) == len(searches[best].cv_results_["params"])


@pytest.mark.further
def test_no_search_is_lost_whose_name_reads_like_that_of_another():
    grid, random = cases.grid(), cases.random()
    long = "x" * 70
    named = {1: grid, "1": random, f"{long}a": grid, f"{long}b": random}
    report = TuningReport(named)
    shown = [(one.name, one.facts.method) for one in report.summary_.searches]
    assert shown == [
        ("1", "GridSearchCV"),
        ("1 (2)", "RandomizedSearchCV"),
        ("x" * 59 + "…", "GridSearchCV"),
        ("x" * 56 + " (2)", "RandomizedSearchCV"),
    ]
    assert "; 4 searches, 24 candidates, 108 fits, " in headline(report.summary_)


@pytest.mark.further
@pytest.mark.parametrize("names", [("test_one", "test_other"), ("params", "test_score")])
def test_searches_may_be_called_like_columns(names):
    for searches in (
        [cases.grid(), cases.random()],
        [cases.grid().cv_results_, cases.random().cv_results_],
    ):
        given = dict(zip(names, searches, strict=True))
        assert [one.name for one in TuningReport(given).summary_.searches] == list(names)
    result = {"test_a": cases.cross_validation(), "test_b": cases.cross_validation()}
    assert [one.name for one in TuningReport(result).summary_.searches] == list(result)


def test_searches_by_different_metrics_do_not_compare():
    with pytest.raises(InvalidParameterError, match="scores of several kinds"):
        TuningReport({"a": cases.grid(), "b": cases.regression()})
    with pytest.raises(InvalidParameterError, match="Got no search, expected one at least"):
        TuningReport({})


def test_another_metric_can_count():
    report = TuningReport(cases.several_metrics(), metric="neg_log_loss")
    columns = cases.several_metrics().cv_results_
    assert report.summary_.best.score.metric == "negative log loss"
    assert report.summary_.best.score.mean == columns["mean_test_neg_log_loss"].max()
    headings = [column.heading for column in report.summary_.table.columns]
    assert {"negative log loss", "accuracy", "accuracy in training"} <= set(headings)
    assert [score.metric for score in report.summary_.best.scores] == [
        "negative log loss",
        "accuracy",
    ]


@pytest.mark.further
def test_what_was_fitted_again_is_called_by_its_number_where_it_is_not_the_best(tmp_path):
    search = cases.network_by_two_metrics()
    assert "fitting the best again, on all rows" in TuningReport(search).to_markdown()
    report = TuningReport(search, metric="falling")
    text = report.to_markdown()
    assert "fitting candidate 1 again, on all rows" in text
    assert "was not diagnosed: candidate 1 is the best of the search" in text
    assert "healthy" not in text
    assert report.to_html(tmp_path / "report.html").exists()


def test_a_baseline_is_compared_split_by_split():
    report = TuningReport(cases.grid(), baseline=[0.5, 0.6, 0.5, 0.6, 0.5])
    mean, low, high = report.summary_.over_baseline
    best = cases.grid()
    folds = np.array([best.cv_results_[f"split{i}_test_score"][best.best_index_] for i in range(5)])
    differences = folds - [0.5, 0.6, 0.5, 0.6, 0.5]
    # Nadeau and Bengio: 5 folds test a quarter of what they train on.
    half = 2.7764451051977987 * differences.std(ddof=1) * np.sqrt(1 / 5 + 1 / 4)
    assert mean == pytest.approx(differences.mean())
    assert (low, high) == pytest.approx((mean - half, mean + half))
    assert "the best candidate is better" in report.to_markdown()


@pytest.mark.further
def test_the_interval_is_as_wide_as_the_splits_ask_for():
    half = {"test_size": 75, "random_state": 0}
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1e4]}, cv=ShuffleSplit(10, **half))
    search.fit(cases.X, cases.y)
    scores = cross_val_score(Ridge(1e3), cases.X, cases.y, cv=search.cv)
    known = TuningReport(search, cases.X, cases.y, baseline=scores)
    mean, low, high = known.summary_.over_baseline
    folds = known.summary_.best.folds
    width = (high - low) / 2 / (folds - scores).std(ddof=1)
    # 2.26 is the 97.5 % quantile of t with 9 degrees of freedom; as many rows are tested as trained on.
    assert width == pytest.approx(2.262157162740992 * np.sqrt(1 / 10 + 1))
    assert "If the splits" not in known.summary_.candidates.summary_
    assert "if the splits" not in known.to_markdown()
    guessed = TuningReport(search, baseline=scores)
    assert guessed.summary_.over_baseline[1] > low
    text = guessed.to_markdown()
    said = "if the splits are those of one 10-fold cross-validation"
    assert f": {said}, the best candidate is better." in text
    said = "beside each other. If the splits are those of one 10-fold cross-validation:"
    assert f"{said} the best is better than the other." in text


def test_an_interval_near_zero_shows_on_which_side_it_lies():
    scores = np.array([0.95, 0.97, 0.96, 0.98, 0.97])
    columns = {"params": [{"a": 1}], **{f"split{i}_test_score": [s] for i, s in enumerate(scores)}}
    nearly = scores - [0.0010, 0.0008, 0.0009, 0.0011, 0.0007]
    report = TuningReport(columns, baseline=nearly)
    mean, low, high = report.summary_.over_baseline
    assert 0 < low < 0.0007 < high < 0.0012
    told = f"is 0.0009, with a 95 % interval from {low:.4f} to {high:.4f}: "
    assert told in report.to_markdown()


def test_a_repeated_cross_validation_is_known_by_its_rows():
    cv = RepeatedKFold(n_splits=5, n_repeats=2, random_state=0)
    kept, lost = (
        cross_validate(Ridge(), cases.X, cases.y, cv=cv, return_indices=keep)
        for keep in (True, False)
    )
    baseline = np.full(10, 0.5)
    known, guessed = TuningReport(kept, baseline=baseline), TuningReport(lost, baseline=baseline)
    ends = [one.summary_.over_baseline for one in (known, guessed)]
    widths = [high - low for _, low, high in ends]
    expected = np.sqrt(1 / 10 + 1 / 4) / np.sqrt(1 / 10 + 1 / 9)
    assert widths[0] / widths[1] == pytest.approx(expected)
    assert ": the estimator is better." in known.to_markdown()
    assert "if the splits are those of one 10-fold" in guessed.to_markdown()
    assert "to cross_validate for the splits to be known." in guessed.to_markdown()


def test_one_split_has_no_spread():
    columns = {"params": [{"a": 1}, {"a": 2}], "split0_test_score": [0.5, 0.75]}
    report = TuningReport(columns, baseline=[0.25])
    assert headline(report.summary_).startswith(
        "An estimator reaches a score of 0.750 in cross-validation on 1 split, baseline 0.250; "
    )
    text = report.to_markdown()
    assert "it reaches a score of 0.750 on its one split.**" in text
    assert "| best candidate | 0.750 | – | 0.750 |" in text
    assert "is 0.500; there is no interval for it." in text


def test_a_cross_validation_is_told_without_candidates(tmp_path):
    result = cases.cross_validation()
    report = TuningReport(result, baseline=np.full(4, 0.5))
    text = report.to_markdown()
    assert "candidate" not in text.partition("## The whole table")[0]
    assert "| estimator | 0.973 |" in text
    assert ", the estimator is better." in text
    assert "This makes the estimator, unfitted." in text
    titles = [section.title for section in document_of(report.summary_).sections]
    assert titles[1:4] == ["The scores", "The whole table", "Failed fits"]
    failed = {**result, "test_score": np.array([0.9, np.nan, 0.9, 0.9])}
    text = TuningReport(failed).to_markdown()
    assert "LogisticRegression has no mean score, since not all fits have one; 4 fits" in text
    assert "**Not all fits have a score, so there is no mean.**" in text
    assert "**1 of 4 fits failed.**" in text


@pytest.mark.further
def test_searches_on_different_splits_are_told_to_compare_with_care():
    said = "The searches were scored on different splits"
    assert said in TuningReport({"grid": cases.grid(), "random": cases.random()}).to_markdown()
    grid = cases.grid()
    assert said not in TuningReport({"one": grid, "again": grid}).to_markdown()
    assert said not in TuningReport({"one": grid, "columns": _by_accuracy(grid)}).to_markdown()


def _by_accuracy(search):
    """The columns of a search, with its metric by name."""
    return {
        key.replace("_score", "_accuracy") if key.startswith("split") else key: column
        for key, column in search.cv_results_.items()
    }


def test_where_each_candidate_failed_in_a_fold_none_is_the_best(tmp_path):
    columns = {
        "params": [{"a": 1}, {"a": 2}],
        "split0_test_score": [0.5, 0.6],
        "split1_test_score": [np.nan, np.nan],
    }
    report = TuningReport(columns)
    assert headline(report.summary_).startswith("No candidate of an estimator has a score")
    works = TuningReport(columns | {"split1_test_score": [0.5, 0.5]})
    assert headline(works.summary_).startswith("An estimator reaches a score of 0.550 ± 0.050 in ")
    assert "an estimator" not in works.to_markdown().partition("\n## ")[2]
    assert "a search |" not in works.to_markdown()
    assert report.summary_.best is None
    assert "nan" not in report.to_markdown()
    assert report.to_html(tmp_path / "report.html").exists()


def test_a_search_whose_best_failed_is_made_again_as_it_was_given():
    def refuse(estimator, X, y):
        return np.nan if len(X) == 75 else estimator.score(X, y)

    folds = [(np.arange(0, 150, 2), np.arange(1, 150, step)) for step in (2, 10)]
    search = GridSearchCV(Ridge(3.0), {"alpha": [0.1, 1.0]}, cv=folds, scoring=refuse)
    with pytest.warns(UserWarning, match="non-finite"):
        report = TuningReport(search.fit(cases.X, cases.y), cases.X, cases.y)
    text = report.to_markdown()
    assert "This makes the estimator, with no candidate's hyperparameters" in text
    assert "Ridge(alpha=3.0)" in text
    assert "best estimator" not in text


def test_a_cross_validation_has_a_report(tmp_path):
    report = TuningReport(cases.cross_validation(), cases.X, cases.y)
    assert repr(report).startswith("TuningReport(LogisticRegression reaches 0.973 ± ")
    document = document_of(report.summary_)
    assert document.title == "Cross-validation of LogisticRegression"
    assert "mattered" not in [section.key for section in document.sections]
    assert report.to_html(tmp_path / "report.html").exists()


@pytest.mark.further
def test_the_columns_alone_have_a_report(tmp_path):
    report = TuningReport(cases.grid().cv_results_)
    assert report.summary_.rebuild is None
    assert "The estimator is not known" in report.to_markdown()
    assert report.to_html(tmp_path / "report.html").exists()


@pytest.mark.further
def test_a_search_from_a_pickle_says_what_is_not_known_of_it(tmp_path):
    path = tmp_path / "search.pkl"
    path.write_bytes(pickle.dumps(cases.network()))
    code = (
        "import pickle, sys; from skdl import TuningReport; "
        f"report = TuningReport(pickle.load(open({str(path)!r}, 'rb'))); "
        f"report.to_html({str(tmp_path / 'report.html')!r}); print(report.to_markdown())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "No curves of these fits are kept: they ran without the backend" in done.stdout
    assert "| no reason was kept | 6 | 1, 3 | – |" in done.stdout
    assert "1 network (the best candidate, fitted again on all rows)" in done.stdout
    assert done.stderr == ""


@pytest.mark.further
def test_a_report_can_be_pickled(tmp_path):
    report = TuningReport(cases.grid(), cases.X, cases.y)
    again = pickle.loads(pickle.dumps(report))
    assert again.to_markdown() == report.to_markdown()


@pytest.mark.further
def test_the_data_are_not_kept():
    report = TuningReport(cases.random(), cases.X, cases.y)
    assert report.summary_.data.shape == (150, 4)
    seen, look = set(), [report.summary_]
    while look:
        value = look.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        assert value is not cases.X
        assert value is not cases.y
        if hasattr(value, "__dict__"):
            look += vars(value).values()
        elif isinstance(value, (list, tuple)):
            look += value


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((3,), "Got a int, expected a fitted search"),
        ((LogisticRegression(),), "with 0 searches inside"),
        ((cases.grid, None, cases.y), "Got y without X"),
        ((cases.grid, None, None, [0.1]), "or 5 scores, one for each split"),
    ],
)
def test_wrong_things_are_named_before_anything_is_computed(arguments, words):
    search = arguments[0]() if arguments[0] is cases.grid else arguments[0]
    with pytest.raises(InvalidParameterError, match=words):
        TuningReport(search, *arguments[1:])


def test_a_search_has_to_be_fitted():
    with pytest.raises(NotFittedError):
        TuningReport(GridSearchCV(LogisticRegression(), {"C": [1.0]}))


@pytest.mark.further
def test_a_frame_needs_pandas_and_says_so(monkeypatch):
    report = TuningReport(cases.random())
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="run `pip install pandas`, or use search.cv_results_"):
        report.frame()


@pytest.mark.processes
def test_a_page_needs_no_pandas(tmp_path):
    code = (
        "import sys\n"
        "class NoPandas:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'pandas':\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, NoPandas())\n"
        "from sklearn.linear_model import Ridge\n"
        "from sklearn.model_selection import GridSearchCV\n"
        "from skdl import TuningReport\n"
        "X, y = [[float(i)] for i in range(20)], [float(i % 7) for i in range(20)]\n"
        "search = GridSearchCV(Ridge(), {'alpha': [0.1, 1.0]}, cv=2).fit(X, y)\n"
        f"TuningReport(search, X, y).to_html({str(tmp_path / 'report.html')!r})\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "report.html").exists()
