"""Seeds are taken, drawn or fresh."""

from __future__ import annotations

import numpy as np
import pytest

from skdl.estimators.input_checks import draw_seed
from skdl.exceptions import InvalidParameterError


def test_seeds_are_taken_drawn_or_fresh():
    assert draw_seed("Net", 7) == 7
    assert draw_seed("Net", np.int64(2**32 - 1)) == 2**32 - 1
    state = np.random.RandomState(3)
    before = state.get_state()[1].copy()
    assert draw_seed("Net", state) == draw_seed("Net", state)
    np.testing.assert_array_equal(state.get_state()[1], before)
    assert draw_seed("Net", None) != draw_seed("Net", None)
    assert draw_seed("Net", np.random) == draw_seed("Net", np.random)


@pytest.mark.parametrize("value", [-1, 2**32, "0", 1.0, True, np.random.default_rng(0)])
def test_other_seeds_are_refused(value):
    with pytest.raises(InvalidParameterError, match="Net: random_state="):
        draw_seed("Net", value)
