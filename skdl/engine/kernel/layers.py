"""Layers of the kernel, the way there and the way back, as Keras computes them."""

from __future__ import annotations

import math

import numpy as np

from skdl.engine.kernel.arguments import (
    BACKWARD,
    FIRST_KEY,
    FORWARD,
    GEMM,
    INPUTS,
    OUTPUTS,
    PASSES_ON,
    ROWS,
    SECOND_KEY,
    TRAINS,
)
from skdl.engine.kernel.blas import multiply
from skdl.engine.kernel.functions import exp, inverse_erf, log
from skdl.engine.kernel.noise import bits_at
from skdl.engine.kernel.pieces import inlined, part, piece

# What SELU tends to at minus infinity.
_LIMIT = -1.6732632423543772 * 1.0507009873554805


@piece(FORWARD)
def dense(x, y, kept, w, f, numbers, sizes):
    """x W + b, with w = (W, b), or W alone."""
    m, n, o = sizes[ROWS], sizes[INPUTS], sizes[OUTPUTS]
    multiply(sizes[GEMM], x, w, y, m, o, n, 0, 0)
    if w.shape[0] > n * o:
        b = part(w, n * o, (n + 1) * o)
        for i in range(m):
            row = part(y, i * o, (i + 1) * o)
            for j in range(o):
                row[j] += b[j]


@piece(FORWARD)
def dense_by_row(x, y, kept, w, f, numbers, sizes):
    """The same for predictions: each row sums in a fixed order, so that its bits depend on no other row."""
    m, n, o = sizes[ROWS], sizes[INPUTS], sizes[OUTPUTS]
    has_bias = w.shape[0] > n * o
    for i in range(m):
        row = part(y, i * o, (i + 1) * o)
        for j in range(o):
            row[j] = w[n * o + j] if has_bias else x.dtype.type(0)
        for k in range(n):
            value, of_input = x[i * n + k], part(w, k * o, (k + 1) * o)
            for j in range(o):
                row[j] += value * of_input[j]


@piece(BACKWARD)
def dense_back(x, dx, y, dy, kept, w, dw, f, numbers, sizes):
    """dW = x' dy, db = the sum of dy over the rows, dx = dy W'."""
    m, n, o = sizes[ROWS], sizes[INPUTS], sizes[OUTPUTS]
    if dw.shape[0]:
        multiply(sizes[GEMM], x, dy, dw, n, o, m, 1, 0)
    if dw.shape[0] > n * o:
        db = part(dw, n * o, (n + 1) * o)
        for j in range(o):
            db[j] = 0
        for i in range(m):
            row = part(dy, i * o, (i + 1) * o)
            for j in range(o):
                db[j] += row[j]
    if sizes[PASSES_ON]:
        multiply(sizes[GEMM], dy, w, dx, m, n, o, 0, 1)


@inlined
def _threshold(rate):
    # A uniform number of 24 bits is at least the rate where its whole number reaches this.
    return np.uint32(np.int64(np.ceil(np.float32(rate) * np.float32(16777216))))


@inlined
def _keys(sizes):
    # Read before the loop over the numbers: in the loop these integers of 64 bits would halve the vectors.
    return np.uint32(sizes[FIRST_KEY]), np.uint32(sizes[SECOND_KEY])


@inlined
def _is_kept(i, threshold, first, second):
    bits = bits_at(i, first, second)
    return np.uint32(bits >> np.uint32(8)) >= threshold


@piece(FORWARD)
def dropout(x, y, kept, w, f, numbers, sizes):
    """x / (1 - r), or 0 with probability r, in training (Srivastava et al., 2014)."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    if not sizes[TRAINS]:
        for i in range(x.shape[0]):
            y[i] = x[i]
        return
    threshold = _threshold(numbers[0])
    rest = one - x.dtype.type(np.float32(numbers[0]))
    scale = one / rest if rest != zero else zero
    first, second = _keys(sizes)
    for i in range(x.shape[0]):
        # Both values are computed for each number, so that the loop has no branch.
        is_kept, scaled = _is_kept(i, threshold, first, second), x[i] * scale
        kept[i] = scale if is_kept else zero
        y[i] = scaled if is_kept else zero


@inlined
def _normal(i, first, second, real):
    """A standard normal number: the inverse distribution function of a uniform number of 23 bits."""
    bits = bits_at(i, first, second)
    odd = np.int64(2) * np.int64(bits >> np.uint32(9)) + np.int64(1)
    u = real(odd - np.int64(8388608)) * real(1 / 8388608)
    return inverse_erf(u) * real(math.sqrt(2))


@piece(FORWARD)
def gaussian_noise(x, y, kept, w, f, numbers, sizes):
    """x plus normal noise of a standard deviation, in training."""
    real = x.dtype.type
    scale = real(np.float32(numbers[0]))
    first, second = _keys(sizes)
    for i in range(x.shape[0]):
        y[i] = x[i]
    if sizes[TRAINS]:
        for i in range(x.shape[0]):
            y[i] += scale * _normal(i, first, second, real)


@piece(BACKWARD)
def as_it_is_back(x, dx, y, dy, kept, w, dw, f, numbers, sizes):
    """dx = dy."""
    for i in range(x.shape[0]):
        dx[i] = dy[i]


@piece(FORWARD)
def gaussian_dropout(x, y, kept, w, f, numbers, sizes):
    """x times normal noise of mean 1 and variance r / (1 - r), in training."""
    real = x.dtype.type
    one, rate = real(1), real(np.float32(numbers[0]))
    if not sizes[TRAINS]:
        for i in range(x.shape[0]):
            y[i] = x[i]
        return
    scale = np.sqrt(rate / (one - rate))
    first, second = _keys(sizes)
    for i in range(x.shape[0]):
        kept[i] = one + scale * _normal(i, first, second, real)
        y[i] = x[i] * kept[i]


@piece(FORWARD)
def alpha_dropout(x, y, kept, w, f, numbers, sizes):
    """x or SELU's limit, scaled and shifted so that mean and variance stay (Klambauer et al., 2017)."""
    real = x.dtype.type
    zero, one, limit, rate = real(0), real(1), real(_LIMIT), real(np.float32(numbers[0]))
    if not sizes[TRAINS]:
        for i in range(x.shape[0]):
            y[i] = x[i]
        return
    threshold = _threshold(numbers[0])
    instead = real(np.float32(_LIMIT))  # a cast in TensorFlow goes by way of single precision
    scale = one / np.sqrt((one - rate) * (one + rate * limit * limit))
    shift = -scale * limit * rate
    first, second = _keys(sizes)
    for i in range(x.shape[0]):
        kept[i] = scale if _is_kept(i, threshold, first, second) else zero
        y[i] = scale * (x[i] if kept[i] != zero else instead) + shift


@piece(FORWARD)
def softmax(x, y, kept, w, f, numbers, sizes):
    """e**x by row, divided by the sum of the row."""
    m, n = sizes[ROWS], sizes[INPUTS]
    for i in range(m):
        top = x[i * n]
        for j in range(i * n, i * n + n):
            top = max(top, x[j])
        for j in range(i * n, i * n + n):
            y[j] = x[j] - top
    # One loop over all rows, which the compiler turns into vector instructions.
    for j in range(m * n):
        y[j] = exp(y[j])
    for i in range(m):
        total = x.dtype.type(0)
        for j in range(i * n, i * n + n):
            total += y[j]
        for j in range(i * n, i * n + n):
            y[j] /= total


@piece(BACKWARD)
def softmax_back(x, dx, y, dy, kept, w, dw, f, numbers, sizes):
    """dx = y (dy - the sum of y dy over the row)."""
    m, n = sizes[ROWS], sizes[INPUTS]
    for i in range(m):
        a, b = i * n, (i + 1) * n
        total = x.dtype.type(0)
        for j in range(a, b):
            total += y[j] * dy[j]
        for j in range(a, b):
            dx[j] = y[j] * (dy[j] - total)


# The numbers of a normalisation: epsilon, whether it scales, whether it shifts; of one over the rows of a
# batch also the momentum, and whether it takes the moving statistics while it trains.


@piece(FORWARD)
def layer_normalization(x, y, kept, w, f, numbers, sizes):
    """(x - mean) / sqrt(variance + e) over each row, scaled and shifted (Ba, Kiros and Hinton, 2016)."""
    real = x.dtype.type
    m, n = sizes[ROWS], sizes[INPUTS]
    e, count = real(numbers[0]), real(n)
    for i in range(m):
        row, out = part(x, i * n, (i + 1) * n), part(y, i * n, (i + 1) * n)
        mean = real(0)
        for j in range(n):
            mean += row[j]
        mean /= count
        variance = real(0)
        for j in range(n):
            variance += (row[j] - mean) * (row[j] - mean)
        scale = real(1) / np.sqrt(variance / count + e)
        hat = part(kept, i * (n + 1), i * (n + 1) + n)
        kept[i * (n + 1) + n] = scale
        for j in range(n):
            hat[j] = (row[j] - mean) * scale
        place = 0
        if numbers[1]:
            for j in range(n):
                out[j] = hat[j] * w[j]
            place = n
        else:
            for j in range(n):
                out[j] = hat[j]
        if numbers[2]:
            for j in range(n):
                out[j] += w[place + j]


@piece(BACKWARD)
def layer_normalization_back(x, dx, y, dy, kept, w, dw, f, numbers, sizes):
    """dx = s (g - mean(g) - h mean(g h)), with h the normalised row and g = dy times the scale."""
    real = x.dtype.type
    m, n = sizes[ROWS], sizes[INPUTS]
    count = real(n)
    for j in range(dw.shape[0]):
        dw[j] = 0
    for i in range(m):
        back = part(dy, i * n, (i + 1) * n)
        hat, scale = part(kept, i * (n + 1), i * (n + 1) + n), kept[i * (n + 1) + n]
        place = 0
        if numbers[1]:
            if dw.shape[0]:
                for j in range(n):
                    dw[j] += back[j] * hat[j]
            place = n
        if numbers[2] and dw.shape[0]:
            for j in range(n):
                dw[place + j] += back[j]
        if sizes[PASSES_ON]:
            first, second = real(0), real(0)
            for j in range(n):
                g = back[j] * w[j] if numbers[1] else back[j]
                first += g
                second += g * hat[j]
            for j in range(n):
                g = back[j] * w[j] if numbers[1] else back[j]
                dx[i * n + j] = scale * (g - first / count - hat[j] * (second / count))


@piece(FORWARD)
def batch_normalization(x, y, kept, w, f, numbers, sizes):
    """(x - mean) / sqrt(variance + e) of each column (Ioffe and Szegedy, 2015).

    In training the statistics are of the rows of the batch, and f = (moving mean, moving variance) follows
    them: v becomes v p + new (1 - p), for the momentum p.
    """
    real = x.dtype.type
    m, n = sizes[ROWS], sizes[INPUTS]
    one, e, p, count = real(1), real(numbers[0]), real(numbers[3]), real(m)
    q = real(1 - numbers[3])
    mean = part(kept, m * n, m * n + n)
    variance = part(kept, m * n + n, m * n + 2 * n)
    of_batch = sizes[TRAINS] and not numbers[4]
    if of_batch:
        for j in range(n):
            mean[j] = 0
            variance[j] = 0
        for i in range(m):
            for j in range(n):
                mean[j] += x[i * n + j]
        for j in range(n):
            mean[j] /= count
        for i in range(m):
            for j in range(n):
                d = x[i * n + j] - mean[j]
                variance[j] += d * d
        for j in range(n):
            variance[j] /= count
            f[j] = f[j] * p + mean[j] * q
            f[n + j] = f[n + j] * p + variance[j] * q
    else:
        for j in range(n):
            mean[j] = f[j]
            variance[j] = f[n + j]
    place = n if numbers[1] else 0
    for j in range(n):
        variance[j] = one / np.sqrt(variance[j] + e)
    for i in range(m):
        for j in range(n):
            hat = (x[i * n + j] - mean[j]) * variance[j]
            kept[i * n + j] = hat
            v = hat * w[j] if numbers[1] else hat
            y[i * n + j] = v + w[place + j] if numbers[2] else v


@piece(BACKWARD)
def batch_normalization_back(x, dx, y, dy, kept, w, dw, f, numbers, sizes):
    """dx = s g (h mean(g h) and mean(g) less, with statistics of the batch), for each column."""
    real = x.dtype.type
    m, n = sizes[ROWS], sizes[INPUTS]
    count = real(m)
    of_batch = not numbers[4]
    place = n if numbers[1] else 0
    for j in range(n):
        inverse = kept[m * n + n + j]
        gamma = w[j] if numbers[1] else real(1)
        first, second = real(0), real(0)
        for i in range(m):
            first += dy[i * n + j]
            second += dy[i * n + j] * kept[i * n + j]
        if dw.shape[0]:
            if numbers[1]:
                dw[j] = second
            if numbers[2]:
                dw[place + j] = first
        if sizes[PASSES_ON]:
            first /= count
            second /= count
            for i in range(m):
                g = dy[i * n + j]
                if of_batch:
                    g = g - first - kept[i * n + j] * second
                dx[i * n + j] = gamma * inverse * g


@piece(FORWARD)
def rescaling(x, y, kept, w, f, numbers, sizes):
    """x a + b of each column: numbers a of all columns, then b."""
    real = x.dtype.type
    m, n = sizes[ROWS], sizes[INPUTS]
    for i in range(m):
        for j in range(n):
            y[i * n + j] = x[i * n + j] * real(numbers[j]) + real(numbers[n + j])


@piece(BACKWARD)
def rescaling_back(x, dx, y, dy, kept, w, dw, f, numbers, sizes):
    """dx = dy a."""
    m, n = sizes[ROWS], sizes[INPUTS]
    for i in range(m):
        for j in range(n):
            dx[i * n + j] = dy[i * n + j] * x.dtype.type(numbers[j])


@piece(FORWARD)
def normalization(x, y, kept, w, f, numbers, sizes):
    """(x - a) / b of each column: numbers a of all columns, then b."""
    real = x.dtype.type
    m, n = sizes[ROWS], sizes[INPUTS]
    for i in range(m):
        for j in range(n):
            y[i * n + j] = (x[i * n + j] - real(numbers[j])) / real(numbers[n + j])


@piece(BACKWARD)
def normalization_back(x, dx, y, dy, kept, w, dw, f, numbers, sizes):
    """dx = dy / b."""
    m, n = sizes[ROWS], sizes[INPUTS]
    for i in range(m):
        for j in range(n):
            dx[i * n + j] = dy[i * n + j] / x.dtype.type(numbers[n + j])


@piece(FORWARD)
def log_softmax(x, y, kept, w, f, numbers, sizes):
    """x - log(sum(e**x)) by row."""
    m, n = sizes[ROWS], sizes[INPUTS]
    for i in range(m):
        top, total = x[i * n], x.dtype.type(0)
        for j in range(i * n, i * n + n):
            top = max(top, x[j])
        for j in range(i * n, i * n + n):
            total += exp(x[j] - top)
        level = log(total)
        for j in range(i * n, i * n + n):
            y[j] = (x[j] - top) - level


@piece(BACKWARD)
def log_softmax_back(x, dx, y, dy, kept, w, dw, f, numbers, sizes):
    """dx = dy - e**y times the sum of dy over the row."""
    m, n = sizes[ROWS], sizes[INPUTS]
    for i in range(m):
        total = x.dtype.type(0)
        for j in range(i * n, i * n + n):
            total += dy[j]
        for j in range(i * n, i * n + n):
            dx[j] = dy[j] - exp(y[j]) * total


@piece(FORWARD)
def activity_penalty(x, y, kept, w, f, numbers, sizes):
    """x; the penalty itself is a measure."""
    for i in range(x.shape[0]):
        y[i] = x[i]


@piece(BACKWARD)
def activity_penalty_back(x, dx, y, dy, kept, w, dw, f, numbers, sizes):
    """dx = dy + (a sign(x) + 2 b x) / m: numbers a, b of the penalty, for m rows."""
    real = x.dtype.type
    zero, m = real(0), real(sizes[ROWS])
    a, b = real(numbers[0]) / m, real(2 * numbers[1]) / m
    for i in range(x.shape[0]):
        sign = a if x[i] > zero else -a if x[i] < zero else zero
        dx[i] = dy[i] + (sign + b * x[i])


@piece(FORWARD)
def prelu(x, y, kept, w, f, numbers, sizes):
    """x where that is positive, else a x, with w = a of each column (He et al., 2015); slope 0 at 0."""
    zero = x.dtype.type(0)
    m, n = sizes[ROWS], sizes[INPUTS]
    for i in range(m):
        for j in range(n):
            v = x[i * n + j]
            y[i * n + j] = v if v > zero else w[j] * v


@piece(BACKWARD)
def prelu_back(x, dx, y, dy, kept, w, dw, f, numbers, sizes):
    """dx = dy or a dy, da = the sum of x dy over the rows with x below 0."""
    zero = x.dtype.type(0)
    m, n = sizes[ROWS], sizes[INPUTS]
    for j in range(dw.shape[0]):
        dw[j] = 0
    for i in range(m):
        for j in range(n):
            v, g = x[i * n + j], dy[i * n + j]
            if v < zero and dw.shape[0]:
                dw[j] += v * g
            dx[i * n + j] = g if v > zero else w[j] * g if v < zero else zero
