"""The network alone decides whether its outputs are probabilities; the weights of a build do not."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest

from skdl.engine.network.probabilities import are_probabilities
from tests.selection import some

layers, ops = keras.layers, keras.ops
X = np.zeros((2, 4), np.float32)


class Subclassed(keras.Model):
    """Its graph is not known before it is called, and not kept."""

    def __init__(self, units=3, end=None, use_bias=True):
        super().__init__()
        self.hidden = layers.Dense(8, activation="relu")
        self.dense = layers.Dense(units, use_bias=use_bias)
        self.end = end

    def call(self, x):
        scores = self.dense(self.hidden(x))
        return scores if self.end is None else self.end(scores)


class OfTokens(keras.Model):
    """Takes numbers that stand for tokens, where noise is none."""

    def __init__(self, end=None):
        super().__init__()
        self.embedding = layers.Embedding(5, 3)
        self.head = Subclassed(2, end, use_bias=False)

    def call(self, x):
        return self.head(ops.mean(self.embedding(x), axis=1))


class Mixture(keras.Model):
    """Probabilities of experts, in the parts that a gate gives them; a graph does not tell its range."""

    def __init__(self):
        super().__init__()
        self.experts = layers.Dense(5, activation="sigmoid")
        self.gate = layers.Dense(5, activation="softmax")

    def call(self, x):
        return ops.sum(self.experts(x) * self.gate(x), axis=-1, keepdims=True)


class Own(layers.Layer):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, x):
        return self.function(x)


class Deviation(layers.Layer):
    """Takes no negative weights."""

    def build(self, shape):
        self.variance = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x):
        return x / ops.sqrt(self.variance)


class OfSomeRows(keras.Model):
    """Takes no other rows than zeros."""

    def __init__(self, end=None):
        super().__init__()
        self.head = Subclassed(1, end)

    def call(self, x):
        if np.asarray(x).any():
            raise KeyError("on purpose")
        return self.head(x)


def same(x):
    return x


def written_out(x):
    """A softmax that overflows for large scores."""
    return ops.exp(x) / ops.sum(ops.exp(x), axis=-1, keepdims=True)


def sequential(*stack):
    return keras.Sequential([keras.Input((4,)), *stack])


def answer(model, x=X):
    """For a network of one output."""
    model(x)  # builds it
    (found,) = are_probabilities(model, x, 1)
    return found


PROBABILITIES = {
    "a subclassed model": lambda: Subclassed(1, ops.sigmoid),
    "a written out softmax": lambda: Subclassed(3, written_out),
    "a mixture": Mixture,
    "a Lambda": lambda: sequential(layers.Dense(1), layers.Lambda(lambda x: ops.sigmoid(x))),
    "an Activation": lambda: sequential(
        layers.Dense(2), layers.Activation(lambda x: ops.softmax(x))
    ),
    "a layer of the user's": lambda: sequential(layers.Dense(3), Own(written_out)),
    "a callable": lambda: sequential(layers.Dense(1, activation=lambda x: ops.sigmoid(x))),
    "a partial": lambda: sequential(
        layers.Dense(3, activation=functools.partial(ops.softmax, axis=-1))
    ),
    "a nested model": lambda: sequential(Subclassed(1, ops.sigmoid)),
    "a reshaped sigmoid": lambda: sequential(
        layers.Dense(2, activation="sigmoid"), layers.Reshape((2, 1)), layers.Flatten()
    ),
    "a dropout": lambda: sequential(layers.Dense(2, activation="softmax"), layers.Dropout(0.5)),
    "normalized scores": lambda: sequential(
        layers.Dense(2), layers.BatchNormalization(), Own(written_out)
    ),
    "positive weights": lambda: sequential(layers.Dense(2), Deviation(), Own(ops.sigmoid)),
    "tokens": lambda: OfTokens(ops.softmax),
    "some rows alone": lambda: OfSomeRows(ops.sigmoid),
}
SCORES = {
    "a subclassed model": lambda: Subclassed(1),
    "a model without biases": lambda: Subclassed(3, use_bias=False),
    "a relu": lambda: Subclassed(1, ops.relu),
    "a tanh": lambda: Subclassed(1, ops.tanh),
    "a Lambda": lambda: sequential(layers.Dense(1), layers.Lambda(lambda x: x / 9)),
    "a partial": lambda: sequential(
        layers.Dense(3, activation=functools.partial(ops.multiply, 0.1))
    ),
    "a nested model": lambda: sequential(Subclassed(1)),
    "reshaped scores": lambda: sequential(
        layers.Dense(2), layers.Reshape((2, 1)), layers.Flatten()
    ),
    "normalized scores": lambda: sequential(layers.Dense(2), layers.BatchNormalization()),
    "positive weights": lambda: sequential(layers.Dense(2), Deviation()),
    "tokens": OfTokens,
    "some rows alone": OfSomeRows,
}


@pytest.mark.parametrize(
    ("build", "expected"),
    some(
        [
            *[
                pytest.param(build, True, id=f"probabilities: {n}")
                for n, build in PROBABILITIES.items()
            ],
            *[pytest.param(build, False, id=f"scores: {n}") for n, build in SCORES.items()],
        ],
        *("probabilities: a subclassed model", "probabilities: a partial"),
        *("scores: a relu", "scores: normalized scores"),
    ),
)
def test_probabilities_are_known_whatever_the_random_weights(build, expected):
    answers = [answer(build()) for _ in range(20)]
    assert answers == [expected] * 20


@pytest.mark.parametrize("weight", [0.0, 0.1, 1e3])
def test_weights_that_somebody_set_do_not_count_and_stay(weight):
    model = Subclassed(1)
    model(X)
    model.set_weights([np.full_like(value, weight) for value in model.get_weights()])
    assert not answer(model)
    assert all((value == weight).all() for value in model.get_weights())


def test_frozen_weights_do_not_count_either():
    for _ in range(20):
        model = Subclassed(1)
        model.trainable = False
        assert not answer(model)


class AlwaysNoisy(Subclassed):
    def __init__(self, end):
        super().__init__(1, end)
        self.noise = layers.GaussianNoise(0.3)

    def call(self, x):
        return super().call(self.noise(x, training=True))


@pytest.mark.parametrize(("end", "expected"), [(ops.sigmoid, True), (same, False)])
def test_noise_that_is_never_off_goes_on_where_it_was(end, expected):
    model = AlwaysNoisy(end)
    model(X)
    before = np.asarray(model.noise.seed_generator.state)
    assert are_probabilities(model, X, 1) == [expected]
    np.testing.assert_array_equal(model.noise.seed_generator.state, before)


@pytest.mark.parametrize("policy", ["mixed_float16", "bfloat16", "float64"])
def test_low_precision_rounds_no_probability_away(policy):
    def build(end=None):
        return sequential(layers.Dense(3, dtype=policy), Own(end or same))

    assert answer(build(ops.softmax))
    assert not answer(build())


def test_each_output_is_asked():
    x = keras.Input((4,))
    scores, bound = layers.Dense(1)(x), layers.Dense(1)(x)
    ends = [layers.Lambda(lambda x: x)(scores), layers.Lambda(ops.sigmoid)(bound)]
    assert are_probabilities(keras.Model(x, ends), X, 2) == [False, True]


def test_several_inputs_of_several_kinds_are_made_up():
    token, number = keras.Input((2,), dtype="int32"), keras.Input((3,))
    joined = layers.Concatenate()([layers.Flatten()(layers.Embedding(3, 2)(token)), number])
    rows = (np.zeros((2, 2), np.int32), np.zeros((2, 3), np.float32))
    for link, expected in ((ops.sigmoid, True), (same, False)):
        end = layers.Lambda(link)(layers.Dense(1)(joined))
        assert answer(keras.Model([token, number], end), rows) is expected
