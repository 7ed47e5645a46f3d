"""Convolutions and poolings by slices and matrix products: Keras's values, gradients and manners."""

from __future__ import annotations

import contextlib
import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from skdl.engine.keras_parts.convolution import MatmulCost, as_matmul, matmul_cost, replaceable
from skdl.engine.keras_parts.walk import walk_layers
from tests.engine.convolution_cases import CASES, IN_ONE_PROGRAM, ONLY_XLA
from tests.selection import some
from tests.tolerances import FUNCTION, assert_within_rounding

layers = keras.layers


def eager(function):
    return function


def graph(function):
    return tf.function(function, autograph=False)


def xla(function):
    return tf.function(function, autograph=False, jit_compile=True)


def with_whole_weights(model):
    """`model` with weights of -1, 0 and 1."""
    draw = np.random.default_rng(1)
    for variable in model.weights:
        variable.assign(draw.integers(-1, 2, variable.shape))
    return model


def one_layer(name, dtype="float64"):
    kind, shape, options = CASES[name]
    layer = kind(**options, dtype=dtype)
    return with_whole_weights(keras.Sequential([keras.Input(shape), layer]))


def example(model, n=3, seed=0):
    """Images of 0, 1 and 2, which give windows with several equal maxima, as a relu does."""
    values = np.random.default_rng(seed).integers(0, 3, (n, *model.input_shape[1:]))
    return values.astype(model.layers[-1].compute_dtype)


def value_and_gradients(model, x):
    """The output for `x` and the gradients of a weighted sum of it for `x` and the weights.

    Of whole weights and images, all are sums of fewer than 256 ones: bfloat16 holds these in full, so that
    they have the same bits whatever processor sums them in whatever order.
    """
    weights = [variable.value for variable in model.trainable_variables]
    rest = [variable.value for variable in model.non_trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch([x, *weights])
        y, _ = model.stateless_call(weights, rest, x)
        upstream = tf.reshape(tf.cast(tf.range(tf.size(y)) % 3 - 1, y.dtype), tf.shape(y))
        total = tf.reduce_sum(y * upstream)
    return [y, *tape.gradient(total, [x, *weights])]


def outcome(model, x, how=eager):
    run = how(lambda x: value_and_gradients(model, x))
    return [np.asarray(value) for value in run(tf.constant(x))]


def assert_close(actual, expected, *terms, sizes=None):
    """Equal bits, or as near as sums of so many `terms` of these `sizes` let them be."""
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected, strict=True):
        assert a.dtype == b.dtype
        assert_within_rounding(a, b, *terms, dtype=b.dtype, scale=sizes)


def check(model, x, *terms, how=eager, reference=eager, sizes=None):
    expected = outcome(model, x, reference)
    with as_matmul(model):
        assert_close(outcome(model, x, how), expected, *terms, sizes=sizes)


def roundings(layer):
    """How many roundings there are on the way from whole numbers to values and gradients, and their sizes."""
    if "AveragePooling" in type(layer).__name__:
        # A quotient, and a sum of such of all windows that a place is in.
        return (2, math.prod(layer.pool_size)), 2
    if getattr(layer, "activation", None) is keras.activations.tanh:
        # tanh, three operations for its gradient, and a sum of such over all places of three images.
        places = 3 * math.prod(layer.output.shape[1:-1])
        return (FUNCTION, 3, places), places
    return (), None


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        (name, dtype)
        for name in CASES
        for dtype in ("float64", "float32")
        if (name.split()[:2], dtype) != (["Average", "3d"], "float64")  # TensorFlow has none
    ],
)
def test_values_and_gradients_are_those_of_keras(name, dtype):
    model = one_layer(name, dtype)
    (layer,) = model.layers
    assert replaceable(layer)
    terms, sizes = roundings(layer)
    reference = xla if name in ONLY_XLA else eager
    check(model, example(model), *terms, reference=reference, sizes=sizes)


@pytest.mark.oracle
def test_an_xla_program_has_the_same_values_and_gradients():
    models = [one_layer(name) for name in IN_ONE_PROGRAM]
    examples = [example(model) for model in models]
    expected = []
    for name, model, x in zip(IN_ONE_PROGRAM, models, examples, strict=True):
        expected.append(outcome(model, x, xla if name in ONLY_XLA else eager))

    @xla
    def together(*examples):
        # One compilation for all of them: compiling is what takes the time here.
        return [value_and_gradients(*each) for each in zip(models, examples, strict=True)]

    with contextlib.ExitStack() as stack:
        for model in models:
            stack.enter_context(as_matmul(model))
        actual = together(*map(tf.constant, examples))
    for a, b in zip(actual, expected, strict=True):
        assert_close([np.asarray(value) for value in a], b)


@pytest.mark.oracle
@settings(deadline=None, max_examples=40, derandomize=True)
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.sampled_from(["valid", "same"]),
    st.integers(1, 3),
    st.sampled_from(["convolution", "depthwise", "maximum", "mean"]),
)
def test_any_shape_gives_the_values_of_keras(sizes, window, strides, padding, channels, what):
    assume(padding == "same" or all(k <= n for k, n in zip(window, sizes, strict=True)))
    options = {"strides": strides, "padding": padding, "dtype": "float64"}
    if what == "depthwise":
        # TensorFlow's depthwise kernels take one stride for both axes.
        options["strides"] = strides[0]
    layer = {
        "convolution": lambda: layers.Conv2D(2, window, **options),
        "depthwise": lambda: layers.DepthwiseConv2D(window, **options),
        "maximum": lambda: layers.MaxPooling2D(window, **options),
        "mean": lambda: layers.AveragePooling2D(window, **options),
    }[what]()
    model = with_whole_weights(keras.Sequential([keras.Input((*sizes, channels)), layer]))
    terms, sizes = roundings(layer)
    check(model, example(model, n=2), *terms, sizes=sizes)


def test_equal_maxima_leave_the_gradient_to_the_first():
    layer = layers.MaxPooling2D(2)
    model = keras.Sequential([keras.Input((2, 6, 1)), layer])
    x = np.array([[0, 0, 1, 2, 1, 2], [0, 0, 2, 0, 2, 2]], np.float32)[None, :, :, None]
    with as_matmul(model):
        _, gradient = outcome(model, x)
    # The windows have -1, 0 and 1 to give.
    assert gradient[0, :, :, 0].tolist() == [[-1, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0]]


def small_network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(3, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(2),
        ],
    )


def trained(model, x, how, batch=None):
    """The weights after four steps of a loop that takes its gradients inside."""

    def train(x, weights):
        def step(i, *weights):
            with tf.GradientTape() as tape:
                tape.watch(weights)
                y, _ = model.stateless_call(list(weights), [], x)
                loss = tf.reduce_mean(tf.square(y - 1))
            gradients = tape.gradient(loss, weights)
            return i + 1, *[w - 0.1 * g for w, g in zip(weights, gradients, strict=True)]

        return tf.while_loop(lambda i, *_: i < 4, step, (tf.constant(0), *weights))[1:]

    weights = [variable.value for variable in model.trainable_variables]
    signature = [
        tf.TensorSpec((batch, *x.shape[1:]), x.dtype),
        [tf.TensorSpec(w.shape, w.dtype) for w in weights],
    ]
    run = tf.function(train, autograph=False, jit_compile=how is xla, input_signature=signature)
    return [np.asarray(w) for w in run(tf.constant(x), weights)]


@pytest.fixture
def float64():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("how", "batch"),
    [(graph, None), (graph, 5), (xla, None)],
)
def test_training_in_a_loop_is_that_of_keras(how, batch, float64):
    model = small_network()
    x = np.random.default_rng(0).normal(size=(5, 8, 8, 1))
    expected = trained(model, x, graph)
    with as_matmul(model):
        actual = trained(model, x, how, batch)
    # In each of four steps sums over nine inputs, four times nine, 16 and, for the weights, five images of
    # 36 places; weights, images and gradients are of size one.
    assert_close(actual, expected, *4 * (2 * 9, 2 * 36, 2 * 16, 2 * 4, 5 * 36))
    before = [np.asarray(w) for w in model.trainable_variables]
    assert all(np.abs(a - b).max() > 1e-4 for a, b in zip(actual, before, strict=True))


def test_the_program_holds_no_convolution_and_no_pooling():
    model = small_network()
    x = tf.zeros((5, 8, 8, 1))

    def operations():
        def loss(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = model(x)
            return tape.gradient(y, x)

        return {
            op.type
            for op in tf.function(loss, autograph=False)
            .get_concrete_function(x)
            .graph.get_operations()
        }

    assert {"Conv2D", "MaxPoolGrad", "AvgPoolGrad"} <= operations()
    with as_matmul(model):
        assert not [kind for kind in operations() if re.search("Conv|Pool", kind)]


def nested():
    inner = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 3), layers.MaxPooling2D()])
    inputs = keras.Input((3, 6, 6, 1))
    frames = layers.TimeDistributed(inner)(inputs)
    frames = layers.TimeDistributed(layers.Conv2D(3, 2))(frames)
    frames = layers.TimeDistributed(layers.Flatten())(frames)
    return keras.Model(inputs, frames)


@pytest.mark.parametrize("how", some([eager, xla], eager))
def test_layers_inside_models_and_wrappers_are_replaced(how):
    model = with_whole_weights(nested())
    kinds = [type(layer) for layer in walk_layers(model)]
    check(model, example(model, n=2), how=how)
    with as_matmul(model):
        inside = [type(layer) for layer in walk_layers(model)]
    changed = {a.__name__: b.__name__ for a, b in zip(kinds, inside, strict=True) if a is not b}
    assert changed == {"Conv2D": "Conv2DAsMatmul", "MaxPooling2D": "MaxPooling2DAsMatmul"}
    assert [a is not b for a, b in zip(kinds, inside, strict=True)].count(True) == 3


def test_the_classes_come_back_after_an_exception():
    model = small_network()
    kinds = [type(layer) for layer in model.layers]

    def fail():
        with as_matmul(model):
            assert [type(layer) for layer in model.layers] != kinds
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        fail()
    assert [type(layer) for layer in model.layers] == kinds


def test_blocks_may_nest():
    model = small_network()
    with as_matmul(model):
        kinds = [type(layer) for layer in model.layers]
        with as_matmul(model):
            assert [type(layer) for layer in model.layers] == kinds
        assert [type(layer) for layer in model.layers] == kinds
    assert type(model.layers[0]) is layers.Conv2D


class Doubled(layers.Conv2D):
    def call(self, inputs):
        return 2 * super().call(inputs)


@pytest.mark.parametrize(
    "layer",
    [
        Doubled(2, 3),
        layers.Conv2D(2, 3, data_format="channels_first"),
        layers.MaxPooling2D(data_format="channels_first"),
        layers.MaxPooling3D(),
        layers.Dense(2),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_other_layers_are_left_alone(layer):
    kind = type(layer)
    assert not replaceable(layer)
    with as_matmul(keras.Sequential([layer])):
        assert type(layer) is kind


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16"])
@pytest.mark.parametrize("name", ["2d same", "Max 2d 2-2-valid", "Average 2d 3-2-valid"])
def test_half_precision_stays_what_it_is(name, policy):
    model = one_layer(name, policy)
    terms, sizes = roundings(model.layers[-1])
    x = example(model).astype("float32")
    expected = outcome(model, x)
    with as_matmul(model):
        actual = outcome(model, x)
    assert [a.dtype for a in actual] == [b.dtype for b in expected]
    for a, b in zip(actual, expected, strict=True):
        # The layer computes in half precision, whatever its model does.
        assert_within_rounding(a, b, *terms, dtype=model.layers[-1].compute_dtype, scale=sizes)


def test_an_image_of_unknown_size_is_for_keras():
    model = keras.Sequential(
        [keras.Input((None, None, 1)), layers.Conv2D(2, 3), layers.MaxPooling2D()]
    )
    with_whole_weights(model)
    x = np.random.default_rng(0).integers(-9, 10, (2, 7, 6, 1)).astype(np.float32)
    expected = model(x)
    with as_matmul(model):
        run = tf.function(
            model, autograph=False, input_signature=[tf.TensorSpec((None, None, None, 1))]
        )
        np.testing.assert_array_equal(run(x), expected)


def test_an_image_smaller_than_the_window_is_keras_s_error():
    layer = layers.MaxPooling2D(3)
    with (
        as_matmul(keras.Sequential([layer])),
        pytest.raises(ValueError, match="Negative dimension"),
    ):
        graph(layer).get_concrete_function(tf.TensorSpec((1, 2, 2, 1)))


def test_whole_numbers_are_for_keras():
    layer = layers.MaxPooling2D(2)
    model = keras.Sequential([keras.Input((2, 2, 1), dtype="int32"), layer])
    with as_matmul(model):
        y = layer(np.array([[-3, -4], [-2, -5]], np.int32)[None, :, :, None])
    assert (y.dtype, np.asarray(y).tolist()) == (tf.int32, [[[[-2]]]])


def test_a_low_rank_kernel_is_used():
    model = one_layer("2d", "float32")
    layer = model.layers[-1]
    layer.enable_lora(1)
    layer.lora_kernel_b.assign(tf.ones(layer.lora_kernel_b.shape))
    layer.lora_kernel_a.assign(tf.ones(layer.lora_kernel_a.shape))
    x = example(model)
    expected = model(x)
    with as_matmul(model):
        assert_close([np.asarray(model(x))], [np.asarray(expected)])


@pytest.mark.parametrize(
    ("layer", "shape", "cost"),
    [
        (layers.Conv2D(4, 3), (5, 6, 2), (12 * 18 * 4, 12 * 18)),
        (layers.Conv2D(4, 1), (5, 6, 2), (30 * 2 * 4, 0)),
        (layers.Conv2D(4, 3, groups=2), (5, 6, 2), (12 * 9 * 4, 12 * 18)),
        (layers.Conv1D(4, 3, strides=2, padding="causal"), (6, 2), (3 * 6 * 4, 3 * 6)),
        (layers.DepthwiseConv2D(3), (5, 6, 2), (12 * 9 * 2, 0)),
        (layers.SeparableConv2D(4, 3), (5, 6, 2), (12 * 2 * (9 + 4), 0)),
        (layers.Conv2DTranspose(4, 2, 2), (3, 3, 2), (9 * 4 * 4 * 2, 9 * 4 * 4)),
        (layers.MaxPooling2D(2), (5, 6, 2), (0, 0)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_cost_counts_what_one_image_takes(layer, shape, cost):
    assert matmul_cost(layer, (None, *shape)) == MatmulCost(*cost)
    assert not layer.weights


def test_a_cost_that_cannot_be_known_is_refused():
    with pytest.raises(
        ValueError, match=r"Got Conv2D and input_shape=\(None, None, 4, 1\), expected"
    ):
        matmul_cost(layers.Conv2D(2, 3), (None, None, 4, 1))
    with pytest.raises(ValueError, match="Got Dense"):
        matmul_cost(layers.Dense(2), (None, 4))
