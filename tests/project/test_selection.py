"""`make test` leaves out what its markers say, and CI leaves out nothing."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.selection import LEFT_OUT, some

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"][
    "ini_options"
]
MARKERS = [one.partition(":")[0] for one in OPTIONS["markers"]]


def command_of(target):
    """The last command that make runs for a target."""
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "ARGS"))
    }
    made = subprocess.run(
        ["make", "--dry-run", target, "WORKERS=2"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.splitlines()[-1].split()


def test_make_test_all_names_no_file_and_deselects_nothing():
    pytest_with_workers = ["-m", "pytest", "--numprocesses", "2", "--dist", "worksteal"]
    assert command_of("test")[1:] == pytest_with_workers
    assert command_of("test-all")[1:] == [*pytest_with_workers, "-m", '""']
    assert OPTIONS["testpaths"] == ["tests"]
    # What pytest.ini_options can deselect by is `-m` alone, which the command line replaces.
    assert OPTIONS["addopts"][-2] == "-m"
    assert OPTIONS["addopts"][:-2] == ["-ra", "--strict-markers", "--strict-config"]


def test_ci_calls_make_test_all_and_the_tests_of_reports_in_a_browser():
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.findall(r"^step .* make (test\S*)$", steps, re.MULTILINE) == ["test-all"]
    assert re.findall(r"^step .* (browser_tests)$", steps, re.MULTILINE) == ["browser_tests"]


def test_make_test_leaves_out_what_is_marked():
    assert list(LEFT_OUT) == MARKERS
    assert OPTIONS["addopts"][-1] == f"not ({' or '.join(MARKERS)})"


@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_is_used_and_explained(marker):
    used = [
        path
        for path in (ROOT / "tests").rglob("*.py")
        if re.search(
            rf'@pytest\.mark\.{marker}\b|mark="{marker}"', path.read_text(encoding="utf-8")
        )
    ]
    assert used
    page = (ROOT / "docs" / "architecture.rst").read_text(encoding="utf-8")
    section = page.partition("\nThe tests\n---------\n")[2].partition("\n---")[0]
    assert re.search(rf"^`{marker}`\n    \S", section, re.MULTILINE)


def marked(parameters):
    """The ids, or else the values, of parameters with their markers."""
    return {one.id or one.values: [mark.name for mark in one.marks] for one in parameters}


def test_all_cases_but_those_that_are_kept_are_marked():
    assert marked(some({"a": 1, "b": 2}, "b")) == {("a",): ["further"], ("b",): []}
    pairs = some([("a", 1), ("b", 2)], ("a", 1), mark="oracle")
    assert marked(pairs) == {("a", 1): [], ("b", 2): ["oracle"]}
    named = [pytest.param(1, id="one"), pytest.param(2, id="two", marks=pytest.mark.docs)]
    assert marked(some(named, "one")) == {"one": [], "two": ["docs", "further"]}
    assert marked(some([[1], [2]], "b", ids=["a", "b"])) == {"a": ["further"], "b": []}
    assert marked(some([1, 2], "2", ids=str)) == {"1": ["further"], "2": []}


def test_a_case_that_is_kept_and_not_there_is_an_error():
    with pytest.raises(ValueError, match=r"Got \['c'\] to be kept, but expected some of \['a'"):
        some(["a", "b"], "a", "c")
