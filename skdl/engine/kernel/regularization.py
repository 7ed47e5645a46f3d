"""What keeps weights small: penalties, the decay of weights, the clipping of slopes, and constraints."""

from __future__ import annotations

import numpy as np

from skdl.engine.kernel.arguments import COLUMNS, SPAN_COLUMNS, START, STEP, STOP
from skdl.engine.kernel.pieces import inlined, piece


@piece(STEP)
def penalty(p, g, s, spans, numbers, memory, rate, step):
    """a sum(|w|) + b sum(w**2) for each span, with slope a sign(w) + 2 b w: numbers a, b."""
    real = p.dtype.type
    zero, a, b = real(0), real(numbers[0]), real(2 * numbers[1])
    for span in range(0, spans.shape[0], SPAN_COLUMNS):
        sizes, squares = zero, zero
        for i in range(spans[span + START], spans[span + STOP]):
            w = p[i]
            sizes += abs(w)
            squares += w * w
            g[i] += b * w + (a if w > zero else -a if w < zero else zero)
        memory[0] += numbers[0] * sizes + numbers[1] * squares


@piece(STEP)
def decay(p, g, s, spans, numbers, memory, rate, step):
    """w - w c r, for the learning rate r and a number c (Loshchilov and Hutter, 2019)."""
    shrink = p.dtype.type(numbers[0] * rate)
    for span in range(0, spans.shape[0], SPAN_COLUMNS):
        for i in range(spans[span + START], spans[span + STOP]):
            p[i] -= p[i] * shrink


@piece(STEP)
def clip_by_value(p, g, s, spans, numbers, memory, rate, step):
    """g between -c and c, for a number c."""
    limit = g.dtype.type(numbers[0])
    for i in range(g.shape[0]):
        g[i] = min(max(g[i], -limit), limit)


@inlined
def _norm(values, start, stop, stride):
    found = values.dtype.type(0)
    for i in range(start, stop, stride):
        found += values[i] * values[i]
    return np.sqrt(found)


@piece(STEP)
def clip_by_norm(p, g, s, spans, numbers, memory, rate, step):
    """g c / max(|g|, c) for the slopes of each variable, for a number c."""
    limit = g.dtype.type(numbers[0])
    for span in range(0, spans.shape[0], SPAN_COLUMNS):
        start, stop = spans[span + START], spans[span + STOP]
        scale = max(_norm(g, start, stop, 1), limit)
        for i in range(start, stop):
            g[i] = g[i] * limit / scale


@piece(STEP)
def clip_by_global_norm(p, g, s, spans, numbers, memory, rate, step):
    """g c min(1 / |g|, 1 / c) for all slopes together, for a number c; NaN where their norm is not finite."""
    real = g.dtype.type
    limit = real(numbers[0])
    norm = _norm(g, 0, g.shape[0], 1)
    scale = limit * min(real(1) / norm, real(1) / limit)
    for i in range(g.shape[0]):
        g[i] = g[i] * scale if np.isfinite(norm) else real(np.nan)


@piece(STEP)
def bounded_norm(p, g, s, spans, numbers, memory, rate, step):
    """w d / (e + |w|) for each column, with d = c clip(|w|, a, b) + (1 - c) |w|.

    Numbers: a, b, c and Keras's small number e.
    """
    real = p.dtype.type
    low, high, c, e = real(numbers[0]), real(numbers[1]), real(numbers[2]), real(numbers[3])
    rest = real(1 - numbers[2])
    for span in range(0, spans.shape[0], SPAN_COLUMNS):
        start, stop, columns = spans[span + START], spans[span + STOP], spans[span + COLUMNS]
        for j in range(columns):
            norm = _norm(p, start + j, stop, columns)
            scale = (c * min(max(norm, low), high) + rest * norm) / (e + norm)
            for i in range(start + j, stop, columns):
                p[i] *= scale


@piece(STEP)
def unit_norm(p, g, s, spans, numbers, memory, rate, step):
    """w / (e + |w|) for each column, for Keras's small number e."""
    e = p.dtype.type(numbers[0])
    for span in range(0, spans.shape[0], SPAN_COLUMNS):
        start, stop, columns = spans[span + START], spans[span + STOP], spans[span + COLUMNS]
        for j in range(columns):
            norm = e + _norm(p, start + j, stop, columns)
            for i in range(start + j, stop, columns):
                p[i] /= norm


@piece(STEP)
def not_negative(p, g, s, spans, numbers, memory, rate, step):
    """max(w, 0)."""
    zero = p.dtype.type(0)
    for span in range(0, spans.shape[0], SPAN_COLUMNS):
        for i in range(spans[span + START], spans[span + STOP]):
            p[i] = zero if p[i] < zero else p[i]
