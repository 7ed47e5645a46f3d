"""A traced step and a traced prediction as text, equal where the graphs compute the same.

Names in a graph hold counters of the process, so that two traces of one model differ in them. Here a node is
called by its place in a walk from the outputs, and a function by a hash of what it computes. What the graph
captures from outside, such as the table of a lookup layer, counts by its content.
"""

from __future__ import annotations

import hashlib

import numpy as np
import tensorflow as tf

from skdl.engine.keras_parts.convolution import replaceable
from skdl.engine.keras_parts.noise import fixed_variables
from skdl.engine.keras_parts.tracing import untraceable
from skdl.engine.keras_parts.walk import walk_layers
from skdl.engine.network.network import Network
from skdl.engine.numbers.model_numbers import model_numbers, optimizer_numbers
from skdl.engine.optimizers.pure_optimizer import PureOptimizer
from skdl.engine.optimizers.pure_optimizer import obstacle as optimizer_obstacle
from skdl.engine.plan.form import Form
from skdl.engine.prediction import _traced
from skdl.engine.program.call import Span
from skdl.engine.program.program import Data, Program
from skdl.engine.program.step import Batch
from skdl.engine.rows.arrays import map_arrays
from skdl.engine.rowwise.masked_rows import obstacle_to_masks

BATCH = 4
# Shapes that TensorFlow infers, where a node stood in the source, and numbers that a process counts up.
LEFT_OUT = ("_output_shapes", "_class", "_gradient_op_type", "shared_name", "container")


class OneStep(Program):
    """A program of one step, without the loops around it."""

    def _run_loops(self, step, state, rule_states, training, held_out, epochs, span, fresh):
        valid = tf.range(BATCH) < BATCH - 1 if self.form.masked else None
        return self._of_batch(step, state, Batch(training.x, training.y, training.weight, valid))

    def _of_batch(self, step, state, batch):
        after = step.train(state, batch)
        return tuple(after), step.logs(after.metrics)

    def trace(self, x, y):
        def specs(values):
            return [tf.TensorSpec(value.shape, value.dtype) for value in values]

        model, widths = self._network.template, self._widths
        state = (
            specs(model.trainable_variables),
            specs(fixed_variables(model)),
            specs(self._optimizer.variables),
            specs(model.metrics_variables),
        )
        return self._traced.get_concrete_function(
            state,
            [],
            tf.TensorSpec((len(self.numbers),), tf.float64),
            (specs_of_batch(x), specs_of_batch(y), None),
            None,
            (None, None, None),
            (None,) * len(Span._fields),
            tf.TensorSpec((0 if widths is None else len(widths.units),), tf.int32),
            specs(model.metrics_variables),
        )


class OneLoss(OneStep):
    """A program of the loss of one step, without gradients and optimizer."""

    def _of_batch(self, step, state, batch):
        loss, _, after = step._forward(state, batch, training=True)
        return loss, after


def specs_of_batch(rows):
    return map_arrays(lambda part: tf.TensorSpec(part.shape, part.dtype), rows)


def training_text(model, x, y, *, gradients=True):
    """All that programs of `model` share: the graph of a step, the numbers' places, the form's reasons.

    `x` and `y` are a batch of `BATCH` rows. Where models do not differ in what applies gradients, these need
    not be traced: TensorFlow derives gradients from the graph of the loss and from which variables train, as
    the text tells. Two exceptions have the whole step traced: a node that brings a gradient of its own, and a
    constraint, which an optimizer applies.
    """
    gradients = gradients or any(v.constraint is not None for v in model.trainable_variables)
    reason = optimizer_obstacle(model.optimizer)
    if reason is not None:
        return f"no program, because {reason}"
    network = Network(lambda: model, redraw=False)
    network.meet(x, y, None)
    obstacle = obstacle_to_masks(model)
    convolves = any(map(replaceable, walk_layers(model)))
    form = Form(
        xla=False,
        full_by_xla=False,
        masked=obstacle is None,
        matmul=obstacle is None and convolves,
        mixes=False,
        stops_at_nan=False,
        batch_size=BATCH,
        rows=0,
        held_out_batch_size=0,
        held_out_rows=0,
        epochs=1,
    )
    program = (OneStep if gradients else OneLoss)(network, form, (), Data(x, y, None))
    places = [(type(n.owner).__name__, n.attribute, n.key) for n in program.numbers]
    with untraceable():
        traced = program.trace(x, y)
    if not gradients and has_gradients_of_its_own(traced):
        return training_text(model, x, y)
    trained = len(model.trainable_variables)
    return f"{text_of(traced)}\nnumbers {places}\nform {obstacle is None} {convolves}\ntrains {trained}"


def has_gradients_of_its_own(concrete):
    """Whether a node of the graph was made by `tf.custom_gradient`."""
    definition = concrete.graph.as_graph_def()
    nodes = [*definition.node, *(n for f in definition.library.function for n in f.node_def)]
    return any(node.attr["_gradient_op_type"].s.startswith(b"CustomGradient") for node in nodes)


def fresh_state_of(model):
    """The numbers of an optimizer, and the state that it begins with for weights of one."""
    if optimizer_obstacle(model.optimizer) is not None:
        return (), []
    pure = PureOptimizer(model.optimizer, model.trainable_variables)
    numbers = tuple(number.value for number in optimizer_numbers(model.optimizer))
    weights = [np.ones(v.shape, v.dtype) for v in model.trainable_variables]
    state = list(map(content, pure.initial_state(weights, model.optimizer)))
    if pure.learning_rate_index is not None:
        del state[pure.rate_place]  # an input of each step
    return numbers, state


def prediction_text(model, x):
    """The graph that predictions of `model` for batches like `x` share."""
    network = Network(lambda: model, redraw=False)
    places = [(type(n.owner).__name__, n.attribute, n.key) for n in model_numbers(model)]
    traced = _traced(network, x)
    return "layer by layer" if traced is None else f"{text_of(traced)}\nnumbers {places}"


def text_of(concrete):
    """A concrete function as text."""
    graph = concrete.graph
    definition = graph.as_graph_def()
    functions = {one.signature.name: one for one in definition.library.function}
    own = list(graph.inputs)[: len(graph.inputs) - len(concrete.captured_inputs)]
    given = {tensor.op.name: f"input {place}" for place, tensor in enumerate(own)}
    held = graph.inputs[len(own) :]

    def kinds_of(name):
        """The types of keys and values of the table that comes in by the node `name`."""
        everywhere = [*definition.node, *(n for f in functions.values() for n in f.node_def)]
        finds = [node for node in everywhere if node.op.startswith("LookupTableFind")]
        here = [node for node in finds if node.input[0].partition(":")[0] == name] or finds
        (kinds,) = {(node.attr["Tin"].type, node.attr["Tout"].type) for node in here}
        return kinds

    for tensor, value in zip(held, concrete.captured_inputs, strict=True):
        given[tensor.op.name] = f"holds {held_content(value, lambda n=tensor.op.name: kinds_of(n))}"
    writer = _Writer(functions)
    ends = [tensor.name for tensor in graph.outputs]
    ends += [f"^{operation.name}" for operation in graph.control_outputs]
    return writer.text(definition.node, given, ends)


def held_content(value, table_kinds):
    """What a graph captured: a tensor, a variable or a table, by its content."""
    if value.dtype != tf.resource:
        return content(value.numpy())
    handle_data = value._handle_data
    if handle_data is not None and handle_data.shape_and_type:
        kind = tf.as_dtype(handle_data.shape_and_type[0].dtype)
        return content(tf.raw_ops.ReadVariableOp(resource=value, dtype=kind).numpy())
    # TensorFlow ends the process where these types are not those of the table.
    keys, values = map(tf.as_dtype, table_kinds())
    table = tf.raw_ops.LookupTableExportV2(table_handle=value, Tkeys=keys, Tvalues=values)
    entries = sorted(zip(*(part.numpy().tolist() for part in table), strict=True))
    return f"table {keys.name} {values.name} {entries}"


def content(value):
    """An array as text."""
    value = np.asarray(value)
    told = value.tolist() if value.size <= 16 or value.dtype == object else None
    if told is None:
        told = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    return f"{value.dtype}{value.shape}{told}"


class _Writer:
    """Writes the nodes of graphs and functions that the ends of each depend on."""

    def __init__(self, functions):
        self._functions = functions
        self._prints = {}

    def function(self, name):
        """A hash of what a function of the library computes."""
        if name not in self._prints:
            made = self._functions[name]
            arguments = enumerate(made.signature.input_arg)
            given = {argument.name: f"argument {place}" for place, argument in arguments}
            ends = [made.ret[one.name] for one in made.signature.output_arg]
            ends += [f"^{made.control_ret[one]}" for one in made.signature.control_output]
            text = self.text(made.node_def, given, ends)
            self._prints[name] = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self._prints[name]

    def text(self, nodes, given, ends):
        by_name = {node.name: node for node in nodes}
        numbers, lines = {}, []

        def reference(name):
            control, name = name.startswith("^"), name.removeprefix("^")
            name, _, output = name.partition(":")
            if name not in numbers:
                visit(name)
            output = "" if output in ("", "0") else f":{output}"
            return f"{'^' if control else ''}{numbers[name]}{output}"

        def visit(name):
            # Depth first without recursion, which a deep network would exhaust.
            pending = [(name, False)]
            while pending:
                name, ready = pending.pop()
                if name in numbers:
                    continue
                if name in given:
                    numbers[name] = f"({given[name]})"
                elif ready:
                    line = self._node(by_name[name], reference)
                    numbers[name] = f"%{len(lines)}"
                    lines.append(line)
                else:
                    pending.append((name, True))
                    inputs = [i.removeprefix("^").partition(":")[0] for i in by_name[name].input]
                    pending += [(one, False) for one in reversed(inputs)]

        told = [reference(end) for end in ends]
        return "\n".join([*lines, f"gives {told}"])

    def _node(self, node, reference):
        op = self.function(node.op) if node.op in self._functions else node.op
        inputs = [one for one in node.input if not one.startswith("^")]
        controls = sorted({reference(one) for one in node.input if one.startswith("^")})
        settings = [
            f"{key}={self._setting(node.attr[key])}"
            for key in sorted(node.attr)
            if key not in LEFT_OUT
        ]
        return f"{op}({[reference(one) for one in inputs]}{controls}) {settings}"

    def _setting(self, value):
        kind = value.WhichOneof("value")
        if kind == "func":
            return self.function(value.func.name) if value.func.name else ""
        if kind == "tensor":
            return content(tf.make_ndarray(value.tensor))
        if kind == "list" and value.list.func:
            return [self.function(one.name) for one in value.list.func]
        if kind is None:
            return ""
        return str(getattr(value, kind)).replace("\n", " ")
