"""What is watched, with which of Keras's callbacks, and whether a curve still improves."""

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdl.training.stopping import RULES, Stopping, still_improving, stopping_of


def test_nothing_is_asked_of_keras_unless_it_is_on():
    assert Stopping().callbacks("loss") == ()


def test_the_callbacks_have_the_settings():
    plateau, stop = Stopping(
        early_stopping=True,
        patience=3,
        min_delta=0.25,
        start_from_epoch=2,
        restore_best_weights=False,
        reduce_lr_patience=1,
        reduce_lr_factor=0.5,
        min_learning_rate=0.125,
    ).callbacks("val_mae")
    assert type(plateau) is keras.callbacks.ReduceLROnPlateau
    assert type(stop) is keras.callbacks.EarlyStopping
    assert plateau.monitor == stop.monitor == "val_mae"
    assert plateau.min_delta == stop.min_delta == 0.25
    assert (plateau.patience, plateau.factor, plateau.min_lr) == (1, 0.5, 0.125)
    assert (stop.patience, stop.start_from_epoch, stop.restore_best_weights) == (3, 2, False)


@pytest.mark.parametrize(
    ("monitor", "validated", "watched"),
    [(None, True, "val_loss"), (None, False, "loss"), ("val_auc", True, "val_auc")],
)
def test_what_is_watched(monitor, validated, watched):
    assert Stopping(monitor=monitor).watched(validated=validated) == watched


def test_the_parameters_are_the_fields():
    defaults = {name: getattr(Stopping(), name) for name in RULES}
    assert stopping_of({**defaults, "epochs": 3}) == Stopping()


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
