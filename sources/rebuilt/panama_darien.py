"""Write the bundle's Darién figures as SNM's yearly PDF, one for each month as it would have been published."""

import calendar
import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pillarfour import lookups
from pillarfour.errors import ConfigurationError
from pillarfour.model import OTHER, TOTAL
from sources.panama_darien import LAYOUTS, MONTH_NAMES, MONTHS

NAMES: Mapping[str, str] = LAYOUTS["names"]
TITLE = "Cuadro No. 003 TRÁNSITO IRREGULAR DE EXTRANJEROS POR LA FRONTERA CON COLOMBIA POR PAÍS SEGÚN ORDEN DE IMPORTANCIA: AÑO {year}"
NOTES = (
    "Cifras preliminares al {day} de {month} del {year} sujetas a revisión y actualización.",
    "(1) Hijos de ciudadanos haitianos cuyos registros de nacimiento corresponde a estos países.",
    "Documento reconstruido a partir de cifras publicadas; no es un original del Servicio Nacional de Migración.",
)

LABEL_WIDTH, FIGURE_WIDTH, ROW_HEIGHT, FONT_SIZE = 90, 34, 9.5, 6.5
"""In points."""

Figures = Mapping[str, list[int]]
"""Persons by nationality, a figure a month since January."""


def write(figures: Path, into: Path) -> list[Path]:
    """Write one PDF a month, cumulative from January.

    Parameters
    ----------
    figures
        ``reference_period,nationality,persons,source``: every month with its TOTAL, and a row for each nationality that crossed.
    into
        An existing folder.

    Returns
    -------
    list of Path
        In the order of publication; the same bytes on every machine.

    Raises
    ------
    ConfigurationError
        If a month's nationalities do not add up to its TOTAL, or a year has a gap.
    """
    written = []
    for year, months in _years(figures).items():
        for last in range(1, len(months) + 1):
            path = into / f"IRREGULARES_POR_DARIEN_{year}-{last:02}.pdf"
            path.write_bytes(_document(year, _to_date(months[:last])))
            written.append(path)
    return written


def _years(figures: Path) -> dict[int, list[dict[str, int]]]:
    """Give each year's months from January, the persons by nationality."""
    by_period: defaultdict[str, dict[str, int]] = defaultdict(dict)
    with figures.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_period[row["reference_period"]][row["nationality"]] = int(row["persons"])
    years: defaultdict[int, list[dict[str, int]]] = defaultdict(list)
    for period, persons in sorted(by_period.items()):
        year, month = map(int, period.split("-"))
        counted = sum(persons.values()) - persons.get(TOTAL, 0)
        if persons.get(TOTAL) != counted:
            raise ConfigurationError(
                f"{figures.name}: {period}: the nationalities add up to {counted}, TOTAL is {persons.get(TOTAL)}; restore the file"
            )
        if month != len(years[year]) + 1:
            raise ConfigurationError(f"{figures.name}: {period}: an earlier month of {year} is missing; restore the file")
        years[year].append(persons)
    return dict(years)


def _to_date(months: list[dict[str, int]]) -> Figures:
    """Line up a year's months: who has not crossed yet this year has no row."""
    crossed = sorted({nationality for persons in months for nationality, count in persons.items() if count > 0} | {TOTAL})
    return {nationality: [persons.get(nationality, 0) for persons in months] for nationality in crossed}


def _rows(figures: Figures) -> Iterator[list[str]]:
    """Order as SNM does: Total, then by size, then the rest; a dash for zero and for months to come."""
    names = {code: NAMES.get(code) or lookups.name(code, "es") for code in figures}
    for code in sorted(figures, key=lambda code: (code != TOTAL, code == OTHER, -sum(figures[code]), names[code])):
        counts = [sum(figures[code]), *figures[code]]
        yield [names[code], *(f"{count:,}" if count else "-" for count in counts), *("-" for _ in MONTHS[len(figures[code]) :])]


def _document(year: int, figures: Figures) -> bytes:
    from fpdf import FPDF  # noqa: PLC0415 - slow to load, and only a first run builds the bundle

    pdf = FPDF(unit="pt", format="letter")
    pdf.set_creation_date(datetime(2000, 1, 1, tzinfo=UTC))
    pdf.set_compression(False)  # compressed bytes differ between builds of zlib, and a release's id is made of them
    pdf.set_margin(36)
    pdf.set_auto_page_break(False)
    pdf.add_page()
    pdf.set_font("Helvetica", size=FONT_SIZE)
    pdf.cell(w=0, h=2 * ROW_HEIGHT, text=TITLE.format(year=year), align="C", new_x="LMARGIN", new_y="NEXT")
    header = ["País", "Total", *(f"{month.capitalize()}." for month in MONTHS)]
    for label, *cells in (header, *_rows(figures)):
        pdf.cell(w=LABEL_WIDTH, h=ROW_HEIGHT, text=label)
        for cell in cells:
            pdf.cell(w=FIGURE_WIDTH, h=ROW_HEIGHT, text=cell, align="R")
        pdf.ln(ROW_HEIGHT)
    last = len(figures[TOTAL])
    until = {"day": calendar.monthrange(year, last)[1], "month": MONTH_NAMES[last - 1], "year": year}
    for note in NOTES:
        pdf.cell(w=0, h=ROW_HEIGHT, text=note.format(**until), new_x="LMARGIN", new_y="NEXT")
    # A rebuilt document has no date of its own, the recipe's rule gives one: blank the date, and keep every offset.
    return re.sub(rb"/CreationDate \([^)]*\)", lambda stamp: b" " * len(stamp[0]), bytes(pdf.output()))
