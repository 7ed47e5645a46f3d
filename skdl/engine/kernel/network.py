"""A network that is described: Keras builds it only when something asks for more than the kernel needs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.common.keras_precision import built_for
from skdl.engine.kernel.description import Description
from skdl.engine.kernel.optimizer_state import fresh_state
from skdl.engine.kernel.reading import description_of, layers_of
from skdl.engine.network.draws import Distribution
from skdl.engine.network.network import Network
from skdl.engine.network.outside_layers import Origins
from skdl.engine.network.state import Layout, NetworkState
from skdl.engine.random import Stream, derive_seed
from skdl.exceptions import IncompatibleNetworkError

if TYPE_CHECKING:
    import keras

# Of `Plain` in pickles: one more where the meaning of a field changes.
FORMAT = 2


@dataclass(frozen=True)
class Beginning:
    """What a variable of a network begins with.

    Attributes
    ----------
    shape : tuple of int
    value : float or Distribution
        All entries are this number, or they are drawn.
    """

    shape: tuple[int, ...]
    value: float | Distribution


@dataclass(frozen=True)
class Plain:
    """A compiled network as plain data: what it computes, and what it begins with.

    Attributes
    ----------
    description : Description
    floatx : {"float32", "float64"}
    epsilon : float
        Keras's small number.
    learning_rate : float
    beginnings : tuple of (Beginning or None)
        Of all variables, in the order of `keras.Model.variables`; None for the state of noise.
    last_bias : int
        The place of the bias of the last layer among the variables.
    """

    description: Description
    floatx: str
    epsilon: float
    learning_rate: float
    beginnings: tuple[Beginning | None, ...]
    last_bias: int


class DescribedNetwork(Network):
    """A network that the kernel trains without Keras; for all else Keras builds it.

    Parameters
    ----------
    plain : Plain
    recipe : callable
        Gives the network as Keras builds it. It is pickled with this one.
    """

    is_plain = True

    def __init__(self, plain: Plain, recipe: Callable[[], Network]):
        self.plain, self._recipe = plain, recipe
        self._made: Network | None = None
        self._made_lock = threading.RLock()

    def __reduce__(self) -> tuple[Any, ...]:
        return restored_network, (FORMAT, self.plain, self._recipe)

    @property
    def by_keras(self) -> Network:
        """The network as Keras builds it, in the float type and with the small number of its description."""
        with self._made_lock:
            if self._made is None:
                config, plain = load_keras().config, self.plain
                now, then = (config.floatx(), config.epsilon()), (plain.floatx, plain.epsilon)
                if now != then:
                    raise IncompatibleNetworkError(
                        f"Keras cannot build this network as it was trained. Got floatx and epsilon {now}, "
                        f"expected {then}: set them back with keras.config."
                    )
                with built_for(plain.floatx):
                    self._made = self._recipe()
            return self._made

    # What the description answers.

    @property
    def initial_values(self) -> tuple[np.ndarray, ...]:
        """The variables of seed 0."""
        return self.initial_state(0).variables

    def initial_state(self, seed: int) -> NetworkState:
        """The state that a fit with `seed` begins with."""
        values, weights, noises = [], 0, 0
        for begun in self.plain.beginnings:
            if begun is None:
                state = [derive_seed(seed, Stream.NOISE, noises), 0]
                values.append(np.array(state, np.int64))
                noises += 1
                continue
            if isinstance(begun.value, Distribution):
                values.append(begun.value.draw(begun.shape, seed, weights, self.plain.floatx))
            else:
                values.append(np.full(begun.shape, begun.value, self.plain.floatx))
            weights += 1
        return NetworkState(tuple(values))

    def fresh_optimizer(self, variables: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        """The state of the optimizer before the first step."""
        plain = self.plain
        return fresh_state(plain.description, plain.learning_rate, plain.floatx)

    @property
    def learning_rate(self) -> float | None:
        """The learning rate that the optimizer was given."""
        return float(np.dtype(self.plain.floatx).type(self.plain.learning_rate))

    @property
    def layout(self) -> Layout:
        """Where the state of this network is in a program."""
        places = range(len(self.plain.beginnings))
        weights = tuple(place for place in places if self.plain.beginnings[place] is not None)
        trained = tuple(one.position for one in self.plain.description.stack.trained)
        return Layout(trained, tuple(place for place in places if place not in trained), weights)

    @property
    def batch_rows(self) -> int | None:
        """Any number of rows at a time will do."""
        return None

    @property
    def is_stateful(self) -> bool:
        """No layer keeps anything from the batch before."""
        return False

    @property
    def has_own_prediction(self) -> bool:
        """The model is one of Keras's own classes."""
        return False

    @property
    def last_bias(self) -> int:
        """The place of the bias of the last layer among the variables."""
        return self.plain.last_bias

    @property
    def extra(self) -> dict[str, Any]:  # type: ignore[override]
        """Nothing was made besides."""
        return {}

    def answer(self, question: Callable[[keras.Model], Any]) -> Any:
        """What a function of the template says of it, asked once."""
        if question is description_of:
            return self.plain.description
        return (
            self.plain.description.stack
            if question is layers_of
            else self.by_keras.answer(question)
        )

    def read_anew(self) -> None:
        """Nothing of the user's is in it."""

    # What Keras's network answers. mypy refuses a property for an attribute of the base class; here nothing
    # may be set, and an attribute would build the Keras model at once.

    @property
    def template(self) -> keras.Model:
        """The model as Keras builds it."""
        return self.by_keras.template

    @property
    def lock(self) -> threading.RLock:  # type: ignore[override]
        """That of Keras's network."""
        return self.by_keras.lock

    @property
    def _origins(self) -> Origins:  # type: ignore[override]
        return self.by_keras._origins

    def _built(self) -> tuple[keras.Model, dict[str, Any], Origins]:
        return self.by_keras._built()

    def _remembered(self, question: Callable[[keras.Model], Any]) -> Any:
        return self.by_keras._remembered(question)

    def meet(self, x: Any, y: Any, weight: Any) -> None:
        """Let the template's losses and metrics make their own state."""
        self.by_keras.meet(x, y, weight)

    def filled_up(self) -> Network:
        """The network that a program is traced from."""
        return self.by_keras.filled_up()

    def model_and_extra(self, state: NetworkState) -> tuple[keras.Model, dict[str, Any]]:
        """A model of its own in `state`."""
        return self.by_keras.model_and_extra(state)


def restored_network(version: int, plain: Plain, recipe: Callable[[], Network]) -> DescribedNetwork:
    """A network from a pickle.

    Raises
    ------
    IncompatibleNetworkError
        A version of skdl with another format has written it.
    """
    if version != FORMAT:
        raise IncompatibleNetworkError(
            f"This pickle holds a network of another version of skdl. Got format {version}, expected "
            f"{FORMAT}: read it with the version that wrote it, and save model_ to a .keras file."
        )
    return DescribedNetwork(plain, recipe)
