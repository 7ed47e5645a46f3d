"""Checkpoints: the files, what is in them and what the callback knows are the same as with the Keras loop."""

from __future__ import annotations

import io
import warnings
import zipfile

import h5py
import keras
import numpy as np
import pytest

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.program import planned
from tests.engine.callback_oracle import network, train
from tests.engine.oracle import ROWS, job_of, numbers
from tests.engine_of_graphs import without_xla
from tests.selection import some

ModelCheckpoint = keras.callbacks.ModelCheckpoint


@pytest.fixture
def fast(float64, monkeypatch):
    """Double precision, and graphs where XLA would run too."""
    without_xla(monkeypatch)


def rich_network():
    """A network with noise, statistics and moments, whose layers have the same names each time."""
    model = keras.Sequential(
        [
            keras.Input((4,), name="x"),
            keras.layers.Dense(5, activation="tanh", name="hidden"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Dropout(0.3, name="noise"),
            keras.layers.Dense(1, name="out"),
        ],
        name="rich",
    )
    model.compile(keras.optimizers.Adam(0.3, name="adam"), "mse", metrics=["mae"])
    return model


def arrays(path):
    """The arrays in a file of weights or of a model."""
    if path.suffix == ".keras":
        path = io.BytesIO(zipfile.ZipFile(path).read("model.weights.h5"))
    found = {}

    def keep(name, part):
        if isinstance(part, h5py.Dataset) and part.dtype.kind in "fiu":
            found[name] = part[()]

    with h5py.File(path) as file:
        file.visititems(keep)
    assert found
    return found


def assert_same_files(*folders):
    """Folders hold files of the same names with the same arrays."""
    *others, theirs = folders
    names = sorted(path.name for path in theirs.iterdir())
    for ours in others:
        assert names == sorted(path.name for path in ours.iterdir())
        for name in names:
            left, right = arrays(ours / name), arrays(theirs / name)
            assert left.keys() == right.keys()
            for key, value in right.items():
                np.testing.assert_allclose(
                    left[key], value, rtol=1e-8, atol=1e-10, err_msg=f"{name}: {key}"
                )
    return names


CHECKPOINTS = {
    "every epoch": ("last.keras", {}),
    "the best": ("best.keras", {"save_best_only": True}),
    "weights of the best": (
        "best.weights.h5",
        {"save_best_only": True, "save_weights_only": True},
    ),
    "the old format": ("best.h5", {"save_best_only": True}),
    "the highest": ("best.keras", {"save_best_only": True, "mode": "max", "monitor": "val_mae"}),
    "of the training data": ("best.keras", {"save_best_only": True, "monitor": "loss"}),
    "below a threshold": (
        "best.keras",
        {"save_best_only": True, "initial_value_threshold": 0.5},
    ),
    "never below a threshold": (
        "best.keras",
        {"save_best_only": True, "initial_value_threshold": 1e-6},
    ),
    "each in its own file": ("{epoch:02d}-{val_loss:.3f}.weights.h5", {"save_weights_only": True}),
    "each better one in its own file": ("{epoch:02d}.keras", {"save_best_only": True}),
}


@pytest.mark.parametrize(
    "name",
    some(CHECKPOINTS, "the best", mark="oracle"),
)
def test_checkpoints(fast, name, tmp_path, capsys):
    file, settings = CHECKPOINTS[name]
    printed, folders, best = [], [], []

    def make():
        printed.append(capsys.readouterr().out)
        folders.append(tmp_path / f"{len(folders)}" / "made")
        best.append(ModelCheckpoint(folders[-1] / file, verbose=1, **settings))
        return [keras.callbacks.ReduceLROnPlateau("val_loss", patience=0), best[-1]]

    pair, *_ = train(make, rich_network, epochs=6)
    assert pair.programs <= 1
    if name == "never below a threshold":
        assert not any(folder.exists() for folder in folders)
    else:
        assert assert_same_files(*folders)
    *ours, theirs = [part.best for part in best]
    for one in ours:
        assert (one is None) == (theirs is None)
        if theirs is not None:
            np.testing.assert_allclose(one, theirs, rtol=1e-8)
    by_keras = capsys.readouterr().out.replace(str(folders[-1]), "")
    for text, folder in zip(printed[1:], folders[:-1], strict=True):
        assert text.replace(str(folder), "") == by_keras


@pytest.mark.oracle
def test_a_file_holds_the_state_as_of_the_callbacks_place(fast, tmp_path):
    folders = []

    def make():
        folders.append(tmp_path / str(len(folders)))
        return [
            ModelCheckpoint(folders[-1] / "before.keras"),
            keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.9, patience=0, min_delta=100.0),
            ModelCheckpoint(folders[-1] / "after.keras"),
        ]

    train(make, rich_network, epochs=6)
    assert assert_same_files(*folders) == ["after.keras", "before.keras"]
    before, after = (arrays(folders[0] / name) for name in ("before.keras", "after.keras"))
    assert any(not np.array_equal(before[key], after[key]) for key in after)


@pytest.mark.oracle
def test_a_checkpoint_can_be_loaded(fast, tmp_path):
    path = tmp_path / "best.keras"
    job = job_of(rich_network, numbers(ROWS, 4), numbers(ROWS, 1))
    result = CompiledEngine().train(job, callbacks=(ModelCheckpoint(path),))
    loaded = keras.models.load_model(path)
    model = job.network.model(result.end)
    x = numbers(5, 4)
    np.testing.assert_array_equal(loaded(x), model(x))
    assert int(loaded.optimizer.iterations) == 9


def test_the_best_of_an_earlier_fit_counts_as_in_keras(fast, tmp_path):
    checkpoint = ModelCheckpoint(tmp_path / "best.keras", "loss", save_best_only=True)
    job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1))
    CompiledEngine().train(job, callbacks=(checkpoint,))
    best, (file,) = checkpoint.best, tmp_path.iterdir()
    file.unlink()
    CompiledEngine().train(job, callbacks=(checkpoint,))
    assert checkpoint.best == best
    assert not file.exists()
    assert checkpoint.model is None


@pytest.mark.oracle
def test_an_interrupted_fit_leaves_the_files_of_its_calls(fast, tmp_path):
    class Stop:
        def on_epoch_begin(self, epoch):
            if epoch == 2:
                raise KeyboardInterrupt

        def on_epoch_end(self, epoch, state):
            return False

    path = tmp_path / "last.keras"
    callbacks = (ModelCheckpoint(path),)
    job = job_of(rich_network, numbers(ROWS, 4), numbers(ROWS, 1), epochs=5)
    with pytest.raises(KeyboardInterrupt):
        CompiledEngine().train(job, Stop(), callbacks)
    assert int(keras.models.load_model(path).optimizer.iterations) == 6


@pytest.mark.further
@pytest.mark.parametrize("seconds", [1e-9, 1e9])
def test_where_calls_end_changes_no_file(fast, tmp_path, monkeypatch, seconds):
    monkeypatch.setattr(planned, "SECONDS_PER_CALL", seconds)
    folders = []

    def make():
        folders.append(tmp_path / str(len(folders)))
        return [ModelCheckpoint(folders[-1] / "best.keras", save_best_only=True)]

    train(make, rich_network, epochs=4)
    assert_same_files(*folders)


@pytest.mark.oracle
def test_with_xla_and_widths_that_are_filled_up(float64, tmp_path):
    folders = []

    def make():
        folders.append(tmp_path / str(len(folders)))
        return [ModelCheckpoint(folders[-1] / "best.keras", save_best_only=True)]

    pair, *_ = train(make, rich_network, epochs=4)
    assert pair.compiled.plan == "Compiled with XLA."
    assert_same_files(*folders)


SHARING = {
    "threshold": ({"initial_value_threshold": 0.1}, {"initial_value_threshold": 0.2}, {}),
    "file": ({"filepath": "a.keras"}, {"filepath": "{epoch}.keras"}),
    "what is saved": ({}, {"filepath": "a.weights.h5", "save_weights_only": True}),
}


@pytest.mark.parametrize("name", some(SHARING, "file"))
def test_numbers_and_names_of_checkpoints_share_a_program(fast, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = stats().programs
    for each in SHARING[name]:
        settings = {"filepath": "best.keras", "monitor": "loss", "save_best_only": True, **each}
        callbacks = (ModelCheckpoint(**settings),)
        job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1))
        engine = CompiledEngine(kernel=False)
        assert engine.train(job, callbacks=callbacks).plan.startswith("Compiled")
    assert stats().programs - before <= 1


def test_what_keras_says_of_a_file_that_cannot_be_written(fast, tmp_path):
    (tmp_path / "best.keras").mkdir()
    callbacks = (ModelCheckpoint(tmp_path / "best.keras"),)
    job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1))
    with pytest.raises(IOError, match="Please specify a non-directory filepath"):
        CompiledEngine(fallback=False).train(job, callbacks=callbacks)


def test_a_name_with_a_curve_that_is_not_there(fast, tmp_path):
    callbacks = (ModelCheckpoint(tmp_path / "{val_loss}.keras"),)
    job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1))
    with pytest.raises(KeyError, match="Failed to format this callback filepath"):
        CompiledEngine(fallback=False).train(job, callbacks=callbacks)


def test_a_best_of_a_curve_that_is_not_there_is_warned_of_by_keras(tmp_path):
    callbacks = (ModelCheckpoint(tmp_path / "best.keras", save_best_only=True),)
    job = job_of(network(), numbers(ROWS, 4), numbers(ROWS, 1), epochs=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plan = CompiledEngine().train(job, callbacks=callbacks).plan
    assert any("Can save best model only with val_loss" in str(one.message) for one in caught)
    assert plan == (
        "Keras loop, because ModelCheckpoint watches val_loss, which is not among the curves."
    )
