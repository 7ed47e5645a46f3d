"""Initial weights and noise from a job's own seed.

Keras draws the seed of an unseeded initializer or noise layer from the process-global generator of
Python, so that the order of threads would decide the weights. What was drawn that way is drawn again here.
What the user seeded, set or loaded stays as it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.copies.rebuilding import with_state_of
from skdl.engine.keras_parts.walk import is_keras, noise_generators, walk_layers
from skdl.engine.network.draws import Distribution, distribution_of
from skdl.engine.network.outside_layers import Origins
from skdl.engine.random import Stream, derive_seed
from skdl.exceptions import UnseededWeightsWarning

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, eq=False)
class _Draw:
    """One variable that is drawn anew for each seed."""

    position: int  # among the model's variables
    stream: int  # among its weights: which item of the stream of initial weights
    initializer: Any
    shape: tuple[int, ...]
    dtype: str
    distribution: Distribution | None  # None where only the initializer knows

    @classmethod
    def of(cls, variable: Any, initializer: Any, position: int, stream: int) -> _Draw:
        shape, dtype = tuple(variable.shape), variable.dtype
        numpys = dtype in ("float32", "float64")
        distribution = distribution_of(initializer, shape) if numpys else None
        return cls(position, stream, initializer, shape, dtype, distribution)

    def value(self, seed: int) -> np.ndarray:
        """The variable for the `seed` of a job."""
        if self.distribution is not None:
            return self.distribution.draw(self.shape, seed, self.stream, self.dtype)
        fresh = _with_seed(self.initializer, derive_seed(seed, Stream.INITIAL_WEIGHTS, self.stream))
        return np.asarray(fresh(self.shape, dtype=self.dtype))


@dataclass(frozen=True, eq=False)
class InitialWeights:
    """How the variables of a network begin, as a function of a seed.

    Attributes
    ----------
    values : tuple of ndarray
        The variables as they were built, in the order of `keras.Model.variables`.
    draws : tuple
        Which of them are drawn at random, and from what.
    noise : tuple of (int, int)
        The positions of the states of unseeded generators of noise, and which item of the stream each is.
    out_of_reach : tuple of str
        Variables drawn at random that no seed reaches.
    set_anew : tuple of str
        Variables that the build function itself set, to other values each time.
    """

    values: tuple[np.ndarray, ...]
    draws: tuple[_Draw, ...]
    noise: tuple[tuple[int, int], ...]
    out_of_reach: tuple[str, ...]
    set_anew: tuple[str, ...]

    @classmethod
    def of(
        cls,
        model: keras.Model,
        rebuild: Callable[[], keras.Model] | None = None,
        origins: Origins | None = None,
    ) -> InitialWeights:
        """Find out what was drawn without a seed in `model`, which is built and only read.

        Parameters
        ----------
        model : keras.Model
        rebuild : callable, optional
            Builds the same model once more. Two builds tell random weights from loaded ones where a
            layer does not keep its initializer. Without it the weights are taken as given (a ready
            model).
        origins : Origins, optional
            Which of the variables have a value that no initializer gave them. Without it none is known.
        """
        variables = model.variables
        positions = {id(variable): index for index, variable in enumerate(variables)}
        noise = tuple(
            (positions[id(generator.state)], index)
            for index, generator in enumerate(noise_generators(model))
            if generator.get_config()["seed"] is None and id(generator.state) in positions
        )
        values = tuple(np.asarray(variable).copy() for variable in variables)
        draws: list[_Draw] = []
        lost: list[str] = []
        anew: list[str] = []
        if rebuild is not None:
            origins = origins or Origins()
            streams = {id(variable): index for index, variable in enumerate(model.weights)}
            found, lost, anew = _random_weights(
                model,
                {id(variable): value for variable, value in zip(variables, values, strict=True)},
                rebuild,
                {id(variables[place]) for place in origins.given},
                {id(variables[place]) for place in origins.assigned},
            )
            draws = [
                _Draw.of(variable, initializer, positions[id(variable)], streams[id(variable)])
                for variable, initializer in found
            ]
        return cls(values, tuple(draws), noise, tuple(lost), tuple(anew))

    def draw(self, seed: int) -> tuple[np.ndarray, ...]:
        """The variables that a fit with `seed` begins with."""
        if self.out_of_reach:
            warnings.warn(
                f"random_state does not reach the initial weights {', '.join(self.out_of_reach)}: they "
                "were drawn at random and their layer does not tell from what. Give their initializer a "
                "seed, or keep the initializer as an attribute of the layer.",
                UnseededWeightsWarning,
                stacklevel=2,
            )
        if self.set_anew:
            warnings.warn(
                f"random_state does not reach the initial weights {', '.join(self.set_anew)}: the build "
                "function sets them itself, to other values each time that it is called. Set them from a "
                "generator with a seed, or give their layer an initializer that draws them.",
                UnseededWeightsWarning,
                stacklevel=2,
            )
        values = list(self.values)
        for one in self.draws:
            values[one.position] = one.value(seed)
        for position, index in self.noise:
            state = np.array([derive_seed(seed, Stream.NOISE, index), 0])
            values[position] = state.astype(values[position].dtype)
        return tuple(values)


def _random_weights(
    model: keras.Model,
    values: Mapping[int, np.ndarray],
    rebuild: Callable[[], keras.Model],
    given: Container[int],
    assigned: Container[int],
) -> tuple[list[tuple[Any, Any]], list[str], list[str]]:
    """The variables drawn without a seed, each with its initializer, and the paths of other random ones.

    These are first those whose initializer is not known, then those that the build function set.
    """
    layers = walk_layers(model)
    positions = {id(variable): index for index, variable in enumerate(model.weights)}
    found: dict[int, tuple[Any, Any]] = {}
    for layer in layers:
        initializers = list(_unseeded_initializers(layer))
        are_keras = all(is_keras(type(one)) for one in initializers)
        for variable in layer.weights if initializers else ():
            known = id(variable) in found or id(variable) in given
            if known or id(variable) not in positions:
                continue
            value = values[id(variable)]
            if are_keras and value.size > 1 and _is_constant(value):
                # Of Keras's initializers only one without any spread could have drawn it, and would draw the
                # same again. To ask each initializer takes half a millisecond.
                continue
            for initializer in initializers:
                if _drew(initializer, variable, value):
                    found[id(variable)] = (variable, initializer)
                    break
    suspects = [
        v
        for v in model.weights
        if id(v) not in found and id(v) not in given and _looks_random(values[id(v)])
    ]
    lost: list[str] = []
    anew: list[str] = []
    if suspects:
        other = {i: np.asarray(v) for i, v in enumerate(_built_like(rebuild, model).weights)}
        for variable in suspects:
            if np.array_equal(values[id(variable)], other[positions[id(variable)]]):
                continue  # equal in two builds: loaded or computed, not drawn
            if id(variable) in assigned:
                anew.append(variable.path)  # whatever initializer there is did not draw this value
                continue
            initializer = _probe(layers, variable)
            if initializer is None:
                lost.append(variable.path)
            else:
                found[id(variable)] = (variable, initializer)
    return list(found.values()), lost, anew


def _built_like(rebuild: Callable[[], keras.Model], model: keras.Model) -> keras.Model:
    other = rebuild()
    if len(other.weights) != len(model.weights):
        raise ValueError(
            "The build function is not a function of its arguments. Got two networks with "
            f"{len(model.weights)} and {len(other.weights)} weight arrays from the same arguments, "
            "expected the same network each time."
        )
    return other


def _unseeded_initializers(layer: keras.Layer) -> Iterator[Any]:
    kind = load_keras().initializers.Initializer

    def inside(value: Any) -> Iterator[Any]:
        if isinstance(value, kind):
            if _is_unseeded(value):
                yield value
        elif isinstance(value, Mapping):
            for part in value.values():
                yield from inside(part)
        elif isinstance(value, (list, tuple)):
            for part in value:
                yield from inside(part)

    for value in vars(layer).values():
        yield from inside(value)


def _is_unseeded(initializer: Any) -> bool:
    try:
        config = initializer.get_config()
    except NotImplementedError:
        return False
    return "seed" in config and config["seed"] is None


def _with_seed(initializer: Any, seed: int) -> Any:
    made = type(initializer).from_config({**initializer.get_config(), "seed": seed})
    return with_state_of(initializer, made, ("seed", "_init_seed"))


def _drew(initializer: Any, variable: Any, value: np.ndarray) -> bool:
    """Whether `initializer`, called again, gives exactly `value`."""
    try:
        drawn = np.asarray(initializer(variable.shape, dtype=variable.dtype))
    except (ValueError, TypeError):
        return False  # an initializer for weights of another rank, such as Orthogonal for a bias
    return np.array_equal(drawn, value)


def _looks_random(value: np.ndarray) -> bool:
    return value.dtype.kind == "f" and value.size > 0 and not _is_constant(value)


def _is_constant(value: np.ndarray) -> bool:
    """Whether all numbers of a `value` that is not empty are equal."""
    return bool((value == value.flat[0]).all())


def _probe(layers: list[keras.Layer], variable: Any) -> Any:
    """The unseeded initializer of `variable`, found by building its layer anew without values."""
    keras = load_keras()
    owner = next(
        layer
        for layer in reversed(layers)
        if any(variable is candidate for candidate in layer.weights)
    )
    place = [v is variable for v in owner.weights].index(True)
    try:
        with keras.StatelessScope(initialize_variables=False):
            twin = type(owner).from_config(owner.get_config())
            twin.build_from_config(owner.get_build_config())
            initializer = twin.weights[place]._initializer
            # EinsumDense makes a second initializer from its own and hands on the seed that it drew.
            drawn = [one.seed for one in _unseeded_initializers(twin)]
            unseeded = _is_unseeded(initializer) or initializer.get_config().get("seed") in drawn
    except (TypeError, ValueError, NotImplementedError, IndexError, AttributeError):
        return None  # the caller warns
    return initializer if unseeded else None
