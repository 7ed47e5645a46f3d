"""The ready networks do what their arguments say."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris, load_linnerud

from skdl import MLPClassifier, MLPRegressor
from skdl.exceptions import InvalidParameterError
from skdl.networks.mlp import OF_CLASSIFIER, OF_REGRESSOR
from tests.selection import some
from tests.tolerances import rounding

IRIS = load_iris(return_X_y=True)
DIABETES = tuple(part[:60] for part in load_diabetes(return_X_y=True))


def fitted(**params):
    return MLPClassifier(**{"epochs": 1, "random_state": 0, **params}).fit(*IRIS)


def test_every_hyperparameter_is_an_argument():
    expected = {
        *("n_layers", "units", "units_decay", "hidden_layer_sizes", "activation", "dropout"),
        *("normalization", "kernel_initializer", "l1", "l2", "optimizer", "learning_rate"),
        *("momentum", "weight_decay", "batch_size", "epochs", "loss", "metrics"),
        *("validation_split", "early_stopping", "patience", "callbacks", "warm_start"),
        *("random_state", "verbose"),
    }
    assert expected <= set(MLPRegressor().get_params())
    assert expected | {"class_weight", "label_smoothing"} <= set(MLPClassifier().get_params())


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (estimator, one.name)
        for estimator, declared in ((MLPClassifier, OF_CLASSIFIER), (MLPRegressor, OF_REGRESSOR))
        for one in declared
        if one.rules
    ],
)
def test_every_hyperparameter_is_checked_before_anything_is_built(estimator, name):
    X, y = IRIS if estimator is MLPClassifier else DIABETES
    wrong = estimator(**{name: object()})
    with pytest.raises(InvalidParameterError, match=rf"{name}=<object .* expected .* [Pp]ass"):
        wrong.fit(X, y)
    assert not hasattr(wrong, "model_")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (
            {"dropout": 1.0},
            "dropout=1.0 is out of range. Got float, expected a number of at least 0 and below 1",
        ),
        ({"optimizer": "adm"}, "Did you mean 'adam'?"),
        ({"normalization": "bach"}, "Did you mean 'batch'?"),
        ({"activation": "rellu"}, "expected a name of keras.activations"),
        (
            {"kernel_initializer": "he"},
            r"kernel_initializer='he' .* expected a name of keras.initializers, .* Known names: auto, "
            "constant, glorot_normal",
        ),
        ({"loss": "mze"}, "expected a name of keras.losses, .* Known names: binary_crossentropy"),
        ({"momentum": 0.9}, "momentum=0.9 would have no effect"),
        ({"callbacks": [3]}, "callbacks holds 3. Got int"),
        ({"batch_size": "all"}, "one of 'full'"),
        ({"units": 2.5}, "units=2.5"),
        ({"random_state": "x"}, "random_state='x'"),
        ({"loss": "sparse_categorical_crossentropy", "epochs": 0}, "epochs=0"),
    ],
)
def test_messages_name_got_expected_and_fix(params, words):
    with pytest.raises(ValueError, match=words):
        MLPClassifier(**params).fit(*IRIS)


def test_optimizer_settings_reach_keras():
    clf = fitted(optimizer="sgd", learning_rate=0.05, momentum=0.75, weight_decay=0.01)
    optimizer = clf.model_.optimizer
    assert float(optimizer.learning_rate) == np.float32(0.05)
    assert (optimizer.momentum, optimizer.weight_decay) == (0.75, 0.01)


def test_metrics_and_loss_reach_keras_and_the_history():
    clf = fitted(
        metrics=["accuracy"], loss="categorical_crossentropy", validation_split=0.2, epochs=2
    )
    assert sorted(clf.history_) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert clf.model_.loss.__name__ == "categorical_crossentropy"
    assert {len(curve) for curve in clf.history_.values()} == {2} == {clf.n_epochs_}


def test_batches_are_as_asked():
    class Count(keras.callbacks.Callback):
        batches = 0

        def on_train_batch_end(self, batch, logs=None):
            self.batches += 1

    counts = {}
    for size in (50, 64, "full"):
        count = Count()
        fitted(batch_size=size, callbacks=[count])
        counts[size] = count.batches
    assert counts == {50: 3, 64: 3, "full": 1}


@pytest.mark.further
def test_callbacks_may_be_classes_or_one_instance():
    clf = fitted(callbacks=[keras.callbacks.TerminateOnNaN])
    assert clf.n_epochs_ == 1
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=10.0)
    assert fitted(callbacks=stop, epochs=5).n_epochs_ == 2


def test_early_stopping_stops_and_goes_back_to_the_best_weights():
    clf = fitted(early_stopping=True, patience=2, learning_rate=0.3, epochs=60)
    assert clf.n_epochs_ < 60
    assert "val_loss" in clf.history_
    best = int(np.argmin(clf.history_["val_loss"]))
    assert best == clf.n_epochs_ - 1 - 2
    shorter = fitted(early_stopping=True, patience=2, learning_rate=0.3, epochs=best + 1)
    for one, two in zip(clf.model_.get_weights(), shorter.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_early_stopping_without_validation_watches_the_loss():
    clf = fitted(
        early_stopping=True, validation_split=0.0, patience=0, learning_rate=1.0, epochs=40
    )
    assert clf.n_epochs_ < 40
    assert sorted(clf.history_) == ["loss"]


def test_warm_start_goes_on_where_a_longer_fit_would_be():
    whole = fitted(epochs=4, dropout=0.2)
    clf = fitted(epochs=2, dropout=0.2, warm_start=True)
    model = clf.model_
    clf.fit(*IRIS)
    assert clf.model_ is model
    assert clf.n_epochs_ == 2
    for one, two in zip(whole.model_.get_weights(), clf.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_partial_fit_is_a_fit_an_epoch_at_a_time():
    whole = fitted(epochs=3)
    clf = MLPClassifier(random_state=0)
    for epoch in range(3):
        clf.partial_fit(*IRIS, classes=[0, 1, 2])
        assert clf.current_epoch == epoch + 1
    assert clf.history_ == whole.history_
    np.testing.assert_array_equal(clf.predict_proba(IRIS[0]), whole.predict_proba(IRIS[0]))


def test_a_fit_without_a_seed_is_repeated_by_its_seed():
    free = MLPClassifier(epochs=1).fit(*IRIS)
    other = MLPClassifier(epochs=1).fit(*IRIS)
    again = MLPClassifier(epochs=1, random_state=free.seed_).fit(*IRIS)
    np.testing.assert_array_equal(free.predict_proba(IRIS[0]), again.predict_proba(IRIS[0]))
    assert not np.array_equal(free.predict_proba(IRIS[0]), other.predict_proba(IRIS[0]))


@pytest.mark.further
def test_regression_of_one_and_several_numbers_keeps_the_form_of_y():
    X, Y = load_linnerud(return_X_y=True)
    several = MLPRegressor(epochs=2, random_state=0).fit(X, Y)
    assert several.predict(X).shape == Y.shape
    assert several.predict(X).dtype == np.float64
    column = MLPRegressor(epochs=2, random_state=0).fit(X, Y[:, :1])
    flat = MLPRegressor(epochs=2, random_state=0).fit(X, Y[:, 0])
    np.testing.assert_array_equal(column.predict(X)[:, 0], flat.predict(X))


def test_the_output_of_a_regressor_begins_at_the_weighted_mean():
    X, y = DIABETES
    weight = np.linspace(0, 1, len(y))
    reg = MLPRegressor(learning_rate=1e-12, epochs=1, random_state=0).fit(
        X, y, sample_weight=weight
    )
    np.testing.assert_allclose(
        reg.model_.layers[-1].get_weights()[1], np.average(y, weights=weight), rtol=1e-6
    )


def test_verbose_is_kerass_progress(capfd):
    fitted()
    assert capfd.readouterr().out == ""
    fitted(verbose=2)
    assert "5/5" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("target", "params", "loss"),
    some(
        [
            (IRIS[1], {"label_smoothing": 0.1}, keras.losses.CategoricalCrossentropy),
            (IRIS[1] > 0, {"label_smoothing": 0.1}, keras.losses.BinaryCrossentropy),
            (np.eye(3)[IRIS[1]], {"label_smoothing": 0.1}, keras.losses.BinaryCrossentropy),
            (
                IRIS[1],
                {"label_smoothing": 0.1, "loss": "categorical_crossentropy"},
                keras.losses.CategoricalCrossentropy,
            ),
            (
                IRIS[1] > 0,
                {"label_smoothing": 0.1, "loss": keras.losses.BinaryFocalCrossentropy},
                keras.losses.BinaryFocalCrossentropy,
            ),
        ],
        "classes",
        "focal",
        ids=["classes", "two classes", "labels", "named", "focal"],
    ),
)
def test_smoothed_labels_are_keras_own(target, params, loss):
    clf = MLPClassifier(epochs=1, random_state=0, units=4, **params).fit(IRIS[0], target)
    assert type(clf.model_.loss) is loss
    assert clf.model_.loss.get_config() == loss(label_smoothing=0.1).get_config()
    assert clf.predict(IRIS[0]).shape == np.shape(target)


def test_the_norm_of_weights_stays_below_its_bound():
    clf = fitted(units=4, max_norm=0.3, learning_rate=0.1)
    norms = np.linalg.norm(clf.model_.layers[0].kernel.numpy(), axis=0)
    # Twice a sum of four squares and its root, and a factor.
    assert norms.max() <= 0.3 * (1 + rounding("float32", 4, 1, 4, 1, 1))
