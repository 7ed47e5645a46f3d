"""Fixed validation data and weights: by hand, through pipelines, inside searches."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skdl.exceptions import InvalidParameterError
from tests.selection import some

FOLDS = KFold(2)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.fixture
def parts(data_of):
    """``parts(kind)`` gives X, y to train on and X_val, y_val, all far from scaled."""

    def split(kind):
        X, y = data_of(kind)
        X = X * 7 + 3
        return X[:40], y[:40], X[40:], y[40:]

    return split


def last_val_loss(estimator, X, y):
    """A scorer that tells how the validation data were used."""
    return estimator.history_["val_loss"][-1]


@pytest.mark.usefixtures("float64")
def test_the_validation_loss_is_the_loss_of_the_predictions(kind, make_estimator, parts):
    X, y, X_val, y_val = parts(kind)
    X, X_val = X / 20, X_val / 20  # no probability so small that Keras cuts it off
    estimator = make_estimator(kind).fit(X, y, X_val=X_val, y_val=y_val)
    if kind.endswith("Classifier"):
        by_hand = log_loss(y_val, estimator.predict_proba(X_val))
    else:
        by_hand = mean_squared_error(y_val, estimator.predict(X_val))
    assert estimator.history_["val_loss"][-1] == pytest.approx(by_hand, rel=1e-10, abs=0)


def test_validation_data_change_no_bit_of_the_training(kind, make_estimator, parts, outputs):
    X, y, X_val, y_val = parts(kind)
    alone = make_estimator(kind).fit(X, y)
    validated = make_estimator(kind).fit(X, y, X_val=X_val, y_val=y_val)
    assert validated.history_["loss"] == alone.history_["loss"]
    np.testing.assert_array_equal(outputs(validated, X_val), outputs(alone, X_val))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("X_val",), "Got X_val without y_val, expected both or neither: pass y_val too"),
        (("y_val",), "Got y_val without X_val, expected both or neither: pass X_val too"),
        (("sample_weight_val",), "Got sample_weight_val without X_val"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_half_of_the_validation_data_is_an_error(kind, given, message, make_estimator, parts):
    X, y, X_val, y_val = parts(kind)
    held = {"X_val": X_val, "y_val": y_val, "sample_weight_val": np.ones(len(y_val))}
    with pytest.raises(InvalidParameterError, match=message):
        make_estimator(kind).fit(X, y, **{name: held[name] for name in given})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X[:, :3], y), "X has 3 features, but .* is expecting 4 features"),
        (lambda X, y: (X[:-1], y), "inconsistent numbers of samples"),
        (lambda X, y: (np.where(X > 3, np.nan, X), y), "Input X contains NaN"),
        (lambda X, y: (X[:0], y[:0]), r"Found array with 0 sample\(s\)"),
    ],
    ids=["fewer features", "fewer rows", "nan", "empty"],
)
def test_validation_data_are_checked_as_training_data_are(
    kind, change, message, make_estimator, parts
):
    X, y, X_val, y_val = parts(kind)
    X_val, y_val = change(X_val, y_val)
    with pytest.raises(ValueError, match=message):
        make_estimator(kind).fit(X, y, X_val=X_val, y_val=y_val)


def test_a_label_that_only_the_validation_data_have_is_an_error(
    classifier_kind, make_estimator, parts
):
    X, y, X_val, y_val = parts(classifier_kind)
    with pytest.raises(ValueError, match=r"(unknown categories|not among the classes)"):
        make_estimator(classifier_kind).fit(X, y, X_val=X_val, y_val=np.where(y_val == 0, 9, y_val))


@pytest.mark.usefixtures("routing")
def test_a_pipeline_transforms_the_validation_data_as_it_does_x(
    kind, make_estimator, parts, outputs
):
    X, y, X_val, y_val = parts(kind)
    network = make_estimator(kind).set_fit_request(X_val=True, y_val=True)
    pipe = Pipeline([("scale", StandardScaler()), ("network", network)], transform_input=["X_val"])
    pipe.fit(X, y, X_val=X_val, y_val=y_val)

    scale = StandardScaler().fit(X)
    by_hand = make_estimator(kind).fit(
        scale.transform(X), y, X_val=scale.transform(X_val), y_val=y_val
    )
    assert pipe[-1].history_ == by_hand.history_
    np.testing.assert_array_equal(outputs(pipe, X_val), outputs(by_hand, scale.transform(X_val)))


@pytest.mark.usefixtures("routing")
def test_validation_data_that_nobody_asked_for_are_an_error(kind, make_estimator, parts):
    X, y, X_val, y_val = parts(kind)
    pipe = Pipeline(
        [("scale", StandardScaler()), ("network", make_estimator(kind))], transform_input=["X_val"]
    )
    with pytest.raises(UnsetMetadataPassedError, match="X_val, y_val"):
        pipe.fit(X, y, X_val=X_val, y_val=y_val)


def test_without_metadata_routing_scikit_learn_says_how_to_enable_it(kind, make_estimator, parts):
    X, y, X_val, y_val = parts(kind)
    with pytest.raises(RuntimeError, match="enable_metadata_routing=True"):
        make_estimator(kind).set_fit_request(X_val=True, y_val=True)
    pipe = Pipeline(
        [("scale", StandardScaler()), ("network", make_estimator(kind))], transform_input=["X_val"]
    )
    with pytest.raises(ValueError, match="`transform_input`.* metadata routing is enabled"):
        pipe.fit(X, y, network__X_val=X_val, network__y_val=y_val)


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("kind", some(["MLPClassifier", "KerasRegressor"], "KerasRegressor"))
def test_a_search_hands_longer_validation_data_on_whole(kind, make_estimator, data_of):
    X, y = data_of(kind)
    X_val, y_val = np.vstack([X, X[:1]]), np.append(y, y[:1])
    network = make_estimator(kind).set_fit_request(X_val=True, y_val=True)
    search = GridSearchCV(network, {"epochs": [1, 2]}, cv=FOLDS, scoring=last_val_loss)
    search.fit(X, y, X_val=X_val, y_val=y_val)
    for number, (train, _) in enumerate(FOLDS.split(X)):
        for candidate, epochs in enumerate([1, 2]):
            by_hand = make_estimator(kind, epochs=epochs)
            by_hand.fit(X[train], y[train], X_val=X_val, y_val=y_val)
            found = search.cv_results_[f"split{number}_test_score"][candidate]
            assert found == last_val_loss(by_hand, X, y)
    refit = make_estimator(kind, **search.best_params_).fit(X, y, X_val=X_val, y_val=y_val)
    assert search.best_estimator_.history_ == refit.history_


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("kind", some(["MLPClassifier", "KerasRegressor"], "KerasRegressor"))
def test_a_search_slices_validation_data_of_exactly_as_many_rows_as_x(
    kind, make_estimator, data_of
):
    # scikit-learn takes every array of X's length for one value a row, and gives each fit those of
    # its training rows. One row more or less keeps validation data whole.
    X, y = data_of(kind)
    X_val, y_val = X[::-1] * 2, y[::-1].copy()
    network = make_estimator(kind, epochs=1).set_fit_request(X_val=True, y_val=True)
    search = GridSearchCV(network, {"epochs": [1]}, cv=FOLDS, scoring=last_val_loss)
    search.fit(X, y, X_val=X_val, y_val=y_val)
    for number, (train, _) in enumerate(FOLDS.split(X)):
        sliced = make_estimator(kind, epochs=1)
        sliced.fit(X[train], y[train], X_val=X_val[train], y_val=y_val[train])
        assert search.cv_results_[f"split{number}_test_score"] == [last_val_loss(sliced, X, y)]
    whole = make_estimator(kind, epochs=1).fit(X, y, X_val=X_val, y_val=y_val)
    assert search.best_estimator_.history_ == whole.history_


@pytest.mark.usefixtures("routing")
def test_weights_are_routed_and_sliced(kind, make_estimator, data_of, outputs):
    X, y = data_of(kind)
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y))
    (train, test), _ = FOLDS.split(X)
    network = make_estimator(kind).set_fit_request(sample_weight=True)
    network.set_score_request(sample_weight=True)
    found = cross_validate(
        network,
        X,
        y,
        cv=[(train, test)],
        params={"sample_weight": weight},
        return_estimator=True,
    )
    by_hand = make_estimator(kind).fit(X[train], y[train], sample_weight=weight[train])
    np.testing.assert_array_equal(outputs(found["estimator"][0], X), outputs(by_hand, X))
    assert found["test_score"] == [by_hand.score(X[test], y[test], sample_weight=weight[test])]


@pytest.mark.usefixtures("routing")
def test_weights_that_nobody_asked_for_are_an_error(kind, make_estimator, data_of):
    X, y = data_of(kind)
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        cross_validate(make_estimator(kind), X, y, cv=2, params={"sample_weight": np.ones(len(y))})


@pytest.mark.usefixtures("routing")
def test_what_can_be_asked_for(kind, make_estimator):
    requests = make_estimator(kind).get_metadata_routing()
    assert set(requests.fit.requests) == {"X_val", "y_val", "sample_weight", "sample_weight_val"}
    assert set(requests.partial_fit.requests) == {"classes", "sample_weight"}
    assert set(requests.score.requests) == {"sample_weight"}
    assert set(requests.predict.requests) == set()
