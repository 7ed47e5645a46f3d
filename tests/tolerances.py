"""How far rounding alone may take two computations of the same numbers apart, by argument and not by trial.

A processor adds the terms of a sum in an order of its own, fuses products with additions or does not, and
computes half types in half or in single precision. A tolerance of a test has to hold for every one of them.
"""

from __future__ import annotations

import numpy as np

# The distance from 1 to the next number. The largest error of one rounding is half of it.
EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}


def rounding(dtype, *terms):
    """How far two computations may be apart, as a part of the sum of the sizes of the terms.

    The computed sum of `n` products is off by at most ``n * u`` times the sum of their sizes, where ``u``
    is half of the distance from 1 to the next number. The bound holds for every order of the terms, with
    and without fused multiplication and addition, and where a part of the sum is kept in a wider type [1]_.
    Two computations are hence at most twice as far apart. Errors of computations that follow one another
    add up.

    Parameters
    ----------
    dtype : str or dtype
        The coarsest type that takes part.
    *terms : int
        The number of terms of each sum in turn. A bias, a product or a division counts as one; a function
        such as tanh counts as `FUNCTION`.

    References
    ----------
    .. [1] Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, 2002, sections 3.1 and 4.2.
    """
    return sum(terms) * EPSILON[getattr(dtype, "name", dtype)]


# Libraries compute exponentials, logarithms and hyperbolic tangents to within a few units of the last place.
FUNCTION = 4


def assert_within_rounding(actual, expected, *terms, dtype="float32", scale=None):
    """`actual` is `expected` but for the rounding of sums of so many `terms`.

    Parameters
    ----------
    scale : float or array-like, optional
        The sum of the sizes of the terms of a sum, or for each element its own. If None, the largest size in
        `expected`, at least 1.
    """
    actual, expected = np.asarray(actual, float), np.asarray(expected, float)
    assert actual.shape == expected.shape
    if scale is None:
        scale = max(1.0, np.abs(expected).max(initial=0.0))
    apart, bound = np.abs(actual - expected), rounding(dtype, *terms) * np.asarray(scale, float)
    assert (apart <= bound).all(), f"got {actual}, expected {expected} to within {bound}"


def of_dense_layers(weights, x):
    """How many terms the sums of a stack of dense layers have, and the largest sum of the sizes of the terms.

    Their activations grow no faster than their arguments, as relu, tanh, a sigmoid and a softmax do: they
    make no error larger.

    Parameters
    ----------
    weights : list of ndarray
        Kernel and bias of each layer in turn.
    x : ndarray of shape (n_samples, n_features)
    """
    sizes, terms = np.abs(x).astype(float), []
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        sizes = sizes @ np.abs(kernel) + np.abs(bias)
        terms += [len(kernel), 1, FUNCTION]
    return terms, max(1.0, sizes.max())


def assert_outputs_within_rounding(actual, expected, model, x, dtype="float32"):
    """`actual` and `expected` are outputs of `model`, a stack of dense layers, but for rounding."""
    terms, sizes = of_dense_layers(model.get_weights(), x)
    assert_within_rounding(actual, expected, *terms, dtype=dtype, scale=sizes)
