"""The view of an optimizer whose methods change no variable."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import optimizers

from skdl.engine.optimizers.pure_methods import pure_view
from tests.tolerances import assert_within_rounding


def built(optimizer):
    """`optimizer`, and a weight that it is built on."""
    weight = keras.Variable(np.array([[1.0, 2.0], [3.0, 4.0]], np.float32))
    optimizer.build([weight])
    return optimizer, weight


def values(optimizer, weight):
    return [variable.numpy() for variable in (*optimizer.variables, weight)]


def stepped(optimizer, weight, gradient):
    """The variables after a step of the view, which leaves the variables themselves alone."""
    every = [*optimizer.variables, weight]
    before = values(optimizer, weight)
    with keras.StatelessScope([(variable, variable.value) for variable in every]) as scope:
        pure_view(optimizer).apply([gradient])
    for was, now in zip(before, values(optimizer, weight), strict=True):
        np.testing.assert_array_equal(was, now)
    return [np.asarray(scope.get_current_value(variable)) for variable in every]


GRADIENT = np.array([[1.0, -1.0], [0.5, 2.0]], np.float32)


def test_a_view_is_the_optimizer_by_another_class():
    optimizer, _ = built(optimizers.Adam(0.1))
    view = pure_view(optimizer)
    assert isinstance(view, optimizers.Adam)
    assert vars(view) is vars(optimizer)
    assert type(view) is type(pure_view(optimizers.Adam()))
    assert type(optimizer) is optimizers.Adam


def test_no_class_of_keras_is_changed():
    before = {name: dict(vars(kind)) for name, kind in _kinds().items()}
    for kind in _kinds().values():
        if kind not in (keras.Optimizer, optimizers.LossScaleOptimizer, optimizers.MultiOptimizer):
            pure_view(kind())
    assert {name: dict(vars(kind)) for name, kind in _kinds().items()} == before


def _kinds():
    return {
        name: kind
        for name, kind in vars(optimizers).items()
        if isinstance(kind, type) and issubclass(kind, keras.Optimizer)
    }


@pytest.mark.parametrize(
    "make",
    [
        lambda: optimizers.SGD(0.1, momentum=0.9, weight_decay=0.1),
        lambda: optimizers.Adam(0.1, use_ema=True, ema_overwrite_frequency=1),
        lambda: optimizers.ScheduleFreeAdamW(0.1),
        lambda: optimizers.LossScaleOptimizer(optimizers.RMSprop(0.1)),
    ],
)
def test_a_step_is_keras_s_and_changes_nothing_in_place(make):
    optimizer, weight = built(make())
    found = stepped(optimizer, weight, tf.constant(GRADIENT))
    optimizer.apply([tf.constant(GRADIENT)])
    for ours, theirs in zip(found, values(optimizer, weight), strict=True):
        # One step of an optimizer takes fewer than 20 operations, of numbers below 4.
        assert_within_rounding(ours, theirs, 20, scale=4)


def test_of_two_branches_that_assign_the_right_one_counts():
    optimizer, weight = built(optimizers.SGD(0.5, gradient_accumulation_steps=2))
    start = weight.numpy()
    for steps in (1, 2):
        found = stepped(optimizer, weight, tf.constant(GRADIENT))
        for variable, value in zip((*optimizer.variables, weight), found, strict=True):
            variable.assign(value)
        moved = 0 if steps == 1 else 0.5 * GRADIENT
        np.testing.assert_allclose(weight.numpy(), start - moved)


def test_a_sparse_gradient_is_a_dense_one_where_rows_occur_once():
    slices = tf.IndexedSlices(tf.constant(GRADIENT[1:]), tf.constant([1]), tf.constant([2, 2]))
    dense = tf.constant(GRADIENT * [[0.0], [1.0]], tf.float32)
    for make in (lambda: optimizers.Adagrad(0.1), lambda: optimizers.RMSprop(0.1)):
        one, two = (stepped(*built(make()), part) for part in (slices, dense))
        for a, b in zip(one, two, strict=True):
            assert_within_rounding(a, b, 20, scale=4)
