"""One step of training and of validation, as pure functions made of Keras's own parts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from skdl.common.keras_import import load_keras
from skdl.engine.keras_parts.noise import fixed_variables
from skdl.engine.keras_parts.tracing import known_variables_alone
from skdl.engine.network.state import ProgramState

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from skdl.engine.optimizers.pure_optimizer import PureOptimizer


class Batch(NamedTuple):
    """Some rows; `valid` tells the real ones where the batch is filled up, and is None where it is not."""

    x: Any
    y: Any
    weight: Any
    valid: tf.Tensor | None


class Step:
    """The steps of one model.

    Parameters
    ----------
    model : keras.Model
        Compiled, with losses and metrics that have met data. Only its graph is used: its variables are
        neither read nor changed.
    optimizer : PureOptimizer
    normalizations : list of keras.Layer
        The normalisation layers that are to see the valid rows alone.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: PureOptimizer,
        normalizations: list[Any],
    ):
        self.model = model
        self.optimizer = optimizer
        self.trainable = list(model.trainable_variables)
        self.fixed = fixed_variables(model)
        self.metrics = list(model.metrics_variables)
        self._normalizations = normalizations

    def train(self, state: ProgramState, batch: Batch) -> ProgramState:
        """One step of the optimizer, as `keras.Model.train_step` does it."""
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(state.trainable)
            loss, y_pred, (trainable, fixed, metrics) = self._forward(state, batch, training=True)
            scaled = self.optimizer.scale_loss(state.optimizer, loss)
        gradients = tape.gradient(scaled, state.trainable)
        metrics = self._measure(metrics, loss, y_pred, batch)
        optimizer, trainable = self.optimizer.apply(state.optimizer, gradients, trainable)
        return ProgramState(list(trainable), fixed, list(optimizer), metrics)

    def evaluate(
        self, state: ProgramState, metrics: list[tf.Tensor], batch: Batch
    ) -> list[tf.Tensor]:
        """`metrics` after one more batch, as `keras.Model.test_step` does it."""
        loss, y_pred, (_, _, metrics) = self._forward(
            state._replace(metrics=metrics), batch, training=False
        )
        return self._measure(metrics, loss, y_pred, batch)

    def logs(self, metrics: list[tf.Tensor]) -> dict[str, tf.Tensor]:
        """The results of `metrics` by their names."""
        keras = load_keras()
        scope = keras.StatelessScope(state_mapping=list(zip(self.metrics, metrics, strict=True)))
        with known_variables_alone(scope, "the result of a metric"):
            results = self.model.get_metrics_result()
            # The result of a metric may be its variable, whose value is known in the scope alone.
            return {
                name: keras.ops.convert_to_tensor(getattr(part, "value", part))
                for name, part in results.items()
            }

    def _forward(
        self, state: ProgramState, batch: Batch, *, training: bool
    ) -> tuple[tf.Tensor, Any, tuple[list[tf.Tensor], ...]]:
        """The loss, the outputs, and what the variables are after it."""
        keras, model = load_keras(), self.model
        for layer in self._normalizations:
            object.__setattr__(layer, "_valid", batch.valid)
        variables = [*self.trainable, *self.fixed, *self.metrics]
        values = [*state.trainable, *state.fixed, *state.metrics]
        scope = _forward_scope()(
            state_mapping=list(zip(variables, values, strict=True)), collect_losses=True
        )
        with known_variables_alone(scope, "a layer or a loss"):
            takes_training = model._call_has_training_arg
            y_pred = model(batch.x, training=training) if takes_training else model(batch.x)
            if batch.valid is not None:
                for part in keras.tree.flatten(y_pred):
                    # The loss divides by the rows that Keras's own mask counts.
                    part._keras_mask = _beside(batch.valid, len(part.shape) - 1)
            loss = model._compute_loss(
                x=batch.x, y=batch.y, y_pred=y_pred, sample_weight=batch.weight, training=training
            )
            after = [_value(scope, variable) for variable in variables]
        first, second = len(self.trainable), len(self.trainable) + len(self.fixed)
        return loss, y_pred, (after[:first], after[first:second], after[second:])

    def _measure(
        self, metrics: list[tf.Tensor], loss: tf.Tensor, y_pred: Any, batch: Batch
    ) -> list[tf.Tensor]:
        import tensorflow as tf

        keras, model = load_keras(), self.model
        scope = keras.StatelessScope(state_mapping=list(zip(self.metrics, metrics, strict=True)))
        with known_variables_alone(scope, "a metric"):
            if batch.valid is None:
                rows = tf.shape(keras.tree.flatten(batch.x)[0])[0]
                model._loss_tracker.update_state(loss, sample_weight=rows)
                model.compute_metrics(batch.x, batch.y, y_pred, batch.weight)
            else:
                rows = tf.reduce_sum(tf.cast(batch.valid, tf.int32))
                model._loss_tracker.update_state(loss, sample_weight=rows)
                self._measure_valid(y_pred, batch)
            return [_value(scope, variable) for variable in self.metrics]

    def _measure_valid(self, y_pred: Any, batch: Batch) -> None:
        """`keras.Model.compute_metrics` on the valid rows: a metric drops rows by their weight alone."""
        import tensorflow as tf

        keras = load_keras()
        compiled = self.model._compile_metrics
        if compiled is None:
            return
        targets, outputs = compiled._flatten_y(batch.y), compiled._flatten_y(y_pred)
        weights = [None] * len(targets)
        if batch.weight is not None:
            given = compiled._flatten_y(batch.weight)
            weights = given if len(given) == len(targets) else [given[0]] * len(targets)
        for plain, weighted, y, output, weight in zip(
            compiled._flat_metrics,
            compiled._flat_weighted_metrics,
            targets,
            outputs,
            weights,
            strict=True,
        ):
            valid = tf.cast(_beside(batch.valid, len(output.shape) - 1), keras.config.floatx())
            output = tf.identity(output)  # without the mask, which would count twice
            if plain:
                plain.update_state(y, output, valid)
            if weighted:
                weighted.update_state(y, output, valid if weight is None else valid * weight)


def _beside(valid: Any, rank: int) -> Any:
    """`valid`, one value a row, with axes to stand beside arrays of `rank`."""
    import tensorflow as tf

    return tf.reshape(valid, (-1,) + (1,) * (rank - 1)) if rank > 1 else valid


@cache
def _forward_scope() -> Any:
    """A scope in which a layer may set its own weights, as SpectralNormalization does."""
    import tensorflow as tf

    keras = load_keras()

    class ForwardScope(keras.StatelessScope):  # type: ignore[name-defined]
        def add_update(self, update: tuple[Any, Any]) -> None:
            variable, value = update
            before = self.state_mapping.get(id(variable))
            if before is not None and variable.trainable:
                value = assigned(before, tf.stop_gradient(tf.cast(value, before.dtype)))
            super().add_update((variable, value))

    @tf.custom_gradient
    def assigned(before: Any, value: Any) -> tuple[Any, Any]:
        # In Keras all that reads a variable counts for its gradient, before and after it is set.
        return tf.identity(value), lambda upstream: (upstream, tf.zeros_like(upstream))

    return ForwardScope


def _value(scope: Any, variable: Any) -> Any:
    import tensorflow as tf

    value = scope.get_current_value(variable)
    return tf.cast(variable.value if value is None else value, variable.dtype)
