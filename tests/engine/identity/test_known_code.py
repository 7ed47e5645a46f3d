"""Which code is known by its name, and which may do something else at each call."""

from __future__ import annotations

import datetime
import functools
import json
import math
import os
import time

import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from skdl.engine.identity.known_code import changes, is_found_by_name, is_known


@pytest.mark.parametrize(
    "module", ["keras.src.layers", "numpy", "sklearn.svm", "math", "_operator"]
)
def test_code_of_libraries_is_known_by_its_name(module):
    assert is_known(module)
    assert not changes(module)


@pytest.mark.parametrize("module", [None, "", "__main__", "my_networks", "kerasy", "torch"])
def test_code_of_others_is_read(module):
    assert not is_known(module)
    assert not changes(module)


@pytest.mark.parametrize(
    "module",
    [os.__name__, time.__name__, json.__name__, datetime.__name__, "random", "_io", "posix"],
)
def test_the_rest_of_the_standard_library_may_change(module):
    assert changes(module)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("numpy", "load"),
        ("builtins", "open"),
        ("builtins", "eval"),
        ("keras.src.datasets.mnist", ""),
    ],
)
def test_parts_of_known_packages_may_change(module, name):
    assert is_known(module)
    assert changes(module, name)


def test_a_name_counts_only_where_the_package_has_that_object_under_it():
    @functools.wraps(accuracy_score)
    def wrapped(*args):
        return accuracy_score(*args)

    for value in (keras.layers.Dense, keras.activations.relu, accuracy_score, np.mean, math.exp):
        assert is_found_by_name(value)
    assert not is_found_by_name(wrapped)
