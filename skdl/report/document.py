"""What a report is made of, before it is a page, a text or a table on a terminal.

All texts in here are plain: each renderer escapes them for what it writes.
"""

from __future__ import annotations

from dataclasses import dataclass

from skdl.report.facts.table import Table


@dataclass(frozen=True)
class Text:
    """A paragraph; `strong` where it says what matters most in its section."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str


@dataclass(frozen=True)
class Facts:
    """Names with their values."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Grid:
    """A small table.

    Attributes
    ----------
    caption : str
    names : tuple of str
        The headings.
    numeric : tuple of bool
        Which columns hold numbers.
    rows : tuple of tuple of str
        The first cell of each names the row.
    """

    caption: str
    names: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Steps:
    """Numbered things to do, in their order, each with what to do about it."""

    items: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Candidates:
    """The table of all candidates."""

    table: Table


@dataclass(frozen=True)
class Picture:
    """One of the pictures in `figures`, by its name."""

    name: str


@dataclass(frozen=True)
class Code:
    """Python."""

    source: str


Block = Text | Heading | Facts | Grid | Steps | Candidates | Picture | Code


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes
    ----------
    key : str
        Where links lead to.
    title : str
    blocks : tuple of Block
    """

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A whole report.

    Attributes
    ----------
    title : str
    headline : str
        The one sentence that is read first.
    sections : tuple of Section
    """

    title: str
    headline: str
    sections: tuple[Section, ...]
