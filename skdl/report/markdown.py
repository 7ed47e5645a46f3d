"""A report as GitHub's Markdown, such as for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

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
from skdl.results.value_texts import one_line

MOST_ROWS = 20

# What means something to Markdown or to HTML; an underscore does not inside of a word.
_SPECIAL = re.compile(r"[\\`*\[\]<>|~#&$]|(?<![A-Za-z0-9_])_+|_+(?![A-Za-z0-9_])")
# What GitHub makes a link or a picture of without any sign of Markdown's.
_LINKED = re.compile(r"\bwww(?=\.)|\b(?:https?|ftp|mailto|xmpp)(?=:)|:(?=[a-z0-9_+-]+:)", re.I)


def markdown_of(document: Document) -> str:
    """The whole report but for its pictures and the worse candidates."""
    lines = [f"# {escaped(document.title)}", "", f"**{escaped(document.headline)}.**", ""]
    for section in document.sections:
        parts = [part for block in section.blocks for part in _lines(block)]
        if parts:
            lines += [f"## {escaped(section.title)}", "", *parts]
    return "\n".join(lines).rstrip("\n") + "\n"


def escaped(text: str) -> str:
    r"""A text as Markdown that says just that, in one line, and calls nobody.

    Examples
    --------
    >>> print(escaped("a|b <b>*c*</b> learning_rate _x_"))
    a\|b \<b\>\*c\*\</b\> learning_rate \_x\_
    """
    line = _SPECIAL.sub(lambda hit: "".join(f"\\{c}" for c in hit[0]), one_line(text, 2000))
    # Where a name follows the sign at once, GitHub sends its owner a message.
    line = line.replace("@", "@&#8203;")
    # Nor are addresses links, and words between colons pictures.
    return _LINKED.sub(lambda hit: f"{hit[0]}&#8203;", line)


def _lines(block: Block) -> list[str]:
    if isinstance(block, Text):
        text = escaped(block.text)
        return [f"**{text}**" if block.strong else text, ""]
    if isinstance(block, Heading):
        return [f"### {escaped(block.text)}", ""]
    if isinstance(block, Facts):
        return _table(("", ""), (False, False), block.rows)
    if isinstance(block, Grid):
        return [f"{escaped(block.caption)}:", "", *_table(block.names, block.numeric, block.rows)]
    if isinstance(block, Steps):
        lines = []
        for place, (head, advice) in enumerate(block.items, 1):
            lines.append(f"{place}. {escaped(head)}")
            lines += [f"   - {escaped(line)}" for line in advice]
        return [*lines, ""]
    if isinstance(block, Candidates):
        table = block.table
        columns = [column for column in table.columns if column.group != "split"]
        lines = _table(
            [column.heading for column in columns],
            [column.numeric for column in columns],
            zip(*(column.texts[:MOST_ROWS] for column in columns), strict=True),
        )
        more = len(table) - MOST_ROWS
        return [*lines, f"And {more:,} more.", ""] if more > 0 else lines
    if isinstance(block, Code):
        longest = max((len(run) for run in re.findall("`+", block.source)), default=0)
        fence = "`" * max(3, longest + 1)
        return [f"{fence}python", block.source.rstrip("\n"), fence, ""]
    assert isinstance(block, Picture)
    return []


def _table(
    names: Sequence[str], numeric: Sequence[bool], rows: Iterable[Sequence[str]]
) -> list[str]:
    rules = ["--:" if number else ":--" for number in numeric]
    lines = [_row(names), f"| {' | '.join(rules)} |", *map(_row, rows)]
    return [*lines, ""]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(escaped, cells))} |"
