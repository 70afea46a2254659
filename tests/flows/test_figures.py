"""Figures out are figures in, through the whole flow: bundle, documents, parsers, store, command."""

import csv
import gzip
from pathlib import Path

import pytest

from pillarfour.model import OTHER, TOTAL

pytestmark = pytest.mark.slow


def published(path: Path, *, value: str) -> dict[tuple[str, str], int]:
    """Sum a file of figures by month and nationality."""
    opened = gzip.open if path.suffix == ".gz" else open
    found: dict[tuple[str, str], int] = {}
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = row["reference_period"], row["nationality"]
            found[key] = found.get(key, 0) + int(row[value])
    return found


def known(result) -> dict[tuple[str, str], int]:
    """Read what ``observations --by period,nationality`` printed."""
    assert result.code == 0, result.errors
    return {(row["period"], row["nationality"]): int(row["value"]) for row in csv.DictReader(result.output.splitlines())}


def above_zero(figures: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    return {key: value for key, value in figures.items() if value}


@pytest.mark.parametrize(
    ("source", "file", "value", "tables", "first", "last", "months"),
    [
        ("panama_darien", "panama_darien.csv", "persons", ["country"], "2020-01", "2025-04", 64),
        ("mexico_segob", "mexico_segob.csv", "events", ["nationality"], "2018-01", "2025-04", 88),
        ("us_cbp", "us_cbp.csv.gz", "encounters", ["area", "southwest"], "2017-10", "2025-05", 92),
    ],
)
@pytest.mark.usefixtures("whole_night")
def test_figures_out_are_figures_in(pillarfour, whole, checkout, source, file, value, tables, first, last, months):  # noqa: PLR0913, PLR0917 - one row a source
    """Every month and nationality of the bundle is what the command prints, and nothing else is."""
    figures = published(checkout / "data" / "bundle" / file, value=value)
    printed: dict[tuple[str, str], int] = {}
    for table in tables:
        by_table = ["observations", "--source", source, "--table", table, "--by", "period,measure,nationality"]
        rows = list(csv.DictReader(pillarfour(*by_table, **whole).output.splitlines()))
        for row in rows:
            key = row["period"], row["nationality"]
            assert key not in printed, f"{key} is told twice"
            printed[key] = int(row["value"])

    broken_down = {period for period, nationality in figures if nationality != TOTAL}
    cells = {key: count for key, count in figures.items() if key[1] != TOTAL or key[0] not in broken_down}
    assert (min(figures)[0], max(figures)[0], len({period for period, _ in figures})) == (first, last, months)
    assert above_zero(printed) == above_zero(cells)


@pytest.mark.usefixtures("whole_night")
def test_the_darien_fell_to_73_and_was_truly_zero_in_three_months(pillarfour, whole):
    """April 2025 is 73; April, May and July 2020 are covered and zero, not missing."""
    printed = known(pillarfour("observations", "--source", "panama_darien", "--by", "period,nationality", **whole))
    totals: dict[str, int] = {}
    for (period, _), count in printed.items():
        totals[period] = totals.get(period, 0) + count

    assert totals["2025-04"] == 73
    assert {period: totals[period] for period in ("2020-04", "2020-05", "2020-07")} == {"2020-04": 0, "2020-05": 0, "2020-07": 0}
    assert {year: sum(count for period, count in totals.items() if period.startswith(year)) for year in ("2021", "2022", "2023")} == {
        "2021": 133_726,
        "2022": 248_284,
        "2023": 520_085,
    }


@pytest.mark.usefixtures("whole_night")
def test_southwest_haitians_of_2021(pillarfour, whole):
    """Month by month, as published."""
    printed = known(
        pillarfour(
            *("observations", "--source", "us_cbp", "--table", "area", "--where", "nationality=HTI", "--by", "period,nationality"),
            **whole,
        )
    )

    assert [printed[f"2021-{month:02}", "HTI"] for month in range(1, 13)] == [
        *(1718, 827, 3084, 1250, 2817, 5904, 5521, 7569, 17638, 908, 1022, 7144)
    ]


@pytest.mark.usefixtures("whole_night")
def test_nobody_is_other_who_was_named(pillarfour, whole, checkout):
    """Where the figures have no *other*, the store has none above zero: an unmatched name would have held its release."""
    held = pillarfour("releases", "list", "--held", "--json", **whole)
    figures = published(checkout / "data" / "bundle" / "panama_darien.csv", value="persons")
    printed = known(
        pillarfour(*("observations", "--source", "panama_darien", "--where", f"nationality={OTHER}", "--by", "period,nationality"), **whole)
    )

    assert held.json == []
    assert above_zero(printed) == {key: count for key, count in figures.items() if key[1] == OTHER}
