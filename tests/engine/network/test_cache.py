"""A build function is called once for what it depends on, and again for what it does not."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from skdl import KerasClassifier
from skdl.engine.network import cache

X = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
Y = np.tile([0, 1, 2], 10)


# A function that changed something of its own would depend on it, and be called again.


def build(meta, units=3):
    logging.getLogger("test_network_cache").info("built")
    return keras.Sequential(
        [
            keras.Input((meta["X_shape_"][1],)),
            keras.layers.Dense(units, "relu"),
            keras.layers.Dense(3, "softmax"),
        ]
    )


def build_for_rows(meta, units=3):
    logging.getLogger("test_network_cache").info("built")
    rows, columns = meta["X_shape_"]
    return keras.Sequential(
        [
            keras.Input((columns,)),
            keras.layers.Dense(units + rows // 10),
            keras.layers.Dense(3, "softmax"),
        ]
    )


@pytest.fixture
def calls_of(caplog):
    """How often a function is called by fits of some numbers of rows and parameters."""

    def count(function, *fits, **settings):
        caplog.clear()
        with caplog.at_level(logging.INFO, logger="test_network_cache"):
            for rows, parameters in fits:
                estimator = KerasClassifier(
                    function, loss="sparse_categorical_crossentropy", **settings
                )
                estimator.set_params(**parameters).fit(X[:rows], Y[:rows])
        return sum(record.message == "built" for record in caplog.records)

    return count


def test_folds_and_numbers_of_training_share_a_network(calls_of):
    fits = [
        (30, {}),
        (27, {}),
        (30, {"epochs": 2}),
        (30, {"random_state": 1}),
        (30, {"batch_size": 8}),
    ]
    assert calls_of(build, *fits, model__units=5) == 1


SWITCH = {"on": False}


def build_and_switch(meta):
    logging.getLogger("test_network_cache").info("built")
    SWITCH["on"] = not SWITCH["on"]
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3 + SWITCH["on"], "softmax")])


@pytest.mark.further
def test_a_function_that_changes_what_it_reads_is_called_at_every_fit(calls_of):
    assert calls_of(build_and_switch, *[(30, {})] * 4) == 4


def test_other_arguments_make_another_network(calls_of):
    fits = [(30, {"model__units": 6}), (30, {"model__units": 7}), (30, {"model__units": 6})]
    assert calls_of(build, *fits, model__units=1) == 2


@pytest.mark.further
def test_a_function_that_reads_the_number_of_rows_is_called_for_each(calls_of):
    fits = [(30, {}), (20, {}), (30, {})]
    assert calls_of(build_for_rows, *fits, model__units=9) == 2


def build_by_text(meta, units=3):
    text = json.dumps({"shape": meta["X_shape_"]})  # the encoder in C takes no other than integers
    rows, columns = json.loads(text)["shape"]
    return build_for_rows({"X_shape_": (rows, columns)}, units)


@pytest.mark.further
def test_code_in_c_gets_a_number_of_rows_too(calls_of):
    assert calls_of(build_by_text, (30, {}), (20, {}), model__units=12) == 2


def build_in_turn(meta):
    logging.getLogger("test_network_cache").info("built in turn")
    return build(meta, 13)


def test_fits_that_begin_together_build_one_network(caplog):
    begin = threading.Barrier(4)

    def fit(_):
        begin.wait(timeout=60)
        KerasClassifier(build_in_turn, loss="sparse_categorical_crossentropy", epochs=1).fit(X, Y)

    with (
        caplog.at_level(logging.INFO, logger="test_network_cache"),
        ThreadPoolExecutor(4) as threads,
    ):
        list(threads.map(fit, range(4)))
    assert sum(record.message == "built in turn" for record in caplog.records) == 1


LOSS = "sparse_categorical_crossentropy"


def build_beside_a_thread(meta):
    if not threading.current_thread().name.startswith("inside"):
        estimator = KerasClassifier(build_beside_a_thread, loss=LOSS, epochs=1)
        inside = threading.Thread(target=estimator.fit, args=(X, Y), name="inside")
        inside.start()
        inside.join(timeout=60)
        assert not inside.is_alive()
    return build(meta, 14)


def test_a_build_function_may_wait_for_a_thread_that_asks_for_the_same(monkeypatch):
    monkeypatch.setattr(cache, "SECONDS_OF_A_TURN", 0.1)
    estimator = KerasClassifier(build_beside_a_thread, loss=LOSS, epochs=1).fit(X, Y)
    assert estimator.model_.layers[0].units == 14


def test_the_opt_out_builds_each_time(calls_of):
    assert calls_of(build, (30, {}), (30, {}), model__units=10, reuse_build=False) >= 2


def test_a_shared_network_is_never_trained():
    first = KerasClassifier(
        build, loss="sparse_categorical_crossentropy", random_state=0, model__units=11
    )
    one = first.fit(X, Y).predict_proba(X)
    first.model_.layers[0].kernel.assign(np.zeros((4, 11)))
    again = KerasClassifier(
        build, loss="sparse_categorical_crossentropy", random_state=0, model__units=11
    )
    np.testing.assert_array_equal(again.fit(X, Y).predict_proba(X), one)
    assert not np.array_equal(first.predict_proba(X), one)
