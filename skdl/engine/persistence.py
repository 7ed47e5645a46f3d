"""Keras models as bytes, with the user's own classes beside them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl._startup import load_keras, start_devices
from skdl.engine.layers import custom_objects, noise_generators

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
    with tempfile.TemporaryDirectory() as folder, keras.saving.custom_object_scope(packed.objects):
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


class ModelHandle:
    """Holds a model in an estimator's state: a shallow copy shares it, a pickle packs it."""

    def __init__(self, model: keras.Model):
        self.model = model

    def __reduce__(self) -> tuple[Any, tuple[PackedModel]]:
        return _unpack_handle, (pack_model(self.model),)


def _unpack_handle(packed: PackedModel) -> ModelHandle:
    return ModelHandle(unpack_model(packed))
