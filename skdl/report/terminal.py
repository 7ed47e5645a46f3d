"""A report on a terminal: what one wants to know at once, without pictures and without the whole table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len

from skdl.report.document import (
    Block,
    Candidates,
    Code,
    Document,
    Facts,
    Grid,
    Heading,
    Picture,
    Steps,
    Text,
)
from skdl.report.facts.table import Table
from skdl.results.hyperparameters import MISSING

# Sections that only a file has room for.
_LEFT_OUT = ("again",)
MOST_ROWS = 5
# Between two columns of a table: padding, and the sign that parts them.
GAP = 3
# Letters of a line that names keep beside numbers.
LEAST_OF_NAMES = 8


def print_document(document: Document) -> None:
    """Write a report on the terminal, in its width."""
    from rich.console import Console
    from rich.text import Text as Line

    # Values are never read as rich's markup, which square brackets would be.
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(Line(f"{document.headline}.", style="bold"))
    for section in document.sections:
        if section.key in _LEFT_OUT or all(isinstance(one, Picture) for one in section.blocks):
            continue
        console.print()
        console.print(Line(section.title, style="bold underline"))
        apart = False
        for block in section.blocks:
            lines = _shown(block, console.width)
            # Tables stand apart from what follows them.
            if apart and lines:
                console.print()
            for shown in lines:
                console.print(shown)
            apart = bool(lines) and not isinstance(block, (Text, Heading))
    console.print()
    console.print(
        Line('Pictures, the whole table and code that makes it again: to_html("report.html").')
    )


def _shown(block: Block, width: int) -> list[Any]:
    from rich.padding import Padding
    from rich.text import Text as Line

    if isinstance(block, Text):
        return [Line(block.text, style="bold" if block.strong else "")]
    if isinstance(block, Heading):
        return [Line(block.text, style="underline")]
    if isinstance(block, Facts):
        return [_rows(None, (False, False), block.rows, width)]
    if isinstance(block, Grid):
        return [Line(block.caption, style="italic"), _grid(block, width)]
    if isinstance(block, Steps):
        lines: list[Any] = []
        for place, (head, advice) in enumerate(block.items, 1):
            lines.append(Line(f"{place}. {head}"))
            lines += [Padding(Line(f"- {line}"), (0, 0, 0, 3)) for line in advice]
        return lines
    if isinstance(block, Candidates):
        return _best_rows(block.table, width)
    assert isinstance(block, (Code, Picture))
    return []


def _grid(block: Grid, width: int) -> Any:
    """A small table; of numbers that do not fit beside each other, on its side."""
    names, numeric, rows = block.names, block.numeric, block.rows
    needed = sum(_least(column) + GAP for column in zip(names, *rows, strict=True))
    if all(numeric[1:]) and len(names) > len(rows) + 1 and needed > width:
        names, *turned = zip(names, *rows, strict=True)
        rows, numeric = tuple(turned), (False, *(True for _ in rows))
    return _rows(names, numeric, rows, width)


def _rows(
    names: tuple[str, ...] | None,
    numeric: tuple[bool, ...],
    rows: Sequence[tuple[str, ...]],
    width: int,
) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as Lines
    from rich.text import Text as Line

    table = Lines(
        box=SIMPLE_HEAD if names else None,
        show_header=names is not None,
        show_edge=False,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    headings = names or ("",) * len(numeric)
    columns = list(zip(headings, *rows, strict=True))
    for heading, number, wide in zip(
        headings, numeric, _widths(columns, numeric, width), strict=True
    ):
        justify: Any = "right" if number else "left"
        table.add_column(Line(heading), justify=justify, overflow="fold", width=wide)
    for row in rows:
        table.add_row(*map(Line, row))
    return table


def _widths(
    columns: Sequence[tuple[str, ...]], numeric: tuple[bool, ...], width: int
) -> list[int | None]:
    """How wide columns have to be, as far as that is not left to rich.

    Of a number that goes on in the next line one reads another, so the names make room for them.
    """
    whole: list[int | None] = [max(map(cell_len, column)) for column in columns]
    if sum(wide or 0 for wide in whole) + GAP * len(columns) <= width:
        return whole
    fixed = [
        _least(column) if number else None for column, number in zip(columns, numeric, strict=True)
    ]
    room = width - sum(wide or 0 for wide in fixed) - GAP * len(columns)
    return fixed if room >= LEAST_OF_NAMES * fixed.count(None) else [None] * len(columns)


def _least(column: tuple[str, ...]) -> int:
    """How wide a column is whose heading goes on in the next line, and whose cells do not."""
    return max(map(cell_len, (*column[0].split(), *column[1:])), default=0)


def _best_rows(table: Table, width: int) -> list[Any]:
    """The best candidates, each in a row that fits a terminal; the rest is in the frame and the file."""
    from rich.text import Text as Line

    by_group = {
        group: [column for column in table.columns if column.group == group]
        for group in ("score", "hyperparameter")
    }
    mean, spread = by_group["score"][:2]
    scored = sum(math.isfinite(value) for value in mean.values)  # those that failed come last
    rows = [
        (
            *(column.texts[row] for column in table.columns[:2]),
            f"{mean.texts[row]} ± {spread.texts[row]}" if row < scored else "failed",
            ", ".join(
                f"{column.heading}={column.texts[row]}"
                for column in by_group["hyperparameter"]
                if column.values[row] is not MISSING
            ),
        )
        for row in range(min(len(table), MOST_ROWS))
    ]
    names = ("rank", "candidate", mean.heading, "hyperparameters")
    shown = [_rows(names, (True, True, True, False), rows, width)]
    more = len(table) - MOST_ROWS
    return [*shown, Line(f"and {more:,} more: frame()")] if more > 0 else shown
