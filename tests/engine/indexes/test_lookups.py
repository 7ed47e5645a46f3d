"""What a graph looks up, and whether each index is a function of one row."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdl.engine.indexes.lookups import lookups_in

TABLE = np.arange(40.0, dtype=np.float32).reshape(20, 2)
X = np.random.default_rng(0).integers(0, 9, (5, 6)).astype(np.int32)


def found_in(function, *specs, constants=0):
    """The graph of `function` as a wrapped function, its lookups, and what it computes."""
    inputs = []

    def call(*given):
        inputs.extend(given)
        function(*given)
        return []

    specs = specs or (tf.TensorSpec((None, 6), tf.int32),)
    traced = tf.compat.v1.wrap_function(call, specs)
    rows, others = inputs[: len(inputs) - constants], inputs[len(inputs) - constants :]
    return traced, inputs, *lookups_in(traced.graph, rows, others)


def gathered(index):
    return tf.gather(TABLE, index)


ONE_ROW = {
    "the input": lambda x: gathered(x),
    "a cast": lambda x: gathered(tf.cast(tf.cast(x, tf.float32), tf.int64)),
    "a column": lambda x: gathered(x[:, 2]),
    "columns": lambda x: gathered(x[:, 1:-1:2]),
    "the last of any number of axes": lambda x: gathered(x[..., 0]),
    "all in one line": lambda x: gathered(tf.reshape(x, (-1,))),
    "pairs in one line": lambda x: gathered(tf.reshape(x, (-1, 2))),
    "pairs of each row": lambda x: gathered(tf.reshape(x, (-1, 3, 2))),
    "back from pairs": lambda x: gathered(tf.reshape(tf.reshape(x, (-1, 2)), (-1, 6))),
    "a sum with a constant": lambda x: gathered(x + tf.constant([[1, 2, 3, 4, 5, 6]])),
    "a constant of lower rank": lambda x: gathered(x + tf.range(6)),
    "a difference of columns": lambda x: gathered(x[:, :3] - x[:, 3:]),
    "a choice": lambda x: gathered(tf.where(x > 3, x, 0)),
    "clipped": lambda x: gathered(tf.clip_by_value(x, 0, 4)),
    "transposed behind the rows": lambda x: gathered(
        tf.transpose(tf.reshape(x, (-1, 3, 2)), (0, 2, 1))
    ),
    "side by side": lambda x: gathered(tf.concat([x, x], 1)),
    "one upon another in a row": lambda x: gathered(tf.stack([x, x], 1)),
    "taken apart": lambda x: gathered(tf.unstack(x, axis=1)[3]),
    "split": lambda x: gathered(tf.split(x, 2, 1)[1]),
    "repeated in a row": lambda x: gathered(tf.tile(x, (1, 2))),
    "padded in a row": lambda x: gathered(tf.pad(x, ((0, 0), (1, 1)))),
    "turned around in a row": lambda x: gathered(tf.reverse(x, (1,))),
    "the greatest of a row": lambda x: gathered(tf.reduce_max(x, 1)),
    "the place of the greatest": lambda x: gathered(tf.argmax(x, 1)),
    "of one hot": lambda x: gathered(tf.argmax(tf.one_hot(x, 20), -1)),
    "looked up itself": lambda x: gathered(tf.gather(np.arange(9), x)),
    "a gather along columns": lambda x: gathered(tf.gather(x, [1, 2], axis=1)),
    "with an axis more": lambda x: gathered(tf.expand_dims(x, 1)),
    "with an axis less": lambda x: gathered(tf.squeeze(x[:, 2:3], 1)),
    "a slice": lambda x: gathered(tf.slice(x, (0, 2), (-1, 2))),
}
SEVERAL_ROWS = {
    "a mean of rows": lambda x: gathered(x - tf.reduce_min(x, 0, keepdims=True)),
    "a sum of all": lambda x: gathered(tf.reduce_sum(x)),
    "a sum of rows": lambda x: gathered(tf.reduce_sum(x, 0)),
    "rows turned around": lambda x: gathered(tf.reverse(x, (0,))),
    "rows shifted": lambda x: gathered(tf.roll(x, 1, 0)),
    "all but the first row": lambda x: gathered(x[1:]),
    "every second row": lambda x: gathered(x[::2]),
    "one row": lambda x: gathered(x[0]),
    "columns before rows": lambda x: gathered(tf.transpose(x)),
    "all pairs of rows": lambda x: gathered(x[:, None, 0] - x[None, :, 0]),
    "columns and rows in one sum": lambda x: gathered(x[:, 0] + x[:, :1]),
    "rows upon rows": lambda x: gathered(tf.concat([x, x], 0)),
    "a constant for each row": lambda x: gathered(x + tf.range(tf.shape(x)[0])[:, None]),
    "the number of the row": lambda x: gathered(tf.range(tf.shape(x)[0])),
    "sorted rows": lambda x: gathered(tf.sort(x, 0)),
    "rows of another width": lambda x: gathered(tf.reshape(x, (2, -1))),
    "a random number": lambda x: gathered(x + tf.random.uniform((), 0, 3, tf.int32)),
    "of fixed rows": lambda x: gathered(x + tf.ones((5, 6), tf.int32)),
}
RAISING = {
    "an assertion": lambda x: tf.debugging.assert_less(x, 20),
    "finite numbers": lambda x: tf.debugging.check_numerics(1 / tf.cast(x, tf.float32), "no"),
    "a division": lambda x: 7 // x,
    "a remainder": lambda x: 7 % x,
    "a power": lambda x: tf.pow(2, x),
    "an inverse": lambda x: tf.linalg.inv(tf.cast(tf.reshape(x, (-1, 1, 1)), tf.float32)),
    "an element": lambda x: tf.range(20)[x[0, 0]],
    "a part": lambda x: tf.slice(tf.range(20), [x[0, 0]], [1]),
    "a list": lambda x: tf.TensorArray(tf.int32, 6).unstack(tf.range(6)).read(x[0, 0]),
    "parts": lambda x: tf.dynamic_partition(x, x, 20),
    "a reversed sequence": lambda x: tf.reverse_sequence(x, x[:, 0], seq_axis=1),
    "a loop": lambda x: tf.map_fn(
        gathered, x, fn_output_signature=tf.TensorSpec((6, 2), tf.float32)
    ),
    "a branch": lambda x: tf.cond(x[0, 0] > 3, lambda: gathered(x), lambda: gathered(x)),
    "a function": lambda x: tf.function(gathered)(x),
}
QUIET = {
    "a division by a constant": lambda x: x // 7,
    "a remainder of a constant": lambda x: x % 7,
    "a division of floats": lambda x: 1 / tf.cast(x, tf.float32),
    "one hot": lambda x: tf.one_hot(x, 20),
    "a part of fixed size": lambda x: x[:, : tf.shape(x)[1] // 2],
    "top k": lambda x: tf.math.in_top_k(x[:, 0], tf.ones_like(x, tf.float32), 2),
    "a loop over numbers": lambda x: tf.while_loop(
        lambda i, s: i < 3, lambda i, s: (i + 1, s + i % 2), (0, x)
    ),
}


@pytest.mark.parametrize("name", ONE_ROW)
def test_an_index_of_one_row_is_the_same_alone(name):
    traced, inputs, lookups, computed = found_in(ONE_ROW[name])
    assert computed == []
    indexes = traced.prune(inputs, [lookup.index for lookup in lookups])
    together = indexes(tf.constant(X))
    for lookup, index in zip(lookups, together, strict=True):
        if not lookup.range.entries:
            continue
        assert lookup.range.entries * len(X) == len(index)
        for row in range(len(X)):
            alone = indexes(tf.constant(X[row : row + 1]))[lookups.index(lookup)]
            part = index[row * lookup.range.entries : (row + 1) * lookup.range.entries]
            np.testing.assert_array_equal(part, alone)


@pytest.mark.parametrize("name", [*SEVERAL_ROWS, *RAISING])
def test_other_indexes_are_computed(name):
    _, _, lookups, computed = found_in({**SEVERAL_ROWS, **RAISING}[name])
    assert lookups == []
    assert computed != []


@pytest.mark.parametrize("name", QUIET)
def test_what_does_not_raise_is_no_lookup(name):
    _, _, lookups, computed = found_in(QUIET[name])
    assert (lookups, computed) == ([], [])


def test_an_index_of_a_weight_is_computed():
    table = tf.Variable(np.arange(9))
    _, _, lookups, computed = found_in(lambda x: gathered(table[0] + tf.cast(x, tf.int64)))
    assert lookups == []
    assert computed == ["GatherV2"]


def test_an_index_of_a_number_is_a_function_of_the_row():
    specs = tf.TensorSpec((None,), tf.float32), tf.TensorSpec((1,), tf.float32)
    traced, inputs, (lookup,), computed = found_in(
        lambda x, numbers: gathered(tf.cast(x * numbers[0], tf.int32)), *specs, constants=1
    )
    assert computed == []
    index = traced.prune(inputs, [lookup.index])(tf.constant([1.0, 2.0]), tf.constant([3.0]))
    assert index[0].numpy().tolist() == [3, 6]


@pytest.mark.parametrize(
    ("function", "low", "sizes"),
    [
        (gathered, 0, (20,)),
        (lambda x: keras.ops.take(TABLE, x, axis=0), -20, (20,)),
        (lambda x: tf.gather(TABLE, x, axis=1), 0, (2,)),
        (lambda x: tf.gather_nd(TABLE, x[:, :1]), 0, (20,)),
        (lambda x: tf.gather_nd(TABLE, x[:, :2]), 0, (20, 2)),
        (lambda x: tf.scatter_nd(x[:, :2], x[:, 0], (7, 3)), 0, (7, 3)),
        (lambda x: tf.tensor_scatter_nd_add(tf.zeros(7, tf.int32), x[:, :1], x[:, 0]), 0, (7,)),
        (lambda x: tf.math.unsorted_segment_sum(x, x[:, 0], 8), -np.inf, (8,)),
        (lambda x: tf.math.bincount(x, axis=-1, minlength=4), 0, (np.inf,)),
        (
            lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits(
                x[:, 0], tf.ones_like(x, tf.float32)
            ),
            0,
            (6,),
        ),
    ],
)
def test_the_range_of_an_index(function, low, sizes):
    _, _, (lookup, *_), _ = found_in(function)
    assert (lookup.range.low, lookup.range.sizes) == (low, sizes)


def test_a_constant_index_is_known():
    _, _, (lookup,), computed = found_in(lambda x: gathered([3, 25]))
    assert computed == []
    assert lookup.range.entries == 0
    assert lookup.range.outside(np.array([3, 25])).tolist() == [False, True]
