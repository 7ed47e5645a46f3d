"""The outputs of a network are described as far as its graph tells; logits become probabilities."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl.wrappers.outputs import describe_outputs, probabilities_of

layers = keras.layers


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3, activation="softmax")

    def call(self, x):
        return self.dense(x)


def sequential(*stack):
    return keras.Sequential([keras.Input((4,)), *stack])


@pytest.mark.parametrize(
    ("model", "units", "activation"),
    [
        (sequential(layers.Dense(3, activation="softmax")), 3, "softmax"),
        (sequential(layers.Dense(3), layers.Softmax()), 3, "softmax"),
        (sequential(layers.Dense(1), layers.Activation("sigmoid")), 1, "sigmoid"),
        (sequential(layers.Dense(2)), 2, "linear"),
        (sequential(sequential(layers.Dense(2, activation="tanh"))), 2, "tanh"),
        (sequential(layers.Dense(2), layers.BatchNormalization()), 2, None),
        (sequential(layers.Reshape((2, 2))), 0, None),
        (Subclassed(), 3, None),
    ],
)
def test_units_and_activation(model, units, activation):
    (output,) = describe_outputs(model, model(np.zeros((2, 4), np.float32)))
    assert (output.units, output.activation) == (units, activation)


def test_several_outputs_have_the_names_of_keras():
    x = keras.Input((4,))
    model = keras.Model(x, {"b": layers.Dense(1, name="b")(x), "a": layers.Dense(2, name="a")(x)})
    outputs = describe_outputs(model, model(np.zeros((2, 4), np.float32)))
    assert sorted((o.name, o.units) for o in outputs) == [("a", 2), ("b", 1)]
    assert {o.name: o.units for o in outputs} == {"a": 2, "b": 1}


def test_what_an_activation_does_not_tell_is_asked():
    x = keras.Input((4,))
    known = keras.Model(x, [layers.Dense(1)(x), layers.Dense(2, activation="softmax")(x)])
    hidden = keras.Model(x, [layers.Flatten()(output) for output in known.outputs])
    asked = []

    def ask(n_outputs):
        asked.append(n_outputs)
        return [False, True]

    for model in (known, hidden):
        outputs = describe_outputs(model, model(np.zeros((2, 4), np.float32)), ask)
        assert [output.gives_probabilities for output in outputs] == [False, True]
    assert asked == [2]  # once: for the second model


def test_only_logits_are_changed():
    scores = np.array([[0.0], [100.0]])
    rows = np.array([[1.0, 1.0], [0.0, -100.0]])
    one, two = probabilities_of([scores, rows], ("sigmoid", None))
    np.testing.assert_allclose(one, [[0.5], [1.0]])
    np.testing.assert_array_equal(two, rows)
    np.testing.assert_allclose(
        probabilities_of(rows, ("softmax",)), [[0.5, 0.5], [1.0, 0.0]], atol=1e-12
    )
