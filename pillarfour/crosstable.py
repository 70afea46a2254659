"""Rows of counts under columns, as a sheet prints them, and the sums it prints among them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pillarfour import workbook
from pillarfour.lookups import normalise
from pillarfour.model import Problem
from pillarfour.workbook import Sheet


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row's name and its counts by column: None where a cell cannot be read, no entry where it is blank."""

    index: int
    name: str
    values: Mapping[int, int | None]


@dataclass(frozen=True, kw_only=True)
class Crosstable:
    """The rows that have counts, the texts without any (headings and footnotes), and what could not be read."""

    sheet: Sheet
    rows: Sequence[Row] = field(repr=False)
    texts: Sequence[tuple[int, str]] = field(repr=False)
    problems: Sequence[Problem]


def read(sheet: Sheet, body: range, *, names_end: int, columns: Sequence[int]) -> Crosstable:
    """Read the rows of a table.

    Parameters
    ----------
    sheet
        Where it stands.
    body
        Its rows, below the headings, to the end of the sheet.
    names_end
        The first column that is no name.
    columns
        The columns of counts.
    """
    rows: dict[str, Row] = {}
    texts: list[tuple[int, str]] = []
    problems: list[Problem] = []
    for index in body:
        names = [cell for column in range(names_end) if isinstance(cell := sheet.cell(index, column), str) and cell.strip()]
        cells = {column: sheet.cell(index, column) for column in columns if sheet.cell(index, column) != ""}
        if not cells:
            texts += [(index, workbook.without_mark(name)) for name in names]
            continue
        if len(names) != 1:
            said = "more than one name" if names else "no name"
            problems.append(_problem("row_name", sheet.place(index), f"counts beside {said}", "restore the row as published"))
            continue
        row = Row(
            index=index, name=workbook.without_mark(names[0]), values={column: workbook.count(cell) for column, cell in cells.items()}
        )
        first = rows.setdefault(normalise(row.name), row)
        if first is not row:
            said = f"{row.name!r} stands in row {first.index + 1} too"
            problems.append(_problem("name_twice", sheet.place(index), said, "keep the row that is right"))
        problems += [
            _problem("not_a_count", sheet.place(index, column), f"{cells[column]!r} is no count", "write the figure that was published")
            for column, value in row.values.items()
            if value is None
        ]
    return Crosstable(sheet=sheet, rows=tuple(rows.values()), texts=tuple(texts), problems=tuple(problems))


def check(sheet: Sheet, row: Row, column: int, parts: Sequence[int | None], *, what: str) -> Iterator[Problem]:
    """Hold a printed sum to its parts; where one of them cannot be read, that is the problem and not the sum."""
    printed = row.values.get(column, 0)
    if printed is None or None in parts:
        return
    total = sum(part for part in parts if part is not None)
    if total != printed:
        yield _problem(
            "printed_total",
            sheet.place(row.index, column),
            f"{row.name} is {printed:,}, but {what} add up to {total:,}",
            "compare with the publisher's sheet, and accept the release only if the publisher's own sum is wrong",
        )


def _problem(rule: str, place: str, message: str, remedy: str) -> Problem:
    return Problem(rule=rule, place=place, message=message, remedy=remedy)
