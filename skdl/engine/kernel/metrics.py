"""Metrics: each adds to sums. Most are means over rows, with two sums: weight times value, and weight."""

from __future__ import annotations

import numpy as np

from skdl.engine.kernel.arguments import MEASURE, OUTPUTS, ROWS
from skdl.engine.kernel.functions import log
from skdl.engine.kernel.pieces import piece


@piece(MEASURE)
def sparse_categorical_accuracy(p, y, weights, d, numbers, sizes, total):
    """Whether the largest output is the output of the class. If several are equal, the first one counts.

    If the outputs are NaN, class 0 counts as right, as in TensorFlow.
    """
    m, n = sizes[ROWS], sizes[OUTPUTS]
    for i in range(m):
        k = int(y[i])
        value, larger = p[i * n + k], 0
        for j in range(n):
            other = p[i * n + j]
            larger += (other > value) | ((other == value) & (j < k))
        right = larger == 0 and (value == value or k == 0)
        total[0] += weights[i] if right else 0
        total[1] += weights[i]


@piece(MEASURE)
def categorical_accuracy(p, y, weights, d, numbers, sizes, total):
    """Whether the first of the largest outputs is the first of the largest targets."""
    m, n = sizes[ROWS], sizes[OUTPUTS]
    for i in range(m):
        best, right = 0, 0
        for j in range(1, n):
            if p[i * n + j] > p[i * n + best]:
                best = j
            if y[i * n + j] > y[i * n + right]:
                right = j
        total[0] += weights[i] if best == right else 0
        total[1] += weights[i]


@piece(MEASURE)
def binary_accuracy(p, y, weights, d, numbers, sizes, total):
    """The share of outputs that are on the side of a threshold on which the target is."""
    m, n = sizes[ROWS], sizes[OUTPUTS]
    threshold = p.dtype.type(numbers[0])
    for i in range(m):
        right = 0
        for j in range(i * n, (i + 1) * n):
            right += y[j] == (1 if p[j] > threshold else 0)
        total[0] += weights[i] * right / n
        total[1] += weights[i]


@piece(MEASURE)
def mean_squared_error(p, y, weights, d, numbers, sizes, total):
    """(y - p)**2, the mean of a row."""
    m, n = sizes[ROWS], sizes[OUTPUTS]
    for i in range(m):
        value = p.dtype.type(0)
        for j in range(i * n, (i + 1) * n):
            value += (y[j] - p[j]) * (y[j] - p[j])
        total[0] += weights[i] * value / n
        total[1] += weights[i]


@piece(MEASURE)
def mean_absolute_error(p, y, weights, d, numbers, sizes, total):
    """|y - p|, the mean of a row."""
    m, n = sizes[ROWS], sizes[OUTPUTS]
    for i in range(m):
        value = p.dtype.type(0)
        for j in range(i * n, (i + 1) * n):
            value += abs(y[j] - p[j])
        total[0] += weights[i] * value / n
        total[1] += weights[i]


@piece(MEASURE)
def mean_absolute_percentage_error(p, y, weights, d, numbers, sizes, total):
    """100 |y - p| / max(|y|, e), the mean of a row, with Keras's small number e."""
    m, n = sizes[ROWS], sizes[OUTPUTS]
    e = p.dtype.type(numbers[0])
    for i in range(m):
        value = p.dtype.type(0)
        for j in range(i * n, (i + 1) * n):
            value += abs((y[j] - p[j]) / max(abs(y[j]), e))
        total[0] += weights[i] * 100 * value / n
        total[1] += weights[i]


@piece(MEASURE)
def mean_squared_logarithmic_error(p, y, weights, d, numbers, sizes, total):
    """(log(max(p, e) + 1) - log(max(y, e) + 1))**2, the mean of a row, with Keras's small number e."""
    m, n = sizes[ROWS], sizes[OUTPUTS]
    one, e = p.dtype.type(1), p.dtype.type(numbers[0])
    for i in range(m):
        value = p.dtype.type(0)
        for j in range(i * n, (i + 1) * n):
            v = p[j] if p[j] != p[j] else max(p[j], e)
            r = log(v + one) - log(max(y[j], e) + one)
            value += r * r
        total[0] += weights[i] * value / n
        total[1] += weights[i]


@piece(MEASURE)
def squared_errors(p, y, weights, d, numbers, sizes, total):
    """What R squared is made of: for each column the sums of w, w y, w y**2 and w (y - p)**2."""
    m, n = sizes[ROWS], sizes[OUTPUTS]
    for i in range(m):
        w = weights[i]
        for j in range(n):
            v, r = y[i * n + j], y[i * n + j] - p[i * n + j]
            total[4 * j] += w
            total[4 * j + 1] += w * v
            total[4 * j + 2] += w * v * v
            total[4 * j + 3] += w * r * r


@piece(MEASURE)
def auc(p, y, weights, d, numbers, sizes, total):
    """The sum of the weights in each of k buckets of p: first where the target is true, then elsewhere.

    p falls into bucket max(ceil(p (k - 1)) - 1, 0); `numbers` has k. A target is true if it is not 0. No
    number falls into the last bucket. It takes the weights of NaN, which TensorFlow adds to the whole and to
    no bucket.
    """
    m, n, k = sizes[ROWS], sizes[OUTPUTS], int(numbers[0])
    widths = p.dtype.type(k - 1)
    for i in range(m):
        for j in range(i * n, (i + 1) * n):
            bucket = k - 1
            if p[j] == p[j]:
                bucket = min(max(int(np.ceil(p[j] * widths)) - 1, 0), k - 2)
            total[bucket if y[j] != 0 else k + bucket] += weights[i]


@piece(MEASURE)
def activity_penalty(p, y, weights, d, numbers, sizes, total):
    """a sum(|p|) + b sum(p**2) over all outputs of a layer: numbers a, b.

    Keras divides it by the rows of the batch, and weighs the loss of a batch by them.
    """
    absolute, squares = p.dtype.type(0), p.dtype.type(0)
    for i in range(p.shape[0]):
        absolute += abs(p[i])
        squares += p[i] * p[i]
    total[0] += numbers[0] * absolute + numbers[1] * squares
