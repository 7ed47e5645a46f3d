"""What the native kernel takes: in float64 each fit is that of the Keras loop."""

from __future__ import annotations

import pytest

from skdl.engine.keras_loop import KerasLoopEngine
from tests.engine.kernel.cases import CASES, KEPT
from tests.engine.oracle import assert_equal_results, by_kernel, eagerly, job_of
from tests.selection import some


@pytest.mark.parametrize("name", some(CASES, *KEPT, mark="oracle"))
def test_the_kernel_trains_as_keras(float64, name):
    case = CASES[name]
    job = job_of(case.build, *case.rows(), **case.settings())
    assert_equal_results(by_kernel(job), KerasLoopEngine().train(eagerly(job)))
