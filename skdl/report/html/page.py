"""A report as one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Callable, Iterable
from functools import cache
from importlib import metadata
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skdl.exceptions import InvalidParameterError
from skdl.report.document import Block, Candidates, Document, Picture
from skdl.report.facts.table import Table
from skdl.report.html.pictures import Drawing
from skdl.results.value_texts import one_line

if TYPE_CHECKING:
    from markupsafe import Markup

# Points of print; A4 across has so many for a line of a table.
_LINE, _LARGEST, _SMALLEST = 780.0, 8.0, 4.0


def html_of(document: Document, draw: Callable[[str], Drawing]) -> str:
    """The page of a report; `draw` makes the picture of a name."""
    from markupsafe import Markup

    script = _asset("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    tables = [
        block.table
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Candidates)
    ]

    def drawn(block: Picture) -> dict[str, Any]:
        drawing = draw(block.name)
        return {
            "name": block.name,
            "title": drawing.title,
            "caption": drawing.caption,
            "missing": drawing.missing,
            # matplotlib and the XML writer have escaped the texts in it.
            "svg": Markup(drawing.svg) if drawing.svg else "",
        }

    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            document=document,
            drawn=drawn,
            script=Markup(script),
            script_hash=f"sha256-{digest}",
            style=Markup(_asset("report.css")),
            column_style=Markup("\n".join(_column_style(table) for table in tables)),
            version=metadata.version("skdl"),
        )
    )


def write_atomically(path: str | os.PathLike[str], text: str) -> Path:
    """Write a file that is either the whole text or not there; returns its path."""
    target = Path(path)
    # In the same folder, since a file cannot be moved to another disk in one step.
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
    try:
        with open(temporary, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def check_path(path: str | os.PathLike[str]) -> None:
    """Whether a file can be put there, before anything is drawn.

    Raises
    ------
    InvalidParameterError
        It is no path, or there is no such folder, or a folder of this name.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise InvalidParameterError(
            f"Got path={path!r}, expected where to write the report: pass a path such as 'report.html'."
        )
    target = Path(path)
    if target.is_dir():
        raise InvalidParameterError(
            f"Got path={str(target)!r}, which is a folder, expected a file: pass "
            f"{str(target / 'report.html')!r}."
        )
    if not target.parent.is_dir():
        raise InvalidParameterError(
            f"Got path={str(target)!r}, expected a folder that exists: make {str(target.parent)!r} first."
        )


@cache
def _asset(name: str) -> str:
    return (files("skdl.report.html") / "templates" / name).read_text(encoding="utf-8").strip()


@cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("skdl.report.html"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        broken=_broken,
        data_of=_data,
        groups_of=_groups,
        kind_of=_kind,
        one_line=one_line,
        row_class=_row_class,
    )
    return environment


def _kind(block: Block) -> str:
    return type(block).__name__


def _broken(name: str) -> Markup:
    """A name that a line may break after its underscores."""
    from markupsafe import Markup, escape

    return Markup("_<wbr>").join(escape(part) for part in str(name).split("_"))


def _groups(table: Table) -> list[tuple[str, int]]:
    keys: Iterable[tuple[str, Any]] = groupby(column.group for column in table.columns)
    return [(group, len(list(columns))) for group, columns in keys]


def _row_class(rank: str) -> Markup:
    from markupsafe import Markup

    classes = {"1": " class=best", "–": " class=failed"}
    return Markup(classes.get(rank, ""))


def _data(table: Table) -> list[dict[str, Any]]:
    """What the script sorts, filters and saves."""
    return [
        {
            "key": column.key,
            "group": column.group,
            "values": list(column.plain),
        }
        for column in table.columns
    ]


def _column_style(table: Table) -> str:
    """Numbers at the right, column by column: a class on each cell would be half of a large report."""
    places = [place for place, column in enumerate(table.columns, 1) if column.numeric]
    cells = ", ".join(
        f"#candidate-table tr > :nth-child({place}):not([colspan])" for place in places
    )
    letters = sum(
        # Longer texts find room on several lines.
        min(max(len(text) for text in (*column.texts, *column.heading.split("_"))), 24) + 1.6
        for column in table.columns
    )
    size = min(max(_LINE / (0.55 * letters), _SMALLEST), _LARGEST)
    return f"{cells} {{ text-align: right; }}\n#candidate-table {{ --print-size: {size:.1f}pt; }}"
