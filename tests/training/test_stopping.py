"""What is watched, and whether a curve still improves."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdl.training.stopping import STOPPING, StoppingSettings, still_improving, stopping_of


@pytest.mark.parametrize(
    ("monitor", "validated", "watched"),
    [(None, True, "val_loss"), (None, False, "loss"), ("val_auc", True, "val_auc")],
)
def test_what_is_watched(monitor, validated, watched):
    assert StoppingSettings(monitor=monitor).watched(validated=validated) == watched


def test_the_parameters_are_the_fields():
    assert STOPPING.names == tuple(field.name for field in fields(StoppingSettings))
    assert stopping_of({**STOPPING.defaults, "epochs": 3}) == StoppingSettings()


@pytest.mark.parametrize(
    ("curve", "rises", "improving"),
    [
        ([], False, False),
        ([1.0], False, False),
        ([1.0, 0.5], False, True),
        ([1.0, 0.995], False, False),
        ([1.0, 0.98], False, True),
        ([0.5, 0.6], True, True),
        ([0.5, 0.6], False, False),
        ([1.0] * 19 + [0.9], False, True),  # two epochs are a tenth of twenty
        ([1.0] * 17 + [0.9, 1.0, 1.0], False, False),
        ([1.0, float("nan")], False, False),
        ([-1.0, -1.1], False, True),
    ],
)
def test_curves_that_still_improve(curve, rises, improving):
    assert still_improving(curve, rises=rises) is improving


@given(st.lists(st.floats(0.1, 10), min_size=2, max_size=60))
def test_a_curve_that_only_gets_worse_does_not_improve(curve):
    assert not still_improving(sorted(curve), rises=False)
    assert not still_improving(sorted(curve, reverse=True), rises=True)
