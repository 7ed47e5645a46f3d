"""What of a network is structure: the text that two networks share if one program serves both.

What is left out of the text, and how the user's own functions and classes are read, is in `reader.py`. What
cannot be read is a structure of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl._startup import load_keras
from skdl.engine.layers import is_keras, walk_layers
from skdl.engine.noise import noise_layers, traced_choice
from skdl.engine.numbers import (
    Number,
    model_numbers,
    model_structure,
    optimizer_numbers,
    optimizer_structure,
)
from skdl.engine.optimizers import without_weight_decay
from skdl.engine.reader import Reader, Same
from skdl.engine.widths import Widths, open_widths, widths_of

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Structure:
    """A key: equal for networks that share programs.

    Attributes
    ----------
    text : str
        All that could be read.
    parts : tuple of objects
        What could not, compared by identity.
    """

    text: str
    parts: tuple[Same, ...]


def training_structure(model: keras.Model) -> Structure:
    """The structure of a compiled `model` as it is trained, with its widths filled up."""
    numbers = (*model_numbers(model), *optimizer_numbers(model.optimizer))
    reader = _ModelReader(widths=widths_of(model), owners=_owners(numbers))
    text = (
        reader.model(model),
        reader.compiled(model),
        repr(optimizer_structure(model.optimizer)),
        repr(without_weight_decay(model)),
    )
    return Structure("\n".join(text), tuple(reader.parts))


def prediction_structure(model: keras.Model) -> Structure:
    """The structure of `model` as it predicts, whatever it was compiled with, and of any hidden widths."""
    widths = open_widths(model)
    if widths is not None:
        widths = replace(widths, filled=(0,) * len(widths.filled))
    reader = _ModelReader(widths=widths, owners=_owners(model_numbers(model)))
    return Structure(reader.model(model), tuple(reader.parts))


def _owners(numbers: Iterable[Number]) -> frozenset[int]:
    return frozenset(id(number.owner) for number in numbers)


@dataclass
class _ModelReader(Reader):
    """Turns models into text."""

    widths: Widths | None = None

    def model(self, model: keras.Model) -> str:
        keras = load_keras()
        layers = walk_layers(model)
        self._layers = {layer.name for layer in layers}
        # A noise layer of rate 0 has no generator of its own, and gets one.
        noisy = {id(layer) for layer in noise_layers(model)}
        lines = []
        if is_keras(type(model)):
            try:
                lines.append(self.config(self.filled_up(model)))
            except NotImplementedError:
                lines.append(self.itself(model))
        for layer in layers:
            own = "" if is_keras(type(layer)) else self.own_layer(layer)
            # What a user sets on an object of Keras's, such as a call of its own, is not in its config.
            functions = [
                f"{name}={self.value(part)}"
                for name, part in sorted(vars(layer).items())
                if inspect.isfunction(part)
            ]
            # Of a network that is filled up the shapes follow from its units.
            weights = [
                f"{tuple(v.shape) if self.widths is None else ''}{v.dtype}{v.trainable}"
                for v in layer.weights
            ]
            generators = 0 if id(layer) in noisy else len(getattr(layer, "_seed_generators", ()))
            lines.append(
                f"{type(layer).__module__}.{type(layer).__qualname__} {layer.trainable} "
                f"{layer.dtype_policy.name} {weights} {generators} {traced_choice(layer)} {own} "
                f"{functions}"
            )
            if isinstance(layer, keras.Model) and layer is not model and not is_keras(type(layer)):
                lines.append(self.itself(layer))
        lines.append(repr(model_structure(model)))
        return "\n".join(lines)

    def filled_up(self, model: keras.Model) -> dict[str, Any]:
        """The config of `model` with the numbers of units that its program has."""
        config: dict[str, Any] = model.get_config()
        if self.widths is None:
            return config
        dense = [part for part in config["layers"] if part["class_name"] == "Dense"]
        for part, units in zip(dense, self.widths.filled, strict=False):
            part["config"]["units"] = units
        return {**config, "filled_up": True}

    def own_layer(self, layer: Any) -> str:
        """A layer or model of the user's own class: its code, and its attributes."""
        keras = load_keras()
        known = (keras.Layer, keras.Variable, keras.initializers.Initializer)
        skipped = {"name", "_name", "_auto_config", "_build_shapes_dict", "_call_signature"}
        if isinstance(layer, keras.Model):
            skipped |= {"optimizer", "loss"}  # set by compile, and read there
        described = []
        for name, part in sorted(vars(layer).items()):
            if name in skipped or isinstance(part, known):
                continue
            if name.startswith("_") and (name in _names_of_keras() or not _is_simple(part)):
                continue
            if isinstance(part, (list, tuple)) and any(isinstance(p, known) for p in part):
                continue
            described.append(f"{name}={self.value(part)}")
        return f"{self.value(type(layer))} {described}"

    def compiled(self, model: keras.Model) -> str:
        optimizer = model.optimizer
        config = optimizer.get_config()
        schedule = getattr(optimizer, "_learning_rate", None)
        if not isinstance(schedule, load_keras().optimizers.schedules.LearningRateSchedule):
            config.pop("learning_rate", None)
        metrics = model._compile_metrics
        losses = model._compile_loss
        return "\n".join(
            [
                self.value(type(optimizer)),
                self.config({"class_name": type(optimizer), "config": config}),
                self.value(model.loss),
                self.value(None if losses is None else losses._user_loss_weights),
                self.value(None if metrics is None else metrics._user_metrics),
                self.value(None if metrics is None else metrics._user_weighted_metrics),
                self.value(
                    model.output_names
                    if len(getattr(model, "output_names", None) or ()) > 1
                    else None
                ),
            ]
        )


def _is_simple(value: Any) -> bool:
    """Whether a private attribute is a setting: Keras and TensorFlow keep objects of theirs in others."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_simple, value))
    return isinstance(value, (bool, int, float, str, bytes, np.ndarray)) or inspect.isroutine(value)


@cache
def _names_of_keras() -> frozenset[str]:
    """The private attributes that every layer and model has."""
    keras = load_keras()
    # With names and weights given: what Keras counts up and draws for others belongs to the process.
    dense = keras.layers.Dense(1, kernel_initializer="zeros", name="dense")
    model = keras.Sequential([keras.Input((1,), name="input"), dense], name="sequential")
    kinds = (model, dense, keras.Model(name="model"), keras.Layer(name="layer"))
    return frozenset(name for one in kinds for name in vars(one))


def metric_names(model: keras.Model) -> list[str]:
    """The names of the metrics that a compiled model was given as objects; Keras numbers them."""
    keras, compiled = load_keras(), model._compile_metrics
    given = () if compiled is None else (compiled._user_metrics, compiled._user_weighted_metrics)
    return [part.name for part in keras.tree.flatten(given) if isinstance(part, keras.Metric)]
