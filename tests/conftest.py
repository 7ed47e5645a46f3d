"""What the tests share: the four estimators from one factory, small data, a switch to float64."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from sklearn.datasets import make_classification, make_regression

import skdl
from skdl.common.keras_import import load_keras, start_devices
from tests.engine_of_graphs import without_kernel, without_xla
from tests.selection import LEFT_OUT, some

CLASSIFIERS = ("MLPClassifier", "KerasClassifier")
REGRESSORS = ("MLPRegressor", "KerasRegressor")
KINDS = ("MLPClassifier", "MLPRegressor", "KerasClassifier", "KerasRegressor")

BUILD = {"KerasClassifier": "build_classifier", "KerasRegressor": "build_regressor"}

# The names under which the width of the hidden layer and the learning rate are tuned.
RATE = {
    kind: "learning_rate" if kind.startswith("MLP") else "optimizer__learning_rate"
    for kind in KINDS
}
WIDTH = {kind: "units" if kind.startswith("MLP") else "model__units" for kind in KINDS}

ENGINE = Path(__file__).parent / "engine"
OF_PLANS = ("test_engine_of_estimators.py",)

# How long an example takes depends on what else the machine does.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session):
    # First of all that imports TensorFlow, so that its start-up noise is not on the screen of the tests.
    # A process that only hands tests to others collects none: they would wait for its import.
    if session.config.getoption("dist", "no") == "no":
        load_keras()
        start_devices()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish():
    # What is imported by now stays to the end: a collection of garbage need not look at it each time.
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    # The tests of the engine compare XLA with graphs and with Keras. Those of other rooms ask what an
    # estimator does with a fit, and a graph compiles in half of the time. `make test-all`, which leaves
    # nothing out, compiles by XLA.
    others = not item.path.is_relative_to(ENGINE) and item.path.name not in OF_PLANS
    # What `make test` leaves out keeps XLA: worker processes, which are compared with this one, have XLA too.
    left_out = any(map(item.get_closest_marker, LEFT_OUT))
    if left_out or not (others and item.config.getoption("markexpr")):
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        without_xla(patch)
        return (yield)


def make(kind, **params):
    """An estimator of `kind` with a network of one small layer, trained for three epochs."""
    settings = {"epochs": 3, "random_state": 0, **params}
    if kind in BUILD:
        from tests import networks_for_tests

        own = {
            "model": getattr(networks_for_tests, BUILD[kind]),
            "optimizer": "adam",
            "batch_size": 32,
            "model__units": 8,
        }
    else:
        own = {"units": 8}
    return getattr(skdl, kind)(**{**own, **settings})


def trained(kind, **params):
    """An estimator that learns small data well in a few epochs."""
    return make(kind, **{"epochs": 15, "batch_size": 8, RATE[kind]: 0.05, **params})


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    # Most tests draw nothing and do not import it.
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture
def make_estimator():
    """The factory of the four estimators: ``make_estimator(kind, **params)``."""
    return make


@pytest.fixture(params=some(KINDS, "MLPClassifier", "KerasRegressor"))
def kind(request):
    """Each of the four estimators by name; two of them have all the code between them."""
    return request.param


@pytest.fixture(params=some(CLASSIFIERS, "MLPClassifier"))
def classifier_kind(request):
    return request.param


@pytest.fixture(params=some(REGRESSORS, "KerasRegressor"))
def regressor_kind(request):
    return request.param


@pytest.fixture(scope="session")
def classes_data():
    """Three classes of 20 rows each, four features."""
    return make_classification(
        60,
        4,
        n_informative=4,
        n_redundant=0,
        n_classes=3,
        n_clusters_per_class=1,
        flip_y=0,
        class_sep=2.0,
        random_state=0,
    )


@pytest.fixture(scope="session")
def binary_data():
    """Two classes of 30 rows each, four features."""
    return make_classification(
        60, 4, n_informative=4, n_redundant=0, flip_y=0, class_sep=2.0, random_state=0
    )


@pytest.fixture(scope="session")
def numbers_data():
    """Sixty rows of four features and a positive target of scale one."""
    X, y = make_regression(60, 4, noise=0.1, random_state=0)
    y = (y - y.mean()) / y.std()
    return X, y - y.min() + 0.5


@pytest.fixture
def data_of(classes_data, numbers_data):
    """``data_of(kind)`` gives X, y that suit an estimator."""
    return lambda kind: numbers_data if kind in REGRESSORS else classes_data


@pytest.fixture
def float64():
    """Keras computes in float64, as its default types say, and afterwards as before."""
    import keras

    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield np.float64
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


@pytest.fixture
def empty_store(monkeypatch):
    """The store of records holds nothing, and after the test what it held before."""
    from skdl.recording.store import RecordStore, store

    for name, value in vars(RecordStore()).items():
        monkeypatch.setattr(store, name, value)


def network_outputs(estimator, X):
    """All that an estimator predicts for `X`, as one array."""
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(X)
    return estimator.predict(X)


@pytest.fixture
def outputs():
    return network_outputs


@pytest.fixture(scope="module")
def programs_of_tensorflow():
    """Programs of TensorFlow's run the small dense networks of a module, and not the native kernel."""
    with pytest.MonkeyPatch.context() as patch:
        without_kernel(patch)
        yield


@pytest.fixture
def program_of_tensorflow(monkeypatch):
    """As `programs_of_tensorflow`, for one test."""
    without_kernel(monkeypatch)
