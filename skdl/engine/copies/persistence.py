"""Keras models as bytes, with the user's own classes beside them."""

from __future__ import annotations

import inspect
import pickle
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras, start_devices
from skdl.engine.copies.live_copies import copy_live
from skdl.engine.copies.lossless import first_difference
from skdl.engine.keras_parts.fixed_batches import memories
from skdl.engine.keras_parts.tracing import first_line
from skdl.engine.keras_parts.variables import one_name_for_variables
from skdl.engine.keras_parts.walk import (
    custom_objects,
    is_keras,
    noise_generators,
    saved_kinds,
    walk_layers,
)

if TYPE_CHECKING:
    import keras


# What Keras and the user's classes raise where an object is not saved, or not loaded again.
_NOT_SAVED = (TypeError, ValueError, NotImplementedError, AttributeError, LookupError)


@dataclass(frozen=True)
class PackedModel:
    """A model as plain data.

    Attributes
    ----------
    archive : bytes
        Keras's own file: the network, its weights, the optimizer and its state.
    objects : dict of str to class or function
        The user's own, by the names that the archive knows them by.
    noise : list of ndarray
        The states of the generators of noise, which the archive leaves out.
    untrained : dict or None
        What a model was compiled with whose optimizer has no state yet. Keras saves such an optimizer
        and then misses its state.
    memory : tuple of ndarray
        What stateful layers keep from the batch before, which the archive leaves out too.
    """

    archive: bytes
    objects: dict[str, Any]
    noise: list[np.ndarray]
    untrained: dict[str, Any] | None
    memory: tuple[np.ndarray, ...] = ()  # pickles of earlier versions have none


def pack_model(model: keras.Model) -> PackedModel:
    """`model` as plain data.

    Raises
    ------
    TypeError
        Keras's file does not hold all of `model`, such as a function without a name.
    """
    untrained = model.compiled and not model.optimizer.built
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            model.save(path)
            packed = PackedModel(
                path.read_bytes(),
                custom_objects(model),
                [np.asarray(generator.state) for generator in noise_generators(model)],
                model.get_compile_config() if untrained else None,
                tuple(np.asarray(variable).copy() for variable in memories(model)),
            )
        twin = unpack_model(packed)
    except _NOT_SAVED as error:
        raise _not_packed(model, f"Keras says: {first_line(error)}") from error
    lost = first_difference(model, twin)
    if lost is not None:
        raise _not_packed(model, f"In Keras's own file {lost}")
    return packed


def _not_packed(value: Any, why: str) -> TypeError:
    return TypeError(
        f"{type(value).__name__} cannot be pickled. Got an object that Keras does not save completely, "
        f"expected one that is the same when it is loaded. {why}. Write functions with def in a module, and "
        "give classes of your own a get_config that holds all arguments of __init__. To copy it within one "
        "process, use copy.deepcopy or sklearn.base.clone."
    )


def unpack_model(packed: PackedModel) -> keras.Model:
    """The model that was packed, equal in every bit of its weights and optimizer."""
    keras = load_keras()
    start_devices()
    with (
        tempfile.TemporaryDirectory() as folder,
        keras.saving.custom_object_scope(packed.objects),
        one_name_for_variables(),
    ):
        path = Path(folder) / "model.keras"
        path.write_bytes(packed.archive)
        # The archive comes from this process or out of a pickle, which could run any code anyway.
        model = keras.saving.load_model(path, compile=packed.untrained is None, safe_mode=False)
        if packed.untrained is not None:
            model.compile_from_config(packed.untrained)
        for generator, state in zip(noise_generators(model), packed.noise, strict=True):
            generator.state.assign(state)
        for variable, value in zip(memories(model), packed.memory, strict=True):
            variable.assign(value)
        return model


def copy_model(model: keras.Model) -> keras.Model:
    """A model of its own with the same network, weights, optimizer and optimizer state."""
    return copy_live(model)


def copy_unbuilt(model: keras.Model) -> keras.Model:
    """A model of its own with the same network and compile arguments, for one without weights yet.

    Its initializers have seeds of their own where they drew them, so that two copies tell which weights
    are drawn.
    """
    twin = copy_live(model)
    kind = load_keras().initializers.Initializer
    for layer in walk_layers(twin):
        for part in vars(layer).values():
            if isinstance(part, kind) and is_keras(type(part)) and hasattr(part, "seed"):
                config = part.get_config()
                if config["seed"] is None:
                    part.seed = type(part).from_config(config).seed
    return twin


class Handle:
    """Holds a model or another object of Keras's in an estimator's state.

    A shallow copy shares the object; a deep copy copies it as it stands; a pickle takes the user's own
    classes along, which Keras itself names and does not hold.
    """

    def __init__(self, value: Any):
        self.value = value

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        if isinstance(self.value, load_keras().Model):
            return _unpack_model, (pack_model(self.value),)
        objects = custom_objects(self.value)
        try:
            data = pickle.dumps(self.value)
            twin = _unpack(data, objects).value
        except _NOT_SAVED as error:
            raise _not_packed(self.value, f"Keras says: {first_line(error)}") from error
        lost = first_difference(self.value, twin)
        if lost is not None:
            raise _not_packed(self.value, f"In Keras's own file {lost}")
        return _unpack, (data, objects)

    def __deepcopy__(self, memo: dict[Any, Any]) -> Handle:
        return Handle(copy_live(self.value, memo))


def _unpack_model(packed: PackedModel) -> Handle:
    return Handle(unpack_model(packed))


def _unpack(data: bytes, objects: dict[str, Any]) -> Handle:
    with load_keras().saving.custom_object_scope(objects):
        return Handle(pickle.loads(data))


def held(value: Any) -> Any:
    """`value` with a handle in the place of each model and of each object with the user's classes."""
    if isinstance(value, Mapping) and type(value) is dict:
        return {key: held(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(held(part) for part in value)
    if "keras" not in sys.modules or inspect.isclass(value) or inspect.isroutine(value):
        return value
    return Handle(value) if isinstance(value, saved_kinds()) or custom_objects(value) else value


def released(value: Any) -> Any:
    """What `held` was given."""
    if type(value) is dict:
        return {key: released(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(released(part) for part in value)
    return value.value if isinstance(value, Handle) else value


def copy_objects(value: Any) -> Any:
    """A deep copy of Keras's objects (losses, metrics), those of the user's own classes too."""
    return copy_live(value)
