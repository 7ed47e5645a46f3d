from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdl.engine.numbers.model_numbers import (
    model_numbers,
    model_structure,
    number_places,
    numbers_of,
    optimizer_numbers,
    optimizer_structure,
    structure_of,
    taking,
)
from skdl.engine.numbers.symbolic_float import SymbolicFloat
from tests.engine.number_cases import X, assert_same

layers, losses, optimizers = keras.layers, keras.losses, keras.optimizers
schedules = optimizers.schedules
regularizers, constraints = keras.regularizers, keras.constraints


def build(numbers, shared=False, kernel="l1l2", outputs=1):
    """A model whose numbers are given one by one."""
    take = iter(numbers)
    one = regularizers.L1L2(next(take), next(take))
    other = one if shared else regularizers.L1L2(next(take), next(take))
    kernel = other if kernel == "l1l2" else regularizers.L2(next(take))
    x = inputs = keras.Input((4,))
    x = layers.Dense(
        3,
        activation=layers.LeakyReLU(next(take)),
        kernel_regularizer=one,
        bias_constraint=constraints.MaxNorm(next(take)),
    )(x)
    x = layers.BatchNormalization(momentum=next(take), epsilon=next(take))(x)
    x = layers.Dropout(next(take))(x)
    x = layers.ActivityRegularization(l2=next(take))(x)
    heads = [
        layers.Dense(2, "softmax", kernel_regularizer=kernel, name=f"y{i}") for i in range(outputs)
    ]
    model = keras.Model(inputs, {head.name: head(x) for head in heads})
    model.compile(
        keras.optimizers.SGD(next(take), momentum=next(take)),
        {head.name: losses.CategoricalCrossentropy(label_smoothing=next(take)) for head in heads},
    )
    return model


ONE = [0.1, 0.2, 0.3, 0.4, 0.5, 1.5, 0.6, 0.7, 0.8, 0.9, 0.01, 0.02, 0.03, 0.04]
OTHER = [value * 0.5 for value in ONE]


def places(numbers):
    return [(type(n.owner), n.attribute, n.key, n.tested) for n in numbers]


def test_models_that_differ_in_numbers_have_them_in_one_order():
    one, other = build(ONE, outputs=2), build(OTHER, outputs=2)
    assert places(model_numbers(one)) == places(model_numbers(other))
    assert model_structure(one) == model_structure(other)
    assert hash(model_structure(one)) == hash(model_structure(other))
    values = [n.value for n in model_numbers(one)]
    assert {0.1, 0.2, 0.3, 0.4, 0.5, 1.5, 0.6, 0.7, 0.8, 0.9, 0.03, 0.04} <= set(values)
    halves = [n.value for n in model_numbers(other)]
    assert [v / 2 if v in ONE else v for v in values] == halves


def test_one_traced_model_computes_what_the_other_does(float64):
    one, other = build(ONE), build(OTHER)
    other.set_weights(one.get_weights())
    numbers = model_numbers(one)
    data, labels = (
        tf.constant(np.vstack([X, -X])),
        {"y0": tf.constant(np.eye(2)[[0, 1, 0, 1, 1, 1]])},
    )

    def loss(model):
        outputs = model(data)
        return [model.compute_loss(data, labels, outputs)]

    expected = [loss(one), loss(other)]

    @tf.function
    def program(tensors):
        with taking(numbers, tf.unstack(tensors)):
            return loss(one)

    for model, value in zip((one, other), expected, strict=True):
        given = tf.constant([n.value for n in model_numbers(model)], tf.float64)
        assert_same(program(given), value, "")
    assert expected[0][0] != expected[1][0]


def test_what_two_places_share_is_structure():
    apart = build(ONE)
    shared = build(ONE, shared=True)
    assert len(model_numbers(shared)) == len(model_numbers(apart)) - 2
    assert model_structure(shared) != model_structure(apart)
    assert model_structure(shared) == model_structure(build(OTHER, shared=True))
    assert model_structure(build(ONE, kernel="l2")) != model_structure(apart)


class OwnL2(regularizers.L2):
    """A class that the table does not know."""


class OwnAdam(optimizers.Adam):
    """A class that the table does not know."""


class OwnReLU(layers.ReLU):
    """A class that the table does not know."""


class Weights(layers.Layer):
    """Keeps one regularizer with its variable alone, and others in a list."""

    def __init__(self):
        super().__init__()
        self.others = [regularizers.L2(0.5), {"b": regularizers.L1L2(0.75, 1.0)}]

    def build(self, shape):
        self.scale = self.add_weight(shape=(1,), regularizer=regularizers.L2(0.25))

    def call(self, x):
        return x * self.scale


def test_a_subclass_has_no_numbers():
    assert numbers_of([OwnL2(0.1), OwnAdam(), OwnReLU(2.0)]) == []
    assert number_places(OwnL2) == number_places(OwnAdam) == {}
    assert optimizer_numbers(OwnAdam()) == []


def test_regularizers_in_lists_and_with_variables_are_found():
    model = keras.Sequential([keras.Input((2,)), Weights()])
    assert [n.value for n in model_numbers(model)] == [0.5, 0.75, 1.0, 0.25]


def test_wrapped_optimizers_and_schedules_are_looked_into():
    schedule = schedules.CosineDecay(0.1, 10, alpha=0.5)
    wrapped = optimizers.LossScaleOptimizer(optimizers.SGD(schedule, momentum=0.9))
    assert [(n.attribute, n.value) for n in optimizer_numbers(wrapped)] == [
        ("momentum", 0.9),
        ("ema_momentum", 0.99),
        ("initial_learning_rate", 0.1),
        ("decay_steps", 10.0),
        ("alpha", 0.5),
        ("warmup_steps", 0.0),
    ]
    inner = optimizers.OptimizerMap(optimizers.SGD(0.1), {"a.*": optimizers.SGD(0.1, momentum=0.5)})
    several = optimizers.MultiOptimizer(inner)
    several.build([keras.Variable(np.ones(2), name="a"), keras.Variable(np.ones(2), name="b")])
    assert ("momentum", 0.5) in [(n.attribute, n.value) for n in optimizer_numbers(several)]


def test_the_structure_of_an_optimizer_has_that_of_its_schedule():
    def made(schedule):
        return optimizer_structure(optimizers.Adam(schedule))

    cosine = schedules.CosineDecay
    assert made(cosine(0.1, 5)) == made(cosine(0.3, 7, alpha=0.1))
    assert made(cosine(0.1, 5)) != made(cosine(0.1, 5, warmup_target=0.2))
    assert made(cosine(0.1, 5)) != made(schedules.PolynomialDecay(0.1, 5))
    assert made(0.1) == made(0.2) != made(cosine(0.1, 5))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda: optimizers.SGD(momentum=0.0), lambda: optimizers.SGD(momentum=0.1)),
        (lambda: optimizers.SGD(), lambda: optimizers.SGD(weight_decay=0.0)),
        (lambda: optimizers.SGD(), lambda: optimizers.SGD(clipnorm=1.0)),
        (lambda: optimizers.SGD(clipnorm=0.0), lambda: optimizers.SGD(clipnorm=1.0)),
        (lambda: optimizers.SGD(clipvalue=1.0), lambda: optimizers.SGD(clipnorm=1.0)),
        (lambda: optimizers.RMSprop(momentum=0.0), lambda: optimizers.RMSprop(momentum=0.1)),
        (lambda: layers.ReLU(), lambda: layers.ReLU(5.0)),
        (lambda: layers.ReLU(6.0), lambda: layers.ReLU(5.0)),
        (lambda: layers.ReLU(), lambda: layers.ReLU(negative_slope=0.1)),
        (lambda: layers.ReLU(), lambda: layers.ReLU(threshold=0.1)),
        (lambda: layers.Rescaling([1.0, 2.0]), lambda: layers.Rescaling([1.0, 3.0])),
        (lambda: layers.Rescaling([1.0, 2.0]), lambda: layers.Rescaling(1.0)),
        (
            lambda: schedules.ExponentialDecay(1, 5, 0.5),
            lambda: schedules.ExponentialDecay(1.0, 5, 0.5),
        ),
        (
            lambda: schedules.ExponentialDecay(1.0, 2**24 + 1, 0.5),
            lambda: schedules.ExponentialDecay(1.0, 2**24 + 2, 0.5),
        ),
        (
            lambda: schedules.PiecewiseConstantDecay([3], [0.1, 0.2]),
            lambda: schedules.PiecewiseConstantDecay([3, 4], [0.1, 0.2, 0.3]),
        ),
        (
            lambda: schedules.CosineDecay(0.1, 5),
            lambda: schedules.CosineDecay(0.1, 5, warmup_target=0.2),
        ),
        (lambda: layers.LSTM(2), lambda: layers.LSTM(2, dropout=0.1)),
        (lambda: layers.LSTMCell(2), lambda: layers.LSTMCell(2, recurrent_dropout=0.1)),
        (
            lambda: layers.MultiHeadAttention(1, 2),
            lambda: layers.MultiHeadAttention(1, 2, dropout=0.1),
        ),
        (lambda: losses.CosineSimilarity(axis=0), lambda: losses.CosineSimilarity(axis=-1)),
    ],
)
def test_what_is_no_number_is_structure(one, other):
    assert structure_of(one()) != structure_of(other())
    assert structure_of(one()) == structure_of(one())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda: optimizers.SGD(momentum=0.5), lambda: optimizers.SGD(momentum=0.1)),
        (lambda: optimizers.AdamW(weight_decay=0.0), lambda: optimizers.AdamW(weight_decay=0.1)),
        (lambda: optimizers.Adam(clipnorm=5), lambda: optimizers.Adam(clipnorm=0.1, beta_1=0.0)),
        (lambda: regularizers.L1L2(0.0, 0.0), lambda: regularizers.L1L2(0.1, 0.2)),
        (lambda: layers.Dropout(0.0), lambda: layers.Dropout(0.5)),
        (lambda: layers.LeakyReLU(0.0), lambda: layers.LeakyReLU(0.5)),
        (lambda: layers.ELU(1.0), lambda: layers.ELU(0.5)),
        (lambda: layers.LSTM(2, dropout=0.3), lambda: layers.LSTM(2, dropout=0.1)),
        (
            lambda: losses.CategoricalCrossentropy(),
            lambda: losses.CategoricalCrossentropy(label_smoothing=0.1),
        ),
        (
            lambda: schedules.ExponentialDecay(1.0, 5, 0.5),
            lambda: schedules.ExponentialDecay(0.5, 7.5, 1),
        ),
    ],
)
def test_what_is_a_number_is_no_structure(one, other):
    assert structure_of(one()) == structure_of(other())
    assert places(numbers_of([one()])) == places(numbers_of([other()]))


def snapshot(numbers):
    return [
        (type(n.owner), dict(vars(n.owner)), dict(vars(n.owner).get("_fn_kwargs", {})))
        for n in numbers
    ]


@pytest.mark.parametrize("fails", [False, True])
def test_all_is_restored(fails):
    model = build(ONE)
    lstm = layers.LSTMCell(2, dropout=0.5)
    numbers = [*model_numbers(model), *optimizer_numbers(model.optimizer), *numbers_of([lstm])]
    before = snapshot(numbers)
    changed = []

    @tf.function
    def program(tensors):
        with taking(numbers, tf.unstack(tensors)):
            changed.extend(vars(n.owner)[n.attribute] for n in numbers)
            if fails:
                raise KeyError("on purpose")

    tensors = tf.constant([n.value for n in numbers], tf.float64)
    if fails:
        with pytest.raises(KeyError, match="on purpose"):
            program(tensors)
    else:
        program(tensors)
    assert len(changed) == len(numbers)
    assert all(
        isinstance(value if n.key is None else value[n.key], SymbolicFloat)
        for n, value in zip(numbers, changed, strict=True)
    )
    after = snapshot(numbers)
    for (kind, values, settings), (kind_now, values_now, settings_now) in zip(
        before, after, strict=True
    ):
        assert kind_now is kind
        assert list(values_now) == list(values)
        assert all(values_now[name] is values[name] for name in values)
        assert settings_now == settings


def test_eagerly_the_numbers_themselves_are_handed_over():
    layer = layers.LeakyReLU(0.5)
    with taking(numbers_of([layer]), [tf.constant(0.25, tf.float64)]):
        assert layer.negative_slope == 0.25
        assert float(layer(tf.constant(-1.0))) == -0.25
    assert layer.negative_slope == 0.5


def test_another_count_of_tensors_is_an_error():
    layer = layers.LeakyReLU(0.5)
    with (
        pytest.raises(ValueError, match="Got 2 tensors for 1 numbers, expected one for each"),
        taking(numbers_of([layer]), [0.1, 0.2]),
    ):
        pass
    assert layer.negative_slope == 0.5
