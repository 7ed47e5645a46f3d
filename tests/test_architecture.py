"""The rooms of the package keep to their walls; docs/architecture.rst draws them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import skdl

PACKAGE = Path(skdl.__file__).parent
IMPORTS = {
    str(path.relative_to(PACKAGE)): {
        name
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    for path in PACKAGE.rglob("*.py")
}


def importers(package):
    """The files that import `package` or something inside it."""
    return {
        file
        for file, names in IMPORTS.items()
        if any(name == package or name.startswith(f"{package}.") for name in names)
    }


def test_the_page_names_every_file_of_the_rooms_that_it_walks_through():
    page = (Path(__file__).parents[1] / "docs" / "architecture.rst").read_text(encoding="utf-8")
    deep = ("displays", "report", "results")
    names = {path.name for room in deep for path in (PACKAGE / room).rglob("[!_]*.py")}
    rooms = ("", "common", "diagnosis", "engine", "lr_range", "parallel", "recording")
    names |= {path.name for room in rooms for path in (PACKAGE / room).glob("[!_]*.py")}
    names |= {path.name for path in PACKAGE.glob("_[!_]*.py")}
    assert not {name for name in names if f"`{name}`" not in page}
    assert set(re.findall(r"`(\w+\.py)`", page)) <= {path.name for path in PACKAGE.rglob("*.py")}


def test_only_one_file_touches_scikeras():
    assert importers("scikeras") == {"wrappers.py"}


def test_the_engine_knows_nothing_of_scikit_learn():
    assert not {file for file in importers("sklearn") if file.startswith("engine/")}


def test_imports_run_down():
    upper = importers("skdl._estimator") | importers("skdl.networks") | importers("skdl.wrappers")
    assert not {file for file in upper if file.startswith(("engine/", "training/"))}
    assert not {file for file in importers("skdl.wrappers") if file != "__init__.py"}
    assert not {file for file in importers("skdl.engine") if file.startswith("training/")}
    of_common = {
        name for file, names in IMPORTS.items() if file.startswith("common/") for name in names
    }
    assert {name for name in of_common if name.startswith("skdl")} <= {"skdl.exceptions"}
    of_recording = {
        name for file, names in IMPORTS.items() if file.startswith("recording/") for name in names
    }
    rooms = {name.split(".")[1] for name in of_recording if name.startswith("skdl.")}
    assert rooms <= {"common", "engine", "exceptions", "recording"}
    lower = ("common/", "engine/", "training/")
    assert not {file for file in importers("skdl.recording") if file.startswith(lower)}
    assert not {
        file
        for room in ("skdl.diagnosis", "skdl.lr_range")
        for file in importers(room)
        if not file.startswith(("diagnosis/", "displays/", "lr_range/", "report/", "__init__"))
    }


def test_estimators_and_the_backend_know_nothing_of_each_other():
    assert not {file for file in importers("skdl.parallel") if not file.startswith("parallel/")}
    of_estimators = ("skdl._estimator", "skdl.networks", "skdl.wrappers")
    above = {file for name in of_estimators for file in importers(name)}
    assert not {file for file in above if file.startswith("parallel/")}


def test_one_file_knows_the_tasks_of_scikit_learn():
    texts = {file: (PACKAGE / file).read_text(encoding="utf-8") for file in IMPORTS}
    assert [file for file, text in texts.items() if '"_fit_and_score"' in text] == [
        "parallel/tasks.py"
    ]


def test_nothing_inside_imports_the_package_root():
    assert {file for file, names in IMPORTS.items() if "skdl" in names} == {"__init__.py"}


def test_only_networks_training_and_engine_import_keras_and_late():
    eager = {
        file
        for file in IMPORTS
        for node in ast.parse((PACKAGE / file).read_text()).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        and any(
            (name or "").partition(".")[0] in ("keras", "tensorflow")
            for name in (
                [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
            )
        )
    }
    assert eager == set()


def test_reports_are_read_by_nobody_and_know_of_the_engine_its_nouns_and_counts_alone():
    reports = {file for file in IMPORTS if file.startswith("report/")}
    assert not importers("skdl.report") - reports - {"__init__.py"}
    displays = {file for file in IMPORTS if file.startswith("displays/")}
    assert not importers("skdl.displays") - displays - reports - {"__init__.py"}
    of_results = {
        name for file, names in IMPORTS.items() if file.startswith("results/") for name in names
    }
    rooms = {name.split(".")[1] for name in of_results if name.startswith("skdl.")}
    assert rooms <= {"exceptions", "results"}
    reports |= displays
    known = {name for file in reports for name in IMPORTS[file] if name.startswith("skdl.engine")}
    assert known <= {"skdl.engine.job", "skdl.engine"}


def test_matplotlib_and_optuna_come_late():
    drawn = importers("matplotlib") | importers("optuna")
    eager = {
        file
        for file in drawn
        for node in ast.parse((PACKAGE / file).read_text()).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        and any(
            (name or "").partition(".")[0] in ("matplotlib", "optuna")
            for name in (
                [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
            )
        )
    }
    assert drawn
    assert eager == set()


def test_a_report_is_computed_before_it_is_written():
    assert importers("jinja2") | importers("markupsafe") == {"report/html/page.py"}
    writers = {"skdl.report.html.page", "skdl.report.markdown", "skdl.report.terminal"}
    for file, names in IMPORTS.items():
        if file.startswith("report/") and file != "report/tuning_report.py":
            assert not names & writers, file
    computed = {
        "summary",
        "dataset",
        "baseline",
        "times",
        "failures",
        "rebuild",
        "how_trained",
        "subject",
    }
    for name in computed:
        assert "skdl.report.document" not in IMPORTS[f"report/facts/{name}.py"], name


def test_the_makefile_names_the_files_of_thorough_tests():
    root, mark = Path(__file__).parents[1], "pytest.mark." + "thorough"
    marked = [path for path in root.glob("tests/**/*.py") if mark in path.read_text("utf-8")]
    (named,) = re.findall("^THOROUGH := (.*)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert sorted(named.split()) == sorted(str(path.relative_to(root)) for path in marked)
