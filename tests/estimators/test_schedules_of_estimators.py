"""Schedules of the learning rate as hyperparameters: tuned, compiled once, the same through Keras."""

import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import skdl
import skdl.engine
from skdl import MLPClassifier
from skdl.exceptions import InvalidParameterError, NotCompilableError
from skdl.training.schedules import NAMES, Schedule
from tests.conftest import RATE, make
from tests.engine_of_graphs import without_xla
from tests.networks_for_tests import build_classifier
from tests.selection import some


@pytest.fixture(autouse=True)
def _as_graphs(monkeypatch):
    without_xla(monkeypatch)


class Python(keras.callbacks.Callback):
    """A callback that no program can run."""


@pytest.mark.parametrize("name", NAMES[1:])
def test_the_rate_at_the_end_of_each_epoch(name, classes_data):
    X, y = classes_data
    clf = make("MLPClassifier", learning_rate_schedule=name, epochs=4, learning_rate=0.01).fit(X, y)
    expected = Schedule(name).rates(0.01, 8, 2)[1::2]
    np.testing.assert_allclose(clf.history_["learning_rate"], expected, rtol=1e-6)


def test_every_estimator_has_schedules(kind, data_of):
    X, y = data_of(kind)
    estimator = make(
        kind, learning_rate_schedule="exponential", decay_factor=0.5, warmup=1, epochs=4
    )
    estimator.set_params(**{RATE[kind]: 0.01}).fit(X, y)
    rates = Schedule("exponential", warmup=1, decay_factor=0.5).rates(0.01, 8, 2)
    np.testing.assert_allclose(estimator.history_["learning_rate"], rates[1::2], rtol=1e-6)
    plain = clone(estimator).set_params(learning_rate_schedule="constant", warmup=None).fit(X, y)
    assert "learning_rate" not in plain.history_
    assert plain.history_["loss"] != estimator.history_["loss"]


@pytest.mark.oracle
def test_the_keras_loop_trains_the_same(classes_data, float64):
    X, y = classes_data
    settings = {"learning_rate_schedule": "cosine", "warmup": 0.25, "optimizer": "sgd", "epochs": 4}
    fits = [
        make("MLPClassifier", engine=name, **settings).fit(X, y) for name in ("compiled", "keras")
    ]
    for name, curve in fits[1].history_.items():
        np.testing.assert_allclose(fits[0].history_[name], curve, rtol=1e-8)


def test_a_search_over_schedules_and_warmups_compiles_one_program(classes_data):
    X, y = classes_data
    make("MLPClassifier", learning_rate_schedule="step").fit(X, y).predict(X)
    grid = {
        "learning_rate_schedule": NAMES[1:],
        "warmup": [0, 1, 0.1],
        "decay_factor": [0.5],
        "weight_decay": [0.0],
    }
    before = skdl.engine.stats()
    GridSearchCV(make("MLPClassifier"), grid, cv=2, error_score="raise").fit(X, y)
    after = skdl.engine.stats()
    assert after.programs == before.programs
    assert after.fallbacks == before.fallbacks
    assert after.fits - before.fits == 6 * 3 * 2 + 1


def test_partial_fit_goes_on_in_the_schedule_and_stays_at_its_end(kind, data_of):
    X, y = data_of(kind)
    clf = make(kind, learning_rate_schedule="polynomial", end_factor=0.5, epochs=2)
    clf.set_params(**{RATE[kind]: 0.01})
    for _ in range(4):
        clf.partial_fit(X, y)
        # A trained model has the last rate, and is no reason to begin with that.
        clf = pickle.loads(pickle.dumps(clf))
        assert clf.model_.built
    rates = Schedule("polynomial", end_factor=0.5).rates(0.01, 4, 2)
    expected = [rates[1], rates[3], rates[3], rates[3]]
    np.testing.assert_allclose(clf.history_["learning_rate"], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"learning_rate_schedule": "cosin"}, "Did you mean 'cosine'"),
        ({"warmup": 1.5}, "warmup=1.5 is out of range"),
        ({"warmup": -1}, "warmup=-1 is out of range"),
        ({"decay_factor": 0}, "decay_factor=0 is out of range"),
        ({"decay_epochs": 0}, "decay_epochs=0 is out of range"),
        ({"end_factor": 2}, "end_factor=2 is out of range"),
        ({"cycle_growth": 0.5}, "cycle_growth=0.5 is out of range"),
    ],
)
def test_what_is_no_schedule_is_an_error_before_any_compile(params, words, classes_data):
    before = skdl.engine.stats().programs
    with pytest.raises(InvalidParameterError, match=words):
        MLPClassifier(**params).fit(*classes_data)
    assert skdl.engine.stats().programs == before


def test_two_schedules_are_one_too_many(classes_data):
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 10))
    with pytest.raises(InvalidParameterError, match="leave one of the two schedules away"):
        MLPClassifier(optimizer=optimizer, learning_rate_schedule="step").fit(*classes_data)


def test_callbacks_that_set_the_rate_are_one_too_many(kind, data_of):
    callback = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)
    estimator = make(kind, learning_rate_schedule="step", callbacks=[callback])
    with pytest.raises(InvalidParameterError, match="leave the callback away"):
        estimator.fit(*data_of(kind))


def test_keras_own_schedule_is_taken_as_it_is(classes_data, float64):
    X, y = classes_data
    schedule = keras.optimizers.schedules.CosineDecay(0.0, 4, warmup_target=0.05, warmup_steps=2)
    ours = make("MLPClassifier", learning_rate_schedule=schedule).fit(X, y)
    theirs = make("MLPClassifier", optimizer=keras.optimizers.Adam(schedule)).fit(X, y)
    np.testing.assert_allclose(ours.history_["loss"], theirs.history_["loss"], rtol=1e-9)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-8)


def test_a_function_of_the_step_gives_the_rates(classes_data):
    clf = make("MLPClassifier", learning_rate_schedule=lambda step: 0.1 / (1 + step), warmup=1)
    clf.fit(*classes_data)
    np.testing.assert_allclose(clf.history_["learning_rate"], [0.05, 0.05, 0.1 / 4], rtol=1e-6)


@pytest.mark.parametrize("given", [-1.0, float("nan"), None, "fast"])
def test_a_function_that_gives_no_rate_is_an_error_before_any_compile(given, classes_data):
    before = skdl.engine.stats().programs
    with pytest.raises(InvalidParameterError, match="Got .* for step 0, expected a finite number"):
        make("MLPClassifier", learning_rate_schedule=lambda step: given).fit(*classes_data)
    assert skdl.engine.stats().programs == before


def test_all_names_share_one_program_also_the_constant_rate(classes_data):
    X, y = classes_data
    make("MLPClassifier").fit(X, y)
    before = skdl.engine.stats().programs
    for name in NAMES:
        make("MLPClassifier", learning_rate_schedule=name).fit(X, y)
    assert skdl.engine.stats().programs == before


@pytest.mark.parametrize("name", some(["warmup", "patience", "monitor"], "warmup"))
def test_a_build_function_with_an_argument_of_the_same_name_is_asked_about(name, classes_data):
    def build(meta, warmup=0, patience=1, monitor="loss"):
        return build_classifier(meta)

    value = {"warmup": 1, "patience": 3, "monitor": "loss"}[name]
    clf = skdl.KerasClassifier(build, random_state=0, **{name: value})
    with pytest.raises(InvalidParameterError, match=f"pass model__{name} as well"):
        clf.fit(*classes_data)
    clf.set_params(**{f"model__{name}": value}).fit(*classes_data)
    assert clf.get_params()[f"model__{name}"] == clf.get_params()[name] == value


def test_after_a_schedule_a_constant_rate_is_the_first_one_again(kind, data_of):
    X, y = data_of(kind)
    estimator = make(kind, learning_rate_schedule="cosine", epochs=2, warm_start=True)
    estimator.set_params(**{RATE[kind]: 0.01}).fit(X, y)
    assert estimator.history_["learning_rate"][-1] < 0.005
    estimator.set_params(learning_rate_schedule="constant").fit(X, y)
    np.testing.assert_allclose(estimator.history_["learning_rate"], [0.01, 0.01], rtol=1e-6)
    estimator.set_params(warm_start=False).fit(X, y)
    assert "learning_rate" not in estimator.history_


def test_a_fit_that_fails_forgets_no_schedule(classes_data):
    X, y = classes_data
    clf = make("MLPClassifier", learning_rate_schedule="cosine", epochs=2, warm_start=True)
    clf.set_params(learning_rate=0.01).fit(X, y)
    clf.set_params(learning_rate_schedule="constant", engine="compiled", callbacks=[Python()])
    with pytest.raises(NotCompilableError):
        clf.fit(X, y)
    clf.set_params(callbacks=None).fit(X, y)
    np.testing.assert_allclose(clf.history_["learning_rate"], [0.01, 0.01], rtol=1e-6)
