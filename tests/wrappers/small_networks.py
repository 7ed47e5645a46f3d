"""Small data, build functions and recording callbacks that the tests of the wrappers share."""

from __future__ import annotations

import keras
import numpy as np
from keras.layers import Dense
from sklearn.base import BaseEstimator
from sklearn.metrics import accuracy_score

from skdl import KerasClassifier
from tests.tolerances import EPSILON, FUNCTION, of_dense_layers, rounding

ROWS = 24
# Without tracing, a fit of one small layer is four times as fast. What is asked here does not depend on it.
QUICK = {"run_eagerly": True, "random_state": 0}


def _frozen(array):
    # Writing to what a user passed would raise.
    array.setflags(write=False)
    return array


def _rows():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(ROWS, 4)).astype(np.float32)
    X[:, 0] += np.arange(ROWS) % 3
    return X


X = _frozen(_rows())
THREE = _frozen(np.arange(ROWS) % 3)
TWO = _frozen((X[:, 1] > 0).astype(np.int64))
NUMBERS = _frozen(X @ np.array([1, -1, 0.5, 2], dtype=np.float32))
LABELS = _frozen((X[:, 1:] > 0).astype(np.int64))


def dense(*units, activation=None, inputs=4):
    """A Sequential network; `activation` is that of its last layer."""
    hidden = [Dense(n, activation="relu") for n in units[:-1]]
    return keras.Sequential([keras.Input((inputs,)), *hidden, Dense(units[-1], activation)])


def build_softmax():
    return dense(3, activation="softmax")


def build_sigmoid():
    return dense(1, activation="sigmoid")


def build_linear():
    return dense(1)


def build_hidden(meta, units=3, power=1):
    """A hidden layer of ``units ** power`` units, and the output that the classes need."""
    return dense(
        units**power, meta["n_classes_"], activation="softmax", inputs=meta["n_features_in_"]
    )


class Recorder(keras.callbacks.Callback):
    """Notes each event that it is told of in `log`: its own list, or one that it is given."""

    def __init__(self, log=None):
        super().__init__()
        self.log = [] if log is None else log

    def on_train_begin(self, logs=None):
        self.log.append("train")

    def on_epoch_begin(self, epoch, logs=None):
        self.log.append(epoch)

    def on_train_batch_begin(self, batch, logs=None):
        self.log.append("step")

    def on_test_begin(self, logs=None):
        self.log.append("test")

    def on_test_batch_begin(self, batch, logs=None):
        self.log.append("test step")

    def on_predict_begin(self, logs=None):
        self.log.append("predict")

    def on_predict_batch_begin(self, batch, logs=None):
        self.log.append("predict step")

    @property
    def epochs(self):
        return [event for event in self.log if isinstance(event, int)]


def weights(estimator):
    """All weights of an estimator's network, or of a network, in one vector."""
    model = getattr(estimator, "model_", estimator)
    return np.concatenate([np.ravel(array) for array in model.get_weights()])


def assert_trained_alike(one, other, epochs=1):
    """After `epochs` steps of plain SGD, by two losses that mean the same, weights differ by rounding alone.

    Both networks have one layer of dense units, or several side by side, and see all rows of `X` in each
    step. The error of an output, and of a sum over the rows, comes into a gradient times inputs, and into
    the weights times the learning rate, which is Keras's.
    """
    terms, sizes = sums_of_one_layer(one)
    gradient = rounding("float32", *terms, FUNCTION, ROWS, 2) * sizes * np.abs(X).max()
    np.testing.assert_allclose(
        weights(one),
        weights(other),
        rtol=epochs * EPSILON["float32"],
        atol=epochs * 0.01 * gradient,
    )


def sums_of_one_layer(estimator):
    """The terms of the sums of dense units side by side, and their sizes, as `of_dense_layers` has them."""
    parts = [layer.get_weights() for layer in estimator.model_.layers if layer.weights]
    terms, sizes = zip(*(of_dense_layers(part, X) for part in parts), strict=True)
    return terms[0], max(sizes)


class ColumnTargets(BaseEstimator):
    """Two columns of a target, the first of two classes and the second of more, as two arrays."""

    def __init__(self, form=list):
        self.form = form

    def fit(self, y):
        self.n_kinds_ = int(y[:, 1].max()) + 1
        return self

    def transform(self, y):
        flag, kind = y[:, 0].astype(np.float32), y[:, 1].astype(np.int32)
        return {"flag": flag, "kind": kind} if self.form is dict else self.form([flag, kind])

    def inverse_transform(self, y, return_proba=False):
        flag, kind = (y["flag"], y["kind"]) if self.form is dict else y
        if return_proba:
            return np.hstack([flag, kind])
        return np.column_stack([flag[:, 0] > 0.5, kind.argmax(axis=1)]).astype(np.int64)

    def get_metadata(self):
        return {"n_kinds_": self.n_kinds_, "n_outputs_expected_": 2}


class TwoColumns(KerasClassifier):
    """A classifier of two columns, one output of the network for each."""

    form = list

    @property
    def target_encoder(self):
        return ColumnTargets(self.form)

    @staticmethod
    def scorer(y_true, y_pred, **kwargs):
        return np.mean([accuracy_score(y_true[:, i], y_pred[:, i], **kwargs) for i in range(2)])


TWO_COLUMNS = _frozen(np.column_stack([TWO, THREE]))


def build_two_outputs(meta, ends=("sigmoid", "softmax")):
    inputs = keras.Input((meta["n_features_in_"],))
    flag = Dense(1, ends[0], name="flag")(inputs)
    kind = Dense(meta["n_kinds_"], ends[1], name="kind")(inputs)
    return keras.Model(inputs, [flag, kind])
