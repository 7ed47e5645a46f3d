"""The hyperparameters of training are the same on every estimator, with the same defaults."""

import numpy as np
import pytest

from skdl.estimators.declared import BATCH_SIZE, batch_size_of
from skdl.networks import mlp
from skdl.training.schedules import SCHEDULE
from skdl.training.stopping import STOPPING
from skdl.wrappers import declared as wrappers
from tests.conftest import KINDS, make

DECLARED = dict(
    zip(
        KINDS,
        (mlp.OF_CLASSIFIER, mlp.OF_REGRESSOR, wrappers.OF_CLASSIFIER, wrappers.OF_REGRESSOR),
        strict=True,
    )
)


@pytest.mark.parametrize("name", [*SCHEDULE.names, *STOPPING.names, "mixup", "precision"])
def test_every_estimator_has_it_with_one_declaration(name):
    first, *others = (declared[name] for declared in DECLARED.values())
    assert all(other is first for other in others)
    assert all(name in make(kind).get_params() for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_all_have_rules_but_those_that_other_code_checks(kind):
    others = {
        *("model", "build_fn", "optimizer", "loss", "metrics", "callbacks", "random_state"),
        *("run_eagerly", "warm_start"),
    }
    expected = {"random_state"} if kind.startswith("MLP") else others
    assert {one.name for one in DECLARED[kind] if not one.rules} == expected


@pytest.mark.parametrize("kind", KINDS)
def test_every_default_passes_its_own_rules(kind):
    DECLARED[kind].check(kind, DECLARED[kind].defaults)


@pytest.mark.parametrize(
    ("batch_size", "rows"),
    [(32, 32), (np.int64(5), 5), (0.25, 0.25), (np.float32(0.5), 0.5), ("full", None)],
)
def test_batch_sizes(batch_size, rows):
    assert any(rule.accepts(batch_size) for rule in BATCH_SIZE.rules)
    assert batch_size_of(batch_size) == rows


@pytest.mark.parametrize("batch_size", [0, 1.0, 1.5, -0.1, "half", True, None])
def test_what_is_no_batch_size(batch_size):
    assert not any(rule.accepts(batch_size) for rule in BATCH_SIZE.rules)
