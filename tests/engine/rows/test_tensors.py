"""Rows are cast and filled up in one copy, which TensorFlow reads where it lies."""

import gc
import weakref

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from skdl.engine.rows.arrays import Samples
from skdl.engine.rows.tensors import aligned_zeros, data_of, read_as_floats, with_room

X = np.random.default_rng(0).normal(size=(50, 3))
Y = np.arange(50)


@given(
    st.lists(st.integers(0, 7), min_size=1, max_size=3),
    st.sampled_from(["float32", "float64", "int8", "int64"]),
)
def test_aligned_zeros(shape, dtype):
    found = aligned_zeros(tuple(shape), dtype)
    assert found.shape == tuple(shape)
    assert found.dtype == dtype
    assert not found.any()
    assert found.ctypes.data % 64 == 0 or not found.size


def test_what_is_cast_has_room_behind_it():
    x, (room,) = with_room(X)
    np.testing.assert_array_equal(x, X.astype(np.float32))
    assert np.shares_memory(x, room)
    assert room.shape == (256, 3)
    assert not room[50:].any()


def test_a_program_reads_the_room_itself():
    x, rooms = with_room(X)
    data = data_of(Samples(x, Y, rooms=rooms), 256)
    assert np.shares_memory(np.from_dlpack(data.x), rooms[0])
    assert data.x.shape == (256, 3)
    assert data.y.shape == (256,)


def test_the_caller_s_array_is_neither_cast_nor_shared():
    mine = X.astype(np.float32)
    x, rooms = with_room(mine)
    assert x is mine
    assert rooms == (None,)
    data = data_of(Samples(x, Y, rooms=rooms), 0)
    assert not np.shares_memory(np.from_dlpack(data.x), mine)
    mine[:] = 0
    np.testing.assert_array_equal(data.x.numpy(), X.astype(np.float32))


def test_several_inputs_and_sparse_ones():
    given_x = {"b": sparse.csr_array(np.eye(50)), "a": (X, X.astype(np.float32))}
    x, rooms = with_room(given_x)
    data = data_of(Samples(x, Y, np.ones(50, np.float32), rooms), 64)
    np.testing.assert_array_equal(data.x["b"][:50].numpy(), np.eye(50))
    for part in data.x["a"]:
        np.testing.assert_array_equal(part[:50].numpy(), X.astype(np.float32))
        assert not part[50:].numpy().any()
    assert data.weight.shape == (64,)


def read(x, y, dtype="float32"):
    model = keras.Sequential([keras.Input((3,), dtype=dtype), keras.layers.Flatten()])
    return read_as_floats(Samples(x, y), model)


def test_whole_numbers_are_cast_as_the_network_and_its_losses_would():
    x = (X * 3).astype(np.int64)
    cast = read(x, {"a": Y, "b": Y > 3})
    np.testing.assert_array_equal(cast.x, x)
    assert cast.x.dtype == cast.y["a"].dtype == cast.y["b"].dtype == np.float32
    assert read(x, Y, "int32").x.dtype == np.int32


def test_images_of_small_whole_numbers_and_floats_stay_as_they_are():
    small, floats = (X * 3).astype(np.uint8), X.astype(np.float32)
    assert read(small, Y).x is small
    cast = read(floats, floats)
    assert cast.x is cast.y is floats


def test_a_number_too_large_for_the_network_is_an_error():
    with pytest.raises(ValueError, match="too large for dtype"):
        with_room(np.array([[1e300]]))


@pytest.mark.parametrize("dtype", [">i4", ">i8", ">f4", "bool"])
def test_numbers_of_another_byte_order_and_truth_values(dtype):
    array = (X * 3).astype(dtype)
    found = data_of(Samples(array, Y), 64).x.numpy()
    np.testing.assert_array_equal(found[:50], array)
    assert not found[50:].any()


def test_what_is_no_number_becomes_a_tensor_too():
    words = np.array(["a", "b"])
    np.testing.assert_array_equal(data_of(Samples(words, Y[:2]), 0).x.numpy().astype(str), words)


def test_the_memory_is_given_back():
    x, rooms = with_room(X)
    gone = weakref.ref(rooms[0])
    data = data_of(Samples(x, Y, rooms=rooms), 256)
    del x, rooms, data
    gc.collect()
    assert gone() is None


def test_numbers_of_classes_are_not_cast_to_types_too_coarse_for_them():
    before = keras.config.floatx()
    keras.config.set_floatx("float16")
    try:
        assert read(X, Y.astype(np.int64)).y.dtype == np.int64
    finally:
        keras.config.set_floatx(before)
