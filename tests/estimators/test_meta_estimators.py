"""The estimators inside scikit-learn's own meta-estimators, searches, scorers and inspection tools."""

from __future__ import annotations

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFE, SelectFromModel, SequentialFeatureSelector
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from skopt import BayesSearchCV

from tests.conftest import CLASSIFIERS, KINDS, REGRESSORS, WIDTH, make, network_outputs, trained
from tests.networks_for_tests import first_layer_importance
from tests.selection import some


def test_estimators_say_what_they_are():
    assert [is_classifier(make(kind)) for kind in KINDS] == [True, False, True, False]
    assert [is_regressor(make(kind)) for kind in KINDS] == [False, True, False, True]
    assert is_classifier(make_pipeline(StandardScaler(), make("KerasClassifier")))


@pytest.mark.parametrize("kind", some(CLASSIFIERS, "MLPClassifier"))
def test_folds_of_a_classifier_are_stratified(kind, classes_data):
    X, y = classes_data
    order = np.argsort(y)
    X, y = X[order], y[order]
    clf = make(kind, epochs=2)
    found = cross_val_score(clf, X, y, cv=2)
    stratified = cross_val_score(clf, X, y, cv=StratifiedKFold(2))
    np.testing.assert_array_equal(found, stratified)


# Meta-estimators: one fit each, and what must hold of what they predict.


def around(kind):
    """An estimator for a meta-estimator: better than chance, which AdaBoost asks for."""
    return trained(kind, epochs=3)


AROUND_CLASSIFIERS = {
    "CalibratedClassifierCV": lambda clf: CalibratedClassifierCV(clf, cv=2),
    "VotingClassifier": lambda clf: VotingClassifier(
        [("net", clf), ("line", LogisticRegression())], voting="soft"
    ),
    "StackingClassifier": lambda clf: StackingClassifier(
        [("net", clf), ("line", LogisticRegression())], cv=2
    ),
    "StackingClassifier, final": lambda clf: StackingClassifier(
        [("line", LogisticRegression())], final_estimator=clf, cv=2
    ),
    "BaggingClassifier": lambda clf: BaggingClassifier(clf, 2, random_state=0),
    "OneVsRestClassifier": OneVsRestClassifier,
    "AdaBoostClassifier": lambda clf: AdaBoostClassifier(clf, n_estimators=2, random_state=0),
    "SelfTrainingClassifier": lambda clf: SelfTrainingClassifier(clf, max_iter=1),
}
AROUND_REGRESSORS = {
    "VotingRegressor": lambda net: VotingRegressor([("net", net), ("line", Ridge())]),
    "StackingRegressor": lambda net: StackingRegressor([("net", net), ("line", Ridge())], cv=2),
    "BaggingRegressor": lambda net: BaggingRegressor(net, 2, random_state=0),
    "AdaBoostRegressor": lambda net: AdaBoostRegressor(net, n_estimators=2, random_state=0),
    "TransformedTargetRegressor": lambda net: TransformedTargetRegressor(
        net, transformer=StandardScaler()
    ),
}


@pytest.mark.parametrize(
    "meta",
    some(
        AROUND_CLASSIFIERS,
        "BaggingClassifier",
        "StackingClassifier, final",
    ),
)
@pytest.mark.parametrize("kind", some(CLASSIFIERS, "MLPClassifier"))
def test_a_classifier_works_inside(kind, meta, classes_data):
    X, codes = classes_data
    y = np.array(["a", "b", "c"])[codes]
    if meta == "SelfTrainingClassifier":
        y = np.where(np.arange(60) % 4, codes, -1)
    clf = AROUND_CLASSIFIERS[meta](around(kind)).fit(X, y)
    proba = clf.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[proba.argmax(axis=1)])


@pytest.mark.parametrize(
    "meta", some(AROUND_REGRESSORS, "BaggingRegressor", "TransformedTargetRegressor")
)
@pytest.mark.parametrize("kind", some(REGRESSORS, "KerasRegressor"))
def test_a_regressor_works_inside(kind, meta, numbers_data):
    X, y = numbers_data
    predicted = AROUND_REGRESSORS[meta](around(kind)).fit(X, y).predict(X)
    assert predicted.shape == y.shape
    assert np.isfinite(predicted).all()


@pytest.mark.parametrize("kind", some(CLASSIFIERS, "MLPClassifier"))
def test_votes_are_the_mean_of_the_probabilities(kind, classes_data):
    X, y = classes_data
    vote = VotingClassifier([("a", around(kind)), ("b", LogisticRegression())], voting="soft")
    alone = [
        around(kind).fit(X, y).predict_proba(X),
        LogisticRegression().fit(X, y).predict_proba(X),
    ]
    np.testing.assert_array_equal(vote.fit(X, y).predict_proba(X), np.mean(alone, axis=0))


@pytest.mark.parametrize("kind", some(CLASSIFIERS, "MLPClassifier"))
def test_pairs_of_classes_are_told_apart(kind, classes_data):
    X, y = classes_data
    clf = OneVsOneClassifier(around(kind)).fit(X, y)
    assert len(clf.estimators_) == 3
    assert clf.decision_function(X).shape == (60, 3)
    np.testing.assert_array_equal(clf.predict(X), clf.decision_function(X).argmax(axis=1))


@pytest.mark.parametrize("kind", some(CLASSIFIERS, "MLPClassifier"))
def test_each_column_of_labels_has_a_network(kind, classes_data):
    X, y = classes_data
    labels = np.column_stack([y, y == 0])
    clf = MultiOutputClassifier(around(kind)).fit(X, labels)
    alone = [around(kind).fit(X, column).predict(X) for column in labels.T]
    np.testing.assert_array_equal(clf.predict(X), np.column_stack(alone))


@pytest.mark.parametrize("kind", some(REGRESSORS, "KerasRegressor"))
def test_each_column_of_numbers_has_a_network(kind, numbers_data):
    X, y = numbers_data
    found = MultiOutputRegressor(around(kind)).fit(X, np.column_stack([y, -y])).predict(X)
    np.testing.assert_array_equal(found[:, 0], around(kind).fit(X, y).predict(X))


@pytest.mark.parametrize("kind", some(REGRESSORS, "KerasRegressor"))
def test_a_transformed_target_is_transformed_back(kind, numbers_data):
    X, y = numbers_data
    found = TransformedTargetRegressor(around(kind), func=np.log, inverse_func=np.exp).fit(X, y)
    by_hand = np.exp(around(kind).fit(X, np.log(y)).predict(X))
    np.testing.assert_array_equal(found.predict(X), by_hand)


@pytest.mark.parametrize("kind", some(CLASSIFIERS, "MLPClassifier"))
def test_thresholds_of_two_classes(kind, binary_data):
    X, y = binary_data
    clf = around(kind).fit(X, y)
    fixed = FixedThresholdClassifier(around(kind), threshold=0.3).fit(X, y)
    np.testing.assert_array_equal(fixed.predict(X), (clf.predict_proba(X)[:, 1] >= 0.3).astype(int))
    tuned = TunedThresholdClassifierCV(around(kind), cv=2, thresholds=10).fit(X, y)
    expected = (clf.predict_proba(X)[:, 1] >= tuned.best_threshold_).astype(int)
    np.testing.assert_array_equal(tuned.predict(X), expected)


# Features: chosen, permuted, varied.


@pytest.fixture
def one_feature(kind):
    """``X, y`` where only feature 1 of four says anything of y."""
    X = np.random.default_rng(0).normal(size=(80, 4))
    return X, X[:, 1] * 3 if kind in REGRESSORS else (X[:, 1] > 0).astype(int)


@pytest.mark.further
def test_features_are_chosen_by_the_weights_of_the_first_layer(kind, one_feature):
    X, y = one_feature
    fitted = trained(kind).fit(X, y)
    by_weight = {"importance_getter": first_layer_importance}
    for selector in (
        RFE(trained(kind), n_features_to_select=1, step=3, **by_weight),
        SelectFromModel(fitted, max_features=1, threshold=-np.inf, prefit=True, **by_weight),
    ):
        assert selector.fit(X, y).get_support().tolist() == [False, True, False, False]


@pytest.mark.further
def test_features_are_chosen_one_after_another(kind, one_feature):
    X, y = one_feature
    X = X[:, :2]
    chosen = SequentialFeatureSelector(trained(kind), n_features_to_select=1, cv=2).fit(X, y)
    assert chosen.get_support().tolist() == [False, True]


def test_permuting_and_varying_the_feature_that_matters(kind, one_feature):
    X, y = one_feature
    fitted = trained(kind).fit(X, y)
    importance = permutation_importance(fitted, X, y, n_repeats=3, random_state=0)
    assert importance.importances_mean.argmax() == 1
    grid = partial_dependence(fitted, X, [1], grid_resolution=5)
    for value, average in zip(grid["grid_values"][0], grid["average"][0], strict=True):
        moved = X.copy()
        moved[:, 1] = value
        outputs = network_outputs(fitted, moved)
        expected = outputs[:, 1] if kind in CLASSIFIERS else outputs
        assert average == pytest.approx(expected.mean(), rel=1e-12)


# Curves, searches, cross-validated predictions.

FOLD = [(np.arange(0, 60, 2), np.arange(1, 60, 2))]


def test_curves_are_scores_of_fits(kind, data_of):
    X, y = data_of(kind)
    _, _, by_size = learning_curve(make(kind), X, y, cv=FOLD, train_sizes=[15, 30])
    _, by_epochs = validation_curve(
        make(kind), X, y, param_name="epochs", param_range=[1, 3], cv=FOLD
    )
    [(train, test)] = FOLD
    whole = make(kind).fit(X[train], y[train]).score(X[test], y[test])
    few = make(kind).fit(X[train[:15]], y[train[:15]]).score(X[test], y[test])
    assert by_size.ravel().tolist() == [few, whole]
    assert by_epochs[1].tolist() == [whole]


SEARCHES = {
    "GridSearchCV": lambda net, width: GridSearchCV(net, {width: [2, 8]}, cv=FOLD),
    "RandomizedSearchCV": lambda net, width: RandomizedSearchCV(
        net, {width: [2, 8], "batch_size": [16, 32]}, n_iter=2, cv=FOLD, random_state=0
    ),
    "HalvingGridSearchCV": lambda net, width: HalvingGridSearchCV(
        net, {width: [2, 8]}, cv=FOLD, resource="epochs", min_resources=1, max_resources=2, factor=2
    ),
    "BayesSearchCV": lambda net, width: BayesSearchCV(
        net,
        {width: (2, 8)},
        n_iter=2,
        cv=FOLD,
        random_state=0,
        optimizer_kwargs={"n_initial_points": 1},
    ),
}


@pytest.mark.parametrize("name", some(SEARCHES, "GridSearchCV", "HalvingGridSearchCV"))
def test_a_search_finds_what_a_fit_by_hand_gives(kind, name, data_of):
    X, y = data_of(kind)
    search = SEARCHES[name](make(kind, epochs=2), WIDTH[kind]).fit(X, y)
    best = make(kind, epochs=2).set_params(**search.best_params_)
    [(train, test)] = FOLD
    score = clone(best).fit(X[train], y[train]).score(X[test], y[test])
    assert search.cv_results_["split0_test_score"][search.best_index_] == score
    np.testing.assert_array_equal(search.predict(X), best.fit(X, y).predict(X))


@pytest.mark.parametrize("kind", some(CLASSIFIERS, "MLPClassifier"))
def test_cross_validated_probabilities_are_those_of_the_folds(kind, classes_data):
    X, y = classes_data
    found = cross_val_predict(make(kind), X, y, cv=2, method="predict_proba")
    for train, test in StratifiedKFold(2).split(X, y):
        by_hand = make(kind).fit(X[train], y[train]).predict_proba(X[test])
        np.testing.assert_array_equal(found[test], by_hand)


def test_a_network_at_the_end_of_a_pipeline(kind, data_of):
    X, y = data_of(kind)
    pipe = Pipeline(
        [
            (
                "columns",
                ColumnTransformer([("scaled", StandardScaler(), [0, 1])], remainder="passthrough"),
            ),
            (
                "both",
                FeatureUnion([("as it is", "passthrough"), ("sign", FunctionTransformer(np.sign))]),
            ),
            ("network", make(kind)),
        ]
    ).fit(X, y)
    columns = np.hstack([StandardScaler().fit_transform(X[:, :2]), X[:, 2:]])
    rows = np.hstack([columns, np.sign(columns)])
    by_hand = make(kind).fit(rows, y)
    np.testing.assert_array_equal(network_outputs(pipe, X), network_outputs(by_hand, rows))
    pipe.set_params(**{f"network__{WIDTH[kind]}": 5})
    assert clone(pipe).get_params()[f"network__{WIDTH[kind]}"] == 5


@pytest.mark.parametrize(
    ("backend", "kind"),
    some(
        [("loky", "KerasClassifier"), ("threading", "MLPRegressor")],
        ("threading", "MLPRegressor"),
        mark="processes",
    ),
)
def test_jobs_side_by_side_give_the_scores_of_jobs_in_a_row(backend, kind, data_of):
    X, y = data_of(kind)
    net = make(kind, **({"dropout": 0.3} if kind in REGRESSORS else {"model__dropout": 0.3}))
    grid = {WIDTH[kind]: [4, 8]}
    alone = GridSearchCV(net, grid, cv=2).fit(X, y)
    with parallel_config(backend):
        together = GridSearchCV(net, grid, cv=2, n_jobs=2).fit(X, y)
    for column in ("split0_test_score", "split1_test_score"):
        np.testing.assert_array_equal(together.cv_results_[column], alone.cv_results_[column])
    np.testing.assert_array_equal(together.predict(X), alone.predict(X))
