"""A network as a template that is never trained, and its state as plain arrays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.engine.initialization import InitialWeights
from skdl.engine.persistence import PackedModel, copy_model, pack_model, unpack_model

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, eq=False)
class NetworkState:
    """All that training changes in a network.

    Attributes
    ----------
    variables : tuple of ndarray
        In the order of `keras.Model.variables`: weights, statistics and the states of noise.
    optimizer : tuple of ndarray, or None
        In the order of `keras.Optimizer.variables`; None before the first step of training.
    """

    variables: tuple[np.ndarray, ...]
    optimizer: tuple[np.ndarray, ...] | None = None

    @property
    def all(self) -> tuple[np.ndarray, ...]:
        """Every array."""
        return (*self.variables, *(self.optimizer or ()))


def read_state(model: keras.Model) -> NetworkState:
    """The state of `model`, copied."""
    optimizer = model.optimizer if model.compiled else None
    return NetworkState(
        tuple(np.asarray(variable).copy() for variable in model.variables),
        tuple(np.asarray(variable).copy() for variable in optimizer.variables)
        if optimizer is not None and optimizer.built
        else None,
    )


def write_state(model: keras.Model, state: NetworkState) -> None:
    """Put `state` into `model`."""
    for variable, value in zip(model.variables, state.variables, strict=True):
        variable.assign(value)
    if state.optimizer is not None:
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        for variable, value in zip(model.optimizer.variables, state.optimizer, strict=True):
            variable.assign(value)


def is_finite(state: NetworkState, losses: Sequence[float]) -> bool:
    """Whether the weights of `state` and the last of `losses` are finite numbers."""
    numbers = [*(v for v in state.variables if v.dtype.kind == "f"), np.asarray(losses[-1:])]
    return all(bool(np.isfinite(part).all()) for part in numbers)


class Network:
    """A compiled network that can be made as often as needed.

    Parameters
    ----------
    build : callable
        Gives a new compiled model, the same network each time.
    redraw : bool
        Whether random initial weights follow the seed of the fit; not for a ready model, whose weights
        are given.

    Attributes
    ----------
    template : keras.Model
        The model of the first build. It is read, and never trained.
    """

    def __init__(self, build: Callable[[], keras.Model], *, redraw: bool = True):
        self._build = build
        self._redraw = redraw
        self.template = build()
        # Tracing puts tensors into the template's layers for a moment: one thread at a time.
        self.lock = threading.RLock()
        self._met = False

    @cached_property
    def _initial_weights(self) -> InitialWeights:
        with self.lock:
            return InitialWeights.of(self.template, self._build if self._redraw else None)

    def initial_state(self, seed: int) -> NetworkState:
        """The state that a fit with `seed` begins with."""
        return NetworkState(
            self._initial_weights.draw(seed),
            read_state(self.template).optimizer if self.template.optimizer.built else None,
        )

    def meet(self, x: Any, y: Any, weight: Any) -> None:
        """Let the template's losses and metrics make their own state, for rows like these."""
        with self.lock:
            if self._met:
                return
            model = self.template
            y_pred = model(x, training=False)
            model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=weight)
            model.compute_metrics(x, y, y_pred, weight)
            model.reset_metrics()
            self._met = True

    @cached_property
    def fresh_optimizer(self) -> tuple[np.ndarray, ...]:
        """The state of the optimizer before the first step."""
        from skdl.engine.optimizers import PureOptimizer

        with self.lock:
            template = self.template
            pure = PureOptimizer(template.optimizer, template.trainable_variables)
            return tuple(pure.initial_state())

    def model(self, state: NetworkState) -> keras.Model:
        """A model of its own in `state`."""
        model = self._build()
        write_state(model, state)
        return model


class LiveNetwork(Network):
    """A model that its owner may have changed since it was made; it is trained in place.

    Such a model need not be one that can be copied, and who holds it expects to see it trained.
    """

    def __init__(self, model: keras.Model):
        super().__init__(lambda: model, redraw=False)

    def model(self, state: NetworkState) -> keras.Model:
        """The model itself, put into `state`."""
        write_state(self.template, state)
        return self.template


class FittedNetwork:
    """A network and its trained state.

    The Keras model is made when it is asked for, and is the truth from then on: who changes its weights
    changes the predictions.
    """

    def __init__(self, network: Network, state: NetworkState):
        self._network = network
        self._state = state
        self._model: keras.Model | None = None
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
                self._model = self._network.model(self._state)
                self._network = LiveNetwork(self._model)
            return self._model

    @property
    def network(self) -> Network:
        """What to train further."""
        return self._network

    @property
    def state(self) -> NetworkState:
        """The state as of now."""
        with self._lock:
            return self._state if self._model is None else read_state(self._model)

    def trained(self, state: NetworkState) -> FittedNetwork:
        """This network after more training; a model that somebody holds is trained with it."""
        if self._model is not None:
            write_state(self._model, state)
            return self
        return FittedNetwork(self._network, state)

    def __reduce__(self) -> tuple[Any, tuple[PackedModel]]:
        return _unpack, (pack_model(self.model),)

    def __copy__(self) -> FittedNetwork:
        return self


def _unpack(packed: PackedModel) -> FittedNetwork:
    return FittedNetwork.of(unpack_model(packed))


def given_network(model: keras.Model) -> Network:
    """The network of a ready model, which stays as it is."""
    return Network(lambda: copy_model(model), redraw=False)
