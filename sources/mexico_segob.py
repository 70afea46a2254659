"""Mexico, SEGOB: events of persons in an irregular migratory situation, by month and nationality (cuadro 3.1.1) or federal entity (3.1)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pillarfour import clock, crosstable, lookups, recipe, workbook
from pillarfour.crosstable import Row
from pillarfour.errors import FetchError, ParseError
from pillarfour.lookups import normalise
from pillarfour.model import OTHER, PARSED, STATELESS, TOTAL, Document, Link, Parsed, Problem
from pillarfour.workbook import Sheet

RECIPE = recipe.load(__file__)

_FACTS: Mapping[str, Any] = RECIPE.layouts
_SUBTOTALS = {normalise(name): [normalise(part) for part in parts] for name, parts in _FACTS["subtotals"].items()}
_ENTITIES = {normalise(name): name for name in _FACTS["entities"]}
_MONTHS = ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre")
_WHOLE_YEAR = 0  # where the months are 1 to 12
_NUMBER = r"(\d+(?:\.\d+)+)"
_MARKER = re.compile(r"(?:\s*\d{1,2}\s*/|\s*\(\d{1,2}\)|\s*\*+|\s*[¹²³⁴-⁹]+|(?<=[^\W\d])\d)+\s*$")
"""The mark of a footnote after a name, as in ``Estados Unidos 1/``."""


@dataclass(frozen=True, kw_only=True)
class Cuadro:
    """A sheet with months: which cuadro it is, and where its headings stand."""

    sheet: Sheet
    number: str | None
    titles: str
    header: int
    """The row of the months."""
    subheader: int | None
    """The row that divides each month into columns, where there is one."""

    @property
    def table(self) -> str | None:
        """The recipe's table; None for any other cuadro."""
        return _FACTS["cuadros"].get(self.number)

    @property
    def body(self) -> range:
        """The rows below the headings."""
        return range((self.subheader or self.header) + 1, len(self.sheet.rows))

    @property
    def names_end(self) -> int:
        """The first column of figures; to its left stand the names."""
        return next(index for index, cell in enumerate(self.sheet.rows[self.header]) if _month(cell) is not None)


@dataclass(frozen=True, kw_only=True)
class Column:
    """What one column of figures counts, in which month."""

    index: int
    month: int
    measure: str


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
    columns = _elapsed(cuadro, _columns(cuadro, _measure(cuadro, year)))
    read = crosstable.read(
        cuadro.sheet, cuadro.body, names_end=cuadro.names_end, columns=[column.index for column in columns], clean=_without_marker
    )
    problems = [
        *read.problems,
        *_check_names(cuadro, read),
        *_check_rows(cuadro, columns, read.rows),
        *_check_columns(cuadro, columns, read.rows),
    ]
    covers: dict[str, tuple[str, ...]] = {}
    for column in columns:
        if column.month != _WHOLE_YEAR:
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
            f"{other.sheet.place(other.header)}: {said} ({other.titles[:80]!r}), not cuadro 3.1.1 or 3.1; bring one of these as published"
        )
    names = ", ".join(f"sheet {sheet.name!r} with {len(sheet.rows)} rows" for sheet in sheets) or "no sheet"
    raise ParseError(f"{document.name}: {names}: nowhere a row with the months Enero, Febrero …; bring cuadro 3.1.1 or 3.1 as published")


def _look(sheet: Sheet) -> Cuadro | None:
    """Take the row with most months as the header, and the cuadro's number from the titles, the sheet's name or the file's."""
    months = [sum(bool(_month(cell)) for cell in row) for row in sheet.rows]
    if not any(months):
        return None
    header = months.index(max(months))
    titles = " ".join(str(cell) for row in sheet.rows[:header] for cell in row if cell != "")
    said = normalise(titles), normalise(f"cuadro {sheet.name}"), normalise(sheet.document)
    numbers = [number for text in said for number in re.findall(rf"cuadro[\s_]*(?:cuadro[\s_]*)?{_NUMBER}", text)]
    below = range(header + 1, min(header + 3, len(sheet.rows)))
    return Cuadro(
        sheet=sheet,
        number=numbers[0] if numbers else None,
        titles=titles,
        header=header,
        subheader=next((row for row in below if any(_text(cell) == "subtotal" for cell in sheet.rows[row])), None),
    )


def _year(document: Document, cuadro: Cuadro) -> int:
    """Read the year in the titles or in a column of its own; where an archivist removed them, in the file's name."""
    sheet = cuadro.sheet
    stated = set(re.findall(r"\b20\d\d\b", cuadro.titles))
    for column in range(cuadro.names_end):
        if _text(sheet.cell(cuadro.header, column)) == "ano":
            stated |= {str(cell).removesuffix(".0") for row in cuadro.body if (cell := sheet.cell(row, column)) != ""}
    years = stated or set(re.findall(r"(?<!\d)20\d\d(?!\d)", document.name))
    place = sheet.place(cuadro.header)
    if len(years) != 1:
        said = (
            f"the document states the years {', '.join(sorted(years))}" if years else "neither a title nor the file's name states the year"
        )
        raise ParseError(f"{place}: {said}; restore the title rows, or name the file like cuadro3.1.1_2021.xls")
    year = years.pop()
    if not re.fullmatch(r"20\d\d", year):
        raise ParseError(f"{place}: {year!r} in the column of the year is no year; restore the title rows")
    return int(year)


def _measure(cuadro: Cuadro, year: int) -> str:
    """Tell by layout, year and title which definition the document counts by."""
    months_are = "columns" if cuadro.subheader is None else "bands"
    for definition in _FACTS["definitions"]:
        titled = not cuadro.titles or any(normalise(title) in normalise(cuadro.titles) for title in definition["titles"])
        in_force = definition.get("first_year", year) <= year <= definition.get("last_year", year)
        if definition["months_are"] == months_are and in_force and titled:
            return str(definition["measure"])
    raise ParseError(
        f"{cuadro.sheet.place(cuadro.header)}: it is not known what a table of {year} counts whose months are {months_are} and whose title "
        f"is {cuadro.titles[:120]!r} (the INM press office's figures are another count); "
        "bring SEGOB's own cuadro, or add the definition to layouts.definitions in mexico_segob.yaml"
    )


def _columns(cuadro: Cuadro, measure: str) -> list[Column]:
    """Say what each column of figures counts; every heading is known or an error."""
    sheet, header = cuadro.sheet, cuadro.sheet.rows[cuadro.header]
    bands = [(index, cell) for index, cell in enumerate(header) if index >= cuadro.names_end and cell != ""]
    for index, cell in bands:
        if _month(cell) is None:
            raise ParseError(f"{sheet.place(cuadro.header, index)}: {cell!r} is neither a month nor Total; bring the sheet as published")
    months = [month for _, cell in bands if (month := _month(cell))]
    if months != list(range(1, len(months) + 1)):
        said = ", ".join(_MONTHS[month - 1] for month in months)
        raise ParseError(
            f"{sheet.place(cuadro.header)}: the months are {said}; bring the sheet as published, each month once from enero on"
        )
    found: list[Column] = []
    for (first, cell), (end, _) in pairwise([*bands, (max(map(len, sheet.rows)), None)]):
        filled = [index for index in range(first, end) if any(sheet.cell(row, index) != "" for row in cuadro.body)] or [first]
        month = _month(cell) or _WHOLE_YEAR
        band = [Column(index=index, month=month, measure=_heading(cuadro, index, measure, alone=len(filled) == 1)) for index in filled]
        if [column.measure for column in band].count(measure) != 1:
            where = f"{sheet.place(cuadro.header, first)}: {cell!r} stands above {len(band)} columns of figures"
            raise ParseError(f"{where}, of which not exactly one is the Subtotal; bring the sheet as published")
        found += band
    return found


def _heading(cuadro: Cuadro, index: int, measure: str, *, alone: bool) -> str:
    """Say what a column counts by its heading below the month."""
    if cuadro.subheader is None:
        return measure
    text = _text(cuadro.sheet.cell(cuadro.subheader, index))
    if text in {"subtotal", "total"} or (not text and alone):
        return measure
    if text in _FACTS["columns"]:
        return str(_FACTS["columns"][text])
    where = cuadro.sheet.place(cuadro.subheader, index)
    raise ParseError(
        f"{where}: a column of figures headed {text!r}; if it is the publisher's, add it to layouts.columns in mexico_segob.yaml"
    )


def _elapsed(cuadro: Cuadro, columns: Sequence[Column]) -> list[Column]:
    """Leave out the months to come, which a sheet may print blank or as dashes."""
    sheet = cuadro.sheet
    told = {column.month for column in columns for row in cuadro.body if sheet.cell(row, column.index) not in {"", *workbook.DASHES}}
    if not told - {_WHOLE_YEAR}:
        raise ParseError(f"{sheet.place(cuadro.header)}: no month has a figure below it; bring the sheet as published")
    return [column for column in columns if column.month <= max(told)]


def _check_names(cuadro: Cuadro, read: crosstable.Crosstable) -> Iterator[Problem]:
    """Signal names that are not known, and known names without figures; footnotes below the table are neither."""
    sheet = cuadro.sheet
    first, last = (read.rows[0].index, read.rows[-1].index) if read.rows else (0, 0)
    for index, text in read.texts:
        if first < index < last or _code(cuadro, text) is not None:
            yield Problem(
                rule="no_figures", place=sheet.place(index), message=f"{text!r} has no figures", remedy="restore the row as published"
            )
    for row in read.rows:
        if _is_sum(row) or _code(cuadro, row.name) is not None:
            continue
        if cuadro.table == "state":
            rule, said, remedy = (
                "unknown_state",
                f"{row.name!r} is no federal entity known",
                "add it to layouts.entities in mexico_segob.yaml",
            )
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
        if month == _WHOLE_YEAR:
            sums.append((index, [part for (when, what), part in places.items() if what == measure and when != _WHOLE_YEAR], "its months"))
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
            place=cuadro.sheet.place(cuadro.header),
            message="no row Total general below, so nothing shows that the sheet is whole",
            remedy="bring the sheet as published",
        )
    regions = {normalise(row.name): row for row in rows if normalise(row.name) in _SUBTOTALS}
    sums: list[tuple[Row, Sequence[Row], str]] = [(total, [row for row in rows if not _is_sum(row)], "the rows") for total in totals]
    for name, region in regions.items():
        parts = [regions[part] for part in _SUBTOTALS[name] if part in regions]
        sums.append((region, parts, "its regions") if parts else (region, _members(region, rows, columns), "its countries"))
    for row, members, what in sums:
        for column in columns:
            yield from crosstable.check(
                cuadro.sheet, row, column.index, [member.values.get(column.index, 0) for member in members], what=what
            )


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
            if value is None or column.month == _WHOLE_YEAR or _is_sum(row):
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


def _without_marker(name: str) -> str:
    return _MARKER.sub("", name).strip()


def _text(cell: Any) -> str:
    return normalise(_without_marker(str(cell)))


def _month(cell: Any) -> int | None:
    """Give a heading's month, by its name or first three letters; 0 for the whole year, None for anything else."""
    text = _text(cell).rstrip(".")
    for number, month in enumerate(_MONTHS, start=1):
        if text in {month, month[:3]}:
            return number
    return _WHOLE_YEAR if lookups.nationality(text) == TOTAL else None
