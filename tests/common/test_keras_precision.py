"""Networks are built for a precision, and the process keeps its own."""

import keras
import numpy as np
import pytest

import skdl
import skdl.engine
from skdl.common.keras_precision import built_for
from skdl.exceptions import InvalidParameterError
from tests.conftest import make
from tests.selection import some


def test_none_is_keras_own_setting():
    with built_for(None):
        assert keras.config.dtype_policy().name == "float32"


def test_it_ends_also_with_an_error():
    with pytest.raises(ZeroDivisionError), built_for("mixed_bfloat16"):
        assert keras.layers.Dense(1 // 0).dtype_policy.name == "mixed_bfloat16"
    with built_for("mixed_bfloat16"):
        assert keras.layers.Dense(1).dtype_policy.name == "mixed_bfloat16"
    assert keras.config.dtype_policy().name == "float32"


def made(kind, **settings):
    return getattr(skdl, kind)(random_state=0, **settings)


def build_of_ones(meta):
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(2, "relu", kernel_initializer="ones"),
            keras.layers.Dense(1, kernel_initializer="ones"),
        ]
    )


def data_without_rounding():
    """Eight rows for a network whose weights are ones: bfloat16 holds every sum of a step in full.

    So no processor rounds at all, whether it sums in half or in single precision. bfloat16 counts to 256
    units. Inputs are -1, 0 or 1 sixteenth, hence hidden units at most 4, and outputs less targets, -2 or 2,
    at most 10.
    """
    X = np.random.default_rng(0).integers(-1, 2, (8, 4))
    y = np.array([-2, 2] * 4)
    hidden = np.maximum(X.sum(axis=1), 0)
    errors = np.abs(2 * hidden - y)
    # The longest sums of gradients: those over the rows, in units of a sixteenth times a sixteenth.
    assert (hidden * errors).sum() <= 256
    assert (np.abs(X) * errors[:, None]).sum(axis=0).max() <= 256
    return X / 16, y / 16


@pytest.mark.parametrize("kind", some(["MLPRegressor", "KerasRegressor"], "MLPRegressor"))
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_estimators_compute_in_it_compiled_as_through_keras(precision, kind):
    X, y = data_without_rounding()
    # The learning rate is a power of two, as is the number of rows.
    settings = {"precision": precision, "epochs": 1}
    if kind == "MLPRegressor":
        settings |= {"units": 2, "kernel_initializer": "ones", "batch_size": 8}
        settings |= {"optimizer": "sgd", "learning_rate": 0.125}
    else:
        settings |= {"model": build_of_ones, "optimizer": keras.optimizers.SGD(0.125)}
    before = skdl.engine.stats().fallbacks
    fits = [made(kind, engine=name, **settings).fit(X, y) for name in ("auto", "keras")]
    assert skdl.engine.stats().fallbacks == before
    for estimator in fits:
        hidden = estimator.model_.layers[0]
        assert hidden.dtype_policy.name == precision
        assert hidden.kernel.dtype == "float32"
        scaled = isinstance(estimator.model_.optimizer, keras.optimizers.LossScaleOptimizer)
        assert scaled == (precision == "mixed_float16")
    assert fits[0].history_ == fits[1].history_
    for ours, theirs in zip(*(fit.model_.get_weights() for fit in fits), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert not np.array_equal(ours, np.ones_like(ours))  # it was trained
    assert keras.config.dtype_policy().name == "float32"


def test_a_ready_model_has_its_own():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    X, y = np.ones((4, 4)), np.ones(4)
    with pytest.raises(InvalidParameterError, match="precision='float32' would have no effect"):
        skdl.KerasRegressor(model, precision="float32").fit(X, y)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_predictions_are_not_rounded(precision):
    X = np.linspace(-1, 1, 40)[:, None]
    y = 1000 + X[:, 0]
    reg = make("MLPRegressor", precision=precision, epochs=40, learning_rate=0.03).fit(X, y)
    assert reg.score(X, y) > 0.9
