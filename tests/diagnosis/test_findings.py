"""A diagnosis reads as a text, tells health from ignorance, and travels."""

from __future__ import annotations

import pickle

import pytest

import skdl
from skdl.diagnosis import findings
from skdl.diagnosis.findings import Diagnosis, Fault, Finding

FINDING = Finding(
    Fault.OVERFITTING, {"loss_gap": 0.5}, "it knows its rows by heart.", ("dropout=0.2",)
)


def test_health_needs_every_answer():
    assert Diagnosis().healthy
    assert not Diagnosis(missing=("Whether it overfits: look.",)).healthy
    assert not Diagnosis((FINDING,)).healthy


def test_it_reads_as_a_text():
    whole = Diagnosis((FINDING,), ("Whether it rains: look outside.",), {}, "mlp__")
    assert str(whole).splitlines() == [
        "1. Overfitting: it knows its rows by heart.",
        "  - dropout=0.2",
        "Names of parameters begin with 'mlp__' here.",
        "Not known:",
        "  - Whether it rains: look outside.",
    ]
    assert str(Diagnosis(prefix="mlp__")) == "Healthy: no fault was seen."


def test_its_faults_are_the_kinds_of_its_findings():
    assert Diagnosis((FINDING,)).faults == (Fault.OVERFITTING,)


def test_it_goes_through_a_pickle():
    whole = Diagnosis((FINDING,), ("Whether it rains: look outside.",), {"epochs": 3.0}, "mlp__")
    assert pickle.loads(pickle.dumps(whole)) == whole


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("DIVERGED_FACTOR", "{:g} times"),
        ("FAILED_PART", "{:.0%} of the candidates"),
        ("ROUGHNESS", "{:.0%} of the loss of chance in a mean epoch"),
        ("CLIMB", "more than {:.0%} above its lowest"),
        ("LAST_GAIN", "more than {:.0%} of all that was gained"),
        ("LEARNT_OF_CLASSES", "less than {:.0%} of the way"),
        ("LEARNT_OF_NUMBERS", "a regressor {:.0%}"),
        ("SCORE_GAP", "by more than {:.0%} of the way"),
        ("LOSS_GAP", "a loss or R2, by {:.0%}"),
        ("VAL_RISE", "by {:.0%} of the loss of chance"),
        ("RELATIVE_VAL_RISE", "from its lowest by {:.0%}"),
    ],
)
def test_the_documentation_has_the_thresholds_that_hold(name, said):
    text = " ".join(skdl.diagnose.__doc__.split()).replace(" %", "%")
    assert said.format(getattr(findings, name)) in text
