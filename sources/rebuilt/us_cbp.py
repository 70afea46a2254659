"""Write the bundle's southwest border figures as CBP's CSV files, one for each month as it would have been published.

From fiscal 2020 on the figures have nationality and area: the table by area of responsibility, of the southwest border only. Those of
fiscal 2018 and 2019 have neither: the table of the southwest border by component, with the value that ``us_cbp.yaml`` declares for it.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from pillarfour import lookups
from pillarfour.errors import ConfigurationError
from pillarfour.model import TOTAL
from sources.us_cbp import LAYOUTS, MONTHS, fiscal_month

FIRST_YEAR, FIRST_YEAR_BY_AREA = 2018, 2020
YEARS = 4
"""How many fiscal years one file covers."""

MINORS = ("UC / Single Minors", "UAC")
RENAMED_IN = "2025-01"
"""From the file of this month on the publisher writes the second for the first, in every row."""

REGION, ALL = "Southwest Land Border", "All Nationalities"
AREA_CODES = {name: code for areas in LAYOUTS.areas.values() for code, name in areas.items()}
CITIZENSHIPS = {lookups.nationality(name): f'"{name}"' if "," in name else name for name in LAYOUTS.citizenships["Citizenship"]}
COLUMNS = ("reference_period", "component", "area", "authority", "encounter_type", "demographic", "nationality", "encounters")
"""Of the figures: one row a cell; before fiscal 2020 ``area`` is empty and ``nationality`` is TOTAL."""


def write(figures: Path, into: Path) -> list[Path]:
    """Write one file a month, each of four fiscal years or as many as there are figures.

    Parameters
    ----------
    figures
        CSV, plain or compressed, with the columns ``COLUMNS``.
    into
        An existing folder.

    Returns
    -------
    list of Path
        In the order of publication; the same bytes on every machine.

    Raises
    ------
    ConfigurationError
        If the columns differ, or an area or a nationality is none that ``us_cbp.yaml`` declares.
    """
    months = _months(figures)
    block = cache(lambda period, label, grouping, minors: _block(months[period], period, f"{label},{grouping}", minors))
    written = []
    for last in months:
        window = [period for period in months if _first_year(last) <= fiscal_month(period)[0] and period <= last]
        groupings = sorted((_prefix(period, last), MONTHS[fiscal_month(period)[1]], period) for period in window)
        minors = MINORS[last >= RENAMED_IN]
        path = into / _name(last)
        path.write_bytes(b"".join([_header(last), *(block(period, *prefix, minors) for prefix, _, period in groupings)]))
        written.append(path)
    return written


def _months(figures: Path) -> Mapping[str, list[Mapping[str, Any]]]:
    """Give each month's cells, in the order of the calendar."""
    import pyarrow.csv as pacsv  # noqa: PLC0415 - heavy, and only building the bundle needs it

    types = {name: pa.int64() if name == "encounters" else pa.string() for name in COLUMNS}
    table = pacsv.read_csv(figures, convert_options=pacsv.ConvertOptions(column_types=types, strings_can_be_null=False))
    if tuple(table.column_names) != COLUMNS:
        raise ConfigurationError(f"{figures}: the columns are {', '.join(table.column_names)}; write {', '.join(COLUMNS)}")
    months: dict[str, list[Mapping[str, Any]]] = {}
    for cell in table.sort_by("reference_period").to_pylist():
        months.setdefault(cell["reference_period"], []).append(cell)
    return months


def _by_area(period: str) -> bool:
    return fiscal_month(period)[0] >= FIRST_YEAR_BY_AREA


def _first_year(last: str) -> int:
    """Give the first fiscal year of the file whose last month this is: no file mixes the two layouts."""
    first = fiscal_month(last)[0] - YEARS + 1
    return max(first, FIRST_YEAR_BY_AREA) if _by_area(last) else first


def _prefix(period: str, last: str) -> tuple[str, str]:
    """Give Fiscal Year and Month Grouping as the file of this last month writes them."""
    (year, place), (open_year, elapsed) = fiscal_month(period), fiscal_month(last)
    if elapsed == len(MONTHS) - 1:
        return str(year), "FYTD"
    return f"{year} (FYTD)" if year == open_year else str(year), "FYTD" if place <= elapsed else "Remaining"


def _header(last: str) -> bytes:
    return (",".join(LAYOUTS.headers["area" if _by_area(last) else "southwest"]) + "\r\n").encode("ascii")


def _block(cells: Iterable[Mapping[str, Any]], period: str, prefix: str, minors: str) -> bytes:
    """Write one month's rows as they stand in every file that groups it so."""
    month = MONTHS[fiscal_month(period)[1]]
    try:
        rows = sorted(_row(cell, minors) for cell in cells)
    except KeyError as cause:
        raise ConfigurationError(f"bundle of us_cbp: {period}: {cause} is not declared in us_cbp.yaml; mend the figures") from cause
    return "".join(f"{prefix},{month},{row}\r\n" for row in rows).encode("ascii")


def _row(cell: Mapping[str, Any], minors: str) -> str:
    demographic = minors if cell["demographic"] == MINORS[False] else cell["demographic"]
    kind = f"{cell['authority']},{cell['encounter_type']},{cell['encounters']}"
    if cell["nationality"] == TOTAL:
        return f"{cell['component']},{demographic},{ALL},{kind}"
    area = f"{cell['component']},{REGION},{cell['area']},{AREA_CODES[cell['area']]}"
    return f"{area},{demographic},{CITIZENSHIPS[cell['nationality']]},{kind}"


def _name(last: str) -> str:
    """Name the file as the publisher does: the closed year's has no month, the first years' have one year."""
    year, place = fiscal_month(last)
    first = max(_first_year(last), FIRST_YEAR)
    years = f"fy{first % 100}-fy{year % 100}" if first < year else f"fy{year % 100}"
    month = "" if place == len(MONTHS) - 1 else f"-{MONTHS[place].lower()}"
    return f"nationwide-encounters-{years}{month}-aor.csv" if _by_area(last) else f"sbo-encounters-{years}{month}.csv"
