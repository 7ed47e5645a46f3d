"""A copy of a live model has the bits of the original, trains as it does, and shares nothing with it."""

from __future__ import annotations

import copy
import functools
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from skdl.engine.copies.live_copies import copy_live, reaches_keras
from tests.engine.keras_parts.test_walk import everything
from tests.selection import some

X = np.random.default_rng(0).normal(size=(24, 8)).astype(np.float32)
Y = X[:, :1].copy()
SERIES = np.random.default_rng(0).normal(size=(20, 6, 4)).astype(np.float32)
WORDS = np.array([["a"], ["b"], ["c"], ["a"]])

leaky = functools.partial(keras.activations.leaky_relu, negative_slope=0.3)


def absolute(power):
    return lambda true, predicted: keras.ops.mean(keras.ops.abs(true - predicted) ** power, -1)


class Quantile:
    """A loss that is an object, and no class of Keras's."""

    def __init__(self, share):
        self.share = share

    def __call__(self, true, predicted):
        rest = true - predicted
        return keras.ops.mean(keras.ops.maximum(self.share * rest, (self.share - 1) * rest), -1)


class Module(tf.Module):
    """A module of TensorFlow's, which wraps the lists and dicts that are set on it."""

    def __init__(self):
        super().__init__()
        self.weight = tf.Variable(2.0)
        self.parts = [tf.Variable(1.0)]
        self.named = {"x": tf.Variable(2.0)}
        self.pair = (tf.Variable(1.0), 2)


class Own(keras.layers.Layer):
    """A layer whose state is in no config."""

    def __init__(self):
        super().__init__()
        self.table = {"a": [np.ones(3)], "f": lambda x: x * 2}
        self.guard = threading.Lock()
        self.drawn = np.random.default_rng(3)
        self.constant = tf.constant(2.0)
        self.free = tf.Variable(3.0)
        self.module = Module()
        self.doubled = tf.function(lambda x: x * 2)

    def call(self, x):
        x = self.doubled(self.table["f"](x))
        return x * self.constant * self.free * self.module.weight


class Network(keras.Model):
    """A network with a step, a metric, a weight and a penalty of its own."""

    def __init__(self, scale):
        super().__init__()
        self.dense = [layers.Dense(3, leaky), layers.Dense(1)]
        self.noise = layers.Dropout(0.5)
        self.norm = layers.BatchNormalization()
        self.seen = keras.metrics.Mean("seen")
        self.offset = self.add_weight(shape=(1,), name="offset")
        self.scale = scale

    def call(self, x, training=False):
        for layer in self.dense:
            x = layer(x)
        self.add_loss(keras.ops.mean(x**2))
        return self.norm(self.noise(x * self.scale, training=training)) + self.offset

    def train_step(self, data):
        found = super().train_step(data)
        self.seen.update_state(1.0)
        return {**found, "seen": self.seen.result()}


def sequential():
    return keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(5, leaky, kernel_regularizer="l2", kernel_constraint="max_norm"),
            layers.Dropout(0.3),
            layers.BatchNormalization(),
            layers.Dense(1, activation=lambda x: x),
        ]
    )


def functional():
    """Shared layers, a model in a model that is called twice, operations of tensors."""
    given = keras.Input((8,))
    shared, inner = layers.Dense(8, leaky), sequential()
    hidden = shared(given)
    hidden = shared(hidden) + hidden * 2
    return keras.Model(given, inner(hidden) + inner(given))


def attention():
    given = keras.Input((8,))
    hidden = layers.Reshape((4, 2))(given)
    hidden = layers.MultiHeadAttention(2, 3, dropout=0.1)(hidden, hidden)
    hidden = layers.SpectralNormalization(layers.Dense(3))(hidden)
    return keras.Model(given, layers.Dense(1)(keras.ops.mean(hidden, 1)))


def recurrent():
    return keras.Sequential(
        [
            keras.Input((8,)),
            layers.Reshape((4, 2)),
            layers.Bidirectional(layers.LSTM(3, dropout=0.2, return_sequences=True)),
            layers.RNN(layers.StackedRNNCells([layers.LSTMCell(2), layers.GRUCell(2)])),
            layers.Dense(1),
        ]
    )


def adapted():
    norm, bins = layers.Normalization(), layers.Discretization(num_bins=3)
    norm.adapt(X)
    bins.adapt(X)
    return keras.Sequential(
        [keras.Input((8,)), norm, bins, layers.CategoryEncoding(3, "count"), layers.Dense(1)]
    )


def own_layer():
    return keras.Sequential([keras.Input((8,)), Own(), layers.Dense(1)])


def not_decaying():
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


NETWORKS = [
    sequential,
    functional,
    attention,
    recurrent,
    adapted,
    own_layer,
    lambda: Network(2.0),
]
COMPILED = [
    ("sgd", "mse"),
    ("adam", absolute(1.0)),
    (lambda: keras.optimizers.Muon(0.01), Quantile(0.9)),
    (
        lambda: keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 100), 0.9),
        functools.partial(keras.losses.huber, delta=0.5),
    ),
    (not_decaying, keras.losses.Huber(0.2)),
    (
        lambda: keras.optimizers.SGD(
            0.1, use_ema=True, ema_overwrite_frequency=2, gradient_accumulation_steps=2
        ),
        "mse",
    ),
    (lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), "mae"),
]


def compiled(model, optimizer="adam", loss="mse"):
    model.compile(
        optimizer() if callable(optimizer) else optimizer,
        loss,
        metrics=["mae", lambda true, predicted: keras.ops.mean(predicted, -1)],
        run_eagerly=True,  # its few steps take less time than to trace one
    )
    return model


def state(model):
    optimizer = model.optimizer.variables if model.compiled else []
    return [np.asarray(v).copy() for v in [*model.variables, *optimizer]]


def train(model):
    model.fit(X, Y, batch_size=8, shuffle=False, verbose=0)


def assert_equal(one, two):
    for mine, other in zip(one, two, strict=True):
        np.testing.assert_array_equal(mine, other)


def assert_copies(model):
    """Copy `model`, train the copy, then the model."""
    before, given = state(model), {id(v._value) for v in model.variables}
    twin = copy_live(model)
    assert type(twin) is type(model)
    assert not given & {id(v._value) for v in [*twin.variables, *twin.optimizer.variables]}
    assert [v.path for v in twin.variables] == [v.path for v in model.variables]
    assert_equal(state(twin), before)
    train(twin)
    assert_equal(state(model), before)
    train(model)
    assert_equal(state(twin), state(model))
    np.testing.assert_array_equal(twin(X), model(X))
    return twin


@pytest.mark.parametrize("build", some(NETWORKS, *NETWORKS[::5]))
def test_a_copy_trains_as_the_original_would_untrained_and_trained(build):
    model = compiled(build())
    if build is NETWORKS[-1]:
        model(X)  # its layers are built by a call
    assert_copies(model)
    assert_copies(model)


@pytest.mark.parametrize(("optimizer", "loss"), some(COMPILED, COMPILED[5]))
def test_whatever_a_model_is_compiled_with_is_copied(optimizer, loss):
    model = compiled(sequential(), optimizer, loss)
    assert_copies(model)
    assert_copies(model)


def test_a_network_of_many_layers_is_copied():
    model = everything()
    twin = copy_live(model)
    assert_equal(state(twin), state(model))
    np.testing.assert_array_equal(twin(SERIES), model(SERIES))


def test_what_is_in_no_config_is_copied_and_not_shared():
    model = own_layer()
    one, two = model.layers[0], copy_live(model).layers[0]
    for name in ("guard", "drawn", "free", "module", "doubled"):
        assert getattr(one, name) is not getattr(two, name)
    assert two.table["f"] is one.table["f"]
    assert two.table["a"][0] is not one.table["a"][0]
    assert two.drawn.random() == one.drawn.random()
    two.free.assign(9.0)
    two.module.weight.assign(9.0)
    two.module.parts[0].assign(9.0)
    two.module.named["x"].assign(9.0)
    two.module.pair[0].assign(9.0)
    found = [one.free, one.module.weight, one.module.parts[0], one.module.named["x"]]
    assert [float(v) for v in [*found, one.module.pair[0]]] == [3.0, 2.0, 1.0, 2.0, 1.0]


def test_a_loss_that_names_its_model_names_the_copy():
    model = sequential()

    def loss(true, predicted):
        return keras.ops.mean((true - predicted) ** 2) + keras.ops.sum(model.layers[0].kernel)

    compiled(model, "sgd", loss)
    twin = assert_copies(model)
    assert twin.loss.__closure__[0].cell_contents is twin


def test_a_copy_of_a_model_takes_no_other_model_along():
    base = keras.Sequential([keras.Input((8,)), layers.Dense(4)], name="base")
    models = []
    for _ in range(5):
        given = keras.Input((8,))
        models.append(keras.Model(given, layers.Dense(1)(base(given))))
    model = models[2]
    twin = copy_live(model)
    assert len(model.get_layer("base")._outbound_nodes) > 1
    assert len(twin.get_layer("base")._outbound_nodes) == 1
    assert twin.get_config() == model.get_config()
    # What Keras does with the graph of a model it does with that of the copy.
    np.testing.assert_array_equal(keras.Model(twin.input, twin.output)(X), model(X))
    again = keras.models.clone_model(twin)
    again.set_weights(twin.get_weights())
    np.testing.assert_array_equal(again(X), model(X))


def test_models_that_share_a_layer_share_its_copy():
    model = functional()
    part = keras.Model(model.input, model.layers[2].output)
    memo = {}
    whole, encoder = copy_live(model, memo), copy_live(part, memo)
    assert encoder.layers[1] is whole.layers[1]
    np.testing.assert_array_equal(encoder(X), part(X))
    assert whole.get_layer(part.layers[1].name).output is not None
    both = copy_live({"part": part, "whole": [model]})
    assert both["part"].layers[1] is both["whole"][0].layers[1]


def test_a_chain_of_layers_longer_than_the_stack_of_python_is_copied():
    given = hidden = keras.Input((2,))
    for _ in range(400):
        hidden = layers.Activation("relu")(hidden)
    model = keras.Model(given, hidden)
    assert len(copy_live(model).layers) == 401


def test_lookup_tables_belong_to_the_copy():
    lookup = layers.StringLookup()
    lookup.adapt(WORDS)
    model = keras.Sequential([keras.Input((1,), dtype="string"), lookup])
    twin = copy_live(model)
    np.testing.assert_array_equal(twin(tf.constant(WORDS)), model(tf.constant(WORDS)))
    twin.layers[0].adapt(np.array([["z"], ["y"]]))
    assert model.layers[0].get_vocabulary() == ["[UNK]", "a", "c", "b"]
    assert "z" in twin.layers[0].get_vocabulary()


def test_an_unbuilt_model_is_copied_and_built_by_itself():
    model = keras.Sequential([layers.Dense(3), layers.Dense(1)])
    twin = copy_live(model)
    twin(X)
    twin.add(layers.Dense(2))
    twin.layers[0].trainable = False
    assert not model.built
    assert len(model.layers) == 2
    assert model.layers[0].trainable


@pytest.mark.further
def test_a_copy_is_saved_as_the_original_would_be(tmp_path):
    model = compiled(sequential(), "adam", "mse")
    model.layers[0].activation = model.layers[-1].activation = keras.activations.relu
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    copy_live(model).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert_equal(loaded.get_weights(), model.get_weights())
    np.testing.assert_array_equal(loaded(X), model(X))


class Logging(keras.layers.Layer):
    """A layer with what nobody can copy."""

    def __init__(self, path):
        super().__init__(name="logging")
        self.parts = {"log": open(path, "w")}  # noqa: SIM115 - it stays open

    def call(self, x):
        return x


def test_what_cannot_be_copied_is_named(tmp_path):
    model = keras.Sequential([keras.Input((8,)), Logging(tmp_path / "log")])
    with pytest.raises(TypeError, match=r"Got TextIOWrapper in Logging 'logging', at parts"):
        copy_live(model)
    model.layers[0].parts["log"].close()


class Holder:
    """An object that holds a layer, and says by itself how it is copied."""

    def __init__(self):
        self.layer = layers.Dense(1)

    def __deepcopy__(self, memo):
        return self


def test_an_object_that_copies_a_layer_by_itself_is_refused():
    layer = Own()
    layer.holder = Holder()
    with pytest.raises(TypeError, match=r"Got Holder in Own 'own\w*', at holder"):
        copy_live(layer)


def test_objects_that_hold_each_other_are_copied_once():
    pair = ([], {})
    pair[0].extend([pair, pair[1]])
    pair[1][(1, "a")] = pair[0]
    one = copy_live(pair)
    assert one[0][0] is one
    assert one[1][(1, "a")] is one[0]
    assert one[0][1] is one[1]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (1, False),
        ([np.ones(2), {"a": (1, "b")}], False),
        (absolute(1.0), False),
        (keras.layers.Dense, False),
        ({"a": [layers.Dense(1)]}, True),
        (functools.partial(print, keras.losses.Huber()), True),
        ([tf.Variable(1.0)], True),
        (layers.Dense(1).call, True),
        (Holder(), True),
    ],
)
def test_what_holds_an_object_of_keras_is_known(value, found):
    assert reaches_keras(value) is found


def test_a_deep_copy_of_what_is_not_keras_is_that_of_python():
    value = {"a": [np.arange(3), {1, 2}], "b": Quantile(0.5)}
    mine, python = copy_live(value), copy.deepcopy(value)
    np.testing.assert_array_equal(mine["a"][0], python["a"][0])
    assert mine["a"][1] == python["a"][1]
    assert mine["b"].share == 0.5
    assert mine["b"] is not value["b"]
