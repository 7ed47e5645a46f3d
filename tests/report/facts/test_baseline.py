"""A baseline is scored on the folds of the search, or read from what the user has."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ShuffleSplit,
    cross_val_score,
    cross_validate,
)
from sklearn.tree import DecisionTreeClassifier

from skdl.exceptions import InvalidParameterError
from skdl.report.facts.baseline import baseline_of, check_baseline
from skdl.results.reading import read_results
from skdl.results.results import Results
from tests import fitted_searches as cases

X, y = cases.X, cases.y


def of(search, baseline=None, data=(X, y)):
    results = Results.of_search(search)
    check_baseline(baseline, results, data[0])
    return baseline_of(baseline, results, *data)


def test_without_one_it_is_a_dummy_on_the_folds_of_the_search():
    found, why_not = of(cases.random())
    expected = cross_val_score(DummyClassifier(), X, y, cv=KFold(4, shuffle=True, random_state=1))
    np.testing.assert_array_equal(found.scores, expected)
    assert (found.name, found.same_splits, why_not) == ("DummyClassifier", True, "")
    assert found.mean == expected.mean()
    assert found.std == expected.std()


def test_of_a_regressor_it_is_scored_as_the_search_was():
    found, _ = of(cases.regression(), data=(cases.NUMBERS_X, cases.NUMBERS_Y))
    expected = cross_val_score(
        DummyRegressor(),
        cases.NUMBERS_X,
        cases.NUMBERS_Y,
        cv=4,
        scoring="neg_mean_squared_error",
    )
    np.testing.assert_array_equal(found.scores, expected)


def test_an_estimator_is_scored_by_the_metric_that_counts_and_stays_unfitted():
    stump = DecisionTreeClassifier(max_depth=1, random_state=0)
    found, _ = of(cases.several_metrics(), stump)
    np.testing.assert_array_equal(found.scores, cross_val_score(clone(stump), X, y, cv=3))
    assert found.name == "DecisionTreeClassifier"
    assert not hasattr(stump, "tree_")
    by_loss = Results.of_search(cases.several_metrics(), "neg_log_loss")
    lost, _ = baseline_of(stump, by_loss, X, y)
    expected = cross_val_score(clone(stump), X, y, cv=3, scoring="neg_log_loss")
    np.testing.assert_allclose(lost.scores, expected)


def test_scores_that_the_user_has_are_taken():
    found, _ = of(cases.grid(), [0.1, 0.2, 0.3, 0.4, 0.5], data=(None, None))
    np.testing.assert_array_equal(found.scores, [0.1, 0.2, 0.3, 0.4, 0.5])
    assert (found.name, found.same_splits) == ("baseline", True)


def test_what_cross_validate_gave_is_taken():
    result = cross_validate(
        DummyClassifier(), X, y, cv=3, scoring=["accuracy", "neg_log_loss"], return_estimator=True
    )
    found, _ = of(cases.several_metrics(), result, data=(None, None))
    np.testing.assert_array_equal(found.scores, result["test_accuracy"])
    assert found.name == "DummyClassifier"


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        ([0.1, 0.2], "expected an estimator, what cross_validate returned, or 5 scores"),
        ("dummy", "expected an estimator"),
        (0.5, "expected an estimator"),
        (DummyClassifier, "expected an estimator"),
        ({"fit_time": [1.0]}, "Got a baseline with 'fit_time', expected what cross_validate"),
        ({"test_score": [1.0]}, "or 5 scores, one for each split"),
        (DummyClassifier(), "Got baseline=DummyClassifier without X and y"),
    ],
)
def test_anything_else_is_refused_before_anything_is_computed(baseline, words):
    with pytest.raises(InvalidParameterError, match=words):
        check_baseline(baseline, Results.of_search(cases.grid()), None)


def test_an_estimator_needs_a_search_that_says_the_folds():
    results = Results.of_cross_validation(cases.cross_validation())
    with pytest.raises(InvalidParameterError, match="and no search, whose folds and score"):
        check_baseline(DummyClassifier(), results, X)
    found, why_not = baseline_of(None, results, X, y)
    assert found is None
    assert why_not == "pass the scores of something simpler on the same folds as baseline"


def test_without_data_it_is_said_what_to_pass():
    found, why_not = of(cases.grid(), data=(None, None))
    assert found is None
    assert why_not == "pass X and y, or the scores of something simpler as baseline"


def test_folds_that_are_drawn_anew_are_said_to_be_others():
    search = GridSearchCV(
        LogisticRegression(max_iter=500), {"C": [1.0]}, cv=ShuffleSplit(3, test_size=0.3)
    ).fit(X, y)
    found, _ = of(search)
    assert not found.same_splits
    assert "give it a random_state" in found.note


def test_given_scores_are_of_other_folds_where_the_splitter_draws_anew():
    model = LogisticRegression(max_iter=500)
    cv = KFold(3, shuffle=True)
    search = GridSearchCV(model, {"C": [1.0]}, cv=cv).fit(X, y)
    found, _ = of(search, [0.1, 0.2, 0.3], data=(None, None))
    assert not found.same_splits
    assert "give it a random_state" in found.note


def test_given_scores_of_a_halving_are_of_other_rows():
    found, _ = of(cases.halving(), [0.1, 0.2, 0.3], data=(None, None))
    assert not found.same_splits
    assert "on as many rows as their iteration had" in found.note


def test_given_scores_of_a_cross_validation_are_compared_by_their_rows():
    def validated(seed):
        cv = KFold(3, shuffle=True, random_state=seed)
        return cross_validate(DummyClassifier(), X, y, cv=cv, return_indices=True)

    results = Results.of_cross_validation(validated(0))
    same, other = (baseline_of(validated(seed), results, None, None)[0] for seed in (0, 1))
    assert (same.same_splits, same.note) == (True, "")
    assert (other.same_splits, other.note) == (False, "Its indices are others.")


def test_scores_by_another_metric_are_refused():
    by_loss = Results.of_search(cases.several_metrics(), "neg_log_loss")
    accuracy = cross_validate(DummyClassifier(), X, y, cv=3)
    with pytest.raises(
        InvalidParameterError, match="with 'test_neg_log_loss': pass it the scoring"
    ):
        check_baseline(accuracy, by_loss, None)


def test_inside_of_an_estimator_data_are_others():
    search = cases.regression()
    outer = TransformedTargetRegressor(search, func=np.log, inverse_func=np.exp)
    results = read_results(outer.fit(cases.NUMBERS_X, cases.NUMBERS_Y))
    assert results.inside == "TransformedTargetRegressor"
    found, why_not = baseline_of(None, results, cases.NUMBERS_X, cases.NUMBERS_Y)
    assert found is None
    assert why_not.startswith("the search is inside a TransformedTargetRegressor")
    with pytest.raises(
        InvalidParameterError, match="and a TransformedTargetRegressor with a search"
    ):
        check_baseline(DummyRegressor(), results, cases.NUMBERS_X)
    given, _ = baseline_of([-1.0, -2.0, -1.0, -2.0], results, None, None)
    assert given.same_splits
    alone = read_results(search)
    assert alone.inside == ""


def test_a_successive_halving_is_compared_with_care():
    found, _ = of(cases.halving())
    assert not found.same_splits
    assert "It was scored on all rows" in found.note


def test_a_dummy_that_nobody_asked_for_may_fail():
    groups = np.repeat(np.arange(5), 30)
    search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [1.0]}, cv=GroupKFold(3))
    search.fit(X, np.tile(y[::50], 50), groups=groups)
    target = np.tile(y[::50], 50)
    found, why_not = of(search, data=(X, target))
    assert found is None
    assert "DummyClassifier could not be scored (ValueError: The 'groups' parameter" in why_not
    with pytest.raises(ValueError, match="groups"):
        of(search, DummyClassifier(), data=(X, target))


def test_other_estimators_have_no_dummy():
    search = GridSearchCV(KMeans(n_init=1, random_state=0), {"n_clusters": [2, 3]}, cv=3)
    found, why_not = of(search.fit(X, y))
    assert found is None
    assert why_not.startswith("a KMeans is no classifier and no regressor")


def test_folds_that_are_used_up_are_an_error():
    search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [1.0]}, cv=3).fit(X, y)
    search.cv = 4
    with pytest.raises(InvalidParameterError, match="on 3 splits, and its cv=4 gives 4 now"):
        of(search, DummyClassifier())


def test_folds_of_groups_ask_for_scores():
    groups = np.arange(len(cases.y)) % 15
    search = GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1]}, cv=GroupKFold(3))
    found = Results.of_search(search.fit(cases.X, cases.y, groups=groups))
    with pytest.raises(InvalidParameterError, match="pass what cross_validate returned for it on"):
        baseline_of(LogisticRegression(), found, cases.X, cases.y)


def test_folds_without_a_seed_leave_the_numbers_that_all_share():
    tree = DecisionTreeClassifier(random_state=0)
    search = GridSearchCV(tree, {"max_depth": [1]}, cv=KFold(2, shuffle=True)).fit(X, y)
    before = np.random.get_state()  # noqa: NPY002
    found, _ = of(search, DummyClassifier())
    assert not found.same_splits
    np.testing.assert_equal(np.random.get_state(), before)  # noqa: NPY002


def test_a_random_state_in_a_splitter_stays_where_it_was():
    state = np.random.RandomState(0)
    tree = DecisionTreeClassifier(random_state=0)
    cv = KFold(3, shuffle=True, random_state=state)
    search = GridSearchCV(tree, {"max_depth": [1]}, cv=cv).fit(X, y)
    before = state.get_state()
    found, _ = of(search, DummyClassifier())
    assert not found.same_splits
    np.testing.assert_equal(state.get_state(), before)
