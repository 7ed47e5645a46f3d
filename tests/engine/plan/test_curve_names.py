"""The names of curves are known before a fit, and which way is up."""

import keras
import pytest

from skdl.engine.compiled import CompiledEngine
from skdl.engine.plan.curve_names import curve_names, should_rise
from skdl.engine.rows.arrays import Samples
from tests.engine.jobs import X, Y, job, network
from tests.selection import some


@pytest.mark.parametrize("validation", some([None, Samples(X, Y)], None))
def test_names_are_those_of_the_history(validation):
    asked = job(epochs=1, validation=validation)
    assert sorted(curve_names(asked)) == sorted(CompiledEngine().train(asked).history)


@pytest.mark.parametrize(
    ("name", "rises"),
    [
        ("loss", False),
        ("val_loss", False),
        ("accuracy", True),
        ("val_accuracy", True),
        ("output_loss", False),
        ("mine", None),
    ],
)
def test_which_way_is_up(name, rises):
    model = network()
    keras_job = job(lambda: model)
    curve_names(keras_job)  # the metrics exist once they have met data
    assert should_rise(name, keras_job.network) is rises


def test_keras_itself_would_take_the_same_way():
    model = network()
    keras_job = job(lambda: model)
    curve_names(keras_job)
    stop = keras.callbacks.EarlyStopping("val_accuracy")
    stop.set_model(model)
    stop._set_monitor_op()
    assert should_rise("val_accuracy", keras_job.network) == (stop.monitor_op is keras.ops.greater)
