"""Descriptions are plain data: they hash, pickle and compare."""

from __future__ import annotations

import pickle

import pytest

from skdl.engine.kernel.description import Layer, Weight
from skdl.engine.kernel.reading import description_of
from tests.engine.kernel.cases import CASES
from tests.engine.oracle import job_of


def described(name):
    case = CASES[name]
    job = job_of(case.build, *case.rows(), **case.settings())
    job.network.meet(*case.rows())
    return job.network.answer(description_of)


@pytest.mark.parametrize("name", ["validation and noise", "AdamW without biases", "MaxNorm"])
def test_two_builds_have_equal_descriptions_which_hash_and_pickle(name):
    one, other = described(name), described(name)
    assert one == other
    assert hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one


def test_networks_that_differ_in_a_number_differ():
    assert described("Adam") != described("Adam with numbers")
    assert described("crossentropy") != described("crossentropy, smoothed")


def test_what_is_trained_and_what_is_not():
    found = described("frozen between")
    assert [layer.kind for layer in found.stack.layers] == ["dense", "dense", "tanh", "dense"]
    assert [weight.shape for weight in found.stack.trained] == [(4, 5), (5,), (4, 2), (2,)]
    assert [weight.shape for weight in found.stack.fixed] == [(5, 4), (4,)]


@pytest.mark.parametrize(("shape", "size", "columns"), [((3, 4), 12, 4), ((5,), 5, 1), ((), 1, 1)])
def test_the_size_of_a_weight(shape, size, columns):
    weight = Weight(0, shape)
    assert (weight.size, weight.columns) == (size, columns)


def test_a_layer_is_trained_if_its_weights_are():
    assert Layer("dense", 2, 3, weights=(Weight(0, (2, 3)),)).trained
    assert not Layer("dense", 2, 3, weights=(Weight(0, (2, 3), trained=False),)).trained
    assert not Layer("relu", 3, 3).trained
