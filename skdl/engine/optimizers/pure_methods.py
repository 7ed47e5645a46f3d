"""Keras's optimizers without the methods that change variables in place.

Three things stand in the way of a step as a function, and are replaced on a class made for the purpose: the
methods that Keras wrote for `tf.distribute`, which take TensorFlow's variables; conditions, whose branches
assign; and the division of a sparse gradient, whose result has a shape that XLA cannot know.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from skdl.common.keras_import import load_keras
from skdl.engine.keras_parts.walk import is_keras, with_globals


def pure_view(optimizer: Any) -> Any:
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
        pure.inner_optimizer = property(lambda self: pure_view(vars(self)["inner_optimizer"]))
    if issubclass(kind, keras.optimizers.MultiOptimizer):
        pure._inner_optimizers = property(
            lambda self: [pure_view(one) for one in vars(self)["_inner_optimizers"]]
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
    """Keras's own `method`, to which `ops` means our `_Operations`."""
    return with_globals(method, ops=_Operations(method.__globals__["ops"]))


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
