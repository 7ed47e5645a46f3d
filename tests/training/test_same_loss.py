"""Losses by name, class, object and function are the same where they compute the same, and no others are."""

from __future__ import annotations

import copy
import functools
import inspect

import keras
import numpy as np
import pytest

from skdl.training.same_loss import contradicts, told

CLASSES = {
    kind().fn.__name__: kind
    for kind in vars(keras.losses).values()
    if inspect.isclass(kind) and kind is not keras.losses.Loss
}
ALIASES = {
    "mean_squared_error": ("mse", "MSE"),
    "mean_absolute_error": ("mae", "MAE"),
    "mean_absolute_percentage_error": ("mape", "MAPE"),
    "mean_squared_logarithmic_error": ("msle", "MSLE"),
    "binary_crossentropy": ("bce", "BCE"),
    "kl_divergence": ("kld", "KLD"),
}
# Keras knows none of these by the name of its function.
NAMELESS = ("categorical_generalized_cross_entropy",)
BINARY = keras.losses.BinaryCrossentropy
Huber = keras.losses.Huber


def forms(name):
    """All ways to name a loss."""
    kind = CLASSES[name]
    named = () if name in NAMELESS else (name, kind.__name__, getattr(keras.losses, name))
    return [kind, kind(), *named, *ALIASES.get(name, ())]


def cubed(y_true, y_pred):
    return keras.ops.mean(keras.ops.abs(y_true - y_pred) ** 3, axis=-1)


def pinball(share):
    return lambda y_true, y_pred: keras.ops.mean(share * (y_true - y_pred), axis=-1)


class Scaled(keras.losses.Loss):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self._scale = scale

    def call(self, y_true, y_pred):
        return self._scale * cubed(y_true, y_pred)


class Likelihood(BINARY):
    pass


class Callable:
    def __init__(self, power):
        self.power = power

    def __call__(self, y_true, y_pred):
        return keras.ops.mean(keras.ops.abs(y_true - y_pred) ** self.power, axis=-1)

    def method(self, y_true, y_pred):
        return self(y_true, y_pred)

    def other(self, y_true, y_pred):
        return -self(y_true, y_pred)


@pytest.mark.parametrize("name", CLASSES)
def test_every_way_to_name_a_loss_of_keras(name):
    for given in forms(name):
        for other in CLASSES:
            for compiled in forms(other):
                assert contradicts(given, compiled) is (name != other), (given, compiled)
        assert contradicts(given, cubed)
        assert contradicts(cubed, given)


@pytest.mark.parametrize(
    ("given", "compiled", "differ"),
    [
        ("huber", Huber(delta=2.0), False),
        (Huber, Huber(delta=2.0), False),
        (keras.losses.huber, Huber(delta=2.0), False),
        (Huber(), Huber(delta=2.0), True),
        (Huber(delta=2.0), "huber", True),
        (Huber(delta=np.float32(2)), Huber(delta=2), False),
        (Huber(name="mine"), Huber(), False),
        (keras.losses.MeanSquaredError(reduction="sum"), "mse", True),
        (keras.losses.CosineSimilarity(axis=0), "cosine_similarity", True),
        (functools.partial(keras.losses.huber, delta=2.0), Huber(delta=2.0), False),
        (functools.partial(keras.losses.huber, delta=2.0), "huber", True),
        ("huber", functools.partial(keras.losses.huber, delta=2.0), False),
        (BINARY(from_logits=True), BINARY(from_logits=False), True),
        (BINARY(from_logits=True), BINARY(from_logits=True), False),
    ],
)
def test_settings_count_where_they_are_given(given, compiled, differ):
    assert contradicts(given, compiled) is differ


@pytest.mark.parametrize("name", ["crossentropy", "ce"])
def test_a_crossentropy_that_keras_chooses(name):
    for chosen in ("bce", "categorical_crossentropy", "SparseCategoricalCrossentropy", "CE"):
        assert not contradicts(name, chosen)
        assert not contradicts(chosen, name)
    for other in ("mse", "categorical_hinge", cubed):
        assert contradicts(name, other)
        assert contradicts(other, name)


def test_functions_by_their_code_and_what_they_hold():
    assert not contradicts(cubed, cubed)
    assert not contradicts(pinball(0.1), pinball(0.1))
    assert contradicts(pinball(0.1), pinball(0.9))
    assert contradicts(cubed, pinball(0.1))
    assert not contradicts(functools.partial(cubed), functools.partial(cubed))
    assert contradicts(functools.partial(cubed), pinball(0.1))


def test_objects_by_all_that_they_hold():
    assert not contradicts(Scaled(2.0), Scaled(2.0))
    assert contradicts(Scaled(2.0), Scaled(3.0))
    assert not contradicts(Scaled, Scaled(3.0))
    assert contradicts(Scaled, "mse")
    assert contradicts(Scaled(np.arange(2)), Scaled(np.arange(3)))
    assert not contradicts(Scaled(np.arange(2)), Scaled(np.arange(2)))
    assert not contradicts(Scaled(Callable(2)), Scaled(copy.deepcopy(Callable(2))))
    assert not contradicts(Callable(2), copy.deepcopy(Callable(2)))
    assert contradicts(Callable(2), Callable(3))
    assert not contradicts(Callable(2).method, Callable(2).method)
    assert contradicts(Callable(2).method, Callable(3).method)
    assert contradicts(Callable(2).method, Callable(2).other)


def test_an_object_that_holds_itself():
    one, other = Callable(2), Callable(2)
    one.me, other.me = one, other
    assert not contradicts(one, other)


def test_a_subclass_is_a_loss_of_its_bases_kind():
    assert not contradicts("bce", Likelihood())
    assert contradicts("mse", Likelihood())
    assert not contradicts(Likelihood, Likelihood())
    assert contradicts(Likelihood(), "bce")


def test_what_a_loss_is_called():
    half = functools.partial(keras.losses.huber, delta=0.5)
    losses = ["mse", "MeanSquaredError", "ce", Huber, Huber(delta=2.0), half, cubed, pinball(1)]
    assert [told(loss) for loss in losses] == [
        *("mean_squared_error", "mean_squared_error", "ce", "Huber", "Huber(delta=2.0)"),
        *("huber(delta=0.5)", "cubed", "<lambda>"),
    ]
