"""The table of parameters counts what Keras counts."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl import MLPClassifier
from skdl.estimators.parameter_table import ParameterTable

layers = keras.layers


@pytest.mark.further
def test_the_textbook_network_has_468874_parameters():
    X = np.zeros((10, 784), np.float32)
    clf = MLPClassifier(hidden_layer_sizes=(512, 128), epochs=1, batch_size="full")
    clf.fit(X, np.arange(10))
    assert [row.total for row in clf.parameter_table().rows] == [401_920, 65_664, 1_290]
    assert clf.n_parameters_ == 468_874


def test_only_what_is_trained_counts_and_shared_weights_count_once():
    shared = layers.Dense(4)
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(2)(layers.BatchNormalization()(shared(shared(x)))))
    table = ParameterTable.of(model)
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert table.total == trainable == 20 + 8 + 10
    assert [(row.kind, row.weights, row.biases) for row in table.rows] == [
        ("Dense", 16, 4),
        ("BatchNormalization", 0, 8),
        ("Dense", 8, 2),
    ]


def test_the_table_reads_as_a_table():
    model = keras.Sequential([keras.Input((999,)), layers.Dense(2, name="a")])
    assert str(ParameterTable.of(model)).splitlines() == [
        "layer kind   weights  biases  total",
        "a     Dense    1,998       2  2,000",
        "total          1,998       2  2,000",
    ]
