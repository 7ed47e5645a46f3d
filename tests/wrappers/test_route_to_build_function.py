"""What a build function is given: parameters by their own name or as model__name, meta, and the rest."""

from __future__ import annotations

import numpy as np
import pytest

from skdl import KerasClassifier, KerasRegressor
from tests.wrappers.small_networks import (
    NUMBERS,
    QUICK,
    THREE,
    TWO,
    X,
    build_hidden,
    dense,
    weights,
)

OF_DATA = {
    "n_features_in_",
    "X_shape_",
    "X_dtype_",
    "y_ndim_",
    "y_dtype_",
    "target_type_",
    "target_encoder_",
    "feature_encoder_",
    "n_outputs_",
    "n_outputs_expected_",
}
OF_CLASSES = {"classes_", "n_classes_"}


def hidden_units(estimator):
    return estimator.model_.layers[0].units


def test_bare_and_routed_names_reach_the_build_function():
    bare = KerasClassifier(build_hidden, units=5, **QUICK).fit(X, THREE)
    routed = KerasClassifier(build_hidden, model__units=5, **QUICK).fit(X, THREE)
    assert hidden_units(bare) == hidden_units(routed) == 5
    np.testing.assert_array_equal(weights(bare), weights(routed))


def test_a_routed_name_counts_more_than_a_bare_one():
    clf = KerasClassifier(build_hidden, units=5, model__units=2, **QUICK).initialize(X, THREE)
    assert hidden_units(clf) == 2


def test_a_parameter_without_a_default_is_passed():
    def build(units):
        return dense(units, 3, activation="softmax")

    assert hidden_units(KerasClassifier(build, units=4, **QUICK).initialize(X, THREE)) == 4


def test_defaults_of_the_build_function_are_parameters():
    clf = KerasClassifier(build_hidden)
    assert clf.get_params()["model__units"] == 3
    assert hidden_units(clf.set_params(**QUICK).initialize(X, THREE)) == 3
    clf.set_params(model__units=6)
    assert clf.get_params()["model__units"] == 6
    assert hidden_units(clf.initialize(X, THREE)) == 6


def test_set_params_takes_a_bare_name_too():
    clf = KerasClassifier(build_hidden, model__units=2, **QUICK).set_params(units=7)
    assert hidden_units(clf.initialize(X, THREE)) == 7


def test_another_build_function_has_its_own_parameters():
    def build(width=5):
        return dense(width, 3, activation="softmax")

    clf = KerasClassifier(build_hidden, **QUICK).set_params(model=build, model__width=4)
    assert {n for n in clf.get_params() if n.startswith("model__")} == {"model__width"}
    assert hidden_units(clf.initialize(X, THREE)) == 4


def test_a_bare_parameter_can_be_read_and_set_as_an_attribute():
    clf = KerasClassifier(build_hidden, units=2, **QUICK)
    assert clf.units == 2
    clf.units = 7
    assert clf.get_params()["units"] == 7
    assert hidden_units(clf.initialize(X, THREE)) == 7


def test_a_routed_parameter_can_be_read_and_set_as_an_attribute():
    clf = KerasClassifier(build_hidden, model__units=2, **QUICK)
    assert clf.model__units == 2
    clf.model__units = 7
    assert clf.get_params()["model__units"] == 7
    assert hidden_units(clf.initialize(X, THREE)) == 7


def test_parameters_of_the_estimator_are_not_passed_to_the_build_function():
    def build(**given):
        assert "optimizer" not in given
        assert "epochs" not in given
        return dense(3, activation="softmax")

    KerasClassifier(build, optimizer="sgd", epochs=2, **QUICK).initialize(X, THREE)


def test_a_build_function_of_any_keywords_is_given_everything():
    seen = {}

    def build(**given):
        seen.update(given)
        return dense(given["units"], 3, activation="softmax")

    clf = KerasClassifier(build, units=4, model__depth=1, **QUICK).initialize(X, THREE)
    assert set(seen) == {"units", "depth", "meta", "compile_kwargs", "params"}
    assert hidden_units(clf) == 4


def test_a_build_function_is_given_only_what_it_names():
    def build(params):
        assert params["batch_size"] == 8
        return dense(3, activation="softmax")

    KerasClassifier(build, batch_size=8, **QUICK).initialize(X, THREE)


def test_params_are_those_of_get_params():
    seen = {}

    def build(params, units=2):
        seen.update(params)
        return dense(units, 3, activation="softmax")

    clf = KerasClassifier(build, optimizer__learning_rate=0.5, **QUICK).initialize(X, THREE)
    assert seen == clf.get_params()
    assert seen["optimizer"] == "rmsprop"
    assert seen["optimizer__learning_rate"] == 0.5


def test_meta_of_a_classifier():
    seen = {}

    def build(meta):
        seen.update(meta)
        return dense(3, activation="softmax")

    clf = KerasClassifier(build, **QUICK).initialize(X, THREE)
    assert set(seen) == OF_DATA | OF_CLASSES
    assert seen["X_shape_"] == X.shape
    assert seen["X_dtype_"] == X.dtype
    assert seen["y_dtype_"] == THREE.dtype
    assert (seen["n_features_in_"], seen["y_ndim_"], seen["n_classes_"]) == (4, 1, 3)
    assert seen["target_type_"] == "multiclass"
    assert (seen["n_outputs_"], seen["n_outputs_expected_"]) == (1, 1)
    np.testing.assert_array_equal(seen["classes_"], [0, 1, 2])
    for name, value in seen.items():
        # The shape is handed over in a form that knows whether the number of rows was looked at.
        assert getattr(clf, name) is value or name == "X_shape_"


@pytest.mark.parametrize(
    ("y", "outputs", "kind"),
    [
        (NUMBERS, 1, "continuous"),
        (np.column_stack([NUMBERS, X[:, 0]]), 2, "continuous-multioutput"),
    ],
    ids=["one column", "two columns"],
)
def test_meta_of_a_regressor(y, outputs, kind):
    seen = {}

    def build(meta):
        seen.update(meta)
        return dense(meta["n_outputs_"])

    KerasRegressor(build, **QUICK).initialize(X, y)
    assert set(seen) == OF_DATA
    assert (seen["n_outputs_"], seen["target_type_"], seen["y_ndim_"]) == (outputs, kind, y.ndim)


def test_meta_is_of_the_last_data():
    clf = KerasClassifier(build_hidden, **QUICK).fit(X, THREE)
    clf.fit(X[:, :2], TWO)
    assert clf.model_.input_shape == (None, 2)
    assert clf.model_.output_shape == (None, 2)


def test_compile_kwargs_are_made_objects():
    seen = {}

    def build(compile_kwargs):
        seen.update(compile_kwargs)
        model = dense(3, activation="softmax")
        model.compile(**compile_kwargs)
        return model

    clf = KerasClassifier(
        build,
        optimizer="sgd",
        optimizer__learning_rate=0.25,
        loss="sparse_categorical_crossentropy",
        metrics=["sparse_categorical_accuracy"],
        **QUICK,
    ).fit(X, THREE)
    assert set(seen) >= {"optimizer", "loss", "metrics", "run_eagerly"}
    # `model_` is a copy of what the function built.
    assert type(clf.model_.optimizer) is type(seen["optimizer"])
    assert float(clf.model_.optimizer.learning_rate) == 0.25
    assert set(clf.history_) == {"loss", "sparse_categorical_accuracy"}


def test_compiling_in_the_build_function_equals_leaving_it_to_the_estimator():
    def compiled(compile_kwargs):
        model = dense(3, activation="softmax")
        model.compile(**compile_kwargs)
        return model

    settings = {"loss": "sparse_categorical_crossentropy", "optimizer": "adam", **QUICK}
    mine = KerasClassifier(compiled, **settings).fit(X, THREE)
    left = KerasClassifier(lambda: dense(3, activation="softmax"), **settings).fit(X, THREE)
    np.testing.assert_array_equal(weights(mine), weights(left))


def test_further_arguments_of_compile():
    clf = KerasClassifier(
        lambda: dense(3, activation="softmax"),
        compile__weighted_metrics=["sparse_categorical_accuracy"],
        **QUICK,
    ).fit(X, THREE, sample_weight=1 + THREE)
    assert set(clf.history_) == {"loss", "sparse_categorical_accuracy"}


def test_loss_weights_reach_compile():
    def built(share):
        return KerasRegressor(
            lambda: dense(1), shuffle=False, compile__loss_weights=[share], **QUICK
        ).fit(X, NUMBERS)

    whole, half = built(1.0), built(0.5)
    assert half.history_["loss"] == [whole.history_["loss"][0] / 2]
