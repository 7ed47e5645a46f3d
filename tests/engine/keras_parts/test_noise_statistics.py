"""Noise that has the statistics it should. Its draws are fixed by their seeds."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.noise_examples import layers, noisy, one_layer

# Statistics. The draws are fixed by their seeds; the bounds are what chance allows.

N = 250_000


def draws(layer, x=None, calls=1):
    """Noise on `x`, ones by default, of shape (calls, 500, 500)."""
    x = np.ones((500, 500), np.float32) if x is None else x
    model = one_layer(layer, 500)
    return np.stack([noisy(model, x, (7, call)) for call in range(calls)])


def correlation(a, b):
    return abs(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.3, 0.5, 0.8, 0.99])
def test_the_right_share_is_dropped_and_the_mean_kept(rate):
    y = draws(layers.Dropout(rate))
    sigma = (rate * (1 - rate) / N) ** 0.5
    assert abs((y == 0).mean() - rate) < 5 * sigma
    assert abs(y.mean(dtype=float) - 1) < 5 * sigma / (1 - rate)
    for axis in (1, 2):  # as even in each row and each column
        assert (
            np.abs((y == 0).mean(axis) - rate).max() < 6 * (rate * (1 - rate) / 500) ** 0.5 + 0.02
        )


@pytest.mark.parametrize("layer", [layers.Dropout(0.5), layers.GaussianNoise(1.0)])
def test_calls_seeds_rows_and_columns_are_independent(layer):
    first, second, third = draws(layer, calls=3)
    bound = 5 / N**0.5
    assert correlation(first, second) < bound
    assert correlation(first, third) < bound
    assert correlation(first, noisy(one_layer(layer, 500), np.ones_like(first), (8, 0))) < bound
    for lag in (1, 2, 3, 16, 64):
        assert correlation(first[lag:], first[:-lag]) < bound * 1.1
        assert correlation(first[:, lag:], first[:, :-lag]) < bound * 1.1
        assert correlation(first[lag:], second[:-lag]) < bound * 1.1


def test_gaussian_noise_is_normal():
    z = draws(layers.GaussianNoise(1.0)).astype(float).ravel() - 1
    assert abs(z.mean()) < 5 / N**0.5
    assert abs((z**2).mean() - 1) < 5 * (2 / N) ** 0.5
    assert abs((z**3).mean()) < 5 * (15 / N) ** 0.5
    assert abs((z**4).mean() - 3) < 5 * (96 / N) ** 0.5
    for bound, share in ((1, 0.317311), (2, 0.0455003), (3, 0.0026998)):
        assert abs((abs(z) > bound).mean() - share) < 5 * (share / N) ** 0.5


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_gaussian_and_alpha_dropout_keep_what_they_promise(rate):
    y = draws(layers.GaussianDropout(rate)).astype(float)
    variance = rate / (1 - rate)
    assert abs(y.mean() - 1) < 5 * (variance / N) ** 0.5
    assert abs(y.var() - variance) < 5 * variance * (2 / N) ** 0.5
    normal = np.random.default_rng(1).normal(size=(500, 500)).astype(np.float32)
    y = draws(layers.AlphaDropout(rate), normal).astype(float)
    assert abs(y.mean()) < 0.02
    assert abs(y.std() - 1) < 0.02
