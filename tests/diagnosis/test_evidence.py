"""Each fault is found beyond its threshold and not at it; no curve and no score is an error."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdl.diagnosis.advice import Setup
from skdl.diagnosis.evidence import Evidence, findings_of
from skdl.diagnosis.findings import Diagnosis, Fault
from skdl.diagnosis.fold_scores import FoldScores
from skdl.diagnosis.learning_curves import LearningCurves


def kinds(*curves, **more):
    return [finding.kind for finding in findings_of(Evidence(tuple(curves), **more))]


def fall(last, *, first=100.0, epochs=11):
    """A loss that falls at once, and stays."""
    return (first, *[float(last)] * (epochs - 1))


def test_a_sound_network_has_no_fault():
    assert kinds(LearningCurves(fall(10), fall(15), chance=100.0)) == []


# Divergence.


@pytest.mark.parametrize(("last", "found"), [(1000.0, []), (1001.0, [Fault.DIVERGED])])
def test_a_loss_of_ten_times_chance_has_run_away(last, found):
    short = (50.0, last)
    seen = kinds(LearningCurves(short, chance=100.0))
    assert seen == (found or [Fault.UNDERFITTING])
    assert kinds(LearningCurves((100.0, last))) == found


def test_a_large_penalty_is_no_divergence():
    assert kinds(LearningCurves((5000.0, 2010.0, 2010.0), chance=100.0, penalty=2000.0)) == []


@pytest.mark.parametrize("history", [(1.0, math.nan), (math.inf,), ()])
def test_an_error_and_a_loss_that_is_no_number_are_divergence_and_nothing_else(history):
    assert kinds(LearningCurves(history), diverged=True) == [Fault.DIVERGED]
    if history:
        assert kinds(LearningCurves(history, chance=1.0)) == [Fault.DIVERGED]


def test_one_fit_of_several_that_diverged_is_named_and_the_others_are_judged():
    few = LearningCurves((100.0, 60.0), chance=100.0)
    finding, *rest = findings_of(Evidence((few, LearningCurves((100.0, math.nan)), few)))
    assert finding.kind is Fault.DIVERGED
    assert finding.evidence.startswith("in 1 of 3 fits, after 2 epochs")
    assert finding.numbers["diverged_fits"] == 1
    assert [one.kind for one in rest] == [Fault.TOO_FEW_EPOCHS, Fault.UNDERFITTING]


def test_folds_without_a_score_may_have_diverged():
    scores = FoldScores((0.9, math.nan), chance=0.5, perfect=1.0)
    finding = findings_of(Evidence(scores=scores, diverged_folds=1))[0]
    assert finding.kind is Fault.DIVERGED
    assert "1 of 2 folds have no score" in finding.evidence


@pytest.mark.parametrize(("failed", "found"), [(1, []), (2, [Fault.DIVERGED])])
def test_more_than_a_tenth_of_the_candidates_may_not_diverge(failed, found):
    assert kinds(failed_candidates=5, diverged_candidates=failed, candidates=10) == found


def test_errors_are_told_by_their_reasons():
    errors = (("ValueError: no such activation.", 3), ("KeyError: 'x'", 1))
    (finding,) = findings_of(Evidence(errors=errors, failed_candidates=1, candidates=100))
    assert finding.kind is Fault.FAILED
    assert finding.evidence == (
        "3 fits failed: ValueError: no such activation; 1 fit failed: KeyError: 'x'."
    )
    assert finding.numbers == {"candidates": 100.0, "failed_candidates": 1.0}
    assert finding.advice == ('error_score="raise" shows the whole error of the first of them',)


@pytest.mark.parametrize(("failed", "found"), [(1, []), (2, [Fault.FAILED])])
def test_more_than_a_tenth_of_the_candidates_may_not_fail_for_unknown_reasons(failed, found):
    evidence = Evidence(unexplained_fits=failed, failed_candidates=failed, candidates=10)
    findings = findings_of(evidence)
    assert [finding.kind for finding in findings] == found
    for finding in findings:
        assert finding.evidence == "2 fits without a score, and nobody kept why."
        assert 'joblib.parallel_config("skdl")' in finding.advice[1]


def test_folds_without_a_score_and_without_a_reason():
    scores = FoldScores((0.9, math.nan), chance=0.5, perfect=1.0)
    finding = findings_of(Evidence(scores=scores, unexplained_fits=1))[0]
    assert finding.kind is Fault.FAILED
    assert finding.numbers == {"folds": 2.0, "failed_folds": 1.0}


def test_a_search_is_told_where_its_candidates_begin_to_fail():
    setup = Setup({"learning_rate": 0.1}, failed_rate=10.0)
    (finding,) = findings_of(Evidence(setup=setup, diverged_candidates=3, candidates=9))
    assert finding.advice == ("learning_rate below 10 in the search: from there on all failed",)


# Unstable training.


@pytest.mark.parametrize(("jump", "found"), [(15.0, []), (15.5, [Fault.UNSTABLE])])
def test_jumps_of_three_hundredths_of_chance_in_a_mean_epoch_are_no_habit(jump, found):
    # Ten steps, of which the last five rise by `jump` in all.
    loss = (100.0, *[30.0] * 6, 30.0 + jump, 30.0, 30.0, 30.0)
    assert kinds(LearningCurves(loss, chance=100.0)) == found


@pytest.mark.parametrize(("last", "found"), [(20.0, []), (20.5, [Fault.UNSTABLE])])
def test_a_training_loss_may_end_a_tenth_of_chance_above_its_lowest(last, found):
    assert kinds(LearningCurves((100.0, *[10.0] * 6, *[last] * 4), chance=100.0)) == found


def test_noise_of_training_that_validation_does_not_share_is_no_fault():
    noisy = (100.0, 30.0, 50.0, 30.0, 50.0, 30.0, 50.0, 30.0, 50.0, 30.0)
    assert kinds(LearningCurves(noisy, chance=100.0)) == [Fault.UNSTABLE]
    assert kinds(LearningCurves(noisy, fall(20, epochs=10), chance=100.0)) == []


# Too few epochs.


@pytest.mark.parametrize(("before", "found"), [(2.0, []), (2.1, [Fault.TOO_FEW_EPOCHS])])
def test_the_last_tenth_may_bring_a_fiftieth_of_all(before, found):
    loss = (100.0, *[before] * 8, 0.0)
    assert kinds(LearningCurves(loss, chance=100.0)) == found


@pytest.mark.parametrize(("last", "found"), [(99.0, []), (98.9, [Fault.TOO_FEW_EPOCHS])])
def test_it_may_bring_a_hundredth_of_what_was_left(last, found):
    assert kinds(LearningCurves((101.0, *[100.0] * 8, last))) == found


def test_what_was_stopped_because_nothing_improved_had_enough_epochs():
    assert kinds(LearningCurves((100.0, 80.0, 40.0), ended=True)) == []
    assert kinds(LearningCurves((100.0, 80.0, 40.0))) == [Fault.TOO_FEW_EPOCHS]


def test_underfitting_that_other_faults_may_cause_says_so():
    few, under = findings_of(Evidence((LearningCurves((100.0, 90.0, 80.0), chance=100.0),)))
    assert (few.kind, under.kind) == (Fault.TOO_FEW_EPOCHS, Fault.UNDERFITTING)
    assert "the faults above may be the only reason" in under.evidence
    assert not set(few.advice) & set(under.advice)


# Underfitting.


@pytest.mark.parametrize(
    ("classifier", "last", "found"),
    [
        (True, 50.0, []),
        (True, 50.5, [Fault.UNDERFITTING]),
        (False, 69.5, []),
        (False, 70.5, [Fault.UNDERFITTING]),
    ],
)
def test_half_of_the_way_is_enough_for_classes_and_less_for_numbers(classifier, last, found):
    setup = Setup(classifier=classifier)
    assert kinds(LearningCurves(fall(last), chance=100.0), setup=setup) == found
    learnt = 1 - last / 100
    scores = FoldScores((learnt, learnt), (learnt, learnt), chance=0.0, perfect=1.0)
    assert kinds(scores=scores, setup=setup) == found


def test_any_number_that_shows_enough_is_enough():
    assert kinds(LearningCurves(fall(90), fall(40), chance=100.0)) == []  # much dropout
    assert kinds(LearningCurves(fall(90), chance=100.0), learnt_by_rows=0.9) == []


def test_without_a_number_of_training_nobody_says_that_it_underfits():
    assert kinds(LearningCurves(fall(90))) == []
    assert kinds(scores=FoldScores((0.1, 0.1), chance=0.0, perfect=1.0)) == []


def test_first_steps_that_were_too_long_are_named():
    curves = LearningCurves((1500.0, *[99.0] * 9), chance=100.0)
    (finding,) = findings_of(Evidence((curves,), setup=Setup({"learning_rate": 0.02})))
    assert "its first epoch was far worse than chance" in finding.evidence
    assert finding.advice[0].startswith("learning_rate=0.0007 to 0.007 (now 0.02)")


# Overfitting.


@pytest.mark.parametrize(("test", "found"), [(0.8, []), (0.79, [Fault.OVERFITTING])])
def test_a_gap_of_a_tenth_between_right_answers_is_allowed(test, found):
    scores = FoldScores((test, test), (0.9, 0.9), chance=0.0, perfect=1.0, name="accuracy")
    assert kinds(scores=scores) == found


@pytest.mark.parametrize(("test", "found"), [(0.5, []), (0.49, [Fault.OVERFITTING])])
def test_a_gap_of_a_fifth_between_scores_of_losses_is_allowed(test, found):
    scores = FoldScores((test, test), (0.7, 0.7), chance=0.0, perfect=1.0, of_losses=True)
    assert kinds(scores=scores, setup=Setup(classifier=False)) == found


@pytest.mark.parametrize(("test", "found"), [((0.9, 0.5), []), ((0.72, 0.68), [Fault.OVERFITTING])])
def test_a_gap_within_two_standard_errors_may_be_chance(test, found):
    assert kinds(scores=FoldScores(test, (1.0, 1.0), chance=0.0, perfect=1.0)) == found


@pytest.mark.parametrize(("last", "found"), [(20.0, []), (21.0, [Fault.OVERFITTING])])
def test_a_gap_of_a_fifth_of_chance_between_losses_is_allowed(last, found):
    assert kinds(LearningCurves(fall(0), fall(last), chance=100.0)) == found


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        (45.0, 7.0, []),  # by a twentieth of the fall
        (45.0, 7.1, [Fault.OVERFITTING]),
        (11.0, 5.5, []),  # by a tenth of the lowest
        (11.0, 5.6, [Fault.OVERFITTING]),
    ],
)
def test_a_validation_loss_may_rise_a_little(first, last, found):
    loss = (100.0, *[5.0] * 8, 4.99)
    assert kinds(LearningCurves(loss, (first, *[5.0] * 8, last))) == found


def test_rows_of_which_nothing_is_known_show_overfitting_and_never_its_absence():
    curves = LearningCurves(fall(1), chance=100.0)
    assert kinds(curves, learnt_by_rows=0.5) == [Fault.OVERFITTING]
    evidence = Evidence((curves,), learnt_by_rows=0.98)
    assert not findings_of(evidence)
    assert not evidence.knows_gap


def test_who_learnt_nothing_cannot_overfit():
    # The validation loss of a network that ran wild.
    assert kinds(LearningCurves(fall(95), fall(900), chance=100.0)) == [Fault.UNDERFITTING]


def test_a_training_loss_above_that_of_validation_is_no_fault():
    assert kinds(LearningCurves(fall(45), fall(10), chance=100.0)) == []


# All.

ANY = st.floats(width=64)
LOSSES = st.lists(st.one_of(ANY, st.floats(0, 10)), max_size=12).map(tuple)


@given(
    fits=st.lists(
        st.builds(
            LearningCurves,
            loss=LOSSES,
            val_loss=LOSSES,
            watched=LOSSES,
            rises=st.booleans(),
            kept=st.one_of(st.none(), st.integers(-1, 15)),
            ended=st.booleans(),
            chance=st.one_of(st.none(), st.floats(1e-6, 1e6)),
            floor=st.floats(0, 1),
            train_floor=st.floats(0, 1),
            penalty=st.floats(0, 1e6),
        ),
        max_size=3,
    ),
    scores=st.one_of(
        st.none(),
        st.builds(
            FoldScores,
            test=LOSSES,
            train=LOSSES,
            chance=st.one_of(st.none(), ANY),
            perfect=st.one_of(st.none(), ANY),
            of_losses=st.booleans(),
        ),
    ),
    classifier=st.booleans(),
    rows=st.one_of(st.none(), ANY),
    candidates=st.integers(0, 9),
)
def test_no_curve_and_no_score_is_an_error(fits, scores, classifier, rows, candidates):
    evidence = Evidence(
        tuple(fits),
        scores,
        Setup(classifier=classifier),
        learnt_by_rows=rows,
        candidates=candidates,
        failed_candidates=candidates // 2,
    )
    findings = findings_of(evidence)
    order = list(Fault)
    places = [order.index(finding.kind) for finding in findings]
    assert places == sorted(set(places))
    assert all(finding.evidence and finding.advice for finding in findings)
    assert str(Diagnosis(findings, numbers=evidence.seen)).count("\n") >= len(findings) - 1
