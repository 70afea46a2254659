"""Mexico, SEGOB: events of persons in an irregular migratory situation, by month and nationality (cuadro 3.1.1) or federal entity (3.1)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pillarfour import clock, crosstable, lookups, month_columns, recipe, workbook
from pillarfour.crosstable import Row
from pillarfour.errors import FetchError, ParseError
from pillarfour.lookups import normalise
from pillarfour.model import OTHER, PARSED, STATELESS, TOTAL, Document, Link, Parsed, Problem
from pillarfour.month_columns import WHOLE_YEAR, Column, Headings
from pillarfour.workbook import Sheet

RECIPE = recipe.load(__file__)

_FACTS: Mapping[str, Any] = RECIPE.layouts
_SUBTOTALS = {normalise(name): [normalise(part) for part in parts] for name, parts in _FACTS["subtotals"].items()}
_ENTITIES = {normalise(name): name for name in _FACTS["entities"]}


@dataclass(frozen=True, kw_only=True)
class Cuadro:
    """A sheet with months, and which cuadro it says it is."""

    headings: Headings
    number: str | None
    titles: str

    @property
    def sheet(self) -> Sheet:
        """Where it stands."""
        return self.headings.sheet

    @property
    def table(self) -> str | None:
        """The recipe's table; None for any other cuadro."""
        tables: Mapping[str | None, str] = _FACTS["cuadros"]
        return tables.get(self.number)


def discover(client: recipe.Client) -> list[Link]:
    """Find cuadro 3.1.1 of the last year, which is still revised, and of this one: oldest first.

    Raises
    ------
    FetchError
        If the publisher sends an empty page, or an earlier year's page without the cuadro.
    """
    from pillarfour import listing  # noqa: PLC0415 - the HTML parser, needed only here

    this_year = clock.today().year
    found: list[Link] = []
    for year in range(this_year + 1 - _FACTS["years_looked_at"], this_year + 1):
        url = _FACTS["index"].format(year=year)
        page = client.page(url)
        if not page.strip():
            raise FetchError(f"{url}: the publisher sent an empty page, as it does at times; look again later")
        links = listing.links(page, url, _FACTS["link"])
        if not links and year < this_year:
            raise FetchError(f"{url}: no link to cuadro 3.1.1 of {year}; look at the page and mend layouts.link in mexico_segob.yaml")
        found += links
    return found


def fetch(client: recipe.Client, link: Link) -> Document | None:
    """Fetch one of them; None where it has not changed."""
    return client.document(link)


def parse(document: Document) -> Parsed:
    """Read cuadro 3.1.1 or 3.1, in any year's layout.

    Returns
    -------
    Parsed
        Table ``nationality`` or ``state``; values [events]. A dash in an elapsed month is a zero; a blank cell is not published
        and gives no row.

    Raises
    ------
    ParseError
        If the document is no workbook, holds no such cuadro or more than one, or does not tell what it counts and when.
    """
    cuadro = _find(document)
    year = _year(document, cuadro)
    headings = cuadro.headings
    columns = month_columns.read(headings, measure=_measure(cuadro, year), others=_FACTS["columns"])
    read = crosstable.read(cuadro.sheet, headings.body, names_end=headings.names_end, columns=[column.index for column in columns])
    problems = [
        *read.problems,
        *_check_names(cuadro, read),
        *_check_rows(cuadro, columns, read.rows),
        *_check_columns(cuadro, columns, read.rows),
    ]
    covers: dict[str, tuple[str, ...]] = {}
    for column in columns:
        if column.month != WHOLE_YEAR:
            covers[column.measure] = (*covers.get(column.measure, ()), f"{year}-{column.month:02}")
    return Parsed(
        table=str(cuadro.table),
        observations=_observations(cuadro, columns, read.rows, year),
        covers=covers,
        problems=tuple(sorted(problems)),
    )


def _find(document: Document) -> Cuadro:
    """Find the one sheet that is cuadro 3.1.1 or 3.1."""
    sheets = workbook.read(document)
    found = [cuadro for sheet in sheets if (cuadro := _look(sheet)) is not None]
    known = [cuadro for cuadro in found if cuadro.table]
    if len(known) == 1:
        return known[0]
    if known:
        names = " and ".join(repr(cuadro.sheet.name) for cuadro in known)
        raise ParseError(f"{document.name}: the sheets {names} are a cuadro each; keep one in a file and bring the files one by one")
    if found:
        other = found[0]
        said = f"this is cuadro {other.number}" if other.number else "this table does not say which cuadro it is"
        raise ParseError(
            f"{other.headings.place}: {said} ({other.titles[:80]!r}), not cuadro 3.1.1 or 3.1; bring one of these as published"
        )
    names = ", ".join(f"sheet {sheet.name!r} with {len(sheet.rows)} rows" for sheet in sheets) or "no sheet"
    raise ParseError(f"{document.name}: {names}: nowhere a row with the months Enero, Febrero …; bring cuadro 3.1.1 or 3.1 as published")


def _look(sheet: Sheet) -> Cuadro | None:
    """Read which cuadro a sheet with months is, from the titles, the sheet's name or the file's."""
    headings = month_columns.find(sheet)
    if headings is None:
        return None
    titles = " ".join(str(cell) for row in sheet.rows[: headings.header] for cell in row if cell != "")
    said = normalise(titles), normalise(f"cuadro {sheet.name}"), normalise(sheet.document)
    numbers = [number for text in said for number in re.findall(r"cuadro[\s_]*(?:cuadro[\s_]*)?(\d+(?:\.\d+)+)", text)]
    return Cuadro(headings=headings, number=numbers[0] if numbers else None, titles=titles)


def _year(document: Document, cuadro: Cuadro) -> int:
    """Read the year in the titles or in a column of its own; where an archivist removed them, in the file's name."""
    sheet = cuadro.sheet
    stated = set(re.findall(r"\b20\d\d\b", cuadro.titles))
    for column in range(cuadro.headings.names_end):
        if month_columns.text(sheet.cell(cuadro.headings.header, column)) == "ano":
            stated |= {str(cell).removesuffix(".0") for row in cuadro.headings.body if (cell := sheet.cell(row, column)) != ""}
    years = stated or set(re.findall(r"(?<!\d)20\d\d(?!\d)", document.name))
    place = cuadro.headings.place
    if len(years) != 1:
        said = f"the document states the years {', '.join(sorted(years))}" if years else "no title, and no file name, states the year"
        raise ParseError(f"{place}: {said}; restore the title rows, or name the file like cuadro3.1.1_2021.xls")
    year = years.pop()
    if not re.fullmatch(r"20\d\d", year):
        raise ParseError(f"{place}: {year!r} in the column of the year is no year; restore the title rows")
    return int(year)


def _measure(cuadro: Cuadro, year: int) -> str:
    """Tell by layout, year and title which definition the document counts by."""
    months_are = "columns" if cuadro.headings.subheader is None else "bands"
    for definition in _FACTS["definitions"]:
        titled = not cuadro.titles or any(normalise(title) in normalise(cuadro.titles) for title in definition["titles"])
        in_force = definition.get("first_year", year) <= year <= definition.get("last_year", year)
        if definition["months_are"] == months_are and in_force and titled:
            return str(definition["measure"])
    raise ParseError(
        f"{cuadro.headings.place}: it is not known what a table of {year} counts whose months are {months_are} and whose title "
        f"is {cuadro.titles[:120]!r} (the INM press office's figures are another count); "
        "bring SEGOB's own cuadro, or add the definition to layouts.definitions in mexico_segob.yaml"
    )


def _check_names(cuadro: Cuadro, read: crosstable.Crosstable) -> Iterator[Problem]:
    """Signal names that are not known, and known names without figures; footnotes below the table are neither."""
    sheet = cuadro.sheet
    first, last = (read.rows[0].index, read.rows[-1].index) if read.rows else (0, 0)
    for index, text in read.texts:
        if first < index < last or _code(cuadro, text) is not None:
            said, remedy = f"{text!r} has no figures", "restore the row as published"
            yield Problem(rule="no_figures", place=sheet.place(index), message=said, remedy=remedy)
    for row in read.rows:
        if _is_sum(row) or _code(cuadro, row.name) is not None:
            continue
        if cuadro.table == "state":
            rule, said = "unknown_state", f"{row.name!r} is no federal entity known"
            remedy = "add it to layouts.entities in mexico_segob.yaml"
        else:
            near = " or ".join(repr(name) for name in lookups.nearest(row.name))
            rule, said = "unknown_nationality", f"{row.name!r} is no nationality known" + (f" (is it {near}?)" if near else "")
            remedy = "add the name to data/countries.csv, or to layouts.subtotals in mexico_segob.yaml if it is a sum"
        yield Problem(rule=rule, place=sheet.place(row.index), message=said, remedy=remedy)


def _check_rows(cuadro: Cuadro, columns: Sequence[Column], rows: Sequence[Row]) -> Iterator[Problem]:
    """Hold each row to its own sums: months to the year's total, presentados and canalizados to the subtotal."""
    places = {(column.month, column.measure): column.index for column in columns}
    sums: list[tuple[int, list[int], str]] = []
    for (month, measure), index in places.items():
        if month == WHOLE_YEAR:
            sums.append((index, [part for (when, what), part in places.items() if what == measure and when != WHOLE_YEAR], "its months"))
        parts = [places[month, part] for part in ("presentations", "referrals") if (month, part) in places]
        if measure == "apprehensions" and len(parts) == 2:  # noqa: PLR2004 - both parts of the subtotal
            sums.append((index, parts, "its presentados and canalizados"))
    for row in rows:
        for index, parts, what in sums:
            yield from crosstable.check(cuadro.sheet, row, index, [row.values.get(part, 0) for part in parts], what=what)


def _check_columns(cuadro: Cuadro, columns: Sequence[Column], rows: Sequence[Row]) -> Iterator[Problem]:
    """Hold regions, continents and Total general to the rows that they are the sums of."""
    totals = [row for row in rows if lookups.nationality(row.name) == TOTAL]
    if cuadro.titles and not totals:
        yield Problem(
            rule="total_missing",
            place=cuadro.headings.place,
            message="no row Total general below, so nothing shows that the sheet is whole",
            remedy="bring the sheet as published",
        )
    regions = {normalise(row.name): row for row in rows if normalise(row.name) in _SUBTOTALS}
    sums: list[tuple[Row, Sequence[Row], str]] = [(total, [row for row in rows if not _is_sum(row)], "the rows") for total in totals]
    for name, region in regions.items():
        parts = [regions[part] for part in _SUBTOTALS[name] if part in regions]
        sums.append((region, parts, "its regions") if parts else (region, _members(region, rows, columns), "its countries"))
    for row, members, what in sums:
        for index in (column.index for column in columns):
            yield from crosstable.check(cuadro.sheet, row, index, [member.values.get(index, 0) for member in members], what=what)


def _members(region: Row, rows: Sequence[Row], columns: Sequence[Column]) -> Sequence[Row]:
    """Take the countries below a region's name; stateless and other persons at their end are its own only if it counts them."""
    below = rows[rows.index(region) + 1 :]
    members = below[: next((index for index, row in enumerate(below) if _is_sum(row)), len(below))]
    if all(region.values.get(column.index, 0) == sum(row.values.get(column.index) or 0 for row in members) for column in columns):
        return members
    return [row for row in members if lookups.nationality(row.name) not in {STATELESS, OTHER}]


def _observations(cuadro: Cuadro, columns: Sequence[Column], rows: Sequence[Row], year: int) -> Any:
    """Give one row a measure, month and code; two published names of one nationality are added."""
    import pyarrow as pa  # noqa: PLC0415 - a native library, needed only to give the answer

    cells: dict[tuple[str, str, str | int], tuple[str | None, int, str]] = {}
    for column in columns:
        for row in rows:
            value = row.values.get(column.index)
            if value is None or column.month == WHOLE_YEAR or _is_sum(row):
                continue
            code = _code(cuadro, row.name)
            key = (column.measure, f"{year}-{column.month:02}", row.index if code is None else code)
            locator = cuadro.sheet.locator(row.index, column.index)
            _, before, locators = cells.get(key, (None, 0, ""))
            cells[key] = (code, before + value, f"{locators}, {locator}" if locators else locator)
    codes = [code for code, _, _ in cells.values()]
    given: dict[str, list[Any]] = {
        "measure": [measure for measure, _, _ in cells],
        "reference_period": [period for _, period, _ in cells],
        "stage": ["mexico"] * len(cells),
        **({"nationality": codes} if cuadro.table == "nationality" else {"nationality": [TOTAL] * len(cells), "state": codes}),
        "value": [value for _, value, _ in cells.values()],
        "locator": [locator for _, _, locator in cells.values()],
    }
    return pa.Table.from_pydict(given, schema=pa.schema([PARSED.field(name) for name in given]))


def _is_sum(row: Row) -> bool:
    return normalise(row.name) in _SUBTOTALS or lookups.nationality(row.name) == TOTAL


def _code(cuadro: Cuadro, name: str) -> str | None:
    return lookups.nationality(name) if cuadro.table == "nationality" else _ENTITIES.get(normalise(name))
