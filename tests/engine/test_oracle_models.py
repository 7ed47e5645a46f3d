"""Kinds of models and what layers can be given: compiled, and in float64 the same as the Keras loop."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.network.network import Network
from skdl.engine.rows.arrays import Samples
from tests.engine.oracle import (
    ROWS,
    assert_agree,
    assert_agree_after_one_step,
    both,
    classes,
    job_of,
    numbers,
)
from tests.engine_of_graphs import without_xla
from tests.selection import some

layers, ops = keras.layers, keras.ops


def compiled(model, optimizer="sgd", loss="mse", **settings):
    model.compile(optimizer, loss, **settings)
    return model


def stack(*made, shape=(4,), **settings):
    """A compiled network of these layers, and a last one."""
    return compiled(keras.Sequential([keras.Input(shape), *made, layers.Dense(2)]), **settings)


def branches(make, names):
    """A network of a Dense(5) for each name, side by side."""
    inputs = keras.Input((4,))
    joined = layers.Concatenate()([make(name)(inputs) for name in names])
    return compiled(keras.Model(inputs, layers.Dense(2)(joined)))


@pytest.fixture
def fast(float64, monkeypatch):
    """Double precision, and graphs where XLA would run too."""
    without_xla(monkeypatch)


def train(build, x=None, y=None, weight=None, **changes):
    x = numbers(ROWS, 4) if x is None else x
    y = numbers(ROWS, 2, seed=1) if y is None else y
    return both(build, x, y, weight, **changes)


def agree(*args, masked, **changes):
    pair = train(*args, **changes)
    assert_agree(pair)
    assert pair.masked == masked
    assert pair.programs == 1
    return pair


def functions(module):
    return sorted(
        name
        for name, one in vars(module).items()
        if inspect.isfunction(one)
        and name not in ("get", "serialize", "deserialize")
        and name not in ("threshold", "glu")  # which need arguments, or halve the columns
    )


def kinds(module, base):
    return sorted(
        one.__name__
        for one in {one for one in vars(module).values() if inspect.isclass(one)}
        if issubclass(one, base) and one is not base
    )


@pytest.mark.oracle
def test_every_activation(fast):
    def make(name):
        return layers.Dense(6, activation=name)

    agree(lambda: branches(make, functions(keras.activations)), masked=True)


@pytest.mark.oracle
def test_every_initializer(fast):
    names = [n for n in kinds(keras.initializers, keras.Initializer) if not n.startswith("STFT")]

    def make(name):
        kind = getattr(keras.initializers, name)
        settings = {"seed": 3} if "seed" in inspect.signature(kind).parameters else {}
        return layers.Dense(4, kernel_initializer=kind(**settings))

    agree(lambda: branches(make, names), masked=True)


@pytest.mark.oracle
def test_every_regularizer_and_constraint(fast):
    regularizers = set(kinds(keras.regularizers, keras.Regularizer))
    regularizers.remove("OrthogonalRegularizer")  # of Keras, in single precision alone
    constraints = kinds(keras.constraints, keras.constraints.Constraint)

    def make(name):
        if name in regularizers:
            kind = getattr(keras.regularizers, name)
            return layers.Dense(3, kernel_regularizer=kind(0.1), bias_regularizer="l2")
        return layers.Dense(3, kernel_constraint=getattr(keras.constraints, name)())

    agree(lambda: branches(make, [*sorted(regularizers), *constraints]), masked=True)


@pytest.mark.oracle
def test_a_penalty_for_weights_that_are_not_orthogonal():
    def build():
        penalty = keras.regularizers.OrthogonalRegularizer(0.1)
        return stack(layers.Dense(3, kernel_regularizer=penalty))

    pair = train(build, epochs=1, batch_size=ROWS)
    assert_agree_after_one_step(pair, build, ROWS, rate=0.01)


@pytest.mark.oracle
def test_a_penalty_on_activities_counts_real_rows_alone(fast):
    agree(
        lambda: stack(layers.Dense(3, activity_regularizer=keras.regularizers.L1L2(0.1, 0.2))),
        masked=False,
    )


@pytest.mark.oracle
def test_frozen_layers(fast):
    def build():
        frozen = keras.Sequential(
            [keras.Input((5,)), layers.Dense(5), layers.BatchNormalization(), layers.Dropout(0.3)]
        )
        frozen.trainable = False
        return stack(layers.Dense(5), frozen, layers.BatchNormalization(trainable=False))

    pair = agree(build, masked=True)
    start = Network(build).initial_state(1).variables
    assert (
        sum(
            not np.array_equal(a, b)
            for a, b in zip(pair.compiled.end.variables, start, strict=True)
        )
        == 5
    )


@pytest.mark.further
def test_noise_inside_models_and_wrappers(fast):
    def build():
        inputs = keras.Input((3, 4))
        inner = keras.Sequential([layers.Dense(4), layers.GaussianNoise(0.2), layers.Dropout(0.3)])
        x = layers.TimeDistributed(inner)(inputs)
        x = layers.MultiHeadAttention(2, 2, dropout=0.2)(x, x)
        x = layers.Bidirectional(layers.SimpleRNN(2, dropout=0.2, recurrent_dropout=0.3))(x)
        model = keras.Model(inputs, layers.Dense(2)(x))
        return compiled(keras.Sequential([keras.Input((3, 4)), model, layers.AlphaDropout(0.1)]))

    agree(build, numbers(ROWS, 3, 4), masked=False)


@pytest.mark.oracle
def test_layers_and_weights_that_are_shared(fast):
    def build():
        inputs = keras.Input((4,))
        shared, noise = layers.Dense(4, activation="tanh"), layers.Dropout(0.2)
        return compiled(keras.Model(inputs, layers.Dense(2)(noise(shared(noise(shared(inputs)))))))

    agree(build, masked=True)


def two_inputs(first, second):
    left, right = keras.Input((4,), name=first), keras.Input((3,), name=second)
    return left, right, layers.Concatenate()([layers.Dense(3)(left), layers.Dense(3)(right)])


@pytest.mark.oracle
def test_several_inputs_in_a_tuple_or_a_dict(fast):
    def build():
        left, right, joined = two_inputs("left", "right")
        return compiled(keras.Model([left, right], layers.Dense(2)(joined)))

    x, other = numbers(ROWS, 4), numbers(ROWS, 3, seed=4)
    agree(build, (x, other), masked=True)

    def build_of_a_dict():
        left, right, joined = two_inputs("left", "right")
        return compiled(keras.Model({"left": left, "right": right}, layers.Dense(2)(joined)))

    agree(build_of_a_dict, {"right": other, "left": x}, masked=True)


OUTPUTS = {
    "one loss for all": lambda: {"loss": "mse", "metrics": [["mae"], ["mae", "mse"]]},
    "a loss for each": lambda: {
        "loss": ["mse", "mae"],
        "loss_weights": [0.3, 2.0],
        "weighted_metrics": [["mse"], None],
    },
    "one output without a loss": lambda: {"loss": ["mse", None]},
    "names": lambda: {
        "loss": {"first": "mse", "second": keras.losses.Huber(0.5)},
        "loss_weights": {"first": 0.5, "second": 1.5},
        "metrics": {"second": ["mae", keras.metrics.MeanSquaredError(name="error")]},
        "weighted_metrics": {"first": ["mse"]},
    },
}


def outputs(as_dict, settings):
    def build():
        inputs = keras.Input((4,))
        hidden = layers.Dropout(0.2)(layers.Dense(5, activation="tanh")(inputs))
        first = layers.Dense(2, name="first")(hidden)
        second = layers.Dense(1, name="second")(hidden)
        given = {"first": first, "second": second} if as_dict else [first, second]
        return compiled(keras.Model(inputs, given), **settings())

    return build


@pytest.mark.further
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning")  # without a loss
def test_several_outputs(fast, name, weighted):
    as_dict = name == "names"
    y = (numbers(ROWS, 2, seed=1), numbers(ROWS, 1, seed=2))
    weight = (numbers(ROWS, seed=3, low=0.1), numbers(ROWS, seed=4, low=0.1)) if weighted else None
    if as_dict:
        names = ("first", "second")
        y = dict(zip(names, y, strict=True))
        weight = dict(zip(names, weight, strict=True)) if weighted else None
    held_out = Samples(numbers(9, 4, seed=7), keras.tree.map_structure(lambda a: a[:9], y))
    build = outputs(as_dict, OUTPUTS[name])
    # Keras averages the losses of outputs over batches, by their rows in eager code alone.
    agree(build, numbers(ROWS, 4), y, weight, validation=held_out, masked=True, keras_runs="traced")


@pytest.mark.oracle
def test_an_output_of_sequences(fast):
    pair = agree(
        lambda: stack(layers.LSTM(3, return_sequences=True), shape=(5, 4), metrics=["mae"]),
        numbers(ROWS, 5, 4),
        numbers(ROWS, 5, 2, seed=1),
        numbers(ROWS, 5, seed=3, low=0.1),
        masked=True,
    )
    assert "mae" in pair.compiled.history


class Own(layers.Layer):
    """A layer of the user's with weights, a loss, noise and a running sum."""

    def __init__(self, units=4):
        super().__init__()
        self.units = units
        self.noise = layers.Dropout(0.2)

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), initializer="ones")
        self.total = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, inputs, training=False):
        self.add_loss(1e-2 * ops.sum(ops.square(inputs)))
        if training:
            self.total.assign(self.total + ops.sum(inputs))
        return self.noise(ops.matmul(inputs, self.kernel), training=training)


class Subclassed(keras.Model):
    """A model of the user's with a call of its own."""

    def __init__(self, units=4):
        super().__init__()
        self.hidden = layers.Dense(units, activation="tanh")
        self.noise, self.statistics = layers.Dropout(0.3), layers.BatchNormalization()
        self.last = layers.Dense(2)

    def call(self, inputs, training=False):
        hidden = self.noise(self.hidden(inputs), training=training)
        return self.last(self.statistics(hidden, training=training) + hidden)


def subclassed(optimizer="sgd", units=4):
    model = Subclassed(units)
    model(ops.ones((1, 4)))
    return compiled(model, optimizer)


def row_mean_away(x):
    return x - ops.mean(x, axis=0, keepdims=True)


class OwnLoss(keras.Model):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(ops.abs(y - y_pred)) + ops.mean(ops.square(y_pred))


class OwnMetrics(keras.Model):
    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return {**super().compute_metrics(x, y, y_pred, sample_weight), "constant": 1.0}


def functional(kind):
    inputs = keras.Input((4,))
    return compiled(kind(inputs, layers.Dense(2)(inputs)))


USERS = {
    "layer": lambda: stack(layers.Dense(4), Own()),
    "lambda layer": lambda: stack(layers.Dense(4), layers.Lambda(lambda x: x * ops.sigmoid(x))),
    "activation": lambda: stack(layers.Dense(4, activation=row_mean_away)),
    "subclassed model": subclassed,
    "loss of the model": lambda: functional(OwnLoss),
    "operations of Keras": lambda: compiled(
        keras.Model(
            inputs := keras.Input((4,)), layers.Dense(2)(ops.cumsum(inputs, axis=0) + inputs)
        )
    ),
    "layer along the rows": lambda: stack(layers.Dense(4), layers.Softmax(axis=-2)),
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", USERS)
def test_what_users_write_goes_through_xla_up_to_the_last_batch(name, float64):
    pair = agree(USERS[name], masked=False)
    assert pair.compiled.plan.startswith("Compiled with XLA, the last batch of an epoch as a graph")


@pytest.mark.oracle
def test_two_subclassed_models_of_one_class_share_a_program(fast):
    before = stats().programs
    for rate in (0.1, 0.2):
        network = Network(lambda rate=rate: subclassed(keras.optimizers.SGD(rate), 3))
        CompiledEngine().train(job_of(network, numbers(ROWS, 4), numbers(ROWS, 2)))
    assert stats().programs - before == 1


class OwnStep(keras.Model):
    def train_step(self, data):
        return super().train_step(data)


def stateful():
    model = keras.Sequential([keras.Input((2, 4), batch_size=11), layers.LSTM(2, stateful=True)])
    return compiled(model)


def through_numpy(x):
    import tensorflow as tf

    made = tf.numpy_function(lambda a: a, [x], x.dtype)
    made.set_shape(x.shape)
    return made


class ThroughNumpy(layers.Layer):
    def call(self, inputs):
        return through_numpy(inputs)


FALLBACKS = {
    "train_step": (lambda: functional(OwnStep), "OwnStep has a train_step of its own"),
    "compute_metrics": (
        lambda: functional(OwnMetrics),
        "OwnMetrics has a compute_metrics of its own",
    ),
    "eagerly": (lambda: stack(run_eagerly=True), "run_eagerly is set"),
    "nothing to train": (
        lambda: compiled(keras.Sequential([keras.Input((2,)), layers.Rescaling(2.0)])),
        "nothing in the network can be trained",
    ),
}


@pytest.mark.parametrize("name", some(FALLBACKS, "train_step", "eagerly"))
@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights:UserWarning")
def test_what_only_keras_can_run_says_why(name):
    build, why = FALLBACKS[name]
    x = numbers(ROWS, build().input_shape[-1])
    result = CompiledEngine().train(job_of(build, x, numbers(ROWS, 2), epochs=1))
    assert result.plan == f"Keras loop, because {why}."
    assert stats().fallbacks[why] >= 1


@pytest.mark.parametrize("limit", some(["max_epochs", "max_steps_per_epoch"], "max_epochs"))
@pytest.mark.filterwarnings("ignore:Limiting:UserWarning")
def test_the_limits_of_keras_to_epochs_and_steps_hold(limit):
    set_limit, x = getattr(keras.config, f"set_{limit}"), numbers(ROWS, 4)
    set_limit(1)
    try:
        result = CompiledEngine().train(job_of(stack, x, numbers(ROWS, 2), epochs=2))
    finally:
        set_limit(None)
    assert result.plan == f"Keras loop, because keras.config.set_{limit} is set."
    assert result.n_epochs == (1 if limit == "max_epochs" else 2)


def test_a_stateful_layer_goes_through_the_keras_loop():
    job = job_of(stateful, numbers(ROWS, 2, 4), numbers(ROWS, 2), batch_size=11, epochs=1)
    plan = CompiledEngine().train(job).plan
    assert plan.startswith("Keras loop, because the layer lstm")
    assert plan.endswith("is stateful.")


@pytest.mark.oracle
def test_a_layer_of_numpy_runs_and_gives_what_keras_gives(float64):
    assert_agree(train(lambda: stack(ThroughNumpy())))


@pytest.mark.oracle
def test_class_numbers_as_targets_of_any_shape(fast):
    def build():
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
        return compiled(model, loss="sparse_categorical_crossentropy", metrics=["accuracy"])

    for y in (classes(3, ROWS), classes(3, ROWS, 1), classes(3, ROWS).astype("float64")):
        assert_agree(train(build, y=y))
