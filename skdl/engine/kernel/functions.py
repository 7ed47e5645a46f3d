"""exp and its kin in a form that the compiler turns into vector instructions.

numba calls a function of the C library for each value of `np.exp` and `np.tanh`, which takes more time than
the products of a small layer. The functions here have no branch and no call: single precision by the range
reductions and polynomials of Cephes (Moshier, Methods and Programs for Mathematical Functions, 1989), within
two units in the last place over the whole range. Double precision is NumPy's.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erfinv

from skdl.engine.kernel.pieces import ByType, Inlined, inlined

_f = np.float32
_i = np.int32
_bits = Inlined(lambda x: x.view(np.int32), "bits_of")
_float = Inlined(lambda bits: bits.view(np.float32), "float_of")


@inlined
def _power_of_two(n):
    # Two factors, so that the product may be subnormal or infinite.
    half = n >> _i(1)
    rest = n - half
    return _float((half + _i(127)) << _i(23)), _float((rest + _i(127)) << _i(23))


@inlined
def _reduced(x, low, high):
    """n and e**r - 1 with x = n log 2 + r, for x within the bounds."""
    x = min(max(x, low), high)
    scaled = x * _f(1.4426950408889634)
    n = _i(scaled + (_f(0.5) if x >= _f(0) else _f(-0.5)))
    whole = _f(n)
    r = (x - whole * _f(0.693359375)) - whole * _f(-2.12194440e-4)
    p = _f(1.9875691500e-4)
    p = p * r + _f(1.3981999507e-3)
    p = p * r + _f(8.3334519073e-3)
    p = p * r + _f(4.1665795894e-2)
    p = p * r + _f(1.6666665459e-1)
    p = p * r + _f(5.0000001201e-1)
    return n, p * r * r + r


@inlined
def _exp32(x):
    n, small = _reduced(x, _f(-104), _f(89))
    one, other = _power_of_two(n)
    value = (small + _f(1)) * one * other
    return x if x != x else value


@inlined
def _expm132(x):
    n, small = _reduced(x, _f(-18), _f(89))
    one, other = _power_of_two(n)
    value = small * one * other + (one * other - _f(1))
    # 2**128 is infinite, and so is its product with what is not 0.
    value = _f(np.inf) if x > _f(88.72283) else value
    value = (small + _f(1)) * one * other if x > _f(18) else value
    return x if x != x or x == _f(0) else value


@inlined
def _log32(x):
    subnormal = x < _f(1.17549435e-38)
    y = x * _f(8388608.0) if subnormal else x
    bits = _bits(y)
    e = (bits >> _i(23)) - _i(126)
    m = _float((bits & _i(0x007FFFFF)) | _i(0x3F000000))
    low = m < _f(0.70710678118654752440)
    e = e - (_i(24) if subnormal and low else _i(23) if subnormal else _i(1) if low else _i(0))
    m = (m + m if low else m) - _f(1)
    z = m * m
    p = _f(7.0376836292e-2)
    p = p * m + _f(-1.1514610310e-1)
    p = p * m + _f(1.1676998740e-1)
    p = p * m + _f(-1.2420140846e-1)
    p = p * m + _f(1.4249322787e-1)
    p = p * m + _f(-1.6668057665e-1)
    p = p * m + _f(2.0000714765e-1)
    p = p * m + _f(-2.4999993993e-1)
    p = p * m + _f(3.3333331174e-1)
    whole = _f(e)
    value = m * z * p + whole * _f(-2.12194440e-4)
    value = value - _f(0.5) * z
    value = (m + value) + whole * _f(0.693359375)
    value = x if x == _f(np.inf) else value
    value = _f(-np.inf) if x == _f(0) else value
    return _f(np.nan) if x < _f(0) or x != x else value


@inlined
def _log1p32(x):
    w = _f(1) + x
    # What the sum has lost; the slope of the logarithm makes up for it.
    lost = _f(1) - (w - x) if x >= _f(1) else x - (w - _f(1))
    value = _log32(w) + lost / w
    return x if x == _f(np.inf) or x == _f(0) else _log32(w) if w == _f(0) else value


@inlined
def _tanh32(x):
    size = abs(x)
    t = _expm132(size + size if size < _f(10) else _f(20))
    value = t / (t + _f(2))
    value = value if x >= _f(0) else -value
    z = x * x
    p = _f(-5.70498872745e-3)
    p = p * z + _f(2.06390887954e-2)
    p = p * z + _f(-5.37397155531e-2)
    p = p * z + _f(1.33314422036e-1)
    p = p * z + _f(-3.33332819422e-1)
    value = p * z * x + x if size < _f(0.625) else value
    return x if x != x or x == _f(0) else value


@inlined
def _inverse_erf32(x):
    # Giles, Approximating the erfinv function, 2010. XLA has his polynomials too.
    w = -_log32((_f(1) - x) * (_f(1) + x))
    near = w < _f(5)
    v = w - _f(2.5) if near else np.sqrt(w) - _f(3)
    p = _f(2.81022636e-08) if near else _f(-0.000200214257)
    p = p * v + (_f(3.43273939e-07) if near else _f(0.000100950558))
    p = p * v + (_f(-3.5233877e-06) if near else _f(0.00134934322))
    p = p * v + (_f(-4.39150654e-06) if near else _f(-0.00367342844))
    p = p * v + (_f(0.00021858087) if near else _f(0.00573950773))
    p = p * v + (_f(-0.00125372503) if near else _f(-0.0076224613))
    p = p * v + (_f(-0.00417768164) if near else _f(0.00943887047))
    p = p * v + (_f(0.246640727) if near else _f(1.00167406))
    p = p * v + (_f(1.50140941) if near else _f(2.83297682))
    return p * x


@inlined
def _inverse_erf64(x):
    size = abs(x)
    v = float(_inverse_erf32(_f(min(size, 1 - 2.0**-24))))
    rest = 1 - size
    for _ in range(3):  # Newton's steps, from seven digits to all
        # Of two that add up to one, the smaller is known to more digits.
        short = size - math.erf(v) if size < 0.5 else math.erfc(v) - rest
        v += short * (math.sqrt(math.pi) / 2) * math.exp(v * v)
    return v if x >= 0 else -v


exp = ByType(np.exp, _exp32, inlined(lambda x: math.exp(x)))
expm1 = ByType(np.expm1, _expm132, inlined(lambda x: math.expm1(x)))
log = ByType(np.log, _log32, inlined(lambda x: np.log(x)))
log1p = ByType(np.log1p, _log1p32, inlined(lambda x: np.log1p(x)))
tanh = ByType(np.tanh, _tanh32, inlined(lambda x: math.tanh(x)))
inverse_erf = ByType(erfinv, _inverse_erf32, _inverse_erf64)  # within (-1, 1)
