"""Losses of the kernel with their slopes, as Keras computes them.

Each loss is a number a row: the mean over the columns where nothing else is said. A batch has the mean of
weight times loss over its rows.
"""

from __future__ import annotations

import math

import numpy as np

from skdl.engine.kernel.arguments import MEASURE, OUTPUTS, ROWS
from skdl.engine.kernel.functions import exp, log, log1p, tanh
from skdl.engine.kernel.pieces import inlined, piece

# Keras has it in single precision, whatever type it computes in.
_LOG_OF_2 = float(np.float32(math.log(2)))


@inlined
def _powers(p, d, m, n):
    """Write e**(z - top) to `d`, with the largest z of each row as top."""
    for i in range(m):
        top = p[i * n]
        for j in range(1, n):
            top = max(top, p[i * n + j])
        for j in range(n):
            d[i * n + j] = p[i * n + j] - top
    # One loop over all rows, which the compiler turns into vector instructions.
    for i in range(m * n):
        d[i] = exp(d[i])


@piece(MEASURE)
def sparse_categorical_crossentropy(p, y, weights, d, numbers, sizes, total):
    """log(sum(e**z)) - z of the class, from logits z and class numbers."""
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    share = real(1) / real(m)
    _powers(p, d, m, n)
    for i in range(m):
        whole, top = real(0), p[i * n]
        for j in range(n):
            whole += d[i * n + j]
            top = max(top, p[i * n + j])
        k = i * n + int(y[i])
        total[0] += weights[i] * (log(whole) - (p[k] - top))
        scale = weights[i] * share / whole
        for j in range(n):
            d[i * n + j] *= scale
        d[k] -= weights[i] * share
    total[1] += m


@piece(MEASURE)
def categorical_crossentropy(p, y, weights, d, numbers, sizes, total):
    """sum(t) log(sum(e**z)) - sum(t z), from logits z and shares t of the classes, smoothed by a number.

    The slope is softmax(z) - t, as TensorFlow has it also where the shares do not add up to one.
    """
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    share, keep, spread = real(1) / real(m), real(1 - numbers[0]), real(numbers[0] / n)
    _powers(p, d, m, n)
    for i in range(m):
        whole, top, value = real(0), p[i * n], real(0)
        for j in range(i * n, i * n + n):
            whole += d[j]
            top = max(top, p[j])
        level = log(whole)
        for j in range(i * n, i * n + n):
            t = y[j] * keep + spread
            value += t * (level - (p[j] - top))
        total[0] += weights[i] * value
        scale = weights[i] * share
        for j in range(i * n, i * n + n):
            d[j] = scale * (d[j] / whole - (y[j] * keep + spread))
    total[1] += m


@piece(MEASURE)
def binary_crossentropy(p, y, weights, d, numbers, sizes, total):
    """max(z, 0) - z t + log(1 + e**-|z|), from logits z and targets t, smoothed towards 1/2 by a number."""
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    zero, one = real(0), real(1)
    keep, spread = real(1 - numbers[0]), real(numbers[0] / 2)
    for i in range(m):
        scale = weights[i] / real(m * n)
        value = zero
        for j in range(i * n, (i + 1) * n):
            t = y[j] * keep + spread
            e = exp(-abs(p[j]))
            value += max(p[j], zero) - p[j] * t + log1p(e)
            d[j] = scale * ((one if p[j] >= zero else e) / (one + e) - t)
        total[0] += weights[i] * (value / real(n))
    total[1] += m


@piece(MEASURE)
def mean_squared_error(p, y, weights, d, numbers, sizes, total):
    """(y - p)**2."""
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    for i in range(m):
        scale = real(2) * weights[i] / real(m * n)
        value = real(0)
        for j in range(i * n, (i + 1) * n):
            r = p[j] - y[j]
            value += r * r
            d[j] = scale * r
        total[0] += weights[i] * (value / real(n))
    total[1] += m


@piece(MEASURE)
def mean_absolute_error(p, y, weights, d, numbers, sizes, total):
    """|y - p|; slope 0 at 0."""
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    zero = real(0)
    for i in range(m):
        scale = weights[i] / real(m * n)
        value = zero
        for j in range(i * n, (i + 1) * n):
            r = p[j] - y[j]
            value += abs(r)
            d[j] = scale if r > zero else -scale if r < zero else zero * r
        total[0] += weights[i] * (value / real(n))
    total[1] += m


@piece(MEASURE)
def huber(p, y, weights, d, numbers, sizes, total):
    """r**2 / 2 for |r| up to a number c, else c |r| - c**2 / 2, with r = y - p."""
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    half, c = real(0.5), real(numbers[0])
    for i in range(m):
        scale = weights[i] / real(m * n)
        value = real(0)
        for j in range(i * n, (i + 1) * n):
            r = p[j] - y[j]
            near = abs(r) <= c
            value += half * r * r if near else c * abs(r) - half * c * c
            d[j] = scale * (r if near else c if r > real(0) else -c)
        total[0] += weights[i] * (value / real(n))
    total[1] += m


@piece(MEASURE)
def log_cosh(p, y, weights, d, numbers, sizes, total):
    """log(cosh(r)) = r + log(1 + e**(-2 r)) - log(2), with r = p - y."""
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    for i in range(m):
        scale = weights[i] / real(m * n)
        value = real(0)
        for j in range(i * n, (i + 1) * n):
            r = p[j] - y[j]
            size = abs(r)
            value += size + log1p(exp(-size - size)) - real(_LOG_OF_2)
            d[j] = scale * tanh(r)
        total[0] += weights[i] * (value / real(n))
    total[1] += m


@piece(MEASURE)
def poisson(p, y, weights, d, numbers, sizes, total):
    """p - y log(p + e), with Keras's small number e."""
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    e = real(numbers[0])
    for i in range(m):
        scale = weights[i] / real(m * n)
        value = real(0)
        for j in range(i * n, (i + 1) * n):
            value += p[j] - y[j] * log(p[j] + e)
            d[j] = scale * (real(1) - y[j] / (p[j] + e))
        total[0] += weights[i] * (value / real(n))
    total[1] += m


@piece(MEASURE)
def mean_absolute_percentage_error(p, y, weights, d, numbers, sizes, total):
    """100 |y - p| / max(|y|, e), with Keras's small number e; slope 0 at 0."""
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    zero, e, hundred = real(0), real(numbers[0]), real(100)
    for i in range(m):
        scale = hundred * weights[i] / real(m * n)
        value = zero
        for j in range(i * n, (i + 1) * n):
            size = max(abs(y[j]), e)
            r = (p[j] - y[j]) / size
            value += abs(r)
            d[j] = (scale if r > zero else -scale if r < zero else zero * r) / size
        total[0] += weights[i] * (hundred * (value / real(n)))
    total[1] += m


@piece(MEASURE)
def mean_squared_logarithmic_error(p, y, weights, d, numbers, sizes, total):
    """(log(max(p, e) + 1) - log(max(y, e) + 1))**2, with Keras's small number e; slope 0 for p below e."""
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    zero, one, two, e = real(0), real(1), real(2), real(numbers[0])
    for i in range(m):
        scale = two * weights[i] / real(m * n)
        value = zero
        for j in range(i * n, (i + 1) * n):
            v = p[j] if p[j] != p[j] else max(p[j], e)
            r = log(v + one) - log(max(y[j], e) + one)
            value += r * r
            d[j] = scale * r / (v + one) if p[j] >= e or p[j] != p[j] else zero
        total[0] += weights[i] * (value / real(n))
    total[1] += m


@piece(MEASURE)
def kl_divergence(p, y, weights, d, numbers, sizes, total):
    """The sum of t log(t / q), with t and q the targets and outputs between Keras's small number e and 1.

    Where an output is beyond these bounds its slope is 0.
    """
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    zero, one, e = real(0), real(1), real(numbers[0])
    for i in range(m):
        scale = weights[i] / real(m)
        value = zero
        for j in range(i * n, (i + 1) * n):
            t = min(max(y[j], e), one)
            q = p[j] if p[j] != p[j] else min(max(p[j], e), one)
            value += t * log(t / q)
            d[j] = zero if p[j] < e or p[j] > one else -scale * t / q
        total[0] += weights[i] * value
    total[1] += m


@inlined
def _are_classes(y):
    """Whether a batch has no other targets than 0 and 1, which Keras takes for -1 and 1 in hinge losses."""
    for i in range(y.shape[0]):
        if not (y[i] == 0 or y[i] == 1):
            return False
    return True


@piece(MEASURE)
def hinge(p, y, weights, d, numbers, sizes, total):
    """max(1 - t p, 0), for targets t = -1 or 1; slope -t where that is 0.

    The number: whether it is squared.
    """
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    zero, one, two = real(0), real(1), real(2)
    classes = _are_classes(y)
    for i in range(m):
        scale = weights[i] / real(m * n)
        value = zero
        for j in range(i * n, (i + 1) * n):
            t = two * y[j] - one if classes else y[j]
            r = one - t * p[j]
            back = -scale * t if r >= zero else zero * r
            r = zero if r < zero else r
            value += r * r if numbers[0] else r
            d[j] = two * r * back if numbers[0] else back
        total[0] += weights[i] * (value / real(n))
    total[1] += m


@piece(MEASURE)
def categorical_hinge(p, y, weights, d, numbers, sizes, total):
    """max(the largest (1 - t) p - the sum of t p + 1, 0); equal largest ones share the slope."""
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    zero, one = real(0), real(1)
    for i in range(m):
        scale = weights[i] / real(m)
        right, wrong, equal = zero, (one - y[i * n]) * p[i * n], zero
        for j in range(i * n, (i + 1) * n):
            right += y[j] * p[j]
            wrong = max(wrong, (one - y[j]) * p[j])
        for j in range(i * n, (i + 1) * n):
            equal += one if (one - y[j]) * p[j] == wrong else zero
        r = wrong - right + one
        for j in range(i * n, (i + 1) * n):
            up = (one - y[j]) / equal if (one - y[j]) * p[j] == wrong else zero
            d[j] = scale * (up - y[j]) if r >= zero else zero * r
        total[0] += weights[i] * (zero if r < zero else r)
    total[1] += m


@piece(MEASURE)
def binary_focal_crossentropy(p, y, weights, d, numbers, sizes, total):
    """w (1 - q)**c times the binary crossentropy, from logits z (Lin et al., 2017).

    q is the probability of the target. Numbers: the smoothing of targets, c, and a, with w = a for a target
    of 1 and 1 - a for 0. If a is -1, then w is 1.
    """
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    zero, one, two = real(0), real(1), real(2)
    keep, spread = real(1 - numbers[0]), real(numbers[0] / 2)
    c, a = real(numbers[1]), real(numbers[2])
    for i in range(m):
        scale = weights[i] / real(m * n)
        value = zero
        for j in range(i * n, (i + 1) * n):
            t = y[j] * keep + spread
            e = exp(-abs(p[j]))
            s = (one if p[j] >= zero else e) / (one + e)
            cross = max(p[j], zero) - p[j] * t + log1p(e)
            rest = one - (t * s + (one - t) * (one - s))
            factor = rest**c
            w = t * a + (one - t) * (one - a) if a >= zero else one
            value += w * factor * cross
            turn = (two * t - one) * s * (one - s)
            d[j] = scale * w * (factor * (s - t) - c * rest ** (c - one) * turn * cross)
        total[0] += weights[i] * (value / real(n))
    total[1] += m


@piece(MEASURE)
def categorical_focal_crossentropy(p, y, weights, d, numbers, sizes, total):
    """The sum of -a t (1 - q)**c log(q), from probabilities (Lin et al., 2017).

    q is p divided by the sum of its row, between e and 1 - e; beyond them its slope is 0. Numbers: the
    smoothing of targets, c, a, and Keras's small number e.
    """
    real = p.dtype.type
    m, n = sizes[ROWS], sizes[OUTPUTS]
    zero, one = real(0), real(1)
    keep, spread = real(1 - numbers[0]), real(numbers[0] / n)
    c, a, e = real(numbers[1]), real(numbers[2]), real(numbers[3])
    for i in range(m):
        scale = weights[i] / real(m)
        whole, value, common = zero, zero, zero
        for j in range(i * n, (i + 1) * n):
            whole += p[j]
        for j in range(i * n, (i + 1) * n):
            t, share = y[j] * keep + spread, p[j] / whole
            q = min(max(share, e), one - e)
            level, rest = log(q), one - q
            value -= a * t * rest**c * level
            back = a * t * (c * rest ** (c - one) * level - rest**c / q)
            d[j] = back if q == share else zero
            common += share * d[j]
        for j in range(i * n, (i + 1) * n):
            d[j] = scale * (d[j] - common) / whole
        total[0] += weights[i] * value
    total[1] += m
