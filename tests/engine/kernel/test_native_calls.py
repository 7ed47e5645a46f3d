"""Calls of compiled code: wrong arrays are refused, and the thread is left as it was."""

from __future__ import annotations

import numpy as np
import pytest

from skdl.engine.kernel.native_calls import run
from skdl.engine.kernel.prediction import _predict_by_table, predict_rows
from skdl.engine.kernel.reading import layers_of
from tests.engine.kernel.cases import dense, stack


@pytest.mark.parametrize("wrong", [np.zeros(2, np.float32), np.zeros(4)[::2]])
def test_arrays_of_another_type_or_with_gaps_are_refused(wrong):
    with pytest.raises(TypeError, match="expected one of float64 without gaps"):
        run(_predict_by_table, "float64", "r", [wrong])


def test_subnormal_numbers_become_0_and_the_thread_keeps_its_own(float64):
    model = stack(dense(2, use_bias=False))()
    small = np.full((1, 4), 1e-310)
    weights = [np.ones((4, 2))]
    found = predict_rows(layers_of(model), weights, small, "float64")
    assert found.tolist() == [[0.0, 0.0]]
    assert small[0, 0] * 1.0 == 1e-310
