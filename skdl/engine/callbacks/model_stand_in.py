"""What Keras's callbacks are shown in the place of a model, which a program does not have."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.network.state import NetworkState, write_state

if TYPE_CHECKING:
    import keras

    from skdl.engine.network.network import Network


class StandIn:
    """As much of a `keras.Model` as the callbacks that run inside programs use outside of them.

    Parameters
    ----------
    network : Network, optional
        What is saved; needed where a callback saves.
    state_of : callable, optional
        Gives the state of `network` from the arrays in `kept`.

    Attributes
    ----------
    kept : list of tensors or None
        What is saved; None where saving does nothing.
    """

    def __init__(
        self,
        network: Network | None = None,
        state_of: Callable[[list[Any]], NetworkState] | None = None,
    ):
        self.optimizer = _Optimizer()
        self.kept: list[Any] | None = None
        self._network = network
        self._state_of = state_of
        self._model: keras.Model | None = None

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Nothing: who restores weights has done so."""

    def save(self, filepath: str, overwrite: bool = True) -> None:
        """`keras.Model.save` of what is kept."""
        if self.kept is not None:
            self._kept_model().save(filepath, overwrite=overwrite)

    def save_weights(self, filepath: str, overwrite: bool = True) -> None:
        """`keras.Model.save_weights` of what is kept."""
        if self.kept is not None:
            self._kept_model().save_weights(filepath, overwrite=overwrite)

    def _kept_model(self) -> keras.Model:
        assert self._network is not None
        assert self._state_of is not None
        assert self.kept is not None
        state = self._state_of(self.kept)
        if self._model is None:
            self._model = self._network.model(state)
        else:
            write_state(self._model, state)
        return self._model


class _Optimizer:
    """A learning rate in Keras's default float type."""

    def __init__(self) -> None:
        self._rate = 0.0

    @property
    def learning_rate(self) -> float:
        return self._rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self._rate = float(np.asarray(rate, load_keras().config.floatx()))


@contextlib.contextmanager
def shown(callback: Any, model: StandIn) -> Iterator[None]:
    """Let `callback` see `model` for the time of the block, and hold no reference to it afterwards."""
    callback.set_model(model)
    try:
        yield
    finally:
        callback._model = None
