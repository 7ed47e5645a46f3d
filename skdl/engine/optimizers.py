"""Keras's optimizers as functions from (state, gradients, weights) to (state, weights).

On TensorFlow an optimizer of Keras's changes variables in place, which a program that holds several steps,
or runs in several threads, cannot have. Here Keras's own code runs with the values of all variables in
a `keras.StatelessScope`. Three things stand in its way, and are replaced on a class made for the purpose:
the methods that Keras wrote for `tf.distribute`, which take TensorFlow's variables; conditions, whose
branches assign; and the division of a sparse gradient, whose result has a shape that XLA cannot know.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import types
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl._startup import load_keras
from skdl.engine.layers import custom_objects, is_keras

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

# What a class of the user's may define anew: the rest is the machinery that is replaced here.
_OPEN_METHODS = frozenset({"build", "update_step", "get_config", "from_config"})


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
            return _view(self.optimizer).scale_loss(loss)

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
            _view(self.optimizer).apply(list(gradients))
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
            _view(self.optimizer).finalize_variable_values(self._trained)
        return [scope.get_current_value(variable) for variable in self._trained]

    def initial_state(self, weights: Sequence[np.ndarray] | None = None) -> list[np.ndarray]:
        """The state before the first step.

        Parameters
        ----------
        weights : sequence of ndarray, optional
            What training begins with; by default what the trained variables were when this was made. Of
            Keras's optimizers only `ScheduleFreeAdamW` looks at it, which begins an average there.

        Returns
        -------
        list of ndarray
            In the order of `variables`, to be kept by the caller.
        """
        kinds = {type(one) for one in _family(self.optimizer)}
        known = all(map(is_keras, kinds)) and load_keras().optimizers.ScheduleFreeAdamW not in kinds
        if weights is None or known:
            return [value.copy() for value in self._initial]
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
            _built_copy(optimizer, [keras.Variable(np.zeros((2, 2)))])
        except Exception as error:  # whatever a class of the user's raises
            return f"{type(optimizer).__name__} cannot be copied and built: {error}"
    return None


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


def _learning_rate_index(optimizer: Any) -> int | None:
    optimizers = load_keras().optimizers
    wrappers = (optimizers.LossScaleOptimizer, optimizers.MultiOptimizer)
    rates = [one._learning_rate for one in _family(optimizer) if not isinstance(one, wrappers)]
    places = [index for index, one in enumerate(optimizer.variables) if one is rates[0]]
    return places[0] if places and len(rates) == 1 else None


def _parts(optimizer: Any) -> list[Any]:
    return [part for one in _family(optimizer) for part in (one, one._learning_rate)]


def _built_copy(optimizer: Any, variables: list[Any]) -> Any:
    import tensorflow as tf

    with load_keras().saving.custom_object_scope(custom_objects(_parts(optimizer))):
        made = type(optimizer).from_config(optimizer.get_config())
    made.build(variables)
    for one in _family(made):
        for name, value in vars(one).items():
            parts = value if isinstance(value, (list, tuple)) else [value]
            if any(isinstance(part, tf.Variable) for part in parts):
                raise ValueError(
                    f"Got {type(one).__name__}.{name} that is a variable of TensorFlow's, expected one of "
                    "Keras's: make it by add_variable or add_variable_from_reference."
                )
    return made


def _exclude_the_same(given: Any, made: Any, variables: list[Any]) -> None:
    """Exclude from the weight decay of `made` what is excluded in `given`: configs do not tell."""
    for old, new in zip(_family(given), _family(made), strict=True):
        for name in ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern"):
            if name in vars(old):
                setattr(new, name, vars(old)[name])
        excluded = set(vars(old).get("_exclude_from_weight_decay", ()))
        if not excluded <= {old._var_key(variable) for variable in variables}:
            raise ValueError(
                f"{type(old).__name__}: a variable is excluded from weight decay and not trained here. "
                "Expected variables of the model that is trained: exclude by var_names instead."
            )


def _stand_in(variable: Any, value: Any) -> Any:
    """A variable like `variable` with another value, for an optimizer to be built on."""
    made = load_keras().Variable(
        value, dtype=variable.dtype, trainable=variable.trainable, name=variable.name
    )
    made._path = variable.path
    made.overwrite_with_gradient = variable.overwrite_with_gradient
    return made


def _view(optimizer: Any) -> Any:
    """`optimizer` with pure methods: another object with the same attributes, tensors among them."""
    kind: Any = type(optimizer)
    view = object.__new__(_pure_class(kind))
    object.__setattr__(view, "__dict__", vars(optimizer))
    return view


@functools.lru_cache(maxsize=256)
def _pure_class(kind: Any) -> Any:
    """A subclass of an optimizer's class whose methods change no variable.

    `kind` comes right after it in the order of methods, and the replacements of TensorFlow's methods
    after all of Keras's and the user's that may call them.
    """
    keras = load_keras()
    pure: Any = type(f"Pure{kind.__name__}", (kind, _stateless_base()), {})
    for name, method in inspect.getmembers(pure, inspect.isfunction):
        if is_keras(method) and "ops" in method.__globals__:
            setattr(pure, name, _with_operations(method))
    if kind.update_step is keras.optimizers.ScheduleFreeAdamW.update_step:
        pure.update_step = _with_late_momentum(pure.update_step)
    if issubclass(kind, keras.optimizers.LossScaleOptimizer):
        pure.inner_optimizer = property(lambda self: _view(vars(self)["inner_optimizer"]))
    if issubclass(kind, keras.optimizers.MultiOptimizer):
        pure._inner_optimizers = property(
            lambda self: [_view(one) for one in vars(self)["_inner_optimizers"]]
        )
    return pure


@functools.cache
def _stateless_base() -> Any:
    """The methods in place of those that Keras has for TensorFlow's variables."""
    import tensorflow as tf

    keras = load_keras()
    base = keras.Optimizer.__bases__[-1]  # without the part that is for TensorFlow

    class Stateless(keras.Optimizer):  # type: ignore[name-defined]
        _backend_update_step = base._backend_update_step
        _backend_increment_gradient_accumulators = base._backend_increment_gradient_accumulators

        def _var_key(self, variable: Any) -> Any:
            # Within a StatelessScope `value` is a tensor, which has no identity.
            return super()._var_key(getattr(variable, "_value", variable))

        def _apply_weight_decay(self, variables: list[Any]) -> None:
            if self.weight_decay is None:
                return
            for variable in variables:
                # Keras looks for var_names in the name of TensorFlow's variable, which has the layer's too.
                if self._use_weight_decay(variable._value):
                    rate = tf.cast(self.learning_rate, variable.dtype)
                    decay = tf.cast(self.weight_decay, variable.dtype)
                    variable.assign(variable - variable * decay * rate)

        def _overwrite_model_variables_with_average_value(self, variables: list[Any]) -> None:
            averages = self._model_variables_moving_average
            for variable, average in zip(variables, averages, strict=True):
                if average is not None:
                    # Keras assigns the variable itself, which a StatelessScope would read too late.
                    variable.assign(average.value)

        def assign(self, variable: Any, value: Any) -> None:
            self._change(variable, value, lambda _, after: after, tf.tensor_scatter_nd_update)

        def assign_add(self, variable: Any, value: Any) -> None:
            self._change(variable, value, tf.add, tf.tensor_scatter_nd_add)

        def assign_sub(self, variable: Any, value: Any) -> None:
            self._change(variable, value, tf.subtract, tf.tensor_scatter_nd_sub)

        def _change(self, variable: Any, value: Any, dense: Any, sparse: Any) -> None:
            value = value.value if isinstance(value, keras.Variable) else value
            value = tf.cast(value, variable.dtype)
            if isinstance(value, tf.IndexedSlices):
                variable.assign(sparse(variable.value, value.indices[:, None], value.values))
            else:
                variable.assign(dense(variable.value, value))

    return Stateless


class _Operations:
    """`keras.ops` as Keras's optimizers import it, with a condition and a division of our own."""

    def __init__(self, operations: Any) -> None:
        self._operations = operations

    def __getattr__(self, name: str) -> Any:
        return getattr(self._operations, name)

    def cond(self, predicate: Any, true: Callable[[], Any], false: Callable[[], Any]) -> Any:
        """Both branches, and of each variable that they assign the value of the right one."""
        import tensorflow as tf
        from keras.src.backend.common.stateless_scope import get_stateless_scope  # not exported

        scope = get_stateless_scope()
        before = dict(scope.state_mapping)
        true_result, true_values = true(), scope.state_mapping
        scope.state_mapping = dict(before)
        false_result, false_values = false(), scope.state_mapping
        scope.state_mapping = {**true_values, **false_values}
        for key, value in before.items():
            if not (true_values[key] is value and false_values[key] is value):
                scope.state_mapping[key] = tf.where(predicate, true_values[key], false_values[key])
        if true_result is None:
            return None
        return tf.where(predicate, true_result, false_result)

    def divide(self, x1: Any, x2: Any) -> Any:
        """A sparse gradient is divided slice by slice.

        Keras's own division first asks, by a condition whose branches give different shapes, whether
        the divisor has zeros. The optimizers add their epsilon to it.
        """
        import tensorflow as tf

        if isinstance(x1, tf.IndexedSlices) and isinstance(x2, tf.Tensor) and x2.shape.rank > 0:
            values = self._operations.divide(x1.values, tf.gather(x2, x1.indices))
            return tf.IndexedSlices(values, x1.indices, x1.dense_shape)
        return self._operations.divide(x1, x2)


def _with_operations(method: Any) -> Any:
    """Keras's own `method`, compiled code and all, to which `ops` means our `_Operations`."""
    names = {**method.__globals__, "ops": _Operations(method.__globals__["ops"])}
    made = types.FunctionType(
        method.__code__, names, method.__name__, method.__defaults__, method.__closure__
    )
    made.__kwdefaults__ = method.__kwdefaults__
    return functools.update_wrapper(made, method)


def _with_late_momentum(update_step: Any) -> Any:
    """Keras's step of ScheduleFreeAdamW as it is on TensorFlow.

    It keeps `momentum.value` for use after the update of the momentum, where on TensorFlow that is the
    variable itself and gives the value after the update.
    """
    import tensorflow as tf

    def late(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        momentum = self._momentums[self._get_variable_index(variable)]
        before = momentum.value
        update_step(self, gradient, variable, learning_rate)
        remains = 1 - 1 / tf.cast(self.iterations + 1, variable.dtype)
        beta = tf.cast(self.beta_1, variable.dtype)
        variable.assign(variable - remains * (1 - beta) * (momentum - before))

    return late
