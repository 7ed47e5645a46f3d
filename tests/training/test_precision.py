"""Networks are built for a precision, and the process keeps its own."""

import keras
import numpy as np
import pytest
from conftest import make

import skdl
import skdl.engine
from skdl.exceptions import InvalidParameterError
from skdl.training.precision import built_for


def test_none_is_keras_own_setting():
    with built_for(None):
        assert keras.config.dtype_policy().name == "float32"


def test_it_ends_also_with_an_error():
    with pytest.raises(ZeroDivisionError), built_for("mixed_bfloat16"):
        assert keras.layers.Dense(1 // 0).dtype_policy.name == "mixed_bfloat16"
    with built_for("mixed_bfloat16"):
        assert keras.layers.Dense(1).dtype_policy.name == "mixed_bfloat16"
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize("kind", ["MLPRegressor", "KerasClassifier"])
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_estimators_compute_in_it_compiled_as_through_keras(precision, kind, data_of):
    X, y = data_of(kind)
    settings = {"precision": precision, "epochs": 2}
    before = skdl.engine.stats().fallbacks
    fits = [make(kind, engine=name, **settings).fit(X, y) for name in ("auto", "keras")]
    assert skdl.engine.stats().fallbacks == before
    for estimator in fits:
        hidden = estimator.model_.layers[0]
        assert hidden.dtype_policy.name == precision
        assert hidden.kernel.dtype == "float32"
        scaled = isinstance(estimator.model_.optimizer, keras.optimizers.LossScaleOptimizer)
        assert scaled == (precision == "mixed_float16")
    # Half precision has eight or eleven bits; both engines round at other places.
    tolerance = {"float32": 1e-5, "mixed_bfloat16": 0.05, "mixed_float16": 0.01}[precision]
    np.testing.assert_allclose(*(fit.history_["loss"] for fit in fits), rtol=tolerance)
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
