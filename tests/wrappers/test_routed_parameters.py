"""Parameters that go to the build function are those that were set, whatever copied the estimator."""

from __future__ import annotations

import copy
import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

from skdl import KerasClassifier
from skdl.exceptions import InvalidParameterError
from skdl.wrappers.routed_parameters import check_route

IRIS = load_iris(return_X_y=True)


def small(meta, units=8, rate=0.25, activation="relu", sizes=[3]):  # noqa: B006 - a default to copy
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(units, activation=activation),
            keras.layers.Dropout(rate),
            *[keras.layers.Dense(size) for size in sizes],
            keras.layers.Dense(3, activation="softmax"),
        ]
    )


def wide(meta, units=16, activation="tanh", sizes=[5]):  # noqa: B006 - a default to copy
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(units, activation=activation),
            *[keras.layers.Dense(size) for size in sizes],
            keras.layers.Dense(3, activation="softmax"),
        ]
    )


def test_defaults_are_shown_and_not_kept():
    clf = KerasClassifier(small, units=4)
    params = clf.get_params()
    assert {n: v for n, v in params.items() if n in ("units", "model__rate", "model__sizes")} == {
        "units": 4,
        "model__rate": 0.25,
        "model__sizes": [3],
    }
    assert "model__units" not in params


@pytest.mark.parametrize(
    "copied",
    [clone, copy.copy, copy.deepcopy, lambda clf: pickle.loads(pickle.dumps(clf))],
    ids=["clone", "copy", "deepcopy", "pickle"],
)
def test_another_build_function_brings_its_own_defaults(copied):
    twin = copied(KerasClassifier(small)).set_params(model=wide)
    assert {n: v for n, v in twin.get_params().items() if n.startswith("model__")} == {
        "model__units": 16,
        "model__activation": "tanh",
        "model__sizes": [5],
    }


def test_what_was_set_stays_set_for_another_build_function():
    clf = clone(KerasClassifier(small, model__units=8)).set_params(model=wide)
    assert clf.get_params()["model__units"] == 8
    with pytest.raises(InvalidParameterError, match="model__rate"):
        KerasClassifier(small, model__rate=0.5).set_params(model=wide)


def test_a_failed_set_params_changes_nothing():
    clf = KerasClassifier(small, model__rate=0.5)
    with pytest.raises(InvalidParameterError):
        clf.set_params(model=wide)
    assert clf.model is small
    assert clf.get_params()["model__rate"] == 0.5


@pytest.mark.processes
def test_a_search_over_build_functions_is_the_same_in_worker_processes():
    grid = {"model": [small, wide]}
    clf = KerasClassifier(small, optimizer="adam", epochs=2, random_state=0)
    alone, beside = (GridSearchCV(clf, grid, cv=2, n_jobs=n).fit(*IRIS) for n in (1, 2))
    for name in ("split0_test_score", "split1_test_score"):
        np.testing.assert_array_equal(alone.cv_results_[name], beside.cv_results_[name])
    widest = KerasClassifier(wide, epochs=1).fit(*IRIS)
    assert alone.set_params(estimator__model=wide).estimator.get_params()["model__units"] == 16
    assert widest.n_parameters_ == 4 * 16 + 16 + 16 * 5 + 5 + 5 * 3 + 3


def test_copies_share_no_parameters():
    clf = KerasClassifier(small, units=4)
    copy.copy(clf).set_params(units=9, rate=0.9)
    assert clf.units == 4
    assert clf.get_params()["model__rate"] == 0.25


def test_attributes_set_by_hand_are_parameters():
    clf = KerasClassifier(small)
    clf.units = 32
    clf.optimizer__learning_rate = 0.5
    assert clf.get_params()["units"] == 32
    assert clf.get_params()["optimizer__learning_rate"] == 0.5
    clf.set_params(model__units=7)
    clf.units = 9
    assert {n: v for n, v in clf.get_params().items() if "units" in n} == {"units": 9}


@pytest.mark.parametrize(
    ("given", "name", "words"),
    [
        (keras.optimizers.Adam, "beta1", "Did you mean 'beta_1'"),
        ([keras.losses.Huber], "1__delta", "Got '1'"),
        ([keras.losses.Huber], "0__dleta", "Did you mean 'delta'"),
        ({"a": keras.metrics.AUC}, "b__name", "Did you mean|Known names: a"),
    ],
)
def test_a_route_that_reaches_nothing_is_an_error(given, name, words):
    with pytest.raises(InvalidParameterError, match=words):
        check_route("Net: here", given, name)


def test_routes_that_reach_something_pass():
    class Anything:
        def __init__(self, *args, **kwargs): ...

    check_route("Net", keras.optimizers.Adam, "learning_rate")
    check_route("Net", [keras.losses.Huber, keras.losses.Huber], "1__delta")
    check_route("Net", {"a": keras.metrics.AUC}, "name")
    check_route("Net", Anything, "whatever")
    check_route("Net", Anything, "0")
