"""Widths and layers of the dense networks."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdl.networks.dense import LAYERS, build_dense, layer_widths

PLAIN = {"n_features": 4, "n_outputs": 3, "output_activation": "softmax"}
PLAIN |= {name: default for group in LAYERS for name, default in group.defaults.items()}


def dense(widths, **options):
    """A network of hidden layers of `widths`, with the defaults for what is not among `options`."""
    return build_dense(**{**PLAIN, "hidden_layer_sizes": widths, **options})


@given(st.integers(0, 6), st.integers(1, 500), st.floats(0.05, 2))
def test_each_width_is_a_fraction_of_the_one_before(n_layers, units, decay):
    widths = layer_widths(n_layers, units, decay, None)
    assert len(widths) == n_layers
    assert all(width >= 1 for width in widths)
    assert widths[:1] == (units,)[:n_layers]
    for layer, width in enumerate(widths):
        assert abs(width - units * decay**layer) <= max(0.5, 1 - units * decay**layer)


def test_sizes_outright_take_the_place_of_widths():
    assert layer_widths(3, 100, 0.5, np.array([7, 5])) == (7, 5)
    assert layer_widths(3, 100, 0.5, ()) == ()
    assert layer_widths(3, 100, 0.5, np.int64(9)) == (9,)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["hidden_1", "hidden_2", "output"]),
        ({"dropout": 0.5}, ["hidden_1", "dropout_1", "hidden_2", "dropout_2", "output"]),
        (
            {"normalization": "batch"},
            [
                "hidden_1",
                "normalization_1",
                "activation_1",
                "hidden_2",
                "normalization_2",
                "activation_2",
                "output",
            ],
        ),
    ],
)
def test_the_order_of_layers(options, names):
    model = dense(widths=(8, 6), **options)
    assert [layer.name for layer in model.layers] == names
    assert model.output_shape == (None, 3)
    assert not model.compiled


def test_options_reach_the_layers():
    model = dense(
        widths=(8,),
        activation="tanh",
        dropout=0.25,
        normalization="layer",
        kernel_initializer="he_normal",
        l1=0.5,
        l2=0.25,
    )
    hidden, normalization, activation, dropout, output = model.layers
    assert isinstance(hidden.kernel_initializer, keras.initializers.HeNormal)
    assert isinstance(normalization, keras.layers.LayerNormalization)
    assert (activation.activation.__name__, dropout.rate) == ("tanh", 0.25)
    for layer in (hidden, output):
        assert float(layer.kernel_regularizer(np.array([[2.0, -1.0]]))) == 0.5 * 3 + 0.25 * 5


def test_one_initializer_instance_does_not_tie_layers_of_one_shape():
    model = dense(widths=(4, 4), kernel_initializer=keras.initializers.HeNormal())
    assert not np.array_equal(*(np.asarray(layer.kernel) for layer in model.layers[:2]))


def test_no_hidden_layer_is_a_linear_model():
    assert [layer.name for layer in dense(widths=()).layers] == ["output"]


@pytest.mark.parametrize(
    ("activation", "kind"),
    [
        ("relu", "HeNormal"),
        ("gelu", "HeNormal"),
        (keras.activations.leaky_relu, "HeNormal"),
        ("tanh", "GlorotUniform"),
        ("sigmoid", "GlorotUniform"),
        ("selu", "LecunNormal"),
        (keras.layers.LeakyReLU(), "HeNormal"),
        (keras.ops.tanh, "GlorotUniform"),
    ],
)
@pytest.mark.parametrize("normalization", [None, "batch"])
def test_weights_begin_to_suit_the_activation_behind_them(activation, kind, normalization):
    model = dense(
        widths=(8,),
        activation=activation,
        normalization=normalization,
        kernel_initializer="auto",
    )
    assert type(model.get_layer("hidden_1").kernel_initializer).__name__ == kind
    assert type(model.get_layer("output").kernel_initializer).__name__ == "GlorotUniform"


def test_noise_is_on_the_inputs_and_norms_are_bounded_in_hidden_layers():
    model = dense(widths=(8, 6), gaussian_noise=0.25, max_norm=2.0)
    assert [layer.name for layer in model.layers] == [
        "input_noise",
        "hidden_1",
        "hidden_2",
        "output",
    ]
    assert model.get_layer("input_noise").stddev == 0.25
    for name in ("hidden_1", "hidden_2"):
        assert model.get_layer(name).kernel_constraint.max_value == 2.0
    assert model.get_layer("output").kernel_constraint is None
