"""A report as its readers see it, before it is a page or a paper: titles, sentences, tables and pictures in one language."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What the following blocks of a section are about."""

    text: str
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """Some sentences; a note is of less weight."""

    text: str
    note: bool = False
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, kw_only=True)
class Items:
    """A list, one sentence a point."""

    lines: tuple[str, ...]
    kind: Literal["items"] = "items"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under named columns; the first cell of each names its row.

    Parameters
    ----------
    caption
        What it shows, for those who see it and those who hear it.
    figures
        Whether the other cells are figures, set to the right.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: bool = True
    kind: Literal["table"] = "table"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A PNG, and in words what it shows."""

    image: bytes = field(repr=False)
    alt: str
    kind: Literal["picture"] = "picture"


Block = Heading | Paragraph | Items | Table | Picture


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of a report."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A whole report in one language.

    Parameters
    ----------
    banners
        What nobody is to act on, before anything else.
    brief
        The report in a few sentences.
    footer
        Where the figures come from, and how the report is made again.
    """

    language: str
    title: str
    subtitle: str
    banners: tuple[str, ...]
    brief: tuple[str, ...]
    sections: tuple[Section, ...]
    footer: tuple[str, ...]
