"""What was drawn without a seed follows the job's seed; what was seeded, set or loaded stays."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl.engine.network.initial_weights import InitialWeights
from skdl.engine.network.network import Network
from skdl.engine.network.outside_layers import Surroundings
from skdl.exceptions import UnseededWeightsWarning

layers = keras.layers


class Scale(layers.Layer):
    """Keeps no initializer: the way Keras's own guide writes a layer."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="random_normal")

    def call(self, x):
        return x * self.scale


class Hidden(Scale):
    """Cannot be built anew from its config."""

    def __init__(self, width):
        super().__init__()
        self.width = object() if width is None else width

    def get_config(self):
        raise NotImplementedError("on purpose")


def dense_stack():
    return keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(4, activation="relu"),
            layers.Dense(4, kernel_initializer="orthogonal", bias_initializer="random_uniform"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(2),
        ]
    )


def recurrent():
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Embedding(9, 3),
            layers.Bidirectional(layers.LSTM(4, dropout=0.2)),
            layers.Dense(2),
        ]
    )


def convolutional():
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.SeparableConv2D(3, 3),
            layers.SpectralNormalization(layers.Conv2D(2, 2)),
            layers.GlobalAveragePooling2D(),
            layers.GaussianNoise(0.1),
        ]
    )


def attention():
    x = keras.Input((5, 4))
    return keras.Model(x, layers.MultiHeadAttention(2, 3, dropout=0.1)(x, x))


def with_own_layer():
    return keras.Sequential([keras.Input((5,)), layers.Dense(4), Scale(), Scale()])


def seed_model(model, seed, rebuild=None):
    for variable, value in zip(
        model.variables, InitialWeights.of(model, rebuild).draw(seed), strict=True
    ):
        variable.assign(value)


def state(model):
    """All weights and the states of all generators of noise."""
    return [np.asarray(v) for v in model.variables]


def noted(build):
    """The network of a build function of a user's, whose variables are noted as they are made."""

    def compiled():
        model = build()
        model.compile("sgd", "mse")
        return model

    return Network(compiled, around=lambda: Surroundings(readable=True, layers=()))


BUILDS = [dense_stack, recurrent, convolutional, attention, with_own_layer]


@pytest.mark.parametrize("build", BUILDS)
def test_a_seed_gives_one_network_whatever_the_process_drew_before(build):
    one, two, other = build(), build(), build()
    assert not all(np.array_equal(a, b) for a, b in zip(state(one), state(two), strict=True))
    seed_model(one, 7, build)
    seed_model(two, 7, build)
    seed_model(other, 8, build)
    for a, b in zip(state(one), state(two), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not all(np.array_equal(a, b) for a, b in zip(state(one), state(other), strict=True))


def test_weights_come_from_the_distribution_of_their_initializer():
    model = keras.Sequential(
        [
            keras.Input((300,)),
            layers.Dense(200, kernel_initializer=keras.initializers.RandomUniform(2.0, 3.0)),
        ]
    )
    before = model.get_weights()
    seed_model(model, 0, lambda: model)
    kernel, bias = model.get_weights()
    assert kernel.min() >= 2
    assert kernel.max() <= 3
    assert not np.array_equal(kernel, before[0])
    np.testing.assert_array_equal(bias, np.zeros(200))


def test_two_layers_of_one_shape_get_different_weights():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.Dense(4)])
    seed_model(model, 0, lambda: model)
    assert not np.array_equal(model.get_weights()[0], model.get_weights()[2])


def test_seeded_set_and_loaded_weights_stay():
    loaded = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)

    def build():
        model = keras.Sequential(
            [
                keras.Input((5,)),
                layers.Dense(4, kernel_initializer=keras.initializers.GlorotNormal(seed=3)),
                layers.Dropout(0.5, seed=11),
                layers.Dense(3),
            ]
        )
        model.layers[-1].set_weights([loaded, np.ones(3)])
        return model

    model = build()
    before = state(model)
    seed_model(model, 7, build)
    for a, b in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_ready_model_keeps_its_weights_and_gets_seeded_noise():
    model = dense_stack()
    weights = [np.asarray(w) for w in model.weights]
    seed_model(model, 7)
    for a, b in zip(weights, model.weights, strict=True):
        np.testing.assert_array_equal(a, np.asarray(b))
    twin = dense_stack()
    seed_model(twin, 7)
    (one,), (two,) = (
        [np.asarray(g.state) for g in m.layers[3]._seed_generators] for m in (model, twin)
    )
    np.testing.assert_array_equal(one, two)


def test_weights_out_of_reach_are_named_in_a_warning():
    def build():
        return keras.Sequential([keras.Input((5,)), Hidden(None)])

    with pytest.warns(
        UnseededWeightsWarning, match=r"does not reach .*hidden.*Give their initializer a seed"
    ):
        seed_model(build(), 7, build)


def test_a_build_function_that_is_no_function_of_its_arguments_is_an_error():
    sizes = iter([2, 3])

    def build():
        return keras.Sequential([keras.Input((5,)), *[Scale() for _ in range(next(sizes))]])

    with pytest.raises(ValueError, match="Got two networks with 2 and 3 weight arrays"):
        seed_model(build(), 7, build)


@pytest.mark.parametrize("build", BUILDS)
def test_noted_variables_follow_the_seed_as_others_do(build):
    one, two = (noted(build).initial_state(7).variables for _ in range(2))
    model = build()
    seed_model(model, 7, build)
    for a, b, c in zip(one, two, state(model), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def by_set_weights(layer, value):
    layer.set_weights([value, *layer.get_weights()[1:]])


def by_assign(layer, value):
    layer.weights[0].assign(value)


def by_assign_add(layer, value):
    layer.weights[0].assign_add(value)


def by_tensorflow(layer, value):
    layer.weights[0].value.assign(value)


def by_one_entry(layer, value):
    layer.weights[0].value.scatter_nd_update([[0] * value.ndim], [value.flat[0]])


WAYS = [by_set_weights, by_assign, by_assign_add, by_tensorflow, by_one_entry]


def with_set_weights(way, make, generator):
    """A build function that sets weights of the first of two layers to what `generator` gives."""

    def build():
        model = keras.Sequential([keras.Input((5,)), make(), layers.Dense(2)])
        first = model.layers[0]
        way(first, generator().normal(0, 100, first.weights[0].shape).astype(np.float32))
        return model

    return build


@pytest.mark.parametrize("make", [lambda: layers.Dense(4), Scale], ids=["Dense", "Scale"])
@pytest.mark.parametrize("way", WAYS)
def test_weights_that_a_build_sets_at_random_stay_with_a_warning(way, make):
    network = noted(with_set_weights(way, make, np.random.default_rng))
    path = network.template.layers[0].weights[0].path
    words = (
        f"does not reach the initial weights {path}: the build function sets .* itself.*with a seed"
    )
    with pytest.warns(UnseededWeightsWarning, match=words):
        one, other = network.initial_state(7).variables, network.initial_state(8).variables
    np.testing.assert_array_equal(one[0], network.template.layers[0].weights[0])
    np.testing.assert_array_equal(one[0], other[0])
    assert not np.array_equal(
        one[-2], other[-2]
    )  # the second layer's kernel is drawn from the seed


@pytest.mark.parametrize("way", [by_set_weights, by_assign])
def test_weights_that_a_build_sets_alike_stay(way):
    network = noted(with_set_weights(way, Scale, lambda: np.random.default_rng(0)))
    one, two = (network.initial_state(seed).variables for seed in (7, 8))
    np.testing.assert_array_equal(one[0], network.template.layers[0].weights[0])
    np.testing.assert_array_equal(one[0], two[0])


@pytest.mark.parametrize("make", [lambda: layers.Dense(4), Scale], ids=["Dense", "Scale"])
def test_weights_that_are_set_to_what_they_are_follow_the_seed(make):
    def build():
        model = keras.Sequential([keras.Input((5,)), make(), layers.Dense(2)])
        model.set_weights(model.get_weights())
        return model

    one, two, other = (noted(build).initial_state(seed).variables for seed in (7, 7, 8))
    np.testing.assert_array_equal(one[0], two[0])
    assert not np.array_equal(one[0], other[0])
