"""Read a panel that somebody else made: a CSV file or a data frame with the columns series, period and value.

Strict, since a figure that is read wrongly is judged wrongly: each line is a count or empty, each period a month or a week, no cell
stands twice. A period without a line is not published: NaN, never zero.
"""

import csv
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from pillarfour.detection import Panel
from pillarfour.errors import DetectorError
from pillarfour.strict_yaml import suggest

COLUMNS = ("series", "period", "value")
STANDARD_INPUT = Path("-")
PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?inf", flags=re.ASCII | re.IGNORECASE)
"""What a count may be written as; ``float`` takes 1_204 and other scripts' digits too, and nan for a number."""

LARGEST = 1e15
"""Beyond which a float holds no whole number exactly."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line, where it stands."""

    place: str
    series: str
    period: str
    value: str


def read_panel(path: Path | str, *, unit: str = "events") -> Panel:
    """Read a CSV file, or standard input where the path is ``-``.

    Parameters
    ----------
    path
        With a header of ``series``, ``period`` (all 2021-06, or all 2021-W23) and ``value``, in any order. An empty value is not published.
    unit
        What is counted: ``events`` or ``persons``.

    Raises
    ------
    DetectorError
        Naming the file and the line.
    """
    path = Path(path)
    name = "standard input" if path == STANDARD_INPUT else str(path)
    try:
        content = sys.stdin.buffer.read() if path == STANDARD_INPUT else path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as cause:
        raise DetectorError(f"{name}: cannot be read ({cause.strerror}); name a CSV file, or - for standard input") from cause
    except UnicodeDecodeError as cause:
        raise DetectorError(f"{name}: line {content[: cause.start].count(10) + 1}: is not UTF-8; save it as UTF-8") from cause
    return _gather(list(_rows(text, name)), name, unit)


def panel_of_frame(frame: pd.DataFrame, *, unit: str = "events") -> Panel:
    """Take a data frame with the columns series, period and value; as ``read_panel``, its errors name the row.

    Raises
    ------
    DetectorError
        If a column is missing, or a cell is none.
    """
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise DetectorError(f"data frame: has no column {', '.join(missing)}; give {', '.join(COLUMNS)}")
    cells = zip(frame.index, frame["series"], frame["period"], frame["value"], strict=True)
    rows = [
        Row(place=f"data frame: row {index}", series=str(series), period=_written(period), value="" if pd.isna(value) else str(value))
        for index, series, period, value in cells
    ]
    return _gather(rows, "data frame", unit)


def _written(period: object) -> str:
    if isinstance(period, pd.Period) and period.freqstr.startswith("W"):
        return str(period.end_time.strftime("%G-W%V"))
    return str(period)


def _rows(text: str, name: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(header, name)
        places = [header.index(column) for column in COLUMNS]
        for cells in reader:
            place = f"{name}: line {reader.line_num}"
            if not cells:
                continue
            if len(cells) != len(header):
                raise DetectorError(f"{place}: has {len(cells)} cells, the header {len(header)}; give one cell a column")
            yield Row(place=place, **dict(zip(COLUMNS, (cells[at].strip() for at in places), strict=True)))
    except csv.Error as cause:
        raise DetectorError(f"{name}: line {reader.line_num}: {cause}; write a plain CSV file") from cause


def _check_header(header: list[str], name: str) -> None:
    missing = [column for column in COLUMNS if column not in header]
    unexpected = [column for column in header if column not in COLUMNS]
    if missing or unexpected or len(header) != len(COLUMNS):
        hints = "".join(f"; {column!r}{suggest(column, missing).removeprefix(';')}" for column in unexpected if suggest(column, missing))
        raise DetectorError(f"{name}: line 1: the header is {','.join(header) or 'empty'}{hints}; write {','.join(COLUMNS)}, each once")


def _gather(rows: list[Row], name: str, unit: str) -> Panel:
    if not rows:
        raise DetectorError(f"{name}: has no figures; give a line a series and period")
    periods = [_period(row) for row in rows]
    later = next((row for period, row in zip(periods, rows, strict=True) if period.freqstr != periods[0].freqstr), None)
    if later is not None:
        raise DetectorError(
            f"{later.place}: {later.period} is on another calendar than {rows[0].period}; give months or weeks, one panel each"
        )
    ordinals = np.array([period.ordinal for period in periods])
    series = tuple(dict.fromkeys(row.series for row in rows))
    place_of = {key: at for at, key in enumerate(series)}
    values = np.full((len(series), int(np.ptp(ordinals)) + 1), np.nan)
    seen: dict[tuple[int, int], str] = {}
    for row, ordinal in zip(rows, ordinals.tolist(), strict=True):
        cell = place_of[row.series], ordinal - int(ordinals.min())
        if cell in seen:
            raise DetectorError(f"{row.place}: {row.series} {row.period} stands at {seen[cell]} already; give each period of a series once")
        seen[cell] = row.place.rpartition(": ")[2]
        values[cell] = _count(row)
    calendar = pd.period_range(min(periods), max(periods), freq=periods[0].freq)
    return Panel(values=values, series=series, periods=calendar, unit=unit)


def _period(row: Row) -> pd.Period:
    if not row.series:
        raise DetectorError(f"{row.place}: names no series; name it")
    period = _read_period(row.period)
    if period is None:
        raise DetectorError(f"{row.place}: {row.period!r} is no period; write a month as 2021-06 or a week as 2021-W23")
    return period


@lru_cache(maxsize=10_000)
def _read_period(written: str) -> pd.Period | None:
    """Read 2021-06, or 2021-W23: the week from Monday to Sunday that ISO 8601 numbers so."""
    found = re.fullmatch(r"([0-9]{4})-(W?)([0-9]{2})", written)
    if found is None:
        return None
    year, number = int(found[1]), int(found[3])
    try:
        if found[2]:
            return pd.Period(date.fromisocalendar(year, number, 1), freq="W-SUN")
        return pd.Period(date(year, number, 1), freq="M")
    except ValueError:
        return None


def _count(row: Row) -> float:
    if row.value in {"", "NaN", "nan", "NA"}:
        return float("nan")
    if not PLAIN.fullmatch(row.value):
        _refuse(row, "is no number; write a plain count such as 1204, or nothing where none is published")
    value = float(row.value)
    if value < 0:
        _refuse(row, "is negative; counts never are")
    if value > LARGEST:
        _refuse(row, "is too large for a count")
    return value


def _refuse(row: Row, reason: str) -> NoReturn:
    raise DetectorError(f"{row.place}: {row.series} {row.period}: {row.value!r} {reason}")
