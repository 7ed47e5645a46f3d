"""Keras's optimizers as functions from (state, gradients, weights) to (state, weights).

On TensorFlow an optimizer of Keras's changes variables in place, which a program that holds several steps,
or runs in several threads, cannot have. Here Keras's own code runs with the values of all variables in
a `keras.StatelessScope`; `pure_methods.py` has what takes the place of the methods that stand in its way.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.copies.rebuilding import with_state_of
from skdl.engine.keras_parts.variables import one_name_for_variables
from skdl.engine.keras_parts.walk import custom_objects, is_keras
from skdl.engine.optimizers.pure_methods import pure_view
from skdl.exceptions import NotCompilableError

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

# What a class of the user's may define anew: the rest is the machinery that is replaced here.
_OPEN_METHODS = frozenset({"build", "update_step", "get_config", "from_config"})

# Where an optimizer keeps what `exclude_from_weight_decay` was told.
_EXCLUDED = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")


class PureOptimizer:
    """A Keras optimizer as a function: nothing is changed in place, the same values give the same values.

    It works eagerly, in a `tf.function`, with XLA and inside loops, and from several threads at once.

    Parameters
    ----------
    optimizer : keras.Optimizer
        Only read; it may be built or not.
    trainable_variables : list of keras.Variable
        What it trains, in the order of the gradients. They are read for their shapes, types, names and
        constraints. Where `optimizer` has variables excluded from weight decay, these must be among them.

    Attributes
    ----------
    optimizer : keras.Optimizer
        The copy that is used, of the same class. Its numeric settings may be replaced by tensors while a
        program is traced.
    variables : list of keras.Variable
        Those of the copy, which stand for the state: in the order of the given optimizer's own once that
        is built. Their values are never used but as `initial_state`.
    learning_rate_index : int or None
        Which entry of the state the learning rate is; None where a schedule gives it, or where there
        are several.

    Raises
    ------
    ValueError
        `obstacle` finds one, or a variable excluded from weight decay is not among those trained.

    Examples
    --------
    >>> import keras
    >>> weight = keras.Variable([1.0, 2.0])
    >>> pure = PureOptimizer(keras.optimizers.SGD(0.5), [weight])
    >>> state, weights = pure.apply(pure.initial_state(), [[1.0, 1.0]], [[1.0, 2.0]])
    >>> [float(value) for value in weights[0]], int(state[0])
    ([0.5, 1.5], 1)
    >>> [float(value) for value in weight.numpy()]
    [1.0, 2.0]
    """

    def __init__(
        self, optimizer: keras.Optimizer, trainable_variables: Sequence[keras.Variable]
    ) -> None:
        found = obstacle(optimizer)
        if found is not None:
            raise ValueError(
                f"Got an optimizer that is no pure function: {found}. Train with the engine of Keras."
            )
        self._trained = list(trainable_variables)
        self.optimizer = _built_copy(optimizer, self._trained)
        _exclude_the_same(optimizer, self.optimizer, self._trained)
        self.variables: list[keras.Variable] = list(self.optimizer.variables)
        self.learning_rate_index = _learning_rate_index(self.optimizer)
        self._initial = [np.array(variable.numpy()) for variable in self.variables]

    @property
    def rate_place(self) -> int:
        """`learning_rate_index` where the learning rate is a number."""
        if self.learning_rate_index is None:
            raise ValueError(
                f"The learning rate of {type(self.optimizer).__name__} is a schedule. Got a callback that "
                "sets it, expected one of them: pass a number, or leave the callback away."
            )
        return self.learning_rate_index

    def scale_loss(self, state: Sequence[tf.Tensor], loss: tf.Tensor) -> tf.Tensor:
        """The loss of which `apply` takes the gradients: larger than `loss` for some optimizers."""
        with self._scope(state):
            return pure_view(self.optimizer).scale_loss(loss)

    def apply(
        self,
        state: Sequence[tf.Tensor],
        gradients: Sequence[Any],
        weights: Sequence[tf.Tensor],
    ) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """One step, as `keras.Optimizer.apply` takes it.

        Parameters
        ----------
        state : sequence of tf.Tensor
            One for each of `variables`.
        gradients : sequence of tf.Tensor, tf.IndexedSlices or None
            One for each trained variable, None where the loss does not depend on it. Leave the slices
            that `tf.GradientTape` gives for an Embedding as they are: Keras squares and clips each slice
            before it adds those of one row, so that a dense gradient gives other numbers.
        weights : sequence of tf.Tensor
            One for each trained variable.

        Returns
        -------
        state, weights : list of tf.Tensor

        Raises
        ------
        ValueError
            All gradients are None, or the optimizer changes a variable that it does not own.

        Warns
        -----
        UserWarning
            Keras's own, where some gradients are None.
        """
        scope = self._scope(state, weights)
        known = set(scope.state_mapping)
        with scope:
            pure_view(self.optimizer).apply(list(gradients))
        if not known.issuperset(scope.state_mapping):
            raise ValueError(
                f"Got a step of {type(self.optimizer).__name__} that changes a variable which is not among "
                "its `variables`, expected all to be there: make it by add_variable."
            )
        return (
            [scope.get_current_value(variable) for variable in self.variables],
            [scope.get_current_value(variable) for variable in self._trained],
        )

    def finalize(self, state: Sequence[tf.Tensor], weights: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """The weights as `keras.Model.fit` leaves them at its end: their moving average, if there is one."""
        scope = self._scope(state, weights)
        with scope:
            pure_view(self.optimizer).finalize_variable_values(self._trained)
        return [scope.get_current_value(variable) for variable in self._trained]

    @property
    def serves_any_rate(self) -> bool:
        """Whether the state before the first step follows from settings, the rate being one entry of it.

        Then one `PureOptimizer` serves networks of the same shapes that differ in weights and learning rate.
        """
        return self.learning_rate_index is not None and not self._begins_at_weights

    @property
    def _begins_at_weights(self) -> bool:
        kinds = {type(one) for one in _family(self.optimizer)}
        return not all(map(is_keras, kinds)) or load_keras().optimizers.ScheduleFreeAdamW in kinds

    def initial_state(
        self,
        weights: Sequence[np.ndarray] | None = None,
        optimizer: keras.Optimizer | None = None,
    ) -> list[np.ndarray]:
        """The state before the first step.

        Parameters
        ----------
        weights : sequence of ndarray, optional
            What training begins with; by default what the trained variables were when this was made. Of
            Keras's optimizers only `ScheduleFreeAdamW` looks at it, which begins an average there.
        optimizer : keras.Optimizer, optional
            Another one with the same settings, whose learning rate is taken instead, where
            `serves_any_rate`.

        Returns
        -------
        list of ndarray
            In the order of `variables`, to be kept by the caller.
        """
        if weights is None or not self._begins_at_weights:
            state = [value.copy() for value in self._initial]
            if optimizer is not None and self.serves_any_rate:
                state[self.rate_place] = np.array(_rates(optimizer)[0].numpy())
            return state
        begun = [_stand_in(*pair) for pair in zip(self._trained, weights, strict=True)]
        optimizer = _built_copy(self.optimizer, begun)
        return [np.array(variable.numpy()) for variable in optimizer.variables]

    def _scope(self, state: Sequence[Any], weights: Sequence[Any] | None = None) -> Any:
        pairs = list(zip(self.variables, state, strict=True))
        if weights is not None:
            pairs += zip(self._trained, weights, strict=True)
        return load_keras().StatelessScope(pairs, initialize_variables=False)


def obstacle(optimizer: keras.Optimizer) -> str | None:
    """Why an optimizer cannot be a `PureOptimizer`, in the words of a sentence, or None if it can.

    Parameters
    ----------
    optimizer : keras.Optimizer
        Only read.

    Returns
    -------
    str or None

    Examples
    --------
    >>> import keras
    >>> obstacle(keras.optimizers.Adam())
    >>> obstacle(keras.optimizers.SGD(lambda: 0.1))
    'the learning rate of SGD is a function, which a program would call once and for all'
    """
    keras = load_keras()
    if not isinstance(optimizer, keras.Optimizer):
        return f"{optimizer!r} is not an optimizer of Keras"
    for one in _family(optimizer):
        name = type(one).__name__
        if methods := _closed_methods(type(one)):
            return (
                f"{name} has its own {', '.join(methods)}, where a program needs Keras's: "
                f"it may define {', '.join(sorted(_OPEN_METHODS))}"
            )
        schedules = keras.optimizers.schedules.LearningRateSchedule
        if callable(one._learning_rate) and not isinstance(one._learning_rate, schedules):
            return f"the learning rate of {name} is a function, which a program would call once and for all"
        chooses = getattr(one, "_optimizer_map", None)
        if chooses is not None and not isinstance(chooses, keras.optimizers.OptimizerMap):
            return (
                f"{name} chooses optimizers by a function, which cannot be copied: use OptimizerMap"
            )
        inner = vars(one).get("inner_optimizer")
        if isinstance(inner, keras.optimizers.Nadam):
            return f"{name} does not count all variables of {type(inner).__name__} among its own"
    if custom_objects(_parts(optimizer)):
        try:
            _built_copy(optimizer, [keras.Variable(np.zeros((2, 2)), name="weight")])
        except Exception as error:  # whatever a class of the user's raises
            return f"{type(optimizer).__name__} cannot be copied and built: {error}"
    return None


def without_weight_decay(model: keras.Model) -> list[int]:
    """Which of the trainable variables of a compiled `model` its optimizer excludes from weight decay.

    No config tells: `exclude_from_weight_decay` is called on the optimizer.
    """
    variables = model.trainable_variables
    excluding = [
        one for one in _family(model.optimizer) if any(name in vars(one) for name in _EXCLUDED)
    ]
    return [
        place
        for place, variable in enumerate(variables)
        if not all(one._use_weight_decay(variable.value) for one in excluding)
    ]


def _closed_methods(kind: type) -> list[str]:
    """What a class of the user's, and those it comes from, have in the place of Keras's machinery."""
    keras = load_keras()
    own = itertools.takewhile(lambda one: not is_keras(one), kind.__mro__)
    names = {name for one in own for name in vars(one) if not name.startswith("__")}
    return sorted((names & set(dir(keras.Optimizer))) - _OPEN_METHODS)


def _family(optimizer: Any) -> Iterator[Any]:
    """An optimizer and those that it wraps."""
    yield optimizer
    inner = vars(optimizer).get("inner_optimizer")
    for one in [inner] if inner is not None else vars(optimizer).get("_inner_optimizers", ()):
        yield from _family(one)


def learning_rate_of(model: keras.Model) -> float | None:
    """The learning rate of the optimizer of `model`; None where that is a schedule, or there are several."""
    rates = _rates(model.optimizer)
    if len(rates) > 1 or _learning_rate_index(model.optimizer) is None:
        return None
    return float(rates[0].numpy())


def _learning_rate_index(optimizer: Any) -> int | None:
    rates = _rates(optimizer)
    places = [index for index, one in enumerate(optimizer.variables) if one is rates[0]]
    return places[0] if places and len(rates) == 1 else None


def _rates(optimizer: Any) -> list[Any]:
    optimizers = load_keras().optimizers
    wrappers = (optimizers.LossScaleOptimizer, optimizers.MultiOptimizer)
    return [one._learning_rate for one in _family(optimizer) if not isinstance(one, wrappers)]


def _parts(optimizer: Any) -> list[Any]:
    return [part for one in _family(optimizer) for part in (one, one._learning_rate)]


def _built_copy(optimizer: Any, variables: list[Any]) -> Any:
    import tensorflow as tf

    with one_name_for_variables():
        with load_keras().saving.custom_object_scope(custom_objects(_parts(optimizer))):
            made = with_state_of(optimizer, type(optimizer).from_config(optimizer.get_config()))
        made.build(variables)
    for one in _family(made):
        for name, value in vars(one).items():
            parts = value if isinstance(value, (list, tuple)) else [value]
            if any(isinstance(part, tf.Variable) for part in parts):
                raise NotCompilableError(
                    f"Got {type(one).__name__}.{name} that is a variable of TensorFlow's, expected one of "
                    "Keras's: make it by add_variable or add_variable_from_reference."
                )
    return made


def _exclude_the_same(given: Any, made: Any, variables: list[Any]) -> None:
    """Exclude from the weight decay of `made` what is excluded in `given`: configs do not tell."""
    for old, new in zip(_family(given), _family(made), strict=True):
        for name in _EXCLUDED:
            if name in vars(old):
                setattr(new, name, vars(old)[name])
        excluded = set(vars(old).get("_exclude_from_weight_decay", ()))
        if not excluded <= {old._var_key(variable) for variable in variables}:
            raise NotCompilableError(
                f"{type(old).__name__}: a variable is excluded from weight decay and not trained here. "
                "Expected variables of the model that is trained: exclude by var_names instead."
            )


def _stand_in(variable: Any, value: Any) -> Any:
    """A variable like `variable` with another value, for an optimizer to be built on."""
    with one_name_for_variables():
        made = load_keras().Variable(
            value, dtype=variable.dtype, trainable=variable.trainable, name=variable.name
        )
    made._path = variable.path
    made.overwrite_with_gradient = variable.overwrite_with_gradient
    return made
