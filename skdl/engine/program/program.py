"""A program of TensorFlow's: traced and compiled once for a structure, called by all fits of it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.engine.keras_parts.convolution import as_matmul
from skdl.engine.keras_parts.noise import fixed_variables, replaced_noise
from skdl.engine.keras_parts.normalization import statistics_as_inputs
from skdl.engine.keras_parts.tracing import untraceable
from skdl.engine.keras_parts.unseeded_calls import drawing_apart
from skdl.engine.keras_parts.walk import is_keras
from skdl.engine.network.state import ProgramState
from skdl.engine.numbers.model_numbers import model_numbers, optimizer_numbers, taking
from skdl.engine.optimizers.pure_optimizer import PureOptimizer
from skdl.engine.plan.form import Form
from skdl.engine.program.call import Epochs, Outcome, Span
from skdl.engine.program.loops import Loops
from skdl.engine.program.step import Step
from skdl.engine.rows.tensors import Data
from skdl.engine.rowwise.masked_rows import masked_normalization
from skdl.engine.structure.key import metric_names
from skdl.engine.structure.widths import filled_up

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from skdl.engine.callbacks import Rule
    from skdl.engine.network.network import Network


class Program:
    """One compiled program of a structure, for one set of sizes.

    Parameters
    ----------
    network : Network
        Any network of the structure; its template lends its layers while the program is traced.
    form : Form
    rules : sequence of Rule
        What ends or changes training between epochs.
    sample : Data
        A few rows, so that losses and metrics learn the shapes of targets.

    Attributes
    ----------
    names : tuple of str
        Of the curves, as Keras names them.
    trainable_shapes, fixed_shapes, optimizer_shapes : list of tuple of int
        Of the variables of the network and its optimizer, filled up.
    sets_rates : bool
        Whether the learning rate of each step is an input.
    """

    def __init__(self, network: Network, form: Form, rules: Sequence[Rule], sample: Data):
        import tensorflow as tf

        self.form = form
        self.names: tuple[str, ...] = ()
        self._curve_shapes: list[tuple[int, ...]] = []
        self._widths = network.widths
        self._network = network = network.filled_up()
        self._rules = tuple(rules)
        with network.lock:
            model = network.template
            network.meet(sample.x, sample.y, sample.weight)
            self._optimizer = PureOptimizer(model.optimizer, model.trainable_variables)
            # A schedule of Keras's own, in the optimizer, is a function of its count of steps.
            self.sets_rates = self._optimizer.learning_rate_index is not None
            self.numbers = [*model_numbers(model), *optimizer_numbers(self._optimizer.optimizer)]
            self.trainable_shapes = [tuple(v.shape) for v in model.trainable_variables]
            self.fixed_shapes = [tuple(v.shape) for v in fixed_variables(model)]
            self.optimizer_shapes = [tuple(v.shape) for v in self._optimizer.variables]
            self._fresh = _metric_states(model)
            self._has_metrics_of_users = not all(is_keras(type(m)) for m in _metrics(model.metrics))
        self.seconds_per_step: float | None = None
        self._metric_names, self._output_names = metric_names(model), _output_names(model)
        self._traced = tf.function(self._trace, autograph=False, jit_compile=form.xla)
        self._run: Any = None

    def history(
        self, curves: np.ndarray, network: Network, *, rates: bool
    ) -> dict[str, tuple[Any, ...]]:
        """`curves` by their names: a number for each epoch, or a list where a metric has several.

        The learning rate is one of them where `rates` asks for it.
        """
        ends = np.cumsum([math.prod(shape) for shape in self._curve_shapes])[:-1]
        parts = np.split(curves, ends, axis=1)
        return {
            name: tuple(part.reshape(-1, *shape).tolist())
            for name, part, shape in zip(
                self._names_for(network), parts, self._curve_shapes, strict=True
            )
            if rates or name != "learning_rate"
        }

    def _names_for(self, network: Network) -> list[str]:
        """`names`, with the names of the outputs and metrics that `network` has."""
        model = network.template
        metrics = dict(zip(self._metric_names, metric_names(model), strict=True))
        outputs = dict(zip(self._output_names, _output_names(model), strict=True))
        found = []
        for name in self.names:
            validates = name.startswith("val_")
            name = name.removeprefix("val_")
            # "dense_1_loss" begins with "dense" too.
            for ours in sorted(outputs, key=len, reverse=True):
                if name.startswith(f"{ours}_"):
                    name = outputs[ours] + name.removeprefix(ours)
                    break
            for ours, theirs in metrics.items():
                if name == ours or name.endswith(f"_{ours}"):
                    name = name.removesuffix(ours) + theirs
                    break
            found.append(f"val_{name}" if validates else name)
        return found

    def fresh_metrics(self, network: Network, few: tuple[Any, Any, Any]) -> list[tf.Tensor]:
        """The state of the metrics of `network` before the first batch.

        A metric of the user's may begin otherwise than another one of the same structure. `few` are rows for
        which metrics make their variables.
        """
        if not self._has_metrics_of_users:
            return self._fresh
        with network.lock:
            network.meet(*few)
            return _metric_states(network.template)

    def note_pace(self, seconds_per_step: float) -> None:
        """Remember how long a step takes; it decides when calls end, and no bit."""
        self.seconds_per_step = seconds_per_step

    @property
    def optimizer(self) -> PureOptimizer:
        """The optimizer as a function."""
        return self._optimizer

    def __call__(
        self,
        state: ProgramState,
        rules: list[Any],
        numbers: tf.Tensor,
        training: Data,
        held_out: Data | None,
        epochs: Epochs,
        span: Span,
        units: tf.Tensor,
        fresh: list[tf.Tensor],
    ) -> Outcome:
        """Run `span` from `state`; `fresh` is the state of metrics at the start of an epoch."""

        validation = None if held_out is None else (held_out.x, held_out.y, held_out.weight)
        inputs = (
            tuple(state),
            rules,
            numbers,
            (training.x, training.y, training.weight),
            validation,
            tuple(epochs),
            tuple(map(_scalar, span)),
            units,
            fresh,
        )
        if self._run is None:
            specs = self._specs(inputs)
            with untraceable(), drawing_apart():
                self._run = self._traced.get_concrete_function(*specs)
        return Outcome(*self._run(*inputs))

    def _specs(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """What the program is traced for: these shapes, or without buckets any number of rows."""
        import tensorflow as tf

        def spec(tensor: Any, open_axis: int | None = None) -> Any:
            shape = tensor.shape.as_list()
            if open_axis is not None:
                shape[open_axis] = None
            return tf.TensorSpec(shape, tensor.dtype)

        state, rules, numbers, training, held_out, epochs, span, units, fresh = inputs
        exact = tf.nest.map_structure(spec, (state, rules, numbers))

        def of(data: Any, size: int) -> Any:
            axis = None if size else 0
            return tf.nest.map_structure(
                lambda part: part if part is None else spec(part, axis), data
            )

        form = self.form
        data = of(training, form.rows), of(held_out, form.held_out_rows)
        axis = None if form.rows else 1
        by_epoch = tf.nest.map_structure(
            lambda part: part if part is None else spec(part, axis), epochs
        )
        return (*exact, *data, by_epoch, *tf.nest.map_structure(spec, (span, units, fresh)))

    def _trace(
        self,
        state: tuple[list[Any], ...],
        rule_states: list[Any],
        numbers: Any,
        training: tuple[Any, Any, Any],
        held_out: tuple[Any, Any, Any] | None,
        epochs: tuple[Any, ...],
        span: tuple[Any, ...],
        units: Any,
        fresh: list[Any],
    ) -> tuple[Any, ...]:
        import tensorflow as tf

        model = self._network.template
        with self._network.lock, _as_program(model, self.form) as normalizations:
            values = tf.unstack(numbers, num=len(self.numbers)) if self.numbers else []
            widths = self._widths
            true = [] if widths is None else tf.unstack(units, num=len(widths.units))
            filling = contextlib.nullcontext() if widths is None else filled_up(model, widths, true)
            with taking(self.numbers, values), filling:
                step = Step(model, self._optimizer, normalizations)
                self.names, self._curve_shapes = self._curves(step, fresh, held_out is not None)
                return self._run_loops(
                    step,
                    ProgramState(*state),
                    rule_states,
                    Data(*training),
                    None if held_out is None else Data(*held_out),
                    Epochs(*epochs),
                    Span(*span),
                    fresh,
                )

    def _run_loops(
        self,
        step: Step,
        state: ProgramState,
        rule_states: list[Any],
        training: Data,
        held_out: Data | None,
        epochs: Epochs,
        span: Span,
        fresh: list[Any],
    ) -> tuple[Any, ...]:
        """Run the epochs of `span` with `step`, while the layers of the template are lent."""
        loops = Loops(
            step,
            self.form,
            self._rules,
            training,
            held_out,
            epochs,
            span,
            fresh,
            self.names,
            sets_rates=self.sets_rates,
        )
        return loops.run(state, rule_states, sum(map(math.prod, self._curve_shapes)))

    def _curves(
        self, step: Step, fresh: list[Any], validates: bool
    ) -> tuple[tuple[str, ...], list[tuple[int, ...]]]:
        """The names of the curves, and the shapes of their entries."""
        logs = step.logs(fresh)
        names = sorted(logs)
        shapes = [tuple(logs[name].shape) for name in names]
        if validates:
            names += [f"val_{name}" for name in names]
            shapes += shapes
        if self.sets_rates:
            names.append("learning_rate")
            shapes.append(())
        return tuple(names), shapes


def _output_names(model: keras.Model) -> list[str]:
    """The names of several outputs, which stand in front of the names of their curves."""
    names = list(getattr(model, "output_names", None) or ())
    return names if len(names) > 1 else []


def _metrics(found: Sequence[Any]) -> Iterator[Any]:
    """Metrics, and the metrics inside them."""
    for metric in found:
        yield metric
        yield from _metrics(getattr(metric, "metrics", ()))


def _metric_states(model: keras.Model) -> list[tf.Tensor]:
    import tensorflow as tf

    return [tf.constant(np.asarray(variable)) for variable in model.metrics_variables]


@lru_cache(maxsize=4096)
def _scalar(number: int) -> Any:
    """`number` as a tensor: the fits of a search pass the same few again and again."""
    import tensorflow as tf

    with tf.init_scope():  # a tensor that is kept belongs to no graph
        return tf.constant(number, tf.int32)


@contextlib.contextmanager
def _as_program(model: keras.Model, form: Form) -> Iterator[list[Any]]:
    """Lend `model` the layers of a program; gives those that want to know the valid rows."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(replaced_noise(model))
        stack.enter_context(statistics_as_inputs(model))
        if form.matmul:
            stack.enter_context(as_matmul(model))
        yield stack.enter_context(masked_normalization(model)) if form.masked else []
