"""From `fit` to fitted attributes: nothing lost, nothing half done, nothing silently wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification

from skdl import KerasClassifier, MLPClassifier, MLPRegressor
from skdl.exceptions import DivergedError, IncompatibleNetworkError
from tests.selection import some

X, Y = load_iris(return_X_y=True)
PARAMS = {"epochs": 1, "random_state": 0}


def test_the_callers_metric_is_never_the_one_that_counts():
    metric = keras.metrics.SparseCategoricalAccuracy(name="right")
    alone = MLPClassifier(metrics=[metric], **PARAMS).fit(X, Y)
    assert float(np.asarray(metric.count)) == 0
    with ThreadPoolExecutor(3) as pool:
        fits = [MLPClassifier(metrics=[metric], **PARAMS) for _ in range(3)]
        for together in pool.map(lambda clf: clf.fit(X, Y), fits):
            assert together.history_ == alone.history_


def test_a_fit_that_fails_leaves_a_new_estimator_unfitted():
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    interrupt = Interrupt()
    clf = MLPClassifier(callbacks=[interrupt], **PARAMS)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, Y)
    assert not hasattr(clf, "model_")
    assert interrupt.model is None


def test_training_on_that_diverges_leaves_the_fitted_network_as_it_was():
    data, target = load_diabetes(return_X_y=True)
    reg = MLPRegressor(warm_start=True, **PARAMS).fit(data, target)
    before, history = reg.predict(data), dict(reg.history_)
    with pytest.raises(DivergedError):
        reg.fit(data * 1e18, target * 1e15)
    np.testing.assert_array_equal(reg.predict(data), before)
    assert reg.history_ == history


def test_validation_rows_without_weight_are_an_error():
    weight = np.ones(len(Y))
    weight[-30:] = 0
    clf = MLPClassifier(validation_split=0.2, validation_shuffle=False, **PARAMS)
    with pytest.raises(ValueError, match="No row of positive weight is left for validation"):
        clf.fit(X, Y, sample_weight=weight)


def test_balanced_classes_are_counted_among_the_rows_that_train(float64):
    weight = np.ones(len(Y))
    weight[:40] = 0
    settings = {"class_weight": "balanced", "batch_size": "full", **PARAMS}
    weighted = MLPClassifier(**settings).fit(X, Y, sample_weight=weight)
    removed = MLPClassifier(**settings).fit(X[40:], Y[40:])
    np.testing.assert_allclose(weighted.predict_proba(X), removed.predict_proba(X), rtol=1e-8)


def test_a_number_too_large_for_the_network_is_an_error_and_no_nan():
    clf = MLPClassifier(**PARAMS).fit(X, Y)
    with pytest.raises(ValueError, match="too large for dtype"):
        clf.predict(X * 1e300)
    with pytest.raises(ValueError, match="too large for dtype"):
        clone(clf).fit(X * 1e300, Y)


def test_sparse_targets_are_taken_wherever_dense_ones_are():
    data, labels = make_multilabel_classification(40, 5, random_state=0)
    held = sparse.csr_matrix(labels)
    clf = MLPClassifier(**PARAMS).fit(data, held, X_val=data, y_val=held)
    dense = MLPClassifier(**PARAMS).fit(data, labels, X_val=data, y_val=labels)
    assert clf.history_ == dense.history_


def test_settings_that_a_compiling_build_function_never_sees_are_an_error():
    def build():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    KerasClassifier(build).fit(X, Y)
    with pytest.raises(IncompatibleNetworkError, match="optimizer__learning_rate has no effect"):
        KerasClassifier(build, optimizer__learning_rate=0.1).fit(X, Y)


@pytest.mark.parametrize("layer", ["linear", "relu", "tanh"])
def test_a_classifier_without_probabilities_is_an_error_before_training(layer):
    def build():
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation=layer)])

    with pytest.raises(IncompatibleNetworkError, match="gives no probabilities"):
        KerasClassifier(build, loss="sparse_categorical_crossentropy").fit(X, Y)


def test_logits_of_a_subclassed_network_become_probabilities():
    class Logits(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(3)

        def call(self, x):
            return 10 * self.dense(x)

    clf = KerasClassifier(Logits, optimizer="adam", epochs=60, random_state=0).fit(X, Y)
    probabilities = clf.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert probabilities.min() >= 0
    assert clf.score(X, Y) > 0.6


class OneScore(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, x):
        return self.dense(x)


def test_the_inferred_loss_is_no_matter_of_the_weights_that_a_build_draws():
    clf = KerasClassifier(OneScore, random_state=0, reuse_build=False)
    losses = [clf.initialize(X, Y == 0).model_.loss for _ in range(20)]
    assert [loss.get_config()["from_logits"] for loss in losses] == [True] * 20


def test_scores_under_a_loss_of_probabilities_are_always_an_error():
    clf = KerasClassifier(OneScore, loss="binary_crossentropy", reuse_build=False)
    for _ in range(20):
        with pytest.raises(IncompatibleNetworkError, match="gives no probabilities"):
            clf.initialize(X, Y == 0)


def test_a_loss_of_the_users_own_gets_a_column_a_class():
    def brier(y_true, y_pred):
        return keras.ops.sum((y_true - y_pred) ** 2, axis=-1)

    clf = MLPClassifier(loss=brier, epochs=60, random_state=0).fit(X, Y)
    assert clf.score(X, Y) > 0.9


@pytest.mark.parametrize("fitted", some([False, True], False))
def test_an_estimator_is_drawn_as_any_other(fitted):
    clf = MLPClassifier(units=7, **PARAMS)
    page = (clf.fit(X, Y) if fitted else clf)._repr_html_()
    assert "MLPClassifier" in page
    assert "units" in page
