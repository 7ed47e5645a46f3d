"""The numbers of fold scores are exact, and failed folds are counted and left out."""

from __future__ import annotations

import math

import pytest

from skdl.diagnosis.fold_scores import SCORES, FoldScores


def test_scores_are_parts_of_the_way_from_chance_to_perfect():
    scores = FoldScores((0.6, 0.8), (0.9, 0.9), chance=0.5, perfect=1.0, name="accuracy")
    numbers = scores.numbers()
    assert numbers["test_score"] == pytest.approx(0.7)
    assert numbers["test_score_std"] == pytest.approx(0.1)
    assert numbers["learnt_by_test_score"] == pytest.approx(0.4)
    assert numbers["learnt_by_train_score"] == pytest.approx(0.8)
    assert numbers["score_gap"] == pytest.approx(0.4)
    # The gaps 0.6 and 0.2: their standard deviation is 0.4 / sqrt(2), and there are two.
    assert numbers["score_gap_error"] == pytest.approx(0.2)


def test_failed_folds_are_counted_and_left_out():
    numbers = FoldScores((0.6, math.nan), (0.9, math.nan), chance=0.0, perfect=1.0).numbers()
    assert (numbers["folds"], numbers["failed_folds"]) == (2, 1)
    assert numbers["score_gap"] == pytest.approx(0.3)
    assert "score_gap_error" not in numbers
    assert FoldScores((math.nan,)).numbers() == {"folds": 1, "failed_folds": 1}


def test_what_is_not_known_is_left_out():
    numbers = FoldScores((0.6, 0.8)).numbers()
    assert set(numbers) == {"folds", "failed_folds", "test_score", "test_score_std"}
    assert "score_gap" not in FoldScores((0.6,), (0.9,)).numbers()
    assert "score_gap" not in FoldScores((0.6,), (0.9,), chance=1.0, perfect=1.0).numbers()


def test_the_table_says_what_chance_reaches():
    assert {name: round(score.chance(4), 3) for name, score in SCORES.items()} == {
        "accuracy": 0.25,
        "balanced_accuracy": 0.25,
        "matthews_corrcoef": 0.0,
        "roc_auc": 0.5,
        "roc_auc_ovr": 0.5,
        "roc_auc_ovo": 0.5,
        "roc_auc_ovr_weighted": 0.5,
        "neg_log_loss": -1.386,
        "r2": 0.0,
        "explained_variance": 0.0,
    }


def test_half_of_the_way_is_half_of_it():
    thirds = FoldScores(test=(2 / 3, 2 / 3), train=(2 / 3, 2 / 3), chance=1 / 3, perfect=1.0)
    numbers = thirds.numbers()
    assert (numbers["learnt_by_test_score"], numbers["learnt_by_train_score"]) == (0.5, 0.5)
