"""Steps of optimizers on all weights at once, by Keras's formulas.

Each piece says where the small number e stands and what is corrected for the first steps. g is the slope of
the loss, r the learning rate, t the number of the step.
"""

from __future__ import annotations

import numpy as np

from skdl.engine.kernel.arguments import STEP
from skdl.engine.kernel.pieces import inlined, part, piece


@inlined
def _single(x):
    """A number as a cast of TensorFlow's leaves it: by way of single precision, whatever the type."""
    return np.float64(np.float32(x))


@inlined
def _corrected(rate, numbers, step):
    """Adam's r'."""
    return rate * np.sqrt(1 - _single(numbers[1]) ** step) / (1 - _single(numbers[0]) ** step)


@piece(STEP)
def sgd(p, g, s, spans, numbers, memory, rate, step):
    """p - r g."""
    r = p.dtype.type(rate)
    for i in range(p.shape[0]):
        p[i] -= r * g[i]


@piece(STEP)
def sgd_with_momentum(p, g, s, spans, numbers, memory, rate, step):
    """m = c m - r g, p + m; with Nesterov's look ahead p + c m - r g."""
    real, n = p.dtype.type, p.shape[0]
    r, c, m = real(rate), real(_single(numbers[0])), part(s, 0, n)
    if numbers[1]:
        for i in range(n):
            m[i] = c * m[i] - r * g[i]
            p[i] += c * m[i] - r * g[i]
    else:
        for i in range(n):
            m[i] = c * m[i] - r * g[i]
            p[i] += m[i]


@piece(STEP)
def rmsprop(p, g, s, spans, numbers, memory, rate, step):
    """v = d v + (1 - d) g**2, p - r g / sqrt(v + e): numbers d, e, momentum, whether it is centred.

    Centred: v - a**2 in the place of v, with a = d a + (1 - d) g. With momentum c: m = c m + the step, p - m.
    """
    real, n = p.dtype.type, p.shape[0]
    r, d, rest, e, c = (
        real(rate),
        real(numbers[0]),
        real(1 - numbers[0]),
        real(numbers[1]),
        real(numbers[2]),
    )
    v = part(s, 0, n)
    for i in range(n):
        v[i] = d * v[i] + rest * g[i] * g[i]
    m = part(s, n, 2 * n) if numbers[2] else v
    if numbers[3]:
        a = part(s, s.shape[0] - n, s.shape[0])
        for i in range(n):
            a[i] = d * a[i] + rest * g[i]
            moved = r * g[i] / np.sqrt(v[i] - a[i] * a[i] + e)
            if numbers[2]:
                m[i] = c * m[i] + moved
                moved = m[i]
            p[i] -= moved
    elif numbers[2]:
        for i in range(n):
            m[i] = c * m[i] + r * g[i] / np.sqrt(v[i] + e)
            p[i] -= m[i]
    else:
        for i in range(n):
            p[i] -= r * g[i] / np.sqrt(v[i] + e)


@piece(STEP)
def adam(p, g, s, spans, numbers, memory, rate, step):
    """m += (g - m)(1 - a), v += (g**2 - v)(1 - b), p - r' m / (sqrt(v) + e): numbers a, b, e.

    r' = r sqrt(1 - b**t) / (1 - a**t) (Kingma and Ba, 2015, section 2).
    """
    real, n = p.dtype.type, p.shape[0]
    a, b, e = real(1 - numbers[0]), real(1 - numbers[1]), real(numbers[2])
    r = real(_corrected(rate, numbers, step))
    m, v = part(s, 0, n), part(s, n, 2 * n)
    for i in range(n):
        first = m[i] + (g[i] - m[i]) * a
        second = v[i] + (g[i] * g[i] - v[i]) * b
        m[i] = first
        v[i] = second
        p[i] -= first * r / (np.sqrt(second) + e)


@piece(STEP)
def amsgrad(p, g, s, spans, numbers, memory, rate, step):
    """Adam with the largest v so far in the place of v (Reddi et al., 2018)."""
    real, n = p.dtype.type, p.shape[0]
    a, b, e = real(1 - numbers[0]), real(1 - numbers[1]), real(numbers[2])
    r = real(_corrected(rate, numbers, step))
    m, v, top = part(s, 0, n), part(s, n, 2 * n), part(s, 2 * n, 3 * n)
    for i in range(n):
        m[i] += (g[i] - m[i]) * a
        v[i] += (g[i] * g[i] - v[i]) * b
        top[i] = max(top[i], v[i])
        p[i] -= m[i] * r / (np.sqrt(top[i]) + e)


@piece(STEP)
def adamax(p, g, s, spans, numbers, memory, rate, step):
    """m += (g - m)(1 - a), u = max(b u, |g|), p - r m / ((1 - a**t)(u + e)): numbers a, b, e."""
    real, n = p.dtype.type, p.shape[0]
    a, b, e = real(1 - numbers[0]), real(numbers[1]), real(numbers[2])
    r, first = real(rate), real(1 - _single(numbers[0]) ** step)
    m, u = part(s, 0, n), part(s, n, 2 * n)
    for i in range(n):
        m[i] += (g[i] - m[i]) * a
        u[i] = max(b * u[i], abs(g[i]))
        p[i] -= r * m[i] / (first * (u[i] + e))


@piece(STEP)
def nadam(p, g, s, spans, numbers, memory, rate, step):
    """Adam that looks ahead (Dozat, 2016): numbers a, b, e; memory is the product of all c so far.

    p - r (n m / (1 - n c') + (1 - c) g / (1 - c')) / (sqrt(v') + e), with c = a (1 - 0.96**t / 2), n the
    next c, c' the product, and v' = v / (1 - b**t).
    """
    real, n = p.dtype.type, p.shape[0]
    a, b, e = real(1 - _single(numbers[0])), real(1 - _single(numbers[1])), real(numbers[2])
    c = _single(numbers[0]) * (1 - 0.5 * _single(0.96) ** step)
    after = _single(numbers[0]) * (1 - 0.5 * _single(0.96) ** (step + 1))
    memory[0] *= numbers[0] * (1 - 0.5 * 0.96**step)  # here Keras casts nothing
    of_m = real(rate * after / (1 - memory[0] * after))
    of_g = real(rate * (1 - c) / (1 - memory[0]))
    second = real(1 / (1 - _single(numbers[1]) ** step))
    m, v = part(s, 0, n), part(s, n, 2 * n)
    for i in range(n):
        m[i] += (g[i] - m[i]) * a
        v[i] += (g[i] * g[i] - v[i]) * b
        p[i] -= (of_m * m[i] + of_g * g[i]) / (np.sqrt(v[i] * second) + e)


@piece(STEP)
def adagrad(p, g, s, spans, numbers, memory, rate, step):
    """v += g**2, p - r g / sqrt(v + e): the number e."""
    real, n = p.dtype.type, p.shape[0]
    r, e, v = real(rate), real(numbers[0]), part(s, 0, n)
    for i in range(n):
        v[i] += g[i] * g[i]
        p[i] -= r * g[i] / np.sqrt(v[i] + e)


@piece(STEP)
def adadelta(p, g, s, spans, numbers, memory, rate, step):
    """p - r x with x = g sqrt(u + e) / sqrt(v + e) (Zeiler, 2012): numbers d, e.

    v = d v + (1 - d) g**2 before, and u = d u + (1 - d) x**2 after.
    """
    real, n = p.dtype.type, p.shape[0]
    r, d, rest, e = real(rate), real(numbers[0]), real(1 - numbers[0]), real(numbers[1])
    v, u = part(s, 0, n), part(s, n, 2 * n)
    for i in range(n):
        v[i] = d * v[i] + rest * g[i] * g[i]
        x = g[i] * np.sqrt(u[i] + e) / np.sqrt(v[i] + e)
        u[i] = d * u[i] + rest * x * x
        p[i] -= r * x


@piece(STEP)
def lion(p, g, s, spans, numbers, memory, rate, step):
    """p - r sign(a m + (1 - a) g), m = b m + (1 - b) g (Chen et al., 2023): numbers a, b."""
    real, n = p.dtype.type, p.shape[0]
    zero, r = real(0), real(rate)
    a, of_a = real(numbers[0]), real(1 - numbers[0])
    b, of_b = real(numbers[1]), real(1 - numbers[1])
    m = part(s, 0, n)
    for i in range(n):
        x = a * m[i] + of_a * g[i]
        p[i] -= r if x > zero else -r if x < zero else zero * x
        m[i] = b * m[i] + of_b * g[i]


@piece(STEP)
def ftrl(p, g, s, spans, numbers, memory, rate, step):
    """Follow the regularised leader (McMahan et al., 2013).

    n' = n + g**2, z += g + 2 h p - p (n'**-q - n**-q) / r, and
    p = (clip(z, -l1, l1) - z) / (n'**-q / r + 2 l2 + b / r), with the numbers q (the power of the rate), l1,
    l2, b and h.
    """
    real, n = p.dtype.type, p.shape[0]
    r, q, l1 = real(rate), real(-numbers[0]), real(numbers[1])
    l2, shrinkage = real(numbers[2] + numbers[3] / (2 * rate)), real(2 * numbers[4])
    squares, z = part(s, 0, n), part(s, n, 2 * n)
    for i in range(n):
        before, after = squares[i] ** q, (squares[i] + g[i] * g[i]) ** q
        z[i] += g[i] + shrinkage * p[i] - (after - before) / r * p[i]
        p[i] = (min(max(z[i], -l1), l1) - z[i]) / (after / r + real(2) * l2)
        squares[i] += g[i] * g[i]


@piece(STEP)
def moving_average(p, g, s, spans, numbers, memory, rate, step):
    """a = c a + (1 - c) p, and p = a at every k-th step: numbers c, k (0 never), and the row of a in s.

    The first step makes a equal p (Polyak and Juditsky, 1992).
    """
    real, n = p.dtype.type, p.shape[0]
    k = int(numbers[2]) * n
    a = part(s, k, k + n)
    c = real(numbers[0]) if step > 1 else real(0)
    rest = real(1) - c
    for i in range(n):
        a[i] = c * a[i] + rest * p[i]
    if numbers[1] and step % int(numbers[1]) == 0:
        for i in range(n):
            p[i] = a[i]
