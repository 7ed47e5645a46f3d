"""A network and its trained state."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from skdl.engine.copies.live_copies import copy_live, reaches_keras
from skdl.engine.copies.persistence import PackedModel, pack_model, unpack_model
from skdl.engine.network.network import LiveNetwork, Network
from skdl.engine.network.state import NetworkState, read_state, write_state

if TYPE_CHECKING:
    import keras


class FittedNetwork:
    """A network and its trained state.

    The Keras model is made when it is asked for, and is the truth from then on: who changes its weights
    changes the predictions.
    """

    def __init__(self, network: Network, state: NetworkState):
        self._network = network
        self._state = state
        self._model: keras.Model | None = None
        self._extra: dict[str, Any] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, model: keras.Model) -> FittedNetwork:
        """A model that somebody trained."""
        fitted = cls(LiveNetwork(model), read_state(model))
        fitted._model = model
        return fitted

    @property
    def model(self) -> keras.Model:
        """The trained model."""
        with self._lock:
            if self._model is None:
                self._model, self._extra = self._network.model_and_extra(self._state)
                self._network = LiveNetwork(self._model)
            return self._model

    def own_model(self) -> keras.Model:
        """The trained model once more, for who changes it."""
        with self._lock:
            if self._model is None:
                return self._network.model(self._state)
            return copy_live(self._model)

    @property
    def extra(self) -> dict[str, Any]:
        """What else the build function made; it shares the layers of `model`."""
        made: keras.Model = self.model
        return self._extra if made is not None else {}

    @property
    def has_extra(self) -> bool:
        """Whether the build function kept parts of the model elsewhere."""
        return any(map(reaches_keras, (self._extra or self._network.extra).values()))

    @property
    def network(self) -> Network:
        """What to train further."""
        self._network.read_anew()
        return self._network

    @property
    def state(self) -> NetworkState:
        """The state as of now."""
        with self._lock:
            return self._state if self._model is None else read_state(self._model)

    def trained(self, state: NetworkState) -> FittedNetwork:
        """The network after more training; a model that somebody holds is trained with it."""
        if self._model is not None:
            write_state(self._model, state)
            return self
        return FittedNetwork(self._network, state)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        with self._lock:
            if self._model is None and self._network.is_plain:
                return FittedNetwork, (self._network, self._state)
        return _unpack, (pack_model(self.model),)

    def __copy__(self) -> FittedNetwork:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> FittedNetwork:
        with self._lock:
            # A network is a template, which nobody changes.
            return (
                FittedNetwork(self._network, self._state)
                if self._model is None
                else FittedNetwork.of(copy_live(self._model, memo))
            )


def _unpack(packed: PackedModel) -> FittedNetwork:
    return FittedNetwork.of(unpack_model(packed))
