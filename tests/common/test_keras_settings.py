"""Keras's settings, where Keras is imported and where it is not."""

from __future__ import annotations

import json

import keras
import pytest

from skdl.common import keras_settings
from skdl.common.keras_settings import KerasSettings, floatx, standard_settings


@pytest.fixture
def without_keras(monkeypatch, tmp_path):
    """As if Keras were not imported, with a configuration folder of its own."""
    monkeypatch.setattr(keras_settings, "is_keras_there", lambda: False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for name in ("KERAS_BACKEND", "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"):
        monkeypatch.delenv(name, raising=False)
    keras_settings._is_standard_file.cache_clear()
    yield tmp_path / "keras.json"
    keras_settings._is_standard_file.cache_clear()


def test_those_of_keras_where_it_is_imported(float64):
    assert standard_settings() == KerasSettings("float64", keras.config.epsilon())
    assert floatx() == "float64"


def test_a_precision_of_the_users_is_none_of_the_standard_ones():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert standard_settings() is None
    finally:
        keras.config.set_dtype_policy(before)


def test_a_limit_of_epochs_is_not_standard():
    keras.config.set_max_epochs(3)
    try:
        assert standard_settings() is None
    finally:
        keras.config.set_max_epochs(None)


def test_a_registered_name_counts_where_it_is_asked_for():
    with keras.saving.custom_object_scope({"relu": abs}):
        assert standard_settings(["tanh"]) is not None
        assert standard_settings(["tanh", "relu"]) is None


def test_without_keras_and_without_a_file_they_are_the_standard_ones(without_keras):
    assert standard_settings() == KerasSettings()
    assert KerasSettings() == KerasSettings(keras.config.floatx(), keras.config.epsilon())


@pytest.mark.parametrize(
    ("given", "standard"),
    [
        ({"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow"}, True),
        ({}, True),
        ({"floatx": "float64"}, False),
        ({"epsilon": 1e-5}, False),
        ({"backend": "jax"}, False),
        ([], False),
    ],
    ids=str,
)
def test_without_keras_its_file_says(without_keras, given, standard):
    without_keras.write_text(json.dumps(given))
    assert (standard_settings() is not None) is standard


def test_a_file_that_cannot_be_read_is_kerass_to_judge(without_keras):
    without_keras.write_text("no json")
    assert standard_settings() is None
    assert floatx() == "float32"  # Keras was asked


@pytest.mark.parametrize("name", ["KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH", "KERAS_BACKEND"])
def test_without_keras_its_environment_says(without_keras, monkeypatch, name):
    monkeypatch.setenv(name, "3")
    assert standard_settings() is None
