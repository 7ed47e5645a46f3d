"""The lines that a fit prints of an epoch."""

import numpy as np

from skdl.engine.epoch_lines import print_begin, print_end
from tests.engine.jobs import job


def test_the_number_of_the_epoch_and_its_curves(capsys):
    print_begin(job(epochs=3), 1)
    print_end(7, {"loss": 0.123456, "accuracy": np.float32(0.5)})
    assert capsys.readouterr().out == "Epoch 2/3\n7/7 - loss: 0.1235 - accuracy: 0.5\n"
