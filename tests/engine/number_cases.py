"""What the tests of numbers compute: each setting of each class, and the values to give it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from skdl.engine.numbers.model_numbers import numbers_of, taking
from tests.tolerances import FUNCTION, rounding

layers, losses, optimizers = keras.layers, keras.losses, keras.optimizers
schedules = optimizers.schedules
regularizers, constraints = keras.regularizers, keras.constraints

# Keras computes schedules and one penalty in float32 whatever the network's type. Schedules begin at 1 or
# less, and take a function, the rounding of its argument, six products and sums; a cosine near -1 cancels
# with what is added to it. The penalty sums twice over four columns and three rows.
TOLERANCE = {
    "float64": {"rtol": 1e-12, "atol": 1e-14},
    "float32": {"rtol": 0, "atol": rounding("float32", FUNCTION, 8, 2 * 4, 2 * 3)},
}
# Every kink of every case is hit exactly: 0, thresholds and bounds.
X = np.array([[-2.0, -0.5, 0.0, 0.5], [1.0, 2.0, 5.0, 6.0], [7.0, -1.0, 0.25, -3.0]])
LABELS = np.array([[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
PROBABILITIES = np.array([[0.1, 0.6, 0.2, 0.1], [0.3, 0.3, 0.3, 0.1], [0.05, 0.05, 0.1, 0.8]])


@dataclass(frozen=True)
class Case:
    """Settings of one class, and the values to give them in turn; what to compute with the object."""

    kind: str
    others: dict[str, Any]
    settings: dict[str, tuple[float, ...]]
    compute: Callable[[Any], list[Any]]

    @property
    def id(self):
        return f"{self.kind}({', '.join([*self.settings, *map(str, self.others.items())])})"

    @property
    def turns(self):
        return range(max(map(len, self.settings.values())))

    def make(self, turn):
        given = {name: values[turn % len(values)] for name, values in self.settings.items()}
        made = find(self.kind)(**{**self.others, **given})
        self.compute(made)  # builds it
        return made

    def numbers(self, made):
        return numbers_of([made, getattr(made, "activity_regularizer", None)])

    def traced(self):
        made = self.make(0)
        numbers = self.numbers(made)

        def function(tensors):
            with taking(numbers, tf.unstack(tensors)):
                return self.compute(made)

        return function

    def tensors(self, turn):
        values = [number.value for number in self.numbers(self.make(turn))]
        return tf.constant(values, tf.float64)


def find(kind):
    place = keras
    for step in kind.split("."):
        place = getattr(place, step)
    return place


def with_gradient(function, at):
    at = tf.constant(at)
    with tf.GradientTape() as tape:
        tape.watch(at)
        value = function(at)
    return [value, tape.gradient(value, at, unconnected_gradients="zero")]


def of_layer(layer):
    """The output, its gradient, the penalties; and the state after, from the same state before."""
    for variable, start in zip(layer.non_trainable_variables, STARTS, strict=False):
        variable.assign(tf.fill(variable.shape, tf.constant(start, variable.dtype)))
    results = with_gradient(lambda x: layer(x, **training_of(layer)), X)
    return [*results, *layer.losses, *(v.value + 0 for v in layer.non_trainable_variables)]


STARTS = (0.3, 1.7, 1.2, 0.4, 1.1)


def training_of(layer):
    return {"training": True} if isinstance(layer, layers.BatchNormalization) else {}


def of_weight(function):
    # Keras keeps the factor of this one in float32 and then refuses a weight of float64.
    single = isinstance(function, regularizers.OrthogonalRegularizer)
    return with_gradient(function, X.astype(np.float32) if single else X)


def of_loss(loss):
    if isinstance(loss, losses.CategoricalGeneralizedCrossEntropy | losses.Circle):
        labels = np.array([1, 0, 1])
    else:
        labels = LABELS
    return with_gradient(lambda p: loss(labels, p), PROBABILITIES)


def of_schedule(schedule):
    # Between the restarts of all cases: which side of one a step is on may hang on the last place of a
    # logarithm.
    return [schedule(tf.constant(step)) for step in (0, 2, 7, 11, 23)]


def cases_of(compute, rows):
    return [Case(kind, others, settings, compute) for kind, others, settings in rows]


SMALL = (0.0, 0.1, 0.7)
SMOOTH = {"label_smoothing": (0.0, 0.1, 0.5)}
EPSILON = {"epsilon": (1e-3, 1e-6, 0.5)}
DECAY = {"initial_learning_rate": 0.1, "decay_steps": 10}
CASES = [
    *cases_of(
        of_layer,
        [
            ("layers.ReLU", {}, {"negative_slope": (0.1, 0.3, 1.5)}),
            ("layers.ReLU", {}, {"threshold": (0.5, 1.0)}),
            ("layers.ReLU", {"max_value": 2.0}, {"negative_slope": (0.1, 0.3, 1.5)}),
            (
                "layers.ReLU",
                {"max_value": 6.0},
                {"negative_slope": (0.1, 0.3), "threshold": (0.5,)},
            ),
            ("layers.ReLU", {"threshold": 0.5}, {"negative_slope": (0.1, 0.3, 1.5)}),
            ("layers.ReLU", {"threshold": 0.5}, {"max_value": (0.0, 0.25, 2.0)}),
            ("layers.ReLU", {}, {"max_value": (0.0, 2.0, 5.0, 7)}),
            ("layers.LeakyReLU", {}, {"negative_slope": (0.0, 0.3, 1.0, 1.5)}),
            ("layers.ELU", {}, {"alpha": (0.0, 0.5, 1.0, 2.0)}),
            ("layers.BatchNormalization", {}, {"momentum": (0.0, 0.9, 1.0), **EPSILON}),
            (
                "layers.BatchNormalization",
                {"renorm": True},
                {"renorm_momentum": (0.0, 0.9), "momentum": (0.5, 0.9), **EPSILON},
            ),
            ("layers.LayerNormalization", {}, EPSILON),
            ("layers.GroupNormalization", {"groups": 2}, EPSILON),
            ("layers.RMSNormalization", {}, EPSILON),
            ("layers.Rescaling", {"scale": 0.5}, {"scale": (0.0, 1 / 255, 2), "offset": (0.0, -1)}),
            ("layers.ActivityRegularization", {}, {"l1": SMALL, "l2": SMALL}),
        ],
    ),
    *cases_of(
        lambda layer: with_gradient(lambda x: layer(x, reverse=True), X),
        [
            (
                "layers.ReversibleEmbedding",
                {"input_dim": 3, "output_dim": 4, "embeddings_initializer": "ones"},
                {"logit_soft_cap": (1.0, 30)},
            )
        ],
    ),
    *cases_of(
        of_weight,
        [
            ("regularizers.L1", {}, {"l1": SMALL}),
            ("regularizers.L2", {}, {"l2": SMALL}),
            ("regularizers.L1L2", {}, {"l1": SMALL, "l2": SMALL}),
            ("regularizers.L1L2", {"l1": 0.2, "l2": 0.3}, {"l1": SMALL, "l2": SMALL}),
            ("regularizers.OrthogonalRegularizer", {}, {"factor": SMALL}),
            ("constraints.MaxNorm", {}, {"max_value": (0.0, 0.5, 2, 3.0)}),
            (
                "constraints.MinMaxNorm",
                {},
                {"min_value": (0.0, 0.5), "max_value": (1.0, 2.5), "rate": (0.0, 0.3, 1.0)},
            ),
        ],
    ),
    *cases_of(
        of_loss,
        [
            ("losses.BinaryCrossentropy", {}, SMOOTH),
            ("losses.BinaryCrossentropy", {"from_logits": True}, SMOOTH),
            ("losses.CategoricalCrossentropy", {}, SMOOTH),
            ("losses.CategoricalCrossentropy", {"from_logits": True}, SMOOTH),
            (
                "losses.BinaryFocalCrossentropy",
                {"apply_class_balancing": True},
                {**SMOOTH, "alpha": SMALL, "gamma": (0.0, 1.0, 2, 2.5)},
            ),
            (
                "losses.CategoricalFocalCrossentropy",
                {},
                {**SMOOTH, "alpha": SMALL, "gamma": (0.0, 1.0, 2, 2.5)},
            ),
            ("losses.CategoricalGeneralizedCrossEntropy", {}, {"q": (0.3, 0.7)}),
            ("losses.Circle", {}, {"gamma": (0.0, 3.0, 80), "margin": (0.0, 0.25, 0.4)}),
            ("losses.Huber", {}, {"delta": (0.1, 0.3, 1)}),
            ("losses.Tversky", {}, {"alpha": (0.0, 0.3, 1), "beta": (0.0, 0.3, 1)}),
        ],
    ),
    *cases_of(
        of_schedule,
        [
            (
                "optimizers.schedules.ExponentialDecay",
                {**DECAY, "decay_rate": 0.9},
                {
                    "initial_learning_rate": (0.0, 0.1, 1.0),
                    "decay_steps": (1, 10, 7.5, 1000),
                    "decay_rate": (0.5, 0.96, 1),
                },
            ),
            (
                "optimizers.schedules.ExponentialDecay",
                {**DECAY, "decay_rate": 0.9, "staircase": True},
                {"decay_steps": (1, 3, 10)},
            ),
            (
                "optimizers.schedules.InverseTimeDecay",
                {**DECAY, "decay_rate": 0.9},
                {
                    "initial_learning_rate": (0.1, 1.0),
                    "decay_steps": (1, 10),
                    "decay_rate": (0.0, 0.5, 1),
                },
            ),
            (
                "optimizers.schedules.PolynomialDecay",
                DECAY,
                {
                    "initial_learning_rate": (0.1, 1.0),
                    "decay_steps": (3, 10),
                    "end_learning_rate": (0.0, 1e-4, 0.2),
                    "power": (0.5, 1.0, 2),
                },
            ),
            (
                "optimizers.schedules.PolynomialDecay",
                {**DECAY, "cycle": True},
                {"decay_steps": (3, 10), "power": (0.5, 1.0)},
            ),
            (
                "optimizers.schedules.CosineDecay",
                DECAY,
                {
                    "initial_learning_rate": (0.1, 1.0),
                    "decay_steps": (3, 10),
                    "alpha": (0.0, 0.1, 1),
                },
            ),
            (
                "optimizers.schedules.CosineDecay",
                {**DECAY, "warmup_target": 0.2, "warmup_steps": 5},
                {"warmup_target": (0.0, 0.3), "warmup_steps": (1, 4, 10), "decay_steps": (3, 10)},
            ),
            (
                "optimizers.schedules.CosineDecayRestarts",
                {"initial_learning_rate": 0.1, "first_decay_steps": 4},
                {
                    "initial_learning_rate": (0.1, 1.0),
                    "first_decay_steps": (3, 10),
                    "t_mul": (1.0, 1.5, 2),
                    "m_mul": (0.5, 1.0),
                    "alpha": (0.0, 0.1),
                },
            ),
        ],
    ),
]


def assert_same(results, expected, what):
    assert len(results) == len(expected)
    for one, other in zip(results, expected, strict=True):
        one, other = np.asarray(one), np.asarray(other)
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, **TOLERANCE[other.dtype.name], err_msg=what)


GRADIENTS = [
    (np.array([[0.3, -0.2], [1.5, 0.1], [-0.4, 2.0]]), np.array([0.3, -1.1])),
    (np.array([[-0.1, 0.2], [0.5, 0.3], [-0.6, -1.0]]), np.array([0.2, 0.4])),
]
EVERY_OPTIMIZER = {
    "weight_decay": (0.0, 0.2),
    "ema_momentum": (0.0, 0.5),
    "loss_scale_factor": (1.0, 8),
    "clipnorm": (0.1, 10.0),
}
BETAS = {"beta_1": (0.0, 0.8), "beta_2": (0.5, 0.99), "epsilon": (1e-7, 0.1)}
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
OPTIMIZERS = {
    "Adadelta": ({}, {"rho": (0.0, 0.9), "epsilon": (1e-7, 0.1)}),
    "Adafactor": (
        {},
        {
            "beta_2_decay": (-0.8, -0.3),
            "epsilon_1": (1e-30, 0.1),
            "epsilon_2": (1e-3, 0.5),
            "clip_threshold": (1, 0.5),
        },
    ),
    "Adagrad": ({}, {"epsilon": (1e-7, 0.1)}),
    "Adam": ({}, BETAS),
    "Adam ": ({"amsgrad": True}, BETAS),
    "AdamW": ({}, BETAS),
    "Adamax": ({}, BETAS),
    "Ftrl": (
        {},
        {
            "learning_rate_power": (0.0, -0.7),
            "l1_regularization_strength": (0.0, 0.1),
            "l2_regularization_strength": (0.0, 0.1),
            "l2_shrinkage_regularization_strength": (0.0, 0.1),
            "beta": (0.0, 0.1),
        },
    ),
    "Lamb": ({}, BETAS),
    "Lion": ({}, {"beta_1": (0.5, 0.99), "beta_2": (0.99, 0.5)}),
    "Muon": (
        {},
        {
            "adam_beta_1": (0.0, 0.8),
            "adam_beta_2": (0.5, 0.99),
            "adam_weight_decay": (0.0, 0.1),
            "epsilon": (1e-7, 0.1),
            "muon_a": (3.4445, 2.0),
            "muon_b": (-4.775, -2.0),
            "muon_c": (2.0315, 1.0),
            "adam_lr_ratio": (1, 0.1),
            "momentum": (0.95, 0.0),
            "rms_rate": (0.2, 1.0),
        },
    ),
    "Nadam": ({}, BETAS),
    "RMSprop": (
        {"momentum": 0.9},
        {"rho": (0.0, 0.8), "epsilon": (1e-7, 0.1), "momentum": (0.9, 0.1)},
    ),
    "RMSprop ": ({"centered": True}, {"rho": (0.5, 0.8), "epsilon": (1e-3, 0.1)}),
    "SGD": ({"momentum": 0.9}, {"momentum": (0.1, 1.0)}),
    "SGD ": ({"momentum": 0.9, "nesterov": True}, {"momentum": (0.1, 1.0)}),
    "ScheduleFreeAdamW": (
        {"warmup_steps": 3},
        {
            "beta_1": (0.9, 0.5),
            "beta_2": (0.5, 0.99),
            "epsilon": (1e-7, 0.1),
            "warmup_steps": (1, 2),
        },
    ),
}


class Training:
    """An optimizer at work: two steps on a matrix and a vector, from the same start each time."""

    def __init__(self, kind, **settings):
        settings = {
            "learning_rate": 0.1,
            "weight_decay": 0.1,
            "use_ema": True,
            "ema_overwrite_frequency": 2,
            "loss_scale_factor": 2.0,
            **settings,
        }
        self.optimizer = getattr(optimizers, kind.strip())(**settings)
        self.weights = [keras.Variable(g * 0.5 + 0.2) for g in GRADIENTS[1]]
        self.optimizer.build(self.weights)
        self.variables = [*self.weights, *self.optimizer.variables]
        if kind == "Nadam":
            self.variables.append(self.optimizer._u_product)
        self.start = [np.asarray(v.value) for v in self.variables]

    def __call__(self):
        for variable, start in zip(self.variables, self.start, strict=True):
            variable.assign(start)
        for gradients in GRADIENTS:
            self.optimizer.apply(list(map(tf.constant, gradients)), self.weights)
        return [weight.value + 0 for weight in self.weights]


NOISE = {
    "layers.AdditiveAttention": "dropout",
    "layers.AlphaDropout": "rate",
    "layers.Attention": "dropout",
    "layers.Dropout": "rate",
    "layers.GaussianDropout": "rate",
    "layers.GaussianNoise": "stddev",
    "layers.SpatialDropout1D": "rate",
}
CELLS = ("SimpleRNN", "GRU", "LSTM")
