"""A small CSV as portals leave it: titles above its header, whatever separates its cells, and a code page not to be trusted."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pillarfour import lookups
from pillarfour.errors import ParseError
from pillarfour.lookups import normalise
from pillarfour.model import Document


@dataclass(frozen=True, kw_only=True)
class LooseCsv:
    """What stands above the header, and the rows below it, each with the number of its line."""

    titles: tuple[str, ...]
    rows: tuple[tuple[int, list[str]], ...]
    text: str = field(repr=False)


def read(document: Document, *, header: Sequence[str], ignored: str, recipe: str) -> LooseCsv:
    """Find the header below the title lines, and the rows below it.

    Parameters
    ----------
    header
        The columns, plainly written: without case, accents and full stops.
    ignored
        What begins a line that is no row, such as a note: a pattern, of the line plainly written.
    recipe
        The file to be mended where the publisher has changed the layout.

    Raises
    ------
    ParseError
        If not exactly one line is the header, or a row has more cells or fewer.
    """
    text = decode(document.content)
    lines = text.splitlines()
    headings = [
        (number, split)
        for number, line in enumerate(lines, start=1)
        for split in (_by_runs, _by_commas)
        if [normalise(cell).rstrip(".") for cell in split(line)] == list(header)
    ]
    if len(headings) != 1:
        raise ParseError(
            f"{document.name}: {len(headings)} lines read {' '.join(header)!r}, the header of the publisher's CSV, where one is expected; "
            f"download the CSV again, or mend the layout in {recipe} after reading it"
        )
    ((top, split),) = headings
    rows = [(number, split(line)) for number, line in enumerate(lines, start=1) if number > top and not re.match(ignored, normalise(line))]
    for number, row in rows:
        if len(row) not in {0, len(header)}:
            raise ParseError(
                f"{document.name}: line {number}: {len(row)} cells, expected are {len(header)}: the columns have shifted; "
                "restore the missing cell from the publisher's page, or download the CSV again"
            )
    return LooseCsv(titles=tuple(lines[: top - 1]), rows=tuple((number, row) for number, row in rows if row), text=text)


def decode(content: bytes) -> str:
    """Undo a wrong code page: of the ways to read the bytes, take the one under which most rows are known countries."""
    try:
        plain = content.decode("utf-8-sig")
        readings = [plain, plain.encode("latin-1", errors="replace").decode("cp850")]
    except UnicodeDecodeError:
        readings = [content.decode("cp850"), content.decode("latin-1")]
    return max(readings, key=lambda text: sum(_starts_known(line) for line in text.splitlines()))


def _by_runs(line: str) -> list[str]:
    """Split at semicolons, tabs and runs of spaces, however many stand together."""
    return [cell for cell in (part.strip('" ') for part in re.split(r"[;\t]|\s{2,}", line)) if cell]


def _by_commas(line: str) -> list[str]:
    """Split at commas, those within quotes apart; what is no line of a CSV stays whole."""
    try:
        parts = next(csv.reader([line]), [])
    except csv.Error:
        parts = [line]
    return [cell for cell in (part.strip() for part in parts) if cell]


def _starts_known(line: str) -> bool:
    return any(lookups.nationality(cell[0]) is not None for cell in (_by_runs(line), _by_commas(line)) if cell)
