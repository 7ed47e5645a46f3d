"""Keras models as bytes, with the user's own classes beside them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skdl._startup import load_keras, start_devices
from skdl.engine.layers import custom_objects

if TYPE_CHECKING:
    import keras


def pack_model(model: keras.Model) -> tuple[bytes, dict[str, Any]]:
    """A model as Keras's own archive (network, weights, optimizer and its state) and custom objects."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes(), custom_objects(model)


def unpack_model(archive: bytes, objects: dict[str, Any]) -> keras.Model:
    """The model that `pack_model` packed, equal in every bit of its weights and optimizer."""
    keras = load_keras()
    start_devices()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(archive)
        # The archive comes from this process or out of a pickle, which could run any code anyway.
        return keras.saving.load_model(path, custom_objects=objects, safe_mode=False)


def copy_model(model: keras.Model) -> keras.Model:
    """A model of its own with the same network, weights, optimizer and optimizer state."""
    return unpack_model(*pack_model(model))


class ModelHandle:
    """Holds a model in an estimator's state: a shallow copy shares it, a pickle packs it."""

    def __init__(self, model: keras.Model):
        self.model = model

    def __reduce__(self) -> tuple[Any, tuple[bytes, dict[str, Any]]]:
        return _unpack_handle, pack_model(self.model)


def _unpack_handle(archive: bytes, objects: dict[str, Any]) -> ModelHandle:
    return ModelHandle(unpack_model(archive, objects))
