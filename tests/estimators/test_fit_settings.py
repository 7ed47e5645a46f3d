"""Fixed validation data come whole or not at all."""

import numpy as np
import pytest

from skdl.estimators.fit_settings import Training, Validation
from skdl.exceptions import InvalidParameterError

ROWS, LABELS = np.ones((2, 3)), np.array([0, 1])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"X": ROWS}, "Got X_val without y_val, expected both or neither: pass y_val too"),
        ({"y": LABELS}, "Got y_val without X_val, expected both or neither: pass X_val too"),
        ({"weight": LABELS}, "Got sample_weight_val without X_val"),
    ],
)
def test_a_part_alone_is_an_error(given, words):
    with pytest.raises(InvalidParameterError, match=words):
        Validation(**given)


def test_none_and_all_are_taken():
    assert Validation().X is None
    assert Validation(ROWS, LABELS, LABELS).weight is LABELS


def test_a_fit_told_nothing_shuffles_and_holds_nothing_out():
    told = Training(epochs=3, batch_size=None)
    assert (told.validation_split, told.shuffle, told.callbacks, dict(told.options)) == (
        0,
        True,
        (),
        {},
    )
