"""What the kernel says that it takes, the cases try."""

from __future__ import annotations

import keras
import pytest

from skdl.engine.kernel.names import ACTIVATIONS
from skdl.engine.kernel.reading import known_layers
from skdl.engine.kernel.reading_training import known_losses, known_metrics, known_optimizers
from tests.engine.kernel.cases import CASES
from tests.engine.oracle import job_of


@pytest.mark.oracle
def test_each_name_has_a_case():
    layers, activations, losses, metrics, optimizers = set(), {"linear"}, set(), set(), set()
    for case in CASES.values():
        job = job_of(case.build, *case.rows(), **case.settings())
        model = job.network.template
        job.network.meet(*case.rows())
        layers |= {type(layer).__name__ for layer in model.layers} | {"InputLayer"}
        activations |= {
            one.activation.__name__ for one in model.layers if hasattr(one, "activation")
        }
        optimizers.add(type(model.optimizer).__name__)
        loss = keras.losses.get(model.loss)
        losses.add(getattr(loss, "__name__", type(loss).__name__))
        for group in model._compile_metrics._flat_metrics if model._compile_metrics else ():
            for metric in group.metrics if group else ():
                function = getattr(metric, "_fn", metric)
                metrics.add(getattr(function, "__name__", type(function).__name__))
    assert set(known_layers()) <= layers
    assert set(ACTIVATIONS) <= activations
    assert set(known_optimizers()) <= optimizers
    assert plain(known_losses()) <= plain(losses)
    assert plain(known_metrics()) <= plain(metrics)


def plain(names):
    """Names of classes and of functions alike."""
    return {name.lower().replace("_", "") for name in names}
