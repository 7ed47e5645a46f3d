"""Everything that the documentation shows as Python runs, and it names what is public."""

from __future__ import annotations

import ast
import doctest
import importlib
import io
import re
import runpy
import sys
import textwrap
import tomllib
import types
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest
import sklearn

import skdl

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.rst")), *(ROOT / "docs").glob("*.md")]
GALLERY = sorted((ROOT / "examples").rglob("plot_*.py"))
PACKAGE = Path(skdl.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)

# The start of anything that a reader would take for Python, however it is written.
LOOKS_LIKE_PYTHON = re.compile(
    r"^\s*(?:\.\. (?:code(?:-block)?|sourcecode)::|[`~]{3,}) *py|^\s*>>> "
)


def markdown_blocks(lines):
    """Yield the number of lines before each fenced Python block, and the block."""
    start = None
    for number, line in enumerate(lines):
        if start is None and line.rstrip() == "```python":
            start = number + 1
        elif start is not None and line.rstrip() == "```":
            yield start, "\n".join(lines[start:number])
            start = None
    assert start is None, f"the block that begins in line {start} has no end"


def rst_blocks(lines):
    """Yield the number of lines before each Python ``code-block``, and the block."""
    for number, line in enumerate(lines):
        directive = re.match(r"( *)\.\. code-block:: python\s*$", line)
        if directive is None:
            continue
        margin = len(directive[1])
        end = number + 1
        while end < len(lines) and (
            not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > margin
        ):
            end += 1
        yield number + 1, textwrap.dedent("\n".join(lines[number + 1 : end]))


def python_blocks(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    blocks = list((markdown_blocks if page.suffix == ".md" else rst_blocks)(lines))
    shown = [number + 1 for number, line in enumerate(lines) if LOOKS_LIKE_PYTHON.match(line)]
    assert [start for start, _ in blocks] == shown, (
        f"{page.name}: lines {shown} look like Python, but the blocks that would run begin after lines "
        f"{[start for start, _ in blocks]}. Write '.. code-block:: python' or '```python'."
    )
    return blocks


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """A reader's session: an empty directory, no screen, settings of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["reader"])
    backend = matplotlib.get_backend()
    matplotlib.use("agg")
    with sklearn.config_context():
        yield monkeypatch
    plt.close("all")
    matplotlib.use(backend)


@pytest.mark.docs
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_blocks_of_a_page_run_in_order(page, reader):
    blocks = python_blocks(page)
    # A module of its own, so that what a page defines can be pickled.
    session = types.ModuleType("page_" + page.stem)
    reader.setitem(sys.modules, session.__name__, session)
    for start, source in blocks:
        tree = ast.parse(source, filename=str(page))
        assert tree.body, f"{page.name}: the block after line {start} is empty"
        # Tracebacks name the line of the page.
        exec(compile(ast.increment_lineno(tree, start), str(page), "exec"), vars(session))


def test_the_pages_that_teach_by_code_have_some():
    counts = {page.stem: len(python_blocks(page)) for page in PAGES}
    for name in ("README", "index", "getting_started", "coming_from", "validation"):
        assert counts[name], f"no Python block of {name} was found"


@pytest.mark.docs
@pytest.mark.parametrize("example", GALLERY, ids=lambda example: example.name)
def test_an_example_of_the_gallery_runs(example, reader):
    runpy.run_path(str(example), run_name="__main__")


def test_make_docs_installs_what_the_frames_of_the_gallery_need():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert any(".frame()" in example.read_text(encoding="utf-8") for example in GALLERY)
    needed = [re.match(r"[\w-]+", one)[0] for one in project["optional-dependencies"]["docs"]]
    assert "pandas" in needed


def test_every_example_has_its_place_and_words_for_its_pictures():
    source = (ROOT / "docs" / "gallery.py").read_text(encoding="utf-8")
    pictures = next(
        ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "PICTURES"
    )
    assert sorted(pictures) == sorted([*(example.stem for example in GALLERY), "tune_digits"])
    assert [name for name, words in pictures.items() if not words] == ["tune_digits"]


@pytest.mark.docs
@pytest.mark.parametrize("name", MODULES)
def test_the_doctests_of_a_module_pass(name, reader):
    module = importlib.import_module(name)
    report = io.StringIO()
    runner = doctest.DocTestRunner(
        verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    )
    for case in doctest.DocTestFinder().find(module, name):
        runner.run(case, out=report.write)
    assert runner.summarize(verbose=False).failed == 0, report.getvalue()


def public_objects():
    """Every public name with its object, the members of public modules included."""
    found = {}
    for name in skdl.__all__:
        thing = getattr(skdl, name)
        if isinstance(thing, types.ModuleType):
            found.update(
                {f"skdl.{name}.{member}": getattr(thing, member) for member in thing.__all__}
            )
        else:
            found[f"skdl.{name}"] = thing
    return found


def test_the_api_page_lists_what_is_public():
    documented, module, listing = [], "", False
    for line in (ROOT / "docs" / "api.rst").read_text(encoding="utf-8").splitlines():
        if line.startswith(".. currentmodule:: "):
            module = line.removeprefix(".. currentmodule:: ").strip()
        if line.strip():
            indented = line.startswith("   ")
            if listing and indented and not line.strip().startswith(":"):
                documented.append(f"{module}.{line.strip()}")
            listing = line.startswith(".. autosummary::") or (listing and indented)
    assert sorted(documented) == sorted(public_objects())


def test_every_public_object_shows_how_it_is_used():
    parser = doctest.DocTestParser()
    silent = [
        name
        for name, thing in public_objects().items()
        if not parser.get_examples(thing.__doc__ or "")
    ]
    assert not silent, f"no example in the docstring of {', '.join(silent)}"
