"""A network as a template that is never trained, and its state as plain arrays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.copies.live_copies import copy_live
from skdl.engine.keras_parts.fixed_batches import (
    batch_rows,
    kept_memories,
    memories,
    stateful_layers,
)
from skdl.engine.keras_parts.unseeded_calls import drawing_apart
from skdl.engine.keras_parts.variables import one_name_for_variables
from skdl.engine.network.initial_weights import InitialWeights
from skdl.engine.network.outside_layers import Origins, Surroundings, noting_variables, taken_in
from skdl.engine.network.state import Layout, NetworkState, read_state, write_state
from skdl.engine.numbers.model_numbers import model_numbers, optimizer_numbers
from skdl.engine.optimizers.first_state import fresh_state
from skdl.engine.optimizers.pure_optimizer import learning_rate_of
from skdl.engine.structure.key import Structure, prediction_structure, training_structure
from skdl.engine.structure.widths import Widths, widened, widths_of
from skdl.exceptions import IncompatibleNetworkError

if TYPE_CHECKING:
    import keras

_T = TypeVar("_T")


class Network:
    """A compiled network that can be made as often as needed.

    Parameters
    ----------
    build : callable
        Gives a new compiled model, the same network each time.
    redraw : bool
        Whether random initial weights follow the seed of the fit; not for a ready model, whose weights
        are given.
    around : callable, optional
        What is known, after a build, of the layers that `build` can reach; without it `build` makes all its
        layers itself.
    extra : callable, optional
        What else the last build made, by names; it may hold parts of the model.
    first_build : callable, optional
        Gives the template instead of `build`, and where its variables come from.

    Attributes
    ----------
    template : keras.Model
        The model of the first build. It is read, and never trained.
    extra : dict of str to object
        What else that build made.
    """

    # Whether the network is plain data, which can be pickled without its model.
    is_plain = False

    def __init__(
        self,
        build: Callable[[], keras.Model],
        *,
        redraw: bool = True,
        around: Callable[[], Surroundings] | None = None,
        extra: Callable[[], dict[str, Any]] = dict,
        first_build: Callable[[], tuple[keras.Model, Origins]] | None = None,
    ):
        self._redraw = redraw
        self._given_build = build
        self._around = around
        self._get_extra = extra
        if first_build is None:
            self.template, self.extra, self._origins = self._built()
        else:
            (self.template, self._origins), self.extra = first_build(), {}
        # Tracing puts tensors into the template's layers for a moment: one thread at a time.
        self.lock = threading.RLock()
        self._met = False
        self._answers: dict[Callable[[keras.Model], Any], Any] = {}

    def _build(self) -> keras.Model:
        return self._built()[0]

    def _built(self) -> tuple[keras.Model, dict[str, Any], Origins]:
        if self._around is None:
            with one_name_for_variables():
                return self._given_build(), {}, Origins()
        with one_name_for_variables():
            with noting_variables() as notes:
                model = self._given_build()
            return taken_in(model, self._get_extra(), self._around(), notes)

    @cached_property
    def _initial_weights(self) -> InitialWeights:
        with self.lock:
            return InitialWeights.of(
                self.template, self._build if self._redraw else None, self._origins
            )

    @property
    def initial_values(self) -> tuple[np.ndarray, ...]:
        """The variables as they were built."""
        return self._initial_weights.values

    def filled_up(self) -> Network:
        """The network that a program is traced from: this one, or one like it with filled up widths."""
        widths = self.widths
        if widths is None:
            return self
        # Another network may share these layers. While it is traced, they hold tensors.
        with self.lock:
            return Network(lambda: widened(self.template, widths), redraw=False)

    def initial_state(self, seed: int) -> NetworkState:
        """The state that a fit with `seed` begins with."""
        return NetworkState(
            self._initial_weights.draw(seed),
            read_state(self.template).optimizer if self.template.optimizer.built else None,
            tuple(np.asarray(variable).copy() for variable in memories(self.template)),
        )

    def meet(self, x: Any, y: Any, weight: Any) -> None:
        """Let the template's losses and metrics make their own state, for rows like these."""
        with self.lock:
            if self._met:
                return
            model = self.template
            self.training_structure  # noqa: B018 - asked before the state of a metric may be in it
            with one_name_for_variables(), kept_memories(model), drawing_apart():
                y_pred = model(x, training=False)
                model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=weight)
                model.compute_metrics(x, y, y_pred, weight)
                model.reset_metrics()
            self._met = True

    def read_anew(self) -> None:
        """Forget what is known of a template that holds objects of the user's: they may have changed."""
        with self.lock:
            found = [one for one in self._answers.values() if isinstance(one, Structure)]
            if any(one.of_users for one in found):
                self._answers.clear()

    @property
    def training_structure(self) -> Structure:
        """What programs that train this network share."""
        return self._remembered(training_structure)

    @property
    def prediction_structure(self) -> Structure:
        """What programs that predict by this network share."""
        return self._remembered(prediction_structure)

    @property
    def predicts_by_keras_alone(self) -> bool:
        """Whether no code and no object of the user's is part of what predicts."""
        # What is trained is asked first, and has all in it that predicts.
        known = self._answers.get(training_structure)
        if known is not None and not (known.of_users or known.parts):
            return True
        structure = self.prediction_structure
        return not (structure.of_users or structure.parts)

    @property
    def can_be_recompiled(self) -> bool:
        """Whether the layers may serve a network with other settings of training, without a new build."""
        return self.predicts_by_keras_alone and not self.extra and self._origins == Origins()

    @property
    def batch_rows(self) -> int | None:
        """The number of rows that the network takes at a time; None where any number will do."""
        return self._remembered(batch_rows)

    @property
    def is_stateful(self) -> bool:
        """Whether a layer begins a batch where it ended the one before."""
        return bool(self._remembered(stateful_layers))

    @property
    def layout(self) -> Layout:
        """Where the state of this network is in a program."""
        return self._remembered(Layout.of)

    @property
    def widths(self) -> Widths | None:
        """The hidden layers that programs fill up."""
        return self._remembered(widths_of)

    @property
    def numbers(self) -> list[float]:
        """The numbers of the network and its optimizer, as programs take them."""
        return self._remembered(_numbers)

    @property
    def prediction_numbers(self) -> list[float]:
        """The numbers of the network alone."""
        return self._remembered(_numbers_of_model)

    @property
    def has_own_prediction(self) -> bool:
        """Whether the model is of a class of the user's that predicts in a way of its own."""
        base = load_keras().Model
        return type(self.template).predict_step is not base.predict_step

    @property
    def last_bias(self) -> int:
        """The place of the bias of the last layer among the variables of a stack."""
        return self._remembered(_last_bias)

    @property
    def learning_rate(self) -> float | None:
        """The learning rate that the optimizer was given; None where it has a schedule, or several."""
        return self._remembered(learning_rate_of)

    def answer(self, question: Callable[[keras.Model], _T]) -> _T:
        """What a function of the template says of it, asked once."""
        return self._remembered(question)

    def _remembered(self, question: Callable[[keras.Model], _T]) -> _T:
        with self.lock:
            if question not in self._answers:
                self._answers[question] = question(self.template)
            answer: _T = self._answers[question]
            return answer

    def fresh_optimizer(self, variables: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        """The state of the optimizer before the first step of a network with `variables`."""
        with self.lock:
            model = self.template
            places = {id(variable): place for place, variable in enumerate(model.variables)}
            weights = [variables[places[id(variable)]] for variable in model.trainable_variables]
            return fresh_state(model, self.training_structure, weights)

    def model(self, state: NetworkState) -> keras.Model:
        """A model of its own in `state`."""
        return self.model_and_extra(state)[0]

    def model_and_extra(self, state: NetworkState) -> tuple[keras.Model, dict[str, Any]]:
        """A model of its own in `state`, and what else its build made, which shares its layers.

        It is a copy of the template. Only where that cannot be copied, the build function is called anew.
        """
        with self.lock:
            try:
                model, extra = copy_live((self.template, self.extra))
            except TypeError:
                model, extra = self._built_anew()
        write_state(model, state)
        return model, extra

    def _built_anew(self) -> tuple[keras.Model, dict[str, Any]]:
        model, extra, _ = self._built()
        if training_structure(model).text != self.training_structure.text:
            raise IncompatibleNetworkError(
                "The build function is not a function of its arguments. Got another network than the one "
                "that was trained, expected the same network each time: let it depend on its arguments alone."
            )
        return model, extra


class RecompiledNetwork(Network):
    """The layers of another network, compiled with other settings.

    The two share their initial weights and their lock: while one is traced, the other waits.

    Parameters
    ----------
    network : Network
        A network whose `can_be_recompiled` is True.
    recompile : callable
        Gives a model of the same layers, compiled.
    build : callable
        Builds and compiles a model of its own.
    """

    def __init__(
        self,
        network: Network,
        recompile: Callable[[], keras.Model],
        build: Callable[[], keras.Model],
    ):
        def first_build() -> tuple[keras.Model, Origins]:
            with network.lock, one_name_for_variables():
                return recompile(), network._origins

        super().__init__(
            build, redraw=network._redraw, around=network._around, first_build=first_build
        )
        self.lock = network.lock
        self._initial_weights = network._initial_weights


class LiveNetwork(Network):
    """A model that its owner may have changed since it was made; it is trained in place.

    Such a model need not be one that can be copied, and who holds it expects to see it trained.
    """

    def __init__(self, model: keras.Model):
        super().__init__(lambda: model, redraw=False)

    def model_and_extra(self, state: NetworkState) -> tuple[keras.Model, dict[str, Any]]:
        """The model itself, put into `state`."""
        write_state(self.template, state)
        return self.template, {}

    def _remembered(self, question: Callable[[keras.Model], _T]) -> _T:
        with self.lock:
            return question(self.template)


def _last_bias(model: keras.Model) -> int:
    return [variable is model.layers[-1].bias for variable in model.variables].index(True)


def _numbers(model: keras.Model) -> list[float]:
    numbers = [*model_numbers(model), *optimizer_numbers(model.optimizer)]
    return [number.value for number in numbers]


def _numbers_of_model(model: keras.Model) -> list[float]:
    return [number.value for number in model_numbers(model)]
