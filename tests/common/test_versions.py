"""What a report of a fault needs is printed."""

import subprocess
import sys

import numpy as np
import pytest
import sklearn

import skdl


def test_versions_are_those_of_the_packages(capsys):
    skdl.show_versions()
    lines = dict(
        line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if "  " in line
    )
    assert lines["skdl"] == skdl.__version__
    assert lines["numpy"] == np.__version__
    assert lines["scikit-learn"] == sklearn.__version__
    assert {"scikit-optimize", "rich", "pytest"} <= lines.keys()
    assert lines["executable"] == sys.executable


def test_a_package_that_is_missing_is_told_unless_it_is_an_extra(capsys, monkeypatch):
    required = ["no-such-package>=1", 'no-such-extra>=1; extra == "docs"']
    monkeypatch.setattr("importlib.metadata.requires", lambda name: required)
    skdl.show_versions()
    assert "no-such-package  not installed\n" in (told := capsys.readouterr().out)
    assert "no-such-extra" not in told


@pytest.mark.processes
def test_the_module_prints_the_same(capsys):
    skdl.show_versions()
    printed = subprocess.run(
        [sys.executable, "-m", "skdl"], capture_output=True, text=True, check=True
    )
    assert printed.stdout == capsys.readouterr().out
    assert printed.stderr == ""


def test_the_package_lists_its_public_names_alone():
    assert {name for name in dir(skdl) if not name.startswith("__")} == set(skdl.__all__)
