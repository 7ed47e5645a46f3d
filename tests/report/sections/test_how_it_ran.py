"""What a report says of training where two of its parts look at different networks."""

from dataclasses import replace

import pytest

from skdl import StopReason, TuningReport
from skdl.diagnosis.findings import Diagnosis
from skdl.report.document import Text
from skdl.report.facts.how_trained import Stop
from skdl.report.sections.how_it_ran import training_blocks
from tests import fitted_searches as cases


@pytest.fixture(scope="module")
def texts_of():
    """The sentences on training for a diagnosis of the best candidate, and why all networks stopped."""
    summary = TuningReport(cases.network()).summary_

    def texts(diagnosis, *reasons):
        stops = tuple(Stop(one.value, one.advice, 3) for one in reasons)
        training = replace(summary.training, diagnosis=diagnosis, stops=stops)
        blocks = training_blocks(replace(summary, training=training))
        return " ".join(block.text for block in blocks if isinstance(block, Text))

    return texts


def test_a_healthy_candidate_and_advice_for_others_are_told_apart(texts_of):
    improving, done = StopReason.STILL_IMPROVING, StopReason.EPOCHS_DONE
    told = "the best candidate would gain little from more epochs, and other candidates may"
    assert told in texts_of(Diagnosis(), done, improving)
    assert told not in texts_of(Diagnosis(), done)
    # Nobody knows it of one that was not looked at in full.
    assert told not in texts_of(Diagnosis(missing=("Whether it overfits.",)), improving)
    assert told not in texts_of(None, improving)
