"""What of a network is structure: the text that two networks share if one program serves both.

Structure is all that `reader.py` reads of a model but what a program takes as inputs: weights, numbers,
seeds, the statistics of Normalization, and the hidden widths of stacks. What cannot be read is a structure of
its own.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.identity.code_reads import reads_of
from skdl.engine.identity.keras_state import (
    holds_variables_alone,
    is_of_keras,
    state_of,
    tensor_content,
)
from skdl.engine.identity.reader import Opaque, Reader, digest
from skdl.engine.identity.reader_of_code import listed
from skdl.engine.keras_parts.noise import fixed_variables, noise_layers, traced_choice
from skdl.engine.keras_parts.normalization import statistics_of
from skdl.engine.keras_parts.walk import is_keras, loss_of, walk_layers
from skdl.engine.numbers.model_numbers import (
    model_structure,
    number_places,
    optimizer_structure,
    parts_of_model,
    parts_of_optimizer,
)
from skdl.engine.optimizers.pure_optimizer import without_weight_decay
from skdl.engine.structure.widths import Widths, dense_layers, open_widths, widths_of

if TYPE_CHECKING:
    import keras

# The methods that make weights: what only these ask for is in no program.
_BEFORE_TRAINING = frozenset(
    {"__init__", "build", "get_config", "from_config", "get_build_config", "build_from_config"}
)


@dataclass(frozen=True)
class Structure:
    """A key: equal for networks that share programs.

    Attributes
    ----------
    text : str
        A digest of all that could be read.
    parts : tuple of objects
        What could not, compared by identity.
    of_users : bool
        Whether the network holds code or objects of the user's, which may change.
    """

    text: str
    parts: tuple[Opaque, ...]
    of_users: bool = field(default=False, compare=False)


def training_structure(model: keras.Model) -> Structure:
    """The structure of a compiled `model` as it is trained, with its widths filled up."""
    numbered = (*parts_of_model(model), *parts_of_optimizer(model.optimizer))
    reader = _ModelReader(model, numbered, widths_of(model))
    text = (
        reader.model(),
        reader.compiled(),
        repr(optimizer_structure(model.optimizer)),
        repr(without_weight_decay(model)),
        _settings_of_keras(),
    )
    return Structure(digest("\n".join(text)), tuple(reader.opaque), reader.of_users)


def prediction_structure(model: keras.Model) -> Structure:
    """The structure of `model` as it predicts, whatever it was compiled with, and of any hidden widths."""
    widths = open_widths(model)
    if widths is not None:
        widths = replace(widths, filled=(0,) * len(widths.filled))
    reader = _ModelReader(model, parts_of_model(model), widths)
    text = (reader.model(), _settings_of_keras())
    return Structure(digest("\n".join(text)), tuple(reader.opaque), reader.of_users)


def _settings_of_keras() -> str:
    """What Keras asks its own settings for while it traces."""
    config = load_keras().config
    return f"{config.floatx()} {config.epsilon()} {config.image_data_format()}"


@dataclass
class _ModelReader(Reader):
    """Turns models into text."""

    owner: Any = None
    numbered: Iterable[Any] = ()
    widths: Widths | None = None
    in_graph: bool = True
    _variables: dict[int, int] = field(default_factory=dict)
    _places: dict[int, Mapping[str, frozenset[Any]]] = field(default_factory=dict)
    _noisy: frozenset[int] = frozenset()
    _units: dict[int, int] = field(default_factory=dict)

    def __init__(self, model: keras.Model, numbered: Iterable[Any], widths: Widths | None):
        super().__init__(in_graph=True)
        self.owner, self.widths = model, widths
        trained = list(model.trainable_variables)
        # In the order of a program, and those that no program changes behind.
        variables = [*trained, *fixed_variables(model), *model.variables]
        self._variables = {}
        for variable in variables:
            self._variables.setdefault(id(variable), len(self._variables))
        self._ordered = {id(variable): variable for variable in variables}
        self._places = {id(part.owner): number_places(type(part.owner)) for part in numbered}
        # A noise layer of rate 0 has no generator of its own, and gets one.
        self._noisy = frozenset(id(layer) for layer in noise_layers(model))
        dense = dense_layers(model) if widths is not None else []
        self._units = {
            id(layer): units
            for layer, units in zip(dense, widths.filled if widths else (), strict=False)
        }

    def model(self) -> str:
        lines = [
            f"{tuple(v.shape) if self.widths is None else ''}{v.dtype} {v.trainable} "
            f"{self.attributes_of_variable(v)}"
            for v in self._ordered.values()
        ]
        lines.append(self.value(self.owner))
        lines += [
            f"{self.value(layer)} {layer.trainable} {traced_choice(layer)}"
            for layer in walk_layers(self.owner)
        ]
        lines.append(repr(model_structure(self.owner)))
        return "\n".join(lines)

    def compiled(self) -> str:
        model = self.owner
        metrics, losses = model._compile_metrics, model._compile_loss
        parts = [
            model.optimizer,
            _resolved(loss_of(model), load_keras().losses.get),
            None if losses is None else losses._user_loss_weights,
            None if metrics is None else _resolved(metrics._user_metrics, _metric),
            None if metrics is None else _resolved(metrics._user_weighted_metrics, _metric),
            _given_output_names(model),
        ]
        return "\n".join([*map(self.value, parts), *self._paths()])

    def _paths(self) -> list[str]:
        """The paths of the trained variables, where the optimizer chooses among them by these."""
        keras, optimizer = load_keras(), self.owner.optimizer
        kind = type(optimizer)
        if is_keras(kind) and not isinstance(optimizer, keras.optimizers.Muon):
            return []
        names = {name: i for i, name in enumerate(layer.name for layer in walk_layers(self.owner))}
        return [
            "/".join(f"@{names[part]}" if part in names else part for part in path.split("/"))
            for path in (variable.path for variable in self.owner.trainable_variables)
        ]

    # What is read otherwise than other objects.

    def value(self, value: Any) -> str:
        """Any object as text; a variable of the model by its place."""
        place = self._variables.get(id(value))
        if place is not None:
            return f"variable {place}"
        keras = load_keras()
        if isinstance(value, keras.Variable):
            return self.itself(value, "a variable that the model does not have is used")
        if isinstance(value, keras.random.SeedGenerator):
            return f"generator({self.value(value.state)})"
        return super().value(value)

    def attributes_of_variable(self, variable: Any) -> str:
        parts = (
            *(variable.regularizer, variable.constraint, variable.overwrite_with_gradient),
            getattr(variable, "autocast", None),
        )
        return listed(map(self.value, parts))

    def attributes_of(self, value: Any) -> Iterable[tuple[str, Any]]:
        """The state of an object without what a program takes as inputs."""
        if not is_of_keras(type(value)):
            return super().attributes_of(value)
        keras = load_keras()
        found: Iterable[tuple[str, Any]] = state_of(value)
        if isinstance(value, keras.Layer):
            found = list(self._of_layer(value, found))
        elif isinstance(value, (keras.Optimizer, keras.Metric)):
            found = [(name, part) for name, part in found if not holds_variables_alone(part)]
            if type(value) is keras.metrics.AUC:
                found = [(name, _fixed(part)) for name, part in found]
            if isinstance(value, keras.Metric):
                # Rules of stopping watch curves by the names of metrics.
                found.append(("name", _given_name(value)))
        places = self._places.get(id(value))
        return found if places is None else list(_without(found, places))

    def _of_layer(self, layer: Any, found: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        initializer = load_keras().initializers.Initializer
        kind = type(layer)
        own = not is_keras(kind)
        asked = _asked_while_training(kind) if own else frozenset()
        drawn_here = id(layer) in self._noisy
        left_out = statistics_of(layer)
        has_given = kind is load_keras().layers.Normalization and layer.input_mean is not None
        for name, part in found:
            if has_given and name in ("input_mean", "input_variance"):
                continue  # the layer computes by the tensors that it made of them
            if has_given and name in ("mean", "variance"):
                part = _fixed(part)
            if drawn_here and name in ("seed", "seed_generator"):
                continue
            if not own and name == "seed":
                continue
            if isinstance(part, initializer) and name not in asked:
                continue
            if name in left_out:
                continue
            if name == "units" and id(layer) in self._units:
                part = self._units[id(layer)]
            yield name, part
        if own and asked & {"name", "path"}:
            yield "name", _given_name(layer)

    def shape_of(self, tensor: Any) -> Any:
        """The shape of a symbolic tensor, but for its rows; that of a stack follows from its units."""
        return tuple(tensor.shape)[1:] if self.widths is None else ""


def _fixed(part: Any) -> Any:
    """An array or a tensor that Keras has made, as numbers: only arrays of the user's may change."""
    if type(part) is np.ndarray:
        return part.dtype.name, part.tolist()
    label, content = tensor_content(part) or ("", [])
    return (content[0], content[1].tolist()) if label == "tensor" else part


def _without(
    found: Iterable[tuple[str, Any]], places: Mapping[str, frozenset[Any]]
) -> Iterator[tuple[str, Any]]:
    for name, part in found:
        keys = places.get(name)
        if keys is None:
            yield name, part
        elif None not in keys and isinstance(part, Mapping):
            yield name, {key: value for key, value in part.items() if key not in keys}


def _resolved(given: Any, look_up: Any) -> Any:
    """What a loss or metric that is given by its name stands for, where that is the user's own."""
    if isinstance(given, str):
        with contextlib.suppress(ValueError):
            found = look_up(given)
            return given if is_keras(found) or is_keras(type(found)) else (given, found)
        return given
    if isinstance(given, Mapping):
        return {key: _resolved(part, look_up) for key, part in given.items()}
    if isinstance(given, (list, tuple)):
        return [_resolved(part, look_up) for part in given]
    return given


def _metric(name: str) -> Any:
    # Keras knows these by the shape of the targets.
    return (
        name
        if name in ("accuracy", "acc", "crossentropy", "ce")
        else load_keras().metrics.get(name)
    )


def _given_output_names(model: keras.Model) -> list[str | None]:
    """The names of several outputs, by which curves are called; None for a name that Keras gave."""
    names = list(getattr(model, "output_names", None) or ())
    if len(names) < 2:
        return []
    if not isinstance(model, load_keras().Function):
        return list(names)
    operations = [tensor._keras_history.operation for tensor in model.outputs]
    return [
        None if _is_numbered(operation) else name
        for name, operation in zip(names, operations, strict=True)
    ]


def _is_numbered(operation: Any) -> bool:
    """Whether an operation has the name that Keras makes of its class and of a number."""
    words = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", type(operation).__name__)
    words = re.sub("([a-z])([A-Z])", r"\1_\2", words).lower()
    return re.fullmatch(rf"{re.escape(words)}(_\d+)?", operation.name) is not None


@lru_cache(maxsize=1024)
def _asked_while_training_by(code: Any) -> frozenset[str]:
    return reads_of(code).attributes


def _asked_while_training(kind: type) -> frozenset[str]:
    """The attributes that the methods of a user's class load, but for those that make weights."""
    found: frozenset[str] = frozenset()
    for base in kind.__mro__:
        if is_keras(base) or base is object:
            continue
        for name, part in vars(base).items():
            function = getattr(part, "__func__", getattr(part, "fget", part))
            if inspect.isfunction(function) and name not in _BEFORE_TRAINING:
                found |= _asked_while_training_by(function.__code__)
    return found


def _given_name(layer: Any) -> str:
    """The name of a layer or metric, without the number that Keras gives to one that has none."""
    return re.sub(r"_\d+$", "", str(layer.name))


def metric_names(model: keras.Model) -> list[str]:
    """The names of the metrics that a compiled model was given as objects; Keras numbers them."""
    keras, compiled = load_keras(), model._compile_metrics
    given = () if compiled is None else (compiled._user_metrics, compiled._user_weighted_metrics)
    return [part.name for part in keras.tree.flatten(given) if isinstance(part, keras.Metric)]
