"""The parameters of training are the same on every estimator, with the same defaults and descriptions."""

import inspect
import re

import numpy as np
import pytest

import skdl
from skdl.training.controls import BATCH_SIZE, PARAMETERS, RULES, batch_size_of
from tests.conftest import KINDS, make


@pytest.mark.parametrize("name", RULES)
def test_every_estimator_has_it_with_one_default(name):
    defaults = {inspect.signature(getattr(skdl, kind)).parameters[name].default for kind in KINDS}
    (default,) = defaults
    assert any(rule.accepts(default) for rule in RULES[name])
    assert re.search(
        rf"^( {{4}}|)([a-z_]+, )*{name}(, [a-z_]+)* : ", PARAMETERS, flags=re.MULTILINE
    )
    assert all(name in make(kind).get_params() for kind in KINDS)


@pytest.mark.parametrize(
    ("batch_size", "rows"),
    [(32, 32), (np.int64(5), 5), (0.25, 0.25), (np.float32(0.5), 0.5), ("full", None)],
)
def test_batch_sizes(batch_size, rows):
    assert any(rule.accepts(batch_size) for rule in BATCH_SIZE)
    assert batch_size_of(batch_size) == rows


@pytest.mark.parametrize("batch_size", [0, 1.0, 1.5, -0.1, "half", True, None])
def test_what_is_no_batch_size(batch_size):
    assert not any(rule.accepts(batch_size) for rule in BATCH_SIZE)
