"""Arguments of Keras's fit and predict, and of the score: bare, as fit__name, or in the call."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import r2_score

from skdl import KerasClassifier, KerasRegressor
from skdl.exceptions import InvalidParameterError
from tests.wrappers.small_networks import (
    NUMBERS,
    QUICK,
    THREE,
    TWO,
    Recorder,
    X,
    build_linear,
    build_sigmoid,
    build_softmax,
    dense,
    weights,
)


def regressor(recorder=None, **params):
    return KerasRegressor(build_linear, callbacks=recorder, **params, **QUICK)


def test_epochs_of_the_call_over_routed_over_bare():
    recorder = Recorder()
    reg = regressor(recorder, epochs=1)
    assert len(reg.fit(X, NUMBERS).history_["loss"]) == 1
    assert len(reg.set_params(fit__epochs=2).fit(X, NUMBERS).history_["loss"]) == 2
    assert len(reg.fit(X, NUMBERS, epochs=3).history_["loss"]) == 3
    assert recorder.epochs == [0, 0, 1, 0, 1, 2]
    assert (reg.epochs, reg.fit__epochs) == (1, 2)


def test_batch_size_of_the_call_over_routed_over_bare():
    recorder = Recorder()
    reg = regressor(recorder, batch_size=12)
    reg.fit(X, NUMBERS)
    reg.set_params(fit__batch_size=8).fit(X, NUMBERS)
    reg.fit(X, NUMBERS, batch_size=6)
    assert recorder.log == [e for n in (2, 3, 4) for e in ["train", 0, *n * ["step"]]]


@pytest.mark.parametrize("name", ["batch_size", "fit__batch_size"])
def test_a_batch_size_of_minus_one_is_all_rows(name):
    recorder = Recorder()
    rows, numbers = np.tile(X, (3, 1)), np.tile(NUMBERS, 3)
    regressor(recorder, **{name: -1}).fit(rows, numbers)
    assert recorder.log == ["train", 0, "step"]
    recorder.log.clear()
    regressor(recorder).fit(rows, numbers)  # the default is Keras's 32
    assert recorder.log == ["train", 0, *3 * ["step"]]


@pytest.mark.parametrize("name", ["validation_batch_size", "fit__validation_batch_size"])
def test_a_validation_batch_size(name):
    recorder = Recorder()
    reg = regressor(recorder, validation_split=0.5, batch_size=6, **{name: 4})
    reg.fit(X, NUMBERS)
    assert recorder.log.count("test step") == 3
    recorder.log.clear()
    reg.set_params(**{name: -1}).fit(X, NUMBERS)
    assert recorder.log.count("test step") == 1


@pytest.mark.parametrize(
    "routed",
    [{"epochs": 2}, {"batch_size": 8}, {"shuffle": False}, {"validation_split": 0.25}],
    ids=lambda routed: next(iter(routed)),
)
def test_three_ways_to_say_the_same(routed):
    bare = regressor(**routed).fit(X, NUMBERS)
    fit = regressor(**{f"fit__{k}": v for k, v in routed.items()}).fit(X, NUMBERS)
    call = regressor().fit(X, NUMBERS, **routed)
    assert weights(bare).tobytes() == weights(fit).tobytes() == weights(call).tobytes()
    assert bare.history_ == fit.history_ == call.history_


def test_epochs_are_counted_from_the_initial_one():
    recorder = Recorder()
    regressor(recorder, epochs=2).fit(X, NUMBERS, initial_epoch=3)
    regressor(recorder, epochs=2, fit__initial_epoch=5).fit(X, NUMBERS)
    assert recorder.epochs == [3, 4, 5, 6]


def test_class_weight_of_keras_is_by_class_number():
    routed = KerasClassifier(build_sigmoid, fit__class_weight={0: 1.0, 1: 3.0}, **QUICK)
    called = KerasClassifier(build_sigmoid, **QUICK)
    plain = KerasClassifier(build_sigmoid, **QUICK).fit(X, TWO)
    labels = np.array(["no", "yes"])[TWO]
    routed.fit(X, labels)
    called.fit(X, labels, class_weight={0: 1.0, 1: 3.0})
    np.testing.assert_array_equal(weights(routed), weights(called))
    assert not np.array_equal(weights(routed), weights(plain))


@pytest.mark.parametrize(
    "options",
    [
        {"class_weight": {0: 1.0, 1: 3.0}},
        {"steps_per_epoch": 2, "batch_size": 4},
        {"validation_freq": 2, "validation_split": 0.25},
        {"validation_steps": 1, "validation_split": 0.25, "validation_batch_size": 2},
    ],
    ids=lambda options: next(iter(options)),
)
def test_options_of_fit_are_compiled(options, float64):
    routed = {f"fit__{name}": value for name, value in options.items()}
    settings = {**QUICK, "epochs": 2, "run_eagerly": False}
    fits = [
        KerasClassifier(build_sigmoid, engine=engine, **settings, **routed).fit(X, TWO)
        for engine in ("compiled", "keras")
    ]
    ours, theirs = (fit.history_ for fit in fits)
    assert ours.keys() == theirs.keys()
    for name, curve in theirs.items():
        np.testing.assert_allclose(ours[name], curve, rtol=1e-8, err_msg=name)


def test_validation_frequency():
    reg = regressor(epochs=4, validation_split=0.25, fit__validation_freq=2).fit(X, NUMBERS)
    assert {name: len(curve) for name, curve in reg.history_.items()} == {"loss": 4, "val_loss": 2}


def test_steps_per_epoch():
    recorder = Recorder()
    regressor(recorder, batch_size=4, fit__steps_per_epoch=2).fit(X, NUMBERS)
    assert recorder.log == ["train", 0, "step", "step"]


def test_validation_data_of_scikeras_and_of_skdl():
    train, held = slice(0, 16), slice(16, None)
    reg = regressor(epochs=2)
    reg.fit(X[train], NUMBERS[train], validation_data=(X[held], NUMBERS[held]))
    mine = regressor(epochs=2).fit(X[train], NUMBERS[train], X_val=X[held], y_val=NUMBERS[held])
    routed = regressor(epochs=2, fit__validation_data=(X[held], NUMBERS[held]))
    routed.fit(X[train], NUMBERS[train])
    assert reg.history_ == mine.history_ == routed.history_
    assert len(reg.history_["val_loss"]) == 2
    np.testing.assert_array_equal(weights(reg), weights(mine))


def test_validation_data_are_encoded_as_the_training_data():
    labels = np.array(["b", "c", "a"])[THREE]
    clf = KerasClassifier(build_softmax, **QUICK)
    clf.fit(X, labels, validation_data=(X[:6], labels[:6]))
    numbers = np.array([1, 2, 0])[THREE]
    same = KerasClassifier(build_softmax, **QUICK)
    same.fit(X, numbers, validation_data=(X[:6], numbers[:6]))
    assert clf.history_ == same.history_


def test_validation_data_do_not_touch_the_training():
    without = regressor().fit(X, NUMBERS)
    held = regressor().fit(X, NUMBERS, validation_data=(X[:3], NUMBERS[:3]))
    np.testing.assert_array_equal(weights(without), weights(held))


def test_a_validation_split_in_the_rows_order_holds_out_the_last_rows():
    split = regressor(validation_split=0.25, validation_shuffle=False).fit(X, NUMBERS)
    fixed = regressor().fit(X[:18], NUMBERS[:18], X_val=X[18:], y_val=NUMBERS[18:])
    assert split.history_ == fixed.history_
    np.testing.assert_array_equal(weights(split), weights(fixed))


def test_nothing_is_printed_unless_asked_for(capsys):
    reg = regressor()
    reg.fit(X, NUMBERS).predict(X)
    assert capsys.readouterr().out == ""
    reg.fit(X, NUMBERS, verbose=2)
    assert capsys.readouterr().out.startswith("1/1 - ")
    reg.predict(X, verbose=1)
    assert "1/1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("params", "call", "expected"),
    [
        ({"batch_size": 6}, {}, 4),
        ({"predict__batch_size": 8}, {}, 3),
        ({"batch_size": 6, "predict__batch_size": 12}, {}, 2),
        ({"batch_size": 6, "predict__batch_size": 12}, {"batch_size": 8}, 3),
        ({"batch_size": -1}, {}, 1),
        ({"predict__batch_size": -1}, {}, 1),
        ({"batch_size": 6, "predict__batch_size": -1}, {}, 1),
    ],
)
def test_batch_size_of_predict(params, call, expected):
    recorder = Recorder()
    reg = regressor(predict__callbacks=recorder, **params).initialize(X, NUMBERS)
    reg.predict(X, **call)
    assert recorder.log == ["predict", *expected * ["predict step"]]


def test_a_batch_size_of_predict_for_all_methods():
    recorder = Recorder()
    clf = KerasClassifier(
        build_softmax, predict__callbacks=recorder, predict__batch_size=8, **QUICK
    ).fit(X, THREE)
    clf.predict(X)
    clf.predict_proba(X)
    clf.score(X, THREE)
    assert recorder.log == 3 * ["predict", *3 * ["predict step"]]
    recorder.log.clear()
    clf.predict_proba(X, batch_size=12)
    assert recorder.log == ["predict", *2 * ["predict step"]]


def test_arguments_of_the_score():
    clf = KerasClassifier(build_softmax, score__normalize=False, **QUICK).fit(X, THREE)
    assert clf.score(X, THREE) == (clf.predict(X) == THREE).sum()
    both = np.column_stack([NUMBERS, X[:, 0]])
    reg = KerasRegressor(lambda: dense(2), score__multioutput="variance_weighted", **QUICK).fit(
        X, both
    )
    expected = r2_score(both, reg.predict(X), multioutput="variance_weighted")
    assert reg.score(X, both) == expected


@pytest.mark.parametrize(
    ("name", "words"),
    [("fit__epoch", "Did you mean 'epochs'?"), ("fit__batchsize", "Did you mean 'batch_size'?")],
)
def test_a_misspelt_argument_of_fit(name, words):
    recorder = Recorder()
    with pytest.raises(InvalidParameterError, match=words):
        regressor(recorder, **{name: 3}).fit(X, NUMBERS)
    with pytest.raises(InvalidParameterError, match=words):
        regressor(recorder).fit(X, NUMBERS, **{name.removeprefix("fit__"): 3})
    assert recorder.log == []


def test_a_misspelt_argument_of_predict():
    reg = regressor().fit(X, NUMBERS)
    with pytest.raises(InvalidParameterError, match="Did you mean 'batch_size'?"):
        reg.predict(X, batchsize=3)
    with pytest.raises(InvalidParameterError, match="Did you mean 'batch_size'?"):
        reg.set_params(predict__batchsize=3).predict(X)


@pytest.mark.parametrize("batch_size", [0, -2, 2.5, "all"])
def test_a_batch_size_that_is_none(batch_size):
    recorder = Recorder()
    with pytest.raises(InvalidParameterError, match="batch_size"):
        regressor(recorder, batch_size=batch_size).fit(X, NUMBERS)
    assert recorder.log == []
