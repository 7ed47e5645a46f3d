"""Every loss and metric of Keras's: compiled, and in float64 the same as the Keras loop."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest

from skdl.engine.rows.arrays import Samples
from skdl.engine.rowwise.masked_rows import LOSSES, METRICS
from tests.engine.oracle import (
    ROWS,
    assert_agree,
    assert_agree_after_one_step,
    both,
    classes,
    numbers,
)
from tests.engine_of_graphs import without_xla
from tests.selection import some

CLASSES = 3


def one_hot():
    return np.eye(CLASSES)[classes(CLASSES, ROWS)]


def signs():
    return np.sign(numbers(ROWS, 2, seed=1))


def zeros_and_ones():
    return (signs() + 1) / 2


def network(loss, units=2, activation="linear", **settings):
    """A network of one hidden layer with noise and an L2 penalty."""

    def build():
        model = keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(5, activation="tanh", kernel_regularizer="l2"),
                keras.layers.Dropout(0.2),
                keras.layers.Dense(units, activation=activation),
            ]
        )
        made = loss() if inspect.isclass(loss) else loss
        model.compile(keras.optimizers.SGD(0.05), made, **settings)
        return model

    return build


def positive():
    return numbers(ROWS, 2, seed=1, low=0.5, high=2.0)


# The targets of each loss, and the activation that gives what it compares them with.
TARGETS = {
    **dict.fromkeys(
        ("MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh", "CosineSimilarity"),
        (lambda: numbers(ROWS, 2, seed=1), "linear"),
    ),
    **dict.fromkeys(
        ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Poisson"),
        (positive, "softplus"),
    ),
    **dict.fromkeys(("Hinge", "SquaredHinge"), (signs, "tanh")),
    **dict.fromkeys(
        ("BinaryCrossentropy", "BinaryFocalCrossentropy", "Dice", "Tversky"),
        (zeros_and_ones, "sigmoid"),
    ),
    **dict.fromkeys(
        ("CategoricalCrossentropy", "CategoricalFocalCrossentropy", "KLDivergence"),
        (one_hot, "softmax"),
    ),
    "CategoricalHinge": (one_hot, "linear"),
    **dict.fromkeys(
        ("SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy"),
        (lambda: classes(CLASSES, ROWS), "softmax"),
    ),
    "Circle": (lambda: classes(CLASSES, ROWS), "linear"),
}


@pytest.fixture
def fast(float64, monkeypatch):
    """Double precision, and graphs where XLA would run too."""
    without_xla(monkeypatch)


@pytest.mark.parametrize(
    "name",
    some(
        TARGETS,
        "Huber",
        "CategoricalCrossentropy",
        "SparseCategoricalCrossentropy",
        mark="oracle",
    ),
)
def test_losses(fast, name):
    targets, activation = TARGETS[name]
    y = targets()
    units = y.shape[1] if y.ndim == 2 else CLASSES
    build = network(getattr(keras.losses, name), units, activation)
    weight = numbers(ROWS, low=0.0, high=2.0, seed=5)
    pair = both(build, numbers(ROWS, 4), y, weight)
    assert_agree(pair)
    assert pair.masked == (name in LOSSES)
    assert pair.programs == 1


@pytest.mark.oracle
def test_a_loss_of_sequences_of_labels(fast):
    def build():
        model = keras.Sequential([keras.Input((6, 3)), keras.layers.Dense(4)])
        model.compile("sgd", keras.losses.CTC())
        return model

    y = 1 + classes(3, ROWS, 2)
    assert_agree(both(build, numbers(ROWS, 6, 3), y))


def test_every_loss_of_keras_is_in_the_table():
    given = {name for name, kind in vars(keras.losses).items() if inspect.isclass(kind)}
    assert given == {*TARGETS, "Loss", "CTC"}
    assert set(LOSSES) <= set(TARGETS)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "loss",
    ["mae", keras.losses.mean_squared_error, "huber"],
)
def test_losses_by_their_names_and_functions(fast, loss):
    pair = both(network(loss), numbers(ROWS, 4), numbers(ROWS, 2, seed=1))
    assert_agree(pair)
    assert pair.masked


def squared(y, y_pred):
    return keras.ops.mean(keras.ops.square(y - y_pred), axis=-1)


def squared_over_rows(y, y_pred):
    return keras.ops.sqrt(keras.ops.mean(keras.ops.square(y - y_pred)))


class OwnLoss(keras.losses.Loss):
    def call(self, y, y_pred):
        return keras.ops.mean(keras.ops.abs(y - y_pred) ** 3, axis=-1)


class OwnMetric(keras.metrics.Metric):
    """The largest error of an epoch."""

    def __init__(self, name="largest"):
        super().__init__(name=name)
        self.largest = self.add_weight(name="largest", initializer="zeros")

    def update_state(self, y, y_pred, sample_weight=None):
        error = keras.ops.max(keras.ops.abs(y - y_pred))
        self.largest.assign(keras.ops.maximum(self.largest, error))

    def result(self):
        return 1.0 * self.largest  # Keras would read a variable after the validation


@pytest.mark.oracle
@pytest.mark.parametrize(
    "loss",
    [squared, squared_over_rows, OwnLoss],
)
def test_losses_of_the_users_own(fast, loss):
    weight = None if loss is squared_over_rows else numbers(ROWS, low=0.5, high=2.0)
    pair = both(network(loss), numbers(ROWS, 4), numbers(ROWS, 2, seed=1), weight)
    assert_agree(pair)
    assert not pair.masked


@pytest.mark.oracle
@pytest.mark.parametrize(
    "metric",
    [squared, squared_over_rows, keras.losses.dice, OwnMetric],
    ids=lambda metric: metric.__name__,
)
def test_metrics_of_the_users_own_and_of_whole_batches(fast, metric):
    def build():
        return network("mse", metrics=[metric() if inspect.isclass(metric) else metric])()

    pair = both(
        build,
        numbers(ROWS, 4),
        numbers(ROWS, 2, seed=1),
        validation=Samples(numbers(10, 4, seed=7), numbers(10, 2, seed=8)),
    )
    assert_agree(pair)
    assert not pair.masked


def metrics_of(names, *args, **settings):
    # A name of Keras's own making would count the objects of the process.
    return [getattr(keras.metrics, kind)(*args, name=kind, **settings) for kind in names]


# Targets, activation and the metrics that suit them.
METRICS_OF = {
    "numbers": (
        positive,
        "softplus",
        lambda: metrics_of(
            (
                *("MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "LogCoshError"),
                *("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Poisson"),
                *("CosineSimilarity", "Accuracy"),
            )
        ),
    ),
    "scores": (
        positive,
        "linear",
        lambda: [
            *metrics_of(("R2Score",)),
            keras.metrics.R2Score(class_aggregation=None, name="r2_of_each"),
            *metrics_of(("PearsonCorrelation", "ConcordanceCorrelation")),
        ],
    ),
    "signs": (signs, "tanh", lambda: metrics_of(("Hinge", "SquaredHinge"))),
    "labels": (
        zeros_and_ones,
        "sigmoid",
        lambda: [
            *metrics_of(("BinaryAccuracy", "BinaryCrossentropy", "AUC", "Precision", "Recall")),
            keras.metrics.AUC(curve="PR", name="pr"),
            keras.metrics.AUC(multi_label=True, name="multi"),
            keras.metrics.AUC(from_logits=True, num_thresholds=20, name="logits"),
            keras.metrics.Precision(thresholds=[0.3, 0.6], name="at_two"),
            keras.metrics.Recall(top_k=1, class_id=1, name="of_one"),
            *metrics_of(("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives")),
            *metrics_of(("PrecisionAtRecall", "RecallAtPrecision"), 0.5),
            *metrics_of(("SensitivityAtSpecificity", "SpecificityAtSensitivity"), 0.5),
        ],
    ),
    "tables": (
        zeros_and_ones,
        "sigmoid",
        lambda: [
            *metrics_of(("F1Score", "FBetaScore"), average="macro", threshold=0.5),
            keras.metrics.F1Score(threshold=0.5, name="f1_of_each"),
            *metrics_of(("BinaryIoU",), threshold=0.5),
        ],
    ),
    "classes": (
        one_hot,
        "softmax",
        lambda: [
            *metrics_of(("CategoricalAccuracy", "CategoricalCrossentropy", "KLDivergence")),
            *metrics_of(("CategoricalHinge",)),
        ],
    ),
    "overlap": (
        one_hot,
        "softmax",
        lambda: [
            keras.metrics.OneHotIoU(CLASSES, [0, 1], name="one"),
            keras.metrics.OneHotMeanIoU(CLASSES, name="mean"),
        ],
    ),
    "class numbers": (
        lambda: classes(CLASSES, ROWS),
        "softmax",
        lambda: [
            *metrics_of(("SparseCategoricalAccuracy", "SparseCategoricalCrossentropy")),
        ],
    ),
    "class overlap": (
        lambda: classes(CLASSES, ROWS),
        "softmax",
        lambda: [
            keras.metrics.MeanIoU(CLASSES, sparse_y_pred=False, name="mean"),
            keras.metrics.IoU(CLASSES, [0], sparse_y_pred=False, name="one"),
        ],
    ),
}


@pytest.mark.parametrize(
    "group",
    some(METRICS_OF, "class numbers", mark="oracle"),
)
def test_metrics_in_the_history(fast, group):
    targets, activation, metrics = METRICS_OF[group]
    y = targets()
    units = y.shape[1] if y.ndim == 2 else CLASSES
    loss = "mse" if y.ndim == 2 else "sparse_categorical_crossentropy"

    def build():
        weighted = ["mae" if y.ndim == 2 else "accuracy"]
        return network(loss, units, activation, metrics=metrics(), weighted_metrics=weighted)()

    weight = numbers(ROWS, low=0.0, high=2.0, seed=5)
    held_out = Samples(numbers(10, 4, seed=7), y[:10], weight[:10])
    pair = both(build, numbers(ROWS, 4), y, weight, validation=held_out)
    assert_agree(pair)
    names = {type(metric).__name__ for metric in metrics()}
    assert pair.masked == (names <= set(METRICS))


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("kind", "targets"),
    [
        ("TopKCategoricalAccuracy", lambda: one_hot().astype(np.float32)),
        ("SparseTopKCategoricalAccuracy", lambda: classes(CLASSES, ROWS)),
    ],
)
def test_the_best_k_classes_which_tensorflow_knows_in_single_precision(monkeypatch, kind, targets):
    without_xla(monkeypatch)

    def build():
        metric = getattr(keras.metrics, kind)(2, name="best")
        y = targets()
        loss = "mse" if y.ndim == 2 else "sparse_categorical_crossentropy"
        return network(loss, CLASSES, "softmax", metrics=[metric])()

    pair = both(build, numbers(ROWS, 4), targets(), epochs=1, batch_size=ROWS)
    assert_agree_after_one_step(pair, build, ROWS, rate=0.05)
    assert pair.masked


@pytest.mark.oracle
def test_a_metric_of_several_numbers_gives_a_list_for_each_epoch(fast):
    def build():
        metric = keras.metrics.F1Score(threshold=0.5, name="f1")
        return network("mse", 2, "sigmoid", metrics=[metric])()

    pair = both(build, numbers(ROWS, 4), zeros_and_ones())
    assert [len(value) for value in pair.compiled.history["f1"]] == [2, 2, 2]
    assert type(pair.compiled.history["f1"][0][0]) is float


def test_every_metric_of_keras_is_in_the_table():
    given = {name for name, kind in vars(keras.metrics).items() if inspect.isclass(kind)}
    tested = {type(m).__name__ for _, _, make in METRICS_OF.values() for m in make()}
    # What remains takes values and no targets.
    tested |= {"TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy"}
    assert given == tested | {"Metric", "Mean", "Sum", "MeanMetricWrapper"}
    assert set(METRICS) - {"Mean", "MeanMetricWrapper"} <= tested
