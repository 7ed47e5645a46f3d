"""A network that could not be traced is traced again once a call of it has failed."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl.engine import prediction, stats
from skdl.engine.network.fitted import FittedNetwork

X = np.ones((3, 4), np.float32)


class Breaking(keras.layers.Layer):
    """Fails as long as its owner says so."""

    broken = False

    def call(self, x):
        if self.broken:
            raise KeyError("broken")
        return 2 * x


def predict(model):
    fitted = FittedNetwork.of(model)
    return prediction.predict(fitted.network, fitted.state, X)


def test_a_graph_serves_once_the_layer_is_mended(monkeypatch):
    model = keras.Sequential([keras.Input((4,)), Breaking()])
    before = stats().programs
    monkeypatch.setattr(Breaking, "broken", True)
    with pytest.raises(KeyError, match="broken"):
        predict(model)
    assert stats().programs == before
    kept = stats().kept
    monkeypatch.setattr(Breaking, "broken", False)
    for _ in range(2):
        np.testing.assert_array_equal(predict(model), 2 * X)
    assert stats().programs == before + 1
    assert stats().kept == kept + 1
