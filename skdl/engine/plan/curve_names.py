"""The curves that a fit will have, before it is run."""

from __future__ import annotations

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.job import FitJob
from skdl.engine.kernel.network import DescribedNetwork
from skdl.engine.network.network import Network
from skdl.engine.rows.arrays import few_rows


def curve_names(job: FitJob) -> list[str]:
    """The names of loss and metrics, and of those of the validation data, as Keras names them.

    What has several values an epoch is left out.
    """
    network = job.network
    if isinstance(network, DescribedNetwork):
        names = sorted(["loss", *(one.name for one in network.plain.description.metrics)])
    else:
        with network.lock:
            network.meet(*few_rows(job.training, network.batch_rows))
            found = network.template.get_metrics_result()
            names = sorted(name for name, value in found.items() if np.ndim(value) == 0)
    return names if job.validation is None else [*names, *(f"val_{name}" for name in names)]


def should_rise(name: str, network: Network) -> bool | None:
    """Whether a higher value of the curve is better; None where Keras does not know."""
    if name.endswith("loss"):
        return False
    if isinstance(network, DescribedNetwork):
        kinds = {one.name: one.kind for one in network.plain.description.metrics}
        return kinds[name.removeprefix("val_")].endswith("accuracy")
    keras = load_keras()
    asked = keras.callbacks.EarlyStopping(monitor=name)
    asked.set_model(network.template)
    try:
        asked._set_monitor_op()
    except ValueError:
        return None
    return bool(asked.monitor_op is keras.ops.greater)
