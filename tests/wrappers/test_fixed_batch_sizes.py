"""Networks of one batch size: those with a state train and predict as in Keras, and say what they want."""

from __future__ import annotations

import copy
import pickle

import keras
import numpy as np
import pytest
from keras import layers

from skdl import KerasRegressor, lr_range_test
from skdl.exceptions import InvalidParameterError

X = np.random.default_rng(0).normal(size=(40, 5, 1)).astype(np.float32)
Y = X[:, -1, 0].copy()
TEN = {"batch_size": 10, "shuffle": False, "random_state": 0}


def stateful(kind=layers.LSTM):
    return keras.Sequential(
        [keras.Input(batch_shape=(10, 5, 1)), kind(3, stateful=True), layers.Dense(1)]
    )


def bidirectional():
    inner = layers.SimpleRNN(2, stateful=True, return_sequences=True)
    cells = layers.StackedRNNCells([layers.GRUCell(2), layers.LSTMCell(2)])
    return keras.Sequential(
        [
            keras.Input(batch_shape=(10, 5, 1)),
            layers.Bidirectional(inner),
            layers.RNN(cells, stateful=True),
            layers.Dense(1),
        ]
    )


def build(meta):
    return stateful()


def fixed(meta):
    """Its layers need the number of rows: they take a batch apart and put it together again."""
    given = keras.Input(batch_shape=(10, 5, 1))
    rows = keras.ops.concatenate(keras.ops.split(given, 10, 0), 0)
    return keras.Model(given, layers.Dense(1)(layers.Flatten()(rows)))


def compiled(model):
    model.compile("sgd", "mse", run_eagerly=True)
    return model


def assert_equal(one, two):
    for mine, other in zip(one, two, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "make",
    [stateful, lambda: stateful(layers.GRU), bidirectional],
    ids=["LSTM", "GRU", "several"],
)
def test_a_stateful_network_trains_and_predicts_as_in_keras(make):
    model = compiled(make())
    reg = KerasRegressor(model, epochs=3, validation_batch_size=10, **TEN)
    reg.fit(X, Y, X_val=X[:20], y_val=Y[:20])
    held_out = {"validation_data": (X[:20], Y[:20, None]), "validation_batch_size": 10}
    how = {"batch_size": 10, "shuffle": False, "verbose": 0, **held_out}
    history = model.fit(X, Y[:, None], epochs=3, **how).history
    assert reg.history_ == history
    mine = reg.predict(X)
    np.testing.assert_array_equal(mine, model.predict(X, batch_size=10, verbose=0)[:, 0])
    # Keras goes on from the last batch that it predicted, an estimator from the last that it was fitted on.
    assert not np.array_equal(mine, model.predict(X, batch_size=10, verbose=0)[:, 0])
    np.testing.assert_array_equal(reg.predict(X), mine)
    np.testing.assert_array_equal(reg.model_.predict(X, batch_size=10, verbose=0)[:, 0], mine)


@pytest.mark.further
def test_a_further_fit_goes_on_from_the_last_batch():
    model = compiled(stateful())
    reg = KerasRegressor(model, **TEN).fit(X, Y)
    twins = [copy.deepcopy(reg), pickle.loads(pickle.dumps(reg))]
    whole = KerasRegressor(model, epochs=2, **TEN).fit(X, Y)
    for one in (reg, *twins):
        one.predict(X)
        one.partial_fit(X, Y)
        np.testing.assert_array_equal(one.predict(X), whole.predict(X))
    np.testing.assert_array_equal(whole.fit(X, Y).predict(X), whole.fit(X, Y).predict(X))


@pytest.mark.further
def test_a_given_state_is_where_the_copy_begins():
    model = compiled(stateful())
    model.predict(X, batch_size=10, verbose=0)
    state = [np.asarray(v).copy() for v in model.layers[0].states]
    assert all(part.any() for part in state)
    reg = KerasRegressor(model, **TEN).fit(X, Y)
    assert_equal(model.layers[0].states, state)
    model.fit(X, Y[:, None], batch_size=10, shuffle=False, verbose=0)
    assert_equal(reg.model_.layers[0].states, model.layers[0].states)


def test_a_build_function_gives_a_network_that_remembers_nothing():
    reg = KerasRegressor(build, loss="mse", **TEN).initialize(X, Y)
    assert not any(np.asarray(part).any() for part in reg.model_.layers[0].states)
    assert reg.explain_plan(X, Y).startswith("Keras loop, because the layer lstm")


@pytest.mark.further
def test_early_stopping_asks_for_the_curves_of_such_a_network():
    reg = KerasRegressor(
        build,
        early_stopping=True,
        monitor="loss",
        patience=1,
        epochs=2,
        optimizer="sgd",
        run_eagerly=True,
        **TEN,
    ).fit(X, Y)
    assert set(reg.history_) == {"loss"}


@pytest.mark.parametrize(
    ("params", "rows", "said"),
    [
        ({"batch_size": None}, 40, "got batches of 32 rows, expected 10.*Pass batch_size=10"),
        ({"batch_size": 5}, 40, "got batches of 5 rows, expected 10.*'lstm"),
        ({}, 35, "got 35 rows to train on, which leave a batch of 5; expected a multiple of 10"),
        ({"validation_split": 0.125}, 40, "got 35 rows to train on"),
        (
            {"validation_split": 0.5, "validation_batch_size": 4},
            40,
            "got batches of 4 rows to validate on, expected 10",
        ),
    ],
)
def test_batches_that_keras_refuses_are_refused_before_training(params, rows, said):
    heard = []

    class Listener(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            heard.append("begun")

    reg = KerasRegressor(build, callbacks=[Listener()], **{**TEN, **params})
    with pytest.raises(InvalidParameterError, match=f"KerasRegressor: {said}"):
        reg.fit(X[:rows], Y[:rows])
    assert not heard
    assert not reg.initialized_


def test_validation_data_of_another_size_are_refused():
    with pytest.raises(InvalidParameterError, match="got 15 rows to validate on.*multiple of 10"):
        KerasRegressor(build, **TEN).fit(X, Y, X_val=X[:15], y_val=Y[:15])


def test_as_many_rows_as_one_batch_are_one_batch():
    reg = KerasRegressor(build, run_eagerly=True, **{**TEN, "batch_size": None})
    assert reg.fit(X[:10], Y[:10]).predict(X[:10]).shape == (10,)


def test_steps_that_leave_the_rest_away_are_taken():
    reg = KerasRegressor(build, fit__steps_per_epoch=3, run_eagerly=True, **TEN)
    assert reg.fit(X[:35], Y[:35]).n_epochs_ == 1
    with pytest.raises(InvalidParameterError, match="got 35 rows to train on"):
        reg.set_params(epochs=2).fit(X[:35], Y[:35])


@pytest.mark.further
def test_rows_that_keras_refuses_to_predict_are_refused():
    reg = KerasRegressor(build, run_eagerly=True, **TEN).fit(X, Y)
    with pytest.raises(
        InvalidParameterError, match="Got 1 rows to predict, expected a multiple of 10"
    ):
        reg.predict(X[:1])
    with pytest.raises(InvalidParameterError, match="Got batch_size=20, expected 10"):
        reg.predict(X, batch_size=20)
    np.testing.assert_array_equal(reg.predict(X, batch_size=10), reg.predict(X))


def test_a_stateful_network_without_a_batch_size_says_what_it_wants():
    def unbuilt(meta):
        return keras.Sequential([layers.LSTM(3, stateful=True), layers.Dense(1)])

    with pytest.raises(
        InvalidParameterError, match=r"'lstm\w*' does not know.*Input\(batch_shape="
    ):
        KerasRegressor(unbuilt, **TEN).fit(X, Y)


@pytest.mark.parametrize("engine", ["keras", "auto"])
def test_a_network_of_one_size_without_a_state_trains_and_predicts_any_rows(engine):
    model = compiled(fixed(None))
    reg = KerasRegressor(model, engine=engine, **TEN).fit(X, Y)
    model.fit(X, Y[:, None], batch_size=10, shuffle=False, verbose=0)
    assert_equal(reg.model_.get_weights(), model.get_weights())
    for rows in (1, 10, 13, 40):
        np.testing.assert_array_equal(reg.predict(X[:rows]), reg.predict(X)[:rows])
    np.testing.assert_allclose(
        reg.predict(X), model.predict(X, batch_size=10, verbose=0)[:, 0], rtol=1e-6
    )


def test_a_rate_is_not_looked_for_with_batches_that_keras_refuses():
    reg = KerasRegressor(build, optimizer="sgd", run_eagerly=True, **TEN)
    with pytest.raises(InvalidParameterError, match="got 35 rows to train on"):
        lr_range_test(reg, X[:35], Y[:35], n_steps=10, n_repeats=1)
