"""Which jobs the native kernel runs."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from scipy import sparse

from skdl.common.keras_settings import floatx
from skdl.engine.fit_options import obstacle as obstacle_of_options
from skdl.engine.job import FitJob
from skdl.engine.kernel.blas import LARGEST_PRODUCT, obstacle_of_blas
from skdl.engine.kernel.description import Description, Stack
from skdl.engine.kernel.network import DescribedNetwork
from skdl.engine.kernel.orders import obstacle_of_orders
from skdl.engine.kernel.reading import description_of, layers_of
from skdl.engine.network.network import Network
from skdl.engine.network.state import NetworkState
from skdl.engine.rows.arrays import Samples, few_rows
from skdl.engine.rows.sizes import DENSE_BYTES, dense_bytes

# If the products of a batch have more multiplications than this, a program of TensorFlow's is faster: it
# spreads a product over the cores, and its overhead for each step no longer counts.
MOST_MULTIPLICATIONS = 2**24
# The kernel predicts row by row, without BLAS. If a layer has this many weights or more, a graph of
# TensorFlow's is faster.
MOST_OF_A_ROW = 2**16


def description_for_kernel(job: FitJob) -> Description | str:
    """The description of a job's network, or why the kernel does not run the job."""
    obstacle = obstacle_of_blas() or obstacle_of_orders()
    if obstacle is not None:
        return obstacle
    others = sorted(set(job.options) - {"steps_per_epoch"})
    if others:
        return f"keras.Model.fit takes {', '.join(others)}"
    obstacle = obstacle_of_options(job)
    if obstacle is not None:
        return obstacle
    network = job.network
    if not isinstance(network, DescribedNetwork):
        if network.template._compile_metrics is not None:
            # Metrics get their names when they meet data.
            network.meet(*few_rows(job.training, network.batch_rows))
        structure = network.training_structure
        if structure.of_users or structure.parts:
            return "code or objects of the user's are part of the network"
    found: Description | str = network.answer(description_of)
    if isinstance(found, str):
        return found
    floats = {job.start.variables[one.position].dtype.name for one in found.stack.trained}
    if floats != {floatx()}:
        return "Keras's float type differs from the type of the weights"
    for samples in (job.training, job.validation):
        obstacle = None if samples is None else _obstacle_of_rows(found, samples)
        if obstacle is not None:
            return obstacle
    rows = job.batch_size
    if job.validation is not None:
        rows = max(rows, job.validation_batch_size)
    obstacle = _obstacle_of_products(found.stack, rows)
    return found if obstacle is None else obstacle


def _obstacle_of_products(stack: Stack, rows: int) -> str | None:
    dense = [layer for layer in stack.layers if layer.kind == "dense"]
    total = rows * sum(layer.inputs * layer.outputs for layer in dense)
    if total > MOST_MULTIPLICATIONS:
        return f"its products are large ({total} multiplications for a batch)"
    for layer in dense:
        # The kernel cuts the longest side into blocks of even sizes. If three rows, columns or terms fit into
        # a block, no block has just one, which OpenBLAS might compute on several threads. Only the small
        # blocks of ARM can fail this check.
        short, middle, _ = sorted((rows, layer.inputs, layer.outputs))
        if 3 * short * middle > LARGEST_PRODUCT:
            return f"its products are large ({layer.inputs} inputs and {layer.outputs} outputs)"
    return None


def stack_for_kernel(network: Network, x: Any) -> Stack | None:
    """The layers by which the kernel predicts for rows, or None where it does not."""
    if not _are_numbers(x):
        return None
    if not isinstance(network, DescribedNetwork) and not network.predicts_by_keras_alone:
        return None
    found: Stack | str = network.answer(layers_of)
    if isinstance(found, str) or x.shape[1:] != found.row_shape:
        return None
    return found if found.largest_product < MOST_OF_A_ROW else None


def predict_by_kernel(network: Network, state: NetworkState, x: Any) -> np.ndarray | None:
    """The outputs of a network for all rows of `x`, or None where the kernel does not predict.

    All engines ask here, so that predictions do not depend on the engine.
    """
    if stack_for_kernel(network, x) is None:
        return None
    # Here, since it imports all that a fit of the kernel needs.
    from skdl.engine.kernel.program import KernelProgram

    return cast(np.ndarray, KernelProgram.predict(network, state, x))


def _are_numbers(part: Any) -> bool:
    return (isinstance(part, np.ndarray) or sparse.issparse(part)) and part.dtype.kind in "fiub"


def _obstacle_of_rows(description: Description, samples: Samples) -> str | None:
    for part in (samples.x, samples.y, samples.weight):
        if part is not None and not _are_numbers(part):
            return "rows are no arrays of numbers"
    if sparse.issparse(samples.x) and dense_bytes(samples) > DENSE_BYTES:
        return "X is sparse and large"
    if samples.x.shape[1:] != description.stack.row_shape:
        return f"rows have the shape {samples.x.shape[1:]} instead of {description.stack.row_shape}"
    if samples.weight is not None and samples.weight.ndim != 1:
        return "weights of rows are no flat array"
    if (
        len({part.shape[0] for part in (samples.x, samples.y, samples.weight) if part is not None})
        > 1
    ):
        return "there are not as many targets or weights as rows"
    return _obstacle_of_targets(description, samples.y)


def _obstacle_of_targets(description: Description, y: np.ndarray) -> str | None:
    """Why the compiled loop cannot look at targets: it does not check where it reads."""
    outputs, targets = description.stack.layers[-1].outputs, y.shape[1:]
    kinds = [description.loss.kind, *(metric.kind for metric in description.metrics)]
    for kind in kinds:
        if not kind.startswith("sparse_"):
            if targets != (outputs,) and not (targets == () and outputs == 1):
                return f"targets have the shape {targets} instead of {(outputs,)}"
        elif targets not in ((), (1,)):
            return f"targets have the shape {targets} and are not the numbers of classes"
    if y.size and any(kind.startswith("sparse_") for kind in kinds):
        whole = y.dtype.kind in "iub" or bool((y == np.floor(y)).all())
        if not (whole and y.min() >= 0 and y.max() < outputs):
            return "a target is no class"
    return None
