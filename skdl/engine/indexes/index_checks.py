"""Indexes without a row: an error before training starts, as Keras raises one in the middle of it.

Token ids of an `Embedding`, class numbers of a sparse loss and all other indexes that are a function of one
row each are computed for all rows, and compared with what they are looked up in. Programs whose indexes are
made otherwise are not compiled by XLA, so that TensorFlow itself raises (`lookups.py`).
"""

from __future__ import annotations

import contextlib
import inspect
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.indexes.lookups import Range, lookups_in
from skdl.engine.job import FitJob
from skdl.engine.keras_parts.noise import fixed_variables, replaced_noise
from skdl.engine.keras_parts.tracing import untraceable
from skdl.engine.keras_parts.unseeded_calls import drawing_apart
from skdl.engine.keras_parts.walk import is_keras, loss_of, walk_layers
from skdl.engine.numbers.model_numbers import model_numbers, taking
from skdl.engine.rows.arrays import Arrays, Samples, leaves, map_arrays, take_rows
from skdl.engine.rowwise.masked_rows import LAYERS
from skdl.exceptions import IndexOutOfRangeError, NotCompilableError

if TYPE_CHECKING:
    import keras

    from skdl.engine.network.network import Network

# Rows whose indexes are computed at a time.
_ROWS = 8192
# How many structures are remembered.
_KEPT = 256
# What TensorFlow says of an index that it does not find.
_SAID = re.compile(
    r"indices\S* = \S+ is not in \[[^)\]]*[)\]]"
    r"|indices\S* = \[[^\]]*\] does not index into [^\n]*"
    r"|Received a label value of \S+ which is outside the valid range of \[[^)\]]*[)\]]"
    r"|segment_ids\S* = \S+ is out of range \[[^)\]]*[)\]]"
    r"|Input 'in' must be non-negative! Negative input value found: \S+"
    r"|slice index \S+ of dimension \S+ out of bounds"
    r"|When `num_oov_indices=0` all inputs should be in vocabulary[^\]\n]*"
)
# Models that train in a way of their own may do so on other rows than those they are given.
OWN_STEPS = ("train_step", "test_step", "make_train_function", "fit", "compute_metrics")


@dataclass(frozen=True)
class _Place:
    """Where in a network something is looked up.

    Attributes
    ----------
    stage : str
        "network", "loss" or "metric".
    layer : int or None
        Which of `walk_layers` looks up.
    classes : bool
        Whether the index is the number of a class.
    """

    stage: str
    layer: int | None
    classes: bool = False


@dataclass(frozen=True)
class Checks:
    """The lookups of networks of one structure.

    Attributes
    ----------
    places : tuple of (_Place, Range)
        Lookups whose indexes are functions of single rows.
    computed : str or None
        Why other lookups must not be compiled by XLA, as the second half of a sentence.
    indexes : callable
        The indexes of `places`, from the arrays of some rows and the numbers of a network.
    """

    places: tuple[tuple[_Place, Range], ...] = ()
    computed: str | None = None
    indexes: Callable[..., Any] | None = None


def check_indexes(job: FitJob) -> None:
    """Raise where a row of `job` has an index that Keras would not find.

    Raises
    ------
    IndexOutOfRangeError
    """
    check_rows(job.network, job.training, "training data", training=True)
    if job.validation is not None:
        check_rows(job.network, job.validation, "validation data", training=False)


def check_rows(network: Network, samples: Samples, name: str, *, training: bool) -> None:
    """The same for some rows, which the message calls by `name`; targets may be None."""
    import tensorflow as tf

    try:
        with untraceable():
            checks = _checks(network, samples, training=training)
    except NotCompilableError:
        return  # only Keras can run it, and raises itself
    if checks.indexes is None:
        return
    numbers = tf.constant(network.prediction_numbers, tf.float64)
    for start in range(0, samples.n_rows, _ROWS):
        part = slice(start, start + _ROWS)
        arrays = [take_rows(one, part) for one in (samples.x, samples.y) if one is not None]
        with clear_index_errors(network.template):  # of an index that is looked up itself
            indexes = checks.indexes(*map(tf.constant, tf.nest.flatten(arrays)), numbers)
        for (place, known), index in zip(checks.places, indexes, strict=True):
            values = index.numpy()
            wrong = known.outside(values)
            if wrong.any():
                first = tuple(np.argwhere(wrong)[0])
                row = start + int(first[0]) // known.entries if known.entries else None
                raise _error(place, known, int(values[first]), row, name, network.template)


@contextlib.contextmanager
def clear_index_errors(
    model: keras.Model, network: Network | None = None, x: Arrays = None
) -> Iterator[None]:
    """Turn TensorFlow's errors of an index that is not there into skdl's.

    Parameters
    ----------
    model : keras.Model
        Its layers are named.
    network : Network, optional
        What predicts for `x`: then the row is named too, if possible.
    x : Arrays, optional
    """
    import tensorflow as tf

    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        said = _SAID.search(str(error))
        if said is None:
            raise
        if network is not None:
            check_rows(network, Samples(x, None), "X", training=False)
        node = re.search(r"\{\{node ([^}]+)\}\}", str(error))
        name = "" if node is None else node.group(1)
        layers = walk_layers(model)
        stage = "loss" if "compile_loss" in name else "network"
        place = _Place(stage, _layer_in(name, layers) if stage == "network" else None)
        raise IndexOutOfRangeError(
            f"{_told(place, layers)} got an index that nothing stands at: {said.group()}. Expected indexes "
            "that are there: encode such values as an index of their own, or make what is looked up larger."
        ) from error


def outputs_for(model: keras.Model, x: Arrays) -> Any:
    """The outputs of `model` for a few rows, or for zeros in their place if one has an index too large.

    A fit that trains on that row raises for it then, and says which one it is.
    """
    import tensorflow as tf

    try:
        return model(x, training=False)
    except tf.errors.InvalidArgumentError as error:
        if _SAID.search(str(error)) is None:
            raise
    with clear_index_errors(model):
        return model(map_arrays(np.zeros_like, x), training=False)


def obstacle_to_xla(job: FitJob) -> str | None:
    """Why XLA must not compile a program for `job`, as the second half of a sentence."""
    parts = (
        [(job.training, True)]
        if job.validation is None
        else [(job.training, True), (job.validation, False)]
    )
    for samples, training in parts:
        checks = _checks(job.network, samples, training=training)
        if checks.computed is not None:
            return checks.computed
        if job.mixup and checks.places:
            return "mixup blends indexes, and XLA would not notice a wrong one"
    return None


_lock = threading.Lock()
_known: OrderedDict[Any, Checks] = OrderedDict()


def _checks(network: Network, samples: Samples, *, training: bool) -> Checks:
    """The lookups of `network` for rows of this shape, found once for each structure."""
    base, kind = load_keras().Model, type(network.template)
    own_step = any(getattr(kind, name) is not getattr(base, name) for name in OWN_STEPS)
    if own_step or network.template.run_eagerly:
        return Checks()
    sizes = network._remembered(_sizes_of_plain_outputs)
    if sizes is not None and _are_classes(samples.y, sizes):
        return Checks()
    key = (
        network.prediction_structure if samples.y is None else network.training_structure,
        training,
        load_keras().config.floatx(),
        repr(_specs(samples, repr)),
    )
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    measured = samples.y is not None and _has_met(network, samples)
    checks = _find(network, samples, training=training, measured=measured)
    if measured:
        with _lock:
            _known[key] = checks
            while len(_known) > _KEPT:
                _known.popitem(last=False)
    return checks


def _has_met(network: Network, samples: Samples) -> bool:
    """Whether the metrics of `network` have their state; no index of the first rows is in the way."""
    two = slice(0, 2)
    try:
        with untraceable():
            network.meet(
                *(
                    None if part is None else take_rows(part, two)
                    for part in (samples.x, samples.y, samples.weight)
                )
            )
    except NotCompilableError:
        return False
    return True


def _specs(samples: Samples, spec: Callable[..., Any]) -> list[Any]:
    return [
        None if part is None else map_arrays(lambda a: spec((a.shape[1:], a.dtype)), part)
        for part in (samples.x, samples.y, samples.weight)
    ]


# What needs no look at its graph.


def _sizes_of_plain_outputs(model: keras.Model) -> tuple[float, float] | None:
    """The range of targets for which no index can be out of range; None where a graph has to tell.

    It is plain for layers, losses and metrics of Keras's own that look up nothing but the numbers of classes.
    """
    keras = load_keras()
    for layer in walk_layers(model):
        kind = type(layer)
        if kind not in _without_indexes() and not (
            isinstance(layer, keras.Model) and is_keras(kind)
        ):
            return None
        if any(not isinstance(one, keras.Layer) for one in getattr(layer, "operations", ())):
            return None
        if any(callable(part) and not _is_written_by_keras(part) for part in vars(layer).values()):
            return None
    compiled = model._compile_metrics
    measures = [loss_of(model)]
    if compiled is not None:
        measures += [compiled._user_metrics, compiled._user_weighted_metrics]
    named = [name for measure in _single(measures) for name in _names(measure)]
    if None in named:
        return None
    if not any("sparse" in name or name in ("crossentropy", "ce") for name in named if name):
        return -np.inf, np.inf
    sizes = [output.shape[-1] for output in getattr(model, "outputs", None) or ()]
    return None if not sizes or None in sizes else (0, min(sizes))


def _is_written_by_keras(part: Any) -> bool:
    """Whether a function, or the class of an object that can be called, is Keras's own."""
    return is_keras(part if inspect.isroutine(part) else type(part))


@cache
def _without_indexes() -> frozenset[type]:
    layers = load_keras().layers
    return frozenset(getattr(layers, name) for name in LAYERS if name != "Embedding")


@cache
def _of_known_indexes() -> frozenset[type]:
    """Layers of Keras's whose indexes follow from the shapes alone, and are right."""
    layers = load_keras().layers
    names = [f"Adaptive{how}Pooling{rank}D" for how in ("Average", "Max") for rank in (1, 2, 3)]
    return frozenset(getattr(layers, name) for name in names if hasattr(layers, name))


def _single(measures: Any) -> Iterator[Any]:
    if isinstance(measures, Mapping):
        measures = list(measures.values())
    if isinstance(measures, (list, tuple)):
        for part in measures:
            yield from _single(part)
    elif measures is not None:
        yield measures


def _names(measure: Any) -> list[str | None]:
    """The names of a loss or metric and of the function in it; None for what is not Keras's own."""
    if isinstance(measure, str):
        registered = measure in load_keras().saving.get_custom_objects()
        return [None if registered else measure.lower()]
    found: list[str | None] = []
    for part in (measure, getattr(measure, "fn", None), getattr(measure, "_fn", None)):
        if part is not None:
            kind = part if inspect.isroutine(part) else type(part)
            found.append(kind.__name__.lower() if is_keras(kind) else None)
    return found


def _are_classes(y: Arrays, sizes: tuple[float, float]) -> bool:
    """Whether all targets are numbers within `sizes`."""
    low, high = sizes
    if low == -np.inf or y is None:
        return True
    return all(
        part.dtype.kind in "iufb" and part.size and part.min() >= low and part.max() < high
        for part in leaves(y)
    )


# What the graph of a network looks up.


def _find(network: Network, samples: Samples, *, training: bool, measured: bool) -> Checks:
    """The lookups in the graph of a step, which is traced for them and never run as a whole."""
    import tensorflow as tf

    model = network.template
    stages: list[tuple[int, str]] = []
    inputs: dict[str, Any] = {}

    def begin(stage: str) -> None:
        graph = tf.compat.v1.get_default_graph()
        stages.append((len(graph.get_operations()), stage))

    def step(values: list[Any], numbers: Any, x: Any, y: Any, weight: Any) -> list[Any]:
        inputs.update(rows=[x, y], numbers=numbers)
        tensors = tf.unstack(numbers, num=len(own_numbers)) if own_numbers else []
        scope = load_keras().StatelessScope(
            state_mapping=list(zip(variables, values, strict=True)),
            collect_losses=True,
            initialize_variables=False,  # variables of other models may wait for their values
        )
        with taking(own_numbers, tensors), scope:
            begin("network")
            takes_training = model._call_has_training_arg
            y_pred = model(x, training=training) if takes_training else model(x)
            if y is not None:
                begin("loss")
                model._compute_loss(
                    x=x, y=y, y_pred=y_pred, sample_weight=weight, training=training
                )
            if measured:
                begin("metric")
                model.compute_metrics(x, y, y_pred, weight)
        return []

    with network.lock:
        own_numbers = model_numbers(model)  # while noise has the classes of Keras's
    with network.lock, replaced_noise(model), drawing_apart():
        variables = [*model.trainable_variables, *fixed_variables(model)]
        traced = tf.compat.v1.wrap_function(
            step,
            [
                [tf.TensorSpec(variable.shape, variable.dtype) for variable in variables],
                tf.TensorSpec((len(own_numbers),), tf.float64),
                *_specs(samples, lambda of: tf.TensorSpec((None, *of[0]), of[1])),
            ],
        )
        layers = walk_layers(model)
    rows = [tensor for tensor in tf.nest.flatten(inputs["rows"]) if tensor is not None]
    found, computed = lookups_in(traced.graph, rows, [inputs["numbers"]])
    operations = {one.name: number for number, one in enumerate(traced.graph.get_operations())}

    def place_of(name: str, kind: str = "") -> _Place:
        number = operations[name]
        stage = next(name for start, name in reversed(stages) if start <= number)
        layer = _layer_in(name, layers) if stage == "network" else None
        return _Place(stage, layer, kind == "SparseSoftmaxCrossEntropyWithLogits")

    reason = None
    for name in computed:
        if name not in operations:
            reason = (
                "something is looked up in a loop or branch, and XLA would not notice a wrong index"
            )
            break
        place = place_of(name)
        if place.layer is None or type(layers[place.layer]) not in _of_known_indexes():
            reason = (
                f"{_told(place, layers)} computes what it looks up, and XLA would not notice a wrong "
                "index"
            )
            break
    if not found:
        return Checks(computed=reason)
    return Checks(
        tuple((place_of(one.operation.name, one.operation.type), one.range) for one in found),
        reason,
        _alone(traced, [*rows, inputs["numbers"]], [one.index for one in found]),
    )


def _alone(traced: Any, given: list[Any], wanted: list[Any]) -> Any:
    """A part of a traced function, without the model, which lives no longer for it."""
    import tensorflow as tf

    part = traced.prune(given, wanted)
    text = part.graph.as_graph_def()
    whole = tf.compat.v1.wrap_function(
        lambda: tf.compat.v1.import_graph_def(text, name=""), signature=[]
    )
    # Behind what is given come the variables of the model, which the part has no use for.
    ends = part.inputs[: len(given)], part.outputs
    return whole.prune(
        *([whole.graph.get_tensor_by_name(tensor.name) for tensor in end] for end in ends)
    )


def _layer_in(operation: str, layers: list[Any]) -> int | None:
    """The innermost of `layers`, but the model itself, that the name of an operation tells of."""
    names = {layer.name: place for place, layer in enumerate(layers) if place}
    for part in reversed(operation.split("/")[:-1]):
        for name in (part, part.rpartition("_")[0]):  # called twice, it gets a number
            if name in names:
                return names[name]
    return None


def _told(place: _Place, layers: list[Any]) -> str:
    if place.layer is None:
        return f"the {place.stage}"
    layer = layers[place.layer]
    return f"the layer {layer.name} ({type(layer).__name__})"


def _error(
    place: _Place, known: Range, value: int, row: int | None, name: str, model: keras.Model
) -> IndexOutOfRangeError:
    layers = walk_layers(model)
    size = min(known.sizes)
    expected = "at least 0" if size == np.inf else f"0 to {size - 1:.0f}"
    if -np.inf < known.low < 0:
        expected += f", or {known.low:.0f} to -1 counted from the end"
    what = "class" if place.classes else "index"
    if place.classes:
        fix = (
            "Give the output as many units as there are classes, number the classes from 0, or pass "
            "ignore_class to the loss."
        )
    elif value < 0:
        fix = "Encode such values as an index from 0 on, a row of their own if need be."
    else:
        fix = (
            "Encode such values as an index in this range, or make what it is looked up in larger."
        )
        if place.layer is not None and hasattr(layers[place.layer], "input_dim"):
            fix = (
                f"Raise input_dim to {value + 1} or more, or encode such values as an index that "
                "stands for all unknown ones."
            )
    return IndexOutOfRangeError(
        f"{_told(place, layers)} got the {what} {value}", name, row, f"expected {expected}. {fix}"
    )
