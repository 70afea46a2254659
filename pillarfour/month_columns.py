"""Find the months among a sheet's headings: one column each, or a band above several columns of which one is the month's figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pillarfour import lookups, workbook
from pillarfour.errors import ParseError
from pillarfour.lookups import normalise
from pillarfour.model import TOTAL
from pillarfour.workbook import Sheet

MONTHS = ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre")
WHOLE_YEAR = 0
"""The column of the year's total, where the months are 1 to 12."""

SUBTOTAL = "subtotal"
"""The heading, in a band of columns, of the month's own figure."""


@dataclass(frozen=True, kw_only=True)
class Headings:
    """Where a sheet's headings stand."""

    sheet: Sheet
    header: int
    """The row of the months."""
    subheader: int | None
    """The row that divides each month into columns, where there is one."""
    names_end: int
    """The first column of figures; to its left stand the names."""

    @property
    def body(self) -> range:
        """The rows below the headings, to the end of the sheet."""
        return range((self.subheader or self.header) + 1, len(self.sheet.rows))

    @property
    def place(self) -> str:
        """The row of the months, for an analyst."""
        return self.sheet.place(self.header)


@dataclass(frozen=True, kw_only=True)
class Column:
    """What one column of figures counts, in which month."""

    index: int
    month: int
    measure: str


def find(sheet: Sheet) -> Headings | None:
    """Take the row with most months as the header; None where there is none."""
    months = [sum(bool(_month(cell)) for cell in row) for row in sheet.rows]
    if not any(months):
        return None
    header = months.index(max(months))
    below = range(header + 1, min(header + 3, len(sheet.rows)))
    return Headings(
        sheet=sheet,
        header=header,
        subheader=next((row for row in below if any(text(cell) == SUBTOTAL for cell in sheet.rows[row])), None),
        names_end=next(index for index, cell in enumerate(sheet.rows[header]) if _month(cell) is not None),
    )


def read(headings: Headings, *, measure: str, others: Mapping[str, str]) -> list[Column]:
    """Say what each column of figures counts, less the months to come, which a sheet may print blank or as dashes.

    Parameters
    ----------
    headings
        Where they stand.
    measure
        What a month's own column counts.
    others
        What the other columns of a band count, by their heading.

    Raises
    ------
    ParseError
        If a heading is not known, the months are not each once and in order, or none has a figure.
    """
    columns = _columns(headings, measure, others)
    sheet = headings.sheet
    told = {column.month for column in columns for row in headings.body if sheet.cell(row, column.index) not in {"", *workbook.DASHES}}
    if not told - {WHOLE_YEAR}:
        raise ParseError(f"{headings.place}: no month has a figure below it; bring the sheet as published")
    return [column for column in columns if column.month <= max(told)]


def text(cell: Any) -> str:
    """Write a heading plainly, without case, accents and the mark of a footnote."""
    return normalise(workbook.without_mark(str(cell)))


def _columns(headings: Headings, measure: str, others: Mapping[str, str]) -> list[Column]:
    sheet, start = headings.sheet, headings.names_end
    bands = [(index, cell) for index, cell in enumerate(sheet.rows[headings.header]) if index >= start and cell != ""]
    _check_months(headings, bands)
    found: list[Column] = []
    for (first, cell), (end, _) in pairwise([*bands, (max(map(len, sheet.rows)), None)]):
        filled = [index for index in range(first, end) if any(sheet.cell(row, index) != "" for row in headings.body)] or [first]
        measures = [_measure(headings, index, measure, others, alone=len(filled) == 1) for index in filled]
        if measures.count(measure) != 1 or len(set(measures)) != len(measures):
            where = f"{sheet.place(headings.header, first)}: {cell!r} stands above {len(filled)} columns of figures"
            raise ParseError(f"{where}, of which not exactly one is the Subtotal; bring the sheet as published")
        month = _month(cell) or WHOLE_YEAR
        found += [Column(index=index, month=month, measure=counted) for index, counted in zip(filled, measures, strict=True)]
    return found


def _check_months(headings: Headings, bands: Sequence[tuple[int, Any]]) -> None:
    """Let only months pass, each once and in order, and one total."""
    for index, cell in bands:
        if _month(cell) is None:
            place = headings.sheet.place(headings.header, index)
            raise ParseError(f"{place}: {cell!r} is neither a month nor Total; bring the sheet as published")
    months = [month for _, cell in bands if (month := _month(cell))]
    if months != list(range(1, len(months) + 1)):
        said = ", ".join(MONTHS[month - 1] for month in months)
        raise ParseError(f"{headings.place}: the months are {said}; bring the sheet as published, each month once from enero on")
    if len(bands) > len(months) + 1:
        raise ParseError(f"{headings.place}: more than one column is headed Total; bring the sheet as published")


def _measure(headings: Headings, index: int, measure: str, others: Mapping[str, str], *, alone: bool) -> str:
    """Say what a column counts by its heading below the month."""
    if headings.subheader is None:
        return measure
    heading = text(headings.sheet.cell(headings.subheader, index))
    if heading in {SUBTOTAL, "total"} or (not heading and alone):
        return measure
    if heading in others:
        return others[heading]
    place = headings.sheet.place(headings.subheader, index)
    raise ParseError(f"{place}: figures headed {heading!r}; known are {SUBTOTAL}, {', '.join(others)}: declare it if it is the publisher's")


def _month(cell: Any) -> int | None:
    """Give a heading's month, by its name or first three letters; 0 for the whole year, None for anything else."""
    if not isinstance(cell, str) or not cell:
        return None
    heading = text(cell).rstrip(".")
    for number, month in enumerate(MONTHS, start=1):
        if heading in {month, month[:3]}:
            return number
    return WHOLE_YEAR if lookups.nationality(heading) == TOTAL else None
