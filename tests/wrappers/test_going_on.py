"""Training that goes on: partial_fit, warm_start, and a network that is initialized and not trained."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skdl import KerasClassifier, KerasRegressor
from tests.tolerances import assert_outputs_within_rounding
from tests.wrappers.small_networks import (
    LABELS,
    NUMBERS,
    QUICK,
    THREE,
    TWO,
    Recorder,
    X,
    build_hidden,
    build_linear,
    build_softmax,
    dense,
    weights,
)


def regressor(**params):
    return KerasRegressor(build_linear, **{"optimizer": "adam", "batch_size": 8, **QUICK, **params})


@pytest.fixture(scope="module")
def three_epochs():
    return regressor(epochs=3).fit(X, NUMBERS)


def test_partial_fits_equal_one_fit_of_as_many_epochs(three_epochs):
    reg = regressor()
    for _ in range(3):
        reg.partial_fit(X, NUMBERS)
    np.testing.assert_array_equal(weights(reg), weights(three_epochs))
    assert reg.history_ == three_epochs.history_


def test_partial_fit_goes_on_after_fit(three_epochs):
    reg = regressor(epochs=2).fit(X, NUMBERS)
    model = reg.model_
    reg.partial_fit(X, NUMBERS)
    assert reg.model_ is model
    assert reg.current_epoch == 3
    np.testing.assert_array_equal(weights(reg), weights(three_epochs))
    assert reg.history_ == three_epochs.history_


def test_partial_fit_trains_one_epoch_whatever_epochs_says():
    recorder = Recorder()
    reg = regressor(epochs=5, fit__epochs=4, callbacks=recorder)
    assert reg.current_epoch == 0
    for epoch in range(3):
        reg.partial_fit(X, NUMBERS)
        assert reg.current_epoch == epoch + 1
        assert len(reg.history_["loss"]) == epoch + 1
    assert recorder.epochs == [0, 1, 2]


def test_fit_after_partial_fit_begins_anew(three_epochs):
    reg = regressor(epochs=3).partial_fit(X, NUMBERS)
    model = reg.model_
    reg.fit(X, NUMBERS)
    assert reg.model_ is not model
    assert reg.history_ == three_epochs.history_
    assert reg.current_epoch == 3


@pytest.mark.parametrize("name", ["epochs", "initial_epoch"])
def test_partial_fit_takes_no_epochs(name):
    with pytest.raises(TypeError, match=f"Invalid argument '{name}' to partial_fit"):
        regressor().partial_fit(X, NUMBERS, **{name: 2})


def test_partial_fit_takes_arguments_of_keras_and_weights():
    recorder = Recorder()
    reg = regressor(callbacks=recorder)
    reg.partial_fit(X, NUMBERS, batch_size=12, sample_weight=1 + THREE)
    assert recorder.log == ["train", 0, "step", "step"]
    whole = regressor(batch_size=12).fit(X, NUMBERS, 1 + THREE)
    np.testing.assert_array_equal(weights(reg), weights(whole))


def test_partial_fit_is_told_of_classes_that_come_later():
    seen = {}

    def build(meta):
        seen.update(meta)
        return build_hidden(meta)

    clf = KerasClassifier(build, **QUICK)
    first = THREE < 2
    clf.partial_fit(X[first], THREE[first], classes=[2, 0, 1])
    np.testing.assert_array_equal(clf.classes_, [0, 1, 2])
    assert (seen["n_classes_"], seen["target_type_"]) == (3, "multiclass")
    clf.partial_fit(X, THREE)
    np.testing.assert_array_equal(clf.classes_, [0, 1, 2])
    assert clf.predict_proba(X).shape == (len(X), 3)
    assert clf.current_epoch == 2


def test_partial_fit_takes_the_classes_of_the_first_target():
    clf = KerasClassifier(build_hidden, **QUICK).partial_fit(X, THREE)
    clf.partial_fit(X[:1], THREE[:1])
    np.testing.assert_array_equal(clf.classes_, [0, 1, 2])


def test_classes_of_a_partial_fit_do_not_bind_a_later_fit():
    clf = KerasClassifier(build_hidden, **QUICK)
    clf.partial_fit(X, THREE, classes=[0, 1, 2, 3]).fit(X, THREE)
    np.testing.assert_array_equal(clf.classes_, [0, 1, 2])


@pytest.mark.parametrize("labels", [[0, 1, 2, 7], ["a", "b", "c", "x"]])
def test_an_unknown_label(labels):
    clf = KerasClassifier(build_hidden, **QUICK)
    y, last = np.array(labels)[THREE], labels[3]
    with pytest.raises(ValueError, match=str(last)):
        clf.partial_fit(X[:3], np.append(y[:2], last), classes=labels[:3])
    clf = KerasClassifier(build_hidden, **QUICK).partial_fit(X, y)
    before = weights(clf)
    with pytest.raises(ValueError, match=str(last)):
        clf.partial_fit(X[:3], np.append(y[:2], last))
    np.testing.assert_array_equal(weights(clf), before)
    assert clf.current_epoch == 1


def test_targets_of_another_width():
    recorder = Recorder()
    reg = regressor(callbacks=recorder).partial_fit(X, NUMBERS)
    multilabel = KerasClassifier(
        lambda: dense(3, activation="sigmoid"), callbacks=recorder, **QUICK
    ).partial_fit(X, LABELS)
    recorder.log.clear()
    with pytest.raises(ValueError, match=r"rows of shape \(2,\).* rows of shape \(\)"):
        reg.partial_fit(X, np.column_stack([NUMBERS, NUMBERS]))
    with pytest.raises(ValueError, match=r"rows of shape \(2,\).* rows of shape \(3,\)"):
        multilabel.partial_fit(X, LABELS[:, :2])
    assert recorder.log == []
    assert multilabel.current_epoch == reg.current_epoch == 1


def test_rows_of_another_width():
    reg = regressor().partial_fit(X, NUMBERS)
    with pytest.raises(ValueError, match="X has 3 features, but KerasRegressor is expecting 4"):
        reg.partial_fit(X[:, :3], NUMBERS)


def test_warm_start_goes_on_with_the_same_network_and_a_new_history(three_epochs):
    recorder = Recorder()
    reg = regressor(warm_start=True, epochs=2, callbacks=recorder).fit(X, NUMBERS)
    model, first = reg.model_, reg.history_
    reg.fit(X, NUMBERS, epochs=1)
    assert reg.model_ is model
    assert recorder.epochs == [0, 1, 0]
    assert reg.current_epoch == 1
    assert first["loss"] + reg.history_["loss"] == three_epochs.history_["loss"]
    np.testing.assert_array_equal(weights(reg), weights(three_epochs))


def test_without_warm_start_each_fit_is_the_same(three_epochs):
    reg = regressor(epochs=3).fit(X, NUMBERS)
    model = reg.model_
    reg.fit(X, NUMBERS)
    assert reg.model_ is not model
    np.testing.assert_array_equal(weights(reg), weights(three_epochs))
    assert reg.history_ == three_epochs.history_


def test_warm_start_keeps_the_classes():
    clf = KerasClassifier(build_softmax, warm_start=True, **QUICK).fit(X, THREE)
    clf.fit(X, np.minimum(THREE, 1))
    np.testing.assert_array_equal(clf.classes_, [0, 1, 2])
    with pytest.raises(ValueError, match="7"):
        clf.fit(X, np.where(THREE == 2, 7, THREE))


def test_initialize_gives_a_network_that_is_not_trained(three_epochs):
    reg = regressor()
    assert not reg.initialized_
    with pytest.raises(NotFittedError):
        reg.predict(X)
    assert reg.initialize(X, NUMBERS) is reg
    assert reg.initialized_
    assert reg.current_epoch == 0
    assert not hasattr(reg, "history_")
    before = weights(reg)
    outputs = X @ reg.model_.layers[0].kernel.numpy()
    assert_outputs_within_rounding(reg.predict(X), outputs[:, 0], reg.model_, X)
    assert isinstance(reg.score(X, NUMBERS), float)
    np.testing.assert_array_equal(weights(reg), before)
    assert not np.array_equal(before, weights(three_epochs))


def test_initialize_of_a_classifier():
    clf = KerasClassifier(build_softmax, **QUICK).initialize(X, np.array(list("bca"))[THREE])
    np.testing.assert_array_equal(clf.classes_, ["a", "b", "c"])
    proba = clf.predict_proba(X)
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[proba.argmax(axis=1)])


@pytest.mark.parametrize("going_on", ["warm_start", "partial_fit"])
def test_an_initialized_network_is_trained_further(going_on):
    reg = regressor(warm_start=going_on == "warm_start").initialize(X, NUMBERS)
    model = reg.model_
    if going_on == "warm_start":
        reg.fit(X, NUMBERS)
    else:
        reg.partial_fit(X, NUMBERS)
    assert reg.model_ is model
    np.testing.assert_array_equal(weights(reg), weights(regressor().fit(X, NUMBERS)))
    assert reg.current_epoch == 1


def test_a_fit_after_initialize_begins_anew():
    reg = regressor().initialize(X, TWO)
    model = reg.model_
    reg.fit(X, NUMBERS)
    assert reg.model_ is not model
    np.testing.assert_array_equal(weights(reg), weights(regressor().fit(X, NUMBERS)))
