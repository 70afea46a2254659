"""Panama: SNM's monthly table of irregular transit across the Darién, by country."""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from pillarfour import listing, lookups, loose_csv, pdf, recipe
from pillarfour.errors import FetchError, ParseError
from pillarfour.lookups import normalise
from pillarfour.model import PARSED, TOTAL, Document, Link, Parsed, Problem

RECIPE = recipe.load(__file__)

MEASURE = "crossings"
STAGE = "darien"
COLUMNS = pa.schema([PARSED.field(name) for name in ("measure", "reference_period", "stage", "nationality", "value", "locator")])
FIGURE = re.compile(r"-|\d{1,9}|\d{1,3}(,\d{3}){1,2}")
COMPARE = "compare with the publisher's page, then accept or reject the release"

LAYOUTS = RECIPE.layouts
MONTHS: list[str] = LAYOUTS["months"]
MONTH_NAMES: list[str] = LAYOUTS["month_names"]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A country table as printed: each row's place and its cells, in the order of the layout's header."""

    document: str
    layout: str
    year: int
    cells: tuple[tuple[str, list[str]], ...]
    text: str
    """All that the document says, for its "Cifras preliminares al …"."""
    stated_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row read; a None among its figures is a dash, which stands for zero and for a month to come."""

    place: str
    label: str
    code: str | None
    total: int | None
    months: tuple[int | None, ...]


def discover(client: recipe.Client) -> list[Link]:
    """Find the yearly PDFs and the open-data CSV, oldest first; the annual tables 2010-2019 are left out by name."""
    wanted, ignored = LAYOUTS["links"]["wanted"], LAYOUTS["links"]["ignored"]
    found = [link for page in RECIPE.web.pages for link in listing.links(client.page(str(page)), str(page), wanted)]
    kept = {link.url: link for link in found if not re.search(ignored, link.name)}
    if not kept:
        pages = ", ".join(str(page) for page in RECIPE.web.pages)
        raise FetchError(
            f"{pages}: no table of the Darién is linked; see whether the page moved, and mend web.pages or layouts.links in the recipe"
        )
    return sorted(kept.values(), key=_age)


def _age(link: Link) -> tuple[int, int]:
    """Order by the year and month in the name, then by the folder's year; what names no month is its year's last word."""
    years = re.findall(r"20\d\d", link.name) or re.findall(r"(?:img|uploads/)(20\d\d)", link.url)
    months = [number for number, name in enumerate(MONTH_NAMES, start=1) if name in normalise(link.name)]
    return int(years[-1]) if years else date.max.year, months[-1] if months else 13


def fetch(client: recipe.Client, link: Link) -> Document | None:
    """Fetch one document; None where it has not changed."""
    return client.document(link)


def parse(document: Document) -> Parsed:
    """Read SNM's PDF or the portal's CSV.

    Raises
    ------
    ParseError
        If it is neither, or its country table is not laid out as the recipe says.
    """
    start = document.content[:1024].lstrip()
    if not start:
        raise ParseError(f"{document.name}: the file is empty; download it again")
    if b"%PDF-" in start:
        return _release(_read_pdf(document))
    if start.startswith(b"<"):
        raise ParseError(f"{document.name}: this is a web page, not a PDF or CSV; download the document that the page links to")
    if b"\0" in start:
        raise ParseError(f"{document.name}: this is neither a PDF nor a CSV; download SNM's PDF or the portal's CSV")
    return _release(_read_csv(document))


def _release(grid: Grid) -> Parsed:
    total, countries = _read_rows(grid)
    last, problems = _last_month(grid, total)
    periods = tuple(f"{grid.year}-{month:02}" for month in range(1, last + 1))
    rows = [
        {
            "measure": MEASURE,
            "reference_period": period,
            "stage": STAGE,
            "nationality": row.code,
            "value": value or 0,
            "locator": f"{row.place}, {month}",
        }
        for row in countries
        for period, month, value in zip(periods, MONTHS, row.months, strict=False)
    ]
    return Parsed(
        table=grid.layout,
        observations=pa.Table.from_pylist(rows, schema=COLUMNS),
        covers={MEASURE: periods},
        stated_on=grid.stated_on,
        problems=(*problems, *_too_early(grid, last), *_unknown(grid, countries), *_unequal(grid, total, countries)),
    )


def _read_rows(grid: Grid) -> tuple[Row, list[Row]]:
    """Give the Total row and the countries."""
    header: list[str] = LAYOUTS[grid.layout]["header"]
    rows = []
    for place, (label, *cells) in grid.cells:
        figures = {column: _figure(cell, f"{grid.document}: {place}, {column}") for column, cell in zip(header[1:], cells, strict=True)}
        code = lookups.nationality(re.sub(LAYOUTS["marker"], "", label))
        rows.append(Row(place=place, label=label, code=code, total=figures["total"], months=tuple(figures[month] for month in MONTHS)))
    totals = [row for row in rows if row.code == TOTAL]
    if len(totals) != 1 or len(rows) == 1:
        raise ParseError(
            f"{grid.document}: the country table has {len(totals)} rows Total and {len(rows) - len(totals)} countries, "
            "where SNM prints one Total and some countries; download the document again"
        )
    return totals[0], [row for row in rows if row is not totals[0]]


def _figure(cell: str, place: str) -> int | None:
    if not FIGURE.fullmatch(cell):
        raise ParseError(f"{place}: {cell!r} is not a figure; compare with the publisher's page and ask SNM for a mended document")
    return None if cell == "-" else int(cell.replace(",", ""))


def _last_month(grid: Grid, total: Row) -> tuple[int, list[Problem]]:
    """Find the last month that has elapsed: as the document says, else the last whose Total is not a dash."""
    printed = max((month for month, value in enumerate(total.months, start=1) if value is not None), default=0)
    place = f"{grid.document}: {total.place}, {MONTHS[printed - 1]}"
    said = sorted(set(re.findall(LAYOUTS["until"], normalise(grid.text))))
    if not said:
        if printed == 0:
            raise ParseError(f"{grid.document}: {total.place}: no month has a figure; wait for the next document")
        is_open = total.months[printed - 1] == 0
        message, remedy = "the last figure is 0, and nothing says whether the month has elapsed", "ask the publisher, then accept or reject"
        return printed, [Problem(rule="last_month", place=place, message=message, remedy=remedy)] if is_open else []
    (day, name, year), *others = said
    sentence = f"Cifras preliminares al {day} de {name} del {year}"
    if others or int(year) != grid.year or name not in MONTH_NAMES:
        raise ParseError(f"{grid.document}: {sentence!r} does not fit one table of {grid.year}; ask SNM for a mended document")
    last = MONTH_NAMES.index(name) + 1
    problems = []
    if int(day) != _end(grid, last).day:
        message, remedy = f"{sentence!r} ends within a month", "reject the release and wait for the whole month"
        problems.append(Problem(rule="partial_month", place=grid.document, message=message, remedy=remedy))
    if printed > last:
        problems.append(Problem(rule="last_month", place=place, message=f"a figure after {sentence!r}", remedy=COMPARE))
    return last, problems


def _end(grid: Grid, month: int) -> date:
    return date(grid.year, month, calendar.monthrange(grid.year, month)[1])


def _too_early(grid: Grid, last: int) -> Iterator[Problem]:
    if grid.stated_on is not None and grid.stated_on <= _end(grid, last):
        message, remedy = (
            f"created on {grid.stated_on}, before {MONTHS[last - 1]} was over",
            "find out when it was published, then accept or reject the release",
        )
        yield Problem(rule="stated_on", place=grid.document, message=message, remedy=remedy)


def _unknown(grid: Grid, countries: list[Row]) -> Iterator[Problem]:
    first: dict[str, Row] = {}
    for row in countries:
        place = f"{grid.document}: {row.place}"
        if row.code is None:
            near = ", ".join(lookups.nearest(row.label)) or "none"
            remedy = f"add the name to data/countries.csv (nearest known: {near}) and ingest the document again"
            yield Problem(rule="unknown_nationality", place=place, message=f"{row.label!r} is not a known country", remedy=remedy)
        elif first.setdefault(row.code, row) is not row:
            message = f"{row.code} is also at {first[row.code].place}"
            yield Problem(rule="duplicate_row", place=place, message=message, remedy=COMPARE)


def _unequal(grid: Grid, total: Row, countries: list[Row]) -> Iterator[Problem]:
    """Hold every row against its printed Total, and every column against the Total row."""
    sums = [("row_total", row.place, row.months, row.total) for row in (total, *countries)]
    sums.append(("column_total", f"{total.place}, total", tuple(row.total for row in countries), total.total))
    for month, printed, column in zip(MONTHS, total.months, zip(*(row.months for row in countries), strict=True), strict=True):
        sums.append(("column_total", f"{total.place}, {month}", column, printed))
    for rule, place, parts, printed in sums:
        counted = sum(part or 0 for part in parts)
        if counted != (printed or 0):
            message = f"the figures add up to {counted:,}, printed is {printed or 0:,}"
            yield Problem(rule=rule, place=f"{grid.document}: {place}", message=message, remedy=COMPARE)


def _read_pdf(document: Document) -> Grid:
    """Find the country table under its title, wherever it stands."""
    read = pdf.read(document.content, name=document.name)
    layout = LAYOUTS["country"]
    found = [
        (number, int(title[1]), lines[index + 1 :])
        for number, lines in enumerate(read.pages, start=1)
        for index, line in enumerate(lines)
        if (title := re.search(layout["title"], normalise(pdf.text(line))))
    ]
    if len(found) != 1:
        raise ParseError(
            f"{document.name}: {len(found)} tables are titled {RECIPE.tables['country'].title!r} of one year, where SNM prints one; "
            "take SNM's yearly document (its annual tables 2010-2019 have no months), or mend the layout in panama_darien.yaml"
        )
    ((number, year, lines),) = found
    start = next((index for index, line in enumerate(lines) if normalise(pdf.text(line)).split()[0] == layout["header"][0]), 0)
    headings = lines[start] if lines else ()
    if [normalise(word.text).rstrip(".") for word in headings] != layout["header"]:
        raise ParseError(
            f"{document.name}: page {number}: the country table's header reads {pdf.text(headings)!r}, "
            f"expected is {' '.join(layout['header'])!r}; mend the layout in panama_darien.yaml after reading the document"
        )
    return Grid(
        document=document.name,
        layout="country",
        year=year,
        cells=tuple((f"page {number}, {row[0]}", row) for row in pdf.rows(lines[start + 1 :], headings)),
        text="\n".join(pdf.text(line) for page in read.pages for line in page),
        stated_on=read.created_on,
    )


def _read_csv(document: Document) -> Grid:
    """Take the year from the title lines, and the rows below the header."""
    header: list[str] = LAYOUTS["open_data"]["header"]
    read = loose_csv.read(document, header=header, ignored=LAYOUTS["open_data"]["ignored"], recipe="panama_darien.yaml")
    years = set(re.findall(r"20\d\d", " ".join(read.titles)))
    if len(years) != 1:
        raise ParseError(
            f"{document.name}: the lines above line {len(read.titles) + 1} name {len(years)} years, expected is one; "
            "write the year into the title line"
        )
    cells = tuple((f"line {number}, {row[0]}", row) for number, row in read.rows)
    return Grid(document=document.name, layout="open_data", year=int(years.pop()), cells=cells, text=read.text)
