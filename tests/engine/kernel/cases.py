"""A fit for each thing that the native kernel takes: a network, rows, and what the job says besides."""

from __future__ import annotations

from dataclasses import dataclass, field

import keras
import numpy as np

from skdl.engine.job import Stopping
from skdl.engine.rows.arrays import Samples
from tests.engine.oracle import ROWS, classes, numbers

CLASSES = 3


@dataclass(frozen=True)
class Case:
    """A job of the kernel's.

    Attributes
    ----------
    build : callable
    x, y, weight : callable or None
        Give the rows of a given number.
    changes : mapping
        Of the job.
    """

    build: object
    y: object
    x: object = lambda rows: numbers(rows, 4)
    weight: object = None
    changes: dict = field(default_factory=dict)

    def rows(self, count=ROWS):
        return self.x(count), self.y(count), self.weight and self.weight(count)

    def settings(self):
        """What the job says besides; a function gets called for values that depend on the float type."""
        return {name: made() if callable(made) else made for name, made in self.changes.items()}


def real(rows):
    return numbers(rows, 2, seed=1)


def positive(rows):
    return numbers(rows, 2, seed=1, low=0.5, high=2.0)


def signs(rows):
    return np.sign(numbers(rows, 2, seed=1))


def bits(rows):
    return (signs(rows) + 1) / 2


def of_classes(rows):
    return classes(CLASSES, rows)


def one_hot(rows):
    return np.eye(CLASSES)[classes(CLASSES, rows)]


def weights(rows):
    drawn = numbers(rows, seed=5, low=0.0, high=2.0)
    drawn[3] = 0  # a row that does not count
    return drawn


def stack(*layers, shape=(4,), loss="mean_squared_error", optimizer=None, **settings):
    """A function that builds a compiled stack; `layers` are calls that make them."""

    def build():
        made = [layer() for layer in layers]
        model = keras.Sequential([keras.Input(shape), *made])
        chosen = keras.optimizers.SGD(0.05) if optimizer is None else optimizer()
        model.compile(chosen, loss() if callable(loss) else loss, **settings)
        return model

    return build


def layer(name, *given, **settings):
    return lambda: getattr(keras.layers, name)(*given, **settings)


def optimizer(name, *given, **settings):
    return lambda: getattr(keras.optimizers, name)(*given, **settings)


def loss(name, **settings):
    return lambda: getattr(keras.losses, name)(**settings)


def dense(units, *given, **settings):
    return layer("Dense", units, *given, **settings)


def around(*middle, **settings):
    """A network of two dense layers with others between them."""
    return Case(stack(dense(5), *middle, dense(2), **settings), real)


ACTIVATIONS = (
    *("relu", "selu", "sigmoid", "tanh", "exponential", "softplus", "log_sigmoid", "softsign"),
    *("silu", "mish", "softmax", "log_softmax", "hard_sigmoid", "gelu", "celu", "hard_shrink"),
    *("soft_shrink", "tanh_shrink", "hard_silu", "hard_tanh", "sparse_plus", "sparse_sigmoid"),
    *("elu", "leaky_relu", "relu6", "squareplus"),
)


def frozen(name, **settings):
    return layer(name, trainable=False, **settings)


def adapted():
    made = keras.layers.Normalization()
    made.adapt(numbers(30, 4, seed=7) * 3 + 1)
    return made


LAYERS = {
    **{f"activation {name}": around(layer("Activation", name)) for name in ACTIVATIONS},
    "activation of a dense layer": Case(stack(dense(5, "tanh"), dense(2, "softplus")), real),
    "no bias": Case(stack(dense(5, use_bias=False), dense(2, use_bias=False)), real),
    "one layer": Case(stack(dense(2)), real),
    "ReLU": around(layer("ReLU")),
    "ReLU with numbers": around(layer("ReLU", max_value=0.5, negative_slope=0.3, threshold=0.1)),
    "ReLU up to 6": around(layer("ReLU", max_value=6.0)),
    "ReLU with a slope": around(layer("ReLU", negative_slope=0.3)),
    "LeakyReLU": around(layer("LeakyReLU", negative_slope=0.1)),
    "ELU": around(layer("ELU", alpha=0.7)),
    "PReLU": around(layer("PReLU", alpha_initializer="ones", alpha_regularizer="l2")),
    "Softmax": around(layer("Softmax")),
    "Dropout": around(layer("Dropout", 0.3)),
    "Dropout of rate 0": around(layer("Dropout", 0.0)),
    "Dropout of inputs": Case(stack(layer("Dropout", 0.3), dense(3), dense(2)), real),
    "GaussianNoise": around(layer("GaussianNoise", 0.3)),
    "GaussianDropout": around(layer("GaussianDropout", 0.3)),
    "AlphaDropout": around(layer("AlphaDropout", 0.3)),
    "two kinds of noise": around(layer("Dropout", 0.2), layer("GaussianNoise", 0.1)),
    "BatchNormalization": around(layer("BatchNormalization")),
    "BatchNormalization first": Case(stack(layer("BatchNormalization"), dense(2)), real),
    "BatchNormalization with numbers": around(
        layer("BatchNormalization", momentum=0.8, epsilon=0.01, scale=False)
    ),
    "BatchNormalization without center": around(layer("BatchNormalization", center=False)),
    "BatchNormalization, frozen": around(frozen("BatchNormalization")),
    "LayerNormalization": around(layer("LayerNormalization")),
    "LayerNormalization, plain": around(layer("LayerNormalization", scale=False, center=False)),
    "LayerNormalization without scale": around(layer("LayerNormalization", scale=False)),
    "LayerNormalization, frozen": around(frozen("LayerNormalization")),
    "Rescaling": Case(stack(layer("Rescaling", 0.3, -0.2), dense(3, "tanh"), dense(2)), real),
    "Rescaling in the middle": around(layer("Rescaling", 0.3, -0.2)),
    "Rescaling by column": Case(
        stack(layer("Rescaling", np.array([0.3, 2.0, -1.0, 0.1]), [0.1, 0.2, 0.3, 0.4]), dense(2)),
        real,
    ),
    "Rescaling by column in the middle": around(
        layer("Rescaling", [0.3, 2.0, -1.0, 0.1, 0.0], np.array([-0.2]))
    ),
    "Rescaling before Flatten": Case(
        stack(
            layer("Rescaling", np.array([[0.3], [2.0]]), [0.1, 0.2, 0.3]),
            layer("Flatten"),
            dense(2),
            shape=(2, 3),
        ),
        real,
        lambda rows: numbers(rows, 2, 3),
    ),
    "Rescaling by a number of NumPy's": around(layer("Rescaling", np.float64(0.3))),
    "Normalization, adapted": Case(stack(adapted, dense(2)), real),
    "Normalization of numbers": around(layer("Normalization", mean=0.3, variance=0.1)),
    "Normalization of arrays": Case(
        stack(
            layer("Normalization", mean=np.array([0.1, 0.2, 0.3, 0.4]), variance=np.arange(4.0)),
            dense(2),
        ),
        real,
    ),
    "frozen first": Case(
        stack(dense(5, "tanh", trainable=False), dense(4, "tanh"), dense(2)), real
    ),
    "frozen between": around(dense(4, "tanh", trainable=False)),
    "frozen last": Case(stack(dense(5, "tanh"), dense(2, trainable=False)), real),
    "Flatten": Case(
        stack(layer("Flatten"), dense(3, "tanh"), dense(2), shape=(2, 3)),
        real,
        lambda rows: numbers(rows, 2, 3),
    ),
    "Flatten after an activation": Case(
        stack(layer("ReLU"), layer("Dropout", 0.2), layer("Flatten"), dense(2), shape=(2, 3)),
        real,
        lambda rows: numbers(rows, 2, 3),
    ),
    "Reshape": Case(stack(layer("Reshape", (2, 2)), layer("Reshape", (4,)), dense(2)), real),
}
LOSSES = {
    "sparse crossentropy": Case(
        stack(dense(4), dense(CLASSES, "softmax"), loss="sparse_categorical_crossentropy"),
        of_classes,
    ),
    "sparse crossentropy of a column": Case(
        stack(dense(CLASSES, "softmax"), loss="sparse_categorical_crossentropy"),
        lambda rows: classes(CLASSES, rows, 1),
    ),
    "sparse crossentropy of logits": Case(
        stack(dense(CLASSES, "tanh"), loss=loss("SparseCategoricalCrossentropy", from_logits=True)),
        of_classes,
    ),
    "crossentropy": Case(
        stack(dense(CLASSES, "softmax"), loss="categorical_crossentropy"), one_hot
    ),
    "crossentropy of several classes a row": Case(
        stack(dense(CLASSES, "softmax"), loss="categorical_crossentropy"),
        lambda rows: np.eye(CLASSES)[classes(CLASSES, rows)] + np.eye(CLASSES)[0],
    ),
    "crossentropy, smoothed": Case(
        stack(dense(CLASSES, "softmax"), loss=loss("CategoricalCrossentropy", label_smoothing=0.2)),
        one_hot,
    ),
    "crossentropy of logits": Case(
        stack(dense(CLASSES), loss=loss("CategoricalCrossentropy", from_logits=True)), one_hot
    ),
    "crossentropy of a Softmax layer": Case(
        stack(dense(CLASSES), layer("Softmax"), loss="categorical_crossentropy"), one_hot
    ),
    "binary crossentropy": Case(stack(dense(2, "sigmoid"), loss="binary_crossentropy"), bits),
    "binary crossentropy, smoothed": Case(
        stack(dense(2, "sigmoid"), loss=loss("BinaryCrossentropy", label_smoothing=0.2)), bits
    ),
    "binary crossentropy of logits": Case(
        stack(dense(2), loss=loss("BinaryCrossentropy", from_logits=True)), bits
    ),
    "binary crossentropy of one": Case(
        stack(dense(1, "sigmoid"), loss="binary_crossentropy"), lambda rows: classes(2, rows)
    ),
    "binary focal crossentropy": Case(
        stack(dense(2, "sigmoid"), loss=loss("BinaryFocalCrossentropy")), bits
    ),
    "binary focal crossentropy with numbers": Case(
        stack(
            dense(2, "sigmoid"),
            loss=loss(
                "BinaryFocalCrossentropy",
                apply_class_balancing=True,
                alpha=0.4,
                gamma=1.5,
                label_smoothing=0.1,
            ),
        ),
        bits,
    ),
    "binary focal crossentropy of logits": Case(
        stack(dense(2), loss=loss("BinaryFocalCrossentropy", from_logits=True)), bits
    ),
    "focal crossentropy": Case(
        stack(
            dense(CLASSES, "softmax"),
            loss=loss("CategoricalFocalCrossentropy", alpha=0.4, gamma=1.5, label_smoothing=0.1),
        ),
        one_hot,
    ),
    "mean squared error": Case(stack(dense(2), loss="mse"), real),
    "mean squared error of one": Case(stack(dense(1), loss="mse"), lambda rows: numbers(rows)),
    "mean absolute error": Case(stack(dense(2), loss="mae"), real),
    "mean absolute percentage error": Case(stack(dense(2, "softplus"), loss="mape"), positive),
    "mean squared logarithmic error": Case(stack(dense(2, "softplus"), loss="msle"), positive),
    "Huber": Case(stack(dense(2), loss=loss("Huber", delta=0.4)), real),
    "log-cosh": Case(stack(dense(2), loss="log_cosh"), real),
    "Poisson": Case(stack(dense(2, "softplus"), loss="poisson"), positive),
    "KL divergence": Case(stack(dense(CLASSES, "softmax"), loss="kl_divergence"), one_hot),
    "hinge": Case(stack(dense(2, "tanh"), loss="hinge"), signs),
    "hinge of bits": Case(stack(dense(2, "tanh"), loss="hinge"), bits),
    "squared hinge": Case(stack(dense(2, "tanh"), loss="squared_hinge"), signs),
    "categorical hinge": Case(stack(dense(CLASSES, "tanh"), loss="categorical_hinge"), one_hot),
}


def by(made):
    return Case(stack(dense(4, "tanh"), dense(2), optimizer=made), real)


def excluding():
    made = keras.optimizers.AdamW(0.01, weight_decay=0.1)
    made.exclude_from_weight_decay(var_names=["bias"])
    return made


OPTIMIZERS = {
    "SGD": by(optimizer("SGD", 0.05)),
    "SGD with momentum": by(optimizer("SGD", 0.05, momentum=0.9)),
    "SGD with Nesterov": by(optimizer("SGD", 0.05, momentum=0.9, nesterov=True)),
    "RMSprop": by(optimizer("RMSprop", 0.01)),
    "RMSprop with momentum": by(optimizer("RMSprop", 0.01, momentum=0.8, rho=0.8)),
    "RMSprop, centred": by(optimizer("RMSprop", 0.01, centered=True)),
    "RMSprop, both": by(optimizer("RMSprop", 0.01, centered=True, momentum=0.5)),
    "Adam": by(optimizer("Adam", 0.01)),
    "Adam with numbers": by(optimizer("Adam", 0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-3)),
    "Adam with amsgrad": by(optimizer("Adam", 0.01, amsgrad=True)),
    "AdamW": by(optimizer("AdamW", 0.01, weight_decay=0.1)),
    "AdamW without biases": by(excluding),
    "Adamax": by(optimizer("Adamax", 0.01)),
    "Nadam": by(optimizer("Nadam", 0.01)),
    "Adagrad": by(optimizer("Adagrad", 0.05)),
    "Adadelta": by(optimizer("Adadelta", 0.5)),
    "Lion": by(optimizer("Lion", 0.01)),
    "Ftrl": by(optimizer("Ftrl", 0.05)),
    "Ftrl with numbers": by(
        optimizer(
            "Ftrl",
            0.05,
            l1_regularization_strength=0.01,
            l2_regularization_strength=0.02,
            l2_shrinkage_regularization_strength=0.03,
            beta=0.1,
        )
    ),
    "clipnorm": by(optimizer("SGD", 0.1, clipnorm=0.2)),
    "clipvalue": by(optimizer("SGD", 0.1, clipvalue=0.05)),
    "global_clipnorm": by(optimizer("SGD", 0.1, global_clipnorm=0.2)),
    "decay of weights": by(optimizer("SGD", 0.1, weight_decay=0.1)),
    "EMA": by(optimizer("Adam", 0.01, use_ema=True, ema_momentum=0.8)),
    "EMA that takes the place": by(
        optimizer("SGD", 0.05, use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=4)
    ),
}


def kernels(**settings):
    return Case(stack(dense(5, "tanh", **settings), dense(2)), real)


REGULARIZATION = {
    "L1": kernels(kernel_regularizer=keras.regularizers.L1(0.01)),
    "L2": kernels(kernel_regularizer="l2"),
    "L1L2 of both": kernels(
        kernel_regularizer=keras.regularizers.L1L2(0.01, 0.02), bias_regularizer="l1"
    ),
    "activity": kernels(activity_regularizer=keras.regularizers.L1L2(0.01, 0.02)),
    "activity of the outputs": Case(stack(dense(2, activity_regularizer="l2")), real),
    "a frozen layer with a penalty": Case(
        stack(dense(4, "tanh", kernel_regularizer="l2", trainable=False), dense(2)), real
    ),
    "MaxNorm": kernels(
        kernel_constraint=keras.constraints.MaxNorm(0.7), bias_constraint="max_norm"
    ),
    "UnitNorm": kernels(kernel_constraint="unit_norm"),
    "NonNeg": kernels(kernel_constraint="non_neg", bias_constraint="non_neg"),
    "MinMaxNorm": kernels(
        kernel_constraint=keras.constraints.MinMaxNorm(0.6, 0.7, rate=0.8), bias_constraint=None
    ),
}


def held_out(y=real, weight=None):
    return lambda: Samples(numbers(9, 4, seed=8), y(9), weight and weight(9))


def measured(*metrics, y=real, last=None, loss="mse", changes=None, **settings):
    def build():
        made = [metric() if callable(metric) else metric for metric in metrics]
        return stack(last or dense(2), loss=loss, metrics=made, **settings)()

    validation = {"validation": held_out(y, weights)}
    return Case(build, y, weight=weights, changes={**validation, **(changes or {})})


def metric(name, /, **settings):
    return lambda: getattr(keras.metrics, name)(**settings)


OF_CLASSES = {
    "y": of_classes,
    "last": dense(CLASSES, "softmax"),
    "loss": "sparse_categorical_crossentropy",
}
OF_SHARES = {**OF_CLASSES, "y": one_hot, "loss": "categorical_crossentropy"}
OF_BITS = {"y": bits, "last": dense(2, "sigmoid"), "loss": "binary_crossentropy"}
OF_BIT = {**OF_BITS, "y": lambda rows: classes(2, rows), "last": dense(1, "sigmoid")}
POSITIVE = {"y": positive, "last": dense(2, "softplus")}
METRICS = {
    "accuracy of classes": measured("accuracy", weighted_metrics=["accuracy"], **OF_CLASSES),
    "accuracy of shares": measured("accuracy", **OF_SHARES),
    "accuracy of bits": measured("accuracy", **OF_BITS),
    "accuracy by a threshold": measured(metric("BinaryAccuracy", threshold=0.4), **OF_BITS),
    "accuracy beside errors": measured("accuracy", metric("MeanSquaredError"), **OF_SHARES),
    "errors": measured("mse", "mae", "mape", "msle", **POSITIVE),
    "weighted errors": measured("mse", weighted_metrics=["mae", "mape", "msle"], **POSITIVE),
    "RootMeanSquaredError": measured(metric("RootMeanSquaredError")),
    "R2Score": measured(metric("R2Score"), weighted_metrics=["r2_score"]),
    "R2Score by variance": measured(
        metric("R2Score", class_aggregation="variance_weighted_average")
    ),
    "AUC": measured("AUC", weighted_metrics=["AUC"], **OF_BIT),
    "AUC of bits": measured("AUC", weighted_metrics=["AUC"], **OF_BITS),
    "AUC of shares": measured("AUC", weighted_metrics=["AUC"], **OF_SHARES),
    "AUC of few thresholds": measured(metric("AUC", name="area", num_thresholds=30), **OF_SHARES),
    "AUC of even thresholds": measured(
        metric("AUC", name="area", thresholds=[0.25, 0.5, 0.75]), **OF_BITS
    ),
    "AUC of blended bits": measured("AUC", changes={"mixup": 0.4}, **OF_BITS),
}


def plain(**changes):
    return Case(
        stack(dense(5, "tanh", kernel_regularizer="l2"), dense(2), metrics=["mae"]),
        real,
        changes=changes,
    )


def watching(**settings):
    return {"validation": held_out(), "stopping": Stopping("val_loss", **settings), "epochs": 12}


JOBS = {
    "weights of rows": Case(stack(dense(3, "tanh"), dense(2)), real, weight=weights),
    "validation": plain(validation=held_out()),
    "validation with weights": plain(validation=held_out(weight=weights)),
    "validation in larger batches": plain(validation=held_out(), validation_batch_size=9),
    "validation and noise": Case(
        stack(dense(5, "tanh"), layer("Dropout", 0.3), layer("BatchNormalization"), dense(2)),
        real,
        changes={"validation": held_out()},
    ),
    "rows in their order": plain(shuffle=False),
    "one batch": plain(batch_size=64),
    "batches of one row": plain(batch_size=1),
    "a rate for each step": plain(rates=lambda: np.linspace(0.1, 0.01, 9)),
    "mixup": plain(mixup=0.4),
    "mixup of weighted rows": Case(
        stack(dense(3, "tanh"), dense(2)), real, weight=weights, changes={"mixup": 0.4}
    ),
    "later epochs": plain(initial_epoch=4, epochs=7, trained_epochs=2),
    "stopping": plain(**watching(early_stopping=True, patience=1, min_delta=0.02)),
    "stopping without restoring": plain(
        **watching(early_stopping=True, patience=1, min_delta=0.02, restore_best_weights=False)
    ),
    "a plateau": plain(**watching(reduce_lr_patience=1, reduce_lr_factor=0.3, min_delta=0.05)),
    "a plateau and rates": plain(
        rates=lambda: np.linspace(0.1, 0.01, 36), **watching(reduce_lr_patience=1, min_delta=0.05)
    ),
    "stopping and a plateau": plain(
        **watching(early_stopping=True, patience=2, reduce_lr_patience=1, min_delta=0.02)
    ),
    "many epochs": plain(epochs=40),
    "a Functional network": Case(lambda: functional(), real),
}


def functional():
    rows = keras.Input((4,))
    values = keras.layers.Dense(5, "tanh")(rows)
    model = keras.Model(rows, keras.layers.Dense(2)(values))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


GROUPS = {
    "layers": LAYERS,
    "losses": LOSSES,
    "optimizers": OPTIMIZERS,
    "regularization": REGULARIZATION,
    "metrics": METRICS,
    "jobs": JOBS,
}
CASES = {name: case for group in GROUPS.values() for name, case in group.items()}
# One or two of each file of pieces, and of each way through the program.
KEPT = (
    *("activation tanh", "activation softmax", "activation gelu", "no bias", "frozen between"),
    *("Dropout", "GaussianNoise", "BatchNormalization", "LayerNormalization", "PReLU"),
    *("sparse crossentropy", "crossentropy of logits", "binary crossentropy", "Huber", "hinge"),
    *("Adam", "SGD with Nesterov", "RMSprop, both", "clipnorm", "decay of weights", "EMA"),
    *("L1L2 of both", "activity", "MaxNorm", "accuracy of classes", "R2Score", "AUC", "Flatten"),
    *("weights of rows", "validation and noise", "mixup of weighted rows", "stopping", "a plateau"),
)
