"""Write the bundle's SEGOB figures as cuadro 3.1.1, one workbook for each month as it would have been published."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pillarfour import lookups
from pillarfour.errors import ConfigurationError
from pillarfour.lookups import normalise
from pillarfour.model import OTHER, STATELESS, TOTAL
from pillarfour.month_columns import MONTHS

SPELLINGS = {
    "CAF": "Centroafricana, Rep.",
    "CZE": "Checa, Rep.",
    "DOM": "Dominicana, Rep.",
    "FSM": "Micronesia, Rep.",
    "KOR": "Corea, Rep. (Sur)",
    "MMR": "Mianmar (Birmania)",
    "MTQ": "Martinica (Terr. Ultram. Francia)",
    "NLD": "Países Bajos (Holanda)",
    OTHER: "Otros países 1/",
}
"""SEGOB's own, where they are not the name to show."""

AMERICAS = {
    "América del Norte": "CAN USA",
    "América Central": "BLZ CRI SLV GTM HND NIC PAN",
    "Islas del Caribe": "ABW ATG BHS CUB DOM GRD HTI JAM MTQ TTO",
    "América del Sur": "ARG BOL BRA CHL COL ECU GUY PER PRY SUR URY VEN",
}
CONTINENTS = {
    "Europa": "ALB AND AUT BEL BGR BIH BLR CHE CZE DEU DNK ESP EST FIN FRA GBR GRC HRV HUN IRL ISL ITA LTU LUX LVA MDA MKD MLT MNE NLD NOR "
    "POL PRT ROU RUS SRB SVK SVN SWE UKR XKX",
    "Asia": "AFG ARM AZE BGD BTN CHN CYP GEO HKG IDN IND IRN IRQ ISR JOR JPN KAZ KGZ KHM KOR KWT LAO LBN LKA MMR MNG MYS NPL PAK PHL PRK "
    "PSE SAU SGP SYR THA TJK TKM TUR TWN UZB VNM YEM",
    "África": "AGO BDI BEN BFA CAF CIV CMR COD COM CPV DJI DZA EGY ERI ESH ETH GAB GHA GIN GMB GNB KEN LBR LBY LSO MAR MDG MLI MOZ MRT MUS "
    "MWI NAM NER NGA RWA SDN SEN SLE SOM SSD STP TCD TGO TUN TZA UGA ZAF ZMB ZWE",
    "Oceanía": "AUS FJI FSM NZL PLW TON VUT",
}
"""By the regions of the United Nations' M49; SEGOB's own placing of a few countries on the edge of Asia may differ."""

PRESENTED = "Eventos de extranjeros presentados ante la autoridad migratoria, según continente y país de nacionalidad, {year}"
IRREGULAR = "Eventos de personas en situación migratoria irregular en México, según continente y país de nacionalidad, {year}"
SHORTER, BANDED, RETITLED = 2020, 2021, 2022
"""From which year the sheet has a row of titles less, a band above each month's Subtotal, and the second title."""

REBUILT = "Documento reconstruido a partir de cifras publicadas; no es un original de la Secretaría de Gobernación."
REST = "1/ Países que la fuente de las cifras no da por separado."
PARTIAL = "Las cifras de {months} son incompletas: la fuente no da los países menores ni su suma."


@dataclass(frozen=True, kw_only=True)
class Month:
    """Events by nationality; in an incomplete month a nationality that is absent is not known to be zero."""

    events: dict[str, int] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)

    def printed(self, code: str) -> int | str:
        """Give what stands in the cell: a dash is zero, a blank is not known."""
        return self.events.get(code, "" if "minor" in self.notes else "-")


def write(figures: Path, into: Path) -> list[Path]:
    """Write one binary workbook a month, cumulative from January, in the layout of its year.

    Parameters
    ----------
    figures
        ``reference_period,nationality,events,source,note``: every month with its TOTAL and a row for each nationality with events.
    into
        An existing folder.

    Returns
    -------
    list of Path
        In the order of publication; the same bytes on every machine.

    Raises
    ------
    ConfigurationError
        If a month's nationalities do not add up to its TOTAL, a month is missing, or a nationality stands in no region.
    """
    import xlwt  # noqa: PLC0415 - needed only when the documents are built

    written = []
    for year, months in _years(figures).items():
        for last in range(1, len(months) + 1):
            book = xlwt.Workbook(encoding="utf-8")
            sheet = book.add_sheet("Cuadro 3.1.1")
            for row, cells in enumerate(_sheet(year, months[:last])):
                for column, cell in enumerate(cells):
                    if cell != "":
                        sheet.write(row, column, cell)
            path = into / f"cuadro3.1.1_{year}-{last:02}.xls"
            book.save(str(path))
            written.append(path)
    return written


def _years(figures: Path) -> dict[int, list[Month]]:
    """Give each year's months from January."""
    by_period: defaultdict[str, Month] = defaultdict(Month)
    with figures.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_period[row["reference_period"]].events[row["nationality"]] = int(row["events"])
            by_period[row["reference_period"]].notes.update(row["note"].split())
    years: defaultdict[int, list[Month]] = defaultdict(list)
    for period, month in sorted(by_period.items()):
        year, number = map(int, period.split("-"))
        total = month.events.pop(TOTAL, None)
        if total != sum(month.events.values()):
            said = f"the nationalities add up to {sum(month.events.values())}, TOTAL is {total}"
            raise ConfigurationError(f"{figures.name}: {period}: {said}; restore the file")
        if number != len(years[year]) + 1:
            raise ConfigurationError(f"{figures.name}: {period}: an earlier month of {year} is missing; restore the file")
        if lost := sorted(month.events.keys() - _placed()):
            raise ConfigurationError(f"{figures.name}: {period}: {', '.join(lost)} in no region; add it in sources/rebuilt/mexico_segob.py")
        years[year].append(month)
    return dict(years)


def _sheet(year: int, months: Sequence[Month]) -> Iterator[list[Any]]:
    """Give the sheet's rows: titles, headings, Total general, regions with their countries, footnotes."""
    yield ["Cuadro 3.1.1"]
    yield [(IRREGULAR if year >= RETITLED else PRESENTED).format(year=year)]
    yield from [[]] * (2 if year >= SHORTER else 3)
    yield ["Continente/ país de nacionalidad", *(month.capitalize() for month in MONTHS[: len(months)]), "Total"]
    if year >= BANDED:
        yield ["", *["Subtotal"] * len(months), ""]
    yield _sum("Total general", months, _placed())
    yield []
    yield _sum("América", months, " ".join(AMERICAS.values()).split())
    for region, members in {**AMERICAS, **CONTINENTS}.items():
        yield []
        yield _sum(region, months, members.split())
        yield from _countries(months, members.split())
    yield []
    yield from _countries(months, [STATELESS, OTHER])
    yield []
    yield from ([note] for note in _notes(months))


def _countries(months: Sequence[Month], codes: Iterable[str]) -> Iterator[list[Any]]:
    """Give a row for each nationality with an event in the year so far, by name; and always one for other, to say that there is none."""
    given = {OTHER}.union(*(month.events for month in months))
    names = {code: SPELLINGS.get(code) or lookups.name(code, "es") for code in codes if code in given}
    for code in sorted(names, key=lambda code: (code == OTHER, normalise(names[code]))):
        cells = [month.printed(code) for month in months]
        yield [names[code], *cells, sum(cell for cell in cells if isinstance(cell, int))]


def _sum(name: str, months: Sequence[Month], codes: Iterable[str]) -> list[Any]:
    members = list(codes)
    sums = [sum(month.events.get(code, 0) for code in members) for month in months]
    return [name, *(value or "-" for value in sums), sum(sums) or "-"]


def _notes(months: Sequence[Month]) -> Iterator[str]:
    yield REST
    partial = [name for name, month in zip(MONTHS, months, strict=False) if "partial" in month.notes]
    if partial:
        yield PARTIAL.format(months=" y ".join(partial))
    yield REBUILT


def _placed() -> set[str]:
    regions: Mapping[str, str] = {**AMERICAS, **CONTINENTS}
    return {STATELESS, OTHER, *" ".join(regions.values()).split()}
