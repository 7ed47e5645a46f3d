"""Batches hold each row once an epoch, in the order of the job, dense or sparse."""

import itertools

import numpy as np
import pytest
from scipy import sparse

from skdl.engine.keras_batches import training_batches, validation_batches
from skdl.engine.random import batch_order
from skdl.engine.rows.arrays import Samples, n_steps

ROWS = 11
X = np.arange(ROWS * 3, dtype=np.float32).reshape(ROWS, 3)
Y = np.arange(ROWS, dtype=np.float32)


def batches_of(samples, epochs, batch_size=4, **options):
    """The first `epochs` epochs as lists of batches of numpy arrays."""
    steps = n_steps(samples, batch_size)
    dataset = training_batches(samples, batch_size, **options)
    taken = list(itertools.islice(dataset.as_numpy_iterator(), steps * epochs))
    return [taken[i * steps : (i + 1) * steps] for i in range(epochs)]


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, sparse.csr_matrix])
def test_epochs_follow_the_batch_order_with_a_smaller_last_batch(form):
    epochs = batches_of(Samples(form(X), Y), 3, seed=5, first_epoch=2, shuffle=True)
    for number, epoch in enumerate(epochs):
        assert [len(y) for _, y in epoch] == [4, 4, 3]
        order = batch_order(5, 2 + number, ROWS)
        np.testing.assert_array_equal(np.concatenate([y for _, y in epoch]), Y[order])
        np.testing.assert_array_equal(np.concatenate([x for x, _ in epoch]), X[order])


def test_without_shuffle_rows_keep_their_order():
    for epoch in batches_of(Samples(X, Y), 2, seed=5, first_epoch=0, shuffle=False):
        np.testing.assert_array_equal(np.concatenate([x for x, _ in epoch]), X)


def test_several_inputs_targets_and_weights_stay_together():
    samples = Samples(
        {"a": X, "b": sparse.csr_array(X * 2)}, (Y, Y[:, None] + 0.5), weight=Y / ROWS
    )
    for x, (first, second), weight in batches_of(samples, 1, seed=1, first_epoch=0, shuffle=True)[
        0
    ]:
        np.testing.assert_array_equal(x["b"], x["a"] * 2)
        np.testing.assert_array_equal(x["a"][:, 0], first * 3)
        np.testing.assert_array_equal(second[:, 0], first + 0.5)
        np.testing.assert_allclose(weight * ROWS, first, rtol=1e-6)


def test_validation_batches_hold_all_rows_once_in_order():
    found = list(validation_batches(Samples(sparse.csr_array(X), Y), 4).as_numpy_iterator())
    assert [len(y) for _, y in found] == [4, 4, 3]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in found]), X)


def test_a_sparse_matrix_is_dense_only_batch_by_batch():
    """Whole, this matrix would take 8 TB."""
    wide = sparse.csr_array(
        (np.ones(3, np.float32), ([0, 1, 2], [5, 10**6, 7])), shape=(3, 2 * 10**6)
    )
    tall = sparse.vstack([wide] * 3, format="csr")
    (x, _), *_ = validation_batches(Samples(tall, np.arange(9.0)), 2).as_numpy_iterator()
    assert x.shape == (2, 2 * 10**6)
    assert x[1, 10**6] == 1
    assert x.sum() == 2
