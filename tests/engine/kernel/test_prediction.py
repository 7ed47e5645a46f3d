"""Predictions of the kernel: those of Keras, and of a row the same bits in whatever company."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from skdl.engine.compiled import CompiledEngine
from skdl.engine.kernel.choice import MOST_OF_A_ROW, stack_for_kernel
from skdl.engine.kernel.prediction import ROWS_OF_CHUNK, predict_rows
from skdl.engine.network.network import Network
from tests.engine.kernel.cases import CASES, KEPT, dense, layer, stack
from tests.engine.oracle import numbers
from tests.selection import some

DEEP = stack(dense(7, "tanh"), layer("BatchNormalization"), dense(11, "gelu"), dense(3, "softmax"))


def found(build, x):
    network = Network(build)
    layers = stack_for_kernel(network, x)
    assert layers is not None
    return network, network.initial_state(1), layers


@pytest.mark.parametrize("name", some(CASES, *KEPT[:10], mark="oracle"))
def test_as_keras_predicts(float64, name):
    case = CASES[name]
    x = case.x(30)
    network, state, layers = found(case.build, x)
    expected = network.model(state).predict(x, verbose=0)
    ours = predict_rows(layers, state.variables, x, "float64")
    np.testing.assert_allclose(ours, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_row_has_the_same_bits_in_whatever_company(dtype):
    x = numbers(100, 4)
    _, state, layers = found(DEEP, x)
    whole = predict_rows(layers, state.variables, x, dtype)
    for count in range(1, 101):
        first = predict_rows(layers, state.variables, x[:count], dtype)
        np.testing.assert_array_equal(first, whole[:count])
    for shift in (1, 7, 31, 50):
        rolled = predict_rows(layers, state.variables, np.roll(x, shift, axis=0), dtype)
        np.testing.assert_array_equal(rolled, np.roll(whole, shift, axis=0))


def test_chunks_change_nothing():
    x = numbers(2 * ROWS_OF_CHUNK + 3, 4)
    _, state, layers = found(DEEP, x)
    whole = predict_rows(layers, state.variables, x, "float32")
    rows = [predict_rows(layers, state.variables, row[None], "float32")[0] for row in x]
    np.testing.assert_array_equal(whole, rows)


def test_no_rows_give_no_outputs():
    x = numbers(5, 4)
    _, state, layers = found(DEEP, x)
    assert predict_rows(layers, state.variables, x[:0], "float32").shape == (0, 3)


def test_whole_numbers_and_views_are_rows():
    x = np.arange(80).reshape(10, 8)[:, ::2]
    _, state, layers = found(DEEP, x)
    expected = predict_rows(layers, state.variables, x.astype("float32"), "float32")
    np.testing.assert_array_equal(predict_rows(layers, state.variables, x, "float32"), expected)


def test_large_layers_and_other_rows_are_left_to_tensorflow():
    x = numbers(5, 4)
    wide = MOST_OF_A_ROW // 4
    assert stack_for_kernel(Network(stack(dense(wide - 1), dense(1))), x) is not None
    assert stack_for_kernel(Network(stack(dense(wide), dense(1))), x) is None
    assert stack_for_kernel(Network(DEEP), x.tolist()) is None
    assert stack_for_kernel(Network(DEEP), numbers(5, 3)) is None


def test_the_engine_asks_the_kernel_unless_it_is_left_out():
    x = numbers(40, 4)
    network, state, layers = found(DEEP, x)
    ours = predict_rows(layers, state.variables, x, "float32")
    np.testing.assert_array_equal(CompiledEngine().predict(network, state, x), ours)
    graph = CompiledEngine(kernel=False).predict(network, state, x)
    np.testing.assert_allclose(graph, ours, rtol=1e-5, atol=1e-6)


BITS = """
import hashlib
import numpy as np
from tests.engine.kernel.test_prediction import DEEP, found
from tests.engine.oracle import numbers
from tests.selection import some
from skdl.engine.kernel.prediction import predict_rows
x = numbers(50, 4)
_, state, layers = found(DEEP, x)
print(hashlib.sha256(predict_rows(layers, state.variables, x, "float32").tobytes()).hexdigest())
"""


@pytest.mark.processes
@pytest.mark.parametrize(
    "environment", [{"OPENBLAS_CORETYPE": "Haswell"}, {"OPENBLAS_NUM_THREADS": "1"}], ids=str
)
def test_the_bits_depend_on_no_blas(environment):
    path = os.pathsep.join(part for part in sys.path if part)
    printed = [
        subprocess.run(
            [sys.executable, "-c", BITS],
            env={**os.environ, "PYTHONPATH": path, **more},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for more in ({}, environment)
    ]
    assert printed[0] == printed[1] != ""
