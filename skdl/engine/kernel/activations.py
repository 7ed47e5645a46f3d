"""Activations that treat each number alone, with their slopes, as Keras and TensorFlow compute them.

Each piece writes y = a(x) and keeps the slope a'(x). Where an activation has a corner, the slope there is the
one that TensorFlow takes; it stands beside the formula.
"""

from __future__ import annotations

import math

import numpy as np

from skdl.engine.kernel.arguments import BACKWARD, FORWARD
from skdl.engine.kernel.functions import exp, expm1, log1p, tanh
from skdl.engine.kernel.pieces import piece

# TensorFlow has this constant of its gelu in single precision, whatever type it computes in.
_ROOT_OF_HALF = float(np.float32(math.sqrt(0.5)))


@piece(BACKWARD)
def by_slope(x, dx, y, dy, kept, w, dw, f, numbers, sizes):
    """The way back through any activation of this file, and through noise that scales: dx = dy a'(x)."""
    for i in range(x.shape[0]):
        dx[i] = dy[i] * kept[i]


@piece(FORWARD)
def relu(x, y, kept, w, f, numbers, sizes):
    """max(x, 0); slope 0 at 0."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(x.shape[0]):
        slope = one if x[i] > zero else zero
        y[i] = x[i] if not x[i] <= zero else zero
        kept[i] = slope


@piece(FORWARD)
def leaky_relu(x, y, kept, w, f, numbers, sizes):
    """x where that is positive, else s x, for a number s; slope s at 0."""
    zero, one, s = x.dtype.type(0), x.dtype.type(1), x.dtype.type(numbers[0])
    for i in range(x.shape[0]):
        slope = one if x[i] > zero else s
        y[i] = slope * x[i]
        kept[i] = slope


@piece(FORWARD)
def bent_relu(x, y, kept, w, f, numbers, sizes):
    """x beyond a threshold t and up to a bound b, and s (x - t) below, for numbers s, b, t; slope 0 at t."""
    zero, one, six = x.dtype.type(0), x.dtype.type(1), x.dtype.type(6)
    s, b, t = x.dtype.type(numbers[0]), x.dtype.type(numbers[1]), x.dtype.type(numbers[2])
    for i in range(x.shape[0]):
        v = x[i]
        low = s * (v - t)
        y[i] = low if v <= t else b if v > b else v
        # TensorFlow's operation for a bound of 6 has slope 0 at the bound, and its others have slope 1.
        above = v > b or (v == b and b == six and t == zero)
        kept[i] = s if v < t else zero if v == t or above else one


@piece(FORWARD)
def elu(x, y, kept, w, f, numbers, sizes):
    """x where that is positive, else a (e**x - 1), for a number a; slope 1 at 0."""
    zero, one, a = x.dtype.type(0), x.dtype.type(1), x.dtype.type(numbers[0])
    for i in range(x.shape[0]):
        low = a * expm1(min(x[i], zero))
        y[i] = low if x[i] < zero else x[i]
        kept[i] = low + a if x[i] < zero else one


@piece(FORWARD)
def selu(x, y, kept, w, f, numbers, sizes):
    """s x where x is positive, else s a (e**x - 1) (Klambauer et al., 2017); slope s at 0."""
    zero = x.dtype.type(0)
    s, sa = x.dtype.type(1.0507009873554805), x.dtype.type(1.0507009873554805 * 1.6732632423543772)
    for i in range(x.shape[0]):
        low = sa * expm1(min(x[i], zero))
        y[i] = low if x[i] < zero else s * x[i]
        kept[i] = low + sa if x[i] < zero else s


@piece(FORWARD)
def sigmoid(x, y, kept, w, f, numbers, sizes):
    """1 / (1 + e**-x)."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(x.shape[0]):
        e = exp(-abs(x[i]))
        v = (one if x[i] >= zero else e) / (one + e)
        y[i] = v
        kept[i] = v * (one - v)


@piece(FORWARD)
def hyperbolic_tangent(x, y, kept, w, f, numbers, sizes):
    """tanh(x)."""
    one = x.dtype.type(1)
    for i in range(x.shape[0]):
        v = tanh(x[i])
        y[i] = v
        kept[i] = one - v * v


@piece(FORWARD)
def exponential(x, y, kept, w, f, numbers, sizes):
    """e**x."""
    for i in range(x.shape[0]):
        v = exp(x[i])
        y[i] = v
        kept[i] = v


@piece(FORWARD)
def softplus(x, y, kept, w, f, numbers, sizes):
    """log(1 + e**x)."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(x.shape[0]):
        e = exp(-abs(x[i]))
        y[i] = max(x[i], zero) + log1p(e)
        kept[i] = (one if x[i] >= zero else e) / (one + e)


@piece(FORWARD)
def log_sigmoid(x, y, kept, w, f, numbers, sizes):
    """-log(1 + e**-x)."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(x.shape[0]):
        e = exp(-abs(x[i]))
        y[i] = min(x[i], zero) - log1p(e)
        kept[i] = (e if x[i] >= zero else one) / (one + e)


@piece(FORWARD)
def softsign(x, y, kept, w, f, numbers, sizes):
    """x / (1 + |x|)."""
    one = x.dtype.type(1)
    for i in range(x.shape[0]):
        d = one / (one + abs(x[i]))
        y[i] = x[i] * d
        kept[i] = d * d


@piece(FORWARD)
def silu(x, y, kept, w, f, numbers, sizes):
    """x sigmoid(x)."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(x.shape[0]):
        e = exp(-abs(x[i]))
        s = (one if x[i] >= zero else e) / (one + e)
        y[i] = x[i] * s
        kept[i] = s * (one + x[i] * (one - s))


@piece(FORWARD)
def mish(x, y, kept, w, f, numbers, sizes):
    """x tanh(softplus(x))."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(x.shape[0]):
        e = exp(-abs(x[i]))
        s = (one if x[i] >= zero else e) / (one + e)
        t = tanh(max(x[i], zero) + log1p(e))
        y[i] = x[i] * t
        kept[i] = t + x[i] * s * (one - t * t)


@piece(FORWARD)
def gelu(x, y, kept, w, f, numbers, sizes):
    """x times the distribution function of the normal distribution (Hendrycks and Gimpel, 2016)."""
    half, root = x.dtype.type(0.5), x.dtype.type(_ROOT_OF_HALF)
    density = x.dtype.type(_ROOT_OF_HALF / math.sqrt(math.pi))
    for i in range(x.shape[0]):
        p = half * x.dtype.type(math.erfc(-x[i] * root))
        y[i] = x[i] * p
        kept[i] = p + x[i] * density * exp(-((x[i] * root) ** 2))


@piece(FORWARD)
def hard_sigmoid(x, y, kept, w, f, numbers, sizes):
    """x / 6 + 1 / 2 between 0 and 1."""
    zero, one, half = x.dtype.type(0), x.dtype.type(1), x.dtype.type(0.5)
    sixth = x.dtype.type(1 / 6)
    for i in range(x.shape[0]):
        v = x[i] * sixth + half
        y[i] = min(max(v, zero), one)
        kept[i] = sixth if zero < v < one else zero


@piece(FORWARD)
def squareplus(x, y, kept, w, f, numbers, sizes):
    """(x + sqrt(x**2 + b)) / 2, for a number b."""
    half, b = x.dtype.type(0.5), x.dtype.type(numbers[0])
    one = x.dtype.type(1)
    for i in range(x.shape[0]):
        r = np.sqrt(x[i] * x[i] + b)
        y[i] = half * (x[i] + r)
        kept[i] = half * (one + x[i] / r)


@piece(FORWARD)
def celu(x, y, kept, w, f, numbers, sizes):
    """x where that is positive, else e**x - 1 (Barron, 2017, with a = 1); slope 1 at 0."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(x.shape[0]):
        low = expm1(min(x[i], zero))
        y[i] = low if x[i] < zero else x[i]
        kept[i] = low + one if x[i] < zero else one


@piece(FORWARD)
def hard_shrink(x, y, kept, w, f, numbers, sizes):
    """x where |x| is above 1/2, else 0."""
    zero, one, half = x.dtype.type(0), x.dtype.type(1), x.dtype.type(0.5)
    for i in range(x.shape[0]):
        slope = one if abs(x[i]) > half else zero
        y[i] = x[i] if abs(x[i]) > half else zero
        kept[i] = slope


@piece(FORWARD)
def soft_shrink(x, y, kept, w, f, numbers, sizes):
    """x - 1/2 where x is above 1/2, x + 1/2 where it is below -1/2, else 0."""
    zero, one, half = x.dtype.type(0), x.dtype.type(1), x.dtype.type(0.5)
    for i in range(x.shape[0]):
        v = x[i]
        y[i] = v - half if v > half else v + half if v < -half else zero
        kept[i] = one if abs(v) > half else zero


@piece(FORWARD)
def tanh_shrink(x, y, kept, w, f, numbers, sizes):
    """x - tanh(x)."""
    for i in range(x.shape[0]):
        t = tanh(x[i])
        y[i] = x[i] - t
        kept[i] = t * t


@piece(FORWARD)
def hard_silu(x, y, kept, w, f, numbers, sizes):
    """x times the hard sigmoid of x."""
    zero, one, half = x.dtype.type(0), x.dtype.type(1), x.dtype.type(0.5)
    sixth = x.dtype.type(1 / 6)
    for i in range(x.shape[0]):
        v = x[i] * sixth + half
        s = min(max(v, zero), one)
        y[i] = x[i] * s
        kept[i] = s + x[i] * (sixth if zero < v < one else zero)


@piece(FORWARD)
def hard_tanh(x, y, kept, w, f, numbers, sizes):
    """x between -1 and 1; slope 1 at both."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(x.shape[0]):
        y[i] = min(max(x[i], -one), one)
        kept[i] = one if -one <= x[i] <= one else zero


@piece(FORWARD)
def sparse_plus(x, y, kept, w, f, numbers, sizes):
    """0 up to -1, x from 1 on, and (x + 1)**2 / 4 between them."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    half, quarter = x.dtype.type(0.5), x.dtype.type(0.25)
    for i in range(x.shape[0]):
        v = x[i] + one
        y[i] = zero if x[i] <= -one else quarter * v * v if x[i] < one else x[i]
        kept[i] = zero if x[i] <= -one else half * v if x[i] < one else one


@piece(FORWARD)
def sparse_sigmoid(x, y, kept, w, f, numbers, sizes):
    """0 up to -1, 1 from 1 on, and (x + 1) / 2 between them."""
    zero, one, half = x.dtype.type(0), x.dtype.type(1), x.dtype.type(0.5)
    for i in range(x.shape[0]):
        y[i] = zero if x[i] <= -one else one if x[i] >= one else half * (x[i] + one)
        kept[i] = half if -one < x[i] < one else zero
