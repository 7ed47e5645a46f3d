"""The variables of optimizers are where Keras puts them, with the values that Keras gives them."""

from __future__ import annotations

import numpy as np
import pytest

from skdl.engine.kernel.choice import description_for_kernel
from skdl.engine.kernel.optimizer_state import fresh_state
from skdl.engine.optimizers.pure_optimizer import PureOptimizer
from tests.engine.kernel.cases import CASES, KEPT
from tests.engine.oracle import job_of
from tests.selection import some


@pytest.mark.parametrize("name", some(CASES, *KEPT, mark="oracle"))
def test_the_first_state_is_that_of_keras(float64, name):
    case = CASES[name]
    job = job_of(case.build, *case.rows(), **case.settings())
    model = job.network.template
    pure = PureOptimizer(model.optimizer, model.trainable_variables)
    made = fresh_state(description_for_kernel(job), job.network.learning_rate, "float64")
    assert len(made) == len(pure.variables)
    for ours, theirs in zip(made, pure.initial_state(), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
