"""Keras models as bytes, with the user's own classes beside them."""

from __future__ import annotations

import copy
import inspect
import pickle
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl._startup import load_keras, start_devices
from skdl.engine.layers import custom_objects, is_keras, noise_generators
from skdl.engine.variables import one_name_for_variables

if TYPE_CHECKING:
    import keras


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
    """

    archive: bytes
    objects: dict[str, Any]
    noise: list[np.ndarray]
    untrained: dict[str, Any] | None


def pack_model(model: keras.Model) -> PackedModel:
    """`model` as plain data."""
    untrained = model.compiled and not model.optimizer.built
    _check_config(model)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return PackedModel(
            path.read_bytes(),
            custom_objects(model),
            [np.asarray(generator.state) for generator in noise_generators(model)],
            model.get_compile_config() if untrained else None,
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
        return model


def copy_model(model: keras.Model) -> keras.Model:
    """A model of its own with the same network, weights, optimizer and optimizer state."""
    return unpack_model(pack_model(model))


def from_config(model: keras.Model) -> keras.Model:
    """A model of its own with the same network and compile arguments, for one without weights yet."""
    with load_keras().saving.custom_object_scope(custom_objects(model)):
        twin = type(model).from_config(model.get_config())
        if model.compiled:
            twin.compile_from_config(model.get_compile_config())
        return twin


def _check_config(model: keras.Model) -> None:
    """Raise where Keras could save `model` and not load it again."""
    keras = load_keras()
    if is_keras(type(model)):
        return
    try:
        with keras.saving.custom_object_scope(custom_objects(model)):
            type(model).from_config(model.get_config())
    except (TypeError, ValueError, NotImplementedError) as error:
        raise TypeError(
            f"{type(model).__name__} cannot be copied or pickled. Got a model that is not made again from "
            "its config, expected one that is: give it a get_config that holds the arguments of __init__."
        ) from error


class Handle:
    """Holds a model or another object of Keras's in an estimator's state.

    A shallow copy shares the object; a pickle takes the user's own classes along, which Keras itself
    names and does not hold.
    """

    def __init__(self, value: Any):
        self.value = value

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        if isinstance(self.value, load_keras().Model):
            return _unpack_model, (pack_model(self.value),)
        return _unpack, (pickle.dumps(self.value), custom_objects(self.value))


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
    return (
        Handle(value) if isinstance(value, load_keras().Model) or custom_objects(value) else value
    )


def released(value: Any) -> Any:
    """What `held` was given."""
    if type(value) is dict:
        return {key: released(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(released(part) for part in value)
    return value.value if isinstance(value, Handle) else value


def copy_objects(value: Any) -> Any:
    """A deep copy of Keras's objects (losses, metrics), those of the user's own classes too."""
    with load_keras().saving.custom_object_scope(custom_objects(value)):
        return copy.deepcopy(value)
