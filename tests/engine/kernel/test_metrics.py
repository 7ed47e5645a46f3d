"""Metrics of the kernel that are no means: as Keras has them, and which of them are left to Keras."""

from __future__ import annotations

import platform
import re
from dataclasses import replace

import keras
import numpy as np
import pytest

from skdl.engine.kernel import pieces_by_name
from skdl.engine.kernel.arguments import N_SIZES, OUTPUTS
from skdl.engine.kernel.arguments import ROWS as ROWS_AT
from skdl.engine.kernel.assembly import n_sums, value_of
from skdl.engine.kernel.choice import description_for_kernel
from skdl.engine.kernel.description import Metric
from skdl.engine.kernel.reading import description_of
from skdl.engine.rows.arrays import Samples
from tests.engine.kernel.cases import (
    OF_BITS,
    OF_CLASSES,
    OF_SHARES,
    bits,
    dense,
    measured,
    metric,
    of_classes,
)
from tests.engine.kernel.native import run_piece
from tests.engine.oracle import ROWS, job_of, numbers


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    if request.param == "float64":
        request.getfixturevalue("float64")
    return np.dtype(request.param).type


def sums_of(metric, p, y, weights):
    """The sums of a metric after two batches."""
    total, half = np.zeros(n_sums(metric, p.shape[1])), len(p) // 2
    for rows in (slice(0, half), slice(half, None)):
        sizes = np.zeros(N_SIZES, np.int64)
        sizes[[ROWS_AT, OUTPUTS]] = len(p[rows]), p.shape[1]
        flat = (part[rows].reshape(-1) for part in (p, y, weights))
        piece = pieces_by_name.METRICS[metric.kind]
        run_piece(piece, *flat, p[:0, 0], np.array(metric.numbers), sizes, total)
    return total


def of_keras(made, p, y, weights):
    """A metric of Keras's after two batches."""
    half = len(p) // 2
    for rows in (slice(0, half), slice(half, None)):
        made.update_state(y[rows], p[rows], sample_weight=weights[rows])
    return made


def probabilities(count, columns, dtype):
    """Probabilities, among them each threshold and its neighbours, with targets and whole weights."""
    rng = np.random.default_rng([count, columns])
    thresholds = np.arange(count, dtype=dtype) / dtype(count - 1)
    near = [thresholds, np.nextafter(thresholds, dtype(0)), np.nextafter(thresholds, dtype(1))]
    p = np.concatenate([*near, rng.random(60 + -3 * count % columns)]).astype(dtype)
    p = rng.permutation(p[: len(p) // columns * columns]).reshape(-1, columns)
    y = rng.choice([0.0, 1.0, 0.3, -1.0, np.nan], p.shape).astype(dtype)
    return p, y, rng.integers(0, 4, len(p)).astype(dtype)


def assert_equal_buckets(sums, made):
    """All counts are whole numbers, which both add up exactly."""
    true, false = np.split(sums, 2)
    pairs = [
        (true, made.true_positives, made.false_negatives),
        (false, made.false_positives, made.true_negatives),
    ]
    for weights, above, below in pairs:
        expected = [weights[k:-1].sum() for k in range(len(weights))]
        np.testing.assert_array_equal(above, expected)
        np.testing.assert_array_equal(below, weights.sum() - expected)


@pytest.mark.parametrize("count", [2, 3, 30, 200])
@pytest.mark.parametrize("columns", [1, 3])
def test_an_auc_has_the_buckets_of_keras(dtype, count, columns):
    rows = probabilities(count, columns, dtype)
    made = of_keras(keras.metrics.AUC(num_thresholds=count), *rows)
    own = Metric("auc", "auc", (float(count),))
    sums = sums_of(own, *rows)
    assert_equal_buckets(sums, made)
    near = 4 * count * np.finfo(dtype).eps  # shares of size one, and a sum of as many terms
    np.testing.assert_allclose(value_of(own, sums), made.result(), rtol=0, atol=near)


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="a processor chooses which integer is NaN"
)
def test_an_auc_counts_nan_in_no_bucket(dtype):
    p, y, weights = probabilities(30, 1, dtype)
    p[::7] = np.nan
    made = of_keras(keras.metrics.AUC(num_thresholds=30), p, y, weights)
    assert_equal_buckets(sums_of(Metric("auc", "auc", (30.0,)), p, y, weights), made)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_an_auc_of_one_label_or_without_weights_is_0(label):
    p, y, weights = probabilities(30, 1, np.float64)
    own = Metric("auc", "auc", (30.0,))
    for given in (weights, 0 * weights):
        y[:] = label
        made = of_keras(keras.metrics.AUC(num_thresholds=30), p, y, given)
        with np.errstate(invalid="ignore"):
            assert value_of(own, sums_of(own, p, y, given)) == made.result() == 0


@pytest.mark.parametrize("by", ["uniform_average", "variance_weighted_average"])
def test_an_r2_is_that_of_keras(float64, by):
    rng = np.random.default_rng(3)
    p, y = rng.normal(size=(2, 22, 2))
    y[:, 1] = 1.0  # without a variance
    weights = rng.integers(0, 4, 22).astype(float)
    made = keras.metrics.R2Score(class_aggregation=by)
    own = Metric("r2", "r2_score", (float(by != "uniform_average"),))
    with np.errstate(divide="ignore"):
        found = value_of(own, sums_of(own, p, y, weights))
    np.testing.assert_allclose(found, of_keras(made, p, y, weights).result(), rtol=1e-12)


def with_a_small_number_of_0():
    before = keras.config.epsilon()
    keras.config.set_epsilon(0.0)
    try:
        return keras.metrics.AUC()
    finally:
        keras.config.set_epsilon(before)


LOGITS = "the metric auc takes logits, or what no sigmoid or softmax gives"
NOT_TAKEN = {
    "precision": (metric("AUC", curve="PR"), "the metric auc is no area of ROC by trapezoids"),
    "minoring": (
        metric("AUC", summation_method="minoring"),
        "the metric auc is no area of ROC by trapezoids",
    ),
    "labels": (metric("AUC", multi_label=True), "the metric auc tells labels apart"),
    "weights": (metric("AUC", label_weights=[1.0, 2.0]), "the metric auc tells labels apart"),
    "thresholds": (
        metric("AUC", thresholds=[0.3, 0.5]),
        "the metric auc has thresholds of its own",
    ),
    "no small number": (with_a_small_number_of_0, "the metric auc has thresholds of its own"),
    "logits": (metric("AUC", from_logits=True), LOGITS),
    "another type": (metric("AUC", dtype="float16"), "the metric auc is of type float16"),
    "adjusted R2": (
        metric("R2Score", num_regressors=1),
        "the metric r2_score is adjusted",
    ),
    "R2 of each": (
        metric("R2Score", class_aggregation=None),
        "the metric r2_score has a value for each column",
    ),
}


def description(case):
    """What is read from a network that has met the rows of a case, or why it is not."""
    network = job_of(case.build, *case.rows()).network
    network.meet(*case.rows())
    return network.answer(description_of)


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_metrics_that_are_not_taken(name):
    made, why = NOT_TAKEN[name]
    # Keras adds numbers to the names of metrics.
    assert re.sub(r"auc_\d+", "auc", description(measured(made, **OF_BITS))) == why


@pytest.mark.parametrize("activation", ["linear", "hard_sigmoid", "softplus"])
def test_an_auc_of_no_probabilities_is_not_taken(activation):
    assert description(measured("AUC", y=bits, last=dense(2, activation))) == LOGITS.replace(
        "auc", "AUC"
    )


@pytest.mark.parametrize(
    ("settings", "count"), [({"num_thresholds": 7}, 7.0), ({"thresholds": [0.25, 0.5, 0.75]}, 5.0)]
)
def test_even_thresholds_are_taken(settings, count):
    found = description(measured(metric("AUC", **settings), **OF_BITS))
    assert [(one.kind, one.numbers) for one in found.metrics] == [("auc", (count,))]


def test_an_auc_of_the_numbers_of_classes_is_not_taken():
    job = job_of(measured("AUC", **OF_CLASSES).build, numbers(ROWS, 4), of_classes(ROWS))
    with pytest.raises(ValueError, match="same leading dimension"):
        description_for_kernel(job)  # Keras raises
    case = measured("AUC", **OF_SHARES)
    job = job_of(case.build, *case.rows())
    assert not isinstance(description_for_kernel(job), str)
    for shape in ((), (1,)):
        y = of_classes(ROWS).reshape(ROWS, *shape)
        why = description_for_kernel(replace(job, training=Samples(job.training.x, y, None)))
        assert why == f"targets have the shape {shape} instead of (3,)"
