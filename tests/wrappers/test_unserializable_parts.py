"""Networks with parts that Keras cannot save train, predict, are copied and searched; a pickle says no."""

from __future__ import annotations

import copy
import functools
import pickle

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skdl import KerasRegressor, MLPRegressor
from tests.selection import some

X = np.random.default_rng(0).normal(size=(24, 4)).astype(np.float32)
Y = X[:, 0].copy()
QUICK = {"batch_size": 8, "shuffle": False, "random_state": 0, "engine": "keras"}


class Quantile:
    """A loss that is an object, and no class of Keras's."""

    def __init__(self, share):
        self.share = share

    def __call__(self, true, predicted):
        rest = true - predicted
        return keras.ops.mean(keras.ops.maximum(self.share * rest, (self.share - 1) * rest), -1)


class Forgetful(keras.layers.Layer):
    """A layer whose config does not hold all arguments."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return super().get_config()


class HalfHuber(keras.losses.Loss):
    """A loss of the user's own whose config does not hold its number."""

    def __init__(self, delta=1.0, **kwargs):
        super().__init__(**kwargs)
        self.delta = delta

    def call(self, true, predicted):
        return keras.losses.huber(true, predicted, delta=self.delta) / 2

    def get_config(self):
        return super().get_config()


LOSSES = {
    "lambda": lambda true, predicted: keras.ops.mean(keras.ops.abs(true - predicted), -1),
    "partial": functools.partial(keras.losses.huber, delta=0.1),
    "object": Quantile(0.9),
    "forgetful class": HalfHuber(0.1),
}


def mean(true, predicted):
    return keras.ops.mean(predicted, -1)


def ready(loss, trained=False):
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(1)]
    )
    # To run the few steps eagerly is faster than to trace one.
    model.compile("adam", loss, metrics=[mean], run_eagerly=True)
    if trained:
        model.fit(X, Y[:, None], batch_size=8, shuffle=False, verbose=0)
    return model


def weights(model):
    return [np.asarray(v).copy() for v in [*model.variables, *model.optimizer.variables]]


def assert_equal(one, two):
    for mine, other in zip(one, two, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("trained", some([False, True], "trained", ids=["untrained", "trained"]))
@pytest.mark.parametrize("loss", some(LOSSES.values(), "lambda", ids=LOSSES))
def test_a_ready_model_fits_as_keras_would(loss, trained):
    model = ready(loss, trained)
    before = weights(model)
    reg = KerasRegressor(model, **QUICK).fit(X, Y)
    assert_equal(weights(model), before)
    cloned = clone(reg).fit(X, Y)
    again = copy.deepcopy(reg).partial_fit(X, Y)
    reg.partial_fit(X, Y)
    model.fit(X, Y[:, None], batch_size=8, shuffle=False, verbose=0)
    assert_equal(weights(cloned.model_), weights(model))
    model.fit(X, Y[:, None], batch_size=8, shuffle=False, verbose=0)
    assert_equal(weights(reg.model_), weights(model))
    assert_equal(weights(again.model_), weights(model))
    np.testing.assert_array_equal(again.predict(X), reg.predict(X))


@pytest.mark.further
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_ready_model_is_searched(loss):
    model = ready(loss)
    search = GridSearchCV(
        KerasRegressor(model, **QUICK), {"epochs": [1, 2]}, cv=2, error_score="raise"
    ).fit(X, Y)
    alone = KerasRegressor(model, **QUICK, **search.best_params_).fit(X, Y)
    np.testing.assert_array_equal(search.predict(X), alone.predict(X))


def test_a_loss_as_a_parameter_is_cloned_as_it_is():
    loss = HalfHuber(0.1)
    loss.note = "set later"
    for reg in (KerasRegressor(ready, loss=loss), MLPRegressor(loss=loss)):
        for twin in (clone(reg), copy.deepcopy(reg)):
            assert twin.loss is not loss
            assert (twin.loss.delta, twin.loss.note) == (0.1, "set later")


def test_a_routed_parameter_is_cloned_as_it_is():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    schedule.note = "set later"
    reg = KerasRegressor(ready, optimizer="sgd", optimizer__learning_rate=schedule)
    for twin in (clone(reg), copy.deepcopy(reg)):
        found = twin.get_params()["optimizer__learning_rate"]
        assert found is not schedule
        assert found.note == "set later"
    assert reg.get_params()["optimizer__learning_rate"] is schedule


def test_a_copy_of_a_looked_at_model_is_another_one():
    reg = KerasRegressor(ready(LOSSES["lambda"]), **QUICK).fit(X, Y)
    reg.first_layer_ = reg.model_.layers[0]
    twin = copy.deepcopy(reg)
    assert twin.model_ is not reg.model_
    assert twin.first_layer_ is twin.model_.layers[0]
    before = reg.predict(X)
    twin.model_.set_weights([np.zeros_like(w) for w in twin.model_.get_weights()])
    np.testing.assert_array_equal(reg.predict(X), before)
    assert not twin.predict(X).any()


def drop_config(model):
    model.layers[0].activation = functools.partial(keras.activations.leaky_relu, negative_slope=0.3)


def set_attribute(model):
    model.layers[0].note = 5


def set_call(model):
    layer, call = model.layers[0], type(model.layers[0]).call
    layer.call = lambda x, training=None: call(layer, x) * 2


def keep_biases(model):
    optimizer = keras.optimizers.AdamW()
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(optimizer, "mse")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (drop_config, "Keras says: TypeError: Cannot serialize object functools.partial"),
        (set_attribute, r"note of Dense 'dense\w*' was 5 and came back as 'nothing'"),
        (set_call, r"call of Dense 'dense\w*' was <function"),
        (keep_biases, "which weights do not decay"),
        (lambda model: model.compile("adam", LOSSES["lambda"]), "Keras says: "),
        (lambda model: model.compile("adam", LOSSES["object"]), "Keras says: "),
        (lambda model: model.compile("adam", HalfHuber(0.1)), "delta of HalfHuber .* was 0.1"),
    ],
    ids=["partial", "attribute", "call", "no decay", "lambda", "object", "forgetful loss"],
)
@pytest.mark.filterwarnings("ignore:.*lambda:UserWarning")
def test_what_a_file_would_lose_is_not_pickled(change, said):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    change(model)
    with pytest.raises(TypeError, match=f"Sequential cannot be pickled.*{said}"):
        pickle.dumps(KerasRegressor(model))


def test_a_layer_that_forgets_its_setting_is_copied_and_not_pickled():
    model = keras.Sequential([keras.Input((4,)), Forgetful(3.0), layers.Dense(1)])
    reg = KerasRegressor(model, loss="mse", **QUICK).fit(X, Y)
    twin = copy.deepcopy(reg)
    assert twin.model_.layers[0].factor == clone(reg).model.layers[0].factor == 3.0
    with pytest.raises(TypeError, match="factor of Forgetful .* was 3.0 and came back as 1.0"):
        pickle.dumps(reg)


def test_a_loss_that_forgets_its_setting_is_not_pickled():
    with pytest.raises(TypeError, match="HalfHuber cannot be pickled.*delta of .* was 0.1"):
        pickle.dumps(KerasRegressor(ready, loss=HalfHuber(0.1)))
    assert pickle.loads(pickle.dumps(KerasRegressor(ready, loss=HalfHuber()))).loss.delta == 1.0
