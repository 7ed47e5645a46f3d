"""How the network of a wrapper is built and compiled, once for all fits that may share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.common.keras_precision import built_for
from skdl.engine.copies.persistence import copy_model, copy_unbuilt
from skdl.engine.identity.reader import Reader
from skdl.engine.indexes.index_checks import outputs_for
from skdl.engine.keras_parts.fixed_batches import batch_rows, check_known_size, kept_memories
from skdl.engine.kernel.reading import layers_of
from skdl.engine.network.facts import Facts
from skdl.engine.network.network import Network, RecompiledNetwork
from skdl.engine.network.outside_layers import Surroundings
from skdl.engine.network.probabilities import are_probabilities
from skdl.engine.rows.arrays import Arrays, filled_rows
from skdl.training.losses import Output
from skdl.wrappers.outputs import describe_outputs

if TYPE_CHECKING:
    import keras

    from skdl.wrappers.user_network import UserNetwork


# Keras makes these functions for each model, around the model itself.
_OF_EACH_MODEL = ("build", "quantize")


@dataclass(frozen=True, eq=False)
class Uncompiled:
    """A stack of Keras's own layers before it was compiled.

    Attributes
    ----------
    kind : type
        The class of the model.
    attributes : dict of str to object
        The attributes that the model had.
    """

    kind: type[keras.Model]
    attributes: dict[str, Any]

    @classmethod
    def of(cls, model: keras.Model) -> Uncompiled:
        """What `model` is now."""
        own = {name: part for name, part in vars(model).items() if name not in _OF_EACH_MODEL}
        return cls(type(model), _with_own_notes(own))

    def model(self) -> keras.Model:
        """A model of the same layers, not compiled."""
        make: Any = self.kind.__new__
        model: keras.Model = make(self.kind)
        vars(model).update(_with_own_notes(self.attributes))
        return model


def _with_own_notes(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a model, with copies of TensorFlow's notes on what a checkpoint of the model holds.

    `keras.Model.compile` adds the optimizer to these notes.
    """
    found = dict(attributes)
    for name, part in attributes.items():
        for kind in (list, dict, set):
            if name.startswith("_self_") and isinstance(part, kind):
                found[name] = kind(part)
    return found


@dataclass(frozen=True, eq=False)
class Compiled:
    """What skdl keeps of a compiled model, so that it need not hold the model.

    Attributes
    ----------
    outputs : list of Output
    loss : object
        The loss, as Keras holds it after compiling.
    columns : bool
        Whether a loss of the network's own wants a column for each class.
    uncompiled : Uncompiled or None
        What may be compiled once more with other settings. None if the network has objects of the user's.
    """

    outputs: list[Output]
    loss: Any
    columns: bool
    uncompiled: Uncompiled | None


class Building:
    """Builds the network of one wrapper.

    Parameters
    ----------
    wrapper : UserNetwork
        The wrapper as it is now. Its parameters may be set anew before the network is built once more.
    given : keras.Model or object
        What builds the network, or the ready network itself.
    meta : dict of str to object
        The facts on the data that skdl passes to the build function.
    sample : ndarray, or list or dict of ndarray
        A few rows as the network takes them.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        The targets of these rows. The network is kept without the other rows.
    """

    def __init__(
        self,
        wrapper: UserNetwork,
        given: Any,
        meta: dict[str, Any],
        sample: Arrays,
        y: np.ndarray,
    ):
        # `copy.copy` would call `__getstate__`, which makes handles that can be pickled.
        self._wrapper = object.__new__(type(wrapper))
        vars(self._wrapper).update(vars(wrapper), _routed=dict(wrapper._routed))
        self._given, self._ready = given, isinstance(given, load_keras().Model)
        self._trained = self._ready and given.built
        self._meta, self._sample, self._y = meta, sample, y

    def network(self, facts: Facts, own: Facts, around: Surroundings) -> tuple[Network, Compiled]:
        """A new network.

        Parameters
        ----------
        facts, own : Facts
            What the build function may read, of the data and of its estimator. What the first build reads
            is noted there.
        around : Surroundings
            What is known of the objects that the request reaches.

        Returns
        -------
        network : Network
        compiled : Compiled
        """
        first: list[tuple[keras.Model, Compiled]] = []
        written: list[dict[str, Any]] = []

        def build() -> keras.Model:
            written.append({})
            read: tuple[Mapping[str, Any], Facts] = facts, own
            if first:
                read = dict(self._meta), Facts(own.given)
            first.append(self._built(*read, written[-1]))
            return first[-1][0]

        network = Network(
            build,
            redraw=not self._trained,
            around=None if self._trained else partial(_reached, facts, own, around),
            extra=lambda: written[-1] if written else {},
        )
        model, compiled = first[0]
        if network.template is not model:
            # A copy: the model has a layer of the user's.
            compiled = replace(compiled, uncompiled=None)
        return network, compiled

    def recompiled(self, network: Network, compiled: Compiled) -> tuple[Network, Compiled] | None:
        """The layers of `network` with the settings of this wrapper; None if it has to be built anew.

        Parameters
        ----------
        network : Network
            A network that would be built with the same calls, and was compiled with other settings.
        compiled : Compiled
            What is known of it.

        Returns
        -------
        tuple of (Network, Compiled) or None
        """
        stack = compiled.uncompiled
        if stack is None or not network.can_be_recompiled:
            return None
        found: list[Compiled] = []

        def recompile() -> keras.Model:
            model = stack.model()
            with built_for(self._wrapper.precision):
                settings = self._wrapper._compile_settings()
                found.append(self._compiled(model, settings, compiled.outputs, stack))
            return model

        def build() -> keras.Model:
            return self._built(dict(self._meta), Facts(vars(self._wrapper)), {})[0]

        return RecompiledNetwork(network, recompile, build), found[0]

    def _built(
        self, facts: Mapping[str, Any], own: Facts, written: dict[str, Any]
    ) -> tuple[keras.Model, Compiled]:
        wrapper = self._wrapper
        with built_for(wrapper.precision):
            settings = wrapper._compile_settings()
            if self._ready:
                model = (copy_model if self._trained else copy_unbuilt)(self._given)
            else:
                model = self._called(settings, facts, own, written)
            check_known_size(model)
            few = filled_rows(self._sample, batch_rows(model))
            is_stack = _is_stack_of(model, few)
            classifies = wrapper._estimator_kind == "classifier"
            # If the model has no Input, this call builds it.
            with kept_memories(model):
                outputs = describe_outputs(
                    model,
                    model.outputs if is_stack else outputs_for(model, few),
                    partial(are_probabilities, model, few) if classifies else None,
                )
            check_known_size(model)
            plain = is_stack and not model.compiled and not written
            stack = Uncompiled.of(model) if plain else None
            return model, self._compiled(model, settings, outputs, stack)

    def _compiled(
        self,
        model: keras.Model,
        settings: dict[str, Any],
        outputs: list[Output],
        stack: Uncompiled | None,
    ) -> Compiled:
        columns = self._wrapper._compile(model, settings, outputs, self._y)
        return Compiled(outputs, model.loss, columns, stack)

    def _called(
        self,
        settings: dict[str, Any],
        facts: Mapping[str, Any],
        own: Facts,
        written: dict[str, Any],
    ) -> keras.Model:
        build = self._wrapper._build
        try:
            return build(facts, settings, own, written)
        except TypeError:
            if not isinstance(facts, Facts) or not facts.hands_out_a_shape:
                raise
            # Code in C may take nothing but integers for a number of rows.
            facts.read_all()
            return build(dict(self._meta), settings, own, written)


def _reached(facts: Facts, own: Facts, around: Surroundings) -> Surroundings:
    """`around`, and what is known of the objects that the build function has read."""
    reader = Reader()
    reader.value([own.given.get(name) for name in own.read])
    reader.value([facts.given.get(name) for name in facts.read])
    return around.and_reached(not reader.opaque, tuple(reader.layers))


def _is_stack_of(model: keras.Model, x: Any) -> bool:
    """Whether `model` is a stack of layers that skdl knows. If so, skdl need not call it on rows like `x`."""
    stack = layers_of(model)
    return (
        not isinstance(stack, str)
        and isinstance(x, np.ndarray)
        and x.dtype.kind in "fiub"
        and x.shape[1:] == stack.row_shape
    )
