"""The rooms of the package keep to their walls; docs/architecture.rst draws them."""

from __future__ import annotations

import ast
import functools
import graphlib
import re
from pathlib import Path

import pytest

import skdl

PACKAGE = Path(skdl.__file__).parent
ROOT = PACKAGE.parent
FILES = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")}
# Which room imports which, none a room above it. In a room with inner rooms a file counts as one.
ROOMS = {
    "common": "exceptions",
    "results": "exceptions",
    "training": "common exceptions",
    "engine": "common exceptions",
    "recording": "common engine exceptions",
    "parallel": "common engine exceptions recording",
    "estimators": "common engine exceptions recording training",
    "wrappers": "common engine estimators exceptions recording training",
    "networks": "common engine estimators exceptions recording training",
    "lr_range": "common estimators exceptions",
    "diagnosis": "common engine estimators exceptions recording results training wrappers",
    "displays": "common diagnosis engine exceptions recording results",
    "report": "common diagnosis displays engine exceptions recording results",
    "__init__": "common diagnosis displays engine exceptions lr_range networks recording report wrappers",
    "__main__": "common",
}
INNER_ROOMS = {
    "engine": {
        "keras_parts": "random",
        "rows": "random",
        "identity": "keras_parts",
        "numbers": "keras_parts",
        "rowwise": "keras_parts",
        "copies": "identity keras_parts",
        "optimizers": "copies keras_parts numbers",
        "structure": "copies identity keras_parts numbers optimizers",
        "network": "copies identity keras_parts numbers optimizers random rows structure",
        "job": "network rows",
        "base": "job network rows",
        "resuming": "identity job network numbers rows",
        "indexes": "job keras_parts network numbers rows rowwise",
        "epoch_lines": "job",
        "callbacks": "epoch_lines job ledger network optimizers structure",
        "fit_options": "job rows",
        "kernel": "base callbacks epoch_lines fit_options identity job keras_parts ledger network "
        "optimizers random rows",
        "plan": "base callbacks fit_options indexes job keras_parts kernel network optimizers resuming "
        "rows rowwise structure",
        "program_cache": "ledger",
        "keras_batches": "random rows",
        "prediction": "indexes keras_batches keras_parts network numbers program_cache rows structure",
        "program": "base callbacks fit_options job keras_parts ledger network numbers optimizers plan "
        "prediction random rows rowwise structure",
        "run": "base job ledger network resuming",
        "keras_loop": "base callbacks indexes job keras_batches keras_parts kernel network prediction "
        "random resuming rows run",
        "compiled": "base fit_options indexes job keras_loop keras_parts kernel ledger network plan program "
        "program_cache resuming rows run",
        "__init__": "ledger program_cache",
    },
    "displays": {
        "drawing": "statistics",
        "search_space": "base drawing",
        "parallel_coordinates": "base drawing",
        "pair_effect": "base drawing statistics",
        "importance": "base drawing statistics",
        "candidate_comparison": "base drawing statistics",
        "train_test_gap": "base drawing statistics",
        "convergence": "base drawing statistics",
        "training_curves": "drawing statistics",
    },
    "report": {
        "facts": "words",
        "document": "facts",
        "sections": "document facts words",
        "html": "document facts sections words",
        "markdown": "document",
        "terminal": "document facts",
        "tuning_report": "facts html markdown sections terminal",
    },
}


@functools.cache
def tree_of(file):
    return ast.parse((PACKAGE / file).read_text(encoding="utf-8"))


def imported(file):
    """The modules that `file` imports, those of skdl as paths below the package without their ending."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}".removeprefix("skdl.").replace(".", "/")
                home = (node.module or "").removeprefix("skdl.").replace(".", "/")
                inside = (node.module or "").partition(".")[0] == "skdl"
                yield whole if inside and f"{whole}.py" in FILES else home


def importers(package):
    """The files that import a package that is not skdl's."""
    return {
        file for file in FILES if any(name.partition("/")[0] == package for name in imported(file))
    }


def arrows(room=""):
    """Which inner room of `room` imports which, as texts in the form of the tables above."""
    found = {}
    depth = room.count("/") + 1 if room else 0
    for file in FILES:
        if not file.startswith(f"{room}/" if room else ""):
            continue
        own = file.removesuffix(".py").split("/")[depth]
        for name in imported(file):
            parts = name.split("/")
            if f"{name}.py" not in FILES and f"{name}/__init__.py" not in FILES:
                continue
            if parts[:depth] == file.split("/")[:depth] and parts[depth:][:1] != [own]:
                found.setdefault(own, set()).add((parts[depth:] or ["__init__"])[0])
    return {own: " ".join(sorted(others)) for own, others in found.items()}


@pytest.mark.parametrize("room", ["", *INNER_ROOMS])
def test_rooms_import_each_other_as_the_table_says(room):
    assert arrows(room) == (INNER_ROOMS[room] if room else ROOMS)


@pytest.mark.parametrize("room", ["", *INNER_ROOMS])
def test_no_imports_go_round_in_a_circle(room):
    table = INNER_ROOMS[room] if room else ROOMS
    graphlib.TopologicalSorter({own: others.split() for own, others in table.items()}).prepare()


def paragraphs():
    """The text of the page on each room, and the rest of the page under the name of the package."""
    page = (ROOT / "docs" / "architecture.rst").read_text(encoding="utf-8")
    found = dict(re.findall(r"^`([\w/]+)/`\n((?:    .*\n|\n)+)", page, re.MULTILINE))
    return {**found, "engine": found["engine"] + page, "": page}


@pytest.mark.parametrize(
    "file", [file for file in sorted(FILES) if not file.endswith("/__init__.py")]
)
def test_the_page_names_every_file_where_it_describes_its_room(file):
    assert f"`{Path(file).name}`" in paragraphs()[Path(file).parent.as_posix().removeprefix(".")]


def test_the_page_names_no_file_and_no_room_that_is_not_there():
    named = re.findall(r"`([\w/]+\.py|[\w/]+/)`", paragraphs()[""])
    there = {f"/{path.relative_to(ROOT).as_posix()}" for path in PACKAGE.rglob("*")}
    there |= {f"/{path.relative_to(ROOT).as_posix()}" for path in ROOT.glob("tests/**/*.py")}
    assert len(named) > 100
    assert not {
        name
        for name in named
        if not any(f"{path}/".endswith(f"/{name.strip('/')}/") for path in there)
    }


def test_nothing_inside_imports_the_package_root():
    assert {file for file in FILES if "skdl" in set(imported(file))} == {"__init__.py"}


@pytest.mark.parametrize(
    ("package", "files"),
    [
        ("scikeras", {"wrappers/scikeras_conventions.py"}),
        ("jinja2", {"report/html/page.py"}),
        ("markupsafe", {"report/html/page.py"}),
        ("optuna", {"displays/statistics/optuna_importance.py"}),
    ],
)
def test_one_file_knows_a_library(package, files):
    assert importers(package) == files


def test_the_engine_knows_nothing_of_scikit_learn():
    assert not {file for file in importers("sklearn") if file.startswith("engine/")}


def test_one_file_knows_the_tasks_of_scikit_learn():
    texts = {file: (PACKAGE / file).read_text(encoding="utf-8") for file in FILES}
    assert [file for file, text in texts.items() if '"_fit_and_score"' in text] == [
        "parallel/sklearn_tasks.py"
    ]


@pytest.mark.parametrize("package", ["keras", "tensorflow", "matplotlib", "optuna"])
def test_slow_libraries_are_imported_late(package):
    assert importers(package)
    for file in FILES:
        for node in tree_of(file).body:
            names = [alias.name for alias in getattr(node, "names", ())]
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif not isinstance(node, ast.Import):
                continue
            assert package not in {name.partition(".")[0] for name in names}, file


def test_displays_and_reports_know_of_the_engine_its_nouns_and_counts_alone():
    known = {
        name
        for file in FILES
        if file.startswith(("displays/", "report/"))
        for name in imported(file)
        if name.split("/")[0] == "engine"
    }
    assert known == {"engine", "engine/job"}


def test_the_makefile_names_the_files_of_thorough_tests():
    mark = re.compile(r"pytest\.mark\.thor" r"ough|mark=.thor" r"ough")
    marked = [path for path in ROOT.glob("tests/**/*.py") if mark.search(path.read_text("utf-8"))]
    (named,) = re.findall("^THOROUGH := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert sorted(named.split()) == sorted(str(path.relative_to(ROOT)) for path in marked)
