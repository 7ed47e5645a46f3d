"""Where compiled functions lie: in a folder of the user's own, or nowhere."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import re
import stat
import subprocess
import sys

import pytest

from skdl.engine.kernel import cache, optimizers, regularization
from skdl.engine.kernel.machine_code import MachineCode
from skdl.engine.kernel.pieces import Inlined, digest_of

CALL = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(message)s")
import numpy as np
from skdl.engine.kernel.optimizers import adam
# It calls a function of the C library, and nothing was loaded before.
loaded = adam.address("float64") > 0
import skdl.engine
print(loaded, "numba" in sys.modules, skdl.engine.stats().seconds_compiling > 0)
"""
COMPILED, LOADED = "True True True\n", "True False False\n"


@pytest.fixture(autouse=True)
def anew():
    cache.folder.cache_clear()
    yield
    cache.folder.cache_clear()


def run(folder, **environment):
    """What a process prints that calls a piece, and its log."""
    names = {**os.environ, "SKDL_CACHE_DIR": str(folder), **environment}
    done = subprocess.run(
        [sys.executable, "-c", CALL], env=names, capture_output=True, text=True, check=True
    )
    return done.stdout, done.stderr


def files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.mark.processes
def test_a_second_process_loads_what_the_first_has_compiled(tmp_path):
    printed, log = run(tmp_path)
    assert printed == COMPILED
    assert log.count("compiles functions for this machine") == 1
    before = files(tmp_path)
    assert before
    printed, log = run(tmp_path)
    assert (printed, log) == (LOADED, "")
    assert files(tmp_path) == before


@pytest.mark.processes
def test_where_nothing_can_be_written_functions_are_compiled_anew_and_the_log_says_so(tmp_path):
    taken = tmp_path / "file"
    taken.write_text("")
    printed, log = run(taken)
    assert printed == COMPILED
    assert len(re.findall("compiled anew in this process", log)) == 1
    assert "None" not in log
    assert files(tmp_path).keys() == {taken}


def test_the_folder_is_named_by_version_and_sources_and_is_the_users_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("SKDL_CACHE_DIR", str(tmp_path / "new"))
    found = cache.folder()
    assert (
        found
        == tmp_path
        / "new"
        / f"kernel-{importlib.metadata.version('skdl')}-{cache.sources_digest()}"
    )
    assert stat.S_IMODE(found.stat().st_mode) == 0o700


def test_without_the_variable_it_is_the_cache_folder_of_the_user(tmp_path, monkeypatch):
    monkeypatch.delenv("SKDL_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder().parent == tmp_path / "skdl"


@pytest.mark.parametrize("mode", [0o770, 0o702])
def test_a_folder_that_others_can_write_to_is_refused(tmp_path, monkeypatch, caplog, mode):
    monkeypatch.setenv("SKDL_CACHE_DIR", str(tmp_path))
    cache.folder().chmod(mode)
    cache.folder.cache_clear()
    with caplog.at_level(logging.INFO, logger="skdl"):
        assert cache.folder() is None
        assert cache.folder() is None
    (line,) = caplog.messages
    assert "can be written to by other users. Set SKDL_CACHE_DIR to a folder of your own" in line
    assert str(tmp_path) in line


def test_a_folder_inside_one_that_others_can_write_to_is_refused(tmp_path, monkeypatch, caplog):
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o777)
    monkeypatch.setenv("SKDL_CACHE_DIR", str(place / "inside"))
    with caplog.at_level(logging.INFO, logger="skdl"):
        assert cache.folder() is None
    assert f"lies in a folder that other users can write to, {place}" in caplog.text
    cache.folder.cache_clear()
    place.chmod(0o1777)  # in such a folder nobody moves what is another's
    assert cache.folder() is not None


def test_a_link_is_refused(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("SKDL_CACHE_DIR", str(tmp_path))
    real = cache.folder().rename(tmp_path / "real")
    name = f"kernel-{importlib.metadata.version('skdl')}-{cache.sources_digest()}"
    (tmp_path / name).symlink_to(real)
    cache.folder.cache_clear()
    with caplog.at_level(logging.INFO, logger="skdl"):
        assert cache.folder() is None
    assert "is no folder" in caplog.text


@pytest.mark.processes
def test_damaged_files_count_as_none(tmp_path):
    run(tmp_path)
    for path in files(tmp_path):
        path.write_bytes(path.read_bytes()[:20])
    printed, log = run(tmp_path)
    assert printed == COMPILED
    assert "cannot be read" in log
    assert run(tmp_path) == (LOADED, "")


def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("SKDL_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    with caplog.at_level(logging.INFO, logger="skdl"):
        assert cache.folder() is None
    assert "belongs to another user" in caplog.text


def test_another_source_is_another_folder(tmp_path, monkeypatch):
    source, found = tmp_path / "cache.py", []
    monkeypatch.setattr(cache, "__file__", str(source))
    for text in ("one", "two", "one"):
        source.write_text(text)
        cache.sources_digest.cache_clear()
        found.append(cache.sources_digest())
    cache.sources_digest.cache_clear()
    assert found[0] == found[2] != found[1]


def test_code_of_another_source_is_not_loaded(tmp_path, monkeypatch):
    monkeypatch.setenv("SKDL_CACHE_DIR", str(tmp_path))
    code = MachineCode("a piece", b"code", ("sqrt",))
    cache.keep(code, "one")
    assert cache.load("a piece", "one") == code
    assert cache.load("a piece", "two") is None
    assert cache.load("another piece", "one") is None


def test_the_digest_of_a_piece_has_all_that_it_calls_in_it(monkeypatch):
    before = digest_of(optimizers.adam.function)
    assert digest_of(optimizers.adam.function) == before != digest_of(optimizers.adamax.function)
    with monkeypatch.context() as patch:
        patch.setattr(optimizers, "_corrected", Inlined(lambda rate, numbers, step: rate))
        assert digest_of(optimizers.adam.function) != before
    before = digest_of(regularization.decay.function)
    monkeypatch.setattr(regularization, "STOP", 2)
    assert digest_of(regularization.decay.function) != before
