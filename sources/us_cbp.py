"""U.S. Customs and Border Protection: encounters by area of responsibility, by state, and southwest by component.

Three tables that show the same encounters in three ways, as CSV files by fiscal year (October to September), and one sentence of the
monthly update, the only place that counts persons. What is known of the layouts stands in ``us_cbp.yaml``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
from pydantic import field_validator

from pillarfour import corrections, csv_document, listing, lookups, recipe
from pillarfour.errors import FetchError, ParseError
from pillarfour.model import PARSED, TOTAL, Document, Link, Parsed, Problem
from pillarfour.strict_yaml import suggest

FISCAL_YEAR = re.compile(r"(20\d\d)( \(FYTD\))?")
MONTHS = ("OCT", "NOV", "DEC", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP")
"""In the order of the fiscal year."""
CALENDAR = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")


class Update(recipe.Facts):
    """How the monthly update states the unique individuals: patterns."""

    sentence: str
    place: str
    elsewhere: str
    released: str


class Layouts(recipe.Facts):
    """What ``us_cbp.yaml`` says of the documents."""

    headers: Mapping[str, tuple[str, ...]]
    dimensions: Mapping[str, str]
    categories: Mapping[str, Mapping[str, str]]
    citizenships: Mapping[str, tuple[str, ...]]
    stages: Mapping[str, str]
    areas: Mapping[str, Mapping[str, str]]
    encounter_types: tuple[tuple[str, str, str], ...]
    update: Update
    link: str
    document: str

    @field_validator("categories", mode="before")
    @classmethod
    def _lists_name_themselves(cls, categories: Mapping[str, Any]) -> Mapping[str, Any]:
        return {column: {value: value for value in values} if isinstance(values, list) else values for column, values in categories.items()}

    def known(self) -> Mapping[str, Mapping[str, str]]:
        """Give for each column that has declared values what is kept for each; nationalities are kept as their codes."""
        names = {code: name for areas in self.areas.values() for code, name in areas.items()}
        areas = {"AOR (Abbv)": names, "Area of Responsibility": {name: name for name in names.values()}}
        return {**self.categories, **areas, **{column: {name: name for name in names} for column, names in self.citizenships.items()}}


RECIPE = recipe.load(__file__)
LAYOUTS = Layouts.model_validate(RECIPE.layouts)
KNOWN = LAYOUTS.known()
PUBLISHED = re.compile(LAYOUTS.document, re.IGNORECASE)


def discover(client: recipe.Client) -> list[Link]:
    """Find the tables on the two listing pages, oldest first.

    Raises
    ------
    FetchError
        If a page lists none: it has moved or is laid out anew.
    """
    found: dict[str, Link] = {}
    for page in map(str, RECIPE.web.pages):
        links = listing.links(client.page(page), page, re.compile(LAYOUTS.link, re.IGNORECASE))
        if not links:
            raise FetchError(f"{page}: lists no table of encounters; look whether the page moved, and mend web.pages or layouts.link")
        found.update({link.url: link for link in links})
    return sorted(found.values(), key=_publication_order)


def fetch(client: recipe.Client, link: Link) -> Document | None:
    """Fetch one of them; None where it has not changed."""
    return client.document(link)


def _publication_order(link: Link) -> tuple[int, int, tuple[int, int], int, str]:
    """Order by last fiscal year, last month (a closed year after its months), upload folder, upload, name."""
    name = PUBLISHED.search(link.name)
    if name is None:  # a name of a new kind comes last, as the newest: its header tells what it is
        return (100, 0, _folder(link.url), 0, link.name)
    last_month = MONTHS.index(name["month"].upper()) + 1 if name["month"] else len(MONTHS) + 1
    return (int(name["last"] or name["first"]), last_month, _folder(link.url), int(name["again"] or -1), link.name)


def _folder(url: str) -> tuple[int, int]:
    """Give the year and month of a folder such as 2024-10 or 2022-Oct; zeros where there is none."""
    folder = re.search(r"/(20\d\d)-(\d\d|[A-Z][a-z]{2})/", url)
    if folder is None:
        return (0, 0)
    short = [month[:3] for month in CALENDAR]
    return (int(folder[1]), short.index(folder[2]) + 1 if folder[2] in short else int(folder[2]) if folder[2].isdigit() else 0)


def parse(document: Document) -> Parsed:
    """Read one of the three tables, or the sentence of a monthly update.

    Raises
    ------
    ParseError
        If the document is neither, or a year, a month or a count in it cannot be read.
    """
    start = document.content[:512].lstrip().lower()
    if not start:
        raise ParseError(f"{document.name}: is empty; fetch it again")
    if start.startswith((b"pk\x03\x04", b"\xd0\xcf\x11\xe0", b"%pdf")):
        raise ParseError(
            f"{document.name}: is a workbook or a PDF, such as those of the statistics office (OHSS, KHSM), whose rounded or partial "
            "figures are not a layout of this source; bring CBP's own CSV file"
        )
    return _update(document) if start.startswith(b"<") else _table(document)


def _table(document: Document) -> Parsed:
    table, rows = csv_document.read(document, headers=LAYOUTS.headers)
    periods = _periods(document, rows)
    kept: dict[str, pa.Array] = {"region": csv_document.constant("southwest", rows=rows.num_rows)}
    key, problems = [periods], []
    for column in rows.column_names:
        if (known := KNOWN.get(column)) is None:
            continue
        published = csv_document.dictionary(rows, column)
        values = published.dictionary.to_pylist()
        problems += [_unknown(document, rows, column, value) for value in values if value not in known]
        if dimension := LAYOUTS.dimensions.get(column):
            kept[dimension] = csv_document.translate(published, (_kept(dimension, known, value) for value in values))
            key.append(csv_document.translate(published, (_kept(dimension, known, value) or value for value in values)))
    csv_document.refuse_repeated(document, key)
    kept["stage"] = csv_document.translate(kept["region"], (LAYOUTS.stages[region] for region in kept["region"].dictionary.to_pylist()))
    kept["measure"] = csv_document.constant("encounters", rows=rows.num_rows)
    kept["reference_period"] = periods
    kept["value"] = csv_document.whole_numbers(document, rows, "Encounter Count")
    kept["locator"] = csv_document.locators(rows.num_rows)
    months = tuple(sorted(periods.dictionary.to_pylist()))
    read = Parsed(
        table=table,
        observations=pa.table({name: kept[name] for name in PARSED.names if name in kept}),
        covers={"encounters": months},
        problems=(*problems, *_wrong_areas(document, rows), *_missing(document, months), *_mixed_totals(document, kept["nationality"])),
    )
    mended = corrections.apply(read, document=document.name, corrections=RECIPE.corrections)
    return replace(mended, problems=(*mended.problems, *_wrong_types(document, mended.observations)))


def _kept(dimension: str, known: Mapping[str, str], value: str) -> str | None:
    return lookups.nationality(value) if dimension == "nationality" else known.get(value)


def _periods(document: Document, rows: pa.Table) -> pa.DictionaryArray:
    """Give each row's calendar month: October 2023 is in fiscal year 2024."""
    years, months = csv_document.dictionary(rows, "Fiscal Year"), csv_document.dictionary(rows, "Month (abbv)")
    if odd := [year for year in years.dictionary.to_pylist() if not FISCAL_YEAR.fullmatch(year)]:
        csv_document.refuse(document, rows, "Fiscal Year", odd, "is no year such as 2023 or 2024 (FYTD)")
    if odd := [month for month in months.dictionary.to_pylist() if month not in MONTHS]:
        csv_document.refuse(document, rows, "Month (abbv)", odd, f"is none of {', '.join(MONTHS)}")
    places, named = csv_document.combinations(years, months)
    numbered = pa.DictionaryArray.from_arrays(places, pa.array([str(place) for place in range(len(named))]))
    return csv_document.translate(numbered, (calendar_month(int(year[:4]), MONTHS.index(month)) for year, month in named))


def calendar_month(fiscal_year: int, place: int) -> str:
    """Name a fiscal year's month by its place in ``MONTHS``: the first of 2024 is 2023-10."""
    return f"{fiscal_year - 1}-{place + 10}" if place < 3 else f"{fiscal_year}-{place - 2:02}"  # noqa: PLR2004 - October to December


def fiscal_month(period: str) -> tuple[int, int]:
    """Give a month's fiscal year and its place in ``MONTHS``: 2023-10 is the first of 2024."""
    year, month = int(period[:4]), int(period[5:])
    return (year + 1, month - 10) if month >= 10 else (year, month + 2)  # noqa: PLR2004 - the fiscal year starts in October


def _unknown(document: Document, rows: pa.Table, column: str, value: str) -> Problem:
    lines = csv_document.lines(csv_document.rows_of(csv_document.dictionary(rows, column), value))
    return Problem(
        rule="unknown category",
        place=f"{document.name}: {lines}",
        message=f"{column} {value!r} is not declared{suggest(value, list(KNOWN[column]))}",
        remedy="fetch the publisher's own file, or declare the value in us_cbp.yaml if the publisher has added it",
    )


def _wrong_areas(document: Document, rows: pa.Table) -> Iterator[Problem]:
    """Find names and abbreviations of areas that do not belong together, each known by itself."""
    if "AOR (Abbv)" not in rows.column_names:
        return
    columns = ("Component", "Area of Responsibility", "AOR (Abbv)")
    right = {(component, area, code) for component, areas in LAYOUTS.areas.items() for code, area in areas.items()}
    places, named = csv_document.combinations(*(csv_document.dictionary(rows, column) for column in columns))
    for place, names in enumerate(named):
        if names not in right and all(name in KNOWN[column] for name, column in zip(names, columns, strict=True)):
            yield Problem(
                rule="area",
                place=f"{document.name}: line {places.index(place).as_py() + 2}",
                message=f"{' / '.join(names)} do not belong together",
                remedy="fetch the publisher's own file, or mend layouts.areas in us_cbp.yaml",
            )


def _missing(document: Document, months: tuple[str, ...]) -> Iterator[Problem]:
    """Find months that the document skips, or that its name announces and it lacks."""
    place, remedy = f"{document.name}: Fiscal Year and Month (abbv)", "fetch it again: rows are missing, or the name is not the publisher's"
    if not document.content.endswith(b"\n"):
        yield Problem(
            rule="cut", place=f"{document.name}: last line", message="does not end, so its count may be cut", remedy="fetch it again"
        )
    numbered = [int(month[:4]) * 12 + int(month[5:]) - 1 for month in months]
    skipped = sorted(set(range(numbered[0], numbered[-1])) - set(numbered))
    if skipped:
        names = ", ".join(f"{month // 12}-{month % 12 + 1:02}" for month in skipped)
        yield Problem(rule="missing month", place=place, message=f"no row for {names}, between {months[0]} and {months[-1]}", remedy=remedy)
    name = PUBLISHED.search(document.name)
    if name is not None:
        last_month = MONTHS.index(name["month"].upper()) if name["month"] else len(MONTHS) - 1
        announced = calendar_month(2000 + int(name["first"]), 0), calendar_month(2000 + int(name["last"] or name["first"]), last_month)
        if announced != (months[0], months[-1]):
            message = f"its name announces {' to '.join(announced)}, its rows run from {months[0]} to {months[-1]}"
            yield Problem(rule="missing month", place=place, message=message, remedy=remedy)


def _mixed_totals(document: Document, nationality: pa.DictionaryArray) -> Iterator[Problem]:
    """Find a total beside its parts: their sum would count people twice."""
    codes = nationality.dictionary.to_pylist()
    if TOTAL in codes and len(codes) > 1:
        lines = csv_document.lines(csv_document.rows_of(nationality, TOTAL))
        yield Problem(
            rule="total beside its parts",
            place=f"{document.name}: {lines}",
            message="give all nationalities together, in a document that gives them apart as well",
            remedy="fetch the publisher's own file",
        )


def _wrong_types(document: Document, observations: pa.Table) -> Iterator[Problem]:
    """Find encounter types that the data dictionary excludes, such as apprehensions under Title 42."""
    if "encounter_type" not in observations.column_names:
        return
    columns = ["component", "authority", "encounter_type"]
    grouped = observations.group_by(columns, use_threads=False).aggregate([("locator", "first"), ("locator", "count"), ("value", "sum")])
    for group in grouped.to_pylist():
        names = tuple(group[column] for column in columns)
        if names not in LAYOUTS.encounter_types and None not in names:
            size = f"rows: {group['locator_count']:,}, encounters: {group['value_sum']:,}"
            yield Problem(
                rule="encounter type",
                place=f"{document.name}: {group['locator_first']}",
                message=f"{' / '.join(names)} do not belong together ({size})",
                remedy="declare a correction in us_cbp.yaml, or accept the release as it is",
            )


def _update(document: Document) -> Parsed:
    """Read the one sentence of a monthly update that counts persons; any doubt about month, place or figure is refused."""
    from bs4 import BeautifulSoup  # noqa: PLC0415 - heavy, and only updates need it

    text = " ".join(BeautifulSoup(document.content, "html.parser").get_text(" ").split())
    sentences = list(re.finditer(LAYOUTS.update.sentence, text))
    if not sentences:
        raise ParseError(
            f"{document.name}: is a web page without the sentence of the monthly update that counts unique individuals, such as a refusal "
            "or a listing; fetch the CSV file again, or bring the page of the update"
        )
    southwest = re.search(LAYOUTS.update.place, text, re.IGNORECASE)
    for sentence in sentences:
        if southwest is None or re.search(LAYOUTS.update.elsewhere, sentence["where"], re.IGNORECASE):
            raise ParseError(f"{document.name}: {sentence[0]!r} is not said of the southwest border as a whole; do not use this page")
    stated = {(sentence["year"], sentence["month"], sentence["figure"]) for sentence in sentences}
    if len(stated) > 1 or sentences[0]["month"] not in CALENDAR:
        said = "; ".join(repr(sentence[0]) for sentence in sentences)
        raise ParseError(f"{document.name}: does not state one month and one figure ({said}); bring the page of one update")
    sentence = sentences[0]
    period = f"{sentence['year']}-{CALENDAR.index(sentence['month']) + 1:02}"
    row: dict[str, str | int] = {
        "measure": "unique_individuals",
        "reference_period": period,
        "stage": LAYOUTS.stages["southwest"],
        "nationality": TOTAL,
        "region": "southwest",
        "value": int(sentence["figure"].replace(",", "")),
        "locator": f"character {sentence.start()} of the text",
    }
    released = re.search(LAYOUTS.update.released, text)
    return Parsed(
        table="southwest",
        observations=pa.Table.from_pylist([row], schema=pa.schema([PARSED.field(name) for name in row])),
        covers={"unique_individuals": (period,)},
        stated_on=date(int(released["year"]), int(released["month"]), int(released["day"])) if released else None,
    )
