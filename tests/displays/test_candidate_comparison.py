"""The best candidates: which are shown, what they differ by, what the picture holds."""

import matplotlib.pyplot as plt
import numpy as np
import pandas
import pytest
from sklearn.datasets import load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, KFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier
from skopt import BayesSearchCV
from skopt.space import Integer

from skdl import CandidateComparisonDisplay
from skdl.displays.statistics.comparison import compare
from skdl.exceptions import InvalidParameterError

X, Y = load_iris(return_X_y=True)
TREE = DecisionTreeClassifier(random_state=0)
NAN = np.nan


@pytest.fixture(scope="module")
def search():
    return GridSearchCV(TREE, {"max_depth": [1, 2, 3, 4, 5, 6]}, cv=4).fit(X, Y)


def columns(*scores):
    """The results of candidates with these scores by split."""
    table = np.array(scores, dtype=float)
    splits = {f"split{split}_test_score": column for split, column in enumerate(table.T)}
    return {"params": [{"a": row} for row in range(len(table))], **splits}


def test_the_best_are_compared_with_the_best(search):
    display = CandidateComparisonDisplay.from_search(search, n_candidates=4)
    order = np.argsort(-search.cv_results_["mean_test_score"], kind="stable")[:4]
    assert display.candidates_.tolist() == order.tolist()
    scores = np.array([search.cv_results_[f"split{k}_test_score"][order] for k in range(4)]).T
    np.testing.assert_array_equal(display.scores_, scores)
    found = compare(scores[0], scores[1:], test_over_train=1 / 3)
    np.testing.assert_array_equal(display.difference_[1:], found.difference)
    np.testing.assert_array_equal(display.low_[1:], found.low)
    np.testing.assert_array_equal(display.high_[1:], found.high)
    assert (display.difference_[0], display.low_[0], display.high_[0]) == (0.0, 0.0, 0.0)
    assert repr(display) == f"CandidateComparisonDisplay(n_shown=4, {display.summary_!r})"


def test_the_table_has_the_same_numbers(search):
    display = CandidateComparisonDisplay.from_search(search)
    frame = display.frame()
    assert frame.columns.tolist() == [
        "candidate",
        "label",
        "mean_test_score",
        "difference",
        "low",
        "high",
        *[f"split{k}_test_score" for k in range(4)],
    ]
    assert frame["candidate"].tolist() == display.candidates_.tolist()
    assert frame["label"].tolist() == [f"max_depth={1 + row}" for row in display.candidates_]
    np.testing.assert_allclose(
        frame["mean_test_score"], search.cv_results_["mean_test_score"][display.candidates_]
    )
    np.testing.assert_array_equal(frame["low"], display.low_)


def test_the_picture_holds_the_scores_and_the_intervals():
    display = CandidateComparisonDisplay.from_cv_results(
        columns([0.9, 0.8, 0.9], [0.2, 0.3, 0.2], [0.8, 0.9, 0.9]), test_fraction=0.25
    )
    assert display.candidates_.tolist() == [0, 2, 1]
    left, right = display.axes_
    assert display.ax_ is left
    assert display.figure_ is left.figure is right.figure
    points = next(line for line in left.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(points.get_xdata(), display.scores_.ravel())
    np.testing.assert_array_equal(points.get_ydata(), np.repeat([0, 1, 2], 3))
    means = next(line for line in left.lines if line.get_marker() == "|")
    np.testing.assert_allclose(means.get_xdata(), display.scores_.mean(axis=1))
    bars = [line.get_xdata() for line in right.lines if line.get_linewidth() == 2]
    np.testing.assert_array_equal(bars, np.transpose([display.low_[1:], display.high_[1:]]))
    assert left.get_title(loc="left") == display.summary_
    assert display.summary_ == "The best is better than 1 of the other 2."
    assert right.get_xlabel().replace("\n", " ") == "difference to the best, 95% intervals"
    assert [text.get_text() for text in left.texts] == ["a=0", "a=2", "a=1"]


def test_what_is_assumed_of_the_splits_stands_on_the_picture():
    scores = [0.9, 0.8, 0.85], [0.7, 0.75, 0.6]
    guessed = CandidateComparisonDisplay.from_cv_results(columns(*scores))
    title = guessed.axes_[0].get_title(loc="left").replace("\n", " ")
    said = (
        "If the splits are those of one 3-fold cross-validation: these 2 are not distinguishable."
    )
    assert title == guessed.summary_ == said
    known = CandidateComparisonDisplay.from_cv_results(columns(*scores), test_fraction=1 / 3)
    assert known.summary_ == "These 2 are not distinguishable."
    np.testing.assert_allclose(known.low_, guessed.low_)


def test_the_splits_of_a_search_are_known():
    cv = ShuffleSplit(4, test_size=0.5, random_state=0)
    search = GridSearchCV(TREE, {"max_depth": [1, 2, 3]}, cv=cv).fit(X, Y)
    display = CandidateComparisonDisplay.from_search(search)
    found = compare(display.scores_[0], display.scores_[1:], test_over_train=1.0)
    np.testing.assert_array_equal(display.high_[1:], found.high)
    narrow = CandidateComparisonDisplay.from_search(search, test_fraction=0.1, confidence=0.5)
    assert (narrow.high_[1:] <= display.high_[1:]).all()
    assert narrow.axes_[1].get_xlabel().replace("\n", " ").endswith("50% intervals")


def test_candidates_of_different_splits_are_not_compared():
    space = {"max_depth": Integer(1, 3)}
    options = {"n_iter": 3, "random_state": 0}
    folds = KFold(3, shuffle=True, random_state=np.random.RandomState(0))
    search = BayesSearchCV(TREE, space, cv=folds, **options).fit(X, Y)
    display = CandidateComparisonDisplay.from_search(search)
    assert len(display.candidates_) == 3
    assert np.isnan([display.low_[1:], display.high_[1:]]).all()
    means = search.cv_results_["mean_test_score"][display.candidates_]
    np.testing.assert_allclose(display.difference_, means - means[0])
    assert display.summary_.startswith("Candidates were scored on different splits and are not")
    left, right = display.axes_
    assert left.get_title(loc="left").replace("\n", " ") == display.summary_
    assert right.get_xlabel().replace("\n", " ") == "difference to the best"
    assert [line.get_marker() for line in left.lines] == ["o", "|"]  # no line joins splits
    seeded = KFold(3, shuffle=True, random_state=0)
    search = BayesSearchCV(TREE, space, cv=seeded, **options).fit(X, Y)
    assert np.isfinite(CandidateComparisonDisplay.from_search(search).difference_).all()
    assert "different splits" not in CandidateComparisonDisplay.from_search(search).summary_


def test_candidates_without_all_scores_are_not_compared():
    display = CandidateComparisonDisplay.from_cv_results(
        columns([0.9, NAN], [0.5, 0.6], [0.7, 0.8])
    )
    assert display.candidates_.tolist() == [2, 1]
    with pytest.raises(
        InvalidParameterError,
        match="CandidateComparisonDisplay: there are no scores. Got 2 candidates",
    ):
        CandidateComparisonDisplay.from_cv_results(columns([0.9, NAN], [NAN, 0.6]))


def test_one_candidate_and_one_split():
    alone = CandidateComparisonDisplay.from_cv_results(columns([0.5, 0.6]))
    assert alone.summary_ == "There is one candidate, and none to compare it with."
    split = CandidateComparisonDisplay.from_cv_results(columns([0.5], [0.6]))
    assert split.summary_.startswith("One split does not tell")
    assert np.isnan(split.low_[1])
    assert split.difference_[1] == pytest.approx(-0.1)


def test_only_the_last_iteration_of_a_halving_is_compared():
    search = HalvingGridSearchCV(
        TREE, {"max_depth": [1, 2, 3, 4, 5, 6]}, cv=3, factor=2, random_state=0
    ).fit(X, Y)
    display = CandidateComparisonDisplay.from_search(search, n_candidates=50)
    last = np.flatnonzero(search.cv_results_["iter"] == search.cv_results_["iter"].max())
    assert sorted(display.candidates_) == last.tolist()
    assert display.candidates_[0] == search.best_index_


def test_a_chosen_candidate_that_is_not_the_best_is_called_so():
    search = GridSearchCV(TREE, {"max_depth": [1, 3]}, cv=5, refit=lambda results: 0).fit(X, Y)
    display = CandidateComparisonDisplay.from_search(search)
    assert display.candidates_.tolist() == [0, 1]
    assert display.summary_ == "The chosen one is worse than the other."


def test_many_candidates_are_numbered_where_names_have_no_room(search):
    rng = np.random.default_rng(0)
    results = columns(*rng.normal(size=(40, 12)))
    figure, ax = plt.subplots(figsize=(3.3, 3), layout="constrained")
    display = CandidateComparisonDisplay.from_cv_results(results, n_candidates=40, ax=ax)
    left = display.axes_[0]
    assert display.ax_ is ax
    assert not left.texts
    assert [label.get_text() for label in left.get_yticklabels()] == list(map(str, range(1, 41)))
    free = CandidateComparisonDisplay.from_cv_results(results, n_candidates=40)
    assert len(free.axes_[0].texts) == 40
    assert free.figure_.get_figheight() > 15


def test_it_is_found_in_a_pipeline(search):
    display = CandidateComparisonDisplay.from_estimator(make_pipeline("passthrough", search))
    assert display.candidates_[0] == search.best_index_


def test_hostile_names_are_drawn_as_they_are():
    results = columns([0.5, 0.6], [0.1, 0.2])
    results["params"] = [{"$x$" * 100: "<script>$"}, {"$x$" * 100: "\n$\\alpha$"}]
    display = CandidateComparisonDisplay.from_cv_results(results)
    display.figure_.draw_without_rendering()
    assert "<script>" in display.labels_[0]
    assert all(r"\$" in text.get_text() for text in display.axes_[0].texts)


@pytest.mark.parametrize(
    "options",
    [{"n_candidates": 0}, {"confidence": 1.0}, {"confidence": 95}, {"test_fraction": 0.0}],
)
def test_wrong_options_are_named(options):
    with pytest.raises(
        InvalidParameterError, match=f"CandidateComparisonDisplay: {next(iter(options))}="
    ):
        CandidateComparisonDisplay.from_cv_results(columns([0.5, 0.6]), **options)


def test_the_settings_of_the_caller_stay():
    before = dict(plt.rcParams)
    CandidateComparisonDisplay.from_cv_results(columns([0.5, 0.6], [0.4, 0.5]))
    assert dict(plt.rcParams) == before
    assert isinstance(
        CandidateComparisonDisplay.from_cv_results(columns([0.5])).frame(), pandas.DataFrame
    )


def test_names_that_are_cut_tell_candidates_apart():
    params = [{"n__" + "a" * 60: 1, "b": "x" * 50 + str(row)} for row in range(3)]
    columns = {"params": params, "split0_test_score": [0.3, 0.2, 0.1]}
    columns["params"].append({"n__" + "a" * 60: 2, "b": "x"})
    columns["split0_test_score"].append(0.0)
    figure, ax = plt.subplots(figsize=(3.3, 2.6), layout="constrained")
    display = CandidateComparisonDisplay.from_cv_results(columns, ax=ax)
    names = [text.get_text() for text in display.axes_[0].texts]
    assert len(set(names)) == 4
    assert [name[-1] for name in names[:3]] == ["0", "1", "2"]
    assert figure is ax.figure
