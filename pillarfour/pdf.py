"""The words of a PDF with their places, in lines as a reader sees them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any

from pillarfour.errors import ParseError

DAMAGED = "its streams do not decode: it was cut short or damaged on its way; download it again, or ask the publisher for it"

_HYPHENS = str.maketrans({"\ufffe": "-", "\u00ad": "-"})
"""PDFium's marks for a hyphen at the end of a line."""

_PDFIUM = Lock()
"""PDFium is not made for threads, and sources are read in parallel."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """A piece of text that the PDF writes in one go, such as a table's cell; places in points from the page's left and bottom."""

    text: str
    left: float
    right: float
    bottom: float
    top: float

    @property
    def middle(self) -> float:
        """Half way from left to right."""
        return (self.left + self.right) / 2

    @property
    def height(self) -> float:
        """How high its line stands."""
        return (self.bottom + self.top) / 2


Line = tuple[Word, ...]


@dataclass(frozen=True, kw_only=True)
class Pdf:
    """What a PDF says: lines from top to bottom, words from left to right, a tuple a page."""

    pages: tuple[tuple[Line, ...], ...]
    created_on: date | None


def read(content: bytes, *, name: str) -> Pdf:
    """Read a PDF's text and the day it says it was created.

    Raises
    ------
    ParseError
        If it cannot be opened, or holds no text.
    """
    import pypdfium2  # noqa: PLC0415 - loads a shared library, which only those who read a PDF pay for

    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as cause:
            raise ParseError(f"{name}: the PDF cannot be opened, {DAMAGED}") from cause
        try:
            pages = tuple(tuple(_lines(sorted(_words(page), key=lambda word: -word.height))) for page in document)
            created = str(document.get_metadata_value("CreationDate"))
        except pypdfium2.PdfiumError as cause:
            raise ParseError(f"{name}: a page of the PDF cannot be read, {DAMAGED}") from cause
        finally:
            document.close()
    if not any(pages):
        raise ParseError(f"{name}: the PDF holds no text, {DAMAGED}")
    return Pdf(pages=pages, created_on=_day(created))


def text(line: Line) -> str:
    """Write a line's words one after the other."""
    return " ".join(word.text for word in line)


def rows(lines: Iterable[Line], headings: Line) -> Iterator[list[str]]:
    """Read a table's rows, from below its headings to the first line that is not one.

    Parameters
    ----------
    lines
        What stands below the headings, from the top.
    headings
        The header's line: a word belongs to the column whose heading is nearest.

    Yields
    ------
    list of str
        A cell a heading, empty where nothing is printed. A line that fills the first column alone, or has a word
        that runs through two headings, is a title or a note and ends the table.
    """
    for line in lines:
        cells: list[list[str]] = [[] for _ in headings]
        for word in line:
            nearest = min(range(len(headings)), key=lambda index: abs(headings[index].middle - word.middle))
            cells[nearest].append(word.text)
        is_note = any(sum(word.left < heading.middle < word.right for heading in headings) > 1 for word in line)
        if is_note or not any(cells[1:]):
            return
        yield [" ".join(cell) for cell in cells]


def _words(page: Any) -> Iterator[Word]:
    """Read the page's text objects, one by one: what a bounding box holds would take a touching neighbour's letters too."""
    from pypdfium2.raw import FPDF_PAGEOBJ_TEXT  # noqa: PLC0415 - see read

    for piece in page.get_objects(filter=[FPDF_PAGEOBJ_TEXT], textpage=page.get_textpage()):
        content = piece.extract().translate(_HYPHENS).strip()
        if content:
            left, bottom, right, top = piece.get_bounds()
            yield Word(text=content, left=left, right=right, bottom=bottom, top=top)


def _lines(words: list[Word]) -> Iterator[Line]:
    """Gather words from the top down: those within half a letter of a line's first word stand on its line."""
    line: list[Word] = []
    for word in words:
        if line and line[0].height - word.height > max(other.top - other.bottom for other in (*line, word)) / 2:
            yield tuple(sorted(line, key=lambda each: each.left))
            line = []
        line.append(word)
    if line:
        yield tuple(sorted(line, key=lambda each: each.left))


def _day(stated: str) -> date | None:
    """Read ``D:20230919151612-05'00'``; None where it is no date."""
    found = re.match(r"D:(\d{4})(\d{2})(\d{2})", stated)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None
