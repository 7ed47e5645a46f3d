"""The numbers of curves are exact, and mean the same for every loss."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta

from skdl.diagnosis.learning_curves import (
    LearningCurves,
    entropy,
    mixup_floor,
    smoothing_floor,
)

FALLING = tuple(float(100 - 10 * epoch) for epoch in range(10))  # 100, 90, ..., 10


def test_losses_are_those_of_the_kept_epoch_and_in_parts_of_chance():
    curves = LearningCurves(FALLING, tuple(x + 5 for x in FALLING), kept=4, chance=200.0)
    numbers = curves.numbers()
    assert numbers["epochs"] == 10
    assert (numbers["first_loss"], numbers["last_loss"], numbers["lowest_loss"]) == (100, 60, 10)
    assert (numbers["val_loss"], numbers["lowest_val_loss"]) == (65, 65)
    assert numbers["learnt_in_training"] == pytest.approx(0.7)
    assert numbers["learnt_in_validation"] == pytest.approx(0.675)
    assert numbers["loss_gap"] == pytest.approx(0.025)


def test_floors_and_penalties_are_no_loss_of_the_network():
    curves = LearningCurves(
        (3.0, 2.5), (3.0, 2.5), chance=2.0, floor=0.5, train_floor=1.0, penalty=1.0
    )
    numbers = curves.numbers()
    assert numbers["learnt_in_training"] == pytest.approx(0.5)  # (2 - 1.5) / (2 - 1)
    assert numbers["learnt_in_validation"] == pytest.approx(1 / 3)  # (2 - 1.5) / (2 - 0.5)
    assert numbers["penalty"] == 1.0


def test_roughness_is_the_mean_step_upwards_of_the_second_half():
    loss = (9.0, 20.0, 9.0, 20.0, 9.0, 9.0, 12.0, 9.0, 15.0, 15.0, 9.0)  # ten steps
    assert LearningCurves(loss, chance=100.0).numbers()["roughness"] == (3 + 6) / 5 / 100
    calm = tuple(9.0 for _ in loss)
    assert LearningCurves(loss, calm, chance=100.0).numbers()["roughness"] == 0.0


def test_climb_counts_from_the_lowest_to_the_lowest_of_the_last_tenth():
    loss = (100.0, *(10.0 for _ in range(17)), 30.0, 25.0)
    assert LearningCurves(loss, chance=100.0).numbers()["climb"] == 0.15


def test_few_epochs_have_no_second_half():
    assert "roughness" not in LearningCurves(FALLING[:5], chance=1.0).numbers()
    assert "roughness" in LearningCurves(FALLING[:6], chance=1.0).numbers()


def test_without_the_loss_of_chance_the_fall_is_the_measure():
    loss = (*FALLING[:9], 29.0)  # falls from 100 to 20, ends at 29
    numbers = LearningCurves(loss).numbers()
    assert numbers["climb"] == pytest.approx(9 / 80)
    assert not {"chance_loss", "learnt_in_training", "loss_gap"} & set(numbers)


def test_a_loss_that_only_rises_is_measured_by_its_size():
    loss = tuple(10.0 + epoch for epoch in range(10))
    assert LearningCurves(loss).numbers()["climb"] == pytest.approx(9 / 1.0)


def test_a_validation_loss_that_rises_with_the_training_loss_is_no_rise():
    held = (10.0, 5.0, 4.0, 8.0)
    assert LearningCurves((10.0, 5.0, 4.0, 3.0), held).numbers()["val_rise"] == pytest.approx(4 / 6)
    assert LearningCurves((10.0, 5.0, 4.0, 9.0), held).numbers()["val_rise"] == 0.0


def test_nothing_rose_up_to_the_epoch_that_was_kept():
    held = (10.0, 5.0, 4.0, 8.0)
    assert LearningCurves((10.0, 5.0, 4.0, 3.0), held, kept=2).numbers()["val_rise"] == 0.0


def test_gain_is_what_the_last_tenth_brought():
    numbers = LearningCurves(FALLING).numbers()
    assert (numbers["gain"], numbers["relative_gain"]) == (10 / 90, 10 / 20)
    rising = tuple(100 - x for x in FALLING)  # 0, 10, ..., 90
    accuracy = LearningCurves(FALLING, watched=rising, rises=True).numbers()
    assert (accuracy["gain"], accuracy["relative_gain"]) == (10 / 90, 10 / 80)
    assert LearningCurves(tuple(reversed(FALLING))).numbers()["gain"] == 0.0
    assert "gain" not in LearningCurves(FALLING, ended=True).numbers()
    assert "gain" not in LearningCurves(FALLING[:1]).numbers()


def test_the_validation_loss_is_watched_where_there_is_one():
    assert LearningCurves(FALLING, tuple(50.0 for _ in FALLING)).numbers()["gain"] == 0.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 4, 9])
def test_an_epoch_without_a_finite_loss_leaves_no_other_numbers(bad, place):
    loss = list(FALLING)
    loss[place] = bad
    for curves in (LearningCurves(tuple(loss)), LearningCurves(FALLING, tuple(loss))):
        numbers = curves.numbers()
        assert numbers["not_finite"] == 1
        assert set(numbers) == {"epochs", "first_loss", "last_loss", "not_finite"}


def test_no_curve_is_no_error():
    assert LearningCurves(()).numbers() == {"epochs": 0.0}


def test_entropy_is_the_loss_of_one_who_knows_the_shares():
    assert entropy([0.25] * 4) == pytest.approx(math.log(4))
    assert entropy([1.0, 0.0]) == 0.0


@pytest.mark.parametrize("n_classes", [2, 10])
def test_no_prediction_has_a_lower_loss_than_the_floor_of_smoothed_labels(n_classes):
    import keras

    labels = np.eye(n_classes)[:1]
    smooth = labels * 0.8 + 0.2 / n_classes
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.2)(labels, smooth)
    assert smoothing_floor(0.2, n_classes) == pytest.approx(float(loss), rel=1e-5)


@pytest.mark.parametrize("mixup", [0.1, 0.4, 1.0])
def test_the_floor_of_mixup_is_the_mean_entropy_of_its_shares(mixup):
    def weighted(x):
        return entropy([x, 1 - x]) * beta.pdf(x, mixup, mixup)

    mean = 2 * quad(weighted, 0, 0.5)[0]
    assert mixup_floor(mixup, 4) == pytest.approx(0.75 * mean, rel=1e-4)
