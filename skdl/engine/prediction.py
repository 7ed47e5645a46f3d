"""Predictions whose bits do not depend on the rows they are asked for together with."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras, start_devices
from skdl.engine.indexes.index_checks import clear_index_errors
from skdl.engine.keras_batches import validation_batches
from skdl.engine.keras_parts.noise import fixed_variables
from skdl.engine.keras_parts.normalization import statistics_as_inputs
from skdl.engine.keras_parts.tracing import known_variables_alone, untraceable
from skdl.engine.keras_parts.unseeded_calls import drawing_apart
from skdl.engine.numbers.model_numbers import model_numbers, taking
from skdl.engine.program_cache import prediction_programs
from skdl.engine.rows.arrays import Arrays, Samples, leaves, map_arrays, n_rows, take_rows
from skdl.engine.structure.widths import open_shapes
from skdl.exceptions import NotCompilableError

if TYPE_CHECKING:
    import keras

    from skdl.engine.network.network import Network
    from skdl.engine.network.state import NetworkState

_logger = logging.getLogger(__name__)


# By the processor, kernels of matrix products take 4, 6, 8, 12, 16, 24 or 48 rows at a time, and those of
# functions up to 16 numbers. What is left over at the end has other instructions, perhaps other bits: with
# AVX2, of 8, 32, 128 or 512 rows the last two. Of 48 rows nothing is left over.
TILE = 48


def chunk_rows(x: Arrays) -> int:
    """How many rows are predicted at a time: from 48 to 768, fewer for wide rows.

    It follows from the width of a row alone, for it decides the bits (see `predict`).
    """
    width = max(1, sum(int(np.prod(leaf.shape[1:])) for leaf in leaves(x)))
    return filled(min(16 * TILE, max(1, 2**18 // width)))


def filled(rows: int) -> int:
    """The next number of rows that has no rest: 48 times a power of two.

    Examples
    --------
    >>> [filled(rows) for rows in (1, 48, 49, 100, 500)]
    [48, 48, 96, 192, 768]
    """
    return TILE << (-(-rows // TILE) - 1).bit_length()


def predict(
    network: Network, state: NetworkState, x: Arrays, *, batch_size: int | None = None
) -> Arrays:
    """The outputs of `network` in `state` for all rows of `x`.

    The network is called on chunks of one size, the last one filled up with copies of its last row: a
    matrix product of another height may be summed in another order, and a row's prediction would depend
    on its company. The size is `batch_size`, filled up, since the last rows of a product may be summed in
    another order too (see `filled`). A network of one batch size has that size. One graph serves all
    networks of a structure.

    Returns
    -------
    ndarray of shape (n_rows, ...), or a list or dict of them
    """
    keras = load_keras()
    start_devices()
    network.read_anew()
    rows = n_rows(x)
    size = network.batch_rows or filled(chunk_rows(x) if batch_size is None else batch_size)
    program = _program(network, state, _chunk(x, 0, min(size, rows), size))
    parts = []
    for start in range(0, rows, size):
        with clear_index_errors(network.template, network, x):
            outputs = program(_chunk(x, start, rows, size))
        kept = min(size, rows - start)
        parts.append(keras.tree.map_structure(lambda part, n=kept: np.asarray(part)[:n], outputs))
    return keras.tree.map_structure(lambda *pieces: np.concatenate(pieces), *parts)


def predict_by_keras(
    model: keras.Model,
    x: Arrays,
    *,
    batch_size: int | None = None,
    callbacks: Sequence[Any] = (),
    options: Mapping[str, Any] | None = None,
) -> Arrays:
    """`keras.Model.predict`, for callbacks, further options, or a ``predict_step`` of the model's own."""
    rows = n_rows(x)
    size = chunk_rows(x) if batch_size is None else batch_size
    # `validation_batches` wants targets; they are dropped again before the model sees a batch. The
    # inputs stay in a tuple of their own, or Keras would take two of them for inputs and targets.
    batches = validation_batches(Samples(x, np.zeros(rows)), size).map(lambda part, _: (part,))
    with clear_index_errors(model):
        return model.predict(
            batches, callbacks=list(callbacks), **{"verbose": 0, **(options or {})}
        )


def _chunk(x: Arrays, start: int, rows: int, size: int) -> Arrays:
    index = np.minimum(np.arange(start, start + size), rows - 1)
    return map_arrays(np.ascontiguousarray, take_rows(x, index))


def _program(network: Network, state: NetworkState, chunk: Arrays) -> Callable[[Arrays], Any]:
    """The outputs for a chunk, with the weights and numbers of one network put in."""
    import tensorflow as tf

    shapes = repr(map_arrays(lambda part: (part.shape, str(part.dtype)), chunk))
    key = network.prediction_structure, shapes
    run = prediction_programs.get(key, lambda: _traced(network, chunk))
    if run is None:
        model = network.model(state)

        def layer_by_layer(part: Arrays) -> Any:
            try:
                return model(part, training=False)
            except BaseException:
                prediction_programs.forget(key)  # not for want of a graph: it may be mended
                raise

        return layer_by_layer
    numbers = tf.constant(network.prediction_numbers, tf.float64)
    values = [tf.constant(value) for value in _ordered(network, state.variables)]
    return lambda part: run(values, numbers, map_arrays(tf.constant, part))


def _ordered(network: Network, variables: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The variables in the order of a program, which knows states of noise that a model may not have."""
    layout = network.layout
    none = np.zeros(2, np.int64)
    return [none if i is None else variables[i] for i in (*layout.trainable, *layout.fixed)]


def _traced(network: Network, chunk: Arrays) -> Any:
    """The graph of a structure, or None where its networks can only run as Python, layer by layer."""
    import tensorflow as tf

    keras = load_keras()
    model = network.template

    def outputs(values: list[Any], numbers: Any, x: Any) -> Any:
        with network.lock:
            found = model_numbers(model)
            tensors = tf.unstack(numbers, num=len(found)) if found else []
            variables = [*model.trainable_variables, *fixed_variables(model)]
            scope = keras.StatelessScope()
            # Keras's own argument for it wants the shapes of the variables, and open ones are not.
            scope.state_mapping |= {
                id(variable): value for variable, value in zip(variables, values, strict=True)
            }
            with (
                taking(found, tensors),
                statistics_as_inputs(model),
                known_variables_alone(scope, "a layer"),
            ):
                return model(x, training=False)

    def spec(array: Any) -> Any:
        return tf.TensorSpec(array.shape, array.dtype)

    with network.lock:
        # Networks that differ in hidden widths share the graph, which takes them as they are.
        shapes = open_shapes(model)
        variables = [*model.trainable_variables, *fixed_variables(model)]
        specs = [tf.TensorSpec(shapes.get(id(v), v.shape), v.dtype) for v in variables]
    numbers = tf.TensorSpec((len(network.prediction_numbers),), tf.float64)
    try:
        with untraceable(), drawing_apart():
            return tf.function(outputs, autograph=False).get_concrete_function(
                specs, numbers, map_arrays(spec, chunk)
            )
    except NotCompilableError as error:
        _logger.warning("A network predicts layer by layer, which takes longer: %s.", error)
        return None
